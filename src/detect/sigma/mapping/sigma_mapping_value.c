/* Values in mapping files. */
#include "buf.h"
#include "sigma_mapping_read.h"
#include "sigma_text.h"

enum status sigma_mapping_fault(const struct mapping_reader *reader, const struct conf_node *node,
                                const char *allowed) {
    if (node->type == CONF_TEXT && node->text.len > 0 && node->name.len > 0) {
        return err_set(reader->err, STATUS_BAD_INPUT, "%s: line %u: %.*s = '%.*s': %s",
                       reader->path, node->line, STR_ARG(node->name), STR_ARG(node->text), allowed);
    }
    struct str what = node->name.len > 0 ? node->name : node->text;
    return err_set(reader->err, STATUS_BAD_INPUT, "%s: line %u: %.*s: %s", reader->path, node->line,
                   STR_ARG(what), allowed);
}

enum status sigma_mapping_need_section(const struct mapping_reader *reader,
                                       const struct conf_node *node) {
    return node->type == CONF_SECTION
               ? STATUS_OK
               : sigma_mapping_fault(reader, node, "must be a section { ... }");
}

size_t sigma_mapping_count(const struct conf_node *section, struct str name) {
    size_t count = 0;
    for (const struct conf_node *n = section->first; n != NULL; n = n->next) {
        count += name.len == 0 || str_eq(n->name, name);
    }
    return count;
}

enum status sigma_mapping_read_text(const struct mapping_reader *reader,
                                    const struct conf_node *node, struct str *out) {
    if (node->type != CONF_TEXT) {
        return sigma_mapping_fault(reader, node, "must be one text");
    }
    *out = node->text;
    return STATUS_OK;
}

enum status sigma_mapping_read_bool(const struct mapping_reader *reader,
                                    const struct conf_node *node, bool *out) {
    struct str text = STR_EMPTY;
    enum status s = sigma_mapping_read_text(reader, node, &text);
    *out = str_eq(text, STR("true"));
    return s == STATUS_OK && !*out && !str_eq(text, STR("false"))
               ? sigma_mapping_fault(reader, node, "allowed are true, false")
               : s;
}

enum status sigma_mapping_read_list(const struct mapping_reader *reader,
                                    const struct conf_node *node, struct sigma_words *out) {
    if (node->type == CONF_SECTION) {
        return sigma_mapping_fault(reader, node, "must be a text or a list [ ... ]");
    }
    size_t count = node->type == CONF_TEXT ? 1 : sigma_mapping_count(node, STR_EMPTY);
    struct str *items = arena_array(&reader->mapping->arena, count + 1, sizeof *items);
    const struct conf_node *item = node->type == CONF_TEXT ? node : node->first;
    for (size_t i = 0; i < count; i++, item = item->next) {
        enum status s = sigma_mapping_read_text(reader, item, &items[i]);
        if (s != STATUS_OK) {
            return s;
        }
    }
    *out = (struct sigma_words){items, count};
    return STATUS_OK;
}

static size_t count_words(struct sigma_words texts) {
    size_t count = 0;
    for (size_t i = 0; i < texts.count; i++) {
        struct str rest = texts.items[i];
        struct str word;
        while (str_word_next(&word, &rest)) {
            count++;
        }
    }
    return count;
}

enum status sigma_mapping_read_words(const struct mapping_reader *reader,
                                     const struct conf_node *node, struct sigma_words *out) {
    struct sigma_words texts;
    enum status s = sigma_mapping_read_list(reader, node, &texts);
    if (s != STATUS_OK) {
        return s;
    }
    struct arena *arena = &reader->mapping->arena;
    struct str *words = arena_array(arena, count_words(texts) + 1, sizeof *words);
    size_t count = 0;
    for (size_t i = 0; i < texts.count; i++) {
        struct str rest = texts.items[i];
        struct str word;
        while (str_word_next(&word, &rest)) {
            words[count++] = arena_str(arena, word);
        }
    }
    *out = (struct sigma_words){words, count};
    return STATUS_OK;
}

const char *sigma_mapping_join(struct mapping_reader *reader, struct sigma_words words) {
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < words.count; i++) {
        buf_add(&text, i > 0 ? STR(" ") : STR_EMPTY);
        buf_add(&text, words.items[i]);
    }
    const char *joined = arena_str(&reader->mapping->arena, buf_str(&text)).ptr;
    buf_fini(&text);
    return joined;
}

struct str sigma_mapping_pattern(struct mapping_reader *reader, struct str text) {
    struct buf plain = BUF_INIT;
    struct buf folded = BUF_INIT;
    sigma_pattern_parse(&plain, text);
    sigma_fold(&folded, buf_str(&plain));
    buf_fini(&plain);
    struct str kept = arena_str(&reader->mapping->arena, buf_str(&folded));
    buf_fini(&folded);
    return kept;
}

enum status sigma_mapping_read_conditions(struct mapping_reader *reader,
                                          const struct conf_node *node,
                                          const struct sigma_condition_row **out, size_t *count) {
    enum status s = sigma_mapping_need_section(reader, node);
    if (s != STATUS_OK) {
        return s;
    }
    struct arena *arena = &reader->mapping->arena;
    size_t row_count = sigma_mapping_count(node, STR_EMPTY);
    struct sigma_condition_row *rows = arena_array(arena, row_count + 1, sizeof *rows);
    size_t i = 0;
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next, i++) {
        struct sigma_words values = {NULL, 0};
        s = sigma_mapping_read_list(reader, n, &values);
        struct str *texts = arena_array(arena, values.count + 1, sizeof *texts);
        for (size_t v = 0; v < values.count; v++) {
            texts[v] = sigma_mapping_pattern(reader, values.items[v]);
        }
        rows[i] = (struct sigma_condition_row){n->name, {texts, values.count}, values};
    }
    *out = rows;
    *count = row_count;
    return s;
}
