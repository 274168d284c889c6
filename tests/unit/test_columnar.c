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

static void run(struct buf *out, uint64_t *without, struct store *s, const char *text,
                unsigned threads) {
    struct err err = ERR_INIT;
    struct query_error error;
    struct query *q = NULL;
    struct query_settings settings = {.zone = zone_utc()};
    if (query_parse(&q, str_from_c(text), &settings, &error) != STATUS_OK) {
        fail_msg("%s: %s", text, error.message);
    }
    struct query_run_options o = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .threads = threads};
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
    char columns[512];
    char rows[512];
    struct buf a = BUF_INIT;
    struct buf b = BUF_INIT;
    uint64_t without_a;
    uint64_t without_b;
    (void)snprintf(columns, sizeof columns, "%s | %s", filter, stage);
    (void)snprintf(rows, sizeof rows, "%s | where event.id:* | %s", filter, stage);
    run(&b, &without_b, s, rows, 1);
    for (unsigned threads = 1; threads <= 3; threads++) {
        run(&a, &without_a, s, columns, threads);
        if (!str_eq(buf_str(&a), buf_str(&b)) || without_a != without_b) {
            fail_msg("%s, %u threads: %llu left out\n%.*s\nrows: %llu left out\n%.*s", columns,
                     threads, (unsigned long long)without_a, STR_ARG(buf_str(&a)),
                     (unsigned long long)without_b, STR_ARG(buf_str(&b)));
        }
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
        "stats min(source.bytes), max(source.bytes), median(source.bytes) by user.name",
        "stats min(file.path), max(message), p90(tags), count(tags) by event.dataset, user.name",
        "stats dc(user.name), dc(file.path), dc(event.dataset), avg(x.new), count(message)",
    };
    struct store *s = fixture_open(f, STORE_READ);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        for (size_t k = 0; k < sizeof stages / sizeof *stages; k++) {
            expect_same(s, filters[i], stages[k]);
        }
    }
    store_close(&s);
}

/* A second stats takes the groups' results as it would take their rows, which `tail` makes. */
static void expect_same_chain(struct store *s, const char *first, const char *second) {
    char direct[512];
    char rows[512];
    struct buf a = BUF_INIT;
    struct buf b = BUF_INIT;
    uint64_t without;
    (void)snprintf(direct, sizeof direct, "* | %s | %s", first, second);
    (void)snprintf(rows, sizeof rows, "* | %s | tail 100000 | %s", first, second);
    run(&a, &without, s, direct, 1);
    run(&b, &without, s, rows, 1);
    if (!str_eq(buf_str(&a), buf_str(&b))) {
        fail_msg("%s\n%.*s\nby rows:\n%.*s", direct, STR_ARG(buf_str(&a)), STR_ARG(buf_str(&b)));
    }
    buf_fini(&a);
    buf_fini(&b);
}

