/* How values stand in segments: packed arrays, texts, numbers in a shape, columns, word filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "column_values.h"
#include "encoding.h"
#include "intpack.h"
#include "mem.h"
#include "number_text.h"
#include "token_filter.h"

enum { COUNT = 3000 };

static uint64_t next_random(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 20;
}

/* --- packed arrays --- */

enum series {
    SERIES_CODES,
    SERIES_RETURNING,
    SERIES_TIMES,
    SERIES_WILD,
    SERIES_ROUND,
    SERIES_SIZES,
    SERIES_COUNT
};

static void make_series(int64_t *values, enum series series) {
    uint64_t state = (uint64_t)series + 1;
    int64_t fresh = 300;
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t r = next_random(&state);
        switch (series) {
        case SERIES_CODES:
            values[i] = r % 3 == 0 ? fresh++ : (int64_t)(r % 200);
            break;
        case SERIES_RETURNING:
            values[i] = i > 40 && r % 4 != 0 ? values[i - 1 - r % 40] : (int64_t)(r % 100000);
            break;
        case SERIES_TIMES:
            values[i] =
                INT64_C(1772409601000000000) + (int64_t)i * 1000000 + (int64_t)(r % 7) * 1000;
            break;
        case SERIES_WILD:
            values[i] = i % 5 == 0 ? INT64_MIN : i % 7 == 0 ? INT64_MAX : (int64_t)(r * r * r);
            break;
        case SERIES_SIZES:
            values[i] = (int64_t)(r % 300 == 0 ? r % 100000000 : r % 1500);
            break;
        default:
            values[i] = (int64_t)(r % 50) * 500;
            break;
        }
    }
}

/* Codes: the same numbers, and none that is not below the limit. */
static void expect_small(const int64_t *values, size_t count, const struct intpack_view *view) {
    uint32_t *small = mem_alloc((count + 1) * sizeof *small);
    int64_t largest = 0;
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        fits = fits && values[i] >= 0 && values[i] < INT32_MAX;
        largest = values[i] > largest ? values[i] : largest;
    }
    if (fits) {
        assert_true(intpack_unpack_small(small, view, (uint32_t)largest + 1));
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(small[i], values[i]);
        }
        assert_false(intpack_unpack_small(small, view, (uint32_t)largest));
    }
    mem_free(small);
}

static void expect_form(const int64_t *values, size_t count, enum intpack_form form) {
    struct buf b = BUF_INIT;
    struct intpack_view view;
    int64_t *back = mem_alloc((count + 1) * sizeof *back);
    if (intpack_encode_as(&b, values, count, form)) {
        struct wire w = wire_make(b.ptr, b.len);
        assert_true(intpack_view(&view, count, &w) && wire_left(&w) == 0);
        assert_int_equal(view.form, form);
        for (size_t i = 0; i < count; i += 97) {
            int64_t one;
            if (intpack_peek(&one, &view, i)) {
                assert_true(one == values[i]);
            }
        }
        assert_true(intpack_unpack(back, &view));
        assert_memory_equal(back, values, count * sizeof *values);
        expect_small(values, count, &view);
        for (size_t cut = 1; cut < b.len; cut += b.len / 50 + 1) { /* too short: refused */
            struct wire less = wire_make(b.ptr, b.len - cut);
            assert_false(intpack_decode(back, count, &less));
        }
    } else {
        assert_true(form >= INTPACK_ESCAPE || form == INTPACK_CONSTANT);
        assert_int_equal(b.len, 0);
    }
    mem_free(back);
    buf_fini(&b);
}

static void test_forms(void **state) {
    (void)state;
    int64_t *values = mem_alloc(COUNT * sizeof *values);
    for (int series = 0; series < SERIES_COUNT; series++) {
        make_series(values, (enum series)series);
        for (int form = 0; form < INTPACK_FORM_COUNT; form++) {
            expect_form(values, COUNT, (enum intpack_form)form);
            expect_form(values, 1, (enum intpack_form)form);
        }
    }
    mem_free(values);
}

