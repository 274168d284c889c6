/* Correlations as scan and the server use them: hits and their members, stretches, memory bounds,
 * the temporary file, live events, the cache. What types and conditions mean stands in
 * tests/golden/sigma/correlation.case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "civil.h"
#include "file_io.h"
#include "hash.h"
#include "mem.h"
#include "sigma_correlation.h"
#include "sigma_correlator.h"
#include "sigma_ranks.h"
#include "sigma_records.h"

#define RULE(name, value)                                                                          \
    "---\ntitle: " name "\nid: id-" name "\nname: " name                                           \
    "\nlogsource:\n  product: windows\ndetection:\n  s:\n    k: " value "\n  condition: s\n"

static const char many_text[] =
    "title: many\nid: many\nlevel: high\ncorrelation:\n  type: event_count\n  rules: [a]\n"
    "  group-by: [U]\n  timespan: 10s\n  condition:\n    gte: 3\n" RULE("a", "1");

static const char other_text[] =
    "title: order\nid: order\ncorrelation:\n  type: temporal_ordered\n  rules: [inner, b]\n"
    "  group-by: [who]\n  timespan: 1m\n  aliases:\n    who:\n      inner: U\n      b: V\n"
    "---\ntitle: inner\nid: inner\nname: inner\ncorrelation:\n  type: value_count\n  rules: [a]\n"
    "  group-by: [U]\n  timespan: 1m\n  condition:\n    gt: 1\n    lte: 5\n    field: V\n" RULE(
        "a", "1") RULE("b", "2");

/* A hit, kept. */
struct kept {
    char user[32];
    uint64_t id;
    uint64_t count;
    double value;
    int64_t first_ns;
    int64_t last_ns;
    size_t head_count;
    size_t tail_count;
    uint32_t first_line;
    uint32_t last_line;
    uint32_t version;
    bool is_open;
    uint64_t rules;          /* of its last event */
    char values[64];         /* of its last event, joined with "|" */
    uint64_t events_of_last; /* of the last rule */
};

struct run {
    struct sigma_rules *rules;
    struct sigma_matcher *matcher;
    struct sigma_correlator *correlator;
    struct kept *hits;
    size_t count;
    size_t capacity;
    uint32_t line;
    const char *origin; /* NULL: "file" */
};

static void keep(const struct sigma_correlation_hit *hit, void *ctx) {
    struct run *run = ctx;
    size_t shown = hit->head_count + hit->tail_count;
    const struct sigma_correlation_member *last =
        hit->tail_count > 0 ? &hit->tail[hit->tail_count - 1] : &hit->head[hit->head_count - 1];
    struct kept kept = {.id = hit->id,
                        .count = hit->count,
                        .value = hit->value,
                        .first_ns = hit->first_ns,
                        .last_ns = hit->last_ns,
                        .head_count = hit->head_count,
                        .tail_count = hit->tail_count,
                        .first_line = hit->head[0].line,
                        .last_line = last->line,
                        .version = hit->version,
                        .is_open = hit->is_open,
                        .rules = last->rules,
                        .events_of_last = hit->rules[hit->rule_count - 1].events};
    for (size_t i = 0, at = 0; i < last->value_count; i++) {
        at += (size_t)snprintf(kept.values + at, sizeof kept.values - at, "%s%.*s",
                               i > 0 ? "|" : "", STR_ARG(last->values[i]));
        assert_true(at < sizeof kept.values);
    }
    assert_true(shown <= 2 * SIGMA_MEMBERS_MAX && shown <= hit->count);
    assert_true(hit->group_count <= 1);
    if (hit->group_count == 1) {
        (void)snprintf(kept.user, sizeof kept.user, "%.*s", STR_ARG(hit->group_values[0]));
    }
    MEM_GROW(run->hits, run->capacity, run->count + 1);
    run->hits[run->count++] = kept;
}

