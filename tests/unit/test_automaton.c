/* Automata say the same as PCRE2, on texts in one piece and in several. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dfa.h"
#include "expr_build.h"

static struct expr *make(struct expr_set *set, const char *pattern, bool ignore_case) {
    struct err err = ERR_INIT;
    struct expr *leaf = NULL;
    struct expr_leaf_spec spec = {.on_text = true,
                                  .test = EXPR_REGEX,
                                  .value = str_from_c(pattern),
                                  .ignore_case = ignore_case};
    if (expr_make_leaf(&leaf, set, &spec, &err) != STATUS_OK) {
        fail_msg("%s: %s", pattern, err.message);
    }
    return leaf;
}

/* --- what is understood --- */

static void test_facts(void **state) {
    (void)state;
    static const struct {
        const char *pattern;
        bool ignore_case;
        bool is_known;
        bool is_exact;
        const char *literal;
        const char *words; /* each with a blank behind it */
    } cases[] = {
        {"a\\x20b", false, true, true, "a b", ""},
        {"x\\x3d\\x22User\\x22", false, true, true, "x=\"User\"", "user "},
        {"(?i)Time-Out", false, true, true, "time-out", ""},
        {"(?:ailed|rror) .{0,20}ser", false, true, true, "ser", ""},
        {"[0-9]{3} srcintf=.{3}rt1\\W", false, true, true, " srcintf=", "srcintf "},
        {"ogin[a-z]*\\.ph", false, true, true, "ogin", ""},
        {"ab?c+d", false, true, true, "a", ""},
        {"-one- two|x", false, true, true, "", ""},
        {"\\bword\\b", false, true, false, "word", ""},
        {"^abc$", false, true, false, "abc", ""},
        {"a(?=b)c", false, true, false, "ac", ""},
        {"a{2}b", false, true, true, "aab", ""},
        {"a{2,1000}b", false, true, false, "a", ""},
        {"", false, false, false, "", ""},
        {"a*", false, false, false, "", ""},
        {"(a)\\1", false, false, false, "", ""},
        {"\\Qabc", false, false, false, "", ""},
        {"\\p{Lu}abc", false, false, false, "", ""},
        {"[[:alpha:]]abc", false, false, false, "", ""},
        {"(?s)a.b", false, false, false, "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct expr_set *set = expr_set_create();
        struct expr *leaf = make(set, cases[i].pattern, cases[i].ignore_case);
        const struct automaton *a = expr_leaf_automaton(leaf);
        const struct str *tokens;
        char words[100] = "";
        size_t len = 0;
        for (size_t k = 0, count = expr_leaf_tokens(leaf, &tokens); k < count; k++) {
            len += (size_t)snprintf(words + len, sizeof words - len, "%.*s ", STR_ARG(tokens[k]));
        }
        print_message("%s\n", cases[i].pattern);
        assert_int_equal(a != NULL, cases[i].is_known);
        assert_string_equal(words, cases[i].words);
        if (a != NULL) {
            assert_int_equal(a->is_exact, cases[i].is_exact);
            assert_true(str_eq(a->literal, str_from_c(cases[i].literal)));
        }
        expr_set_destroy(&set);
    }
}

/* A pattern of more characters than an automaton has: what fits of it is known. */
static void test_long_pattern(void **state) {
    (void)state;
    char pattern[100];
    memset(pattern, 'x', sizeof pattern);
    pattern[sizeof pattern - 1] = '\0';
    struct expr_set *set = expr_set_create();
    const struct automaton *a = expr_leaf_automaton(make(set, pattern, false));
    assert_non_null(a);
    assert_false(a->is_exact);
    assert_int_equal(a->literal.len, AUTOMATON_POSITIONS);
    pattern[80] = '|';
    assert_null(expr_leaf_automaton(make(set, pattern, false)));
    pattern[80] = '(';
    pattern[98] = ')';
    assert_int_equal(expr_leaf_automaton(make(set, pattern, false))->literal.len, 64);
    expr_set_destroy(&set);
}

/* --- a small language of patterns and texts --- */

static uint32_t next(uint64_t *state, uint32_t limit) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % limit;
}

static void append_pattern(struct buf *out, uint64_t *r, int depth) {
    static const char *const items[] = {
        "a",       "b",   "ab",   "k",     "s",      "\\d",          "[ab]", "[^b]",
        ".",       "\\.", "-",    "1",     "\\x61",  "\\w",          "\\b",  "\\x2d",
        "\\s",     "\\W", "[^k]", "[j-l]", "[\\w-]", "\xe3\x81\x82", "[]a]", "\\n",
        "[^\\W1]", "^",   "$"};
    static const char *const suffixes[] = {"",   "",      "",    "",      "?",    "*", "+",
                                           "+?", "{0,1}", "{2}", "{1,3}", "{2,}", "++"};
    for (uint32_t i = 0, count = 1 + next(r, 5); i < count; i++) {
        bool border = false;
        if (depth < 2 && next(r, 5) == 0) {
            static const char *const opens[] = {"(", "(?:", "(?i:", "(?<n>", "(?=", "(?>"};
            uint32_t kind = next(r, 12);
            /* a name may stand once in a pattern */
            buf_add(out, str_from_c(opens[kind < 6 && kind != 3 ? kind : 1]));
            append_pattern(out, r, depth + 1);
            buf_add(out, next(r, 3) == 0 ? STR("|b)") : STR(")"));
            border = kind == 4;
        } else {
            const char *item = items[next(r, sizeof items / sizeof *items)];
            border = strcmp(item, "\\b") == 0 || *item == '^' || *item == '$';
            buf_add(out, str_from_c(item));
        }
        buf_add(out, border ? STR("")
                            : str_from_c(suffixes[next(r, sizeof suffixes / sizeof *suffixes)]));
    }
    if (depth == 0 && next(r, 6) == 0) {
        buf_add(out, STR("|ba"));
    }
}

