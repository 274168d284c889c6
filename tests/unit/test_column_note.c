/* Notes of columns: "no" is never wrong, for texts of every kind of bytes; what columns of one kind
 * of text hold is told from what they do not; damage is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "column_note.h"
#include "mem.h"
#include "text_note.h"
#include "token.h"

static uint64_t seed = 20261122;

static uint32_t draw(uint32_t below) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % below);
}

struct noted {
    struct buf stored;
    struct column_note note;
    bool known;
};

static void note_fini(struct noted *n) {
    buf_fini(&n->stored);
}

static struct noted note_of(const struct str *texts, size_t count) {
    struct noted n = {.known = false};
    struct column_note_builder *b = mem_calloc(1, sizeof *b);
    for (size_t i = 0; i < 20 * count; i++) { /* each often: small columns have no pairs */
        column_note_add(b, texts[i % count]);
    }
    column_note_encode(&n.stored, b);
    mem_free(b);
    struct wire w = wire_make(n.stored.ptr, n.stored.len);
    column_note_decode(&n.note, &n.known, &w);
    assert_false(w.failed);
    assert_int_equal(wire_left(&w), 0);
    return n;
}

/* Characters that texts are drawn from; some fold to ASCII, to several characters or to nothing. */
static const char *const alphabets[][12] = {
    {"0", "1", "2", "3", "a", "b", "c", "-"},
    {"a", "B", "c", "D", ".", "/", " ", "5", "=", "\""},
    {"\xe3\x81\x82", "\xe3\x82\xab", "\xef\xbc\xa1", "\xef\xbc\x91", "a", "A", "1"},
    {"K", "k", "\xe2\x84\xaa", "\xc3\x9f", "\xc5\xbf", "s", "\xc2\xad", "x"},
    {"\x80", "\xff", "\xfe", "\n", "\r", "\x01", "A"},
    {"\xe3\x81\x82", "\xe6\xbc\xa2", "\xe3\x82\x99", "\xe3\x80\x80", "\xe3", "\x81", "a", "B", "7",
     "1"},
    {"\xe3\x81\x82", "\xe3\x8a\x9f", "a", "B", "7", "1"}, /* 50 in a circle */
};
enum { ALPHABETS = sizeof alphabets / sizeof *alphabets, TEXTS = 40 };

static void draw_text(struct buf *out, const char *const *alphabet, uint32_t longest) {
    uint32_t count = 0;
    while (count < 12 && alphabet[count] != NULL) {
        count++;
    }
    for (uint32_t len = draw(longest + 1); len > 0; len--) {
        buf_add(out, str_from_c(alphabet[draw(count)]));
    }
}

struct column {
    struct buf bytes;
    struct buf folded; /* of one text */
    struct str texts[TEXTS];
};

static void draw_column(struct column *c, const char *const *alphabet, uint32_t longest) {
    size_t ends[TEXTS];
    buf_clear(&c->bytes);
    for (size_t i = 0; i < TEXTS; i++) {
        draw_text(&c->bytes, alphabet, longest);
        ends[i] = c->bytes.len;
    }
    const char *bytes = c->bytes.ptr == NULL ? "" : c->bytes.ptr;
    for (size_t i = 0; i < TEXTS; i++) {
        size_t from = i == 0 ? 0 : ends[i - 1];
        c->texts[i] = str_make(bytes + from, ends[i] - from);
    }
}

/* Does a text, or a text when folded, hold it? */
static bool column_holds(struct column *c, struct str wanted, bool folded) {
    bool holds = false;
    for (size_t i = 0; i < TEXTS && !holds; i++) {
        buf_clear(&c->folded);
        if (folded) {
            fold_text(&c->folded, c->texts[i]);
        } else {
            buf_add(&c->folded, c->texts[i]);
        }
        holds = str_find(buf_str(&c->folded), wanted) != STR_NONE;
    }
    return holds;
}

static void ask(struct column *c, const struct column_note *n, struct str wanted, uint64_t *nos) {
    for (int folded = 0; folded < 2; folded++) {
        if (!column_note_may_hold(n, wanted, folded != 0)) {
            assert_false(column_holds(c, wanted, folded != 0));
            (*nos)++;
        }
    }
}