static struct sigma_rules *load(const char *text, const char *cache) {
    char path[] = P_tmpdir "/konseki_correlation_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
    const char *paths[] = {path};
    struct sigma_rules *rules = NULL;
    struct err err = ERR_INIT;
    const struct sigma_load_options options = {
        .paths = paths, .path_count = 1, .everywhere = true, .cache_folder = cache};
    assert_int_equal(sigma_rules_load(&rules, &options, &err), STATUS_OK);
    if (cache != NULL) { /* the second time it comes from the cache, under the same name */
        sigma_rules_free(&rules);
        assert_int_equal(sigma_rules_load(&rules, &options, &err), STATUS_OK);
    }
    (void)unlink(path);
    return rules;
}

static void begin(struct run *run, const char *text, struct sigma_correlator_options options) {
    *run = (struct run){.rules = load(text, NULL)};
    options.rules = run->rules;
    options.hit = keep;
    options.ctx = run;
    run->matcher = sigma_matcher_create(run->rules);
    run->correlator = sigma_correlator_create(&options);
    assert_non_null(run->correlator);
    sigma_matcher_feed(run->matcher, sigma_correlator_take, run->correlator);
}

static void end(struct run *run) {
    sigma_matcher_destroy(&run->matcher);
    sigma_correlator_destroy(&run->correlator);
    sigma_rules_free(&run->rules);
    mem_free(run->hits);
}

static void no_hit(const struct sigma_hit *hit, void *ctx) {
    (void)hit, (void)ctx;
    fail_msg("a rule that only a correlation names told a hit of its own");
}

static void event(struct run *run, int64_t second, const char *k, const char *u, const char *v) {
    const struct sigma_event_value values[] = {
        {.name = STR("k"), .text = str_from_c(k)},
        {.name = STR("U"), .text = str_from_c(u)},
        {.name = STR("V"), .text = str_from_c(v)},
    };
    const char *origin = run->origin != NULL ? run->origin : "file";
    const struct sigma_event_place place = {.origin = str_from_c(origin), .line = ++run->line};
    assert_int_equal(sigma_correlator_event(run->correlator, second * NS_PER_SECOND, &place, NULL),
                     STATUS_OK);
    sigma_match_event(run->matcher, values, sizeof values / sizeof values[0], no_hit, NULL);
}

static void finish(struct run *run) {
    assert_int_equal(sigma_correlator_finish(run->correlator, NULL), STATUS_OK);
}

/* --- stretches --- */

static void test_stretch(void **state) {
    (void)state;
    struct run run;
    begin(&run, many_text, (struct sigma_correlator_options){0});
    for (int i = 0; i < 300; i++) {
        event(&run, i, "1", "x", "");
    }
    event(&run, 1000, "1", "x", ""); /* alone: the stretch is over */
    event(&run, 1001, "1", "x", "");
    event(&run, 1002, "1", "x", "");
    finish(&run);
    assert_int_equal(run.count, 2);
    assert_string_equal(run.hits[0].user, "x");
    assert_int_equal(run.hits[0].count, 300);
    assert_true(run.hits[0].value == 11); /* a window of 10 s has both ends */
    assert_int_equal(run.hits[0].head_count, SIGMA_MEMBERS_MAX);
    assert_int_equal(run.hits[0].tail_count, SIGMA_MEMBERS_MAX);
    assert_int_equal(run.hits[0].first_line, 1);
    assert_int_equal(run.hits[0].last_line, 300);
    assert_int_equal(run.hits[0].last_ns, 299 * NS_PER_SECOND);
    assert_int_equal(run.hits[1].count, 3);
    assert_int_equal(run.hits[1].first_line, 301);
    assert_true(run.hits[0].id != run.hits[1].id);
    assert_false(run.hits[1].is_open);
    end(&run);
}

/* The tail is in order, whatever the count. */
static void test_members(void **state) {
    (void)state;
    for (int count = 3; count < 210; count += 23) {
        struct run run;
        begin(&run, many_text, (struct sigma_correlator_options){0});
        for (int i = 0; i < count; i++) {
            event(&run, i, "1", "x", "");
        }
        finish(&run);
        assert_int_equal(run.count, 1);
        assert_int_equal(run.hits[0].last_line, count);
        assert_int_equal(run.hits[0].head_count + run.hits[0].tail_count,
                         count < 100 ? count : 100);
        end(&run);
    }
}

