#include "listing.h"

#include "civil.h"
#include "commands.h"

void listing_begin(struct listing *list) {
    list->rows = list->format == OUTPUT_JSONL
                     ? NULL
                     : output_create(stdout, list->format, list->names, list->count,
                                     output_terminal_width(), false);
}

bool listing_row(struct listing *list, const struct str *cells) {
    if (list->rows != NULL) {
        return output_row(list->rows, cells);
    }
    struct output_json_entry entries[LISTING_COLUMNS];
    size_t count = 0;
    for (size_t i = 0; i < list->count && i < LISTING_COLUMNS; i++) {
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

int listing_end(struct listing *list) {
    bool written = list->rows != NULL ? output_destroy(&list->rows) : output_finish(stdout);
    return written ? EXIT_DONE : EXIT_STORE;
}

struct str listing_time(struct buf *out, int64_t ns) {
    char text[CIVIL_RFC3339_BYTES];
    buf_clear(out);
    if (ns != TIME_NONE && ns != INT64_MAX) {
        buf_append(out, text, civil_format_rfc3339(text, ns));
    }
    return buf_str(out);
}

struct str listing_number(struct buf *out, uint64_t value) {
    buf_clear(out);
    buf_printf(out, "%llu", (unsigned long long)value);
    return buf_str(out);
}
