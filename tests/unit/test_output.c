/* Tables, csv and JSON as written: widths, escapes, nesting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mem.h"
#include "output.h"

static void expect_visible(struct str text, const char *want) {
    struct buf out = BUF_INIT;
    output_append_visible(&out, text);
    assert_true(str_eq(buf_str(&out), str_from_c(want)));
    buf_fini(&out);
}

static void shows_what_could_harm(void **state) {
    (void)state;
    expect_visible(STR("plain 漢字"), "plain 漢字");
    expect_visible(STR("a\nb\tc\r"), "a\\nb\\tc\\r");
    expect_visible(STR("\x1b[2J"), "\\x1b[2J");
    expect_visible(STR("\u202egpj.exe"), "\\u202egpj.exe"); /* reverses what follows */
    expect_visible(STR("a\u200bb"), "a\\u200bb");
    expect_visible(STR("\xc2\x9b"
                       "31m"),
                   "\\x9b31m"); /* C1 control */
    expect_visible(STR("x\xff"), "x\\xff");
    expect_visible(str_make("a\0b", 3), "a\\x00b");
}

static void counts_columns(void **state) {
    (void)state;
    assert_int_equal(output_text_width(STR("abc")), 3);
    assert_int_equal(output_text_width(STR("漢字")), 4);
    assert_int_equal(output_text_width(STR("ｱｲ")), 2);
    assert_int_equal(output_text_width(STR("e\u0301")), 1);
}

static void expect_csv(const char *cell, const char *want) {
    struct buf out = BUF_INIT;
    output_append_csv(&out, str_from_c(cell));
    assert_true(str_eq(buf_str(&out), str_from_c(want)));
    buf_fini(&out);
}

static void csv_is_safe(void **state) {
    (void)state;
    expect_csv("plain", "plain");
    expect_csv("a,b", "\"a,b\"");
    expect_csv("say \"x\"", "\"say \"\"x\"\"\"");
    expect_csv("two\nlines", "\"two\nlines\"");
    expect_csv("=1+1", "\"'=1+1\"");
    expect_csv("@SUM(A1)", "\"'@SUM(A1)\"");
    expect_csv("+81-3", "\"'+81-3\"");
    expect_csv("\tx", "\"'\tx\"");
    expect_csv("-12.5", "-12.5"); /* a number is no formula */
    expect_csv("-1+cmd|x", "\"'-1+cmd|x\"");
    expect_csv("  =1+1", "\"'  =1+1\""); /* spreadsheets skip the blanks */
    expect_csv("\n=1", "\"'\n=1\"");
    expect_csv("＝1+1", "\"'＝1+1\""); /* and read full-width signs */
    expect_csv("  a=1", "  a=1");
    struct buf names = BUF_INIT;
    output_append_csv_name(&names, STR("@timestamp"));
    output_append_csv_name(&names, STR("@SUM(A1)"));
    assert_true(str_eq(buf_str(&names), STR("@timestamp\"'@SUM(A1)\"")));
    buf_fini(&names);
    expect_csv("\x1b[2J\u202e\xff漢\t.", "\\x1b[2J\\u202e\\xff漢\t.");
}

static void expect_json(struct output_json_entry *entries, size_t count, const char *want) {
    struct buf out = BUF_INIT;
    output_json(&out, entries, count);
    buf_putc(&out, '\0');
    assert_string_equal(out.ptr, want);
    buf_fini(&out);
}

static void nests_names(void **state) {
    (void)state;
    struct output_json_entry a[] = {{STR("@timestamp"), STR("t"), JSON_STRING, 0, 0, 0},
                                    {STR("source.ip"), STR("10.0.0.1"), JSON_STRING, 0, 0, 0},
                                    {STR("event.code"), STR("4625"), JSON_STRING, 0, 0, 0},
                                    {STR("source.port"), STR("443"), JSON_NUMBER, 0, 0, 0}};
    expect_json(a, 4,
                "{\"@timestamp\":\"t\",\"source\":{\"ip\":\"10.0.0.1\",\"port\":443},"
                "\"event\":{\"code\":\"4625\"}}");
    struct output_json_entry list[] = {{STR("to.a"), STR("x"), JSON_STRING, 0, 0, 0},
                                       {STR("n"), STR("1"), JSON_NUMBER, 0, 0, 0},
                                       {STR("to.a"), STR("y"), JSON_STRING, 0, 0, 0},
                                       {STR("flags"), STR("f"), JSON_STRING, 0, true, 0}};
    expect_json(list, 4, "{\"to\":{\"a\":[\"x\",\"y\"]},\"n\":1,\"flags\":[\"f\"]}");
    /* a name that is both a value and a group: the group's names stay dotted */
    struct output_json_entry both[] = {{STR("user.name"), STR("b"), JSON_STRING, 0, 0, 0},
                                       {STR("user"), STR("a"), JSON_STRING, 0, 0, 0}};
    expect_json(both, 2, "{\"user.name\":\"b\",\"user\":\"a\"}");
    struct output_json_entry flat[] = {{STR("sum(a.b)"), STR("1"), JSON_NUMBER, true, 0, 0}};
    expect_json(flat, 1, "{\"sum(a.b)\":1}");
    expect_json(NULL, 0, "{}");
}

