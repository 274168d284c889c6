/* Predicates on values and on search text: every test, its corner cases, and the facts the store
 * prunes by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "expr_build.h"
#include "mem.h"
#include "token.h"
#include "wildcard.h"

static struct expr *make(struct expr_set *set, struct expr_leaf_spec spec) {
    struct expr *e = NULL;
    struct err err = ERR_INIT;
    if (expr_make_leaf(&e, set, &spec, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    return e;
}

static bool matches(struct expr_leaf_spec spec, const char *value, enum field_type type) {
    struct expr_set *set = expr_set_create();
    struct expr *e = make(set, spec);
    struct expr_scratch *scratch = expr_scratch_create(e);
    bool result = expr_leaf_match_value(e, str_from_c(value), type, scratch);
    expr_scratch_destroy(&scratch);
    expr_set_destroy(&set);
    return result;
}

static struct expr_leaf_spec field(enum expr_test test, const char *value) {
    return (struct expr_leaf_spec){.field = STR("x"), .test = test, .value = str_from_c(value)};
}

static struct expr_leaf_spec text(enum expr_test test, const char *value) {
    return (struct expr_leaf_spec){.on_text = true, .test = test, .value = str_from_c(value)};
}

static struct expr_leaf_spec range(const char *low, bool low_in, const char *high, bool high_in) {
    struct expr_leaf_spec spec = {.field = STR("x"), .test = EXPR_RANGE};
    if (low != NULL) {
        spec.low = (struct expr_bound){true, low_in, str_from_c(low)};
    }
    if (high != NULL) {
        spec.high = (struct expr_bound){true, high_in, str_from_c(high)};
    }
    return spec;
}

static void equals(void **state) {
    (void)state;
    assert_true(matches(field(EXPR_EQUALS, "Alice"), "ALICE", FIELD_TYPE_KEYWORD));
    assert_true(matches(field(EXPR_EQUALS, "alice"), "ＡＬＩＣＥ", FIELD_TYPE_KEYWORD));
    assert_false(matches(field(EXPR_EQUALS, "alice"), "alice2", FIELD_TYPE_KEYWORD));
    assert_true(matches(field(EXPR_EQUALS, ""), "", FIELD_TYPE_KEYWORD));
    assert_true(matches(field(EXPR_EQUALS, "80"), "080", FIELD_TYPE_LONG));
    assert_false(matches(field(EXPR_EQUALS, "80"), "080", FIELD_TYPE_KEYWORD));
    assert_false(matches(field(EXPR_EQUALS, "1.5"), "1", FIELD_TYPE_LONG));
    assert_true(matches(field(EXPR_EQUALS, "1.50"), "1.5", FIELD_TYPE_DOUBLE));
    assert_true(matches(field(EXPR_EQUALS, "2001:DB8::1"), "2001:db8:0:0::1", FIELD_TYPE_IP));
    assert_true(matches(field(EXPR_EQUALS, "10.0.0.1"), "::ffff:10.0.0.1", FIELD_TYPE_KEYWORD));
    assert_false(
        matches(field(EXPR_EQUALS, "9007199254740993"), "9007199254740992", FIELD_TYPE_LONG));
}

static void wildcards(void **state) {
    (void)state;
    assert_true(matches(field(EXPR_WILDCARD, "*.EXE"), "a.exe", FIELD_TYPE_KEYWORD));
    assert_true(matches(field(EXPR_WILDCARD, "a?c"), "a漢c", FIELD_TYPE_KEYWORD));
    assert_false(matches(field(EXPR_WILDCARD, "a?c"), "ac", FIELD_TYPE_KEYWORD));
    assert_true(matches(field(EXPR_WILDCARD, "a*b*c"), "a-b-b-c", FIELD_TYPE_KEYWORD));
    assert_false(matches(field(EXPR_WILDCARD, "ab*ba"), "aba", FIELD_TYPE_KEYWORD));
    assert_true(matches(field(EXPR_WILDCARD, "*?"), "x", FIELD_TYPE_KEYWORD));
    assert_false(matches(field(EXPR_WILDCARD, "?*?"), "x", FIELD_TYPE_KEYWORD));
    assert_true(matches(field(EXPR_WILDCARD, "\\*x*"), "*xy", FIELD_TYPE_KEYWORD));
    assert_false(matches(field(EXPR_WILDCARD, "\\*x*"), "axy", FIELD_TYPE_KEYWORD));
    assert_true(matches(field(EXPR_WILDCARD, "*拒?"), "接続拒否", FIELD_TYPE_KEYWORD));
}

/* All short patterns against all short texts, compared with the definition. */
static bool slow_match(const char *p, const char *t) {
    if (*p == '\0') {
        return *t == '\0';
    }
    if (*p == '*') {
        return slow_match(p + 1, t) || (*t != '\0' && slow_match(p, t + 1));
    }
    return *t != '\0' && (*p == '?' || *p == *t) && slow_match(p + 1, t + 1);
}