static void test_never_wrong(void **state) {
    (void)state;
    struct column c = {.bytes = BUF_INIT, .folded = BUF_INIT};
    struct buf wanted = BUF_INIT;
    uint64_t nos = 0;
    uint64_t asked = 0;
    for (int round = 0; round < 400; round++) {
        const char *const *alphabet = alphabets[draw(ALPHABETS)];
        draw_column(&c, alphabet, 1 + draw(12));
        struct noted n = note_of(c.texts, TEXTS);
        for (int i = 0; i < 100 && n.known; i++, asked++) {
            struct str from = c.texts[draw(TEXTS)];
            buf_clear(&wanted);
            if (i % 2 == 0 && from.len > 0) { /* part of a text */
                size_t at = draw((uint32_t)from.len);
                buf_add(&wanted, str_head(str_skip(from, at), 1 + draw((uint32_t)(from.len - at))));
            } else {
                draw_text(&wanted, alphabets[draw(ALPHABETS)], 5);
            }
            struct str text = wanted.ptr == NULL ? STR("") : buf_str(&wanted);
            ask(&c, &n.note, text, &nos);
        }
        note_fini(&n);
    }
    assert_true(asked > 20000 && nos > asked / 4); /* it says no where it can */
    buf_fini(&wanted);
    buf_fini(&c.folded);
    buf_fini(&c.bytes);
}

static void test_tells(void **state) {
    (void)state;
    struct str texts[] = {STR("10.1.40.17"), STR("10.1.41.200"), STR("10.12.3.4"), STR("10.1.44.9"),
                          STR("10.1.45.250")};
    struct noted n = note_of(texts, sizeof texts / sizeof *texts);
    assert_true(n.known && n.note.pairs != NULL);
    assert_true(column_note_may_hold(&n.note, STR("10.1.4"), false));
    assert_true(column_note_may_hold(&n.note, STR("0.1.40"), true));
    assert_false(column_note_may_hold(&n.note, STR("10.6"), false));
    assert_false(column_note_may_hold(&n.note, STR("8"), false));
    assert_false(column_note_may_hold(&n.note, STR("x"), true));
    assert_true(column_note_has_pair(&n.note, COLUMN_NOTE_EDGE, '1'));
    assert_false(column_note_has_pair(&n.note, COLUMN_NOTE_EDGE, '0'));
    assert_true(column_note_has_pair(&n.note, '9', COLUMN_NOTE_EDGE));
    assert_false(column_note_has_pair(&n.note, '.', COLUMN_NOTE_EDGE));
    assert_false(column_note_has_pair(&n.note, COLUMN_NOTE_EDGE, COLUMN_NOTE_EDGE));
    assert_int_equal(column_note_digit_run(&n.note), 3);
    note_fini(&n);
}

/* Letters are looked for in both cases in folded texts only. */
static void test_case(void **state) {
    (void)state;
    struct str texts[] = {STR("HTTPS"), STR("Https"), STR("Mozilla"), STR("Gecko"), STR("")};
    struct noted n = note_of(texts, sizeof texts / sizeof *texts);
    assert_true(n.known && n.note.pairs != NULL);
    assert_true(column_note_may_hold(&n.note, STR("http"), true));
    assert_false(column_note_may_hold(&n.note, STR("http"), false));
    assert_true(column_note_may_hold(&n.note, STR("m"), true));
    assert_false(column_note_may_hold(&n.note, STR("m"), false));
    assert_true(column_note_has_pair(&n.note, COLUMN_NOTE_EDGE, COLUMN_NOTE_EDGE));
    assert_true(column_note_may_hold(&n.note, STR(""), false));
    note_fini(&n);
}

/* What texts fold to is told as exactly as what they are: kana fold to no digits, full-width digits
 * do; kana that are composed when folded are found. */
static void test_japanese(void **state) {
    (void)state;
    struct str texts[] = {STR("\xe3\x81\x82 a7"), STR("\xe6\xbc\xa2 b8"), STR("a8\xe3\x83\xbc")};
    struct str wide[] = {STR("\xe3\x81\x82 a7"), STR("\xef\xbc\x97\xef\xbc\x98\xef\xbc\x99"),
                         STR("\xe3\x81\x8b\xe3\x82\x99")};
    struct noted n = note_of(texts, sizeof texts / sizeof *texts);
    struct noted w = note_of(wide, sizeof wide / sizeof *wide);
    assert_true(n.known && n.note.pairs != NULL && w.known && w.note.pairs != NULL);
    assert_false(column_note_may_hold(&n.note, STR("78"), true));
    assert_true(column_note_may_hold(&n.note, STR("B8"), true));
    assert_false(column_note_may_hold(&n.note, STR("\xe3\x81\x8c"), true));
    assert_true(column_note_may_hold(&w.note, STR("\xe3\x81\x8c"), true));
    assert_true(column_note_may_hold(&w.note, STR("789"), true));
    assert_false(column_note_may_hold(&w.note, STR("87"), true));
    assert_int_equal(column_note_digit_run(&w.note), 3);
    note_fini(&n);
    note_fini(&w);
}

