/* Retention: rules and ages, archives that come and go, holds, expiry and what proofs need after
 * it. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "file_io.h"
#include "store_priv.h"
#include "tiers_fixture.h"

/* Old firewall rows and younger syslog rows, in two commits, and one that is all young. */
static void write_two_ages(const struct fixture *f) {
    static const struct tiers_part first[] = {{DATASET_FORTIGATE, 400, 400, 700},
                                              {DATASET_SYSLOG, 400, 400, 333}};
    static const struct tiers_part second[] = {{DATASET_FORTIGATE, 390, 390, 555},
                                               {DATASET_SYSLOG, 390, 390, 600}};
    static const struct tiers_part third[] = {{DATASET_FORTIGATE, 1, 1, 100}};
    tiers_write(f, first, 2);
    tiers_write(f, second, 2);
    tiers_write(f, third, 1);
}

enum { OLD_FIREWALL = 700 + 555, OLD_SYSLOG = 333 + 600, ALL = OLD_FIREWALL + OLD_SYSLOG + 100 };

/* --- rules --- */

static void expect_bad_class(struct retention *r, const char *text) {
    struct err err = ERR_INIT;
    if (retention_set_class(r, str_from_c(text), &err) != STATUS_BAD_INPUT) {
        fail_msg("class '%s' was taken", text);
    }
    assert_non_null(strstr(err.message, "HOT <= TOTAL"));
}

static void test_numbers_are_checked(void **state) {
    (void)state;
    static const char *const bad[] = {"x=0/1",
                                      "x=1/0",
                                      "x=2/1",
                                      "x=90/36501",
                                      "x=1/4294967297",
                                      "x=1/18446744073709551617",
                                      "x=-1/5",
                                      "x=90",
                                      "x=/",
                                      "=1/2",
                                      "x y=1/2",
                                      "x=1/2/3",
                                      "x=1/99999999999999999999999"};
    struct retention *r = mem_calloc(1, sizeof *r);
    struct chain chain;
    struct err err = ERR_INIT;
    chain_init(&chain);
    retention_load(r, &chain);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect_bad_class(r, bad[i]);
    }
    assert_int_equal(retention_set_class(r, STR("x=1/36500"), &err), STATUS_OK);
    assert_int_equal(retention_set_class(r, STR("pci=92/400"), &err), STATUS_OK);
    assert_int_equal(retention_set_dataset(r, STR("fortigate=none"), &err), STATUS_BAD_INPUT);
    assert_int_equal(retention_set_dataset(r, STR("nothing=pci"), &err), STATUS_BAD_INPUT);
    assert_int_equal(retention_set_dataset(r, STR("fortigate=pci"), &err), STATUS_OK);
    assert_int_equal(retention_of(r, DATASET_FORTIGATE)->total_days, 400);
    assert_null(retention_of(r, DATASET_SYSLOG)); /* nothing was said: kept */
    retention_fini(r);
    mem_free(r);
    chain_fini(&chain);
}

static void test_ages_stay_in_range(void **state) {
    (void)state;
    assert_true(retention_limit(0, 1) == -NS_PER_DAY);
    assert_true(retention_limit(INT64_MIN, 1) == INT64_MIN);
    assert_true(retention_limit(INT64_MIN + NS_PER_DAY - 1, 1) == INT64_MIN);
    assert_true(retention_limit(0, UINT32_MAX) == INT64_MIN);
    assert_true(retention_limit(INT64_MAX, RETENTION_MAX_DAYS) ==
                INT64_MAX - RETENTION_MAX_DAYS * NS_PER_DAY);
}

static size_t pairs;
static void count_pair(struct str name, struct str value, void *ctx) {
    (void)name;
    (void)value;
    (void)ctx;
    pairs++;
}

static void test_notes_are_strict(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "{",
                                      "{\"a\"}",
                                      "{\"a\":1}",
                                      "{\"a\":\"b\"",
                                      "{\"a\":\"b\"}x",
                                      "{\"a\":\"b\",}",
                                      "{\"a\":\"b\\\"}",
                                      "[\"a\"]",
                                      "{\"a\":{\"b\":\"c\"}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (note_read(str_from_c(bad[i]), count_pair, NULL)) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
    struct buf text = BUF_INIT;
    struct buf value = BUF_INIT;
    note_put(&text, STR("a\"\\"), STR("\x01 \xe5\xb1\xb1 \"q\" \\"));
    note_put_u64(&text, STR("n"), UINT64_MAX);
    note_end(&text);
    assert_true(note_get(&value, buf_str(&text), STR("a\"\\")));
    assert_true(str_eq(buf_str(&value), STR("\x01 \xe5\xb1\xb1 \"q\" \\")));
    uint64_t n = 0;
    assert_true(note_get_u64(&n, buf_str(&text), STR("n")) && n == UINT64_MAX);
    buf_fini(&text);
    buf_fini(&value);
}