static void fill(char *out, unsigned number, unsigned base, const char *letters) {
    size_t at = 0;
    for (; number > 0; number /= base) {
        out[at++] = letters[number % base];
    }
    out[at] = '\0';
}

static void wildcards_equal_their_definition(void **state) {
    (void)state;
    struct arena arena = ARENA_INIT;
    for (unsigned i = 0; i < 4 * 4 * 4 * 4 * 4; i++) {
        char pattern[16];
        fill(pattern, i, 4, "ab*?");
        struct wildcard compiled;
        wildcard_compile(&compiled, &arena, wildcard_fold_pattern(&arena, str_from_c(pattern)));
        for (unsigned k = 0; k < 64; k++) {
            char subject[16];
            fill(subject, k, 2, "ab");
            if (wildcard_match(&compiled, str_from_c(subject)) != slow_match(pattern, subject)) {
                fail_msg("%s on %s", pattern, subject);
            }
        }
        arena_reset(&arena);
    }
    arena_fini(&arena);
}

static void words_in_text(void **state) {
    (void)state;
    assert_true(matches(text(EXPR_WORDS, "failed password"), "x Failed  PASSWORD for", 0));
    assert_false(matches(text(EXPR_WORDS, "failed password"), "failed the password", 0));
    assert_false(matches(text(EXPR_WORDS, "fail"), "failed", 0));
    assert_true(matches(text(EXPR_WORDS, "10.1.2.3"), "src=10.1.2.3,", 0));
    assert_false(matches(text(EXPR_WORDS, "10.1.2.3"), "src=110.1.2.3", 0));
    assert_true(matches(text(EXPR_WORDS, "a a b"), "a a a b", 0));
    assert_true(matches(text(EXPR_WILDCARD, "adm*"), "user=admin2", 0));
    assert_false(matches(text(EXPR_WILDCARD, "adm*"), "xadmin", 0));
    assert_true(matches(text(EXPR_WILDCARD, "*.exe"), "run c:\\a.exe now", 0));
    assert_false(matches(text(EXPR_WILDCARD, "*.exe"), "a.exe2", 0));
    assert_true(matches(text(EXPR_WILDCARD, "10.1.*"), "from 10.1.9.9", 0));
    assert_true(matches(text(EXPR_WILDCARD, "a?c-x*"), "abc-xyz", 0));
    assert_true(matches(text(EXPR_WILDCARD, "マル*ア"), "新しいマルウェア", 0) == false);
    assert_true(matches(text(EXPR_WILDCARD, "*マル*ア"), "新しいマルウェア", 0));
}

static void ranges(void **state) {
    (void)state;
    assert_true(matches(range("10", true, "20", false), "10", FIELD_TYPE_LONG));
    assert_false(matches(range("10", false, "20", false), "10", FIELD_TYPE_LONG));
    assert_false(matches(range("10", true, "20", false), "20", FIELD_TYPE_LONG));
    assert_true(matches(range("9", true, NULL, false), "10", FIELD_TYPE_KEYWORD));
    assert_false(matches(range("9", true, NULL, false), "abc", FIELD_TYPE_KEYWORD));
    assert_true(matches(range("a", true, "c", true), "B", FIELD_TYPE_KEYWORD));
    assert_true(matches(range("10.0.0.5", true, "10.0.0.9", true), "10.0.0.7", FIELD_TYPE_IP));
    assert_false(matches(range("10.0.0.5", true, "10.0.0.9", true), "10.0.0.10", FIELD_TYPE_IP));
    assert_true(matches(range("1kB", true, NULL, false), "1024", FIELD_TYPE_LONG));
    assert_true(matches(range("2026-01-01", true, "2026-01-02T00:00:00Z", false),
                        "2026-01-01T23:59:59.999999999Z", FIELD_TYPE_TIME));
    assert_true(matches(range("-5", true, "-1", true), "-3.5", FIELD_TYPE_DOUBLE));
}