static void test_chain(void **state) {
    (void)state;
    struct run run;
    begin(&run, other_text, (struct sigma_correlator_options){0});
    event(&run, 1, "1", "x", "p");
    event(&run, 2, "2", "", "x"); /* before the inner one matches */
    event(&run, 3, "1", "x", "q");
    event(&run, 4, "2", "", "y");
    event(&run, 5, "2", "", "x");
    finish(&run);
    assert_int_equal(run.count, 1); /* the inner one is quiet */
    assert_string_equal(run.hits[0].user, "x");
    assert_int_equal(run.hits[0].last_line, 5);
    end(&run);
}

/* --- bounds --- */

static void spread(struct run *run, uint32_t groups) {
    char user[32];
    for (uint32_t i = 0; i < groups * 3; i++) { /* three of each, no order of time */
        uint32_t n = i * 7919 % (groups * 3);
        (void)snprintf(user, sizeof user, "user%u", n / 3);
        event(run, 1000 + (int64_t)(n / 3) * 20 + n % 3, "1", user, "");
    }
    finish(run);
}

static void test_temporary_file(void **state) {
    (void)state;
    enum { GROUPS = 2000 };
    struct run run;
    begin(&run, many_text, (struct sigma_correlator_options){.record_bytes = 10000});
    spread(&run, GROUPS);
    struct sigma_correlator_counts counts = sigma_correlator_counts(run.correlator);
    assert_true(counts.spilled_bytes > 100000);
    assert_int_equal(counts.events, GROUPS * 3);
    assert_int_equal(run.count, GROUPS);
    for (size_t i = 0; i < run.count; i++) {
        assert_int_equal(run.hits[i].count, 3);
        assert_true(i == 0 || run.hits[i].first_ns > run.hits[i - 1].first_ns);
    }
    end(&run);
}

static void test_eviction(void **state) {
    (void)state;
    struct run run;
    char user[32];
    begin(&run, many_text, (struct sigma_correlator_options){.state_bytes = 20000});
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++) {
            (void)snprintf(user, sizeof user, "user%d", i);
            event(&run, 100 + round, "1", user, "");
        }
        event(&run, 100 + round, "1", "kept", ""); /* the newest: not forgotten in its round */
        event(&run, 100 + round, "1", "kept", "");
        event(&run, 100 + round, "1", "kept", "");
    }
    finish(&run);
    struct sigma_correlator_counts counts = sigma_correlator_counts(run.correlator);
    assert_true(counts.evicted > 1000);
    assert_int_equal(run.count, 3);
    assert_string_equal(run.hits[0].user, "kept");
    end(&run);
}

/* One group that is larger than the bound: its oldest events go. */
static void test_large_group(void **state) {
    (void)state;
    struct run run;
    begin(&run, many_text, (struct sigma_correlator_options){.state_bytes = 60000});
    for (int i = 0; i < 5000; i++) {
        event(&run, 1, "1", "x", "");
    }
    finish(&run);
    assert_int_equal(run.count, 1);
    assert_int_equal(run.hits[0].count, 5000);
    assert_true(run.hits[0].value < 2000); /* what the window still held */
    assert_true(sigma_correlator_counts(run.correlator).evicted > 3000);
    end(&run);
}

/* --- what a hit tells of its events --- */