/* What the forms are for: codes in the order of first use, ids that return, even steps. */
static void test_forms_pay(void **state) {
    (void)state;
    static const struct {
        enum series series;
        enum intpack_form better;
        enum intpack_form than;
    } cases[] = {{SERIES_CODES, INTPACK_ESCAPE, INTPACK_OFFSET},
                 {SERIES_RETURNING, INTPACK_RECENT, INTPACK_OFFSET},
                 {SERIES_TIMES, INTPACK_DIFFERENCE, INTPACK_OFFSET},
                 {SERIES_TIMES, INTPACK_STEPS, INTPACK_BITS},
                 {SERIES_SIZES, INTPACK_BITS, INTPACK_OFFSET}};
    int64_t *values = mem_alloc(COUNT * sizeof *values);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf a = BUF_INIT;
        struct buf b = BUF_INIT;
        make_series(values, cases[i].series);
        assert_true(intpack_encode_as(&a, values, COUNT, cases[i].better));
        assert_true(intpack_encode_as(&b, values, COUNT, cases[i].than));
        assert_true(a.len * 4 < b.len * 3);
        buf_fini(&a);
        buf_fini(&b);
    }
    mem_free(values);
}

/* Numbers of so many bits as 64-bit and as small ones; each `sparse`-th is wider. */
static void expect_bits(size_t count, unsigned bits, size_t sparse) {
    struct buf b = BUF_INIT;
    struct intpack_view view;
    uint64_t random = bits;
    int64_t *values = mem_calloc(count + 1, sizeof *values);
    int64_t *back = mem_calloc(count + 1, sizeof *back);
    uint32_t *small = mem_calloc(count + 1, sizeof *small);
    uint64_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        values[i] = (int64_t)(next_random(&random) & ((UINT64_C(1) << bits) - 1));
        values[i] |= (int64_t)(i % sparse == 7 ? UINT64_C(1) << (bits + 3) : 0);
        largest = (uint64_t)values[i] > largest ? (uint64_t)values[i] : largest;
    }
    assert_true(intpack_encode_as(&b, values, count, INTPACK_BITS));
    struct wire w = wire_make(b.ptr, b.len);
    assert_true(intpack_view(&view, count, &w) && wire_left(&w) == 0);
    assert_true(intpack_unpack(back, &view));
    assert_memory_equal(back, values, count * sizeof *values);
    if (largest < UINT32_MAX) {
        assert_true(intpack_unpack_small(small, &view, (uint32_t)largest + 1));
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(small[i], values[i]);
        }
        assert_false(intpack_unpack_small(small, &view, (uint32_t)largest));
    }
    mem_free(values);
    mem_free(back);
    mem_free(small);
    buf_fini(&b);
}

static void test_bits(void **state) {
    (void)state;
    static const size_t counts[] = {1, 31, 32, 33, 64, 1000, 8192};
    static const size_t sparse[] = {100000, 255, 256, 3000, 8};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        for (unsigned bits = 0; bits <= 36; bits++) {
            expect_bits(counts[c], bits, sparse[bits % 5]);
        }
    }
}

/* A body that claims other than it holds is refused. */
static void test_hostile_bits(void **state) {
    (void)state;
    static const struct {
        size_t at; /* byte of the body */
        char is;
    } changes[] = {{0, 33}, {0, 64}, {0, 20}, {1, 9}, {1, 2}, {2, 100}, {2, 0}};
    int64_t values[64];
    int64_t back[64];
    for (size_t i = 0; i < 64; i++) {
        values[i] = i == 40 ? 1 << 20 : (int64_t)i % 8;
    }
    struct buf b = BUF_INIT;
    assert_true(intpack_encode_as(&b, values, 64, INTPACK_BITS));
    size_t body = 6; /* form, power, width, base, two of length */
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char was = b.ptr[body + changes[i].at];
        assert_true(was != changes[i].is);
        b.ptr[body + changes[i].at] = changes[i].is;
        struct wire w = wire_make(b.ptr, b.len);
        assert_false(intpack_decode(back, 64, &w));
        b.ptr[body + changes[i].at] = was;
    }
    char *gap = &b.ptr[b.len - 2]; /* before a plane of excess */
    assert_int_equal(*gap, 40);
    *gap = 64;
    struct wire w = wire_make(b.ptr, b.len);
    assert_false(intpack_decode(back, 64, &w));
    buf_fini(&b);
}

