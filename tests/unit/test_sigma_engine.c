/* The engine of Sigma rules: limits of expressions, the profile of what matching costs, fields that
 * no rule of an event's origin wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "mem.h"
#include "sigma_ast.h"
#include "sigma_profile.h"
#include "sigma_regex.h"

static struct sigma_rules *load_text(const char *text) {
    char path[] = P_tmpdir "/konseki_engine_XXXXXX";
    const char *paths[] = {path};
    struct sigma_rules *rules = NULL;
    struct err err = ERR_INIT;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    const struct sigma_load_options options = {.paths = paths, .path_count = 1};
    enum status s = sigma_rules_load(&rules, &options, &err);
    unlink(path);
    assert_int_equal(s, STATUS_OK);
    return rules;
}

static void count_hit(const struct sigma_hit *hit, void *ctx) {
    (void)hit;
    *(size_t *)ctx += 1;
}

static size_t match(struct sigma_matcher *m, const struct sigma_event_value *values, size_t count) {
    size_t hits = 0;
    sigma_match_event(m, values, count, count_hit, &hits);
    return hits;
}

static struct sigma_event_value value(const char *name, struct str text) {
    return (struct sigma_event_value){str_from_c(name), text, false, false};
}

/* A group that is repeated needs a frame of the stack each time. */
static void test_long_repeat_is_no_limit(void **state) {
    (void)state;
    struct sigma_rules *rules = load_text("title: long\nid: long\nlogsource:\n  category: x\n"
                                          "detection:\n  s:\n    A|re: '(.){200,}'\n"
                                          "  condition: s\n");
    struct sigma_matcher *m = sigma_matcher_create(rules);
    const struct sigma_rule_info *worst;
    char text[30000];
    memset(text, 'a', sizeof text);
    for (size_t len = 100; len <= sizeof text; len += 1300) {
        const struct sigma_event_value values[] = {value("A", str_make(text, len))};
        assert_int_equal(match(m, values, 1), len >= 200);
    }
    assert_int_equal(sigma_matcher_limit_hits(&worst, m), 0);
    assert_null(worst);
    sigma_matcher_destroy(&m);
    sigma_rules_free(&rules);
}

