/* Formulas of templates, and instants as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "formula.h"

/* 2026-03-01T15:00:04.391600352Z = 2026-03-02 00:00:04 in Tokyo */
static const int64_t instant = INT64_C(1772377204391600352);

static void print_time(struct buf *out, const char *pattern, int32_t zone, int64_t ns,
                       struct time_cache *cache) {
    buf_clear(out);
    time_text_print(out, str_from_c(pattern), zone, ns, cache);
    buf_putc(out, '\0');
}

static void test_time_print(void **state) {
    (void)state;
    static const struct {
        const char *pattern;
        int32_t zone;
        const char *text;
    } cases[] = {
        {"%Y-%m-%dT%H:%M:%S.%9Z", 0, "2026-03-01T15:00:04.391600352Z"},
        {"%Y-%m-%dT%H:%M:%S.%6%z", 32400, "2026-03-02T00:00:04.391600+09:00"},
        {"%d/%b/%Y:%H:%M:%S %Z", 32400, "02/Mar/2026:00:00:04 +0900"},
        {"%a %b %e %K:%M:%S %Y", 32400, "Mon Mar  2 0:00:04 2026"},
        {"%s%9", 32400, "1772377204391600352"},
        {"%s.%3", 0, "1772377204.391"},
        {"%y%m%d %j %L/%D %k", 32400, "260302 061 3/2  0"},
        {"%Z %z", -12600, "-0330 -03:30"},
        {"100%% %Q %", 0, "100% %Q %"},
        {"", 0, ""},
    };
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct time_cache cache = {.valid = false};
        for (int again = 0; again < 2; again++) { /* the second time from the cache */
            print_time(&out, cases[i].pattern, cases[i].zone, instant, &cache);
            assert_string_equal(out.ptr, cases[i].text);
        }
        print_time(&out, cases[i].pattern, cases[i].zone, instant, NULL);
        assert_string_equal(out.ptr, cases[i].text);
    }
    buf_fini(&out);
}

/* What a cache prints is what is printed without one. */
static void test_time_cache(void **state) {
    (void)state;
    static const char pattern[] = "%Y %j %b %e %a %K:%M:%S.%9 %3 %s";
    static const int64_t steps[] = {1, 999999999, -1, NS_PER_SECOND, -NS_PER_DAY, NS_PER_HOUR};
    struct time_cache cache = {.valid = false};
    struct buf with = BUF_INIT;
    struct buf without = BUF_INIT;
    int64_t ns = -3 * NS_PER_SECOND;
    for (unsigned i = 0; i < 4000; i++) {
        ns += steps[i % 6] + (int64_t)(i % 7) * 1234567;
        print_time(&with, pattern, 19800, ns, &cache);
        print_time(&without, pattern, 19800, ns, NULL);
        assert_string_equal(with.ptr, without.ptr);
    }
    static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, 0, -1};
    for (size_t i = 0; i < 5; i++) {
        print_time(&with, pattern, 86400, edges[i], &cache);
        print_time(&without, pattern, 86400, edges[i], NULL);
        assert_string_equal(with.ptr, without.ptr);
    }
    buf_fini(&with);
    buf_fini(&without);
}