static size_t append_text(char *text, uint64_t *r) {
    static const char *const parts[] = {
        "a",        "b", "A", "B", "aa",   "b1",   ".",   "-", "\n", "\xe3\x81\x82", "\xe2\x84\xaa",
        "\xc5\xbf", "k", "S", " ", "\xff", "\x81", "\xe3"};
    size_t len = 0;
    for (uint32_t i = 0, count = next(r, 10); i < count; i++) {
        const char *part = parts[next(r, next(r, 3) == 0 ? 18 : 8)];
        memcpy(text + len, part, strlen(part));
        len += strlen(part);
    }
    return len;
}

/* The state behind the text, which is cut anywhere. */
static uint32_t run_in_pieces(struct dfa *dfa, struct str text, uint64_t *r) {
    uint32_t at = DFA_START;
    while (text.len > 0) {
        size_t piece = 1 + next(r, (uint32_t)text.len);
        at = dfa_run(dfa, at, str_head(text, piece));
        text = str_skip(text, piece);
    }
    return at;
}

struct counts {
    unsigned matches;
    unsigned exact;
    unsigned known;
};

static void check_pattern(struct counts *counts, const char *pattern, bool ignore_case,
                          uint64_t *r) {
    struct expr_set *set = expr_set_create();
    struct expr *leaf = make(set, pattern, ignore_case);
    const struct automaton *a = expr_leaf_automaton(leaf);
    struct expr_scratch *scratch = expr_scratch_create(leaf);
    struct dfa *dfa = a == NULL ? NULL : dfa_create(a);
    counts->known += a != NULL;
    for (int i = 0; i < 40 && a != NULL; i++) {
        char text[64];
        struct str s = str_make(text, append_text(text, r));
        bool matches = expr_leaf_match_value(leaf, s, FIELD_TYPE_KEYWORD, scratch);
        uint32_t state = run_in_pieces(dfa, s, r);
        bool holds = a->ignores_case ? str_find_ci(s, a->literal) != STR_NONE
                                     : str_find(s, a->literal) != STR_NONE;
        if ((matches && (!dfa_is_end(state) || !holds)) || (!matches && state == DFA_MATCH)) {
            fail_msg("/%s/%s %s \"%.*s\": state %u, \"%.*s\"", pattern, ignore_case ? "i" : "",
                     matches ? "matches" : "does not match", STR_ARG(s), state,
                     STR_ARG(a->literal));
        }
        counts->matches += matches;
        counts->exact += matches && state == DFA_MATCH;
    }
    dfa_destroy(&dfa);
    expr_scratch_destroy(&scratch);
    expr_set_destroy(&set);
}

static void test_says_the_same_as_pcre(void **state) {
    (void)state;
    uint64_t r = 11;
    struct counts counts = {0};
    for (int round = 0; round < 6000; round++) {
        struct buf pattern = BUF_INIT;
        append_pattern(&pattern, &r, 0);
        buf_putc(&pattern, '\0');
        check_pattern(&counts, pattern.ptr, next(&r, 2) == 0, &r);
        buf_fini(&pattern);
    }
    print_message("%u matches, %u exact, %u patterns known\n", counts.matches, counts.exact,
                  counts.known);
    assert_true(counts.exact > 5000);
    assert_true(counts.known > 2000);
}

/* Backwards over a text: the sets from which it leads to a match. */
static void test_back(void **state) {
    (void)state;
    struct expr_set *set = expr_set_create();
    const struct automaton *a = expr_leaf_automaton(make(set, "ab[0-9]+cd", false));
    uint64_t useful = 0;
    uint64_t at = 0;
    for (const char *c = "2cd"; *c != '\0'; c++) {
        at = automaton_step(a, at, (uint8_t)*c);
    }
    assert_int_equal(at, 0); /* without "ab" nothing has begun */
    for (const char *c = "dc2"; *c != '\0'; c++) {
        useful = automaton_step_back(a, useful, a->takes[(uint8_t)*c]);
    }
    at = automaton_step(a, automaton_step(a, 0, 'a'), 'b');
    assert_true((useful & at) != 0);
    assert_true((useful & automaton_step(a, 0, 'a')) == 0);
    expr_set_destroy(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_long_pattern),
        cmocka_unit_test(test_says_the_same_as_pcre),
        cmocka_unit_test(test_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