/* --- archives --- */

static void folder_of(char out[96], const struct fixture *f, const char *name) {
    (void)snprintf(out, 96, "%s-%s", f->path, name);
}

static void remove_tree(const char *path) {
    (void)nftw(path, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void test_archive_goes_offline_and_comes_back(void **state) {
    const struct fixture *f = *state;
    char folder[96];
    char elsewhere[96];
    uint64_t missing;
    struct err err = ERR_INIT;
    folder_of(folder, f, "a");
    folder_of(elsewhere, f, "b");
    write_two_ages(f);
    struct archive_result r = tiers_archive(f, folder, 30);
    assert_int_equal(r.rows, OLD_FIREWALL + OLD_SYSLOG);
    assert_int_equal(tiers_count(f, &missing), ALL); /* searched in place */
    assert_int_equal(missing, 0);
    tiers_expect(f, false, "archived", "");

    assert_int_equal(rename(folder, elsewhere), 0); /* the medium is taken away */
    assert_int_equal(tiers_count(f, &missing), 100);
    assert_int_equal(missing, OLD_FIREWALL + OLD_SYSLOG);
    tiers_expect(f, false, "offline", "is offline: its 4 segments");

    struct store *s = fixture_open(f, STORE_BULK);
    uint64_t id = 0;
    assert_int_equal(store_attach(s, elsewhere, STR("tester"), &id, &err), STATUS_OK);
    assert_true(id == r.id);
    store_close(&s);
    assert_int_equal(tiers_count(f, &missing), ALL);
    assert_int_equal(missing, 0);

    s = fixture_open(f, STORE_BULK);
    assert_int_equal(store_recall(s, STR("nobody"), &r, &err), STATUS_NOT_FOUND);
    char name[32];
    (void)snprintf(name, sizeof name, "%016llx", (unsigned long long)id);
    assert_int_equal(store_recall(s, str_from_c(name), &r, &err), STATUS_OK);
    store_close(&s);
    remove_tree(elsewhere);
    assert_int_equal(tiers_count(f, &missing), ALL);
    tiers_expect(f, false, "recalled", "");
}

static void flip(const char *path, long at) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int c = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(c ^ 1, file), c ^ 1);
    assert_int_equal(fclose(file), 0);
}

static void test_archive_that_was_changed_is_damage(void **state) {
    const struct fixture *f = *state;
    char folder[96];
    char path[160];
    folder_of(folder, f, "a");
    write_two_ages(f);
    (void)tiers_archive(f, folder, 30);
    (void)snprintf(path, sizeof path, "%s/segments/0000000001.seg", folder);
    flip(path, 40);
    tiers_expect(f, true, "flipped in the archive", "was changed");
    flip(path, 40);
    tiers_expect(f, false, "as it was", "");
    assert_int_equal(unlink(path), 0);
    tiers_expect(f, true, "deleted from the archive", "is missing");
    remove_tree(folder);
}

static void test_archive_of_another_store_is_refused(void **state) {
    const struct fixture *f = *state;
    char folder[96];
    struct err err = ERR_INIT;
    struct fixture other;
    (void)snprintf(other.path, sizeof other.path, "%.60s-o", f->path);
    folder_of(folder, f, "a");
    write_two_ages(f);
    write_two_ages(&other);
    (void)tiers_archive(&other, folder, 30);
    struct store *s = fixture_open(f, STORE_BULK);
    struct archive_result r;
    struct archive_options o = {
        .folder = folder, .by = STR("t"), .now_ns = TIERS_TODAY, .has_days = true, .days = 30};
    assert_int_equal(store_archive(s, &o, &r, &err), STATUS_BAD_INPUT);
    uint64_t id;
    assert_int_equal(store_attach(s, folder, STR("t"), &id, &err), STATUS_BAD_INPUT);
    store_close(&s);
    remove_tree(folder);
    remove_tree(other.path);
    uint64_t missing;
    assert_int_equal(tiers_count(f, &missing), ALL);
}

/* --- expiry --- */