static void numbers_are_json_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"0", "0"},          {"-5", "-5"},     {"007", "7"},
        {"1.50", "1.50"},    {"1e5", "1e5"},   {"abc", "\"abc\""},
        {".5", "\".5\""},    {"1.", "\"1.\""}, {"", "\"\""},
        {"NaN", "\"NaN\""},  {"-", "\"-\""},   {"18446744073709551615", "18446744073709551615"},
        {"0x10", "\"0x10\""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct output_json_entry e = {STR("n"), str_from_c(cases[i].text), JSON_NUMBER, 0, 0, 0};
        char want[64];
        (void)snprintf(want, sizeof want, "{\"n\":%s}", cases[i].want);
        expect_json(&e, 1, want);
    }
}

static void hostile_names_end(void **state) {
    (void)state;
    struct buf name = BUF_INIT;
    for (int i = 0; i < 5000; i++) {
        buf_putc(&name, '.');
    }
    struct output_json_entry e = {buf_str(&name), STR("x"), JSON_STRING, 0, 0, 0};
    struct buf out = BUF_INIT;
    output_json(&out, &e, 1);
    assert_true(out.len > 5000 && out.ptr[out.len - 1] == '}');
    buf_fini(&out);
    buf_fini(&name);
}

/* What a table of these rows looks like in a file. */
static void table_text(char *out, size_t size, int width, enum output_format format) {
    static const struct str headers[] = {STR_INIT("name"), STR_INIT("n"), STR_INIT("last")};
    static const struct str rows[2][3] = {
        {STR_INIT("漢字"), STR_INIT("1"), STR_INIT("a very long cell that does not fit here")},
        {STR_INIT("abcdef"), STR_INIT("22"), STR_INIT("x\n")}};
    FILE *file = tmpfile();
    assert_non_null(file);
    struct output *output = output_create(file, format, headers, 3, width, true);
    assert_true(output_row(output, rows[0]) && output_row(output, rows[1]));
    assert_true(output_destroy(&output));
    rewind(file);
    size_t length = fread(out, 1, size - 1, file);
    out[length] = '\0';
    (void)fclose(file);
}

static void aligns_tables(void **state) {
    (void)state;
    char text[512];
    table_text(text, sizeof text, 0, OUTPUT_TABLE);
    assert_string_equal(text, "name    n   last\n"
                              "漢字    1   a very long cell that does not fit here\n"
                              "abcdef  22  x\\n\n");
    table_text(text, sizeof text, 40, OUTPUT_TABLE);
    assert_string_equal(text, "name    n   last\n"
                              "漢字    1   a very long cell that does \xe2\x80\xa6\n"
                              "abcdef  22  x\\n\n");
    table_text(text, sizeof text, 0, OUTPUT_CSV);
    assert_string_equal(text, "\xef\xbb\xbfname,n,last\r\n"
                              "漢字,1,a very long cell that does not fit here\r\n"
                              "abcdef,22,\"x\n\"\r\n");
}

static void fits_tables_to_terminals(void **state) {
    (void)state;
    static const struct str headers[] = {STR_INIT("title"), STR_INIT("file"), STR_INIT("n")};
    static const struct str rows[2][3] = {
        {STR_INIT("A title that is longer than there is room for"),
         STR_INIT("/evidence/disk/Windows/System32/winevt/Logs/記録.evtx"), STR_INIT("1")},
        {STR_INIT("short"), STR_INIT("a.evtx"), STR_INIT("2")}};
    char text[512];
    FILE *file = tmpfile();
    assert_non_null(file);
    struct output *output = output_create(file, OUTPUT_TABLE, headers, 3, 60, false);
    assert_true(output_row(output, rows[0]) && output_row(output, rows[1]));
    assert_true(output_destroy(&output));
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    /* titles keep their beginning, paths their end */
    assert_string_equal(text, "title                        file                          n\n"
                              "A title that is longer tha\xe2\x80\xa6  "
                              "\xe2\x80\xa6tem32/winevt/Logs/記録.evtx  1\n"
                              "short                        a.evtx                        2\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_could_harm),
        cmocka_unit_test(counts_columns),
        cmocka_unit_test(csv_is_safe),
        cmocka_unit_test(nests_names),
        cmocka_unit_test(numbers_are_json_numbers),
        cmocka_unit_test(hostile_names_end),
        cmocka_unit_test(aligns_tables),
        cmocka_unit_test(fits_tables_to_terminals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
