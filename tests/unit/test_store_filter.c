/*
 * Filters of the store against the same predicate evaluated row by row: every leaf kind, words
 * across the edges of templates and variables, fields in dictionaries, numbers and text.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "expr_build.h"
#include "store_fixture.h"

static struct expr *leaf(struct expr_set *set, const char *field, enum expr_test test,
                         const char *value) {
    struct err err = ERR_INIT;
    struct expr *e = NULL;
    struct expr_leaf_spec spec = {.on_text = field == NULL,
                                  .field = str_from_c(field != NULL ? field : ""),
                                  .test = test,
                                  .value = str_from_c(value)};
    if (test == EXPR_RANGE) {
        spec.low = (struct expr_bound){true, true, str_from_c(value)};
    }
    if (expr_make_leaf(&e, set, &spec, &err) != STATUS_OK) {
        fail_msg("%s: %s", value, err.message);
    }
    return e;
}

static uint64_t scan_and_compare(const struct fixture *f, const struct batch *b,
                                 const struct expr *e, bool ordered) {
    struct err err = ERR_INIT;
    struct store *s = fixture_open(f, STORE_READ);
    struct store_scan_options o = STORE_SCAN_ALL;
    o.filter = e;
    o.ordered = ordered;
    o.include_derived = true;
    struct store_scan *scan = NULL;
    assert_int_equal(store_scan_open(&scan, s, &o, &err), STATUS_OK);
    uint8_t *hits = mem_calloc(b->row_count + 1, 1);
    struct batch out;
    batch_init(&out);
    bool more = true;
    while (more) {
        if (store_scan_next(scan, &out, &more, &err) != STATUS_OK) {
            fail_msg("scan: %s", err.message);
        }
        for (size_t i = 0; i < out.row_count; i++) {
            hits[out.rows[i].arrival]++;
        }
    }
    struct expr_scratch *scratch = expr_scratch_create(e);
    uint64_t count = 0;
    for (size_t i = 0; i < b->row_count; i++) {
        bool expected = expr_match_row(e, b, &b->rows[i], scratch);
        count += expected;
        if (hits[i] != expected) {
            fail_msg("row %zu: store says %d, the row says %d: %.*s", i, hits[i], expected,
                     STR_ARG(batch_raw(b, &b->rows[i])));
        }
    }
    expr_scratch_destroy(&scratch);
    mem_free(hits);
    batch_fini(&out);
    store_scan_close(&scan);
    store_close(&s);
    return count;
}

static void compare_leaves(const struct fixture *f, const struct batch *b) {
    static const struct {
        const char *field;
        enum expr_test test;
        const char *value;
    } leaves[] = {
        {"user.name", EXPR_EQUALS, "ALICE"},
        {"user.name", EXPR_EQUALS, "nobody"},
        {"user.name", EXPR_EXISTS, ""},
        {"user.name", EXPR_WILDCARD, "*o*"},
        {"user.name", EXPR_REGEX, "^b"},
        {"*.name", EXPR_EQUALS, "bob"},
        {"tags", EXPR_EQUALS, "3"},
        {"tags", EXPR_EQUALS, ""},
        {"source.bytes", EXPR_RANGE, "50000"},
        {"source.bytes", EXPR_EQUALS, "40"},
        {"file.path", EXPR_WILDCARD, "c:\\\\t1*"},
        {"file.path", EXPR_REGEX, "t[0-9]{2}$"},
        {"message", EXPR_WORDS, "user alice"},
        {"message", EXPR_REGEX, "10:[0-9]1:30Z user=carol"},
        {"konseki.source", EXPR_EQUALS, "fw1"},
        {"event.dataset", EXPR_EQUALS, "syslog"},
        {"konseki.flags", EXPR_EQUALS, "unparsed"},
        {"konseki.line", EXPR_RANGE, "15000"},
        {"event.original", EXPR_REGEX, "room 7$"},
        {"no.such.field", EXPR_EXISTS, ""},
        {"x.new", EXPR_EQUALS, "007"},
        {"x.new", EXPR_EQUALS, "7"},
        {NULL, EXPR_WORDS, "alice"},
        {NULL, EXPR_WORDS, "Unknown THING"},
        {NULL, EXPR_WORDS, "room 7"},
        {NULL, EXPR_WORDS, "path c"},
        {NULL, EXPR_WORDS, "nowhere"},
        {NULL, EXPR_WORDS, "b"},
        {NULL, EXPR_WORDS, "0041"},
        {NULL, EXPR_WORDS, "\xe5\xb1\xb1\xe7\x94\xb0"},
        {NULL, EXPR_REGEX, "thing (alice|bob)-[0-9]+7 happened"},
        {NULL, EXPR_WILDCARD, "*=4?? path*"},
    };
    struct expr_set *set = expr_set_create();
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        struct expr *e = leaf(set, leaves[i].field, leaves[i].test, leaves[i].value);
        uint64_t count = scan_and_compare(f, b, e, true);
        uint64_t inverse = scan_and_compare(f, b, expr_make_not(set, e), false);
        assert_int_equal(count + inverse, b->row_count);
    }
    expr_set_destroy(&set);
}

static void compare_trees(const struct fixture *f, const struct batch *b) {
    struct expr_set *set = expr_set_create();
    struct expr *name = leaf(set, "user.name", EXPR_EQUALS, "bob");
    struct expr *big = leaf(set, "source.bytes", EXPR_RANGE, "70000");
    struct expr *word = leaf(set, NULL, EXPR_WORDS, "bob");
    struct expr *absent = leaf(set, NULL, EXPR_WORDS, "zebra");
    struct expr *both[] = {word, name, big};
    struct expr *either[] = {absent, big, word};
    struct expr *without[] = {word, expr_make_not(set, name)};
    struct expr *never[] = {name, absent};
    assert_true(scan_and_compare(f, b, expr_make_group(set, EXPR_AND, both, 3), true) > 0);
    assert_true(scan_and_compare(f, b, expr_make_group(set, EXPR_OR, either, 3), true) > 0);
    assert_true(scan_and_compare(f, b, expr_make_group(set, EXPR_AND, without, 2), true) > 0);
    assert_true(scan_and_compare(f, b, expr_make_group(set, EXPR_AND, never, 2), true) == 0);
    expr_set_destroy(&set);
}

/* Any part of any row is found, in all rows that hold it. */
static void compare_parts(const struct fixture *f, const struct batch *b, struct random *r) {
    struct expr_set *set = expr_set_create();
    for (int i = 0; i < 40; i++) {
        struct str raw = batch_raw(b, &b->rows[random_below(r, (uint32_t)b->row_count)]);
        size_t len = 2 + random_below(r, 14);
        size_t at = random_below(r, (uint32_t)(raw.len - len));
        char pattern[128];
        size_t end = 0;
        for (size_t k = 0; k < len; k++) {
            end += (size_t)snprintf(pattern + end, sizeof pattern - end, "\\x%02x",
                                    (unsigned)(uint8_t)raw.ptr[at + k]);
        }
        assert_true(scan_and_compare(f, b, leaf(set, NULL, EXPR_REGEX, pattern), true) > 0);
    }
    expr_set_destroy(&set);
}

