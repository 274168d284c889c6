/* Aggregations on the store's columns give what the same aggregation gives on rows. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "query.h"
#include "store_fixture.h"

static bool append_row(const struct batch *batch, const struct row *row, void *ctx) {
    struct buf *out = ctx;
    struct buf scratch = BUF_INIT;
    buf_printf(out, "%lld", (long long)row->time_ns);
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        buf_printf(out, "|%.*s=%.*s", STR_ARG(schema_name(v->field)),
                   STR_ARG(batch_value_text(batch, v)));
    }
    struct str text;
    if (batch_get(&text, batch, row, FIELD_EVENT_DATASET, &scratch)) {
        buf_printf(out, "|%.*s", STR_ARG(text));
    }
    buf_putc(out, '\n');
    buf_fini(&scratch);
    return true;
}

static void run(struct buf *out, uint64_t *without, struct store *s, const char *text) {
    struct err err = ERR_INIT;
    struct query_error error;
    struct query *q = NULL;
    struct query_settings settings = {.zone = zone_utc()};
    if (query_parse(&q, str_from_c(text), &settings, &error) != STATUS_OK) {
        fail_msg("%s: %s", text, error.message);
    }
    struct query_run_options o = {.from_ns = INT64_MIN, .to_ns = INT64_MAX};
    struct query_run_stats stats;
    buf_clear(out);
    if (query_run(q, s, &o, &stats, append_row, out, &err) != STATUS_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    *without = stats.without_group;
    query_free(&q);
}

/* `where` in front keeps the aggregation from being the first stage, so it sees rows. */
static void expect_same(struct store *s, const char *filter, const char *stage) {
    char columns[256];
    char rows[256];
    struct buf a = BUF_INIT;
    struct buf b = BUF_INIT;
    uint64_t without_a;
    uint64_t without_b;
    (void)snprintf(columns, sizeof columns, "%s | %s", filter, stage);
    (void)snprintf(rows, sizeof rows, "%s | where event.id:* | %s", filter, stage);
    run(&a, &without_a, s, columns);
    run(&b, &without_b, s, rows);
    if (!str_eq(buf_str(&a), buf_str(&b)) || without_a != without_b) {
        fail_msg("%s: %llu left out\n%.*s\nrows: %llu left out\n%.*s", columns,
                 (unsigned long long)without_a, STR_ARG(buf_str(&a)), (unsigned long long)without_b,
                 STR_ARG(buf_str(&b)));
    }
    buf_fini(&a);
    buf_fini(&b);
}

static void compare_all(const struct fixture *f) {
    static const char *const filters[] = {"*", "alice", "source.bytes:>50000", "NOT bob"};
    static const char *const stages[] = {
        "stats count",
        "stats count, sum(source.bytes) as s, avg(source.bytes) as a by user.name",
        "stats dc(user.name) as d by event.dataset",
        "stats dc(file.path), count by user.name, source.user.name",
        "stats sum(tags), count by tags",
        "stats sum(x.new) by x.y",
        "timechart span=1h count by user.name",
        "timechart span=1d sum(source.bytes)",
        "count by message",
        "count by no.such.field",
        "stats sum(user.name), dc(tags)",
        "top 3 user.name",
    };
    struct store *s = fixture_open(f, STORE_READ);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        for (size_t k = 0; k < sizeof stages / sizeof *stages; k++) {
            expect_same(s, filters[i], stages[k]);
        }
    }
    store_close(&s);
}

static void test_lines(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {41};
    for (int i = 0; i < 12000; i++) {
        fixture_add_line(&in, &r);
    }
    fixture_write(f, &in, 4);
    compare_all(f);
    batch_fini(&in);
}

static void test_hostile_rows(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {42};
    for (int i = 0; i < 3000; i++) {
        fixture_add_hostile(&in, &r);
    }
    fixture_write(f, &in, 3);
    compare_all(f);
    batch_fini(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_hostile_rows, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
