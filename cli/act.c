#include "act.h"

#include <pwd.h>
#include <unistd.h>

#include "commands.h"
#include "i18n.h"
#include "mem.h"

struct str act_who(const char *by) {
    if (by != NULL && by[0] != '\0') {
        return str_from_c(by);
    }
    const struct passwd *p = getpwuid(geteuid());
    return p != NULL ? str_from_c(p->pw_name) : STR("unknown");
}

bool act_open(struct store **out, const char *path, struct err *err) {
    struct store_options options = {
        .path = path, .mode = STORE_BULK, .writer_name = "konseki " KONSEKI_VERSION};
    return store_open(out, &options, err) == STATUS_OK;
}

int act_fail(enum status status, const struct err *err) {
    output_error(NULL, err);
    return status == STATUS_BAD_INPUT ? EXIT_USAGE : EXIT_STORE;
}

/* --- listings --- */

void act_list_begin(struct act_list *list) {
    list->rows = list->format == OUTPUT_JSONL
                     ? NULL
                     : output_create(stdout, list->format, list->names, list->count,
                                     output_terminal_width(), false);
}

bool act_list_row(struct act_list *list, const struct str *cells) {
    if (list->rows != NULL) {
        return output_row(list->rows, cells);
    }
    struct output_json_entry entries[ACT_COLUMNS];
    size_t count = 0;
    for (size_t i = 0; i < list->count && i < ACT_COLUMNS; i++) {
        if (cells[i].len > 0) {
            bool number = (list->numbers >> i & 1) != 0;
            entries[count++] =
                (struct output_json_entry){.name = list->names[i],
                                           .text = cells[i],
                                           .type = number ? JSON_NUMBER : JSON_STRING};
        }
    }
    struct buf line = BUF_INIT;
    output_json(&line, entries, count);
    buf_putc(&line, '\n');
    bool good = output_write(stdout, buf_str(&line));
    buf_fini(&line);
    return good;
}

int act_list_end(struct act_list *list) {
    bool written = list->rows != NULL ? output_destroy(&list->rows) : output_finish(stdout);
    return written ? EXIT_DONE : EXIT_STORE;
}

int act_list_store(struct act_list *list, const char *path,
                   void (*rows)(struct act_list *list, struct store *store)) {
    struct store *store = NULL;
    struct err err = ERR_INIT;
    struct store_options options = {.path = path, .mode = STORE_READ};
    enum status status = store_open(&store, &options, &err);
    if (status != STATUS_OK) {
        return act_fail(status, &err);
    }
    act_list_begin(list);
    rows(list, store);
    int code = act_list_end(list);
    store_close(&store);
    return code;
}

struct str act_time(struct buf *out, int64_t ns) {
    char text[CIVIL_RFC3339_BYTES];
    buf_clear(out);
    if (ns != TIME_NONE && ns != INT64_MAX) {
        buf_append(out, text, civil_format_rfc3339(text, ns));
    }
    return buf_str(out);
}

struct str act_number(struct buf *out, uint64_t value) {
    buf_clear(out);
    buf_printf(out, "%llu", (unsigned long long)value);
    return buf_str(out);
}

struct str act_datasets(struct buf *out, uint64_t datasets) {
    buf_clear(out);
    for (int d = 0; d < DATASET_COUNT; d++) {
        struct str name = dataset_info((enum dataset)d)->name;
        if ((datasets >> d & 1) != 0) {
            if (out->len > 0) {
                buf_putc(out, ',');
            }
            buf_add(out, name.len > 0 ? name : STR("unknown"));
        }
    }
    return buf_str(out);
}
