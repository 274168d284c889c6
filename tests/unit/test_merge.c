/* Merging: which segments are chosen, and that the rows and the proof stay what they were. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "merge_plan.h"
#include "store_fixture.h"

/* --- the plan --- */

enum { MAX_SEGMENTS = 4096 };

struct model {
    struct segment_info infos[MAX_SEGMENTS];
    size_t count;
    uint64_t arrival;
    uint64_t written; /* fill that merges wrote */
};

static struct segment_info *add_segment(struct model *m, uint64_t rows) {
    struct segment_info *info = &m->infos[m->count++];
    *info = (struct segment_info){.number = m->count,
                                  .dataset = DATASET_SYSLOG,
                                  .rows = rows,
                                  .arrival_first = m->arrival,
                                  .arrival_last = m->arrival + rows - 1};
    m->arrival += rows;
    return info;
}

static struct merge_run choose(const struct model *m, bool everything) {
    static struct merge_candidate candidates[MAX_SEGMENTS];
    for (size_t i = 0; i < m->count; i++) {
        candidates[i] = (struct merge_candidate){.info = &m->infos[i],
                                                 .fill = merge_fill(&m->infos[i]),
                                                 .merged = m->infos[i].effort == EFFORT_DEEP};
    }
    merge_sort(candidates, m->count);
    return merge_choose(candidates, m->count, everything);
}

/* Puts the run together; false when there is none. */
static bool merge_once(struct model *m, bool everything) {
    struct merge_run run = choose(m, everything);
    if (run.count == 0) {
        return false;
    }
    struct segment_info *first = &m->infos[run.first];
    assert_true(run.count > 1 || first->effort == EFFORT_FAST);
    for (size_t i = 1; i < run.count; i++) {
        first->rows += first[i].rows;
        first->arrival_last = first[i].arrival_last;
    }
    first->effort = EFFORT_DEEP;
    assert_true(merge_fill(first) <= MERGE_FULL);
    m->written += merge_fill(first);
    m->count -= run.count - 1;
    memmove(first + 1, first + run.count, (m->count - run.first - 1) * sizeof *first);
    return true;
}

/* Sealed day after day for a year, and looked at each time: what is joined is of one period. */
static void test_periods_stay_apart(void **state) {
    (void)state;
    struct model *m = mem_calloc(1, sizeof *m);
    enum { DAYS = 365, SEALS = 20, PERIODS = DAYS / 31 + 2 };
    for (int day = 0; day < DAYS; day++) {
        for (int i = 0; i < SEALS; i++) {
            struct segment_info *info = add_segment(m, 64);
            info->time_max = i % 2 == 0 ? day * NS_PER_DAY : 0; /* the later one counts */
            info->receive_max = i % 2 == 0 ? 0 : day * NS_PER_DAY;
        }
        while (merge_once(m, false)) {
        }
    }
    while (merge_once(m, true)) {
    }
    assert_in_range(m->count, DAYS / 31, 6 * PERIODS);
    for (size_t i = 0; i < m->count; i++) {
        uint64_t first = m->infos[i].arrival_first / (31 * SEALS * 64);
        assert_int_equal(first, m->infos[i].arrival_last / (31 * SEALS * 64));
    }
    mem_free(m);
}

/* Ten thousand small seals: segments stay few, and rows are not written again and again. */
static void test_small_segments_stay_few(void **state) {
    (void)state;
    struct model *m = mem_calloc(1, sizeof *m);
    size_t most = 0;
    for (int i = 0; i < 10000; i++) {
        (void)add_segment(m, 512);
        while (merge_once(m, false)) {
        }
        most = m->count > most ? m->count : most;
    }
    uint64_t total = 0;
    for (size_t i = 0; i < m->count; i++) {
        total += merge_fill(&m->infos[i]);
    }
    print_message("most segments %zu, at the end %zu, written %.2f times\n", most, m->count,
                  (double)m->written / (double)total);
    assert_true(most <= 40);
    assert_true(m->written <= 9 * total); /* 1 + log2(full / (16 * 512)) = 8 */
    while (merge_once(m, true)) {
    }
    for (size_t i = 0; i < m->count; i++) {
        assert_int_equal(m->infos[i].effort, EFFORT_DEEP);
    }
    mem_free(m);
}

/* Full fast segments, as an import makes them: each is written once more. */
static void test_import_is_merged_once(void **state) {
    (void)state;
    struct model *m = mem_calloc(1, sizeof *m);
    for (int i = 0; i < 100; i++) {
        (void)add_segment(m, 65536);
    }
    while (merge_once(m, true)) {
    }
    assert_int_equal(m->count, 7); /* 100 / 16 */
    assert_int_equal(m->written, 100 * (uint64_t)MERGE_FULL / 16);
    mem_free(m);
}

static void test_only_neighbours_of_one_dataset(void **state) {
    (void)state;
    struct model *m = mem_calloc(1, sizeof *m);
    for (int i = 0; i < 40; i++) {
        add_segment(m, 100)->dataset = i < 20 ? DATASET_SYSLOG : DATASET_JSON;
    }
    m->infos[25].arrival_last = m->infos[26].arrival_first; /* order would be lost */
    struct merge_run run = choose(m, true);
    assert_true(run.count == 20 || run.count == 14);
    assert_int_equal(choose(m, false).count, 20);
    mem_free(m);
}

/* --- the store --- */

static void make_lines(struct batch *b, uint64_t seed, int count) {
    struct random r = {seed};
    for (int i = 0; i < count; i++) {
        fixture_add_line(b, &r);
    }
}