static void test_nothing_expires_without_rules(void **state) {
    const struct fixture *f = *state;
    write_two_ages(f);
    struct expire_result r = tiers_expire(f, TIERS_TODAY + 3000 * NS_PER_DAY);
    assert_int_equal(r.segments, 0);
    assert_false(r.has_rules);
    tiers_rules(f, "", "fortigate=keep");
    r = tiers_expire(f, TIERS_TODAY + 3000 * NS_PER_DAY);
    assert_int_equal(r.segments, 0);
    assert_true(r.has_rules);
}

/* Of every row that is left: found, and its path leads to every checkpoint's root that holds it. */
static void prove_all(const struct fixture *f) {
    struct err err = ERR_INIT;
    struct store *s = fixture_open(f, STORE_READ);
    struct prover *p = NULL;
    struct arena arena = {0};
    struct store_scan_options o = STORE_SCAN_ALL;
    struct store_scan *scan = NULL;
    struct batch b;
    bool more = true;
    batch_init(&b);
    assert_int_equal(prover_open(&p, s, &err), STATUS_OK);
    assert_int_equal(store_scan_open(&scan, s, &o, &err), STATUS_OK);
    while (more) {
        assert_int_equal(store_scan_next(scan, &b, &more, &err), STATUS_OK);
        for (size_t i = 0; i < b.row_count; i += 37) {
            struct proof_event e;
            struct merkle_path path;
            if (prover_find(&e, p, intern_text(&b.names, b.rows[i].source), b.rows[i].sequence,
                            &arena, &err) != STATUS_OK) {
                fail_msg("find: %s", err.message);
            }
            for (uint64_t n = prover_first_with(p, e.index); n <= prover_last(p); n++) {
                if (prover_path(&path, p, &e, prover_get_checkpoint(p, n)->rows, &err) !=
                    STATUS_OK) {
                    fail_msg("path to checkpoint %llu: %s", (unsigned long long)n, err.message);
                }
            }
        }
    }
    for (uint64_t n = 2; n < prover_last(p); n++) { /* checkpoint 1 is empty */
        struct proof_consistency c;
        if (prover_consistency(&c, p, prover_get_checkpoint(p, n)->rows,
                               prover_get_checkpoint(p, n + 1)->rows, &err) != STATUS_OK) {
            fail_msg("consistency: %s", err.message);
        }
    }
    store_scan_close(&scan);
    prover_close(&p);
    store_close(&s);
    arena_fini(&arena);
    batch_fini(&b);
}

static void test_expiry_leaves_proofs(void **state) {
    const struct fixture *f = *state;
    uint64_t missing;
    char tree[96];
    write_two_ages(f);
    prove_all(f);
    tiers_rules(f, "short=10/365", "fortigate=short syslog=two-year");
    struct expire_result r = tiers_expire(f, TIERS_TODAY);
    assert_int_equal(r.rows, OLD_FIREWALL);
    assert_int_equal(tiers_count(f, &missing), OLD_SYSLOG + 100);
    tiers_expect(f, false, "expired", "1255 rows expired by policy at ");
    prove_all(f);

    (void)snprintf(tree, sizeof tree, "%s/tree", f->path); /* made again from rows and hashes */
    assert_int_equal(unlink(tree), 0);
    prove_all(f);
    struct store *s = fixture_open(f, STORE_BULK);
    store_close(&s);
    tiers_expect(f, false, "tree made anew", "");

    /* the rest follows; whole groups become one hash, but checkpoints keep their ends */
    uint64_t before = r.kept_bytes;
    r = tiers_expire(f, TIERS_TODAY + 400 * NS_PER_DAY);
    assert_int_equal(r.rows, OLD_SYSLOG + 100);
    assert_true(r.kept_bytes < before / 20);
    tiers_expect(f, false, "all expired", "");
    assert_int_equal(tiers_count(f, &missing), 0);
    static const struct tiers_part more[] = {{DATASET_SYSLOG, 0, 0, 300}};
    tiers_write(f, more, 1); /* life goes on */
    tiers_expect(f, false, "new rows", "");
    prove_all(f);
}

static void test_later_of_both_times_counts(void **state) {
    const struct fixture *f = *state;
    static const struct tiers_part wrong_clock[] = {{DATASET_SYSLOG, 5000, 10, 50},
                                                    {DATASET_FORTIGATE, 10, 5000, 50},
                                                    {DATASET_RTX, 5000, 5000, 50}};
    tiers_write(f, wrong_clock, 3);
    tiers_rules(f, "", "*=default");
    struct expire_result r = tiers_expire(f, TIERS_TODAY);
    assert_int_equal(r.rows, 50); /* only what is old by both */
    r = tiers_expire(f, TIERS_TODAY + 356 * NS_PER_DAY);
    assert_int_equal(r.rows, 100);
}

