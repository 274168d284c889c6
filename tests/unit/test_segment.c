/*
 * Segments: what a builder takes comes back, in one stripe or in many, quick or deep, also columns
 * that are told by others and objects in any order.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mem.h"
#include "segment_fixture.h"

enum { STRIPE_AND_MORE = SEGMENT_STRIPE_ROWS + 9000 };

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
        struct row *row = fixture_begin_row(&rows, str_make(line, (size_t)len), "s");
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
    struct row *row = fixture_begin_row(b, str_make(line, (size_t)len), "s");
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many_stripes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_one_stripe, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_quick_stripes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_objects, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_context, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_context_of_context, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
