/* Encodings of log lines: detection and conversion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "charset.h"

static void check(struct str raw, enum text_charset hint, enum text_charset want,
                  const char *utf8) {
    bool certain = false;
    struct text_converter converter = {0};
    struct buf out = BUF_INIT;
    assert_int_equal(text_detect(raw, hint, &certain), want);
    assert_true(text_to_utf8(&converter, &out, raw, want));
    assert_int_equal(out.len, strlen(utf8));
    assert_memory_equal(out.ptr, utf8, out.len);
    text_converter_fini(&converter);
    buf_fini(&out);
}

/* "表ソ能" has 0x5C as second bytes; circled digits and half-width kana are CP932 only. */
static void test_cp932(void **state) {
    (void)state;
    check(STR("\x95\x5c\x83\x5c\x94\x5c"), TEXT_UTF8, TEXT_CP932, "表ソ能");
    check(STR("\x87\x40\xc3\xbd\xc4"), TEXT_UTF8, TEXT_CP932, "①ﾃｽﾄ");
    check(STR("user \x83\x86\x81[\x83U"), TEXT_EUC_JP, TEXT_CP932, "user ユーザ");
}

static void test_euc_jp(void **state) {
    (void)state;
    const struct str user = STR("\xa5\xe6\xa1\xbc\xa5\xb6\xcc\xbe");
    check(user, TEXT_UTF8, TEXT_EUC_JP, "ユーザ名");
    check(user, TEXT_CP932, TEXT_EUC_JP, "ユーザ名");
}

static void test_iso_2022_jp(void **state) {
    (void)state;
    check(STR("a \x1b$B4A;z\x1b(B b"), TEXT_UTF8, TEXT_ISO_2022_JP, "a 漢字 b");
}

/* Both encodings fit: the lines before decide. */
static void test_hint(void **state) {
    (void)state;
    bool certain = true;
    const struct str both = STR("\xc4\xde\xb1\xb2");
    assert_int_equal(text_detect(both, TEXT_EUC_JP, &certain), TEXT_EUC_JP);
    assert_false(certain);
}

static void test_utf8(void **state) {
    (void)state;
    assert_true(utf8_is_valid(STR("plain ascii text of some length")));
    assert_true(utf8_is_valid(STR("漢字 \xf0\x9f\x98\x80")));
    assert_false(utf8_is_valid(STR("\xc0\xaf")));         /* overlong */
    assert_false(utf8_is_valid(STR("\xed\xa0\x80")));     /* surrogate */
    assert_false(utf8_is_valid(STR("\xf4\x90\x80\x80"))); /* over U+10FFFF */
    assert_false(utf8_is_valid(STR("cut \xe6\xbc")));
    assert_int_equal(text_classify(STR("tab\tonly")), 0);
    assert_int_equal(text_classify(STR("esc\x1b")), TEXT_HAS_CONTROL);
    assert_int_equal(text_classify(STR("del\x7f\xe3\x81\x82")), TEXT_HAS_CONTROL | TEXT_HAS_HIGH);
}

static void test_broken_bytes_become_replacements(void **state) {
    (void)state;
    struct text_converter converter = {0};
    struct buf out = BUF_INIT;
    assert_false(text_to_utf8(&converter, &out, STR("a\xff\xfe z"), TEXT_UTF8));
    assert_true(str_eq(buf_str(&out), STR("a\xef\xbf\xbd\xef\xbf\xbd z")));
    buf_clear(&out);
    assert_false(text_to_utf8(&converter, &out, STR("ok \x83"), TEXT_CP932)); /* cut */
    assert_true(str_eq(buf_str(&out), STR("ok \xef\xbf\xbd")));
    buf_clear(&out);
    assert_false(text_to_utf8(&converter, &out, STR("\x00\xd8x\x00y"), TEXT_UTF16LE));
    assert_true(str_eq(buf_str(&out), STR("\xef\xbf\xbdx\xef\xbf\xbd")));
    text_converter_fini(&converter);
    buf_fini(&out);
}

static void test_utf16(void **state) {
    (void)state;
    struct text_converter converter = {0};
    struct buf out = BUF_INIT;
    assert_true(text_to_utf8(&converter, &out, STR("a\x00\x22\x6f\x3d\xd8\x00\xde"), TEXT_UTF16LE));
    assert_true(text_to_utf8(&converter, &out, STR("\x00z"), TEXT_UTF16BE));
    assert_true(str_eq(buf_str(&out), STR("a漢\xf0\x9f\x98\x80z")));
    text_converter_fini(&converter);
    buf_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cp932),       cmocka_unit_test(test_euc_jp),
        cmocka_unit_test(test_iso_2022_jp), cmocka_unit_test(test_hint),
        cmocka_unit_test(test_utf8),        cmocka_unit_test(test_broken_bytes_become_replacements),
        cmocka_unit_test(test_utf16)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
