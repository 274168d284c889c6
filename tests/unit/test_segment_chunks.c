/*
 * Chunks of segments: equal ones are stored once, alike ones beside each other, templates in
 * several; references that no writer makes are refused.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bytes.h"
#include "mem.h"
#include "segment_fixture.h"

/* --- equal chunks --- */

/* Two columns that say the same in other words. */
static void add_twins(struct batch *b, uint32_t number, struct random *r) {
    static const char *const names[] = {"alert", "notice", "debug"};
    char line[64];
    uint32_t level = random_below(r, 3);
    int len = snprintf(line, sizeof line, "%s:L%u\n", names[level], level + 4);
    struct row *row = fixture_begin_row(b, str_make(line, (size_t)len), "s");
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
        struct row *row = fixture_begin_row(b, str_make(line, (size_t)len), "app1");
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
        struct row *row = fixture_begin_row(b, str_make(line, (size_t)len), "s");
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

/* Bytes of a file without what helps to search it. */
static uint64_t bytes_of_rows(const char *path, struct str bytes, const struct segment_info *info) {
    struct segment *s = NULL;
    struct err err = ERR_INIT;
    write_file(path, bytes);
    assert_int_equal(segment_open(&s, path, &err), STATUS_OK);
    uint64_t helping = info->index_bytes + s->notes_ref.stored_len + s->triples_ref.stored_len;
    segment_close(&s);
    return bytes.len - helping;
}

/* What stands a second time costs next to nothing, and is not believed if the first is damaged. */
static void test_beside(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct batch once;
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    struct segment *s = NULL;
    struct err err = ERR_INIT;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/g.seg", f->path);
    make_repeated(&once, SEGMENT_STRIPE_ROWS / 4);
    once.row_count /= 2;
    build(&bytes, &info, &once, EFFORT_DEEP, false);
    uint64_t once_bytes = bytes_of_rows(path, buf_str(&bytes), &info);
    make_repeated(&rows, SEGMENT_STRIPE_ROWS / 4);
    build(&bytes, &info, &rows, EFFORT_DEEP, false);
    assert_true(bytes_of_rows(path, buf_str(&bytes), &info) < once_bytes * 15 / 10);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_equal_chunks, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_reference_again),
        cmocka_unit_test_setup_teardown(test_template_chunks, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_beside, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_beside_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