/* Any bytes: an answer, never more. */
static void test_hostile_arrays(void **state) {
    (void)state;
    uint64_t random = 5;
    int64_t values[64];
    for (int round = 0; round < 20000; round++) {
        char bytes[200];
        size_t len = next_random(&random) % sizeof bytes;
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)next_random(&random);
        }
        if (len > 0) {
            bytes[0] = (char)(next_random(&random) % (INTPACK_FORM_COUNT + 1));
        }
        if (len > 2) {
            bytes[1] = 0;
            bytes[2] = (char)(next_random(&random) % 4);
        }
        struct wire w = wire_make(bytes, len);
        bool good = intpack_decode(values, 1 + next_random(&random) % 64, &w);
        assert_true(good != w.failed);
    }
}

/* --- texts --- */

static void expect_texts(const struct text_array *texts, enum text_encoding encoding) {
    struct buf b = BUF_INIT;
    struct buf bytes = BUF_INIT;
    uint32_t *offsets = mem_alloc(((size_t)texts->count + 1) * sizeof *offsets);
    if (text_encode(&b, texts, encoding)) {
        size_t total = texts->offsets[texts->count];
        struct wire w = wire_make(b.ptr, b.len);
        assert_true(text_decode(&bytes, offsets, texts->count, &w, total));
        assert_memory_equal(offsets, texts->offsets, (texts->count + 1) * sizeof *offsets);
        assert_memory_equal(bytes.ptr, texts->bytes, total);
        w = wire_make(b.ptr, b.len);
        assert_false(text_decode(&bytes, offsets, texts->count, &w, total - 1));
        for (size_t cut = 1; cut <= b.len; cut += 3) {
            w = wire_make(b.ptr, b.len - cut);
            assert_false(text_decode(&bytes, offsets, texts->count, &w, total));
        }
    } else {
        assert_int_equal(encoding, TEXT_TRANSPOSED);
    }
    mem_free(offsets);
    buf_fini(&bytes);
    buf_fini(&b);
}

static void test_texts(void **state) {
    (void)state;
    static const char paths[] = "/a/b/c/a/b/d/a/x/a/b/c";
    static const uint32_t path_ends[] = {0, 6, 12, 16, 22};
    static const char ids[] = "3F2A3F2B40003F2A";
    static const uint32_t id_ends[] = {0, 4, 8, 12, 16};
    const struct text_array arrays[] = {{paths, path_ends, 4}, {ids, id_ends, 4}};
    for (size_t i = 0; i < 2; i++) {
        for (int e = 0; e < TEXT_ENCODING_COUNT; e++) {
            expect_texts(&arrays[i], (enum text_encoding)e);
        }
    }
    struct buf bytes = BUF_INIT;
    uint32_t offsets[2];
    struct wire w = wire_make("\x09", 1); /* an encoding of later */
    assert_false(text_decode(&bytes, offsets, 1, &w, 10));
    buf_fini(&bytes);
}

/* --- numbers in a shape --- */

static void test_number_texts(void **state) {
    (void)state;
    static const char *const texts[] = {"0",       "7",       "9223372036854775807", "00:00:07",
                                        "2026-11", "0.250 s", "000000000000000001",  "-12"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct str text = str_from_c(texts[i]);
        struct number_shape shape = {.len = 0};
        struct buf out = BUF_INIT;
        int64_t number;
        if (!number_parse_plain(&number, text)) {
            assert_true(number_shape_of(&shape, text));
        }
        assert_true(number_parse(&number, text, number_shape_str(&shape)));
        number_print(&out, number, number_shape_str(&shape));
        assert_true(str_eq(buf_str(&out), text));
        buf_fini(&out);
    }
    int64_t number;
    assert_false(number_parse_plain(&number, STR("")) || number_parse_plain(&number, STR("01")) ||
                 number_parse_plain(&number, STR("9223372036854775808")) ||
                 number_parse_plain(&number, STR("18446744073709551616")));
    struct number_shape shape;
    assert_false(number_shape_of(&shape, STR("1234567890123456789-")));
    assert_true(number_shape_is_zoned(STR("00:00")) && number_shape_is_zoned(STR_EMPTY));
    assert_false(number_shape_is_zoned(STR("id0000")) || number_shape_is_zoned(STR("0 s")));
}

