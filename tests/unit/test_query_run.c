/* Queries from text to rows, over a store in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fake_store.h"
#include "query.h"

static struct store fake;

struct pair {
    const char *field;
    const char *value;
};

/* One line with its fields; `second` counts from 2026-11-21T00:00:00Z. */
static void add_line(int64_t second, const char *raw, const struct pair *pairs, size_t count) {
    struct batch *b = &fake.batch;
    size_t off = b->raw.len;
    buf_add(&b->raw, str_from_c(raw));
    struct row *row = batch_row_begin(b, off, b->raw.len - off);
    struct civil midnight = {.year = 2026, .month = 11, .day = 21};
    row->time_ns = civil_to_ns(&midnight) + second * NS_PER_SECOND;
    row->receive_ns = row->time_ns;
    row->arrival = b->row_count - 1;
    row->sequence = b->row_count;
    row->source = intern_add(&b->names, STR("fw1"));
    row->dataset = DATASET_FORTIGATE;
    row->line = (uint32_t)b->row_count;
    for (size_t i = 0; i < count; i++) {
        batch_add(b, schema_field(str_from_c(pairs[i].field)), str_from_c(pairs[i].value));
    }
}

#define LINE(second, raw, ...)                                                                     \
    do {                                                                                           \
        const struct pair pairs_[] = {__VA_ARGS__};                                                \
        add_line(second, raw, pairs_, sizeof pairs_ / sizeof *pairs_);                             \
    } while (0)

static int setup(void **state) {
    (void)state;
    batch_init(&fake.batch);
    LINE(0, "deny src=10.0.0.5 user=Alice 接続拒否\n", {"source.ip", "10.0.0.5"},
         {"user.name", "Alice"}, {"event.action", "deny"}, {"source.bytes", "100"},
         {"destination.port", "443"});
    LINE(60, "allow src=10.0.0.6 user=bob path=C:\\Temp\\a.exe\n", {"source.ip", "10.0.0.6"},
         {"user.name", "bob"}, {"event.action", "allow"}, {"source.bytes", "2500"},
         {"destination.port", "80"}, {"file.path", "C:\\Temp\\a.exe"});
    LINE(3600, "deny src=192.168.1.9 user=ＡＬＩＣＥ failed  password\n",
         {"source.ip", "192.168.1.9"}, {"user.name", "ＡＬＩＣＥ"}, {"event.action", "deny"},
         {"source.bytes", "30"}, {"destination.port", "0080"});
    LINE(10800, "allow src=2001:db8::1 mimikatz.exe /etc/passwd\n", {"source.ip", "2001:db8::1"},
         {"event.action", "allow"}, {"source.bytes", "9007199254740993"},
         {"winlog.event_data.Level", "12"}, {"destination.bytes", "70"});
    LINE(90000, "to a@example.jp and b@example.jp\n", {"email.to.address", "a@example.jp"},
         {"email.to.address", "b@example.jp"}, {"message", "Sent two MAILS today"},
         {"winlog.event_data.Level", "3"}, {"destination.bytes", "8x"});
    return 0;
}

static int teardown(void **state) {
    (void)state;
    batch_fini(&fake.batch);
    return 0;
}

/* Rows as text: line numbers for events, the cells of the columns for the rest. */
struct seen {
    struct buf text;
    const struct query_output *output;
    struct buf scratch;
};

static bool take_row(const struct batch *batch, const struct row *row, void *ctx) {
    struct seen *seen = ctx;
    if (seen->output->shape == QUERY_EVENTS) {
        buf_printf(&seen->text, "%u ", row->line);
        return true;
    }
    for (size_t i = 0; i < seen->output->column_count; i++) {
        struct str text;
        bool found = query_column_get(&text, &seen->output->columns[i], batch, row, &seen->scratch);
        buf_printf(&seen->text, "%s%.*s", i > 0 ? "," : "", STR_ARG(found ? text : STR("-")));
    }
    buf_add(&seen->text, STR("; "));
    return true;
}

static struct query_settings settings(void) {
    struct civil now = {.year = 2026, .month = 11, .day = 21, .hour = 12};
    return (struct query_settings){.now_ns = civil_to_ns(&now), .zone = zone_utc()};
}