/* One damaged line among many must not make the note say yes to everything. */
static void test_damaged_text(void **state) {
    (void)state;
    struct str texts[] = {STR("10.1.40.17"), STR("10.1.41.200"), STR("10.\xd1\x84\xc0 40"),
                          STR("\xff\xfe"
                              "10.1.40.17\xc3")};
    struct noted n = note_of(texts, sizeof texts / sizeof *texts);
    assert_true(n.known && n.note.pairs != NULL);
    assert_true(column_note_may_hold(&n.note, STR("1.40"), true));
    assert_true(column_note_may_hold(&n.note, STR("\xef\xbf\xbd"), true));
    assert_false(column_note_may_hold(&n.note, STR("31561792"), true));
    assert_false(column_note_may_hold(&n.note, STR("14"), true));
    assert_int_equal(column_note_digit_run(&n.note), 3);
    note_fini(&n);
}

static void test_nothing_known(void **state) {
    (void)state;
    struct buf out = BUF_INIT;
    column_note_encode(&out, NULL);
    struct wire w = wire_make(out.ptr, out.len);
    struct column_note note;
    bool known = true;
    column_note_decode(&note, &known, &w);
    assert_false(known || w.failed);
    buf_fini(&out);
}

/* --- triples --- */

struct triple_noted {
    struct buf stored;
    struct triple_note note;
};

/* In 2 to the power of `log` bits. */
static struct triple_noted triples_of(const struct str *texts, size_t count, unsigned log) {
    struct triple_noted t = {.stored = BUF_INIT};
    struct triple_note_builder *b = mem_calloc(1, sizeof *b);
    for (size_t i = 0; i < count; i++) {
        triple_note_add(b, texts[i]);
    }
    buf_putc(&t.stored, (char)log);
    uint8_t *bits = (uint8_t *)buf_reserve(&t.stored, (size_t)1 << (log - 3));
    memset(bits, 0, (size_t)1 << (log - 3));
    for (uint32_t at = 0; at < 1U << TRIPLE_NOTE_MOST_LOG; at++) {
        uint32_t to = at >> (TRIPLE_NOTE_MOST_LOG - log);
        bool set = (b->bits[at / 64] >> (at % 64) & 1) != 0;
        bits[to / 8] |= (uint8_t)(set ? 1U << (to % 8) : 0);
    }
    t.stored.len += (size_t)1 << (log - 3);
    mem_free(b);
    struct wire w = wire_make(t.stored.ptr, t.stored.len);
    triple_note_decode(&t.note, &w);
    assert_true(!w.failed && wire_left(&w) == 0);
    return t;
}

/* What is written is what is read; texts of few kinds of triples tell, small ones are not noted. */
static void test_triples(void **state) {
    (void)state;
    struct triple_note_builder *b = mem_calloc(1, sizeof *b);
    struct buf out = BUF_INIT;
    struct str text = STR("session opened for user root(uid=0) by (uid=0)");
    triple_note_add(b, text);
    assert_false(triple_note_encode(&out, b));
    assert_int_equal(out.len, 0);
    while (b->text_bytes < 2 * TRIPLE_NOTE_LEAST_TEXT) {
        triple_note_add(b, text);
    }
    assert_true(triple_note_encode(&out, b));
    assert_true(out.len * 32 < b->text_bytes);
    struct triple_note note;
    struct wire w = wire_make(out.ptr, out.len);
    triple_note_decode(&note, &w);
    assert_true(!w.failed && wire_left(&w) == 0);
    assert_true(triple_note_has(&note, COLUMN_NOTE_EDGE, 's', 'e'));
    assert_true(triple_note_has(&note, '0', ')', COLUMN_NOTE_EDGE));
    assert_true(triple_note_has(&note, 'i', 'd', '='));
    unsigned behind = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        behind += triple_note_has(&note, 'd', '=', byte);
    }
    assert_in_range(behind, 1, 25); /* one, and what happens to have the bit of another triple */
    for (size_t len = 0; len < out.len; len += 7) { /* cut: refused */
        w = wire_make(out.ptr, len);
        triple_note_decode(&note, &w);
        assert_true(w.failed);
    }
    for (unsigned log = 0; log < 256; log++) { /* none but possible sizes */
        out.ptr[0] = (char)log;
        w = wire_make(out.ptr, out.len);
        triple_note_decode(&note, &w);
        assert_true(w.failed || (log >= TRIPLE_NOTE_LEAST_LOG && log <= TRIPLE_NOTE_MOST_LOG));
    }
    buf_fini(&out);
    mem_free(b);
}

