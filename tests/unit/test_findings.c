/* The findings depend on the events, not on how and when they came. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis_fixture.h"
#include "clock.h"

enum { DAYS = 12 };

/* One line of a made log: its place in the file is part of it, wherever it is imported. */
struct entry {
    char source[16];
    uint32_t number;
    char text[1024];
};

struct log_lines {
    struct entry *items;
    size_t count;
    size_t capacity;
};

static struct entry *add_entry(struct log_lines *log, const char *source) {
    MEM_GROW(log->items, log->capacity, log->count + 1);
    struct entry *e = &log->items[log->count++];
    (void)snprintf(e->source, sizeof e->source, "%s", source);
    e->number = (uint32_t)log->count;
    return e;
}

static void add_request(struct log_lines *log, unsigned day, unsigned hour, unsigned minute,
                        const char *client, const char *request, const char *agent,
                        unsigned long sent) {
    char time[32];
    struct entry *e = add_entry(log, "proxy1");
    (void)snprintf(time, sizeof time, "%02u/Mar/2026:%02u:%02u:%02u", day, hour, minute,
                   (unsigned)(log->count % 60));
    bench_proxy_to(e->text, sizeof e->text, time, client, "-", request, 200, agent, sent);
}

static void add_refusals(struct log_lines *log, unsigned day, unsigned hour, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        struct entry *e = add_entry(log, "fw1");
        (void)snprintf(e->text, sizeof e->text,
                       "<188>date=2026-03-%02u time=%02u:%02u:00 devname=\"fw1\" devid=\"FG1\" "
                       "tz=\"+0900\" logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" "
                       "srcip=10.0.7.9 srcport=%u dstip=93.184.216.50 dstport=443 proto=6 "
                       "action=\"deny\" policyid=1\n",
                       day, hour, i, 4000 + i);
    }
}

/* Twelve days with something of every kind, some of it around midnight. */
static struct log_lines make_log(void) {
    struct log_lines log = {NULL, 0, 0};
    struct random random = {42};
    for (unsigned day = 2; day < 2 + DAYS; day++) {
        for (unsigned hour = 0; hour < 24; hour += 3) {
            add_request(&log, day, hour, random_below(&random, 3), "10.0.7.1",
                        "CONNECT rare.example:443", BROWSER, 300);
        }
        for (unsigned i = 0; i < 60; i++) {
            char client[32];
            char request[64];
            (void)snprintf(client, sizeof client, "10.0.7.%u", 20 + random_below(&random, 20));
            (void)snprintf(request, sizeof request, "GET http://site%u.example/",
                           random_below(&random, 15));
            add_request(&log, day, 9 + random_below(&random, 9), random_below(&random, 60), client,
                        request, day % 4 == 0 && i == 7 ? "curl/8.0" : BROWSER, 500);
        }
        if (day % 5 == 0) {
            add_request(&log, day, 23, 55, "10.0.7.5", "POST http://drop.example/", BROWSER,
                        8000000);
            add_request(&log, day, 23, 58, "10.0.7.5", "CONNECT drop.example:443", BROWSER,
                        8000000);
            add_request(&log, day + 1, 0, 3, "10.0.7.5", "CONNECT drop.example:443", BROWSER,
                        8000000);
        }
        add_refusals(&log, day, 22, day % 3 == 0 ? 6 : 1);
    }
    return log;
}

static void shuffle(struct log_lines *log, uint64_t seed) {
    struct random random = {seed};
    for (size_t i = log->count; i > 1; i--) {
        size_t k = random_below(&random, (uint32_t)i);
        struct entry swap = log->items[i - 1];
        log->items[i - 1] = log->items[k];
        log->items[k] = swap;
    }
}

/* Takes `"name":` and its value (a number or a string) out of all objects. */
static void strip(struct buf *text, const char *name) {
    struct buf out = BUF_INIT;
    struct str rest = buf_str(text);
    struct str mark = str_from_c(name);
    for (;;) {
        size_t at = str_find(rest, mark);
        if (at == STR_NONE) {
            break;
        }
        buf_add(&out, str_head(rest, at));
        rest = str_skip(rest, at + mark.len);
        while (rest.len > 0 && rest.ptr[0] != ',' && rest.ptr[0] != '}') {
            rest = str_skip(rest, 1);
        }
    }
    buf_add(&out, rest);
    buf_fini(text);
    *text = out;
}

