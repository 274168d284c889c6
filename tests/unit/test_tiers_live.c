/* Acts of retention that are prepared by a reader while the writer goes on: as a server does. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "chain.h"
#include "tiers_fixture.h"

enum { OLD = 700, YOUNG = 500, LATER = 300 };

static void write_rows(const struct fixture *f) {
    static const struct tiers_part parts[] = {{DATASET_FORTIGATE, 400, 400, OLD},
                                              {DATASET_SYSLOG, 3, 3, YOUNG}};
    tiers_write(f, parts, 2);
    tiers_rules(f, "short=1/365", "fortigate=short syslog=two-year");
}

static struct store *open_view(const struct fixture *f) {
    struct err err = ERR_INIT;
    struct store *view = NULL;
    struct store_options o = {.path = f->path, .mode = STORE_READ, .sealed_only = true};
    assert_int_equal(store_open(&view, &o, &err), STATUS_OK);
    return view;
}

/* The writer takes rows in and seals them. */
static void append(struct store *writer, int rows) {
    struct err err = ERR_INIT;
    struct tiers_part part = {DATASET_FORTIGATE, 0, 0, rows};
    struct batch b;
    batch_init(&b);
    for (int i = 0; i < rows; i++) {
        tiers_add_row(&b, &part, i);
    }
    assert_int_equal(store_append(writer, &b, &err), STATUS_OK);
    assert_int_equal(store_commit(writer, &err), STATUS_OK);
    assert_int_equal(store_seal(writer, &err), STATUS_OK);
    batch_fini(&b);
}

static struct expire_act *prepare_expiry(const struct store *view, const atomic_bool *cancel,
                                         enum status expected) {
    struct err err = ERR_INIT;
    struct expire_act *act = NULL;
    struct expire_result result;
    struct expire_options o = {.by = STR("tester"), .now_ns = TIERS_TODAY, .cancel = cancel};
    assert_int_equal(expire_prepare(&act, view, &o, &result, &err), expected);
    return act;
}

static struct expire_result commit_expiry(struct expire_act *act, struct store *writer) {
    struct err err = ERR_INIT;
    struct expire_result result = {.rows = OLD};
    if (expire_commit(&act, writer, &result, &err) != STATUS_OK) {
        fail_msg("commit: %s", err.message);
    }
    assert_null(act);
    return result;
}

static void test_expiry_beside_a_writer(void **state) {
    const struct fixture *f = *state;
    uint64_t missing;
    write_rows(f);
    struct store *writer = fixture_open(f, STORE_LIVE);
    struct store *view = open_view(f);
    struct expire_act *act = prepare_expiry(view, NULL, STATUS_OK);
    assert_non_null(act);
    append(writer, LATER); /* meanwhile; the tree goes on */
    assert_int_equal(commit_expiry(act, writer).rows, OLD);
    store_close(&view);
    append(writer, LATER);
    store_close(&writer);
    assert_int_equal(tiers_count(f, &missing), YOUNG + 2 * LATER);
    tiers_expect(f, false, "expired beside a writer", "700 rows expired by policy at ");
}

static void test_archive_beside_a_writer(void **state) {
    const struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct archive_act *act = NULL;
    struct archive_result result;
    uint64_t missing;
    char folder[96];
    (void)snprintf(folder, sizeof folder, "%s/medium", f->path);
    write_rows(f);
    struct store *writer = fixture_open(f, STORE_LIVE);
    struct store *view = open_view(f);
    struct archive_options o = {
        .folder = folder, .label = STR_EMPTY, .by = STR("tester"), .now_ns = TIERS_TODAY};
    assert_int_equal(archive_prepare(&act, view, &o, &result, &err), STATUS_OK);
    assert_non_null(act);
    append(writer, LATER);
    assert_int_equal(archive_commit(&act, writer, &result, &err), STATUS_OK);
    assert_int_equal(result.rows, OLD);
    store_close(&view);
    store_close(&writer);
    assert_int_equal(tiers_count(f, &missing), OLD + YOUNG + LATER);
    assert_int_equal(missing, 0);
    struct store_stat stat;
    view = open_view(f);
    store_get_stat(view, DATASET_FORTIGATE, &stat);
    assert_int_equal(stat.archived, 1);
    assert_true(stat.archived_bytes > 0 &&
                stat.disk_bytes > 0); /* old rows there, young ones here */
    store_get_stat(view, DATASET_SYSLOG, &stat);
    assert_int_equal(stat.archived_bytes, 0);
    store_close(&view);
    tiers_expect(f, false, "archived beside a writer", "");
}