static uint64_t add_hold(const struct fixture *f, const struct hold_request *q) {
    struct err err = ERR_INIT;
    struct buf text = BUF_INIT;
    uint64_t number = 0;
    struct store *s = fixture_open(f, STORE_BULK);
    if (hold_encode(&text, q, &err) != STATUS_OK ||
        store_write_note(s, STR("hold"), buf_str(&text), &number, &err) != STATUS_OK) {
        fail_msg("hold: %s", err.message);
    }
    store_close(&s);
    buf_fini(&text);
    return number;
}

static void release(const struct fixture *f, uint64_t number) {
    struct err err = ERR_INIT;
    struct buf text = BUF_INIT;
    struct store *s = fixture_open(f, STORE_BULK);
    note_put_u64(&text, STR("hold"), number);
    note_end(&text);
    assert_int_equal(store_write_note(s, STR("release"), buf_str(&text), NULL, &err), STATUS_OK);
    store_close(&s);
    buf_fini(&text);
}

#define DAY(n) (TIERS_TODAY - (n)*NS_PER_DAY)

static void test_holds_beat_expiry(void **state) {
    const struct fixture *f = *state;
    static const struct {
        const char *datasets;
        const char *sources;
        int64_t from;
        int64_t to;
        int64_t until;
        uint64_t held; /* of the four old segments */
    } cases[] = {
        {"", "", TIME_NONE, TIME_NONE, TIME_NONE, 4},
        {"fortigate", "", TIME_NONE, TIME_NONE, TIME_NONE, 2},
        {"", "srv", TIME_NONE, TIME_NONE, TIME_NONE, 2},
        {"", "no,srv", TIME_NONE, TIME_NONE, TIME_NONE, 2},
        {"", "nobody", TIME_NONE, TIME_NONE, TIME_NONE, 0},
        {"fortigate", "srv", TIME_NONE, TIME_NONE, TIME_NONE, 0},
        {"", "", DAY(400), DAY(399), TIME_NONE, 2},     /* from is inside */
        {"", "", DAY(400) + 1, DAY(391), TIME_NONE, 0}, /* between both */
        {"", "", TIME_NONE, DAY(400), TIME_NONE, 0},    /* to is outside */
        {"", "", DAY(390), TIME_NONE, TIME_NONE, 2},
        {"", "", TIME_NONE, TIME_NONE, DAY(0), 0}, /* it ended by itself */
        {"", "", TIME_NONE, TIME_NONE, DAY(-1), 4},
    };
    write_two_ages(f);
    tiers_rules(f, "", "*=default");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = ERR_INIT;
        struct hold_request q = {.case_name = STR("case 1"),
                                 .by = STR("tester"),
                                 .reason = STR("court"),
                                 .datasets = str_from_c(cases[i].datasets),
                                 .sources = str_from_c(cases[i].sources),
                                 .from_ns = cases[i].from,
                                 .to_ns = cases[i].to,
                                 .until_ns = cases[i].until};
        uint64_t number = add_hold(f, &q);
        struct store *s = fixture_open(f, STORE_BULK);
        struct expire_options o = {.by = STR("t"), .now_ns = TIERS_TODAY, .dry_run = true};
        struct expire_result r;
        assert_int_equal(store_expire(s, &o, &r, &err), STATUS_OK);
        store_close(&s);
        if (r.held != cases[i].held || r.segments != 4 - cases[i].held) {
            fail_msg("case %zu: %llu held", i, (unsigned long long)r.held);
        }
        release(f, number);
    }
    assert_int_equal(tiers_expire(f, TIERS_TODAY).segments, 4);
}

static void test_a_hold_that_cannot_be_read_holds_all(void **state) {
    const struct fixture *f = *state;
    struct err err = ERR_INIT;
    write_two_ages(f);
    tiers_rules(f, "", "*=default");
    struct store *s = fixture_open(f, STORE_BULK);
    assert_int_equal(store_write_note(s, STR("hold"), STR("{\"from\":\"soon\"}"), NULL, &err),
                     STATUS_OK);
    store_close(&s);
    struct expire_result r = tiers_expire(f, TIERS_TODAY);
    assert_int_equal(r.segments, 0);
    assert_int_equal(r.held, 4);
}