static void test_limits_name_the_rule(void **state) {
    (void)state;
    struct sigma_rules *rules = load_text(
        "title: fine\nid: fine\nlogsource:\n  category: x\ndetection:\n  s:\n    A|re: 'b$'\n"
        "  condition: s\n---\n"
        "title: slow\nid: slow\nlogsource:\n  category: x\ndetection:\n  s:\n"
        "    A|re: '^(a{1,40})+$'\n  condition: s\n");
    struct sigma_matcher *m = sigma_matcher_create(rules);
    struct sigma_profile *profile = sigma_matcher_profile(m);
    const struct sigma_rule_info *worst;
    const struct sigma_event_value values[] = {
        value("A", STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"))};
    assert_int_equal(match(m, values, 1), 1);
    assert_int_equal(match(m, values, 1), 1); /* remembered: not tried again */
    assert_int_equal(sigma_matcher_limit_hits(&worst, m), 1);
    assert_non_null(worst);
    assert_true(str_eq(worst->id, STR("slow")));
    assert_int_equal(profile->regex_count, 2);
    assert_int_equal(profile->regexes[0].limits + profile->regexes[1].limits, 1);
    sigma_matcher_destroy(&m);
    sigma_rules_free(&rules);
}

static bool is_not_low(const struct sigma_rule_info *rule, const void *ctx) {
    (void)ctx;
    return rule->level > SIGMA_LOW;
}

static bool is_any(const struct sigma_rule_info *rule, const void *ctx) {
    (void)rule;
    (void)ctx;
    return true;
}

static void count_feed(const struct sigma_feed *feed, void *ctx) {
    (void)feed;
    *(int *)ctx += 1;
}

/* What is not asked for is not looked for, but for what a correlation refers to. */
static void test_select(void **state) {
    (void)state;
    struct sigma_rules *rules = load_text(
        "title: a\nid: a\nlevel: low\nlogsource:\n  category: x\ndetection:\n  s:\n    A: one\n"
        "  condition: s\n---\n"
        "title: b\nid: b\nlevel: high\nlogsource:\n  category: x\ndetection:\n  s:\n    "
        "A|contains: on\n"
        "  condition: s\n---\n"
        "title: c\nid: c\nlevel: low\nlogsource:\n  category: x\ndetection:\n  s:\n    "
        "A|startswith: o\n"
        "  condition: s\n---\n"
        "title: d\nid: d\nlevel: low\nlogsource:\n  category: x\ndetection:\n  s:\n    B: zzz\n"
        "  condition: not s\n---\n"
        "title: e\nid: e\ncorrelation:\n  type: event_count\n  rules: [c]\n  timespan: 1m\n"
        "  condition:\n    gte: 2\n");
    struct sigma_matcher *m = sigma_matcher_create(rules);
    int fed = 0;
    sigma_matcher_feed(m, count_feed, &fed);
    const struct sigma_event_value values[] = {value("A", STR("one"))};
    assert_int_equal(match(m, values, 1), 3); /* a, b, d; c is told by the correlation */
    assert_int_equal(fed, 1);
    sigma_matcher_select(m, is_not_low, NULL);
    assert_int_equal(match(m, values, 1), 1);
    assert_int_equal(fed, 2);
    sigma_matcher_select(m, is_any, NULL);
    assert_int_equal(match(m, values, 1), 3);
    assert_int_equal(fed, 3);
    sigma_matcher_destroy(&m);
    sigma_rules_free(&rules);
}

static const char *const expressions[] = {
    "abc",     "a.c",      "^.b",    "(?i)k",   "[^a]b$", "\\w\\W",     "(?:\xC3\xA9|s)c",
    "\\d|k",   "[k-s]{2}", "s$",     "\\bk",    ".{4}",   "a?\xC3\xA9", "\\p{L}c",
    "\\w[^k]", "\\d\\s",   "[\\W]a", "[^\\s]c", "\\S\\D", "x*[^a-z]$"};
static const char *const pieces[] = {"a",        "b",        "c", "k", "K", "s",    "\xE2\x84\xAA",
                                     "\xC5\xBF", "\xC3\xA9", "1", "-", " ", "\xFF", "\xC3"};

static void write_rules(struct buf *out, const char *modifiers) {
    for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
        buf_printf(out,
                   "%stitle: x\nid: rule%02zu\nlogsource:\n  category: x\ndetection:\n"
                   "  s:\n    A|re%s: '%s'\n  condition: s\n",
                   i > 0 ? "---\n" : "", i, modifiers, expressions[i]);
    }
    buf_putc(out, '\0');
}

static void note_rule(const struct sigma_hit *hit, void *ctx) {
    struct str id = hit->rule->id;
    ((bool *)ctx)[(id.ptr[4] - '0') * 10 + id.ptr[5] - '0'] = true;
}

/* All expressions of a field together find what PCRE2 finds one by one, beyond ASCII too. */
static void assert_like_pcre2(const char *modifiers, unsigned flags) {
    enum { COUNT = sizeof expressions / sizeof expressions[0] };
    struct sigma_regex *plain[COUNT];
    struct sigma_regex_matcher *one = sigma_regex_matcher_create();
    struct buf text = BUF_INIT;
    write_rules(&text, modifiers);
    struct sigma_rules *rules = load_text(text.ptr);
    struct sigma_matcher *m = sigma_matcher_create(rules);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(sigma_regex_compile(&plain[i], str_from_c(expressions[i]), flags, NULL),
                         STATUS_OK);
    }
    srand(11);
    for (int round = 0; round < 20000; round++) {
        bool found[COUNT] = {false};
        buf_clear(&text);
        for (int n = rand() % 7; n > 0; n--) {
            buf_add(&text, str_from_c(pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]));
        }
        const struct sigma_event_value values[] = {value("A", buf_str(&text))};
        sigma_match_event(m, values, 1, note_rule, found);
        for (size_t i = 0; i < COUNT; i++) {
            if (found[i] != sigma_regex_match(one, plain[i], buf_str(&text))) {
                fail_msg("%s on '%.*s'", expressions[i], STR_ARG(buf_str(&text)));
            }
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        sigma_regex_free(&plain[i]);
    }
    sigma_regex_matcher_destroy(&one);
    sigma_matcher_destroy(&m);
    sigma_rules_free(&rules);
    buf_fini(&text);
}

static void test_prefilter_is_like_pcre2(void **state) {
    (void)state;
    assert_like_pcre2("", 0);
    assert_like_pcre2("|i", SIGMA_RE_CASELESS);
}

static const struct sigma_slot_cost *find_slot(const struct sigma_profile *p, const char *name) {
    for (size_t i = 0; i < p->slot_count; i++) {
        if (str_eq(p->slots[i].name, str_from_c(name))) {
            return &p->slots[i];
        }
    }
    fail_msg("no field %s", name);
    return NULL;
}

