#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "batch.h"
#include "civil.h"
#include "err.h"
#include "ip.h"
#include "num.h"
#include "substring.h"

static void civil_round_trip(void **state) {
    (void)state;
    static const char *const times[] = {
        "1970-01-01T00:00:00.000000000Z", "2000-02-29T23:59:59.999999999Z",
        "1969-12-31T23:59:59.500000000Z", "2026-11-21T10:00:00.123456789Z"};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        int64_t ns;
        bool zone;
        char text[CIVIL_RFC3339_BYTES];
        assert_true(civil_parse_rfc3339(&ns, &zone, str_from_c(times[i])));
        assert_true(zone);
        assert_int_equal(civil_format_rfc3339(text, ns), CIVIL_RFC3339_BYTES);
        assert_memory_equal(text, times[i], CIVIL_RFC3339_BYTES);
    }
}

static void civil_refuses_impossible_dates(void **state) {
    (void)state;
    static const char *const bad[] = {
        "2026-02-29", "2026-13-01", "2026-01-01T25:00:00Z", "2026-01-01T10:00:00+0", "",
        "2026-1-1",   "9999-01-01"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ns;
        bool zone;
        assert_false(civil_parse_rfc3339(&ns, &zone, str_from_c(bad[i])));
    }
}

static void numbers_check_their_range(void **state) {
    (void)state;
    uint64_t u;
    int64_t i;
    assert_true(num_parse_u64(&u, STR("18446744073709551615")));
    assert_false(num_parse_u64(&u, STR("18446744073709551616")));
    assert_true(num_parse_i64(&i, STR("-9223372036854775808")));
    assert_true(i == INT64_MIN);
    assert_false(num_parse_i64(&i, STR("9223372036854775808")));
    assert_true(num_parse_size(&u, STR("10k")));
    assert_int_equal(u, 10240);
    assert_true(num_parse_duration(&i, STR("90d")));
    assert_true(i == 90 * NS_PER_DAY);
    assert_false(num_parse_duration(&i, STR("5 parsecs")));
}

static void lower_case_names_are_one_at_any_length(void **state) {
    (void)state;
    struct intern names = INTERN_INIT;
    assert_int_equal(intern_find_lower(&names, STR("a")), INTERN_NONE);
    char text[600];
    memset(text, 'A', sizeof text);
    static const size_t lengths[] = {0, 1, 255, 256, 257, 600};
    for (uint32_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct str upper = str_make(text, lengths[i]);
        assert_int_equal(intern_add_lower(&names, upper), i);
        assert_int_equal(intern_find_lower(&names, upper), i);
        assert_int_equal(intern_add_lower(&names, intern_text(&names, i)), i);
        assert_true(lengths[i] == 0 || intern_text(&names, i).ptr[lengths[i] - 1] == 'a');
    }
    intern_fini(&names);
}

static void networks_hold_their_addresses(void **state) {
    (void)state;
    struct ip_network network;
    struct ip address;
    assert_true(ip_network_parse(&network, STR("10.20.0.0/15")));
    assert_true(ip_parse(&address, STR("10.21.255.255")));
    assert_true(ip_network_has(&network, &address));
    assert_true(ip_parse(&address, STR("::ffff:10.22.0.0")));
    assert_false(ip_network_has(&network, &address));
    assert_false(ip_parse(&address, STR("10.1.2.256")));
    assert_false(ip_parse(&address, STR("10.1.2")));
    assert_false(ip_network_parse(&network, STR("10.0.0.0/33")));
    assert_true(ip_network_parse(&network, STR("::/0")));
    assert_false(ip_network_has(&network, &address)); /* IPv4 is kept as ::ffff:0:0/96 */
    assert_true(ip_parse(&address, STR("2001:db8::1")));
    assert_true(ip_network_has(&network, &address));
    assert_true(ip_network_parse(&network, STR("0.0.0.0/0")));
    assert_false(ip_network_has(&network, &address));
}

/* File names and values of others stand in messages; they must not steer the terminal. */
static void messages_are_harmless(void **state) {
    (void)state;
    struct err err = ERR_INIT;
    (void)err_set(&err, STATUS_BAD_INPUT, "%s: no", "a\x1b[2J\x7f\u202e\u2066\xc2\x9b漢é\n\xe2");
    assert_string_equal(err.message, "a?[2J?????????漢é\n\xe2: no");
    (void)err_wrap(&err, STATUS_BAD_INPUT, "%s", "\x07");
    assert_string_equal(err.message, "?: a?[2J?????????漢é\n\xe2: no");
}