/* More rules than the 32 bits of an event in a window. */
static void test_many_rules(void **state) {
    (void)state;
    struct run run;
    struct buf text = BUF_INIT;
    buf_add(&text, STR("title: t\nid: t\ncorrelation:\n  type: value_count\n  timespan: 1m\n"
                       "  condition: {field: [U, V], gte: 3}\n  rules:\n"));
    for (int i = 0; i < 64; i++) {
        buf_printf(&text, "  - r%02d\n", i);
    }
    for (int i = 0; i < 64; i++) { /* the 41st, the 51st and the 61st match k: 7 */
        buf_printf(&text,
                   "---\ntitle: r%02d\nid: id-r%02d\nname: r%02d\nlogsource: {product: windows}\n"
                   "detection: {s: {k: %d}, condition: s}\n",
                   i, i, i,
                   i >= 40 && i % 10 == 0 ? 7
                   : i == 63              ? 8
                                          : 9);
    }
    buf_putc(&text, '\0');
    begin(&run, text.ptr, (struct sigma_correlator_options){0});
    event(&run, 1, "7", "a", "1");
    event(&run, 2, "8", "a", "2");
    event(&run, 3, "7", "b", "2");
    finish(&run);
    assert_int_equal(run.count, 1);
    assert_true(run.hits[0].rules == (UINT64_C(1) << 40 | UINT64_C(1) << 50 | UINT64_C(1) << 60));
    assert_string_equal(run.hits[0].values, "b|2");
    assert_int_equal(run.hits[0].events_of_last, 1);
    end(&run);
    buf_fini(&text);
}

/* 64 correlations about one rule, 1,100 about these: one event has 70,464 ways. */
static void test_too_many_ways(void **state) {
    (void)state;
    enum { INNER = 64, OUTER = 1100, LIMIT = 65536 };
    struct run run;
    struct buf text = BUF_INIT;
    struct buf names = BUF_INIT;
    for (int i = 0; i < INNER; i++) {
        buf_printf(&names, i > 0 ? ", i%02d" : "i%02d", i);
    }
    for (int i = 0; i < INNER + OUTER; i++) {
        buf_printf(&text,
                   "title: t\nid: %s%02d\ncorrelation: {type: event_count, timespan: 1m, "
                   "condition: {gte: 1}, rules: [%.*s]}\n---\n",
                   i < INNER ? "i" : "o", i, STR_ARG(i < INNER ? STR("a") : buf_str(&names)));
    }
    buf_add(&text, STR(RULE("a", "1")));
    buf_putc(&text, '\0');
    begin(&run, text.ptr, (struct sigma_correlator_options){0});
    event(&run, 1, "1", "x", "y");
    finish(&run);
    assert_int_equal(run.count, OUTER);
    assert_int_equal(sigma_correlator_counts(run.correlator).evicted,
                     INNER + INNER * OUTER - LIMIT);
    end(&run);
    buf_fini(&names);
    buf_fini(&text);
}

static void test_numbers_told(void **state) {
    (void)state;
    struct run run;
    begin(&run,
          "title: t\nid: t\ncorrelation:\n  type: value_sum\n  rules: [a]\n  timespan: 1m\n"
          "  condition: {field: V, gt: 1}\n" RULE("a", "1"),
          (struct sigma_correlator_options){0});
    event(&run, 1, "1", "x", "12345678901.25");
    finish(&run);
    assert_string_equal(run.hits[0].values, "12345678901.25");
    end(&run);
}

/* Live, names of files and peers come and go without an end: they go with their events. */
static void test_origins_are_forgotten(void **state) {
    (void)state;
    struct run run;
    char origin[64];
    uint64_t most = 0;
    begin(&run, many_text, (struct sigma_correlator_options){.is_live = true});
    run.origin = origin;
    for (int i = 0; i < 30000; i++) {
        (void)snprintf(origin, sizeof origin, "a rather long name of a peer, number %d", i);
        event(&run, i, "1", i % 2 == 0 ? "x" : "y", "");
        if (i % 100 == 0) {
            assert_int_equal(
                sigma_correlator_advance(run.correlator, (i - 5) * NS_PER_SECOND, NULL), STATUS_OK);
            uint64_t bytes = sigma_correlator_counts(run.correlator).state_bytes;
            most = bytes > most ? bytes : most;
        }
    }
    finish(&run);
    assert_true(most < 100000);
    uint64_t left = sigma_correlator_counts(run.correlator).state_bytes;
    assert_true(left < 20000); /* tables only */
    end(&run);
}