static void test_lines(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {11};
    for (int i = 0; i < 20000; i++) {
        fixture_add_line(&in, &r);
    }
    fixture_write(f, &in, 2);
    compare_leaves(f, &in);
    compare_trees(f, &in);
    batch_fini(&in);
}

/* A character as itself, as a class that has it, or as anything. Returns the pattern's length. */
static size_t put_character(char *out, size_t room, char c, struct random *r) {
    uint32_t how = random_below(r, 8);
    const char *any = "[^\n]";
    const char *class = ascii_is_digit(c) ? "[0-9]" : ascii_is_alpha(c) ? "[A-Za-z]" : any;
    if (how < 5 && (uint8_t)c < 0x80) {
        return (size_t)snprintf(out, room, "\\x%02x", (unsigned)(uint8_t)c);
    }
    return (size_t)snprintf(out, room, "%s", how < 7 && (uint8_t)c < 0x80 ? class : any);
}

/* A regular expression that some rows match: a part of one, with classes in it, and a later part
 * behind something that takes all between. */
static void make_regex(char *out, size_t room, struct str raw, struct random *r) {
    static const char *const gaps[] = {".*", ".{0,30}", "[^\n]*?", ".+", "\\W.*", "\\s.*"};
    size_t end = 0;
    size_t at = random_below(r, (uint32_t)raw.len);
    for (uint32_t part = 0; part < 1 + random_below(r, 2); part++) {
        if (part > 0) {
            end += (size_t)snprintf(out + end, room - end, "%s", gaps[random_below(r, 6)]);
            at += random_below(r, 12);
        }
        for (uint32_t k = 1 + random_below(r, 9); k > 0 && at < raw.len; k--) {
            end += put_character(out + end, room - end, raw.ptr[at++], r);
        }
    }
}

static void test_random_regexes(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {15};
    for (int i = 0; i < 3000; i++) {
        fixture_add_line(&in, &r);
        if (i % 10 == 0) {
            fixture_add_hostile(&in, &r);
        }
    }
    fixture_write(f, &in, 2);
    struct expr_set *set = expr_set_create();
    uint64_t found = 0;
    for (int i = 0; i < 150; i++) {
        struct str raw = batch_raw(&in, &in.rows[random_below(&r, (uint32_t)in.row_count)]);
        char pattern[256] = "a";
        if (raw.len > 0) {
            make_regex(pattern, sizeof pattern, raw, &r);
        }
        found += scan_and_compare(f, &in, leaf(set, NULL, EXPR_REGEX, pattern), true) > 0;
    }
    assert_true(found > 100);
    expr_set_destroy(&set);
    batch_fini(&in);
}