static void networks(void **state) {
    (void)state;
    assert_true(matches(field(EXPR_CIDR, "10.0.0.0/8"), "10.255.0.1", FIELD_TYPE_IP));
    assert_false(matches(field(EXPR_CIDR, "10.0.0.0/8"), "11.0.0.1", FIELD_TYPE_IP));
    assert_false(matches(field(EXPR_CIDR, "10.0.0.0/8"), "host", FIELD_TYPE_IP));
    assert_true(matches(field(EXPR_CIDR, "fc00::/7"), "fd12::1", FIELD_TYPE_IP));
    assert_true(matches(field(EXPR_CIDR, "0.0.0.0/0"), "1.2.3.4", FIELD_TYPE_IP));
    struct expr_set *set = expr_set_create();
    struct expr *e = NULL;
    struct err err = ERR_INIT;
    struct expr_leaf_spec bad = field(EXPR_CIDR, "10.0.0.0/33");
    assert_int_equal(expr_make_leaf(&e, set, &bad, &err), STATUS_BAD_INPUT);
    expr_set_destroy(&set);
}

static void regexes(void **state) {
    (void)state;
    assert_true(matches(field(EXPR_REGEX, "^ab+$"), "abbb", FIELD_TYPE_KEYWORD));
    assert_false(matches(field(EXPR_REGEX, "AB"), "abbb", FIELD_TYPE_KEYWORD));
    assert_true(matches(field(EXPR_REGEX, "拒否"), "接続拒否", FIELD_TYPE_KEYWORD));
    assert_true(matches(field(EXPR_REGEX, "x.z"), "\xff x\xe3\x81\x82z", FIELD_TYPE_KEYWORD));
}

/* A catastrophic pattern is given up and counted; it never hangs. */
static void regexes_give_up(void **state) {
    (void)state;
    char subject[64];
    memset(subject, 'a', sizeof subject - 1);
    subject[sizeof subject - 2] = '!';
    subject[sizeof subject - 1] = '\0';
    uint64_t before = expr_regex_given_up();
    assert_false(matches(field(EXPR_REGEX, "^(a+)+$(?<=b)"), subject, FIELD_TYPE_KEYWORD));
    assert_true(expr_regex_given_up() >= before);
    assert_false(matches(field(EXPR_REGEX, "^(a|aa|a?b)*\\1c$"), subject, FIELD_TYPE_KEYWORD));
    assert_true(expr_regex_given_up() > before);
}

/* --- facts --- */

static void expect_tokens(struct expr_leaf_spec spec, const char *joined) {
    struct expr_set *set = expr_set_create();
    struct expr *e = make(set, spec);
    const struct str *tokens;
    size_t count = expr_leaf_tokens(e, &tokens);
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        buf_add(&out, tokens[i]);
        buf_putc(&out, '|');
    }
    assert_true(str_eq(buf_str(&out), str_from_c(joined)));
    buf_fini(&out);
    expr_set_destroy(&set);
}

static void gives_necessary_tokens(void **state) {
    (void)state;
    expect_tokens(text(EXPR_WORDS, "Failed PASSWORD"), "failed|password|");
    expect_tokens(text(EXPR_WORDS, "拒否x"), "拒|否|x|");
    expect_tokens(text(EXPR_WILDCARD, "user=adm*"), "user|");
    expect_tokens(text(EXPR_REGEX, "abc"), "");
    expect_tokens(field(EXPR_EQUALS, "Alice-1"), "alice|1|");
    expect_tokens(field(EXPR_EQUALS, "2001:db8::1"), ""); /* several spellings */
    expect_tokens(field(EXPR_EQUALS, "請求書"), "");      /* may be encoded in the raw text */
    struct expr_leaf_spec port = field(EXPR_EQUALS, "80");
    port.field = STR("destination.port");
    expect_tokens(port, ""); /* 80 = 080 */
    struct expr_leaf_spec ip = field(EXPR_EQUALS, "10.0.0.1");
    ip.field = STR("source.ip");
    expect_tokens(ip, "10|0|0|1|");
}