/* A hold that came meanwhile, or an act by hand, beats what was prepared. */
static void test_what_changed_meanwhile_wins(void **state) {
    const struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct buf text = BUF_INIT;
    uint64_t missing;
    write_rows(f);
    struct store *writer = fixture_open(f, STORE_LIVE);
    struct store *view = open_view(f);
    struct expire_act *act = prepare_expiry(view, NULL, STATUS_OK);
    struct hold_request q = {.case_name = STR("7"),
                             .by = STR("tester"),
                             .reason = STR("court"),
                             .datasets = STR_EMPTY,
                             .sources = STR_EMPTY,
                             .from_ns = TIME_NONE,
                             .to_ns = TIME_NONE,
                             .until_ns = TIME_NONE};
    assert_int_equal(hold_encode(&text, &q, &err), STATUS_OK);
    assert_int_equal(store_write_note(writer, STR("hold"), buf_str(&text), NULL, &err), STATUS_OK);
    assert_int_equal(commit_expiry(act, writer).rows, 0);
    store_close(&view);
    view = open_view(f);
    assert_null(prepare_expiry(view, NULL, STATUS_OK)); /* it is held */
    store_close(&view);
    store_close(&writer);
    assert_int_equal(tiers_count(f, &missing), OLD + YOUNG);
    tiers_expect(f, false, "held", "");
    buf_fini(&text);
}

static void test_a_stopped_act_leaves_nothing(void **state) {
    const struct fixture *f = *state;
    atomic_bool cancel = true;
    uint64_t missing;
    write_rows(f);
    struct store *writer = fixture_open(f, STORE_LIVE);
    struct store *view = open_view(f);
    assert_null(prepare_expiry(view, &cancel, STATUS_CANCELLED));
    struct expire_act *act = prepare_expiry(view, NULL, STATUS_OK);
    expire_discard(&act);
    assert_null(act);
    store_close(&view);
    append(writer, LATER);
    store_close(&writer);
    assert_int_equal(tiers_count(f, &missing), OLD + YOUNG + LATER);
    tiers_expect(f, false, "stopped", "");
}

/* Rows of two months are not put into one segment, so the older ones go in time. */
static void test_merges_do_not_delay_expiry(void **state) {
    static const struct tiers_part older[] = {{DATASET_FORTIGATE, 400, 366, 90}};
    static const struct tiers_part younger[] = {{DATASET_FORTIGATE, 400, 300, 60}};
    const struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct store_compact_options options = {.threads = 0};
    struct store_compact_result result;
    tiers_write(f, older, 1);
    tiers_write(f, older, 1);
    tiers_write(f, younger, 1);
    tiers_write(f, younger, 1);
    tiers_rules(f, "short=1/365", "fortigate=short");
    struct store *s = fixture_open(f, STORE_BULK);
    assert_int_equal(store_compact(s, &options, &result, &err), STATUS_OK);
    assert_int_equal(result.segments_before, 4);
    assert_int_equal(result.segments_after, 2);
    store_close(&s);
    s = open_view(f);
    const struct chain *c = store_get_chain(s); /* as it is read again */
    assert_int_equal(c->segments[0].receive_max, TIERS_TODAY - 366 * NS_PER_DAY);
    assert_int_equal(c->segments[1].receive_max, TIERS_TODAY - 300 * NS_PER_DAY);
    store_close(&s);
    assert_int_equal(tiers_expire(f, TIERS_TODAY).rows, 180);
    tiers_expect(f, false, "expired in time", "180 rows expired by policy at ");
}

