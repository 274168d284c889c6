/* Faults of a query: what is said and where the caret stands; and times as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "query.h"

static struct query_settings settings(void) {
    struct civil now = {.year = 2026, .month = 11, .day = 21, .hour = 12, .minute = 30};
    return (struct query_settings){.now_ns = civil_to_ns(&now), .zone = zone_utc()};
}

/* `marked` is the query with a '~' where the fault is. */
static void expect_fault(const char *marked, const char *words) {
    struct buf text = BUF_INIT;
    size_t want = 0;
    for (const char *c = marked; *c != '\0'; c++) {
        if (*c == '~') {
            want = text.len;
        } else {
            buf_putc(&text, *c);
        }
    }
    struct query *query = NULL;
    struct query_error error;
    struct query_settings s = settings();
    if (query_parse(&query, buf_str(&text), &s, &error) == STATUS_OK) {
        fail_msg("accepted: %s", marked);
    }
    if (error.offset != want || strstr(error.message, words) == NULL) {
        fail_msg("%s: at %zu: %s", marked, error.offset, error.message);
    }
    buf_fini(&text);
}

static void points_at_the_fault(void **state) {
    (void)state;
    expect_fault("source.ip:~", "expected a value");
    expect_fault("a AND ~", "expected a word");
    expect_fault("~AND a", "before this operator");
    expect_fault("a OR ~OR b", "before this operator");
    expect_fault("x ~(a b", "never closed");
    expect_fault("a~)", "no parenthesis was opened");
    expect_fault("user:~(a b", "never closed");
    expect_fault("~\"abc", "never closed");
    expect_fault("source.bytes:[1 ~5]", "TO");
    expect_fault("source.bytes:[1 TO 5~", "] or }");
    expect_fault("source.bytes:[1 TO ~", "value to compare");
    expect_fault("source.bytes >= ~", "value to compare");
    expect_fault("source.ip:~foo", "addresses");
    expect_fault("destination.port:~http", "numbers");
    expect_fault("@timestamp:~soon", "time");
    expect_fault("@timestamp:[~2026-13-01 TO *]", "time");
    expect_fault("source.ip:~10.0.0.0/40", "addresses");
    expect_fault("x /a(b~/", "parenthesis");
    expect_fault("~---", "no letter or digit");
    expect_fault("x | ~sotr y", "expected a stage");
    expect_fault("x |~", "expected a stage");
    expect_fault("x | sort~", "name of a field");
    expect_fault("x | stats ~nosuch(a)", "expected a function");
    expect_fault("x | stats sum~", "expected (");
    expect_fault("x | stats sum(a~", "expected )");
    expect_fault("x | stats percentile(a~)", "percentage");
    expect_fault("x | stats percentile(a~,101)", "percentage");
    expect_fault("x | stats count as ~", "name behind");
    expect_fault("x | stats ~sum(a), sum(a)", "two columns");
    expect_fault("x | timechart span=~zz", "length of time");
    expect_fault("x | count by a | where ~c > 1", "no column");
    expect_fault("x | count by a | sort ~cuont", "did you mean \"count\"");
    expect_fault("x | count by a | timechart~", "needs events");
    expect_fault("x | head ~0", "whole number");
    expect_fault("x | head 5 ~6", "expected |");
    expect_fault("請求書 source.ip:~foo", "addresses");
}

static void shows_the_column(void **state) {
    (void)state;
    struct query_error error = {.offset = strlen("請求書 x:"), .message = "wrong"};
    struct buf out = BUF_INIT;
    query_error_format(&out, STR("請求書 x:"), &error);
    buf_putc(&out, '\0');
    /* three full-width characters count six columns */
    assert_string_equal(out.ptr, "wrong\n  請求書 x:\n           ^\n");
    buf_clear(&out);
    struct query_error quoting = {.offset = 1, .message = "no \"\x1b[2J\u202e\""};
    query_error_format(&out, STR("a\x1b\u202e\xff!"), &quoting);
    buf_putc(&out, '\0');
    assert_string_equal(out.ptr, "no \" [2J \"\n  a   !\n   ^\n");
    buf_fini(&out);
}