static struct store_compact_result compact(const struct fixture *f, unsigned threads) {
    struct err err = ERR_INIT;
    struct store *s = fixture_open(f, STORE_BULK);
    struct store_compact_options options = {.threads = threads};
    struct store_compact_result result;
    if (store_compact(s, &options, &result, &err) != STATUS_OK) {
        fail_msg("compact: %s", err.message);
    }
    store_close(&s);
    return result;
}

static void ignore_line(struct str line, void *ctx) {
    (void)ctx;
    (void)line;
}

static void expect_intact(const struct fixture *f) {
    struct err err = ERR_INIT;
    struct store_verify_options options = {.path = f->path, .rebuild = true};
    struct store_verify_result result;
    assert_int_equal(store_verify(&options, &result, ignore_line, NULL, &err), STATUS_OK);
    assert_false(result.damaged);
}

static size_t count_files(const struct fixture *f) {
    char pattern[128];
    size_t count = 0;
    for (int i = 1; i < 1000; i++) {
        (void)snprintf(pattern, sizeof pattern, "%s/segments/%010d.seg", f->path, i);
        count += access(pattern, F_OK) == 0;
    }
    return count;
}

static void test_rows_and_proof_stay(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    make_lines(&in, 11, 6000);
    fixture_write(f, &in, 40);
    for (unsigned threads = 0; threads < 3; threads++) {
        struct store_compact_result r = compact(f, threads);
        assert_int_equal(r.segments_after, 3); /* datasets */
        assert_int_equal(r.merges, threads == 0 ? 3 : 0);
        assert_int_equal(count_files(f), 3);
        fixture_expect_same(f, &in);
        expect_intact(f);
    }
    batch_fini(&in);
}

static void test_hostile_rows_stay(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {77};
    for (int i = 0; i < 3000; i++) {
        fixture_add_hostile(&in, &r);
    }
    fixture_write(f, &in, 20);
    (void)compact(f, 2);
    fixture_expect_same(f, &in);
    expect_intact(f);
    batch_fini(&in);
}

/* A merge that was begun and is given up changes nothing; one that ends is part of the next seal.
 */
static void test_steps(void **state) {
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct batch in;
    batch_init(&in);
    make_lines(&in, 5, 900);
    fixture_write(f, &in, 30);
    struct store *s = fixture_open(f, STORE_LIVE);
    struct store_merge *first = store_merge_begin(s, false);
    struct store_merge *second = store_merge_begin(s, false);
    assert_non_null(first);
    assert_non_null(second);
    store_merge_cancel(first);
    assert_int_equal(store_merge_run(first, &err), STATUS_CANCELLED);
    assert_int_equal(store_merge_end(s, &first, &err), STATUS_OK);
    assert_null(first);
    assert_int_equal(store_merge_run(second, &err), STATUS_OK);
    assert_int_equal(store_merge_end(s, &second, &err), STATUS_OK);
    assert_true(count_files(f) > 80); /* nothing is removed before the checkpoint */
    fixture_expect_same(f, &in);
    assert_int_equal(store_seal(s, &err), STATUS_OK);
    assert_true(count_files(f) < 70);
    store_close(&s);
    fixture_expect_same(f, &in);
    expect_intact(f);
    batch_fini(&in);
}

/* What a killed merge leaves is removed by the next writer. */
static void test_leftovers_go(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    make_lines(&in, 6, 60);
    fixture_write(f, &in, 2);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/segments/merge-1-0.tmp", f->path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    (void)fclose(file);
    struct store *s = fixture_open(f, STORE_BULK);
    store_close(&s);
    assert_int_not_equal(access(path, F_OK), 0);
    fixture_expect_same(f, &in);
    batch_fini(&in);
}

/* A damaged segment is left alone with its run; others are merged; the caller is told. */
static void test_damaged_input(void **state) {
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct batch in;
    batch_init(&in);
    make_lines(&in, 8, 900);
    fixture_write(f, &in, 3);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/segments/%010d.seg", f->path, 2);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    int c = fgetc(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    (void)fputc(c ^ 4, file);
    (void)fclose(file);
    struct store *s = fixture_open(f, STORE_BULK);
    struct store_compact_options options = {.threads = 2};
    struct store_compact_result result;
    assert_int_equal(store_compact(s, &options, &result, &err), STATUS_DAMAGED);
    assert_non_null(strstr(err.message, "0000000002.seg"));
    assert_int_equal(result.merges, 2);
    assert_int_equal(access(path, F_OK), 0);
    store_close(&s);
    batch_fini(&in);
}

static bool stop_at_once(uint64_t done, uint64_t total, void *ctx) {
    (void)ctx;
    assert_true(done <= total);
    return false;
}

static void test_stopping(void **state) {
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct batch in;
    batch_init(&in);
    make_lines(&in, 9, 3000);
    fixture_write(f, &in, 20);
    struct store *s = fixture_open(f, STORE_BULK);
    struct store_compact_options options = {.threads = 1, .progress = stop_at_once};
    struct store_compact_result result;
    assert_int_equal(store_compact(s, &options, &result, &err), STATUS_CANCELLED);
    store_close(&s);
    fixture_expect_same(f, &in);
    expect_intact(f);
    batch_fini(&in);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_segments_stay_few),
        cmocka_unit_test(test_periods_stay_apart),
        cmocka_unit_test(test_import_is_merged_once),
        cmocka_unit_test(test_only_neighbours_of_one_dataset),
        CASE(test_rows_and_proof_stay),
        CASE(test_hostile_rows_stay),
        CASE(test_steps),
        CASE(test_leftovers_go),
        CASE(test_damaged_input),
        CASE(test_stopping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
