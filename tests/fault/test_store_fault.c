/*
 * A short life of a store (opening, appending, committing, sealing, keys that die, merging), with
 * every single write, sync, rename, removal and creation failing in every mode. After each: the
 * store opens without help, verify finds no damage, every acknowledged row is there once and byte
 * for byte, and nothing that was never appended is.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "fault_io.h"
#include "store_fixture.h"

enum { ROUNDS = 6, ROWS_A_ROUND = 90 }; /* enough for nodes of the tree file */

struct life {
    struct fixture store;
    enum store_mode mode;
    struct batch rows;   /* all that will be appended, round by round */
    size_t acknowledged; /* rows */
    size_t tried;        /* rows of the last commit that was tried, too */
};

static bool append_round(struct life *l, struct store *s, size_t round) {
    struct err err = ERR_INIT;
    struct batch some;
    batch_init(&some);
    for (size_t i = 0; i < ROWS_A_ROUND; i++) {
        batch_copy_row(&some, &l->rows, &l->rows.rows[round * ROWS_A_ROUND + i], true);
    }
    l->tried = (round + 1) * ROWS_A_ROUND;
    bool good = store_append(s, &some, &err) == STATUS_OK && store_commit(s, &err) == STATUS_OK;
    if (good) {
        l->acknowledged = l->tried;
    } else {
        assert_true(err.message[0] != '\0');
        assert_int_not_equal(store_commit(s, &err), STATUS_OK); /* the failure is sticky */
    }
    batch_fini(&some);
    return good;
}

/* Everything in this thread: the operations have an order. */
static enum status open_writer(struct store **out, const struct life *l, struct err *err) {
    struct store_options o = {
        .path = l->store.path, .mode = l->mode, .create = true, .one_thread = true};
    return store_open(out, &o, err);
}

/* What merges wrote so far stays when one fails. */
static bool merge(struct store *s, struct err *err) {
    struct store_compact_options options = {.threads = 0};
    struct store_compact_result result;
    return store_compact(s, &options, &result, err) == STATUS_OK;
}

/* Opens, writes three rounds, seals once, merges, closes; twice. Stops at the first error. */
static void live(struct life *l) {
    struct err err = ERR_INIT;
    for (size_t part = 0; part < 2; part++) {
        struct store *s = NULL;
        if (open_writer(&s, l, &err) != STATUS_OK) {
            return;
        }
        bool good = true;
        for (size_t round = 0; round < 3 && good; round++) {
            good = append_round(l, s, part * 3 + round);
            if (good && round == 1) {
                good = store_seal(s, &err) == STATUS_OK;
            }
        }
        good = good && merge(s, &err);
        store_close(&s);
        if (!good) {
            return;
        }
    }
}

static void fail_on_damage(struct str line, void *ctx) {
    struct buf *lines = ctx;
    buf_add(lines, line);
    buf_putc(lines, '\n');
}

static void check_rows(const struct life *l, size_t *found) {
    struct store *s = fixture_open(&l->store, STORE_READ);
    struct store_scan_options o = STORE_SCAN_ALL;
    struct store_scan *scan = NULL;
    struct err err = ERR_INIT;
    o.want_raw = true;
    o.all_fields = true;
    o.include_derived = true;
    assert_int_equal(store_scan_open(&scan, s, &o, &err), STATUS_OK);
    struct batch out;
    batch_init(&out);
    bool more = true;
    *found = 0;
    while (more) {
        assert_int_equal(store_scan_next(scan, &out, &more, &err), STATUS_OK);
        for (size_t i = 0; i < out.row_count; i++, ++*found) {
            assert_true(*found < l->tried);
            fixture_same_row(&l->rows, &l->rows.rows[*found], &out, &out.rows[i]);
        }
    }
    batch_fini(&out);
    store_scan_close(&scan);
    store_close(&s);
}

static void check_intact(const struct life *l, const char *what) {
    struct err err = ERR_INIT;
    struct store_verify_result result;
    struct store_verify_options vo = {.path = l->store.path, .rebuild = true};
    struct buf lines = BUF_INIT;
    assert_int_equal(store_verify(&vo, &result, fail_on_damage, &lines, &err), STATUS_OK);
    if (result.damaged) {
        fail_msg("%s: %.*s", what, STR_ARG(buf_str(&lines)));
    }
    buf_fini(&lines);
}

static void check_after(const struct life *l, const char *what) {
    struct err err = ERR_INIT;
    struct store *s = NULL;
    if (open_writer(&s, l, &err) != STATUS_OK) { /* recovers */
        fail_msg("%s: cannot be opened again: %s", what, err.message);
    }
    size_t found = 0;
    check_rows(l, &found);
    if (found < l->acknowledged) {
        fail_msg("%s: %zu rows were acknowledged, %zu are there", what, l->acknowledged, found);
    }
    if (found % 4 == 0 && !merge(s, &err)) { /* what a merge left half done is in nobody's way */
        fail_msg("%s: cannot merge: %s", what, err.message);
    }
    store_close(&s);
    size_t again = 0;
    check_rows(l, &again);
    assert_int_equal(again, found);
    check_intact(l, what);
}

/* One life with operation `at` failing; false when there is no such operation. */
static bool try_point(const struct fixture *f, enum store_mode mode, enum fault_mode fault,
                      uint64_t at) {
    struct life l = {.mode = mode};
    char what[80];
    (void)snprintf(what, sizeof what, "mode %d, fault %d at operation %llu", (int)mode, (int)fault,
                   (unsigned long long)at);
    (void)snprintf(l.store.path, sizeof l.store.path, "%.40s/s", f->path);
    batch_init(&l.rows);
    struct random r = {at};
    for (int i = 0; i < ROUNDS * ROWS_A_ROUND; i++) {
        fixture_add_line(&l.rows, &r);
    }
    fault_start(fault, at);
    live(&l);
    (void)fault_stop();
    bool happened = fault_happened();
    fault_start(fault, 0); /* nothing fails now; it spares the real syncs */
    check_after(&l, what);
    (void)fault_stop();
    if (!happened) {
        assert_int_equal(l.acknowledged, ROUNDS * ROWS_A_ROUND);
    }
    (void)nftw(l.store.path, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    batch_fini(&l.rows);
    return happened;
}

static void try_all(const struct fixture *f, enum store_mode mode) {
    uint64_t lives = 0;
    uint64_t points = 0;
    for (int fault = 0; fault < FAULT_MODE_COUNT; fault++) {
        uint64_t at = 1;
        while (try_point(f, mode, (enum fault_mode)fault, at)) {
            at++;
        }
        lives += at - 1;
        points = at - 1 > points ? at - 1 : points;
        assert_true(at > 60);
    }
    print_message("%llu points x %d modes: %llu lives, 0 losses, 0 duplicates\n",
                  (unsigned long long)points, FAULT_MODE_COUNT, (unsigned long long)lives);
}

static void test_live(void **state) {
    try_all(*state, STORE_LIVE);
}

static void test_bulk(void **state) {
    try_all(*state, STORE_BULK);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {CASE(test_live), CASE(test_bulk)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