/* Takes the digits after each `mark` away. */
static void strip_number(struct buf *text, const char *mark) {
    struct buf out = BUF_INIT;
    struct str rest = buf_str(text);
    size_t at = str_find(rest, str_from_c(mark));
    while (at != STR_NONE) {
        buf_add(&out, str_head(rest, at + strlen(mark)));
        rest = str_skip(rest, at + strlen(mark));
        while (rest.len > 0 && ascii_is_digit(rest.ptr[0])) {
            rest = str_skip(rest, 1);
        }
        at = str_find(rest, str_from_c(mark));
    }
    buf_add(&out, rest);
    buf_fini(text);
    *text = out;
}

/* All findings, without what numbers the arrival: versions and sequence numbers. */
static struct buf settled_findings(struct bench *b, size_t *count) {
    struct bench_found open = bench_find(b, "", LEVEL_INFORMATIONAL, false);
    struct bench_found explained = bench_find(b, "", LEVEL_INFORMATIONAL, true);
    buf_add(&open.text, buf_str(&explained.text));
    *count = open.count;
    buf_fini(&explained.text);
    strip(&open.text, "\"version\":");
    strip(&open.text, "\"id\":\"proxy1-");
    strip(&open.text, "\"id\":\"fw1-");
    return open.text;
}

/* Imports the log in `pieces` parts; live: with ticks instead of catching up. */
static struct buf import_in_pieces(const struct fixture *f, const struct log_lines *log,
                                   size_t pieces, bool live, size_t *count) {
    struct bench b;
    struct err err = ERR_INIT;
    struct fixture own = *f;
    size_t used = strlen(own.path);
    static unsigned stores; /* each import has a store of its own */
    (void)snprintf(own.path + used, sizeof own.path - used, "/%u", ++stores);
    bench_open(&b, &own, "93.184.216.50,refused C2\n");
    for (size_t p = 0; p < pieces; p++) {
        for (size_t i = log->count * p / pieces; i < log->count * (p + 1) / pieces; i++) {
            bench_line_at(&b, log->items[i].source, log->items[i].number, log->items[i].text);
        }
        if (live) {
            bench_commit(&b);
            bench_check(runner_tick(b.runner, p + 1 == pieces, &err), &err);
        } else {
            bench_run(&b);
        }
    }
    struct buf text = settled_findings(&b, count);
    bench_close(&b);
    return text;
}

static void assert_same_text(const struct buf *a, const struct buf *b) {
    if (!str_eq(buf_str(a), buf_str(b))) {
        size_t at = 0;
        while (at < a->len && at < b->len && a->ptr[at] == b->ptr[at]) {
            at++;
        }
        size_t from = at > 200 ? at - 200 : 0;
        fail_msg("differs at %zu:\n%.*s\n---\n%.*s", at,
                 STR_ARG(str_head(str_skip(buf_str(a), from), 500)),
                 STR_ARG(str_head(str_skip(buf_str(b), from), 500)));
    }
}

static void order_of_import_does_not_matter(void **state) {
    struct log_lines log = make_log();
    size_t whole_count;
    size_t count;
    struct buf whole = import_in_pieces(*state, &log, 1, false, &whole_count);
    assert_true(whole_count >= 8);
    for (size_t pieces = 2; pieces <= 7; pieces += 5) {
        struct buf parts = import_in_pieces(*state, &log, pieces, false, &count);
        assert_int_equal(count, whole_count);
        assert_same_text(&whole, &parts);
        buf_fini(&parts);
    }
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct log_lines mixed = {NULL, 0, 0};
        mixed.items = mem_calloc(log.count, sizeof *mixed.items);
        memcpy(mixed.items, log.items, log.count * sizeof *mixed.items);
        mixed.count = log.count;
        shuffle(&mixed, seed);
        struct buf parts = import_in_pieces(*state, &mixed, 3, false, &count);
        assert_int_equal(count, whole_count);
        assert_same_text(&whole, &parts);
        buf_fini(&parts);
        mem_free(mixed.items);
    }
    buf_fini(&whole);
    mem_free(log.items);
}