static void deep_nesting_is_refused(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    struct query *query = NULL;
    struct query_error error;
    struct query_settings s = settings();
    for (int i = 0; i < 30000; i++) {
        buf_putc(&text, '(');
    }
    assert_int_equal(query_parse(&query, buf_str(&text), &s, &error), STATUS_BAD_INPUT);
    buf_clear(&text);
    for (int i = 0; i < 10000; i++) {
        buf_add(&text, STR("NOT "));
    }
    assert_int_equal(query_parse(&query, buf_str(&text), &s, &error), STATUS_BAD_INPUT);
    buf_clear(&text);
    for (int i = 0; i < 10000; i++) { /* wide is fine */
        buf_add(&text, STR("a OR "));
    }
    buf_putc(&text, 'a');
    assert_int_equal(query_parse(&query, buf_str(&text), &s, &error), STATUS_OK);
    query_free(&query);
    buf_fini(&text);
}

/* The span that a time names, as text. */
static void expect_time(const char *text, const char *start, const char *end) {
    struct query_settings s = settings();
    int64_t from;
    int64_t to;
    char shown[CIVIL_RFC3339_BYTES + 1] = {0};
    if (!query_time_parse(&from, &to, str_from_c(text), &s)) {
        fail_msg("no time: %s", text);
    }
    (void)civil_format_rfc3339(shown, from);
    assert_memory_equal(shown, start, strlen(start));
    (void)civil_format_rfc3339(shown, to);
    assert_memory_equal(shown, end, strlen(end));
}

static void reads_times(void **state) {
    (void)state;
    expect_time("2026", "2026-01-01T00:00:00", "2027-01-01T00:00:00");
    expect_time("2026-12", "2026-12-01T00:00:00", "2027-01-01T00:00:00");
    expect_time("2026-11-21", "2026-11-21T00:00:00", "2026-11-22T00:00:00");
    expect_time("2026-11-21T10", "2026-11-21T10:00:00", "2026-11-21T11:00:00");
    expect_time("2026-11-21 10:20", "2026-11-21T10:20:00", "2026-11-21T10:21:00");
    expect_time("2026-11-21T10:20:30Z", "2026-11-21T10:20:30", "2026-11-21T10:20:31");
    expect_time("2026-11-21T10:20:30.5+09:00", "2026-11-21T01:20:30.5",
                "2026-11-21T01:20:30.500000001");
    expect_time("2026-11-21T10:20+0900", "2026-11-21T01:20:00", "2026-11-21T01:21:00");
    expect_time("2026-11-21T10:20:30.123456789Z", "2026-11-21T10:20:30.123456789",
                "2026-11-21T10:20:30.123456790");
    expect_time("2026-11-21T10:20:30.123456789+09:00", "2026-11-21T01:20:30.123456789",
                "2026-11-21T01:20:30.123456790");
    expect_time("now", "2026-11-21T12:30:00.000000000", "2026-11-21T12:30:00.000000001");
    expect_time("now-90m", "2026-11-21T11:00:00", "2026-11-21T11:00:00");
    expect_time("now-1d/d", "2026-11-20T00:00:00", "2026-11-21T00:00:00");
    expect_time("now/M", "2026-11-01T00:00:00", "2026-12-01T00:00:00");
    expect_time("now/w", "2026-11-16T00:00:00", "2026-11-23T00:00:00");
    expect_time("yesterday", "2026-11-20T00:00:00", "2026-11-21T00:00:00");
    expect_time("now-1M", "2026-10-21T12:30:00", "2026-10-21T12:30:00");
}

static void refuses_other_times(void **state) {
    (void)state;
    static const char *const texts[] = {"",         "soon",      "now-",          "now-1",
                                        "now-1q",   "2026-13",   "2026-02-30",    "now/2d",
                                        "20261121", "2026-11-2", "now-99999999y", "2026-11-21T25"};
    struct query_settings s = settings();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t from;
        int64_t to;
        if (query_time_parse(&from, &to, str_from_c(texts[i]), &s)) {
            fail_msg("a time: %s", texts[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_at_the_fault),     cmocka_unit_test(shows_the_column),
        cmocka_unit_test(deep_nesting_is_refused), cmocka_unit_test(reads_times),
        cmocka_unit_test(refuses_other_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
