/* Single rows found by their ids and proven: in many blocks and segments, of sources that fill
 * blocks alone, that are rare, and that are mixed; before and after merging. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "layout.h"
#include "prover.h"
#include "store_fixture.h"
#include "store_priv.h"

enum { ROWS = 180000, PARTS = 5, RUN_ROWS = 9000, RARE = 4001, STEP = 997 };

/* Rows of one source each for a while, among them two that are rare. */
static void fill(struct batch *in) {
    struct random r = {5};
    batch_init(in);
    for (uint32_t i = 0; i < ROWS; i++) {
        char name[32];
        int len = snprintf(name, sizeof name, i % RARE == 7 ? "rare" : "run-%u", i / RUN_ROWS);
        fixture_add_line(in, &r);
        struct row *row = &in->rows[in->row_count - 1];
        if (i < ROWS * 2 / 3 && i % RARE != 7) {
            continue; /* the two sources of the fixture, mixed */
        }
        row->source = intern_add(&in->names, str_make(name, (size_t)len));
        row->dataset = i > ROWS / 6 * 5 ? DATASET_FORTIGATE : row->dataset;
    }
}

/* The sequence numbers that the store has given, in arrival order. */
static uint64_t *number(const struct batch *in) {
    uint64_t *last = mem_calloc((size_t)in->names.count + 1, sizeof *last);
    uint64_t *out = mem_calloc(in->row_count + 1, sizeof *out);
    for (size_t i = 0; i < in->row_count; i++) {
        out[i] = ++last[in->rows[i].source];
    }
    mem_free(last);
    return out;
}

static void expect_proven(struct prover *p, struct store *s, const struct batch *in, size_t i,
                          uint64_t sequence) {
    struct err err = ERR_INIT;
    struct arena arena = ARENA_INIT;
    struct buf raw = BUF_INIT;
    struct proof_event e;
    struct merkle_path path;
    struct str source = intern_text(&in->names, in->rows[i].source);
    if (prover_find(&e, p, source, sequence, &arena, &err) != STATUS_OK) {
        fail_msg("row %zu: %s", i, err.message);
    }
    assert_int_equal(e.index, i);
    assert_int_equal(e.raw_bytes, in->rows[i].raw_len);
    for (uint64_t n = prover_first_with(p, i); n <= prover_last(p); n++) {
        if (prover_path(&path, p, &e, prover_get_checkpoint(p, n)->rows, &err) != STATUS_OK) {
            fail_msg("row %zu, checkpoint %llu: %s", i, (unsigned long long)n, err.message);
        }
    }
    assert_int_equal(store_read_raw(s, source, sequence, &raw, &err), STATUS_OK);
    assert_true(str_eq(buf_str(&raw), batch_raw(in, &in->rows[i])));
    buf_fini(&raw);
    arena_fini(&arena);
}

static void expect_none(struct prover *p, struct str source, uint64_t sequence) {
    struct err err = ERR_INIT;
    struct arena arena = ARENA_INIT;
    struct proof_event e;
    assert_int_equal(prover_find(&e, p, source, sequence, &arena, &err), STATUS_NOT_FOUND);
    arena_fini(&arena);
}

static void expect_all_proven(const struct fixture *f, const struct batch *in) {
    struct err err = ERR_INIT;
    struct store *s = fixture_open(f, STORE_READ);
    struct prover *p = NULL;
    uint64_t *numbers = number(in);
    assert_int_equal(prover_open(&p, s, &err), STATUS_OK);
    for (size_t i = 0; i < in->row_count; i += STEP) {
        expect_proven(p, s, in, i, numbers[i]);
    }
    for (size_t i = 7; i < in->row_count; i += RARE) {
        expect_proven(p, s, in, i, numbers[i]);
    }
    for (size_t i = in->row_count;
         i-- > in->row_count - 600;) { /* backwards, past the tree's end */
        expect_proven(p, s, in, i, numbers[i]);
    }
    expect_none(p, STR("rare"), 0);
    expect_none(p, STR("rare"), ROWS / RARE + 2);
    expect_none(p, STR("nobody"), 1);
    mem_free(numbers);
    prover_close(&p);
    store_close(&s);
}

static void test_rows_are_found_and_proven(void **state) {
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct batch in;
    fill(&in);
    fixture_write(f, &in, PARTS);
    expect_all_proven(f, &in);
    struct store *s = fixture_open(f, STORE_BULK);
    struct store_compact_options options = {.threads = 2};
    struct store_compact_result result;
    assert_int_equal(store_compact(s, &options, &result, &err), STATUS_OK);
    assert_true(result.segments_after < result.segments_before);
    store_close(&s);
    expect_all_proven(f, &in);
    batch_fini(&in);
}

/* A block of derived rows only, with flags that are a multiple of ten: packed, such a constant has
 * no bits in common with what it stands for. */
static void test_blocks_of_derived_rows(void **state) {
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct batch in;
    struct random r = {6};
    batch_init(&in);
    for (int i = 0; i < SEGMENT_BLOCK_ROWS + 100; i++) {
        fixture_add_line(&in, &r);
        in.rows[i].dataset = DATASET_SYSLOG;
        in.rows[i].flags = i < SEGMENT_BLOCK_ROWS ? 0 : ROW_DERIVED | ROW_ZONE_GUESSED;
    }
    assert_int_equal(in.rows[SEGMENT_BLOCK_ROWS].flags % 10, 0);
    fixture_write(f, &in, 1);
    struct store *s = fixture_open(f, STORE_READ);
    struct store_scan *scan = NULL;
    struct store_scan_options o = STORE_SCAN_ALL;
    struct batch out;
    bool more = true;
    uint64_t rows = 0;
    batch_init(&out);
    assert_int_equal(store_scan_open(&scan, s, &o, &err), STATUS_OK);
    while (more) {
        assert_int_equal(store_scan_next(scan, &out, &more, &err), STATUS_OK);
        rows += out.row_count;
    }
    assert_int_equal(rows, SEGMENT_BLOCK_ROWS);
    store_scan_close(&scan);
    store_close(&s);
    batch_fini(&out);
    batch_fini(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_are_found_and_proven, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_blocks_of_derived_rows, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