static void expect_limited(const char *text, uint64_t limit, const char *want) {
    struct query *query = NULL;
    struct query_error error;
    struct query_settings s = settings();
    if (query_parse(&query, str_from_c(text), &s, &error) != STATUS_OK) {
        fail_msg("%s: at %zu: %s", text, error.offset, error.message);
    }
    struct seen seen = {.output = query_get_output(query)};
    struct query_run_options options = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .limit = limit};
    struct query_run_stats stats;
    struct err err = ERR_INIT;
    assert_int_equal(query_run(query, &fake, &options, &stats, take_row, &seen, &err), STATUS_OK);
    buf_putc(&seen.text, '\0');
    if (strcmp(seen.text.ptr, want) != 0) {
        fail_msg("%s\n  gives  %s\n  wanted %s", text, seen.text.ptr, want);
    }
    buf_fini(&seen.text);
    buf_fini(&seen.scratch);
    query_free(&query);
}

static void expect(const char *text, const char *want) {
    expect_limited(text, 0, want);
}

static void finds_words(void **state) {
    (void)state;
    expect("*", "1 2 3 4 5 ");
    expect("", "1 2 3 4 5 ");
    expect("deny", "1 3 ");
    expect("DENY alice", "1 3 "); /* full-width in the log */
    expect("ａｌｉｃｅ", "1 3 ");
    expect("den", "");
    expect("\"failed password\"", "3 ");
    expect("\"password failed\"", "");
    expect("接続拒否", "1 ");
    expect("続拒", "1 ");
    expect("接否", "");
    expect("10.0.0.5", "1 ");
    expect("user=bob", "2 ");
    expect("mimi*", "4 ");
    expect("*katz.exe", "4 ");
    expect("m?mi*tz", "4 ");
    expect("mimi", "");
    expect("/etc/passwd", "4 ");
    expect("C:\\Temp\\a.exe", "2 ");
    expect("C:\\\\Temp\\\\*.exe", "2 ");
}

static void joins_conditions(void **state) {
    (void)state;
    expect("deny AND NOT alice", "");
    expect("deny OR mimikatz.exe", "1 3 4 ");
    expect("deny password OR mimikatz", "3 4 "); /* AND before OR */
    expect("deny && (password || bob)", "3 ");
    expect("allow -bob", "4 ");
    expect("allow and not bob", "4 ");
    expect("!deny !allow", "5 ");
    expect("NOT (deny or allow)", "5 ");
    expect("allow\xe3\x80\x80mimikatz", "4 "); /* full-width blank */
}

static void tests_fields(void **state) {
    (void)state;
    expect("event.action:deny", "1 3 ");
    expect("action:DENY", "1 3 ");
    expect("user.name:alice", "1 3 ");
    expect("user:(alice OR bob)", "1 2 3 ");
    expect("user:(a* -alice)", "");
    expect("source.ip:10.0.0.0/8", "1 2 ");
    expect("src_ip:2001:db8::/32", "4 ");
    expect("source.ip:2001:0db8:0:0:0:0:0:1", "4 ");
    expect("source.ip:::/0", "4 "); /* IPv6 only */
    expect("source.ip:0.0.0.0/0", "1 2 3 ");
    expect("source.ip:10.0.*", "1 2 ");
    expect("destination.port:80", "2 3 ");
    expect("destination.port:[80 TO 443]", "1 2 3 ");
    expect("destination.port:{80 TO 443]", "1 ");
    expect("source.bytes:>=100", "1 2 4 ");
    expect("source.bytes >= 100 and source.bytes < 1KB", "1 ");
    expect("source.bytes:9007199254740993", "4 ");
    expect("source.bytes:>9007199254740992", "4 ");
    expect("source.bytes:[* TO 30]", "3 ");
    expect("user.name:*", "1 2 3 ");
    expect("_exists_:user.name", "1 2 3 ");
    expect("NOT user.name:*", "4 5 ");
    expect("event.action!=deny", "2 4 5 ");
    expect("user.name:/^A/", "1 ");
    expect("user.name:/^a/i", "1 ");
    expect("/src=10\\.0\\.0\\.[56]/", "1 2 ");
    expect("/SRC=10/i", "1 2 ");
    expect("file.path:C:\\Temp\\a.exe", "2 ");
    expect("file.path:*.EXE", "2 ");
    expect("file.path:\"c:\\temp\\A.exe\"", "2 ");
    expect("winlog.event_data.level:>5", "4 ");
    expect("winlog.*:12", "4 ");
    expect("email.to.address:b@example.jp", "5 ");
    expect("message:mails", "5 "); /* full text: words of it */
    expect("message:\"two mails\"", "5 ");
    expect("dataset:fortinet", "1 2 3 4 5 ");
    expect("konseki.line:>3", "4 5 ");
    expect("event.id:fw1-2", "2 ");
}