/* --- columns --- */

/* Adds `count` values of a kind and looks at the type and at what comes back. */
static enum column_type fill(struct column_values *v, int kind, uint32_t count) {
    char text[32];
    struct buf scratch = BUF_INIT;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < count; i++) {
            int len = kind == 0   ? snprintf(text, sizeof text, "%u", i * 7919)
                      : kind == 1 ? snprintf(text, sizeof text, "user%u", i % 37)
                      : kind == 2
                          ? snprintf(text, sizeof text, "id-%x-%x", i * 2654435761U, i)
                          : snprintf(text, sizeof text, "%s%u", i % 100 == 99 ? "x" : "", i);
            struct str s = str_make(text, (size_t)len);
            if (pass == 0) {
                column_values_add(v, s, i / SEGMENT_BLOCK_ROWS);
            } else {
                assert_true(str_eq(column_values_text(v, i, &scratch), s));
            }
        }
        if (pass == 0) {
            (void)column_values_plan(v, false);
        }
    }
    assert_int_equal(v->block_start[SEGMENT_STRIPE_BLOCKS], count);
    buf_fini(&scratch);
    return v->type;
}

/* A column keeps what it learned, and unlearns it when the values change. */
static void test_columns_learn(void **state) {
    (void)state;
    static const enum column_type types[] = {COLUMN_NUMBER, COLUMN_DICTIONARY, COLUMN_TEXT,
                                             COLUMN_TEXT};
    struct column_values v = {.mode = VALUES_CODES};
    for (int round = 0; round < 32; round++) {
        int kind = round * 5 / 7 % 4;
        assert_int_equal(fill(&v, kind, 9000), types[kind]);
        column_values_clear(&v);
    }
    column_values_fini(&v);
}

enum { ROW_VALUES = 5 };

/* Values of one row in one column: all are looked at before the first is added. */
static void add_row(struct column_values *v, const struct str *texts) {
    struct fetched_value fetched[ROW_VALUES];
    for (size_t i = 0; i < ROW_VALUES; i++) {
        column_values_fetch(&fetched[i], v, texts[i]);
    }
    for (size_t i = 0; i < ROW_VALUES; i++) {
        column_values_guess(&fetched[i], v);
    }
    for (size_t i = 0; i < ROW_VALUES; i++) {
        column_values_add_fetched(v, texts[i], &fetched[i], 0);
    }
}

/* What was known of a value holds whatever its row adds before it: the last text again, a text that
 * is new twice, a column of numbers that becomes one of codes. */
static void check_rows(struct column_values *v, bool numbers) {
    char texts[ROW_VALUES][32];
    struct str row[ROW_VALUES];
    struct column_values plain = {.mode = v->mode};
    struct buf scratch = BUF_INIT;
    struct buf plain_scratch = BUF_INIT;
    for (unsigned i = 0; i < 3000; i++) {
        bool as_text = !numbers || i > 2000;
        unsigned values[ROW_VALUES] = {i / 3, i, i, i * 7919 % 613, i / 3};
        for (size_t k = 0; k < ROW_VALUES; k++) {
            const char *head = as_text && (k + i) % 3 == 0 ? "v" : "";
            int len = snprintf(texts[k], sizeof texts[k], "%s%u", head, values[k]);
            row[k] = str_make(texts[k], (size_t)len);
            column_values_add(&plain, row[k], 0);
        }
        add_row(v, row);
        for (uint32_t k = 0; k < ROW_VALUES; k++) {
            uint32_t at = i * ROW_VALUES + k;
            assert_true(str_eq(column_values_text(v, at, &scratch), row[k]));
            assert_true(str_eq(column_values_text(&plain, at, &plain_scratch), row[k]));
        }
    }
    assert_int_equal(v->mode, VALUES_CODES);
    assert_int_equal(v->distinct.count, plain.distinct.count);
    assert_memory_equal(v->codes, plain.codes, v->count * sizeof *v->codes);
    column_values_fini(&plain);
    buf_fini(&scratch);
    buf_fini(&plain_scratch);
}

