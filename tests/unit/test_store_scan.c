/* Scans by several threads: the same rows in the same order as by one, stopped when asked, only
 * the datasets that are wanted; and parts of words found exactly where a look at each row finds
 * them. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "expr_build.h"
#include "store_fixture.h"

enum { PARTS = 9, ROWS = 20000, HOSTILE_ROWS = 600 };

/* Arrival numbers of what a scan gives, in its order. */
struct numbers {
    uint64_t *items;
    size_t count;
    size_t capacity;
};

static enum status collect(struct numbers *out, struct store *s, const struct store_scan_options *o,
                           struct store_scan_stats *stats) {
    struct err err = ERR_INIT;
    struct store_scan *scan = NULL;
    struct batch batch;
    bool more = true;
    out->count = 0;
    batch_init(&batch);
    enum status status = store_scan_open(&scan, s, o, &err);
    assert_int_equal(status, STATUS_OK);
    while (status == STATUS_OK && more) {
        status = store_scan_next(scan, &batch, &more, &err);
        for (size_t i = 0; i < batch.row_count && status == STATUS_OK; i++) {
            MEM_GROW(out->items, out->capacity, out->count + 1);
            out->items[out->count++] = batch.rows[i].arrival;
        }
    }
    store_scan_stop(scan);
    *stats = *store_scan_get_stats(scan);
    store_scan_close(&scan);
    batch_fini(&batch);
    return status;
}

static void expect_equal(const struct numbers *a, const struct numbers *b) {
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->items[i], b->items[i]);
    }
}

static int compare_numbers(const void *a, const void *b) {
    const uint64_t *x = a;
    const uint64_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void fill(struct fixture *f, struct batch *in, bool hostile) {
    struct random r = {hostile ? 21 : 20};
    batch_init(in);
    for (int i = 0; i < (hostile ? HOSTILE_ROWS : ROWS); i++) {
        if (hostile) {
            fixture_add_hostile(in, &r);
        } else {
            fixture_add_line(in, &r);
        }
    }
    fixture_write(f, in, PARTS);
}

static struct expr *make(struct expr_set *set, enum expr_test test, const char *field,
                         const char *value) {
    struct err err = ERR_INIT;
    struct expr *leaf = NULL;
    struct expr_leaf_spec spec = {.on_text = field == NULL,
                                  .field = str_from_c(field == NULL ? "" : field),
                                  .test = test,
                                  .value = str_from_c(value)};
    if (expr_make_leaf(&leaf, set, &spec, &err) != STATUS_OK) {
        fail_msg("%s: %s", value, err.message);
    }
    return leaf;
}

static void test_threads_give_the_same(void **state) {
    struct fixture *f = *state;
    struct batch in;
    fill(f, &in, false);
    struct store *s = fixture_open(f, STORE_READ);
    struct expr_set *set = expr_set_create();
    struct numbers one = {0};
    struct numbers other = {0};
    struct store_scan_stats stats;
    for (int round = 0; round < 6; round++) {
        struct store_scan_options o = STORE_SCAN_ALL;
        o.ordered = round % 2 == 0;
        o.filter = round / 2 == 1   ? make(set, EXPR_WORDS, NULL, "alice")
                   : round / 2 == 2 ? make(set, EXPR_EQUALS, "event.dataset", "syslog")
                                    : NULL;
        o.threads = 1;
        assert_int_equal(collect(&one, s, &o, &stats), STATUS_OK);
        assert_int_equal(stats.threads, 1);
        assert_int_equal(stats.rows_matched, one.count);
        o.threads = 4;
        assert_int_equal(collect(&other, s, &o, &stats), STATUS_OK);
        assert_int_equal(stats.threads, 4);
        expect_equal(&one, &other);
        for (size_t i = 1; o.ordered && i < one.count; i++) {
            assert_true(one.items[i - 1] < one.items[i]);
        }
    }
    mem_free(one.items);
    mem_free(other.items);
    expr_set_destroy(&set);
    store_close(&s);
    batch_fini(&in);
}

static void test_only_wanted_datasets(void **state) {
    struct fixture *f = *state;
    struct batch in;
    fill(f, &in, false);
    struct store *s = fixture_open(f, STORE_READ);
    struct numbers found = {0};
    struct store_scan_stats stats;
    struct store_scan_options o = STORE_SCAN_ALL;
    o.datasets = UINT64_C(1) << DATASET_SYSLOG;
    assert_int_equal(collect(&found, s, &o, &stats), STATUS_OK);
    size_t expected = 0;
    for (size_t i = 0; i < in.row_count; i++) {
        expected += in.rows[i].dataset == DATASET_SYSLOG;
    }
    assert_int_equal(found.count, expected);
    assert_true(stats.pruned_by_dataset > 0);
    assert_int_equal(stats.segments_pruned, stats.pruned_by_dataset);
    mem_free(found.items);
    store_close(&s);
    batch_fini(&in);
}

static void test_stops_when_asked(void **state) {
    struct fixture *f = *state;
    struct batch in;
    fill(f, &in, false);
    struct store *s = fixture_open(f, STORE_READ);
    struct numbers found = {0};
    struct store_scan_stats stats;
    atomic_bool cancel = true;
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        struct store_scan_options o = STORE_SCAN_ALL;
        o.cancel = &cancel;
        o.threads = threads;
        assert_int_equal(collect(&found, s, &o, &stats), STATUS_CANCELLED);
        assert_int_equal(found.count, 0);
    }
    mem_free(found.items);
    store_close(&s);
    batch_fini(&in);
}