static enum status prove_one(const struct fixture *f, const char *source, uint64_t sequence) {
    struct err err = ERR_INIT;
    struct store *s = fixture_open(f, STORE_READ);
    struct prover *p = NULL;
    struct arena arena = ARENA_INIT;
    struct proof_event e;
    struct merkle_path path;
    assert_int_equal(prover_open(&p, s, &err), STATUS_OK);
    enum status status = prover_find(&e, p, str_from_c(source), sequence, &arena, &err);
    if (status == STATUS_OK) {
        status = prover_path(&path, p, &e, prover_get_checkpoint(p, prover_last(p))->rows, &err);
    }
    prover_close(&p);
    store_close(&s);
    arena_fini(&arena);
    return status;
}

/* An offline segment has rows before and behind those of a proof, but none that it needs. */
static void test_proofs_beside_what_is_offline(void **state) {
    static const struct tiers_part old_rows[] = {{DATASET_FORTIGATE, 400, 400, 300}};
    static const struct tiers_part young_rows[] = {{DATASET_SYSLOG, 3, 3, 700}};
    const struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct store_compact_options options = {.threads = 0};
    struct store_compact_result result;
    char folder[96];
    char away[96];
    (void)snprintf(folder, sizeof folder, "%s/medium", f->path);
    (void)snprintf(away, sizeof away, "%s/away", f->path);
    tiers_write(f, old_rows, 1);
    tiers_write(f, young_rows, 1);
    tiers_write(f, old_rows, 1);
    struct store *s = fixture_open(f, STORE_BULK);
    assert_int_equal(store_compact(s, &options, &result, &err), STATUS_OK);
    assert_int_equal(result.segments_after, 2);
    store_close(&s);
    assert_int_equal(tiers_archive(f, folder, 100).rows, 600);
    assert_int_equal(rename(folder, away), 0);
    assert_int_equal(prove_one(f, "srv", 400), STATUS_OK);         /* rows 512 to 767 */
    assert_int_equal(prove_one(f, "srv", 1), STATUS_ENVIRONMENT);  /* its group is not whole */
    assert_int_equal(prove_one(f, "fw", 400), STATUS_ENVIRONMENT); /* it is away itself */
    assert_int_equal(prove_one(f, "srv", 701), STATUS_NOT_FOUND);
    assert_int_equal(rename(away, folder), 0);
    assert_int_equal(prove_one(f, "fw", 400), STATUS_OK);
}

/* A reader of what is sealed does not see the log. */
static void test_view_of_what_is_sealed(void **state) {
    const struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct tiers_part part = {DATASET_SYSLOG, 0, 0, 9};
    struct batch b;
    write_rows(f);
    batch_init(&b);
    tiers_add_row(&b, &part, 0);
    struct store *writer = fixture_open(f, STORE_LIVE);
    assert_int_equal(store_append(writer, &b, &err), STATUS_OK);
    assert_int_equal(store_commit(writer, &err), STATUS_OK);
    struct store *view = open_view(f);
    struct store_stat stat;
    store_get_stat(view, DATASET_COUNT, &stat);
    assert_int_equal(stat.events, OLD + YOUNG);
    assert_int_equal(stat.unsealed, 0);
    store_close(&view);
    store_close(&writer);
    batch_fini(&b);
}

#define IN_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_STORE(test_expiry_beside_a_writer),        IN_STORE(test_archive_beside_a_writer),
        IN_STORE(test_what_changed_meanwhile_wins),   IN_STORE(test_a_stopped_act_leaves_nothing),
        IN_STORE(test_merges_do_not_delay_expiry),    IN_STORE(test_view_of_what_is_sealed),
        IN_STORE(test_proofs_beside_what_is_offline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
