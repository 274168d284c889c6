/* Folding and tokens: what the index and the search language agree on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"
#include "token.h"

static void expect_fold(const char *text, const char *folded) {
    struct buf out = BUF_INIT;
    fold_text(&out, str_from_c(text));
    assert_int_equal(out.len, strlen(folded));
    assert_memory_equal(out.ptr, folded, out.len);
    buf_fini(&out);
}

static void folds_case_and_width(void **state) {
    (void)state;
    expect_fold("Hello, WORLD_9", "hello, world_9");
    expect_fold("ＡＢＣ１２３", "abc123");
    expect_fold("ｶﾞﾊﾟﾅ", "ガパナ");
    expect_fold("Straße ÄÖ", "strasse äö");
    expect_fold("㍿ ①", "株式会社 1");
    expect_fold("か\u3099", "が");          /* kana + combining voice mark */
    expect_fold("Cafe\u0301", "caf\u00e9"); /* ASCII letter + combining accent */
    expect_fold("so\u00adft", "soft");      /* soft hyphen is ignorable */
}

static void keeps_invalid_bytes_visible(void **state) {
    (void)state;
    expect_fold("a\xff\xfe z", "a\xef\xbf\xbd\xef\xbf\xbd z");
    expect_fold("\xe3\x81", "\xef\xbf\xbd\xef\xbf\xbd"); /* cut in the middle */
}

/* However a text is cut into runs inside, folding a long one equals folding it in the clear. */
static void long_runs_are_bounded(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    struct buf want = BUF_INIT;
    struct buf out = BUF_INIT;
    for (int i = 0; i < 5000; i++) {
        buf_add(&text, STR("ｶﾞＺ"));
        buf_add(&want, STR("ガz"));
    }
    fold_text(&out, buf_str(&text));
    assert_true(str_eq(buf_str(&out), buf_str(&want)));
    buf_clear(&text);
    for (int i = 0; i < 200000; i++) { /* hostile: one letter with 200,000 accents */
        buf_add(&text, i % 2 == 0 ? STR("\xcc\xa3") : STR("\xcc\x81"));
    }
    buf_clear(&out);
    fold_text(&out, buf_str(&text));
    assert_true(out.len > 0);
    buf_fini(&text);
    buf_fini(&want);
    buf_fini(&out);
}

static void expect_tokens(const char *text, const char *joined) {
    struct buf out = BUF_INIT;
    struct str rest = str_from_c(text);
    struct str token;
    while (token_next(&token, &rest)) {
        buf_add(&out, token);
        buf_putc(&out, '|');
    }
    assert_true(str_eq(buf_str(&out), str_from_c(joined)));
    buf_fini(&out);
}

static void cuts_tokens(void **state) {
    (void)state;
    expect_tokens("user=adm_1 src:10.1.2.3", "user|adm_1|src|10|1|2|3|");
    expect_tokens("", "");
    expect_tokens(" ;-. ", "");
    expect_tokens("株式会社abcの file", "株|式|会|社|abc|の|file|");
    expect_tokens("größe über", "größe|über|");
    expect_tokens("x\xff"
                  "y",
                  "x|y|");
}

static void finds_token_borders(void **state) {
    (void)state;
    struct str text = STR("foobar 漢字x");
    assert_true(token_may_begin(text, 0));
    assert_false(token_may_begin(text, 3));
    assert_true(token_may_begin(text, 7));
    assert_true(token_may_begin(text, 10)); /* the second Han character */
    assert_true(token_may_begin(text, 13)); /* x behind Han */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_case_and_width),  cmocka_unit_test(keeps_invalid_bytes_visible),
        cmocka_unit_test(long_runs_are_bounded), cmocka_unit_test(cuts_tokens),
        cmocka_unit_test(finds_token_borders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
