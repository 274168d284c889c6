/*
 * What goes to the token filter of a stripe: every word of every row and value is among the words
 * of columns, literals and what token steps add; also where words stand in two pieces, in escapes
 * or in what formulas print.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expr.h"
#include "mem.h"
#include "store_fixture.h"
#include "stripe.h"
#include "template_wire.h"
#include "transform.h"

/* The words of the stripe as the writer adds them. */
static void add_stripe(struct token_set *tokens, const struct stripe *s) {
    struct buf scratch = BUF_INIT;
    for (size_t i = 0; i < s->column_count; i++) {
        if (s->heads[i].kind == COLUMN_OF_BINARY) {
            continue;
        }
        for (uint32_t k = 0; k < s->columns[i].count; k++) {
            token_set_add(tokens, column_values_text(&s->columns[i], k, &scratch));
        }
    }
    for (size_t i = 0; i < s->shape_count; i++) {
        struct template_reader r;
        struct template_item item;
        template_reader_begin(&r,
                              str_make(s->shape_bytes.ptr + s->shapes[i].offset, s->shapes[i].len));
        while (template_reader_next(&item, &r)) {
            if (item.kind == TEMPLATE_ITEM_LITERAL) {
                token_set_add(tokens, item.literal);
            }
        }
    }
    token_set_add_all(tokens, &s->tokens);
    buf_fini(&scratch);
}

static void check_text(struct token_set *tokens, struct str text, const struct batch *b,
                       const struct row *row) {
    size_t before = tokens->count;
    token_set_add(tokens, text);
    if (tokens->count != before) {
        fail_msg("%zu words of \"%.*s\" are missing; the row: %.*s", tokens->count - before,
                 STR_ARG(text), STR_ARG(batch_raw(b, row)));
    }
}

static void check_rows(struct batch *b) {
    struct cutter *cutter = cutter_create();
    struct stripe stripe = {.rows = NULL};
    struct token_set tokens = {.count = 0};
    struct buf scratch = BUF_INIT;
    for (size_t i = 0; i < b->row_count; i++) {
        stripe_add(&stripe, cutter, b, &b->rows[i]);
    }
    add_stripe(&tokens, &stripe);
    for (size_t i = 0; i < b->row_count; i++) {
        const struct row *row = &b->rows[i];
        if (row->charset != CHARSET_BINARY) {
            check_text(&tokens, expr_search_text(b, row, &scratch), b, row);
        }
        for (uint32_t k = 0; k < row->value_count; k++) {
            check_text(&tokens, batch_value_text(b, &b->values[row->first_value + k]), b, row);
        }
    }
    buf_fini(&scratch);
    token_set_fini(&tokens);
    stripe_fini(&stripe);
    cutter_destroy(&cutter);
}

static void test_lines(void **state) {
    (void)state;
    struct random r = {5};
    struct batch b;
    batch_init(&b);
    for (int i = 0; i < 6000; i++) {
        fixture_add_line(&b, &r);
    }
    check_rows(&b);
    batch_fini(&b);
}

/* Rows of any bytes: not their values of another encoding, which are not from the raw bytes. */
static void test_hostile_rows(void **state) {
    (void)state;
    struct random r = {6};
    struct batch b;
    batch_init(&b);
    for (int i = 0; i < 4000; i++) {
        fixture_add_hostile(&b, &r);
        b.rows[b.row_count - 1].flags &= ~(uint32_t)ROW_IN_CONTAINER;
    }
    check_rows(&b);
    batch_fini(&b);
}

/* A record of keys and values whose message repeats values, between escapes of all kinds. */
static void add_record(struct batch *b, struct random *r) {
    static const char *const paths[] = {"C:\\\\tools\\\\new.exe",
                                        "\\\\device\\\\run",
                                        "plain",
                                        "tab\\there",
                                        "\\u00e9t\\u00e9",
                                        "C:/n"};
    static const char *const between[] = {"\\r\\n", "\\t", " ", "=", "", "\\\"", "\\u0041"};
    char user[40];
    char text[700];
    (void)snprintf(user, sizeof user, "user%c%u", 'a' + (int)random_below(r, 26),
                   random_below(r, 5000));
    const char *path = paths[random_below(r, 6)];
    const char *gap = between[random_below(r, 7)];
    const char *odd = random_below(r, 9) == 0 ? "\xc3\xa9x" : "";
    (void)snprintf(text, sizeof text,
                   "{\"User\":\"%s\",\"Path\":\"%s\",\"Message\":\"A process has %s.\\r\\n\\r\\n"
                   "Subject:\\r\\n\\tAccount:\\t\\t%s%s\\r\\nImage: %s%s%sx%u\\r\\nLogon\\t0x%x "
                   "and %s%s done\"}\n",
                   user, path, random_below(r, 2) == 0 ? "started" : "ended", user, odd, path, gap,
                   odd, random_below(r, 100000), random_below(r, 1 << 20), gap, user);
    size_t off = b->raw.len;
    buf_add(&b->raw, str_from_c(text));
    struct row *row = batch_row_begin(b, off, b->raw.len - off);
    row->time_ns = row->receive_ns = 1;
    row->source = intern_add(&b->names, STR("x"));
    row->origin = INTERN_NONE;
    static const struct {
        const char *key;
        uint32_t field;
    } members[] = {{"\"User\":\"", FIELD_USER_NAME},
                   {"\"Path\":\"", FIELD_PROCESS_NAME},
                   {"\"Message\":\"", FIELD_MESSAGE}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct str raw = str_make(b->raw.ptr + off, b->raw.len - off);
        struct str rest =
            str_skip(raw, str_find(raw, str_from_c(members[i].key)) + strlen(members[i].key));
        size_t len = 0;
        while (rest.ptr[len] != '"') {
            len += rest.ptr[len] == '\\' ? 2 : 1;
        }
        struct str slice = str_head(rest, len);
        struct buf decoded = BUF_INIT;
        assert_true(transform_decode(&decoded, slice, TRANSFORM_JSON));
        if (str_eq(buf_str(&decoded), slice)) {
            batch_add(b, members[i].field, slice);
        } else {
            batch_add_decoded(b, members[i].field, buf_str(&decoded), slice, TRANSFORM_JSON);
        }
        buf_fini(&decoded);
    }
}

static void test_escapes(void **state) {
    (void)state;
    struct random r = {7};
    struct batch b;
    batch_init(&b);
    for (int i = 0; i < 8000; i++) {
        add_record(&b, &r);
    }
    check_rows(&b);
    batch_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_hostile_rows),
        cmocka_unit_test(test_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