static void tests_times(void **state) {
    (void)state;
    expect("@timestamp:2026-11-21", "1 2 3 4 ");
    expect("@timestamp:\"2026-11-21T01\"", "3 ");
    expect("@timestamp:[2026-11-21T01:00 TO 2026-11-22]", "3 4 5 ");
    expect("@timestamp:[2026-11-21T01:00 TO 2026-11-22}", "3 4 ");
    expect("@timestamp > 2026-11-21", "5 ");
    expect("@timestamp >= now-10h", "4 5 ");
    expect("@timestamp:>=2026-11-21T10:00:00+09:00", "3 4 5 ");
    expect("time:today", "1 2 3 4 ");
}

static void runs_stages(void **state) {
    (void)state;
    expect("* | head 2", "1 2 ");
    expect("* | tail 2", "4 5 ");
    expect("deny | fields user.name, source.bytes", "Alice,100; ＡＬＩＣＥ,30; ");
    expect("* | sort -source.bytes | head 2", "4 2 ");
    expect("* | sort source.bytes", "3 1 2 4 5 "); /* missing last */
    expect("* | sort -source.bytes", "4 2 1 3 5 ");
    expect("* | sort destination.bytes", "4 5 1 2 3 "); /* "8x" is no number */
    expect("* | sort -destination.bytes", "4 5 1 2 3 ");
    expect("* | sort source.ip", "1 2 3 4 5 ");
    expect("* | sort event.action, -source.bytes", "4 2 1 3 5 ");
    expect("* | sort -@timestamp", "5 4 3 2 1 ");
    expect("* | dedup event.action", "1 2 5 ");
    expect("* | where source.bytes > 1000", "2 4 ");
    expect("* | head 3 | where deny", "1 3 ");
    expect_limited("*", 2, "1 2 ");
    expect_limited("* | sort -source.bytes", 2, "4 2 ");
}

static void aggregates(void **state) {
    (void)state;
    expect("* | count", "5; ");
    expect("nothing_at_all | count", "0; ");
    expect("* | count by event.action", "allow,2; deny,2; ");
    expect("* | count by action as n | sort -n -action", "deny,2; allow,2; ");
    expect("* | stats sum(source.bytes), avg(source.bytes) by event.action",
           "allow,9007199254743493,4503599627371746; deny,130,65; ");
    expect("deny | stats min(source.bytes) max(source.bytes) as most distinct(user.name)",
           "30,100,2; ");
    expect("source.bytes:<5000 | stats median(source.bytes), percentile(source.bytes,25)",
           "100,65; ");
    expect("source.bytes:<5000 | stats p50(source.bytes)", "100; ");
    expect("* | count by email.to.address", "a@example.jp,1; b@example.jp,1; ");
    expect("* | top 1 source.ip", "10.0.0.5,1; ");
    expect("* | rare 1 event.action", "allow,2; ");
    expect("* | stats min(source.ip), max(source.ip)", "10.0.0.5,2001:db8::1; ");
    expect("* | stats max(destination.bytes), count(destination.bytes)", "70,2; ");
    expect("* | stats count by dataset, konseki.source", "fortigate,fw1,5; ");
    expect("* | stats count as n by action | where n > 1 and action:deny", "deny,2; ");
    expect("* | stats sum(source.bytes) by action | where sum(source.bytes) < 1000", "deny,130; ");
    expect("* | stats sum(source.bytes) by action | sort -sum(source.bytes) | head 1",
           "allow,9007199254743493; ");
    expect("deny | stats values(user.name) as who | fields who", "Alice; "); /* the first of two */
    expect("* | stats first(user.name), last(user.name)", "Alice,ＡＬＩＣＥ; ");
    expect("* | timechart span=1h",
           "2026-11-21T00:00:00.000000000Z,2; 2026-11-21T01:00:00.000000000Z,1; "
           "2026-11-21T02:00:00.000000000Z,0; 2026-11-21T03:00:00.000000000Z,1; "
           "2026-11-21T04:00:00.000000000Z,0; 2026-11-21T05:00:00.000000000Z,0; "
           "2026-11-21T06:00:00.000000000Z,0; 2026-11-21T07:00:00.000000000Z,0; "
           "2026-11-21T08:00:00.000000000Z,0; 2026-11-21T09:00:00.000000000Z,0; "
           "2026-11-21T10:00:00.000000000Z,0; 2026-11-21T11:00:00.000000000Z,0; "
           "2026-11-21T12:00:00.000000000Z,0; 2026-11-21T13:00:00.000000000Z,0; "
           "2026-11-21T14:00:00.000000000Z,0; 2026-11-21T15:00:00.000000000Z,0; "
           "2026-11-21T16:00:00.000000000Z,0; 2026-11-21T17:00:00.000000000Z,0; "
           "2026-11-21T18:00:00.000000000Z,0; 2026-11-21T19:00:00.000000000Z,0; "
           "2026-11-21T20:00:00.000000000Z,0; 2026-11-21T21:00:00.000000000Z,0; "
           "2026-11-21T22:00:00.000000000Z,0; 2026-11-21T23:00:00.000000000Z,0; "
           "2026-11-22T00:00:00.000000000Z,0; 2026-11-22T01:00:00.000000000Z,1; ");
    expect("* | timechart span=1d sum(source.bytes) by action",
           "2026-11-21T00:00:00.000000000Z,allow,9007199254743493; "
           "2026-11-21T00:00:00.000000000Z,deny,130; ");
}