static void test_values_looked_at_before(void **state) {
    (void)state;
    struct column_values v = {.mode = VALUES_CODES};
    check_rows(&v, false);
    column_values_fini(&v);
    v.mode = VALUES_NUMBERS;
    check_rows(&v, true);
    column_values_fini(&v);
}

/* Of `every` ids one stands twice. */
static enum column_type plan_ids(uint32_t every, const char *format, unsigned shift,
                                 bool thorough) {
    struct column_values v = {.mode = VALUES_CODES};
    char text[64];
    for (uint32_t i = 0; i < 6000; i++) {
        uint32_t id = i % every == 0 && i > 0 ? i - 1 : i;
        int len = snprintf(text, sizeof text, format, id * 2654435761U >> shift);
        column_values_add(&v, str_make(text, (size_t)len), 0);
    }
    enum column_type type = column_values_plan(&v, thorough);
    column_values_fini(&v);
    return type;
}

/* Long ids of which some return are codes in merged segments: their texts stand once. */
static void test_returning_ids(void **state) {
    (void)state;
    assert_int_equal(plan_ids(4, "Cx%08x-Kq71bz", 0, true), COLUMN_DICTIONARY);
    assert_int_equal(plan_ids(4, "Cx%08x-Kq71bz", 0, false), COLUMN_TEXT);
    assert_int_equal(plan_ids(1000, "Cx%08x-Kq71bz", 0, true), COLUMN_TEXT);
    assert_int_equal(plan_ids(4, "%04x", 16, true),
                     COLUMN_TEXT); /* short ones take as much as codes */
}

/* --- words --- */

static enum token_answer filter_has(const uint8_t *bytes, uint64_t lines, uint64_t hash) {
    return token_line_has(bytes + token_filter_line(lines, hash), hash, TOKEN_PROBES);
}

static void test_filter(void **state) {
    (void)state;
    struct token_set set = {.slots = NULL};
    struct buf first = BUF_INIT;
    struct buf second = BUF_INIT;
    char text[32];
    for (uint32_t i = 0; i < 5000; i++) {
        int len = snprintf(text, sizeof text, "Word%u,and 12 12T13Z", i);
        token_set_add_once(&set, str_make(text, (size_t)len));
    }
    uint32_t lines = token_set_encode_fresh(&first, &set, SIZE_MAX / 8);
    token_set_add(&set, STR("word7 later"));
    uint32_t more = token_set_encode_fresh(&second, &set, SIZE_MAX / 8);
    const uint8_t *bytes = (const uint8_t *)first.ptr;
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        int len = snprintf(text, sizeof text, "word%u", i);
        assert_int_equal(filter_has(bytes, lines, token_hash(str_make(text, (size_t)len))),
                         TOKEN_MAYBE);
        len = snprintf(text, sizeof text, "other%u", i);
        wrong += filter_has(bytes, lines, token_hash(str_make(text, (size_t)len))) == TOKEN_MAYBE;
    }
    assert_true(wrong < 150); /* 3 % */
    assert_int_equal(lines, (5001 * 11 + 479) / 480);
    assert_int_equal(more, 1); /* "later" alone is new */
    assert_int_equal(filter_has((const uint8_t *)second.ptr, more, token_hash(STR("word7"))),
                     TOKEN_ABSENT);
    assert_true(token_is_zoned(STR("12t13z")) && !token_is_zoned(STR("tz")));
    for (uint32_t i = 0; i < lines; i++) { /* damage is seen in the line that is asked */
        first.ptr[i * 64 + 5] ^= 16;
    }
    assert_int_equal(filter_has(bytes, lines, token_hash(STR("word1"))), TOKEN_DAMAGED);
    buf_fini(&first);
    buf_fini(&second);
    token_set_fini(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),          cmocka_unit_test(test_forms_pay),
        cmocka_unit_test(test_bits),           cmocka_unit_test(test_hostile_bits),
        cmocka_unit_test(test_hostile_arrays), cmocka_unit_test(test_texts),
        cmocka_unit_test(test_number_texts),   cmocka_unit_test(test_columns_learn),
        cmocka_unit_test(test_returning_ids),  cmocka_unit_test(test_values_looked_at_before),
        cmocka_unit_test(test_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