static void narrows_time(void **state) {
    (void)state;
    struct expr_set *set = expr_set_create();
    struct expr_leaf_spec spec = range("2026-01-01T00:00:00Z", true, "2026-01-02T00:00:00Z", true);
    spec.field = STR("@timestamp");
    struct expr *both[2] = {make(set, spec), make(set, text(EXPR_WORDS, "x"))};
    int64_t from = INT64_MIN;
    int64_t to = INT64_MAX;
    expr_time_bounds(expr_make_group(set, EXPR_AND, both, 2), &from, &to);
    assert_int_equal(to - from, NS_PER_DAY + 1);
    from = INT64_MIN;
    expr_time_bounds(expr_make_group(set, EXPR_OR, both, 2), &from, &to);
    assert_true(from == INT64_MIN);
    expr_time_bounds(expr_make_not(set, both[0]), &from, &to);
    assert_true(from == INT64_MIN);
    expr_set_destroy(&set);
}

static void asks_for_derived(void **state) {
    (void)state;
    struct expr_set *set = expr_set_create();
    struct expr_leaf_spec spec = field(EXPR_EQUALS, "derived");
    spec.field = STR("event.kind");
    struct expr *e = make(set, spec);
    assert_true(expr_wants_derived(e));
    assert_false(expr_wants_derived(expr_make_not(set, e)));
    assert_true(expr_wants_derived(expr_make_not(set, expr_make_not(set, e))));
    spec.value = STR("event");
    assert_false(expr_wants_derived(make(set, spec)));
    expr_set_destroy(&set);
}

static void selects_fields_by_pattern(void **state) {
    (void)state;
    struct expr_set *set = expr_set_create();
    struct expr_leaf_spec spec = field(EXPR_EXISTS, "");
    spec.field = STR("WINLOG.event_data.*");
    struct expr *e = make(set, spec);
    uint32_t id = schema_field(STR("winlog.event_data.TargetUserName"));
    assert_true(expr_leaf_field(e) == FIELD_NONE);
    assert_true(expr_leaf_selects(e, id, schema_name(id)));
    assert_false(expr_leaf_selects(e, FIELD_USER_NAME, STR("user.name")));
    spec.field = STR("User.Name");
    assert_int_equal(expr_leaf_field(make(set, spec)), FIELD_USER_NAME);
    expr_set_destroy(&set);
}

/* --- many values at once --- */

static const char *const listed[] = {"80",
                                     "080",
                                     "80.0",
                                     "5.5",
                                     "-0",
                                     "0",
                                     "10MB",
                                     "1e3",
                                     "alice",
                                     "ALICE",
                                     "",
                                     "stra\xc3\x9f"
                                     "e",
                                     "10.1.2.3",
                                     "::1",
                                     "2001:DB8::1",
                                     "2001:db8:0::1",
                                     "::ffff:a01:203",
                                     "[::1]",
                                     "fe80::1%eth0",
                                     "007",
                                     "true",
                                     "2026-11-21T10:00:00Z",
                                     "2026-11-21T19:00:00+09:00",
                                     "9223372036854775807",
                                     "abc",
                                     "\xef\xbc\x91\xef\xbc\x92"};
static const char *const values[] = {"80",
                                     "080",
                                     "80.0",
                                     "80.00",
                                     "5.5",
                                     "5.50",
                                     "-0.0",
                                     "0",
                                     "0.0",
                                     "10485760",
                                     "10mb",
                                     "1000",
                                     "alice",
                                     "aLiCe",
                                     "",
                                     "STRASSE",
                                     "10.1.2.3",
                                     "::ffff:10.1.2.3",
                                     "::ffff:a01:203",
                                     "::1",
                                     "0:0:0:0:0:0:0:1",
                                     "2001:db8::1",
                                     "fe80::1",
                                     "7",
                                     "007",
                                     "TRUE",
                                     "2026-11-21T10:00:00.000Z",
                                     "2026-11-21T19:00:00+09:00",
                                     "9223372036854775807",
                                     "9223372036854775808",
                                     "ABC",
                                     "abcd",
                                     "12",
                                     "x"};

