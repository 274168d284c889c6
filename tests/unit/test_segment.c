/*
 * Segments as files: what a builder takes comes back, in one stripe or in many; the format of
 * today stays readable (tests/golden/segment); a changed byte is never believed.
 *
 * KONSEKI_WRITE_GOLDEN=1 writes the golden files anew (only for a new version of the format).
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "block.h"
#include "bytes.h"
#include "hash.h"
#include "mem.h"
#include "number_index.h"
#include "segment_builder.h"
#include "segment_priv.h"
#include "store_fixture.h"
#include "token_filter.h"

enum { STRIPE_AND_MORE = SEGMENT_STRIPE_ROWS + 9000, SMALL_ROWS = 60, NUMBER_ROWS = 400 };

static void write_file(const char *path, struct str bytes) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
}

/* `count` rows of the fixture, with arrival numbers and sequences. */
static void make_rows(struct batch *b, size_t count, uint64_t seed) {
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
static bool has_value(const struct batch *b, const struct row *row, uint32_t field,
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

static bool same_row(const struct batch *a, const struct row *x, const struct batch *b,
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
static enum status compare_notes(struct segment *s, struct err *err) {
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
static enum status read_and_compare(const char *path, const struct batch *expected, size_t step) {
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

static void build(struct buf *out, struct segment_info *info, const struct batch *rows,
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

static void test_many_stripes(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct buf bytes = BUF_INIT;
    struct buf again = BUF_INIT;
    struct segment_info info;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/a.seg", f->path);
    make_rows(&rows, STRIPE_AND_MORE, 3);
    build(&bytes, &info, &rows, EFFORT_DEEP, false);
    assert_int_equal(info.rows, rows.row_count);
    assert_int_equal(info.stripe_count, 2);
    assert_int_equal(info.file_bytes, bytes.len);
    assert_int_equal(info.arrival_first, 8);
    assert_int_equal(info.arrival_last, STRIPE_AND_MORE + 7);
    write_file(path, buf_str(&bytes));
    assert_int_equal(read_and_compare(path, &rows, 1), STATUS_OK);
    assert_int_equal(read_and_compare(path, &rows, 4099), STATUS_OK); /* rows apart */
    build(&again, &info, &rows, EFFORT_DEEP, true);
    assert_int_equal(again.len, bytes.len); /* in another thread or not: the same bytes */
    assert_memory_equal(again.ptr, bytes.ptr, bytes.len);
    buf_fini(&bytes);
    buf_fini(&again);
    batch_fini(&rows);
}

/* Addresses that follow from hosts are guessed; the exceptions are right too. */
static void test_context(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    struct random r = {5};
    char path[128];
    (void)snprintf(path, sizeof path, "%s/d.seg", f->path);
    batch_init(&rows);
    for (uint32_t i = 0; i < 20000; i++) {
        char line[128];
        uint32_t host = random_below(&r, 300);
        uint32_t low = random_below(&r, 40) == 0 ? 7 : host % 250;
        int len = snprintf(line, sizeof line, "to h%x.example at 10.%u.9.%u%s\n", host * 7919,
                           host % 13, low, host % 3 == 0 ? " again" : "");
        size_t off = rows.raw.len;
        buf_append(&rows.raw, line, (size_t)len);
        struct row *row = batch_row_begin(&rows, off, (size_t)len);
        row->source = intern_add(&rows.names, STR("s"));
        row->origin = row->source;
        row->time_ns = i;
        row->receive_ns = 0;
        struct str raw = batch_raw(&rows, row);
        size_t at = str_find(raw, STR(" at "));
        size_t end = at + 4 + str_find_char(str_skip(raw, at + 4), host % 3 == 0 ? ' ' : '\n');
        batch_add(&rows, FIELD_URL_DOMAIN, str_make(raw.ptr + 3, at - 3));
        batch_add(&rows, FIELD_DESTINATION_IP, str_make(raw.ptr + at + 4, end - at - 4));
    }
    build(&bytes, &info, &rows, EFFORT_DEEP, false);
    write_file(path, buf_str(&bytes));
    struct err err = ERR_INIT;
    struct segment *s = NULL;
    assert_int_equal(segment_open(&s, path, &err), STATUS_OK);
    size_t contexts = 0;
    for (size_t i = 0; i < s->column_count; i++) {
        contexts += s->columns[i].context != 0;
    }
    assert_true(contexts > 0);
    segment_close(&s);
    assert_int_equal(read_and_compare(path, &rows, 1), STATUS_OK);
    assert_int_equal(read_and_compare(path, &rows, 977), STATUS_OK);
    buf_fini(&bytes);
    batch_fini(&rows);
}

/* A line of the first kind: an address that follows from a host; of the second: a user that follows
 * from the address. */
static void add_pair(struct batch *b, struct random *r, uint32_t number, bool second) {
    char line[128];
    uint32_t host = random_below(r, 200);
    char address[32];
    char other[32];
    (void)snprintf(address, sizeof address, "10.1.9.%u", host % 50);
    (void)snprintf(other, sizeof other, second ? "user-%x" : "h%x.example",
                   (second ? host % 25 : host) * 7919);
    int len = snprintf(line, sizeof line, "%s %s %s\n", second ? "login" : "to", other, address);
    size_t off = b->raw.len;
    buf_append(&b->raw, line, (size_t)len);
    struct row *row = batch_row_begin(b, off, (size_t)len);
    row->source = intern_add(&b->names, STR("s"));
    row->origin = row->source;
    row->time_ns = number;
    row->receive_ns = 0;
    struct str raw = batch_raw(b, row);
    size_t at = second ? 6 : 3;
    batch_add(b, second ? FIELD_USER_NAME : FIELD_URL_DOMAIN,
              str_make(raw.ptr + at, strlen(other)));
    batch_add(b, FIELD_DESTINATION_IP, str_make(raw.ptr + at + strlen(other) + 1, strlen(address)));
}

/* The address has a context in the first stripe, whose column the second stripe has not: it must
 * not become a context of its own there. */
static void test_context_of_context(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    struct random r = {6};
    char path[128];
    (void)snprintf(path, sizeof path, "%s/f.seg", f->path);
    batch_init(&rows);
    for (uint32_t i = 0; i < SEGMENT_STRIPE_ROWS + 20000; i++) {
        add_pair(&rows, &r, i, i >= SEGMENT_STRIPE_ROWS);
    }
    build(&bytes, &info, &rows, EFFORT_DEEP, false);
    write_file(path, buf_str(&bytes));
    assert_int_equal(read_and_compare(path, &rows, 1), STATUS_OK);
    buf_fini(&bytes);
    batch_fini(&rows);
}

/* One stripe of effort FAST is full at its limit; a builder goes on with the next segment. */
static void test_one_stripe(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/b.seg", f->path);
    make_rows(&rows, 500, 9);
    struct segment_builder *b = segment_builder_create(DATASET_SYSLOG, EFFORT_FAST);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < rows.row_count; i++) {
            segment_builder_add(b, &rows, &rows.rows[i]);
        }
        segment_builder_finish(&bytes, &info, b);
        assert_int_equal(info.stripe_count, 1);
        write_file(path, buf_str(&bytes));
        assert_int_equal(read_and_compare(path, &rows, 1), STATUS_OK);
    }
    uint64_t count = 0;
    while (!segment_builder_is_full(b)) {
        segment_builder_add(b, &rows, &rows.rows[count++ % rows.row_count]);
    }
    assert_int_equal(count, SEGMENT_STRIPE_ROWS);
    assert_true(segment_builder_memory(b) < 64 << 20);
    segment_builder_destroy(&b);
    buf_fini(&bytes);
    batch_fini(&rows);
}

/* Sealing: stripes that are packed one after the other become one segment; dictionaries go on. */
static void test_quick_stripes(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    struct segment_draft *draft = NULL;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/q.seg", f->path);
    make_rows(&rows, 9000, 17);
    struct segment_builder *b = segment_builder_create(DATASET_SYSLOG, EFFORT_FAST);
    for (size_t i = 0; i < rows.row_count; i++) {
        segment_builder_add(b, &rows, &rows.rows[i]);
        if (i % 2500 == 2499) {
            segment_builder_take(&draft, b, false);
            assert_true(segment_draft_memory(draft) > 0);
            segment_draft_pack(draft);
            assert_int_equal(segment_builder_rows(b), 0);
        }
    }
    assert_false(segment_draft_is_nearly_full(draft));
    segment_builder_take(&draft, b, true);
    segment_draft_finish(&bytes, &info, &draft);
    assert_null(draft);
    assert_int_equal(info.stripe_count, 4);
    assert_int_equal(info.rows, rows.row_count);
    write_file(path, buf_str(&bytes));
    assert_int_equal(read_and_compare(path, &rows, 1), STATUS_OK);
    assert_int_equal(read_and_compare(path, &rows, 977), STATUS_OK);
    segment_builder_destroy(&b);
    buf_fini(&bytes);
    batch_fini(&rows);
}

/* Two columns that say the same in other words. */
static void add_twins(struct batch *b, uint32_t number, struct random *r) {
    static const char *const names[] = {"alert", "notice", "debug"};
    char line[64];
    uint32_t level = random_below(r, 3);
    int len = snprintf(line, sizeof line, "%s:L%u\n", names[level], level + 4);
    size_t off = b->raw.len;
    buf_append(&b->raw, line, (size_t)len);
    struct row *row = batch_row_begin(b, off, (size_t)len);
    row->source = intern_add(&b->names, STR("s"));
    row->origin = row->source;
    row->time_ns = number;
    row->receive_ns = 0;
    struct str raw = batch_raw(b, row);
    size_t colon = str_find_char(raw, ':');
    batch_add(b, FIELD_USER_NAME, str_head(raw, colon));
    batch_add(b, FIELD_EVENT_REASON, str_make(raw.ptr + colon + 1, 2));
}

/* Chunks with the same bytes are stored once. */
static void test_equal_chunks(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct random r = {11};
    char path[128];
    (void)snprintf(path, sizeof path, "%s/e.seg", f->path);
    batch_init(&rows);
    for (uint32_t i = 0; i < 20000; i++) {
        add_twins(&rows, i, &r);
    }
    for (int effort = EFFORT_FAST; effort <= EFFORT_DEEP; effort++) {
        struct buf bytes = BUF_INIT;
        struct segment_info info;
        struct segment *s = NULL;
        struct err err = ERR_INIT;
        build(&bytes, &info, &rows, (enum segment_effort)effort, false);
        write_file(path, buf_str(&bytes));
        assert_int_equal(segment_open(&s, path, &err), STATUS_OK);
        assert_int_equal(segment_stripe_load(s, 0, &err), STATUS_OK);
        const struct segment_block *b = &s->blocks[0];
        size_t twins = 0;
        for (size_t i = 1; i < s->column_count; i++) {
            twins += b->columns[i].stored_len > 0 && b->columns[i].offset == b->columns[0].offset;
        }
        assert_true(effort == EFFORT_DEEP || twins == 1); /* merging: one guesses the other */
        segment_close(&s);
        assert_int_equal(read_and_compare(path, &rows, 1), STATUS_OK);
        assert_int_equal(read_and_compare(path, &rows, 977), STATUS_OK);
        buf_fini(&bytes);
    }
    batch_fini(&rows);
}

/* A reference to an earlier chunk must stay between the header and its own place. */
static void test_reference_again(void **state) {
    static const struct {
        uint64_t stored;
        uint64_t kind; /* instead of a number of bases */
        uint64_t back;
        bool good;
    } cases[] = {{50, CHUNK_AGAIN, 50, true},     {50, CHUNK_AGAIN, 84, true},
                 {50, CHUNK_AGAIN, 49, false},    {50, CHUNK_AGAIN, 85, false},
                 {500, CHUNK_AGAIN, 50, false},   {50, CHUNK_AGAIN, UINT64_MAX, false},
                 {50, CHUNK_AGAIN + 1, 50, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf bytes = BUF_INIT;
        struct segment s = {.base_count = 0};
        wire_put_u64(&bytes, cases[i].stored);
        wire_put_u64(&bytes, 70 + cases[i].kind * CHUNK_BASES_UNIT);
        wire_put_fixed32(&bytes, 7);
        wire_put_u64(&bytes, cases[i].back);
        struct wire w = wire_make(bytes.ptr, bytes.len);
        uint64_t at = 100;
        struct chunk_ref ref = segment_take_ref(&w, &s, &at, 1000);
        assert_int_equal(w.failed, !cases[i].good);
        assert_int_equal(at, 100);
        assert_true(!cases[i].good || ref.offset == 100 - cases[i].back);
        buf_fini(&bytes);
    }
}

/* Objects in any order have few templates, and come back as they were. */
static void test_objects(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct random r = {15};
    batch_init(&rows);
    while (rows.row_count < 4000) {
        fixture_add_object(&rows, &r);
        struct row *row = &rows.rows[rows.row_count - 1];
        row->arrival = row->sequence = rows.row_count;
    }
    for (int effort = EFFORT_FAST; effort <= EFFORT_DEEP; effort++) {
        struct buf bytes = BUF_INIT;
        struct segment_info info;
        struct segment *segment = NULL;
        struct err err = ERR_INIT;
        char path[128];
        (void)snprintf(path, sizeof path, "%s/o.seg", f->path);
        build(&bytes, &info, &rows, (enum segment_effort)effort, false);
        write_file(path, buf_str(&bytes));
        assert_int_equal(read_and_compare(path, &rows, 1), STATUS_OK);
        assert_int_equal(read_and_compare(path, &rows, 13), STATUS_OK);
        assert_int_equal(segment_open(&segment, path, &err), STATUS_OK);
        assert_int_equal(segment_templates(segment, &err), STATUS_OK);
        assert_in_range(segment->template_count, 1, 400);
        segment_close(&segment);
        buf_fini(&bytes);
    }
    batch_fini(&rows);
}

/* --- templates --- */

/* Lines that have nothing in common with each other but `words` of a small vocabulary each. */
static void make_sentences(struct batch *b, uint32_t count, uint32_t words) {
    batch_init(b);
    for (uint32_t i = 0; i < count; i++) {
        struct random r = {77 + i % 40};
        char line[1024];
        size_t len = 0;
        for (uint32_t k = 0; k < words; k++) {
            len +=
                (size_t)snprintf(line + len, sizeof line - len, "%c%c%c%cing ",
                                 'a' + (int)random_below(&r, 26), 'a' + (int)random_below(&r, 26),
                                 'a' + (int)random_below(&r, 26), 'a' + (int)random_below(&r, 26));
        }
        len += (size_t)snprintf(line + len, sizeof line - len, "took %u us\n", i * 7919 % 100000);
        size_t off = b->raw.len;
        buf_append(&b->raw, line, len);
        struct row *row = batch_row_begin(b, off, len);
        row->source = row->origin = intern_add(&b->names, STR("app1"));
        row->arrival = row->sequence = i + 1;
    }
}

/* Many templates lie in several chunks; one row unpacks one of them, and changing another one does
 * not matter to it. */
static void test_template_chunks(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    struct segment *s = NULL;
    struct err err = ERR_INIT;
    const struct template *t;
    char path[128];
    make_sentences(&rows, 60000, 100);
    (void)snprintf(path, sizeof path, "%s/t.seg", f->path);
    build(&bytes, &info, &rows, EFFORT_DEEP, false);
    write_file(path, buf_str(&bytes));
    assert_int_equal(read_and_compare(path, &rows, 997), STATUS_OK);
    assert_int_equal(segment_open(&s, path, &err), STATUS_OK);
    assert_in_range(s->template_chunk_count, 2, s->template_count);
    struct template_chunk last = s->template_chunks[s->template_chunk_count - 1];
    segment_close(&s);
    bytes.ptr[last.ref.offset + last.ref.stored_len / 2] ^= 1;
    write_file(path, buf_str(&bytes));
    assert_int_equal(segment_open(&s, path, &err), STATUS_OK);
    assert_int_equal(segment_template(&t, s, 0, &err), STATUS_OK);
    assert_int_equal(segment_template(&t, s, last.first, &err), STATUS_DAMAGED);
    assert_int_equal(segment_templates(s, &err), STATUS_DAMAGED);
    segment_close(&s);
    buf_fini(&bytes);
    batch_fini(&rows);
}

/* --- chunks beside others --- */

/* Rows with an id each; those of the second half have the ids and numbers of the first again, but
 * for one in a block: chunks with the same bytes would be stored once. */
static void make_repeated(struct batch *b, uint32_t half) {
    batch_init(b);
    for (uint32_t i = 0; i < 2 * half; i++) {
        struct random r = {1000 + i % half + (i > half && i % SEGMENT_BLOCK_ROWS == 5 ? half : 0)};
        char line[128];
        int len = snprintf(line, sizeof line, "%s C%08x%08xzQ took %u us\n",
                           i < half ? "open" : "request of", random_below(&r, UINT32_MAX),
                           random_below(&r, UINT32_MAX), random_below(&r, 1 << 24));
        size_t off = b->raw.len;
        buf_append(&b->raw, line, (size_t)len);
        struct row *row = batch_row_begin(b, off, (size_t)len);
        row->source = intern_add(&b->names, STR("s"));
        row->origin = row->source;
        row->time_ns = i;
        row->receive_ns = 0;
    }
}

/* Rows of the last block of a file. */
static enum status read_last_block(const char *path) {
    static const struct block_wants wants = {.raw = true, .all_fields = true};
    struct err err = ERR_INIT;
    struct segment *s = NULL;
    struct block b;
    struct batch row;
    batch_init(&row);
    assert_int_equal(segment_open(&s, path, &err), STATUS_OK);
    assert_int_equal(block_open(&b, s, s->block_count - 1, &err), STATUS_OK);
    enum status status = block_take_row(&row, &b, 0, &wants, &err);
    block_close(&b);
    batch_fini(&row);
    segment_close(&s);
    return status;
}

/* What stands a second time costs next to nothing, and is not believed if the first is damaged. */
static void test_beside(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct batch once;
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    struct segment_info info_once;
    struct segment *s = NULL;
    struct err err = ERR_INIT;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/g.seg", f->path);
    make_repeated(&once, SEGMENT_STRIPE_ROWS / 4);
    once.row_count /= 2;
    build(&bytes, &info_once, &once, EFFORT_DEEP, false);
    make_repeated(&rows, SEGMENT_STRIPE_ROWS / 4);
    build(&bytes, &info, &rows, EFFORT_DEEP, false);
    assert_true(info.file_bytes - info.index_bytes <
                (info_once.file_bytes - info_once.index_bytes) * 15 / 10);
    write_file(path, buf_str(&bytes));
    assert_int_equal(read_and_compare(path, &rows, 1), STATUS_OK);
    assert_int_equal(read_and_compare(path, &rows, 997), STATUS_OK);
    assert_int_equal(segment_open(&s, path, &err), STATUS_OK);
    assert_int_equal(segment_stripe_load(s, 0, &err), STATUS_OK);
    assert_true(s->base_count > 0);
    assert_in_range(s->bases[s->base_count - 1].count, 1, CHUNK_BASES);
    bytes.ptr[s->bases[s->base_count - 1].chunks[0].offset + 9] ^= 4;
    segment_close(&s);
    assert_int_equal(read_last_block(path), STATUS_OK);
    write_file(path, buf_str(&bytes));
    assert_int_equal(read_last_block(path), STATUS_DAMAGED);
    buf_fini(&bytes);
    batch_fini(&rows);
    batch_fini(&once);
}

/* References that point out of the file, or at what comes later, are refused. */
static void test_beside_refused(void **state) {
    (void)state;
    static const struct {
        uint64_t count; /* of bases */
        uint64_t back;
        uint64_t stored;
        uint64_t plain;
        bool good;
    } cases[] = {
        {1, 100, 100, 500, true},         {1, 984, 10, 500, true},
        {1, 985, 10, 500, false},         {1, 100, 101, 500, false},
        {1, 100, 100, UINT32_MAX, false}, {CHUNK_AGAIN + 1, 100, 100, 500, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct segment s = {.base_count = 0};
        struct buf b = BUF_INIT;
        uint64_t at = 1000;
        wire_put_u64(&b, 50);
        wire_put_u64(&b, 70 + cases[i].count * CHUNK_BASES_UNIT);
        wire_put_fixed32(&b, 1);
        for (uint64_t k = 0; k < cases[i].count; k++) {
            wire_put_u64(&b, cases[i].back);
            wire_put_u64(&b, cases[i].stored);
            wire_put_u64(&b, cases[i].plain);
            wire_put_fixed32(&b, 2);
        }
        struct wire w = wire_make(b.ptr, b.len);
        struct chunk_ref ref = segment_take_ref(&w, &s, &at, 2000);
        assert_int_equal(!w.failed, cases[i].good);
        if (cases[i].good) {
            assert_int_equal(wire_left(&w), 0);
            assert_int_equal(ref.plain_len, 70);
            assert_int_equal(at, 1050);
            assert_int_equal(s.bases[ref.bases - 1].chunks[0].offset, 1000 - cases[i].back);
        }
        mem_free(s.bases);
        buf_fini(&b);
    }
}

/* --- the format --- */

static const char *golden_path(char *out, size_t size, const char *name) {
    (void)snprintf(out, size, "%s/tests/golden/segment/%s", getenv("KONSEKI_SOURCE"), name);
    return out;
}

static void test_golden(void **state) {
    (void)state;
    char path[1024];
    struct batch rows;
    make_rows(&rows, SMALL_ROWS, 11);
    for (int effort = EFFORT_FAST; effort <= EFFORT_DEEP; effort++) {
        const char *name = effort == EFFORT_FAST ? "fast.seg" : "deep.seg";
        if (getenv("KONSEKI_WRITE_GOLDEN") != NULL) {
            struct buf bytes = BUF_INIT;
            struct segment_info info;
            build(&bytes, &info, &rows, (enum segment_effort)effort, false);
            write_file(golden_path(path, sizeof path, name), buf_str(&bytes));
            buf_fini(&bytes);
        }
        assert_int_equal(read_and_compare(golden_path(path, sizeof path, name), &rows, 1),
                         STATUS_OK);
    }
    /* of before there were several chunks of templates */
    assert_int_equal(read_and_compare(golden_path(path, sizeof path, "one_chunk.seg"), &rows, 1),
                     STATUS_OK);
    batch_fini(&rows);
}

/* Rows with words of digits: a counter, and numbers that are no counter. */
static void make_number_rows(struct batch *b) {
    batch_init(b);
    for (unsigned i = 0; i < NUMBER_ROWS; i++) {
        char line[96];
        int len = snprintf(line, sizeof line, "closed session=%u ref %u\n", 7000000 + 2 * i,
                           200000000 + i * i * 7919 % 100000000);
        size_t off = b->raw.len;
        buf_append(&b->raw, line, (size_t)len);
        struct row *row = batch_row_begin(b, off, (size_t)len);
        row->time_ns = (int64_t)i * NS_PER_SECOND;
        row->source = intern_add(&b->names, STR("fw1"));
        row->origin = row->source;
        row->arrival = row->sequence = i + 1;
    }
}

/* As the chain says it of a segment with one stripe. */
static struct segment_info info_of(const struct segment *s) {
    assert_int_equal(s->stripe_count, 1);
    return (struct segment_info){.stripe_count = 1,
                                 .filter_offset = s->filter_offset,
                                 .index_bytes = s->shared_offset + s->shared_len - s->filter_offset,
                                 .filter_lines = {s->stripes[0].filter_lines}};
}

/* Each word of digits of the rows is in the index; NOT_FOUND: another one is not. */
static enum status ask_number_words(const struct segment *s, const struct batch *rows) {
    struct index_source source = {.mapped = s->map.bytes, .mapped_bytes = s->map.size_bytes};
    struct segment_info info = info_of(s);
    struct number_index index;
    struct index_blocks blocks = {{0}};
    enum status status = number_index_open(&index, &info, &source);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < rows->row_count && status == STATUS_OK; i++) {
        struct str raw = batch_raw(rows, &rows->rows[i]);
        struct str session = str_make(raw.ptr + sizeof "closed session=" - 1, 7);
        struct str ref = str_make(session.ptr + sizeof "7000000 ref " - 1, 9);
        status = number_index_ask(&blocks, &index, session);
        assert_true(status != STATUS_OK || blocks.of_stripe[0] != 0);
        status = status == STATUS_OK ? number_index_ask(&blocks, &index, ref) : status;
        assert_true(status != STATUS_OK || blocks.of_stripe[0] != 0);
    }
    if (status == STATUS_OK) {
        status = number_index_ask(&blocks, &index, STR("6999995"));
        status = status == STATUS_OK && blocks.of_stripe[0] == 0 ? STATUS_NOT_FOUND : status;
    }
    number_index_close(&index);
    return status;
}

/* A directory that claims more time patterns than there can be, under the right checksum. */
static void spoil_number_index(struct buf *bytes, const struct segment_info *info) {
    uint8_t *head =
        (uint8_t *)bytes->ptr + info->filter_offset + token_filter_bytes(info->filter_lines[0]);
    head[8] = 0x7f;
    bytes_put_le32(head + 4, ~(uint32_t)hash_bytes(head + 8, bytes_le32(head) & INT32_MAX));
}

static void write_number_golden(const struct batch *rows) {
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    char path[1024];
    build(&bytes, &info, rows, EFFORT_DEEP, false);
    write_file(golden_path(path, sizeof path, "numbers.seg"), buf_str(&bytes));
    spoil_number_index(&bytes, &info);
    write_file(golden_path(path, sizeof path, "numbers_bad.seg"), buf_str(&bytes));
    buf_fini(&bytes);
}

/* The bad one has sound rows, so only who asks its index sees the damage. */
static void test_golden_numbers(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum status status;
    } files[] = {{"numbers.seg", STATUS_NOT_FOUND},
                 {"numbers_bad.seg", STATUS_DAMAGED},
                 {"numbers_own.seg", STATUS_NOT_FOUND}}; /* a filter a stripe, as before */
    char path[1024];
    struct batch rows;
    make_number_rows(&rows);
    if (getenv("KONSEKI_WRITE_GOLDEN") != NULL) {
        write_number_golden(&rows);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct segment *s = NULL;
        struct err err = ERR_INIT;
        golden_path(path, sizeof path, files[i].name);
        assert_int_equal(read_and_compare(path, &rows, 1), STATUS_OK);
        assert_int_equal(segment_open(&s, path, &err), STATUS_OK);
        assert_int_equal(ask_number_words(s, &rows), files[i].status);
        segment_close(&s);
    }
    batch_fini(&rows);
}

/* Each byte changed, and each length cut: the file is refused or its rows are right. */
static void test_every_byte(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    size_t refused = 0;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/c.seg", f->path);
    make_rows(&rows, SMALL_ROWS, 11);
    build(&bytes, &info, &rows, EFFORT_DEEP, false);
    for (size_t at = 0; at < bytes.len; at++) {
        char old = bytes.ptr[at];
        bytes.ptr[at] = (char)(old ^ (1 << at % 8));
        write_file(path, buf_str(&bytes));
        refused += read_and_compare(path, &rows, 1) == STATUS_DAMAGED;
        bytes.ptr[at] = old;
    }
    /* not seen by reading rows: zeros of the header, filters, padding */
    assert_true(refused + info.index_bytes + 12 + 64 >= bytes.len);
    for (size_t len = 0; len < bytes.len; len += 13) {
        write_file(path, str_make(bytes.ptr, len));
        assert_int_equal(read_and_compare(path, &rows, 1), STATUS_DAMAGED);
    }
    buf_fini(&bytes);
    batch_fini(&rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many_stripes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_one_stripe, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_quick_stripes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_equal_chunks, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_reference_again),
        cmocka_unit_test_setup_teardown(test_objects, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_template_chunks, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_context, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_context_of_context, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_beside, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_beside_refused),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_numbers),
        cmocka_unit_test_setup_teardown(test_every_byte, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