static void compare_chains(const struct fixture *f) {
    static const char *const firsts[] = {
        "stats count as n, sum(source.bytes) as s by user.name",
        "stats count as n, sum(user.name) as s by message", /* without a value */
        "stats dc(file.path) as n, sum(x.new) as s by source.user.name, user.name",
        "timechart span=1h count as n, sum(source.bytes) as s by user.name",
        "timechart span=2h count as n, sum(source.bytes) as s", /* spans of nothing, too */
        "stats avg(source.bytes) as n, max(source.bytes) as s by user.name",
        "stats count as n, sum(source.bytes) as s by no.such.field",
        "stats count as n, count as s",
    };
    static const char *const seconds[] = {
        "stats count",
        "stats count, sum(n) as a, avg(n) as b, min(n) as c, max(n) as d, count(n) as e",
        "stats sum(s) as a, avg(s) as b, min(s) as c, max(s) as d, count(s) as e",
        "stats median(n) as a, dc(s) as b, values(n) as c, stdev(n) as d",
        "stats count, sum(n) as a by s",
    };
    struct store *s = fixture_open(f, STORE_READ);
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        for (size_t k = 0; k < sizeof seconds / sizeof *seconds; k++) {
            expect_same_chain(s, firsts[i], seconds[k]);
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
    compare_chains(f);
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

/* --- random aggregations on what a store looks like after a while --- */

/* A line of one of a few shapes; most are of one dataset, so that its segment has several stripes.
 * Numbers may be missing, no numbers, fractions or long; a user may be named twice. */
static void add_random_line(struct batch *b, struct random *r) {
    static const char *const numbers[] = {"-", "0.5", "007", "9223372036854775807", "1e3", "12"};
    char line[256];
    uint32_t kind = random_below(r, 16);
    int len = snprintf(line, sizeof line,
                       kind == 0 ? "%02u alone %u\n" : "%02u host%u sent=%u to=/p/%u/%u.html\r\n",
                       random_below(r, 60), random_below(r, 30), random_below(r, 3000),
                       random_below(r, 40), random_below(r, kind < 4 ? 9 : 100000));
    struct row *row = fixture_begin_row(b, str_make(line, (size_t)len), "fw1");
    row->time_ns = (int64_t)b->row_count * 700000000 + random_below(r, 1000000000);
    row->receive_ns = 5;
    row->line = (uint32_t)b->row_count;
    row->dataset = kind == 0 ? DATASET_UNKNOWN : kind == 1 ? DATASET_JSON : DATASET_SYSLOG;
    row->flags = kind == 0 ? ROW_UNPARSED : kind == 2 ? ROW_DERIVED : 0;
    if (kind == 0) {
        return;
    }
    struct str raw = batch_raw(b, row);
    struct str host = str_skip(raw, 3);
    struct str rest = str_skip(raw, str_find(raw, STR("sent=")) + 5);
    struct str path = str_skip(raw, str_find(raw, STR("to=")) + 3);
    batch_add(b, FIELD_HOST_NAME, str_head(host, str_find_char(host, ' ')));
    if (random_below(r, 50) == 0) {
        batch_add(b, FIELD_SOURCE_BYTES, str_from_c(numbers[random_below(r, 6)]));
    } else if (kind != 3) {
        batch_add(b, FIELD_SOURCE_BYTES, str_head(rest, str_find_char(rest, ' ')));
    }
    batch_add(b, FIELD_FILE_PATH, str_head(path, path.len - 2));
    for (uint32_t i = random_below(r, 20) == 0 ? 2 : kind % 2; i > 0; i--) {
        batch_add(b, FIELD_USER_NAME, random_below(r, 2) == 0 ? STR("alice") : STR("1.0"));
    }
    if (kind == 5) {
        batch_add(b, FIELD_SOURCE_USER_NAME, STR("1"));
    }
}

static void random_stage(char *out, size_t size, struct random *r) {
    static const char *const fields[] = {"host.name", "source.bytes",  "file.path", "user.name",
                                         "user",      "event.dataset", "message"};
    static const char *const functions[] = {"sum", "avg", "min",    "max",   "dc",
                                            "p75", "dc",  "median", "count", "stdev"};
    bool chart = random_below(r, 3) == 0;
    int at = snprintf(out, size, "%s count", chart ? "timechart span=2h" : "stats");
    for (uint32_t i = random_below(r, 4); i > 0; i--) {
        at += snprintf(out + at, size - (size_t)at, ", %s(%s) as r%u",
                       functions[random_below(r, 10)], fields[random_below(r, 7)], i);
    }
    uint32_t keys = random_below(r, chart ? 2 : 4);
    uint32_t first = random_below(r, 7);
    for (uint32_t i = 0; i < keys; i++) {
        at += snprintf(out + at, size - (size_t)at, "%s %s", i == 0 ? " by" : ",",
                       fields[(first + 2 * i) % 7]);
    }
}

static void compare_random(const struct fixture *f, struct random *r, int rounds) {
    static const char *const filters[] = {
        "*",         "event.dataset:syslog",   "user.name:alice", "source.bytes:>1500", "host3",
        "NOT host7", "event.kind:derived OR *"};
    struct store *s = fixture_open(f, STORE_READ);
    for (int i = 0; i < rounds; i++) {
        char stage[300];
        random_stage(stage, sizeof stage, r);
        expect_same(s, filters[random_below(r, 7)], stage);
    }
    store_close(&s);
}

static void compact(const struct fixture *f) {
    struct err err = ERR_INIT;
    struct store_compact_options options = {.threads = 0};
    struct store_compact_result result;
    struct store *s = fixture_open(f, STORE_BULK);
    if (store_compact(s, &options, &result, &err) != STATUS_OK) {
        fail_msg("compact: %s", err.message);
    }
    assert_true(result.segments_after < result.segments_before);
    store_close(&s);
}

static void test_random(void **state) {
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct batch in;
    batch_init(&in);
    struct random r = {44};
    for (int i = 0; i < 84000; i++) {
        add_random_line(&in, &r);
    }
    fixture_write(f, &in, 2);
    compare_random(f, &r, 4);
    compact(f); /* more than one stripe of syslog */
    compare_random(f, &r, 14);
    struct store *live = fixture_open(f, STORE_LIVE);
    batch_clear(&in);
    for (int i = 0; i < 700; i++) {
        add_random_line(&in, &r);
    }
    assert_int_equal(store_append(live, &in, &err), STATUS_OK);
    assert_int_equal(store_commit(live, &err), STATUS_OK); /* a tail that is not sealed */
    compare_random(f, &r, 6);
    store_close(&live);
    batch_fini(&in);
}

/* What a group holds on its way is bounded too: parts come early, and are refused in the end. */
static void test_memory(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {45};
    for (int i = 0; i < 30000; i++) {
        add_random_line(&in, &r);
    }
    fixture_write(f, &in, 1);
    struct store *s = fixture_open(f, STORE_READ);
    struct query *q = NULL;
    struct query_error error;
    struct query_settings settings = {.zone = zone_utc()};
    assert_int_equal(
        query_parse(&q, STR("* | stats dc(file.path) as d | fields d"), &settings, &error),
        STATUS_OK);
    struct buf whole = BUF_INIT;
    struct buf out = BUF_INIT;
    for (uint64_t limit = 1 << 14; limit <= UINT64_C(1) << 28; limit *= 2) {
        struct err err = ERR_INIT;
        struct query_run_options o = {
            .from_ns = INT64_MIN, .to_ns = INT64_MAX, .memory_bytes = limit};
        struct query_run_stats stats;
        buf_clear(&out);
        enum status status = query_run(q, s, &o, &stats, append_row, &out, &err);
        assert_true(status == STATUS_OK || (status == STATUS_BAD_INPUT && limit <= 1 << 23));
        if (status == STATUS_OK && whole.len > 0) {
            assert_true(str_eq(buf_str(&out), buf_str(&whole)));
        } else if (status == STATUS_OK) {
            buf_add(&whole, buf_str(&out));
        }
        assert_true(limit > 1 << 14 || status == STATUS_BAD_INPUT);
    }
    assert_true(whole.len > 0);
    buf_fini(&whole);
    buf_fini(&out);
    query_free(&q);
    store_close(&s);
    batch_fini(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_hostile_rows, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_random, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_memory, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