static void test_tampering_beside_expiry_is_seen(void **state) {
    const struct fixture *f = *state;
    char path[160];
    struct buf name = BUF_INIT;
    write_two_ages(f);
    tiers_rules(f, "", "fortigate=default");
    (void)tiers_expire(f, TIERS_TODAY);
    tiers_expect(f, false, "expired", "");
    struct store *s = fixture_open(f, STORE_READ);
    assert_true(kept_file_name(&name, store_get_chain(s)));
    (void)snprintf(path, sizeof path, "%s/%.*s", f->path, STR_ARG(buf_str(&name)));
    store_close(&s);
    static const long places[] = {0, 8, 9, 16, 40, 47, 48, 100, 1000};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        flip(path, places[i]);
        tiers_expect(f, true, "a kept hash", "was changed");
        flip(path, places[i]);
    }
    char other[170];
    (void)snprintf(other, sizeof other, "%s.away", path);
    assert_int_equal(rename(path, other), 0);
    tiers_expect(f, true, "no kept hashes", "is missing");
    assert_int_equal(rename(other, path), 0);
    tiers_expect(f, false, "as it was", "");
    (void)snprintf(path, sizeof path, "%s/segments/0000000002.seg", f->path);
    if (unlink(path) != 0) {
        (void)snprintf(path, sizeof path, "%s/segments/0000000001.seg", f->path);
        assert_int_equal(unlink(path), 0);
    }
    tiers_expect(f, true, "deleted by hand", "is missing");
    buf_fini(&name);
}

/* Whoever has the key can sign a deletion, but not make it lawful. */
static void test_unlawful_expiry_is_seen(void **state) {
    const struct fixture *f = *state;
    struct err err = ERR_INIT;
    write_two_ages(f);
    tiers_rules(f, "ages=1/36500", "fortigate=ages syslog=default");
    struct hold_request q = {.case_name = STR("c"),
                             .by = STR("t"),
                             .reason = STR("r"),
                             .datasets = STR("syslog"),
                             .from_ns = TIME_NONE,
                             .to_ns = TIME_NONE,
                             .until_ns = TIME_NONE};
    (void)add_hold(f, &q);
    struct store *s = fixture_open(f, STORE_BULK);
    uint64_t note = store_add_note(s, STR("expire"), STR("{\"by\":\"thief\"}"));
    for (size_t i = 0; i < 4; i++) {
        store_add_fate(s, s->chain.segments[i].number, SEGMENT_EXPIRED, note);
    }
    assert_int_equal(store_seal(s, &err), STATUS_OK);
    store_close(&s);
    tiers_expect(f, true, "too early", "before its 36500 days were over");
    tiers_expect(f, true, "held", "but hold 2 was on it");
    tiers_expect(f, true, "no hashes", "are missing");
}

static void test_expiry_without_rules_is_seen(void **state) {
    const struct fixture *f = *state;
    struct err err = ERR_INIT;
    write_two_ages(f);
    struct store *s = fixture_open(f, STORE_BULK);
    store_add_fate(s, s->chain.segments[0].number, SEGMENT_EXPIRED, 0);
    assert_int_equal(store_seal(s, &err), STATUS_OK);
    store_close(&s);
    tiers_expect(f, true, "no rule", "no rule of retention allowed it");
}

static void test_archived_segments_expire(void **state) {
    const struct fixture *f = *state;
    char folder[96];
    char elsewhere[96];
    folder_of(folder, f, "a");
    folder_of(elsewhere, f, "b");
    write_two_ages(f);
    (void)tiers_archive(f, folder, 30);
    tiers_rules(f, "", "fortigate=default");
    assert_int_equal(rename(folder, elsewhere), 0);
    struct expire_result r = tiers_expire(f, TIERS_TODAY);
    assert_int_equal(r.segments, 0); /* what is not there cannot go */
    assert_int_equal(r.offline, 2);
    assert_int_equal(rename(elsewhere, folder), 0);
    r = tiers_expire(f, TIERS_TODAY);
    assert_int_equal(r.rows, OLD_FIREWALL);
    assert_int_equal(r.on_media, 0);
    tiers_expect(f, false, "expired from the archive", "");
    prove_all(f);
    remove_tree(folder);
    tiers_expect(f, false, "the medium is gone", "is offline");
}

/* --- the disk --- */

