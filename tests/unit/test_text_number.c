/* The state behind a number that is not printed is that behind its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expr_build.h"
#include "number_text.h"
#include "text_number.h"

static uint64_t random_next(uint64_t *r) {
    *r = *r * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *r >> 11;
}

static int64_t random_number(uint64_t *r, const char *shape) {
    uint64_t limit = 1;
    uint64_t digits = random_next(r) % 19;
    uint64_t places = 0;
    for (const char *c = shape; *c != '\0'; c++) {
        places += *c == '0';
    }
    digits = places > 0 && digits > places ? places : digits;
    for (; digits > 0; digits--) {
        limit *= 10;
    }
    return (int64_t)(random_next(r) % limit);
}

static uint32_t printed(struct dfa *dfa, uint32_t from, int64_t number, const char *shape) {
    struct buf text = BUF_INIT;
    number_print(&text, number, str_from_c(shape));
    uint32_t state = dfa_run(dfa, from, buf_str(&text));
    buf_fini(&text);
    return state;
}

/* One after the other, and all of a block. */
static void compare(struct dfa *dfa, uint32_t from, const char *shape, uint64_t *r) {
    enum { COUNT = 200 };
    struct arena arena = ARENA_INIT;
    struct text_numbers numbers = {.count = 0};
    struct text_number *n = text_number_find(&numbers, &arena, str_from_c(shape), from);
    int64_t values[COUNT];
    uint16_t states[COUNT];
    int64_t low = INT64_MAX;
    int64_t high = 0;
    assert_ptr_equal(text_number_find(&numbers, &arena, str_from_c(shape), from), n);
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = random_number(r, shape);
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
        uint32_t expected = printed(dfa, from, values[i], shape);
        assert_int_equal(text_number_run(n, dfa, &arena, values[i]), expected);
        assert_int_equal(text_number_print_run(dfa, str_from_c(shape), from, values[i]), expected);
    }
    text_number_run_all(states, n, dfa, &arena, values, COUNT, low, high);
    uint32_t only = 0;
    bool one = text_number_is_one(&only, n, dfa, &arena, low, high);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(states[i], printed(dfa, from, values[i], shape));
        assert_true(!one || states[i] == only);
    }
    arena_fini(&arena);
}

static const char *const patterns[] = {"=262",
                                       "=[0-9]{3} ",
                                       "262",
                                       "2 durati",
                                       "=1[0-9]{3} se",
                                       "0[0-3]:5[0-9].*eny",
                                       "[13579] x",
                                       "=0",
                                       "9+$",
                                       "1.*2.*3",
                                       "\\D(7|80|443)\\D",
                                       "[0-9]{12}",
                                       "=1.*5 ",
                                       "-0[1-3]-",
                                       "(?:00|99)\\.",
                                       "=[2-4][^7]*1"};
static const char *const befores[] = {"", "=", "x=1", "a.", "12", "10:", "5", "-"};
static const char *const shapes[] = {"",    "00:00:00", "0000-00-00",
                                     "000", "a0.00",    "x00000000000000"};

static void test_same_as_printed(void **state) {
    (void)state;
    uint64_t r = 7;
    struct err err = ERR_INIT;
    struct expr_set *set = expr_set_create();
    for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        struct expr *e = NULL;
        struct expr_leaf_spec spec = {
            .on_text = true, .test = EXPR_REGEX, .value = str_from_c(patterns[p])};
        assert_int_equal(expr_make_leaf(&e, set, &spec, &err), STATUS_OK);
        const struct automaton *a = expr_leaf_automaton(e);
        if (a == NULL) {
            continue; /* borders */
        }
        struct dfa *dfa = dfa_create(a);
        for (size_t b = 0; b < sizeof befores / sizeof *befores; b++) {
            uint32_t from = dfa_run(dfa, DFA_START, str_from_c(befores[b]));
            for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
                compare(dfa, from, shapes[s], &r);
            }
        }
        dfa_destroy(&dfa);
    }
    expr_set_destroy(&set);
}

static struct automaton *of_literal(struct automaton *a, struct arena *arena, const char *text) {
    automaton_of_literal(a, arena, str_from_c(text), false);
    return a;
}

/* How a number begins makes ranges, how it ends a table; what stands in its middle is printed. */
static void test_kinds(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *before;
        enum text_number_kind kind;
    } cases[] = {{"=262", "=", TEXT_NUMBER_RANGED},
                 {"2 durati", "", TEXT_NUMBER_TAILED},
                 {"262", "", TEXT_NUMBER_PRINTED},
                 {"abc", "", TEXT_NUMBER_RANGED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena = ARENA_INIT;
        struct automaton a;
        struct dfa *dfa = dfa_create(of_literal(&a, &arena, cases[i].text));
        uint32_t from = dfa_run(dfa, DFA_START, str_from_c(cases[i].before));
        struct text_numbers numbers = {.count = 0};
        struct text_number *n = text_number_find(&numbers, &arena, STR_EMPTY, from);
        (void)text_number_run(n, dfa, &arena, 123456789);
        assert_int_equal(n->kind, cases[i].kind);
        assert_int_equal(text_number_run(n, dfa, &arena, -1), printed(dfa, from, -1, ""));
        dfa_destroy(&dfa);
        arena_fini(&arena);
    }
}

/* No writer makes such a shape; a file may have it. */
static void test_long_shape(void **state) {
    (void)state;
    char shape[5000];
    memset(shape, ':', sizeof shape);
    shape[0] = shape[2500] = shape[4998] = '0';
    shape[sizeof shape - 1] = '\0';
    uint64_t r = 9;
    struct arena arena = ARENA_INIT;
    struct automaton a;
    struct dfa *dfa = dfa_create(of_literal(&a, &arena, ":7:"));
    compare(dfa, DFA_START, shape, &r);
    struct text_numbers numbers = {.count = 0};
    struct text_number *n = text_number_find(&numbers, &arena, str_from_c(shape), DFA_START);
    uint32_t only;
    assert_false(text_number_is_same(&only, n, dfa));
    dfa_destroy(&dfa);
    arena_fini(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_printed),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_long_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