static void test_profile_counts(void **state) {
    (void)state;
    struct sigma_rules *rules = load_text(
        "title: a\nid: a\nlogsource:\n  product: windows\n  service: security\ndetection:\n"
        "  s:\n    User: bob\n    Image|endswith: '\\cmd.exe'\n  condition: s\n---\n"
        "title: b\nid: b\nlogsource:\n  product: windows\n  service: system\ndetection:\n"
        "  s:\n    Service|contains: evil\n  condition: s\n");
    struct sigma_matcher *m = sigma_matcher_create(rules);
    struct sigma_profile *p = sigma_matcher_profile(m);
    const struct sigma_event_value events[][4] = {
        {value("Channel", STR("Security")), value("User", STR("Bob")),
         value("Image", STR("C:\\CMD.EXE")), value("Service", STR("evil"))},
        {value("Channel", STR("System")), value("User", STR("Bob")),
         value("Image", STR("C:\\cmd.exe")), value("Service", STR("an EVIL one"))}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(match(m, events[0], 4), 1);
        assert_int_equal(match(m, events[1], 4), 1);
    }
    assert_ptr_equal(p, sigma_matcher_profile(m));
    assert_int_equal(p->rule_count, 2);
    assert_int_equal(p->rules[0].hits, 3);
    assert_int_equal(p->rules[0].candidates, 3);
    assert_int_equal(p->rules[1].hits, 3);
    /* a rule of the other channel asks for the field: its values are not looked at here */
    assert_int_equal(find_slot(p, "User")->values, 3);
    assert_int_equal(find_slot(p, "User")->scanned, 1);
    assert_int_equal(find_slot(p, "User")->bytes, 3);
    assert_int_equal(find_slot(p, "Service")->values, 3);
    sigma_matcher_destroy(&m);
    sigma_rules_free(&rules);
}

static size_t match_in(struct sigma_matcher *m, const char *channel, struct str text) {
    const struct sigma_event_value values[] = {value("Channel", str_from_c(channel)),
                                               value("EventID", STR("1")), value("Data", text)};
    return match(m, values, 3);
}

/* Each kind of events meets its own keywords; the memory of values keeps them apart. */
static void test_keywords_of_few_rules(void **state) {
    (void)state;
    struct sigma_rules *rules = load_text(
        "title: a\nid: a\nlogsource:\n  product: windows\ndetection:\n"
        "  k: ['alpha::one', 'alpha::two', 'beta one', 'beta two', 'gamma*end']\n  condition: k\n"
        "---\n"
        "title: b\nid: b\nlogsource: {product: windows, service: application}\ndetection:\n"
        "  k:\n    '|re': '^zz[0-9]+$'\n  l: ['needle']\n  condition: k or l\n"
        "---\n"
        "title: c\nid: c\nlogsource: {product: linux}\ndetection:\n"
        "  k: [w01, w02, w03, w04, w05, w06, w07, w08, w09, w10, w11, w12, w13, w14, w15, w16]\n"
        "  condition: k\n");
    static const struct {
        const char *text;
        size_t in_security, in_application;
    } cases[] = {{"xx Alpha::One yy", 1, 1},
                 {"zz12", 0, 1},
                 {"alpha::two needle", 1, 2},
                 {"w07", 0, 0},
                 {"GAMMA x end", 1, 1},
                 {"needle", 0, 1},
                 {"end gamma", 0, 0},
                 {"beta  one", 0, 0},
                 {"", 0, 0}};
    struct sigma_matcher *m = sigma_matcher_create(rules);
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct str text = str_from_c(cases[i].text);
            assert_int_equal(match_in(m, "Security", text), cases[i].in_security);
            assert_int_equal(match_in(m, "Application", text), cases[i].in_application);
        }
    }
    sigma_matcher_destroy(&m);
    sigma_rules_free(&rules);
}

/* More tests than one thread compiles: what two make is what one would. */
static void test_many_rules(void **state) {
    (void)state;
    enum { RULES = 3000 };
    struct buf text = BUF_INIT;
    for (int i = 0; i < RULES; i++) {
        buf_printf(&text,
                   "---\ntitle: r\nid: r%04d\nlogsource:\n  category: x\ndetection:\n  s:\n"
                   "    F%d|contains: 'word %04d!'\n    G%d|re: 'x%dy+'\n  condition: 1 of s\n",
                   i, i % 7, i, i % 5, i);
    }
    buf_putc(&text, '\0');
    struct sigma_rules *rules = load_text(text.ptr);
    struct sigma_matcher *m = sigma_matcher_create(rules);
    assert_int_equal(sigma_rules_count(rules), RULES);
    for (int i = 0; i < RULES; i += 37) {
        char f[8], g[8], word[32], letters[32];
        (void)snprintf(f, sizeof f, "F%d", i % 7);
        (void)snprintf(g, sizeof g, "G%d", i % 5);
        (void)snprintf(word, sizeof word, "a Word %04d! b", i);
        (void)snprintf(letters, sizeof letters, "-x%dyyy", i);
        const struct sigma_event_value both[] = {value(f, str_from_c(word)),
                                                 value(g, str_from_c(letters))};
        assert_int_equal(match(m, both, 2), 1);
        assert_int_equal(match(m, both, 1), 0);
    }
    sigma_matcher_destroy(&m);
    sigma_rules_free(&rules);
    buf_fini(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_repeat_is_no_limit),
        cmocka_unit_test(test_limits_name_the_rule),
        cmocka_unit_test(test_select),
        cmocka_unit_test(test_profile_counts),
        cmocka_unit_test(test_prefilter_is_like_pcre2),
        cmocka_unit_test(test_keywords_of_few_rules),
        cmocka_unit_test(test_many_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
