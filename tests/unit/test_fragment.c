/* What a search for parts of words may ask columns for: never more than each match must hold. */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expr_build.h"
#include "formula_words.h"
#include "token.h"

static struct expr *make(struct expr_set *set, enum expr_test test, const char *pattern,
                         bool ignore_case) {
    struct err err = ERR_INIT;
    struct expr *leaf = NULL;
    struct expr_leaf_spec spec = {
        .on_text = true, .test = test, .value = str_from_c(pattern), .ignore_case = ignore_case};
    if (expr_make_leaf(&leaf, set, &spec, &err) != STATUS_OK) {
        fail_msg("%s: %s", pattern, err.message);
    }
    return leaf;
}

static void test_fragments(void **state) {
    (void)state;
    static const struct {
        enum expr_test test;
        const char *pattern;
        bool ignore_case;
        const char *fragment;
    } cases[] = {
        {EXPR_WILDCARD, "*Alice*", false, "alice"},
        {EXPR_WILDCARD, "ab*-longer?x", false, "longer"},
        {EXPR_WILDCARD, "*...*", false, ""},
        {EXPR_REGEX, "GET http", false, "http"},
        {EXPR_REGEX, "qv[a-z]+rare", false, "rare"},
        {EXPR_REGEX, "abcd?", false, "abc"},
        {EXPR_REGEX, "abc{0,2}d", false, "ab"},
        {EXPR_REGEX, "abc+d", false, "abc"},
        {EXPR_REGEX, "\\x22User\\x22", false, "User"},
        {EXPR_REGEX, "\\bword\\d+", false, "word"},
        {EXPR_REGEX, "(?:none)?other", false, "other"},
        {EXPR_REGEX, "(longest)x", false, "x"},
        {EXPR_REGEX, "[abc]long", false, "long"},
        {EXPR_REGEX, "[]abc]d", false, "d"},
        {EXPR_REGEX, "a|b", false, ""},
        {EXPR_REGEX, "(?i)abc", false, ""},
        {EXPR_REGEX, "\\Qabc", false, ""},
        {EXPR_REGEX, "\\p{Lu}abc", false, ""},
        {EXPR_REGEX, "User", true, "er"},
        {EXPR_REGEX, "TIMEOUT", true, "timeout"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct expr_set *set = expr_set_create();
        const struct expr_fragment *f =
            expr_leaf_fragment(make(set, cases[i].test, cases[i].pattern, cases[i].ignore_case));
        if (!str_eq(f->text, str_from_c(cases[i].fragment))) {
            fail_msg("%s: \"%.*s\"", cases[i].pattern, STR_ARG(f->text));
        }
        expr_set_destroy(&set);
    }
}

/* A small language of patterns and texts: whatever matches holds the fragment. */
static uint32_t next(uint64_t *state, uint32_t limit) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % limit;
}

static void append_pattern(struct buf *out, uint64_t *r, int depth) {
    static const char *const items[] = {"a",   "b", "ab", "\\d",   "[ab]", "[^b]", ".",
                                        "\\.", "-", "1",  "\\x61", "\\w",  "\\b",  "\\x2d"};
    static const char *const suffixes[] = {"", "", "", "?", "*", "+", "{0,1}", "{2}", "+?"};
    for (uint32_t i = 0, count = 1 + next(r, 5); i < count; i++) {
        bool group = depth < 2 && next(r, 5) == 0;
        bool border = false;
        if (group) {
            buf_add(out, next(r, 2) == 0 ? STR("(") : STR("(?:"));
            append_pattern(out, r, depth + 1);
            buf_add(out, next(r, 3) == 0 ? STR("|b)") : STR(")"));
        } else {
            const char *item = items[next(r, sizeof items / sizeof *items)];
            border = strcmp(item, "\\b") == 0;
            buf_add(out, str_from_c(item));
        }
        buf_add(out, border ? STR("") : str_from_c(suffixes[next(r, 9)]));
    }
}

static void test_every_match_holds_the_fragment(void **state) {
    (void)state;
    uint64_t r = 11;
    unsigned matches = 0;
    for (int round = 0; round < 4000; round++) {
        struct expr_set *set = expr_set_create();
        struct buf pattern = BUF_INIT;
        append_pattern(&pattern, &r, 0);
        buf_putc(&pattern, '\0');
        bool ignore_case = next(&r, 2) == 0;
        struct expr *leaf = make(set, EXPR_REGEX, pattern.ptr, ignore_case);
        const struct expr_fragment *f = expr_leaf_fragment(leaf);
        struct expr_scratch *scratch = expr_scratch_create(leaf);
        for (int i = 0; i < 20; i++) {
            char text[12];
            size_t len = next(&r, sizeof text);
            for (size_t k = 0; k < len; k++) {
                text[k] = "abABaab1.-"[next(&r, 10)];
            }
            struct str s = str_make(text, len);
            if (expr_leaf_match_value(leaf, s, FIELD_TYPE_KEYWORD, scratch)) {
                matches++;
                bool holds = f->ignore_case ? str_find_ci(s, f->text) != STR_NONE
                                            : str_find(s, f->text) != STR_NONE;
                if (f->text.len > 0 && !holds) {
                    fail_msg("/%s/ matches %.*s without %.*s", pattern.ptr, STR_ARG(s),
                             STR_ARG(f->text));
                }
            }
        }
        expr_scratch_destroy(&scratch);
        buf_fini(&pattern);
        expr_set_destroy(&set);
    }
    assert_true(matches > 10000);
}

/* --- formulas --- */

static bool is_word_of(struct str text, struct str word, bool is_part) {
    struct buf folded = BUF_INIT;
    fold_text(&folded, text);
    struct str rest = buf_str(&folded);
    struct str token;
    bool found = false;
    while (!found && token_next(&token, &rest)) {
        found = is_part ? str_find(token, word) != STR_NONE : str_eq(token, word);
    }
    buf_fini(&folded);
    return found;
}

static void test_times_print_no_other_words(void **state) {
    (void)state;
    static const char *const patterns[] = {
        "%Y-%m-%dT%H:%M:%S.%6Z", "%b %e %H:%M:%S", "%s",        "%s.%3", "%d/%b/%Y:%k:%M",
        "%Y%m%d%H%M%S",          "%a %D %L:%M %Z", "%j x%yy %K"};
    uint64_t r = 5;
    unsigned said_not = 0;
    for (int round = 0; round < 20000; round++) {
        struct formula f = {.kind = FORMULA_TIME,
                            .pattern = str_from_c(patterns[next(&r, 8)]),
                            .zone_seconds = next(&r, 2) == 0 ? 32400 : 0};
        struct buf text = BUF_INIT;
        int64_t time_ns = (int64_t)next(&r, 2000000000) * 1000000000 + next(&r, 1000000000);
        time_text_print(&text, f.pattern, f.zone_seconds, time_ns, NULL);
        char word[16];
        int len = snprintf(word, sizeof word, next(&r, 8) == 0 ? "%ut" : "%u",
                           next(&r, next(&r, 2) == 0 ? 100 : 4000000000u));
        bool is_part = next(&r, 2) == 0;
        struct str w = str_make(word, (size_t)len);
        bool may = formula_words(&f, w, is_part) != FORMULA_PRINTS_NOT;
        said_not += !may;
        if (!may && is_word_of(buf_str(&text), w, is_part)) {
            fail_msg("%.*s holds %s", STR_ARG(buf_str(&text)), word);
        }
        buf_fini(&text);
    }
    assert_true(said_not > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_every_match_holds_the_fragment),
        cmocka_unit_test(test_times_print_no_other_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