static void test_long_values(void **state) {
    (void)state;
    struct run run;
    char a[5000];
    char b[5000];
    memset(a, 'a', sizeof a);
    memset(b, 'a', sizeof b);
    a[sizeof a - 1] = b[sizeof b - 1] = '\0';
    b[sizeof b - 2] = 'b';
    begin(&run, many_text, (struct sigma_correlator_options){0});
    for (int i = 0; i < 2; i++) { /* different at the very end: two groups of two */
        event(&run, i, "1", a, "");
        event(&run, i, "1", b, "");
    }
    finish(&run);
    assert_int_equal(run.count, 0);
    assert_int_equal(sigma_correlator_counts(run.correlator).events, 4);
    end(&run);
}

/* --- live --- */

static void test_live(void **state) {
    (void)state;
    struct run run;
    begin(&run, many_text, (struct sigma_correlator_options){.is_live = true});
    event(&run, 102, "1", "x", "");
    event(&run, 100, "1", "x", "");
    event(&run, 101, "1", "x", "");
    assert_int_equal(sigma_correlator_advance(run.correlator, 101 * NS_PER_SECOND, NULL),
                     STATUS_OK);
    assert_int_equal(run.count, 0); /* the third still waits */
    assert_int_equal(sigma_correlator_advance(run.correlator, 105 * NS_PER_SECOND, NULL),
                     STATUS_OK);
    assert_int_equal(run.count, 1);
    assert_true(run.hits[0].is_open && run.hits[0].version == 1 && run.hits[0].count == 3);
    event(&run, 106, "1", "x", "");
    event(&run, 50, "1", "x", ""); /* too late */
    assert_int_equal(sigma_correlator_advance(run.correlator, 108 * NS_PER_SECOND, NULL),
                     STATUS_OK);
    assert_int_equal(run.count, 2);
    assert_true(run.hits[1].is_open && run.hits[1].version == 2 && run.hits[1].count == 4);
    assert_int_equal(sigma_correlator_counts(run.correlator).late, 1);
    assert_int_equal(sigma_correlator_advance(run.correlator, 500 * NS_PER_SECOND, NULL),
                     STATUS_OK);
    assert_int_equal(run.count, 2); /* its window is empty: over, and told as it is */
    assert_true(run.hits[1].id == run.hits[0].id);
    event(&run, 501, "1", "x", "");
    event(&run, 502, "1", "x", "");
    event(&run, 503, "1", "x", "");
    finish(&run);
    assert_int_equal(run.count, 3);
    assert_true(!run.hits[2].is_open && run.hits[2].version == 1);
    assert_true(run.hits[2].id != run.hits[0].id);
    end(&run);
}

/* --- numbers in order --- */

static int compare_numbers(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_ranks(const struct sigma_ranks *ranks, const double *numbers, size_t count) {
    double sorted[5000];
    assert_true(count <= sizeof sorted / sizeof sorted[0]);
    memcpy(sorted, numbers, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_numbers);
    assert_int_equal(ranks->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(sigma_ranks_at(ranks, i) == sorted[i]);
    }
}

/* As a window does: new numbers come, the oldest go; with many alike, rising and falling. */
static void test_ranks(void **state) {
    (void)state;
    enum { WINDOW = 5000, STEPS = 40000 };
    for (int kind = 0; kind < 4; kind++) {
        struct sigma_ranks ranks = {0};
        double window[WINDOW];
        size_t count = 0;
        uint64_t seed = 7;
        for (int i = 0; i < STEPS; i++) {
            seed = hash_u64(seed + 1);
            double number = kind == 0   ? (double)(seed % 1000000)
                            : kind == 1 ? (double)(seed % 7)
                            : kind == 2 ? i
                                        : -i;
            size_t at = (size_t)i % WINDOW;
            if (count == WINDOW) {
                sigma_ranks_remove(&ranks, window[at]);
            } else {
                count++;
            }
            window[at] = number;
            sigma_ranks_add(&ranks, number);
            if (i % 9973 == 0 || i == STEPS - 1) {
                check_ranks(&ranks, window, count);
            }
            assert_true(ranks.bytes < 8 * sizeof *window * WINDOW);
        }
        for (size_t i = 0; i < count; i++) {
            sigma_ranks_remove(&ranks, window[i]);
        }
        assert_int_equal(ranks.count, 0);
        assert_int_equal(ranks.block_count, 0);
        sigma_ranks_fini(&ranks);
    }
}

/* --- loading --- */

static void forget_file(const char *name, void *ctx) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", (const char *)ctx, name);
    (void)unlink(path);
}

