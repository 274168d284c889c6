/*
 * For tests of segments as files: building one from rows, and comparing every row that is read from
 * it with what was given. Include after cmocka.h.
 */
#ifndef KONSEKI_SEGMENT_FIXTURE_H
#define KONSEKI_SEGMENT_FIXTURE_H

#include "block.h"
#include "segment_builder.h"
#include "segment_priv.h"
#include "store_fixture.h"

static inline void write_file(const char *path, struct str bytes) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
}

/* `count` rows of the fixture, with arrival numbers and sequences. */
static inline void make_rows(struct batch *b, size_t count, uint64_t seed) {
    struct random r = {seed};
    batch_init(b);
    while (b->row_count < count) {
        fixture_add_line(b, &r);
        struct row *row = &b->rows[b->row_count - 1];
        row->arrival = b->row_count + 7;
        row->sequence = b->row_count;
    }
}

/* Values of an object may come in the order of the sorted object. */
static inline bool has_value(const struct batch *b, const struct row *row, uint32_t field,
                             enum transform transform, struct str text) {
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + i];
        if (v->field == field && v->transform == transform &&
            str_eq(batch_value_text(b, v), text)) {
            return true;
        }
    }
    return false;
}

static inline bool same_row(const struct batch *a, const struct row *x, const struct batch *b,
                            const struct row *y) {
    bool same = str_eq(batch_raw(a, x), batch_raw(b, y)) && x->time_ns == y->time_ns &&
                x->arrival == y->arrival && x->sequence == y->sequence && x->line == y->line &&
                x->flags == y->flags && x->dataset == y->dataset &&
                x->value_count == y->value_count &&
                str_eq(intern_text(&a->names, x->source), intern_text(&b->names, y->source)) &&
                str_eq(intern_text(&a->names, x->origin), intern_text(&b->names, y->origin));
    for (uint32_t i = 0; i < x->value_count && same; i++) {
        const struct value *v = &a->values[x->first_value + i];
        const struct value *w = &b->values[y->first_value + i];
        same = x->dataset == DATASET_JSON
                   ? has_value(b, y, v->field, v->transform, batch_value_text(a, v))
                   : v->field == w->field && v->transform == w->transform &&
                         str_eq(batch_value_text(a, v), batch_value_text(b, w));
    }
    return same;
}

/* Every entry of a dictionary may stand where its note says what can. */
static inline enum status compare_notes(struct segment *s, struct err *err) {
    enum status status = segment_notes(s, err);
    for (size_t i = 0; i < s->column_count && status == STATUS_OK; i++) {
        struct segment_column *c = &s->columns[i];
        if (c->type != COLUMN_DICTIONARY || c->note == NULL) {
            continue;
        }
        status = segment_dictionary(s, c, err);
        for (uint32_t k = 0; k < c->dictionary_count && status == STATUS_OK; k++) {
            assert_true(column_note_may_hold(c->note, c->dictionary[k], false));
        }
    }
    return status;
}

/* Reads every row of the file and compares; the status says whether it could be read. */
static inline enum status read_and_compare(const char *path, const struct batch *expected,
                                           size_t step) {
    static const struct block_wants wants = {.raw = true, .all_fields = true};
    struct err err = ERR_INIT;
    struct segment *s = NULL;
    struct batch row;
    size_t first = 0;
    batch_init(&row);
    enum status status = segment_open(&s, path, &err);
    if (status == STATUS_OK) {
        status = compare_notes(s, &err);
    }
    for (size_t i = 0; status == STATUS_OK && i < s->block_count; i++) {
        struct block b;
        status = block_open(&b, s, i, &err);
        if (status != STATUS_OK) {
            break;
        }
        for (uint32_t at = 0; at < b.info->rows && status == STATUS_OK; at += (uint32_t)step) {
            batch_clear(&row);
            status = block_take_row(&row, &b, at, &wants, &err);
            if (status == STATUS_OK) {
                assert_true(same_row(&row, &row.rows[0], expected, &expected->rows[first + at]));
            }
        }
        first += b.info->rows;
        block_close(&b);
    }
    assert_true(status != STATUS_OK || first == expected->row_count);
    batch_fini(&row);
    segment_close(&s);
    return status;
}

static inline void build(struct buf *out, struct segment_info *info, const struct batch *rows,
                         enum segment_effort effort, bool as_draft) {
    struct segment_builder *b = segment_builder_create(DATASET_UNKNOWN, effort);
    for (size_t i = 0; i < rows->row_count; i++) {
        assert_false(segment_builder_is_full(b));
        struct batch one; /* the builder may not refer to what it was given */
        batch_init(&one);
        batch_copy_row(&one, rows, &rows->rows[i], true);
        one.rows[0].arrival = rows->rows[i].arrival;
        one.rows[0].sequence = rows->rows[i].sequence;
        segment_builder_add(b, &one, &one.rows[0]);
        batch_fini(&one);
    }
    assert_int_equal(segment_builder_rows(b), rows->row_count);
    if (as_draft) {
        struct segment_draft *draft = NULL;
        struct segment_draft *none = NULL;
        segment_builder_take(&draft, b, true);
        segment_builder_take(&none, b, true);
        assert_null(none);
        segment_builder_destroy(&b);
        segment_draft_finish(out, info, &draft);
    } else {
        segment_builder_finish(out, info, b);
        assert_int_equal(segment_builder_rows(b), 0);
        segment_builder_destroy(&b);
    }
}

#endif