/* Live, in order and with late lines, ends with the same findings. */
static void live_equals_batch(void **state) {
    struct log_lines log = make_log();
    size_t whole_count;
    size_t count;
    struct buf whole = import_in_pieces(*state, &log, 1, false, &whole_count);
    struct buf live = import_in_pieces(*state, &log, 40, true, &count);
    assert_int_equal(count, whole_count);
    assert_same_text(&whole, &live);
    buf_fini(&live);
    shuffle(&log, 7);
    struct buf late = import_in_pieces(*state, &log, 5, true, &count);
    assert_int_equal(count, whole_count);
    assert_same_text(&whole, &late);
    buf_fini(&late);
    buf_fini(&whole);
    mem_free(log.items);
}

static void clear_log(struct bench *b, int64_t time_ns, const char *computer) {
    char time[CIVIL_RFC3339_BYTES + 1];
    time[civil_format_rfc3339(time, time_ns)] = '\0';
    bench_windows(b, time, computer, 1102, "Microsoft-Windows-Eventlog",
                  "\"SubjectUserName\":\"taro\"");
    b->batch.rows[b->batch.row_count - 1].receive_ns = clock_wall_ns();
}

/* One device whose clock says 2100 must not make the events of all others late. */
static void a_clock_far_ahead_makes_nobody_late(void **state) {
    struct bench b;
    struct err err = ERR_INIT;
    bench_open(&b, *state, "");
    clear_log(&b, INT64_C(4102444800) * NS_PER_SECOND, "PC9");
    bench_commit(&b);
    bench_check(runner_tick(b.runner, false, &err), &err);
    clear_log(&b, clock_wall_ns(), "FS01");
    bench_commit(&b);
    bench_check(runner_tick(b.runner, false, &err), &err);
    assert_int_equal(runner_get_counts(b.runner)->late_rows, 0);
    bench_check(runner_tick(b.runner, true, &err), &err);
    assert_int_equal(bench_count(&b, "AD-04", LEVEL_HIGH), 2);
    bench_close(&b);
}

/* A new indicator is looked up in what is stored already. */
static void new_indicators_look_back(void **state) {
    struct bench b;
    struct err err = ERR_INIT;
    bench_open(&b, *state, "");
    bench_proxy(&b, "02/Mar/2026:10:00:00", "10.0.7.1", "taro", "GET http://evil.example/", 200,
                BROWSER, 300);
    bench_run(&b);
    assert_int_equal(bench_count(&b, "PX-01", LEVEL_INFORMATIONAL), 0);
    ioc_set_read(b.iocs, STR("evil.example\n"), "new.txt", NULL, NULL);
    bench_check(runner_catch_up(b.runner, &err), &err);
    assert_int_equal(bench_count(&b, "PX-01", LEVEL_INFORMATIONAL), 1);
    bench_close(&b);
}

static bool take_object(struct str kind, struct str json, void *ctx) {
    struct buf *out = ctx;
    (void)kind;
    buf_add(out, json);
    buf_putc(out, '\n');
    return true;
}

/* Findings and coverage. */
static struct buf all_objects(struct bench *b) {
    struct err err = ERR_INIT;
    struct buf text = BUF_INIT;
    struct findings_query query = {
        .id = STR_EMPTY, .analysis = STR_EMPTY, .coverage = COVERAGE_ALL, .suppressed = true};
    bench_check(findings_db_visit(b->db, &query, take_object, &text, &err), &err);
    query.suppressed = false;
    bench_check(findings_db_visit(b->db, &query, take_object, &text, &err), &err);
    strip(&text, "\"version\":");
    return text;
}

/* A store of the log, with leases and traffic of many kinds; findings under `iocs`. */
static void open_log(struct bench *b, const struct fixture *f, const char *name,
                     const struct log_lines *log, const char *iocs) {
    struct fixture own = *f;
    size_t used = strlen(own.path);
    (void)snprintf(own.path + used, sizeof own.path - used, "/%s", name);
    bench_open(b, &own, iocs);
    for (size_t i = 0; i < log->count; i++) {
        bench_line_at(b, log->items[i].source, log->items[i].number, log->items[i].text);
        if (i % 300 == 299) {
            bench_commit(b); /* several segments */
        }
    }
    for (unsigned day = 2; day < 2 + DAYS; day += 2) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "Mar %2u 08:00:00 dhcp1 dhcpd: DHCPACK on 10.0.7.9 to 3c:52:82:00:00:72 "
                       "(PC%u) via eth0\n",
                       day, 90 + day);
        bench_line_at(b, "dhcp1", day, text);
        for (unsigned i = 0; i < 40; i++) {
            char time[16];
            char to[32];
            (void)snprintf(time, sizeof time, "11:%02u:%02u", i, day);
            (void)snprintf(to, sizeof to, "198.51.%u.%u", 100 + i % 3, i);
            bench_firewall(b, day % 4 == 0 ? "2026-03-04" : "2026-03-06", time, "10.0.7.9",
                           5000 + i, to, 443, i % 5 == 0);
        }
    }
    bench_run(b);
}

