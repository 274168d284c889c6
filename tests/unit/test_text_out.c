/* JSON and XML text out, XML text in: any bytes become valid text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json_out.h"
#include "utf8.h"
#include "xml_out.h"
#include "xml_text.h"

struct text_case {
    struct str in;
    const char *out;
};

static void check(const struct text_case *cases, size_t count,
                  void (*write)(struct buf *out, struct str text)) {
    for (size_t i = 0; i < count; i++) {
        struct buf out = BUF_INIT;
        write(&out, cases[i].in);
        buf_putc(&out, 0);
        assert_string_equal(out.ptr, cases[i].out);
        buf_fini(&out);
    }
}

static const struct text_case json_cases[] = {
    {STR_INIT(""), "\"\""},
    {STR_INIT("plain 日本"), "\"plain 日本\""},
    {STR_INIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
    {STR_INIT("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\""},
    {STR_INIT("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\""},
    {STR_INIT("\xf0\xa0\xae\xb7"), "\"𠮷\""},
    {STR_INIT("\xc2\x85\xc2\x9b\xc2\xa0é"), "\"\\u0085\\u009b\u00a0é\""},
    {STR_INIT("\u2028\u2029\u2027"), "\"\\u2028\\u2029\u2027\""}, /* lines end there for some */
    {STR_INIT("\u202efdp\u2066\u200b\ufeff\u061c"), "\"\\u202efdp\\u2066\\u200b\\ufeff\\u061c\""},
    {STR_INIT("a\xff\x62"), "\"a\ufffd"
                            "b\""},
    {STR_INIT("\xc0\xaf"), "\"\ufffd\ufffd\""},           /* overlong */
    {STR_INIT("\xed\xa0\x80"), "\"\ufffd\ufffd\ufffd\""}, /* a surrogate */
    {STR_INIT("\xe6\x97"), "\"\ufffd\""},                 /* cut */
    {STR_INIT("\xf0\xa0\xae."), "\"\ufffd.\""},
    {STR_INIT("\xf4\x90\x80\x80"), "\"\ufffd\ufffd\ufffd\ufffd\""}, /* over U+10FFFF */
};

static void test_json(void **state) {
    (void)state;
    check(json_cases, sizeof json_cases / sizeof *json_cases, json_out_string);
}

static const struct text_case xml_text_cases[] = {
    {STR_INIT("a<b>&\"'"), "a&lt;b&gt;&amp;\"'"},
    {STR_INIT("1\r\n2\t3"), "1&#13;&#10;2\t3"},
    {STR_INIT("\0\x1b"), "\ufffd\ufffd"},
    {STR_INIT("\xef\xbf\xbe日\xff"), "\ufffd日\ufffd"},
};

static const struct text_case xml_attribute_cases[] = {
    {STR_INIT("a\"b<"), "a&quot;b&lt;"},
    {STR_INIT("1\n2\t3"), "1&#10;2&#9;3"},
};

static const struct text_case xml_name_cases[] = {
    {STR_INIT("Data"), "Data"},
    {STR_INIT("a b\"c"), "a_b_c"},
    {STR_INIT("1x"), "_x"},
    {STR_INIT(""), "_"},
    {STR_INIT("名前"), "名前"},
    {STR_INIT("a\xff"), "a_"},
    {STR_INIT("\xef\xbf\xbf名\xc2\xa0"), "_名_"},
};

static void test_xml(void **state) {
    (void)state;
    check(xml_text_cases, sizeof xml_text_cases / sizeof *xml_text_cases, xml_out_text);
    check(xml_attribute_cases, sizeof xml_attribute_cases / sizeof *xml_attribute_cases,
          xml_out_attribute);
    check(xml_name_cases, sizeof xml_name_cases / sizeof *xml_name_cases, xml_out_name);
}

static const struct {
    struct text_case text;
    bool good;
} decode_cases[] = {
    {{STR_INIT("a&lt;b&gt;&amp;&quot;&apos;"), "a<b>&\"'"}, true},
    {{STR_INIT("&#65;&#x65e5;&#x20BB7;"), "A日𠮷"}, true},
    {{STR_INIT("&nbsp;x"), "&nbsp;x"}, false},
    {{STR_INIT("a & b"), "a & b"}, false},
    {{STR_INIT("&"), "&"}, false},
    {{STR_INIT("&#0;&#xd800;&#x110000;&#;"), "&#0;&#xd800;&#x110000;&#;"}, false},
    {{STR_INIT("&#99999999999999999999;"), "&#99999999999999999999;"}, false},
};

static void test_xml_decode(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof decode_cases / sizeof *decode_cases; i++) {
        struct buf out = BUF_INIT;
        assert_int_equal(xml_text_decode(&out, decode_cases[i].text.in), decode_cases[i].good);
        buf_putc(&out, 0);
        assert_string_equal(out.ptr, decode_cases[i].text.out);
        buf_fini(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_xml),
        cmocka_unit_test(test_xml_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