static void forecast(struct forecast *out, const struct fixture *f, uint64_t free_bytes,
                     uint64_t reserve) {
    struct err err = ERR_INIT;
    struct retention *rules = mem_calloc(1, sizeof *rules);
    struct store *s = fixture_open(f, STORE_READ);
    struct forecast_options o = {
        .now_ns = TIERS_TODAY, .days = 30, .reserve_bytes = reserve, .free_bytes = free_bytes};
    retention_load(rules, store_get_chain(s));
    assert_int_equal(store_forecast(out, s, rules, &o, &err), STATUS_OK);
    store_close(&s);
    for (int d = 0; d < DATASET_COUNT; d++) {
        out->datasets[d].rule = NULL; /* borrowed from what goes now */
    }
    retention_fini(rules);
    mem_free(rules);
}

static void test_forecast(void **state) {
    const struct fixture *f = *state;
    struct forecast *x = mem_calloc(1, sizeof *x);
    struct buf text = BUF_INIT;
    for (int day = 10; day > 0; day--) {
        struct tiers_part part = {DATASET_SYSLOG, day, day, 500};
        tiers_write(f, &part, 1);
    }
    forecast(x, f, 1 << 20, 0);
    double rate = x->bytes_per_day;
    assert_true(rate > (double)x->bytes / 10 && rate < (double)x->bytes / 8); /* 9 days apart */
    assert_true(x->is_full_ever && x->keeps_retention);                       /* nothing promised */
    assert_true(x->days_to_full > (1 << 20) / rate * 0.99 &&
                x->days_to_full < (1 << 20) / rate * 1.01);
    tiers_rules(f, "w=7/20", "syslog=w"); /* it is 10 days old: 10 more will come */
    forecast(x, f, (uint64_t)(rate * 9), 0);
    assert_true(x->is_full_ever && !x->keeps_retention);
    assert_true(x->days_to_full > 8.9 && x->days_to_full < 9.1);
    forecast_warning(&text, x);
    assert_true(str_find(buf_str(&text), STR("full in 9 days")) != STR_NONE);
    buf_clear(&text);
    forecast(x, f, (uint64_t)(rate * 11), 0);
    assert_true(!x->is_full_ever && x->keeps_retention); /* then it stays as big as it is */
    forecast_warning(&text, x);
    assert_int_equal(text.len, 0);
    forecast(x, f, (uint64_t)(rate * 11), (uint64_t)(rate * 3)); /* a reserve is not free */
    assert_true(x->is_full_ever && !x->keeps_retention);
    forecast(x, f, 100, 1000);
    assert_true(x->free_bytes == 0 && x->days_to_full < 0.1);
    buf_fini(&text);
    mem_free(x);
}

static void test_reserve_refuses_rows(void **state) {
    const struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct batch b;
    static const struct tiers_part part = {DATASET_SYSLOG, 1, 1, 1};
    struct store_options o = {
        .path = f->path, .mode = STORE_LIVE, .create = true, .reserve_bytes = UINT64_MAX};
    batch_init(&b);
    tiers_add_row(&b, &part, 0);
    assert_int_equal(store_open(&s, &o, &err), STATUS_OK);
    assert_int_equal(store_append(s, &b, &err), STATUS_ENVIRONMENT);
    assert_non_null(strstr(err.message, "reserve"));
    store_close(&s);
    o.reserve_bytes = 1;
    assert_int_equal(store_open(&s, &o, &err), STATUS_OK);
    assert_int_equal(store_append(s, &b, &err), STATUS_OK);
    assert_int_equal(store_commit(s, &err), STATUS_OK);
    store_close(&s);
    batch_fini(&b);
    uint64_t missing;
    assert_int_equal(tiers_count(f, &missing), 1); /* the refused one left nothing behind */
}

int main(void) {
#define IN_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_checked),
        cmocka_unit_test(test_ages_stay_in_range),
        cmocka_unit_test(test_notes_are_strict),
        IN_STORE(test_archive_goes_offline_and_comes_back),
        IN_STORE(test_archive_that_was_changed_is_damage),
        IN_STORE(test_archive_of_another_store_is_refused),
        IN_STORE(test_nothing_expires_without_rules),
        IN_STORE(test_expiry_leaves_proofs),
        IN_STORE(test_later_of_both_times_counts),
        IN_STORE(test_holds_beat_expiry),
        IN_STORE(test_a_hold_that_cannot_be_read_holds_all),
        IN_STORE(test_tampering_beside_expiry_is_seen),
        IN_STORE(test_unlawful_expiry_is_seen),
        IN_STORE(test_expiry_without_rules_is_seen),
        IN_STORE(test_archived_segments_expire),
        IN_STORE(test_forecast),
        IN_STORE(test_reserve_refuses_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
