/* The store from outside: what is appended comes back, byte for byte and value for value. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_fixture.h"

static void test_lines_come_back(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {1};
    for (int i = 0; i < 20000; i++) {
        fixture_add_line(&in, &r);
    }
    fixture_write(f, &in, 3);
    fixture_expect_same(f, &in);
    batch_fini(&in);
}

static void test_hostile_rows_come_back(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {7};
    for (int i = 0; i < 5000; i++) {
        fixture_add_hostile(&in, &r);
    }
    fixture_write(f, &in, 7);
    fixture_expect_same(f, &in);
    batch_fini(&in);
}

static void test_sequences_go_on_after_reopening(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {3};
    for (int i = 0; i < 10; i++) {
        fixture_add_line(&in, &r);
    }
    struct err err = ERR_INIT;
    for (int round = 0; round < 3; round++) {
        struct store *s = fixture_open(f, STORE_BULK);
        assert_int_equal(store_append(s, &in, &err), STATUS_OK);
        assert_int_equal(in.rows[0].arrival, (uint64_t)round * 10);
        assert_int_equal(store_commit(s, &err), STATUS_OK);
        store_close(&s);
    }
    struct store *s = fixture_open(f, STORE_READ);
    struct store_stat stat;
    store_get_stat(s, DATASET_COUNT, &stat);
    assert_int_equal(stat.events, 30);
    assert_int_equal(stat.arrival_end, 30);
    store_close(&s);
    batch_fini(&in);
}

static void test_uncommitted_rows_are_gone(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {3};
    fixture_add_line(&in, &r);
    struct err err = ERR_INIT;
    struct store *s = fixture_open(f, STORE_BULK);
    assert_int_equal(store_append(s, &in, &err), STATUS_OK);
    store_close(&s);
    s = fixture_open(f, STORE_BULK);
    struct store_stat stat;
    store_get_stat(s, DATASET_COUNT, &stat);
    assert_int_equal(stat.events, 0);
    assert_int_equal(store_append(s, &in, &err), STATUS_OK);
    assert_int_equal(in.rows[0].sequence, 1);
    store_close(&s);
    batch_fini(&in);
}

static void test_inputs_are_remembered(void **state) {
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct store *s = fixture_open(f, STORE_BULK);
    struct store_input input = {.path = STR("dir/a.log"), .bytes = 5, .events = 1};
    input.sha256[3] = 9;
    struct store_input found;
    assert_false(store_find_input(s, input.sha256, &found));
    assert_int_equal(store_note_input(s, &input, &err), STATUS_OK);
    assert_int_equal(store_commit(s, &err), STATUS_OK);
    store_close(&s);
    s = fixture_open(f, STORE_READ);
    assert_true(store_find_input(s, input.sha256, &found));
    assert_true(str_eq(found.path, STR("dir/a.log")));
    input.sha256[3] = 8;
    assert_false(store_find_input(s, input.sha256, &found));
    store_close(&s);
}

/* Lines of a megabyte: all words with digits, none, the same bytes, binary. */
static void test_long_lines(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {31};
    for (int i = 0; i < 45; i++) {
        size_t off = in.raw.len;
        for (size_t k = 0; k < 1 << 20; k++) {
            static const char few[] = "1 2x";
            char c = i % 4 == 3 ? (char)random_below(&r, 256) : few[i % 4 == 2 ? 3 : k % 3];
            buf_putc(&in.raw, i % 4 == 1 && c != ' ' ? 'y' : c);
        }
        struct row *row = batch_row_begin(&in, off, in.raw.len - off);
        row->source = intern_add(&in.names, STR("long"));
        row->time_ns = i;
        row->receive_ns = i;
        row->charset = i % 8 == 3 ? CHARSET_BINARY : CHARSET_UTF8;
        batch_add(&in, FIELD_MESSAGE, str_make(in.raw.ptr + off, 1 << 20));
        batch_add(&in, FIELD_TAGS, str_make(in.raw.ptr + off + 5, 100000));
    }
    fixture_write(f, &in, 1);
    fixture_expect_same(f, &in);
    batch_fini(&in);
}

static void test_raw_by_sequence(void **state) {
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct batch in;
    batch_init(&in);
    struct random r = {21};
    for (int i = 0; i < 9000; i++) {
        fixture_add_line(&in, &r);
    }
    fixture_write(f, &in, 3);
    struct store *s = fixture_open(f, STORE_READ);
    uint64_t sequence = 0; /* of fw1 */
    for (size_t i = 0; i < in.row_count; i++) {
        if (!str_eq(intern_text(&in.names, in.rows[i].source), STR("fw1"))) {
            continue;
        }
        sequence++;
        if (i % 500 > 3) {
            continue;
        }
        struct buf raw = BUF_INIT;
        assert_int_equal(store_read_raw(s, STR("fw1"), sequence, &raw, &err), STATUS_OK);
        assert_true(str_eq(buf_str(&raw), batch_raw(&in, &in.rows[i])));
        buf_fini(&raw);
    }
    struct buf raw = BUF_INIT;
    assert_int_equal(store_read_raw(s, STR("fw1"), sequence + 1, &raw, &err), STATUS_NOT_FOUND);
    assert_int_equal(store_read_raw(s, STR("fw9"), 1, &raw, &err), STATUS_NOT_FOUND);
    store_close(&s);
    batch_fini(&in);
}

static void test_one_writer_only(void **state) {
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct store *s = fixture_open(f, STORE_BULK);
    struct store *other = NULL;
    struct store_options o = {.path = f->path, .mode = STORE_BULK};
    assert_int_equal(store_open(&other, &o, &err), STATUS_BUSY);
    store_close(&s);
    o.mode = STORE_READ;
    o.path = "/nonexistent/store";
    assert_int_equal(store_open(&other, &o, &err), STATUS_NOT_FOUND);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_lines_come_back),
        CASE(test_hostile_rows_come_back),
        CASE(test_sequences_go_on_after_reopening),
        CASE(test_uncommitted_rows_are_gone),
        CASE(test_inputs_are_remembered),
        CASE(test_long_lines),
        CASE(test_raw_by_sequence),
        CASE(test_one_writer_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
