#include "word_list.h"

#include "file_io.h"
#include "i18n.h"

void word_list_add(struct word_list *list, struct str word) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 64;
        const char **items = arena_array(list->arena, capacity, sizeof *items);
        for (size_t i = 0; i < list->count; i++) {
            items[i] = list->items[i];
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = arena_printf(list->arena, "%.*s", STR_ARG(word)).ptr;
}

static struct str before(struct str text, char mark) {
    size_t at = str_find_char(text, mark);
    return at == STR_NONE ? text : str_head(text, at);
}

static void add_lines(struct word_list *list, struct str text) {
    struct str line;
    if (str_starts(text, STR("\xef\xbb\xbf"))) {
        text = str_skip(text, 3);
    }
    while (str_split_next(&line, &text, '\n')) {
        struct str word = str_trim(before(before(line, '#'), ','));
        if (word.len > 0) {
            word_list_add(list, word);
        }
    }
}

enum status word_list_read(struct word_list *list, const char *path, struct err *err) {
    struct file_map map;
    size_t known = list->count;
    enum status s = file_map(&map, path, true, err);
    if (s != STATUS_OK) {
        return s;
    }
    add_lines(list, str_make(map.size_bytes > 0 ? (const char *)map.bytes : "", map.size_bytes));
    file_unmap(&map);
    return list->count > known ? STATUS_OK
                               : err_set(err, STATUS_BAD_INPUT, _("%s: names no rule"), path);
}