/* What walks by pairs cannot tell: each pair stands somewhere, the three nowhere. */
static void test_triples_tell(void **state) {
    (void)state;
    struct str texts[] = {STR("xab"), STR("aby"), STR("bcz"), STR("ubc")};
    struct noted n = note_of(texts, 4);
    struct triple_noted t = triples_of(texts, 4, 14);
    struct arena arena = ARENA_INIT;
    struct automaton a;
    automaton_of_literal(&a, &arena, STR("abc"), false);
    const struct row_text_element key = {.step_count = 0};
    struct text_note paths;
    const struct text_note_source by_pairs = {&a, &n.note, NULL, &key};
    assert_true(text_note_make(&paths, &by_pairs, &arena));
    assert_true(text_note_over(&paths, &a, 0).ends);
    const struct text_note_source by_triples = {&a, &n.note, &t.note, &key};
    assert_true(text_note_make(&paths, &by_triples, &arena));
    assert_false(text_note_over(&paths, &a, 0).ends);
    assert_true(text_note_over(&paths, &a, 0).positions != 0); /* "xab" is left with "ab" */
    arena_fini(&arena);
    buf_fini(&t.stored);
    note_fini(&n);
}

/* --- automata that go by notes --- */

static uint64_t draw_positions(const struct automaton *a) {
    uint64_t all = a->count == 64 ? UINT64_MAX : (UINT64_C(1) << a->count) - 1;
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++) {
        bits = bits << 16 ^ draw(1 << 16);
    }
    return bits & all;
}

/* Up to two formulas on one value; the byte of the first is one of those of `some`. */
struct steps {
    struct formula formulas[2];
    const struct formula *list[2];
    struct row_text_element key;
    struct buf buffers[2];
};

static void draw_steps(struct steps *out, struct str some) {
    static const enum formula_kind kinds[] = {FORMULA_LOWER, FORMULA_UPPER, FORMULA_BEFORE,
                                              FORMULA_AFTER};
    *out = (struct steps){.key = {.kind = ROW_TEXT_VALUE, .step_count = (uint8_t)draw(3)}};
    for (uint32_t i = 0; i < 2; i++) {
        out->formulas[i] = (struct formula){.kind = kinds[draw(4)], .operand_count = 1};
        out->formulas[i].k = some.len == 0 ? 'a' : (uint8_t)some.ptr[draw((uint32_t)some.len)];
        out->list[i] = &out->formulas[i];
    }
    out->key.steps = out->list;
}

/* What texts of the column, or what steps make of them, make of any positions is among what the
 * note says. */
static void compare_paths(const struct automaton *a, const struct text_note *n,
                          const struct column *c, struct steps *steps) {
    uint64_t from = draw_positions(a);
    uint64_t useful = draw_positions(a);
    struct text_reach over = text_note_over(n, a, from);
    uint64_t back = text_note_back(n, a, useful);
    for (size_t i = 0; i < TEXTS; i++) {
        uint64_t at = from;
        bool ends = false;
        struct str text = c->texts[i];
        if (!row_text_apply(&text, steps->buffers, &steps->key)) {
            continue;
        }
        for (size_t k = 0; k < text.len; k++) {
            at = automaton_step(a, at, (uint8_t)text.ptr[k]);
            ends = ends || (at & a->last) != 0;
        }
        assert_true((at & ~over.positions) == 0 && (over.ends || !ends));
        for (unsigned p = 0; p < a->count; p++) {
            bool ended = false;
            uint64_t behind = text_reach_on(&ended, a, text, UINT64_C(1) << p);
            bool comes = ended || (behind & useful) != 0;
            assert_true(!comes || (back >> p & 1) != 0);
        }
    }
}