static void batch_keeps_slices_and_texts(void **state) {
    (void)state;
    struct batch b;
    batch_init(&b);
    buf_add(&b.raw, STR("user=k\\u00e9n port=22\n"));
    struct row *row = batch_row_begin(&b, 0, b.raw.len);
    row->source = intern_add(&b.names, STR("fw01"));
    struct str raw = batch_raw(&b, row);
    batch_add_decoded(&b, FIELD_USER_NAME, STR("k\u00e9n"), str_make(raw.ptr + 5, 8),
                      TRANSFORM_JSON);
    batch_add(&b, FIELD_SOURCE_PORT, str_make(raw.ptr + 19, 2));
    batch_add_constant(&b, FIELD_EVENT_OUTCOME, "success");
    struct str out;
    assert_true(batch_find(&out, &b, batch_row(&b), FIELD_SOURCE_PORT));
    assert_true(str_eq(out, STR("22")));
    assert_true(batch_find(&out, &b, batch_row(&b), FIELD_USER_NAME));
    assert_true(str_eq(out, STR("k\u00e9n")));
    assert_false(batch_find(&out, &b, batch_row(&b), FIELD_URL_FULL));

    struct batch copy;
    batch_init(&copy);
    batch_copy_row(&copy, &b, batch_row(&b), true);
    struct value *v = &copy.values[0];
    assert_true(str_eq(batch_value_slice(&copy, v), STR("k\\u00e9n")));
    assert_true(str_eq(batch_raw(&copy, batch_row(&copy)), raw));
    batch_fini(&copy);
    batch_fini(&b);
}

/* The same place as by a look at each, whatever stands around it. */
static void substrings_are_found(void **state) {
    (void)state;
    static const char letters[] = "abA-1k";
    char text[120];
    uint64_t r = 5;
    unsigned found = 0;
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)(r >> 33) % sizeof text;
        for (size_t i = 0; i <= len; i++) { /* one more: r must go on */
            r = r * UINT64_C(6364136223846793005) + 1442695040888963407;
            text[i] = letters[(r >> 33) % 6];
        }
        size_t start = len == 0 ? 0 : (size_t)(r >> 40) % len;
        char needle[8] = "b";
        size_t needle_len = 1 + (size_t)(r >> 20) % sizeof needle;
        bool ignores_case = round % 2 == 0;
        for (size_t i = 0; i < needle_len; i++) {
            char c = start + i < len ? text[start + i] : 'k';
            needle[i] = ignores_case ? ascii_lower(c) : c;
        }
        struct substring s = substring_make(str_make(needle, needle_len), ignores_case);
        const char *hit = substring_find(&s, str_make(text, len));
        assert_ptr_equal(hit, substring_find_scalar(&s, str_make(text, len)));
        found += hit != NULL;
    }
    assert_in_range(found, 10000, 19999);
}

static bool fits(const char *text, const char *pattern) {
    return str_fits(str_from_c(text), str_from_c(pattern));
}

static void patterns_fit_whole_texts(void **state) {
    (void)state;
    assert_true(fits("", "") && fits("", "*") && fits("", "**") && !fits("", "?"));
    assert_true(fits("Abc", "aBC") && !fits("abc", "ab") && !fits("ab", "abc"));
    assert_true(fits("abcabd", "*abd") && fits("aXbXc", "a*b*c") && !fits("aXb", "a*c"));
    assert_true(fits("C:\\x\\y", "c:\\*\\?")); /* a backslash is one */
    assert_true(fits("日本", "??") && !fits("日本", "?") && fits("日本", "日*"));
    assert_true(fits("a*", "a*") && !fits("b", "a*"));
    assert_true(fits("a\nb", "a?b") && fits("aab", "*ab"));
}

static void words_and_characters(void **state) {
    (void)state;
    assert_true(str_is_word_of(STR("high"), " low  high\tcritical"));
    assert_true(!str_is_word_of(STR("hig"), "high") && !str_is_word_of(STR("high"), "higher"));
    assert_true(!str_is_word_of(STR(""), "a b") && !str_is_word_of(STR("a"), ""));
    assert_int_equal(str_characters(STR("日本x")), 3);
    assert_int_equal(str_characters(STR_EMPTY), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_fit_whole_texts),
        cmocka_unit_test(words_and_characters),
        cmocka_unit_test(civil_round_trip),
        cmocka_unit_test(civil_refuses_impossible_dates),
        cmocka_unit_test(numbers_check_their_range),
        cmocka_unit_test(lower_case_names_are_one_at_any_length),
        cmocka_unit_test(networks_hold_their_addresses),
        cmocka_unit_test(messages_are_harmless),
        cmocka_unit_test(substrings_are_found),
        cmocka_unit_test(batch_keeps_slices_and_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
