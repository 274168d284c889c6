/*
 * Archiving, recalling and expiring, with every single write, sync, rename, removal and creation
 * failing in every mode. After each: the store opens without help, verify (with every row put
 * together) finds no damage, and every row that no finished act took out is found; the act can be
 * done again.
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
#include "tiers_fixture.h"

enum { OLD_FIREWALL = 300 + 40, ALL = OLD_FIREWALL + 77 };

typedef bool act_fn(const struct fixture *f, struct store *s);

struct act {
    act_fn *prepare; /* without failures; may be NULL */
    act_fn *act;
    uint64_t rows_after; /* rows that a search finds when it was done */
};

static void folder_of(char out[96], const struct fixture *f) {
    (void)snprintf(out, 96, "%s-a", f->path);
}

static bool archive(const struct fixture *f, struct store *s) {
    struct err err = ERR_INIT;
    struct archive_result r;
    char folder[96];
    folder_of(folder, f);
    struct archive_options o = {.folder = folder,
                                .label = STR("medium"),
                                .by = STR("tester"),
                                .now_ns = TIERS_TODAY,
                                .has_days = true,
                                .days = 30};
    return store_archive(s, &o, &r, &err) == STATUS_OK;
}

static bool recall(const struct fixture *f, struct store *s) {
    struct err err = ERR_INIT;
    struct archive_result r;
    (void)f;
    return store_recall(s, STR("medium"), &r, &err) == STATUS_OK;
}

static bool expire(const struct fixture *f, struct store *s) {
    struct err err = ERR_INIT;
    struct expire_result r;
    struct expire_options o = {.by = STR("tester"), .now_ns = TIERS_TODAY};
    (void)f;
    return store_expire(s, &o, &r, &err) == STATUS_OK;
}

/* One thread: the operations have an order. */
static bool with_store(const struct fixture *f, act_fn *act) {
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct store_options o = {.path = f->path, .mode = STORE_BULK, .one_thread = true};
    bool good = store_open(&s, &o, &err) == STATUS_OK && act(f, s);
    store_close(&s);
    return good;
}

static void make_store(const struct fixture *f) {
    static const struct tiers_part first[] = {{DATASET_FORTIGATE, 400, 400, 300},
                                              {DATASET_SYSLOG, 400, 400, 70}};
    static const struct tiers_part second[] = {{DATASET_FORTIGATE, 390, 390, 40},
                                               {DATASET_SYSLOG, 390, 390, 7}};
    tiers_write(f, first, 2);
    tiers_write(f, second, 2);
    tiers_rules(f, "", "fortigate=default");
}

static void check(const struct fixture *f, const struct act *a, bool done, const char *what) {
    struct buf lines = BUF_INIT;
    uint64_t missing;
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct store_options o = {.path = f->path, .mode = STORE_BULK, .one_thread = true};
    if (store_open(&s, &o, &err) != STATUS_OK) {
        fail_msg("%s: cannot be opened again: %s", what, err.message);
    }
    store_close(&s);
    uint64_t rows = tiers_count(f, &missing);
    if (missing > 0 || (rows != a->rows_after && (done || rows != ALL))) {
        fail_msg("%s: %llu rows, %llu missing", what, (unsigned long long)rows,
                 (unsigned long long)missing);
    }
    if (tiers_verify(f, &lines).damaged) {
        fail_msg("%s: %.*s", what, STR_ARG(buf_str(&lines)));
    }
    buf_fini(&lines);
}

/* False when there is no operation `at`. */
static bool try_point(const struct fixture *base, const struct act *a, enum fault_mode fault,
                      uint64_t at) {
    struct fixture f;
    char folder[96];
    char what[80];
    (void)snprintf(f.path, sizeof f.path, "%.40s/s", base->path);
    (void)snprintf(what, sizeof what, "fault %d at operation %llu", (int)fault,
                   (unsigned long long)at);
    folder_of(folder, &f);
    fault_start(fault, 0); /* nothing fails yet; it spares the real syncs */
    make_store(&f);
    assert_true(a->prepare == NULL || with_store(&f, a->prepare));
    (void)fault_stop();
    fault_start(fault, at);
    bool done = with_store(&f, a->act);
    (void)fault_stop();
    bool happened = fault_happened();
    fault_start(fault, 0);
    check(&f, a, done, what);
    assert_true(with_store(&f, a->act) || a->act == recall);
    check(&f, a, true, what);
    (void)fault_stop();
    (void)nftw(f.path, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    (void)nftw(folder, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return happened;
}

static void try_all(const struct fixture *f, const struct act *a, uint64_t least) {
    uint64_t acts = 0;
    uint64_t points = 0;
    for (int fault = 0; fault < FAULT_MODE_COUNT; fault++) {
        uint64_t at = 1;
        while (try_point(f, a, (enum fault_mode)fault, at)) {
            at++;
        }
        acts += at - 1;
        points = at - 1 > points ? at - 1 : points;
        assert_true(at > least);
    }
    print_message("%llu points x %d modes: %llu acts, 0 losses\n", (unsigned long long)points,
                  FAULT_MODE_COUNT, (unsigned long long)acts);
}

static void test_archive(void **state) {
    try_all(*state, &(struct act){NULL, archive, ALL}, 30);
}

static void test_recall(void **state) {
    try_all(*state, &(struct act){archive, recall, ALL}, 15);
}

static void test_expire(void **state) {
    try_all(*state, &(struct act){NULL, expire, ALL - OLD_FIREWALL}, 10);
}

static void test_expire_from_archive(void **state) {
    try_all(*state, &(struct act){archive, expire, ALL - OLD_FIREWALL}, 10);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {CASE(test_archive), CASE(test_recall), CASE(test_expire),
                                       CASE(test_expire_from_archive)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
