/* Threads: `once` guards the making of the table, which is read-only afterwards. */
#include "summary.h"

#include <pthread.h>

#include "check.h"
#include "expr.h"

enum { PARTS_MAX = 16, PART_FIELDS_MAX = 4, FIELDS_MAX = 256 };

struct part {
    struct str label;
    uint32_t fields[PART_FIELDS_MAX];
    size_t field_count;
};

struct shape {
    struct str family;
    struct part parts[PARTS_MAX];
    size_t part_count;
};

static const struct {
    struct str family;
    struct str parts;
} rows[] = {
#define SUMMARY(family, parts) {STR_INIT(family), STR_INIT(parts)},
#include "summaries.def"
};

enum { SHAPE_COUNT = sizeof rows / sizeof *rows };

static struct shape shapes[SHAPE_COUNT];
static uint32_t all_fields[FIELDS_MAX];
static size_t all_field_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void add_field(uint32_t field) {
    for (size_t i = 0; i < all_field_count; i++) {
        if (all_fields[i] == field) {
            return;
        }
    }
    CHECK(all_field_count < FIELDS_MAX);
    all_fields[all_field_count++] = field;
}

static void make_part(struct part *out, struct str text) {
    size_t equals = str_find_char(text, '=');
    CHECK(equals != STR_NONE);
    out->label = str_head(text, equals);
    struct str rest = str_skip(text, equals + 1);
    struct str name;
    while (str_word_next(&name, &rest)) {
        CHECK(out->field_count < PART_FIELDS_MAX);
        uint32_t field = schema_field(name);
        out->fields[out->field_count++] = field;
        add_field(field);
    }
}

static void make_shapes(void) {
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        shapes[i].family = rows[i].family;
        struct str rest = rows[i].parts;
        struct str text;
        while (str_split_next(&text, &rest, '|')) {
            CHECK(shapes[i].part_count < PARTS_MAX);
            make_part(&shapes[i].parts[shapes[i].part_count++], text);
        }
    }
    add_field(FIELD_MESSAGE);
}

size_t summary_fields(const uint32_t **out) {
    (void)pthread_once(&once, make_shapes);
    *out = all_fields;
    return all_field_count;
}

static bool part_text(struct str *out, const struct part *part, const struct batch *batch,
                      const struct row *row, struct buf *scratch) {
    for (size_t i = 0; i < part->field_count; i++) {
        if (batch_get(out, batch, row, part->fields[i], scratch) && out->len > 0) {
            return true;
        }
    }
    return false;
}

static void append_parts(struct buf *out, const struct shape *shape, const struct batch *batch,
                         const struct row *row, struct buf *scratch) {
    struct str text;
    size_t start = out->len;
    for (size_t i = 0; i < shape->part_count; i++) {
        const struct part *part = &shape->parts[i];
        if (!part_text(&text, part, batch, row, scratch)) {
            continue;
        }
        if (out->len > start) {
            buf_putc(out, ' ');
        }
        buf_add(out, part->label);
        if (part->label.len > 0) {
            buf_putc(out, '=');
        }
        buf_add(out, text);
    }
}

/* Cuts at SUMMARY_MAX_BYTES, at a character border. */
static void cut(struct buf *out, size_t start) {
    if (out->len - start <= SUMMARY_MAX_BYTES) {
        return;
    }
    size_t end = start + SUMMARY_MAX_BYTES;
    while (end > start && ((unsigned char)out->ptr[end] & 0xc0) == 0x80) {
        end--;
    }
    out->len = end;
}

void summary_append(struct buf *out, const struct batch *batch, const struct row *row,
                    struct buf *scratch) {
    (void)pthread_once(&once, make_shapes);
    size_t start = out->len;
    struct str family = dataset_info((enum dataset)row->dataset)->family;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        if (str_eq(shapes[i].family, family)) {
            append_parts(out, &shapes[i], batch, row, scratch);
            break;
        }
    }
    struct str text;
    if (out->len == start && batch_find(&text, batch, row, FIELD_MESSAGE)) {
        buf_add(out, text);
    }
    if (out->len == start && row->raw_len > 0) {
        text = expr_search_text(batch, row, scratch);
        buf_add(out, text);
    }
    cut(out, start);
}