static void test_cache(void **state) {
    (void)state;
    char folder[] = P_tmpdir "/konseki_correlation_XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct run run = {.rules = load(other_text, folder)};
    const struct sigma_correlator_options options = {.rules = run.rules, .hit = keep, .ctx = &run};
    assert_int_equal(sigma_rules_correlation_count(run.rules), 2);
    run.matcher = sigma_matcher_create(run.rules);
    run.correlator = sigma_correlator_create(&options);
    sigma_matcher_feed(run.matcher, sigma_correlator_take, run.correlator);
    event(&run, 1, "1", "x", "p");
    event(&run, 2, "1", "x", "q");
    event(&run, 3, "2", "", "x");
    finish(&run);
    assert_int_equal(run.count, 1);
    end(&run);
    assert_int_equal(file_list(folder, forget_file, folder, NULL), STATUS_OK);
    assert_int_equal(rmdir(folder), 0);
}

static void test_timespan(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds; /* 0: refused */
    } rows[] = {{"1s", 1},      {"90m", 5400},   {"2h", 7200},     {"1d", 86400},
                {"1w", 604800}, {"1M", 2629746}, {"1y", 31556952}, {"0s", 0},
                {"5", 0},       {"m", 0},        {"", 0},          {"5 m", 0},
                {"-5m", 0},     {"1.5h", 0},     {"5D", 0},        {"99999999999999999999D", 0}};
    static const char *const all_time[] = {"300y", "9223372037s", "18446744073709551615M",
                                           "99999999999999999999s"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ns = 0;
        assert_int_equal(sigma_timespan_parse(&ns, str_from_c(rows[i].text)), rows[i].seconds > 0);
        assert_int_equal(ns, rows[i].seconds * NS_PER_SECOND);
    }
    for (size_t i = 0; i < sizeof all_time / sizeof all_time[0]; i++) {
        int64_t ns = 0;
        assert_true(sigma_timespan_parse(&ns, str_from_c(all_time[i])) && ns == INT64_MAX);
    }
}

static void test_times(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ns; /* 0: no time */
    } rows[] = {{"2026-01-01T00:00:00Z", INT64_C(1767225600) * NS_PER_SECOND},
                {"2026-01-01T09:00:00+09:00", INT64_C(1767225600) * NS_PER_SECOND},
                {"1767225600", INT64_C(1767225600) * NS_PER_SECOND},
                {"1767225600.5", INT64_C(1767225600) * NS_PER_SECOND + 500000000},
                {"1767225600123", INT64_C(1767225600123) * 1000000},
                {"1767225600123456", INT64_C(1767225600123456) * 1000},
                {"1767225600123456789", INT64_C(1767225600123456789)},
                {"yesterday", 0},
                {"9e99", 0},
                {"", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ns = 0;
        const struct sigma_event_value value = {.name = STR("timestamp"),
                                                .text = str_from_c(rows[i].text)};
        assert_int_equal(sigma_event_time(&ns, &value, 1), rows[i].ns != 0);
        assert_true(ns == rows[i].ns);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stretch),      cmocka_unit_test(test_members),
        cmocka_unit_test(test_chain),        cmocka_unit_test(test_temporary_file),
        cmocka_unit_test(test_eviction),     cmocka_unit_test(test_large_group),
        cmocka_unit_test(test_long_values),  cmocka_unit_test(test_live),
        cmocka_unit_test(test_cache),        cmocka_unit_test(test_timespan),
        cmocka_unit_test(test_times),        cmocka_unit_test(test_many_rules),
        cmocka_unit_test(test_ranks),        cmocka_unit_test(test_too_many_ways),
        cmocka_unit_test(test_numbers_told), cmocka_unit_test(test_origins_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