/* Sorting with a small K must equal sorting all, also when the list is cut on the way. */
static void top_k_equals_full_sort(void **state) {
    (void)state;
    uint32_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        char bytes[16];
        seed = seed * 1664525u + 1013904223u;
        (void)snprintf(bytes, sizeof bytes, "%u", seed >> 12);
        LINE(i, "filler\n", {"source.packets", bytes});
    }
    struct seen some = {0};
    struct seen all = {0};
    for (int k = 0; k < 2; k++) {
        struct query *query = NULL;
        struct query_error error;
        struct query_settings s = settings();
        struct str text = k == 0 ? STR("filler | sort -source.packets | head 50")
                                 : STR("filler | sort -source.packets");
        struct seen *seen = k == 0 ? &some : &all;
        assert_int_equal(query_parse(&query, text, &s, &error), STATUS_OK);
        seen->output = query_get_output(query);
        struct query_run_options options = {.from_ns = INT64_MIN, .to_ns = INT64_MAX};
        struct query_run_stats stats;
        struct err err = ERR_INIT;
        assert_int_equal(query_run(query, &fake, &options, &stats, take_row, seen, &err),
                         STATUS_OK);
        assert_int_equal(stats.rows_out, k == 0 ? 50 : 20000);
        query_free(&query);
    }
    assert_memory_equal(some.text.ptr, all.text.ptr, some.text.len);
    buf_fini(&some.text);
    buf_fini(&all.text);
}

static void memory_is_bounded(void **state) {
    (void)state;
    const char *texts[] = {"* | sort message", "* | stats count by event.id, message",
                           "* | stats values(event.id)", "* | tail 100000"};
    for (int i = 0; i < 5000; i++) {
        LINE(i, "filler line for memory\n", {"message", "some text that is kept"});
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct query *query = NULL;
        struct query_error error;
        struct query_settings s = settings();
        assert_int_equal(query_parse(&query, str_from_c(texts[i]), &s, &error), STATUS_OK);
        struct seen seen = {.output = query_get_output(query)};
        struct query_run_options options = {
            .from_ns = INT64_MIN, .to_ns = INT64_MAX, .memory_bytes = 100000};
        struct query_run_stats stats;
        struct err err = ERR_INIT;
        assert_int_equal(query_run(query, &fake, &options, &stats, take_row, &seen, &err),
                         STATUS_BAD_INPUT);
        assert_non_null(strstr(err.message, "--memory"));
        buf_fini(&seen.text);
        buf_fini(&seen.scratch);
        query_free(&query);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_words, setup, teardown),
        cmocka_unit_test_setup_teardown(joins_conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(tests_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(tests_times, setup, teardown),
        cmocka_unit_test_setup_teardown(runs_stages, setup, teardown),
        cmocka_unit_test_setup_teardown(aggregates, setup, teardown),
        cmocka_unit_test_setup_teardown(top_k_equals_full_sort, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