enum { LISTED = sizeof listed / sizeof *listed, PICKED = 9 };

/* The leaf that many become says what they say one by one, whichever they are. */
static void many_values_are_any_of_them(void **state) {
    (void)state;
    uint32_t dice = 7;
    for (int round = 0; round < 200; round++) {
        struct expr_set *set = expr_set_create();
        struct expr *leaves[PICKED];
        for (size_t i = 0; i < PICKED; i++) {
            dice = dice * 1664525 + 1013904223;
            leaves[i] = make(set, field(EXPR_EQUALS, listed[(dice >> 16) % LISTED]));
        }
        struct expr *all = expr_make_group(set, EXPR_OR, leaves, PICKED);
        assert_int_equal(all->op, EXPR_FIELD);
        assert_int_equal(expr_leaf_member_count(all), PICKED);
        struct expr_scratch *scratch = expr_scratch_create(all);
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            for (int type = FIELD_TYPE_KEYWORD; type <= FIELD_TYPE_BOOL; type++) {
                bool any = false;
                for (size_t i = 0; i < PICKED; i++) {
                    any |= expr_leaf_match_value(leaves[i], str_from_c(values[v]),
                                                 (enum field_type)type, scratch);
                }
                assert_int_equal(any, expr_leaf_match_value(all, str_from_c(values[v]),
                                                            (enum field_type)type, scratch));
            }
        }
        expr_scratch_destroy(&scratch);
        expr_set_destroy(&set);
    }
}

/* Two fields, one of them in few leaves, and a nested group. */
static void values_are_gathered_by_field(void **state) {
    (void)state;
    struct expr_set *set = expr_set_create();
    struct expr *leaves[2 * PICKED];
    for (size_t i = 0; i < PICKED; i++) {
        struct expr_leaf_spec other = field(EXPR_EQUALS, listed[i]);
        other.field = STR("y");
        leaves[2 * i] = make(set, field(EXPR_EQUALS, listed[i]));
        leaves[2 * i + 1] = make(set, i < 2 ? other : field(EXPR_WILDCARD, "a*"));
    }
    struct expr *inner = expr_make_group(set, EXPR_OR, leaves, PICKED);
    struct expr *pair[] = {inner, expr_make_group(set, EXPR_OR, leaves + PICKED, PICKED)};
    struct expr *all = expr_make_group(set, EXPR_OR, pair, 2);
    assert_int_equal(all->op, EXPR_OR);
    assert_int_equal(all->child_count, 1 + PICKED);
    assert_int_equal(expr_leaf_member_count(all->children[0]), PICKED);
    int64_t low;
    int64_t high;
    assert_true(expr_leaf_listed_integers(all->children[0], FIELD_TYPE_LONG, &low, &high));
    assert_true(expr_leaf_has_integer(all->children[0], 80));
    assert_true(expr_leaf_has_integer(all->children[0], 1000));
    assert_false(expr_leaf_has_integer(all->children[0], 81));
    struct expr *both = expr_make_group(set, EXPR_AND, leaves, 2 * PICKED);
    assert_int_equal(both->child_count, 2 * PICKED);
    expr_set_destroy(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_values_are_any_of_them),
        cmocka_unit_test(values_are_gathered_by_field),
        cmocka_unit_test(equals),
        cmocka_unit_test(wildcards),
        cmocka_unit_test(wildcards_equal_their_definition),
        cmocka_unit_test(words_in_text),
        cmocka_unit_test(ranges),
        cmocka_unit_test(networks),
        cmocka_unit_test(regexes),
        cmocka_unit_test(regexes_give_up),
        cmocka_unit_test(gives_necessary_tokens),
        cmocka_unit_test(narrows_time),
        cmocka_unit_test(asks_for_derived),
        cmocka_unit_test(selects_fields_by_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