/* Indicators that come in three lots give what they give when they are there from the start; rows
 * that name none are left alone. */
static void compare_added(void **state, size_t slice_bytes) {
    static const char *const lots[] = {
        "198.51.100.9,C2\nnothing.example,unseen\n",
        "93.184.216.50,refused C2\nsite3.example\n198.51.101.0/28,net, weak\n",
        "http://rare.example:443/,url\nhttp://drop.example/x,other path\n203.0.113.77\n"};
    struct err err = ERR_INIT;
    struct log_lines log = make_log();
    struct bench whole;
    struct bench parts;
    struct buf lists = BUF_INIT;
    for (size_t i = 0; i < 3; i++) {
        buf_add(&lists, str_from_c(lots[i]));
    }
    buf_putc(&lists, '\0');
    open_log(&whole, *state, "whole", &log, lists.ptr);
    open_log(&parts, *state, "parts", &log, "");
    struct runner_options options = {.store = parts.store,
                                     .db = parts.db,
                                     .site = parts.site,
                                     .iocs = parts.iocs,
                                     .slice_bytes = slice_bytes};
    runner_destroy(&parts.runner);
    bench_check(runner_create(&parts.runner, &options, &err), &err);
    for (size_t i = 0; i < 3; i++) {
        uint64_t fed = runner_get_counts(parts.runner)->rows_fed;
        ioc_set_read(parts.iocs, str_from_c(lots[i]), "list.txt", NULL, NULL);
        bench_check(runner_catch_up(parts.runner, &err), &err);
        const struct runner_hunt *hunt = &runner_get_counts(parts.runner)->hunt;
        assert_int_equal(hunt->added, i == 0 ? 2 : 3);
        assert_true(hunt->rows > 0 && hunt->rows < log.count / 2);
        assert_true((hunt->days_again > 0) == (i == 1)); /* FW-03: tried again and again */
        assert_int_equal(runner_get_counts(parts.runner)->rows_fed, fed);
    }
    struct buf expected = all_objects(&whole);
    struct buf got = all_objects(&parts);
    for (int pass = 0; pass < 3; pass++) { /* lines of the lists differ: they were read apart */
        static const char *const places[] = {" in line ", " line ", "一覧 list.txt の "};
        strip_number(&expected, places[pass]);
        strip_number(&got, places[pass]);
    }
    assert_true(str_find(buf_str(&expected), STR("PX-01")) != STR_NONE);
    assert_true(str_find(buf_str(&expected), STR("FW-02")) != STR_NONE);
    assert_same_text(&expected, &got);
    buf_fini(&expected);
    buf_fini(&got);
    buf_fini(&lists);
    bench_close(&whole);
    bench_close(&parts);
    mem_free(log.items);
}

static void added_indicators_are_as_old_ones(void **state) {
    compare_added(state, 0);
}

/* More rows name an indicator than are held at once. */
static void many_hits_are_fed_by_days(void **state) {
    compare_added(state, 1 << 13);
}