static void add_fixed(struct batch *b, struct random *r) {
    char line[128];
    int len = snprintf(line, sizeof line, "id=%u host=web1 user=%s code=%u\n", random_below(r, 500),
                       random_below(r, 2) == 0 ? "alice" : "bob", random_below(r, 9000));
    struct row *row = fixture_begin_row(b, str_make(line, (size_t)len), "srv");
    row->line = (uint32_t)b->row_count;
    row->dataset = DATASET_SYSLOG;
    struct str raw = batch_raw(b, row);
    static const struct {
        const char *name;
        uint32_t field;
    } values[] = {
        {"id=", FIELD_SOURCE_BYTES}, {"host=", FIELD_FILE_PATH}, {"user=", FIELD_USER_NAME}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct str rest = str_skip(raw, str_find(raw, str_from_c(values[i].name)));
        rest = str_skip(rest, strlen(values[i].name));
        batch_add(b, values[i].field, str_head(rest, str_find_char(rest, ' ')));
    }
}

/* A dictionary of one entry tells the same of all rows: what has begun before goes on behind it. */
static void test_fixed_value(void **state) {
    static const char *const patterns[] = {"id=1.*user=b", "=4[0-9]+ .{3,20}b", "d=.*e code=5",
                                           "id=.*web1.*9", "7 host=w.*alice.*[13]"};
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {16};
    for (int i = 0; i < 2000; i++) {
        add_fixed(&in, &r);
    }
    fixture_write(f, &in, 1);
    struct expr_set *set = expr_set_create();
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        assert_true(scan_and_compare(f, &in, leaf(set, NULL, EXPR_REGEX, patterns[i]), true) > 0);
    }
    expr_set_destroy(&set);
    batch_fini(&in);
}

/* Objects in any order: found by words, parts of words and fields, also where members meet. */
static void test_objects(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {14};
    for (int i = 0; i < 5000; i++) {
        fixture_add_object(&in, &r);
    }
    fixture_write(f, &in, 3);
    compare_leaves(f, &in);
    struct expr_set *set = expr_set_create();
    static const char *const parts[] = {
        "\",\"key3\":\"7", "[0-9]\"\\}\\}",       "4\",\"key0",     "\",\"in\":\\{\"key7",
        "key3\":\"7",      "5\":\"bob did [1-4]", "in\":.*key[5-7]"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_true(scan_and_compare(f, &in, leaf(set, NULL, EXPR_REGEX, parts[i]), true) > 0);
    }
    assert_true(scan_and_compare(f, &in, leaf(set, NULL, EXPR_WORDS, "key3"), true) == 5000);
    compare_parts(f, &in, &r);
    expr_set_destroy(&set);
    batch_fini(&in);
}

static void test_hostile_rows(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {12};
    for (int i = 0; i < 3000; i++) {
        fixture_add_hostile(&in, &r);
    }
    fixture_write(f, &in, 2);
    compare_leaves(f, &in);
    batch_fini(&in);
}

/* Every word of every line is found through the index, and only where it stands. */
static void test_every_word_is_indexed(void **state) {
    struct fixture *f = *state;
    struct batch in;
    batch_init(&in);
    struct random r = {13};
    for (int i = 0; i < 60; i++) {
        fixture_add_line(&in, &r);
        fixture_add_hostile(&in, &r);
    }
    fixture_write(f, &in, 4);
    struct expr_set *set = expr_set_create();
    for (size_t i = 0; i < in.row_count; i++) {
        struct buf scratch = BUF_INIT;
        struct str rest = expr_search_text(&in, &in.rows[i], &scratch);
        struct str word;
        while (str_word_next(&word, &rest)) {
            char text[400];
            (void)snprintf(text, sizeof text, "%.*s", STR_ARG(word));
            struct expr *e = NULL;
            struct err err;
            struct expr_leaf_spec spec = {
                .on_text = true, .test = EXPR_WORDS, .value = str_from_c(text)};
            if (expr_make_leaf(&e, set, &spec, &err) == STATUS_OK) {
                (void)scan_and_compare(f, &in, e, true);
            }
        }
        buf_fini(&scratch);
    }
    expr_set_destroy(&set);
    batch_fini(&in);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_lines),   CASE(test_random_regexes), CASE(test_fixed_value),
        CASE(test_objects), CASE(test_hostile_rows),   CASE(test_every_word_is_indexed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