static void test_time_learn(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *pattern; /* NULL: not this instant */
        int32_t zone;
    } cases[] = {
        {"2026-03-02T00:00:04.391600+09:00", "%Y-%m-%dT%H:%M:%S.%6%z", 32400},
        {"2026-03-01T15:00:04Z", "%Y-%m-%dT%H:%M:%SZ", 0},
        {"2026/03/02 00:00:04", "%Y/%m/%d %H:%M:%S", 32400},
        {"2026-3-2 0:00:04", "%Y-%L-%D %K:%M:%S", 32400},
        {"2026-03-01 11:30:04,391", "%Y-%m-%d %H:%M:%S,%3", -12600},
        {"02/Mar/2026:00:00:04 +0900", "%d/%b/%Y:%H:%M:%S %Z", 32400},
        {"02-Mar-2026 00:00:04.391", "%d-%b-%Y %H:%M:%S.%3", 32400},
        {"Mar  2 00:00:04", "%b %e %H:%M:%S", 32400},
        {"Mar 02 2026 00:00:04", "%b %d %Y %H:%M:%S", 32400},
        {"Mon Mar  2 00:00:04 2026", "%a %b %e %H:%M:%S %Y", 32400},
        {"2026-03-02", "%Y-%m-%d", 32400},
        {"00:00:04", "%H:%M:%S", 32400},
        {"1772377204391600352", "%s%9", 0},
        {"1772377204.391", "%s.%3", 0},
        {"1772377204", "%s", 0},
        {"1772377205", NULL, 0},
        {"2026-03-02T00:00:05+09:00", NULL, 0},
        {"2026-03-02T00:07:04", NULL, 0}, /* no zone is 7 minutes off */
        {"2026-03-02T00:00:04.392+09:00", NULL, 0},
        {"Tue Mar  2 00:00:04 2026", NULL, 0},
        {"2026-03-03", NULL, 0},
        {"2026-13-45 99:99:99", NULL, 0},
        {"hello world", NULL, 0},
        {"", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char pattern[TIME_PATTERN_BYTES];
        int32_t zone = -1;
        bool good = time_text_learn(pattern, &zone, str_from_c(cases[i].text), instant, 32400);
        assert_int_equal(good, cases[i].pattern != NULL);
        if (good) {
            assert_string_equal(pattern, cases[i].pattern);
            assert_int_equal(zone, cases[i].zone);
        }
    }
}

static void test_time_span(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t span;
    } cases[] = {
        {"2026-03-02T00:00:04.391600+09:00 fs02 smbd", 32},
        {"2026/03/02 8:38:54 0E88 PACKET", 18},
        {"2026-03-02 00:00:03.132 JST,", 23},
        {"Mar  2 00:00:20 web01", 15},
        {"Mar 02 2026 00:01:43 asa", 20},
        {"Mon Mar  2 01:00:39 2026 : Auth", 24},
        {"02/Mar/2026:00:01:09 +0900]", 26},
        {"00:00:04,", 8},
        {"Mar 2026", 0},
        {"Marching on", 0},
        {"20260302", 0},
        {"10.10.1.42:55883", 0},
        {"1.2", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(time_text_span(str_from_c(cases[i].text)), cases[i].span);
    }
}

static bool print(struct buf *out, const struct formula *f, const char *a, const char *b) {
    struct str operands[2] = {str_from_c(a), str_from_c(b)};
    buf_clear(out);
    bool good = formula_print(out, f, operands, instant, NULL);
    buf_putc(out, '\0');
    return good;
}