/* An indicator that is gone is gone from the findings too. */
static void removed_indicators_are_forgotten(void **state) {
    struct bench b;
    struct err err = ERR_INIT;
    bench_open(&b, *state, "evil.example\nother.example\n");
    bench_proxy(&b, "02/Mar/2026:10:00:00", "10.0.7.1", "taro", "GET http://evil.example/", 200,
                BROWSER, 300);
    bench_run(&b);
    assert_int_equal(bench_count(&b, "PX-01", LEVEL_INFORMATIONAL), 1);
    ioc_set_free(&b.iocs);
    runner_destroy(&b.runner);
    b.iocs = ioc_set_create();
    ioc_set_read(b.iocs, STR("other.example\nthird.example\n"), "list.txt", NULL, NULL);
    struct runner_options options = {.store = b.store, .db = b.db, .site = b.site, .iocs = b.iocs};
    bench_check(runner_create(&b.runner, &options, &err), &err);
    bench_check(runner_catch_up(b.runner, &err), &err);
    assert_int_equal(bench_count(&b, "PX-01", LEVEL_INFORMATIONAL), 0);
    assert_int_equal(runner_get_counts(b.runner)->hunt.rows, 0);
    bench_close(&b);
}

static bool take_coverage(struct str kind, struct str json, void *ctx) {
    if (str_eq(kind, STR("coverage"))) {
        struct buf *out = ctx;
        buf_add(out, json);
        buf_putc(out, '\n');
    }
    return true;
}

/* A proxy log without upload bytes: PX-06 says so and names the setting; AD is not applicable. */
static void gaps_are_told(void **state) {
    struct bench b;
    struct err err = ERR_INIT;
    struct buf text = BUF_INIT;
    bench_open(&b, *state, "");
    bench_line(&b, "proxy9",
               "1772413200.500    300 10.2.7.1 TCP_TUNNEL/200 900 CONNECT x.example:443 taro "
               "HIER_DIRECT/93.184.216.34 -\n");
    bench_run(&b);
    struct findings_query query = {
        .id = STR_EMPTY, .analysis = STR("PX-06"), .coverage = COVERAGE_GAPS};
    bench_check(findings_db_visit(b.db, &query, take_coverage, &text, &err), &err);
    assert_true(str_find(buf_str(&text), STR("\"source\":\"proxy9\",\"state\":\"no\"")) !=
                STR_NONE);
    assert_true(str_find(buf_str(&text), STR("%>st")) != STR_NONE);
    assert_true(str_find(buf_str(&text), STR("http.request.bytes")) != STR_NONE);
    buf_clear(&text);
    query.analysis = STR("ML-01");
    bench_check(findings_db_visit(b.db, &query, take_coverage, &text, &err), &err);
    assert_true(str_find(buf_str(&text), STR("\"state\":\"not_applicable\"")) != STR_NONE);
    buf_clear(&text);
    query.analysis = STR("AD-04");
    bench_check(findings_db_visit(b.db, &query, take_coverage, &text, &err), &err);
    assert_true(str_find(buf_str(&text), STR("\"state\":\"no\"")) != STR_NONE);
    buf_fini(&text);
    bench_close(&b);
}

/* 300 events: the exact count, the first and the last fifty. */
static void evidence_is_cut_in_the_middle(void **state) {
    struct bench b;
    bench_open(&b, *state, "198.51.100.7,C2\n");
    for (unsigned i = 0; i < 300; i++) {
        char time[16];
        (void)snprintf(time, sizeof time, "10:%02u:%02u", i / 60, i % 60);
        bench_firewall(&b, "2026-03-02", time, "10.0.7.1", 5000, "198.51.100.7", 443, false);
    }
    bench_run(&b);
    struct bench_found found = bench_find(&b, "FW-02", LEVEL_CRITICAL, false);
    struct str text = buf_str(&found.text);
    assert_int_equal(found.count, 1);
    assert_true(str_find(text, STR("\"count\":300,")) != STR_NONE);
    assert_true(str_find(text, STR("\"line\":50,")) != STR_NONE);
    assert_true(str_find(text, STR("\"line\":51,")) == STR_NONE);
    assert_true(str_find(text, STR("\"line\":250,")) == STR_NONE);
    assert_true(str_find(text, STR("\"line\":251,")) != STR_NONE);
    assert_true(str_find(text, STR("\"line\":300,")) != STR_NONE);
    buf_fini(&found.text);
    bench_close(&b);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(order_of_import_does_not_matter),     CASE(live_equals_batch),
        CASE(a_clock_far_ahead_makes_nobody_late), CASE(new_indicators_look_back),
        CASE(added_indicators_are_as_old_ones),    CASE(many_hits_are_fed_by_days),
        CASE(removed_indicators_are_forgotten),    CASE(gaps_are_told),
        CASE(evidence_is_cut_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
