/* The write-ahead log: what was committed is there after a crash, what was not is gone. */
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

static void make_lines(struct batch *b, uint64_t seed, int count) {
    struct random r = {seed};
    batch_clear(b);
    for (int i = 0; i < count; i++) {
        fixture_add_line(b, &r);
    }
}

static uint64_t count_rows(const struct fixture *f) {
    struct store *s = fixture_open(f, STORE_READ);
    struct store_stat stat;
    store_get_stat(s, DATASET_COUNT, &stat);
    store_close(&s);
    return stat.events;
}

static void append(struct store *s, struct batch *b) {
    struct err err = ERR_INIT;
    if (store_append(s, b, &err) != STATUS_OK) {
        fail_msg("append: %s", err.message);
    }
}

static void commit(struct store *s) {
    struct err err = ERR_INIT;
    if (store_commit(s, &err) != STATUS_OK) {
        fail_msg("commit: %s", err.message);
    }
}

static void test_commits_are_seen_and_survive(void **state) {
    struct fixture *f = *state;
    struct batch in;
    struct batch all;
    batch_init(&in);
    batch_init(&all);
    struct store *s = fixture_open(f, STORE_LIVE);
    for (uint64_t round = 0; round < 5; round++) {
        make_lines(&in, round + 1, 100);
        append(s, &in);
        assert_int_equal(count_rows(f), round * 100); /* not committed yet */
        commit(s);
        assert_int_equal(count_rows(f), (round + 1) * 100);
        for (size_t i = 0; i < in.row_count; i++) {
            batch_copy_row(&all, &in, &in.rows[i], true);
        }
    }
    fixture_expect_same(f, &all);
    make_lines(&in, 99, 100);
    append(s, &in); /* never committed */
    store_close(&s);
    assert_int_equal(count_rows(f), 500);
    fixture_expect_same(f, &all);
    s = fixture_open(f, STORE_LIVE); /* replays */
    struct err err = ERR_INIT;
    assert_int_equal(store_seal(s, &err), STATUS_OK);
    store_close(&s);
    fixture_expect_same(f, &all);
    batch_fini(&in);
    batch_fini(&all);
}

static void test_numbers_go_on_after_replay(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    make_lines(&in, 5, 10);
    for (uint64_t round = 0; round < 4; round++) {
        struct store *s = fixture_open(f, round % 2 == 0 ? STORE_LIVE : STORE_BULK);
        append(s, &in);
        assert_int_equal(in.rows[0].arrival, round * 10);
        commit(s);
        store_close(&s);
    }
    assert_int_equal(count_rows(f), 40);
    batch_fini(&in);
}

static void log_path(char *out, size_t size, const struct fixture *f) {
    (void)snprintf(out, size, "%s/wal/0000000001.wal", f->path);
}

/* Cut at any place, the log gives whole groups only. */
static void test_cut_log(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct store *s = fixture_open(f, STORE_LIVE);
    for (uint64_t round = 0; round < 3; round++) {
        make_lines(&in, round, 4);
        append(s, &in);
        commit(s);
    }
    store_close(&s);
    char path[128];
    log_path(path, sizeof path, f);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    (void)fclose(file);
    uint64_t last = 12;
    for (long cut = size - 1; cut >= 0; cut--) {
        assert_int_equal(truncate(path, cut), 0);
        uint64_t rows = count_rows(f);
        assert_true(rows <= last && rows % 4 == 0);
        last = rows;
    }
    assert_int_equal(last, 0);
    batch_fini(&in);
}

static void flip(const char *path, long at) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int c = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    (void)fputc(c ^ 1, file);
    (void)fclose(file);
}

/* A changed byte in a group that a later frame knew to be on disk is damage, not a torn tail. */
static void test_changed_log(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct store *s = fixture_open(f, STORE_LIVE);
    make_lines(&in, 1, 4);
    append(s, &in);
    commit(s);
    append(s, &in);
    commit(s);
    store_close(&s);
    char path[128];
    log_path(path, sizeof path, f);
    for (long at = 0; at < 200; at += 7) {
        flip(path, at);
        struct store_options o = {.path = f->path, .mode = STORE_READ};
        struct err err = ERR_INIT;
        assert_int_equal(store_open(&s, &o, &err), STATUS_DAMAGED);
        flip(path, at);
    }
    assert_int_equal(count_rows(f), 8);
    batch_fini(&in);
}

static void test_big_live_store_seals_itself(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct store_options o = {
        .path = f->path, .mode = STORE_LIVE, .create = true, .memory_bytes = 100000};
    assert_int_equal(store_open(&s, &o, &err), STATUS_OK);
    for (uint64_t round = 0; round < 20; round++) {
        make_lines(&in, round, 100);
        append(s, &in);
        commit(s);
    }
    struct store_stat stat;
    store_get_stat(s, DATASET_COUNT, &stat);
    assert_int_equal(stat.events, 2000);
    assert_true(stat.sealed_to > 1000);
    store_close(&s);
    assert_int_equal(count_rows(f), 2000);
    batch_fini(&in);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_commits_are_seen_and_survive),
        CASE(test_numbers_go_on_after_replay),
        CASE(test_cut_log),
        CASE(test_changed_log),
        CASE(test_big_live_store_seals_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