/* The rows of `in` that match, by a look at each; they were numbered in their order. */
static void look(struct numbers *out, const struct batch *in, const struct expr *e) {
    struct expr_scratch *scratch = expr_scratch_create(e);
    out->count = 0;
    for (size_t i = 0; i < in->row_count; i++) {
        if (expr_match_row(e, in, &in->rows[i], scratch)) {
            MEM_GROW(out->items, out->capacity, out->count + 1);
            out->items[out->count++] = i;
        }
    }
    expr_scratch_destroy(&scratch);
}

/* A character of a row as a regular expression that fits it. */
static void append_fitting(struct buf *out, char c, struct random *r) {
    static const char *const classes[] = {"[0-9]", "[a-z0-9]", "\\w", "[^\\n]"};
    bool plain = ascii_is_alnum(c) || c == ' ' || c == '-' || c == '=' || c == ':';
    uint32_t way = random_below(r, 12);
    if (!plain) {
        buf_putc(out, '.');
    } else if (way == 0 && ascii_is_digit(c)) {
        buf_add(out, str_from_c(classes[random_below(r, 4)]));
    } else if (way == 1) {
        buf_add(out, STR(".*?"));
    } else if (way == 2) {
        buf_printf(out, "(?:%c|zz)?", c);
    } else {
        buf_putc(out, c);
    }
}

/* A part of a random row's bytes as a pattern or a regular expression. */
static struct expr *make_part(struct expr_set *set, const struct batch *in, struct random *r) {
    struct str raw = batch_raw(in, &in->rows[random_below(r, (uint32_t)in->row_count)]);
    size_t at = random_below(r, (uint32_t)raw.len + 1);
    raw = str_head(str_skip(raw, at), 1 + random_below(r, 9));
    bool regex = random_below(r, 2) == 0;
    struct buf pattern = BUF_INIT;
    buf_add(&pattern, regex ? STR("") : STR("*"));
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        bool plain = ascii_is_alnum(c) || c == ' ' || c == '-' || c == '=' || c == ':';
        if (regex) {
            append_fitting(&pattern, c, r);
        } else {
            buf_putc(&pattern, plain ? c : '?');
        }
    }
    buf_add(&pattern, regex ? STR("") : STR("*"));
    buf_putc(&pattern, '\0');
    struct expr *e = make(set, regex ? EXPR_REGEX : EXPR_WILDCARD, NULL, pattern.ptr);
    buf_fini(&pattern);
    return e;
}

static void expect_parts_found(struct fixture *f, bool hostile, int rounds) {
    struct batch in;
    fill(f, &in, hostile);
    struct store *s = fixture_open(f, STORE_READ);
    struct numbers found = {0};
    struct numbers expected = {0};
    struct random r = {33};
    struct store_scan_stats stats;
    for (int i = 0; i < rounds; i++) {
        struct expr_set *set = expr_set_create();
        struct store_scan_options o = STORE_SCAN_ALL;
        o.filter = make_part(set, &in, &r);
        o.include_derived = true;
        assert_int_equal(collect(&found, s, &o, &stats), STATUS_OK);
        look(&expected, &in, o.filter);
        qsort(found.items, found.count, sizeof *found.items, compare_numbers);
        expect_equal(&found, &expected);
        expr_set_destroy(&set);
    }
    mem_free(found.items);
    mem_free(expected.items);
    store_close(&s);
    batch_fini(&in);
}

static void test_parts_of_words(void **state) {
    expect_parts_found(*state, false, 60);
}

static void test_parts_of_hostile_rows(void **state) {
    expect_parts_found(*state, true, 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_threads_give_the_same, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_only_wanted_datasets, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_stops_when_asked, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_parts_of_words, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_parts_of_hostile_rows, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