static void test_paths(void **state) {
    (void)state;
    static const char *const patterns[] = {
        "12-a",          "a.*5",    "[0-9a-c]{3}-", "c/[^ ]+=",      "B[^x]{0,6}\"",
        "\xe3\x82\xab-", "(k|s)+x", "\n.?A",        "\xc3\x9f[a-z]", "1[0-3]{2}.\xe3\x81\x82"};
    struct column c = {.bytes = BUF_INIT, .folded = BUF_INIT};
    int told = 0;
    for (int round = 0; round < 1200; round++) {
        struct arena arena = ARENA_INIT;
        struct automaton a;
        struct str pattern = str_from_c(patterns[draw(sizeof patterns / sizeof *patterns)]);
        assert_true(automaton_of_regex(&a, &arena, pattern, round % 3 == 0, true));
        draw_column(&c, alphabets[draw(ALPHABETS)], 1 + draw(12));
        struct noted n = note_of(c.texts, TEXTS);
        struct text_note paths;
        struct steps steps;
        draw_steps(&steps, buf_str(&c.bytes));
        struct text_note_source from = {&a, &n.note, NULL, &steps.key};
        struct triple_noted t = {.stored = BUF_INIT};
        if (round % 2 == 0) { /* in few bits: some are set for several triples */
            t = triples_of(c.texts, TEXTS, 10 + (unsigned)round % 5);
            from.triples = &t.note;
        }
        if (n.known && text_note_make(&paths, &from, &arena)) {
            compare_paths(&a, &paths, &c, &steps);
            told++;
        }
        buf_fini(&t.stored);
        buf_fini(&steps.buffers[0]);
        buf_fini(&steps.buffers[1]);
        note_fini(&n);
        arena_fini(&arena);
    }
    assert_true(told > 600);
    buf_fini(&c.bytes);
}

/* Only copies, cases and parts are understood, and a part of a part is not. */
static void test_steps_not_told(void **state) {
    (void)state;
    struct str texts[] = {STR("12.50/Ab"), STR("7.25/cD")};
    struct noted n = note_of(texts, 2);
    struct arena arena = ARENA_INIT;
    struct automaton a;
    automaton_of_literal(&a, &arena, STR("/A"), false);
    const struct formula scale = {.kind = FORMULA_SCALE, .operand_count = 1, .k = 3};
    const struct formula before = {.kind = FORMULA_BEFORE, .operand_count = 1, .k = '/'};
    const struct formula after = {.kind = FORMULA_AFTER, .operand_count = 1, .k = '.'};
    const struct formula *lists[][2] = {{&scale, NULL}, {&before, &scale}, {&before, &after}};
    struct text_note paths;
    for (uint8_t i = 0; i < 3; i++) {
        struct row_text_element key = {.steps = lists[i], .step_count = (uint8_t)(1 + (i > 0))};
        const struct text_note_source from = {&a, &n.note, NULL, &key};
        assert_false(text_note_make(&paths, &from, &arena));
    }
    struct row_text_element key = {.steps = lists[1], .step_count = 1};
    const struct text_note_source from = {&a, &n.note, NULL, &key};
    assert_true(text_note_make(&paths, &from, &arena)); /* the slash is left out */
    assert_false(text_note_over(&paths, &a, 0).ends);
    arena_fini(&arena);
    note_fini(&n);
}

/* Cut anywhere, or with any byte changed: refused, or a note that can be asked. */
static void test_damage(void **state) {
    (void)state;
    struct str texts[] = {STR("3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
                          STR("9b2d4e61-0000-4f6a-8c1d-77aa00ff1234")};
    struct noted n = note_of(texts, 2);
    struct column_note note;
    for (size_t len = 0; len < n.stored.len; len++) {
        char *copy = mem_strdup(n.stored.ptr, len); /* so that reading beyond is seen */
        struct wire w = wire_make(copy, len);
        bool known = true;
        column_note_decode(&note, &known, &w);
        assert_true(w.failed && !known);
        mem_free(copy);
    }
    for (size_t at = 0; at < n.stored.len; at++) {
        char *copy = mem_strdup(n.stored.ptr, n.stored.len);
        copy[at] = (char)(copy[at] ^ (1 << draw(8)));
        struct wire w = wire_make(copy, n.stored.len);
        bool known = false;
        column_note_decode(&note, &known, &w);
        for (unsigned b = 0; known && b < COLUMN_NOTE_SYMBOLS; b++) {
            (void)column_note_has_pair(&note, b, (b * 7 + 1) % COLUMN_NOTE_SYMBOLS);
        }
        mem_free(copy);
    }
    note_fini(&n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_wrong),    cmocka_unit_test(test_tells),
        cmocka_unit_test(test_case),           cmocka_unit_test(test_japanese),
        cmocka_unit_test(test_nothing_known),  cmocka_unit_test(test_damage),
        cmocka_unit_test(test_paths),          cmocka_unit_test(test_damaged_text),
        cmocka_unit_test(test_steps_not_told), cmocka_unit_test(test_triples),
        cmocka_unit_test(test_triples_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