static void test_formula_print(void **state) {
    (void)state;
    static const struct {
        struct formula formula;
        const char *a;
        const char *b;
        const char *text; /* NULL: does not fit */
    } cases[] = {
        {{FORMULA_SAME, 1, {0}, 0, 0, STR_INIT("")}, "x y", "", "x y"},
        {{FORMULA_SCALE, 1, {0}, 9, 0, STR_INIT("")}, "60", "", "60000000000"},
        {{FORMULA_SCALE, 1, {0}, 9, 0, STR_INIT("")}, "0.25", "", "250000000"},
        {{FORMULA_SCALE, 1, {0}, 9, 0, STR_INIT("")}, "0", "", "0"},
        {{FORMULA_SCALE, 1, {0}, -3, 0, STR_INIT("")}, "5000", "", "5"},
        {{FORMULA_SCALE, 1, {0}, -3, 0, STR_INIT("")}, "5001", "", NULL},
        {{FORMULA_SCALE, 1, {0}, 9, 0, STR_INIT("")}, "99999999999", "", NULL},
        {{FORMULA_SCALE, 1, {0}, 0, 0, STR_INIT("")}, "1.2.3", "", NULL},
        {{FORMULA_SCALE, 1, {0}, 0, 0, STR_INIT("")}, "-1", "", NULL},
        {{FORMULA_TIME, 0, {0}, 0, 32400, STR_INIT("%H:%M:%S")}, "", "", "00:00:04"},
        {{FORMULA_START, 1, {0}, 9, 0, STR_INIT("%H:%M:%S.%3")}, "4.391", "", "15:00:00.000"},
        {{FORMULA_START, 1, {0}, 9, 0, STR_INIT("%H")}, "x", "", NULL},
        {{FORMULA_START, 1, {0}, 18, 0, STR_INIT("%H")}, "99", "", NULL},
        {{FORMULA_LOWER, 1, {0}, 0, 0, STR_INIT("")}, "TCP \xc3\x84", "", "tcp \xc3\x84"},
        {{FORMULA_UPPER, 1, {0}, 0, 0, STR_INIT("")}, "tcp", "", "TCP"},
        {{FORMULA_SUM, 2, {0, 1}, 0, 0, STR_INIT("")}, "7", "8", "15"},
        {{FORMULA_SUM, 2, {0, 1}, 0, 0, STR_INIT("")}, "18446744073709551615", "1", NULL},
        {{FORMULA_DIFFERENCE, 2, {0, 1}, 0, 0, STR_INIT("")}, "8", "7", "1"},
        {{FORMULA_DIFFERENCE, 2, {0, 1}, 0, 0, STR_INIT("")}, "7", "8", NULL},
        {{FORMULA_BEFORE, 1, {0}, '\\', 0, STR_INIT("")}, "corp\\bob", "", "corp"},
        {{FORMULA_AFTER, 1, {0}, '\\', 0, STR_INIT("")}, "corp\\bob", "", "bob"},
        {{FORMULA_AFTER, 1, {0}, '@', 0, STR_INIT("")}, "bob", "", NULL},
        {{FORMULA_JOIN, 2, {0, 1}, 0, 0, STR_INIT("http://\0:\0/")}, "h", "80", "http://h:80/"},
        {{FORMULA_JOIN, 1, {0}, 0, 0, STR_INIT("\0\0")}, "h", "", NULL},
        {{FORMULA_JOIN, 2, {0, 1}, 0, 0, STR_INIT("\0")}, "h", "x", NULL},
        {{FORMULA_JSON, 1, {0}, 0, 0, STR_INIT("")}, "C:\\\\a\\u0041", "", "C:\\aA"},
        {{FORMULA_JSON, 1, {0}, 0, 0, STR_INIT("")}, "bad\\q", "", NULL},
        {{FORMULA_XML, 1, {0}, 0, 0, STR_INIT("")}, "a&amp;b", "", "a&b"},
    };
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct formula f = cases[i].formula;
        bool good = print(&out, &f, cases[i].a, cases[i].b);
        assert_int_equal(good, cases[i].text != NULL);
        assert_string_equal(out.ptr, good ? cases[i].text : "");
        struct buf stored = BUF_INIT;
        formula_encode(&stored, &f);
        struct wire w = wire_make(stored.ptr, stored.len);
        struct formula again;
        assert_true(formula_decode(&again, &w));
        assert_int_equal(wire_left(&w), 0);
        assert_int_equal(print(&out, &again, cases[i].a, cases[i].b), good);
        assert_string_equal(out.ptr, good ? cases[i].text : "");
        for (size_t len = 0; len < stored.len; len++) { /* cut short */
            w = wire_make(stored.ptr, len);
            assert_false(formula_decode(&again, &w));
        }
        buf_fini(&stored);
    }
    buf_fini(&out);
}

static void test_formula_hostile(void **state) {
    (void)state;
    static const struct str stored[] = {
        STR_INIT("\0"),                           /* no kind */
        STR_INIT("\x7f"),                         /* unknown kind */
        STR_INIT("\x0b\x09"),                     /* too many operands */
        STR_INIT("\x02\x00\x7e"),                 /* scale beyond the limit */
        STR_INIT("\x03\xff\xff\xff\xff\x0f\x00"), /* zone beyond the limit */
        STR_INIT("\x03\x00\x05"
                 "%H"), /* pattern longer than what is there */
    };
    for (size_t i = 0; i < sizeof stored / sizeof *stored; i++) {
        struct wire w = wire_make(stored[i].ptr, stored[i].len);
        struct formula f;
        assert_false(formula_decode(&f, &w));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_print),    cmocka_unit_test(test_time_cache),
        cmocka_unit_test(test_time_learn),    cmocka_unit_test(test_time_span),
        cmocka_unit_test(test_formula_print), cmocka_unit_test(test_formula_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
