/*
 * The short cuts that make reading fast say the same as the plain way: bytes looked at eight or
 * sixteen at a time, keys predicted from the record before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "buf.h"
#include "bytescan.h"
#include "charset.h"
#include "ip.h"
#include "json_shim.h"
#include "json_text.h"
#include "kv.h"
#include "num.h"

/* The same numbers in every run. */
static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Text of few different bytes, so that near misses are frequent. */
static struct str random_text(char *out, size_t len, const char *alphabet, uint32_t *seed) {
    size_t letters = strlen(alphabet);
    for (size_t i = 0; i < len; i++) {
        out[i] = alphabet[next_random(seed) % letters];
    }
    return str_make(out, len);
}

/* --- bytes --- */

static size_t find_plainly(struct str s, struct str needle) {
    for (size_t i = 0; i + needle.len <= s.len; i++) {
        if (memcmp(s.ptr + i, needle.ptr, needle.len) == 0) {
            return i;
        }
    }
    return STR_NONE;
}

static void texts_are_found_where_they_stand(void **state) {
    (void)state;
    uint32_t seed = 1;
    char text[96];
    char needle[48];
    for (int round = 0; round < 60000; round++) {
        struct str s = random_text(text, next_random(&seed) % sizeof text, "aab", &seed);
        size_t len = 1 + next_random(&seed) % (round % 16 == 0 ? sizeof needle : 6);
        struct str n = random_text(needle, len, "aab", &seed);
        assert_int_equal(str_find(s, n), find_plainly(s, n));
        assert_int_equal(str_find_char(s, 'b'), find_plainly(s, STR("b")));
    }
    char far[300];
    memset(far, 'a', sizeof far);
    for (size_t at = 0; at < sizeof far; at++) {
        far[at] = 'b';
        assert_int_equal(str_find_char(str_make(far, sizeof far), 'b'), at);
        assert_int_equal(str_find(str_make(far, sizeof far), STR("b")), at);
        far[at] = 'a';
    }
    assert_int_equal(str_find_char(STR_EMPTY, 'a'), STR_NONE);
}

static void the_first_of_two_bytes_stops(void **state) {
    (void)state;
    uint32_t seed = 2;
    char text[40];
    for (int round = 0; round < 40000; round++) {
        /* bytes one apart: a borrow of the trick would show */
        struct str s =
            random_text(text, next_random(&seed) % sizeof text, "!\" #\x7f\x80\xa0", &seed);
        size_t want = 0;
        while (want < s.len && s.ptr[want] != '"' && s.ptr[want] != '#') {
            want++;
        }
        assert_int_equal(bytescan_two(s.ptr, s.len, '"', '#'), want);
    }
}

static void every_byte_is_classified(void **state) {
    (void)state;
    char text[50];
    for (size_t len = 1; len < sizeof text; len++) {
        for (size_t at = 0; at < len; at++) {
            for (unsigned c = 0; c < 256; c++) {
                memset(text, 'x', sizeof text);
                text[at] = (char)c;
                text[len] = '\x01'; /* behind the end: must not count */
                unsigned want = (c >= 0x80 ? TEXT_HAS_HIGH : 0U) |
                                ((c < 0x20 && c != '\t') || c == 0x7F ? TEXT_HAS_CONTROL : 0U);
                assert_int_equal(text_classify(str_make(text, len)), want);
            }
        }
    }
}

static void numbers_and_addresses_keep_their_limits(void **state) {
    (void)state;
    uint64_t value = 7;
    assert_true(num_parse_u64(&value, STR("9999999999999999999")));
    assert_true(value == UINT64_C(9999999999999999999));
    assert_true(num_parse_u64(&value, STR("18446744073709551615")));
    assert_true(value == UINT64_MAX);
    assert_false(num_parse_u64(&value, STR("18446744073709551616")));
    assert_false(num_parse_u64(&value, STR("1234567890123456789x")));
    assert_false(num_parse_u64(&value, STR("12/4")));
    static const char *const good[] = {"0.0.0.0", "255.255.255.255", "10.1.200.9"};
    static const char *const bad[] = {"256.1.1.1", "1.2.3",  "1.2.3.4.",   "01.2.3.4",
                                      "1..2.3",    "1.2.3.", "1.2.3.4444", "1.2.3.4x"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct ip ip;
        char text[IP_TEXT_BYTES];
        assert_true(ip_parse(&ip, str_from_c(good[i])));
        assert_true(str_eq(str_make(text, ip_format(text, &ip)), str_from_c(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ip ip;
        assert_false(ip_parse(&ip, str_from_c(bad[i])));
    }
}

/* --- escapes --- */

static void escapes_are_decoded_at_every_place(void **state) {
    (void)state;
    static const struct {
        const char *written;
        const char *meant;
    } escapes[] = {{"\\n", "\n"},
                   {"\\\\", "\\"},
                   {"\\u3042", "\xE3\x81\x82"},
                   {"\\\"\\\"", "\"\""},
                   {"\\q", "\\q"},
                   {"\\u12x", "\\u12x"},
                   {"\\udc00", "\xEF\xBF\xBD"},
                   {"\\b\\f", "\b\f"},
                   {"\\", "\\"},
                   {"\\ud83d\\ude00", "\xF0\x9F\x98\x80"}};
    for (size_t e = 0; e < sizeof escapes / sizeof *escapes; e++) {
        for (size_t before = 0; before < 20; before++) {
            struct buf written = BUF_INIT;
            struct buf want = BUF_INIT;
            struct buf got = BUF_INIT;
            size_t after = escapes[e].written[1] == '\0' ? 0 : 11; /* a lone backslash ends it */
            buf_add(&written, str_head(STR("abcdefghijklmnopqrst"), before));
            buf_add(&want, buf_str(&written));
            buf_add(&written, str_from_c(escapes[e].written));
            buf_add(&want, str_from_c(escapes[e].meant));
            buf_add(&written, str_head(STR("uvwxyz01234"), after));
            buf_add(&want, str_head(STR("uvwxyz01234"), after));
            bool exact = json_text_decode(&got, buf_str(&written));
            assert_int_equal(exact, !str_eq(buf_str(&written), buf_str(&want)));
            assert_true(str_eq(buf_str(&got), buf_str(&want)));
            buf_fini(&written);
            buf_fini(&want);
            buf_fini(&got);
        }
    }
}

/* --- predicted keys --- */

static void assert_same(struct str a, struct str b) {
    assert_int_equal(a.len, b.len);
    assert_true(str_eq(a, b));
}

/* A record both ways: the names from one table that predicts and one that only looks up. */
static void read_pairs_both_ways(struct kv_names *predicting, struct kv_names *plain,
                                 struct str record, char separator) {
    struct kv a;
    struct kv b;
    struct kv_name name = {0};
    struct str rest_a = record;
    struct str rest_b = record;
    kv_names_begin(predicting);
    while (kv_next_separated(&b, &rest_b, separator)) {
        assert_true(kv_names_next(predicting, &a, &name, &rest_a, separator));
        assert_same(a.key, b.key);
        assert_same(a.value, b.value);
        assert_true(a.has_value == b.has_value && a.quoted == b.quoted &&
                    a.unclosed == b.unclosed && a.escaped == b.escaped);
        struct kv_name want = {.field = FIELD_NONE, .role = KV_NO_ROLE};
        want = b.has_value ? kv_names_get(plain, b.key) : want;
        assert_int_equal(name.field, want.field);
        assert_int_equal(name.role, want.role);
    }
    assert_false(kv_names_next(predicting, &a, &name, &rest_a, separator));
    assert_int_equal(rest_a.len, rest_b.len);
}

static void pairs_are_the_same_in_any_order(void **state) {
    (void)state;
    static const struct kv_role roles[] = {{STR_INIT("date"), 3}, {STR_INIT("srcip"), 5}};
    static const char *const pieces[] = {"date=2026-03-02",
                                         "srcip=10.0.0.1",
                                         "srcip=\"a b\"",
                                         "srcipx=1",
                                         "d=",
                                         "word",
                                         "msg=\"a\\\"b\"",
                                         "msg=\"cut",
                                         "=x",
                                         "date",
                                         "k-1=\t",
                                         "src=\"\\",
                                         "date=\"\"",
                                         "a.b=c=d",
                                         "<188>date=1",
                                         "date ="};
    struct kv_names predicting;
    struct kv_names plain;
    uint32_t seed = 3;
    kv_names_init(&predicting, STR("t"), roles, 2);
    kv_names_init(&plain, STR("t"), roles, 2);
    for (int round = 0; round < 20000; round++) {
        struct buf record = BUF_INIT;
        char separator = round % 5 == 0 ? ',' : ' ';
        /* mostly one order, as devices write, now and then another */
        bool usual = next_random(&seed) % 4 != 0;
        for (size_t i = 0; i < 8; i++) {
            size_t piece = usual ? i : next_random(&seed) % (sizeof pieces / sizeof *pieces);
            buf_add(&record, str_from_c(pieces[piece]));
            buf_putc(&record, separator);
        }
        read_pairs_both_ways(&predicting, &plain, buf_str(&record), separator);
        buf_fini(&record);
    }
    kv_names_fini(&predicting);
    kv_names_fini(&plain);
}

struct leaves {
    struct buf text; /* path=slice, each on a line */
    struct buf ids;  /* of the paths, in the same order */
};

static void note_leaf(void *ctx, const struct json_leaf *leaf) {
    struct leaves *leaves = ctx;
    buf_add(&leaves->text, leaf->path);
    buf_putc(&leaves->text, '=');
    buf_add(&leaves->text, leaf->slice);
    buf_putc(&leaves->text, '\n');
    buf_append(&leaves->ids, &leaf->path_id, sizeof leaf->path_id);
}

static void read_document(struct leaves *out, struct json_reader *reader, const char *text) {
    char padded[512] = {0};
    size_t len = strlen(text);
    assert_true(len + JSON_PADDING_BYTES <= sizeof padded);
    memcpy(padded, text, len);
    buf_clear(&out->text);
    buf_clear(&out->ids);
    (void)json_reader_read(reader, str_make(padded, len), note_leaf, out);
}

static void json_paths_do_not_depend_on_the_past(void **state) {
    (void)state;
    static const char *const documents[] = {
        "{\"a\":1,\"b\":{\"c\":\"x\",\"d\":2},\"e\":3}",
        "{\"a\":1,\"b\":{\"d\":2,\"c\":\"x\"},\"e\":3}",
        "{\"b.c\":4,\"b\":{\"c\":5}}",
        "{\"\":6,\"x\":{\"\":7,\"a\":8}}",
        "{\"\\u0061\":9,\"a\\\\\":10,\"ab\":11}",
        "{\"a\":[1,{\"c\":2},{\"c\":3,\"a\":4}],\"ab\":5}",
        "{\"a\":{\"a\":{\"a\":1}},\"b\":1}",
        "{\"a\":1,\"b\":{\"c\":\"x\"",
        "{\"a\" : 1 , \"b\" : {\"c\" : \"\\\"\"} }",
    };
    enum { COUNT = sizeof documents / sizeof *documents };
    struct json_reader *used = json_reader_create();
    struct leaves got = {BUF_INIT, BUF_INIT};
    struct leaves want = {BUF_INIT, BUF_INIT};
    uint32_t seed = 4;
    for (int round = 0; round < 5000; round++) {
        const char *document = documents[next_random(&seed) % COUNT];
        struct json_reader *fresh = json_reader_create();
        read_document(&want, fresh, document);
        read_document(&got, used, document);
        assert_same(buf_str(&got.text), buf_str(&want.text));
        json_reader_destroy(fresh);
    }
    /* one path, one number: b.c as a key and b.c as a key in b */
    read_document(&got, used, documents[2]);
    assert_int_equal(got.ids.len, 2 * sizeof(uint32_t));
    assert_memory_equal(got.ids.ptr, got.ids.ptr + sizeof(uint32_t), sizeof(uint32_t));
    json_reader_destroy(used);
    buf_fini(&got.text);
    buf_fini(&got.ids);
    buf_fini(&want.text);
    buf_fini(&want.ids);
}

/* More keys than are numbered: their leaves come all the same. */
static void json_paths_have_a_limit(void **state) {
    (void)state;
    enum { KEYS = 40000 };
    struct buf text = BUF_INIT;
    buf_putc(&text, '{');
    for (int i = 0; i < KEYS; i++) {
        buf_printf(&text, "%s\"k%d\":{\"v\":%d}", i > 0 ? "," : "", i, i);
    }
    buf_putc(&text, '}');
    size_t len = text.len;
    memset(buf_reserve(&text, JSON_PADDING_BYTES), 0, JSON_PADDING_BYTES);
    struct json_reader *reader = json_reader_create();
    for (int time = 0; time < 2; time++) {
        struct leaves got = {BUF_INIT, BUF_INIT};
        assert_int_equal(json_reader_read(reader, str_make(text.ptr, len), note_leaf, &got),
                         JSON_OK);
        struct str rest = buf_str(&got.text);
        struct str line;
        int count = 0;
        for (; str_split_next(&line, &rest, '\n'); count++) {
            char want[64];
            int size = snprintf(want, sizeof want, "k%d.v=%d", count, count);
            assert_same(line, str_make(want, (size_t)size));
        }
        assert_int_equal(count, KEYS);
        buf_fini(&got.text);
        buf_fini(&got.ids);
    }
    json_reader_destroy(reader);
    buf_fini(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_found_where_they_stand),
        cmocka_unit_test(the_first_of_two_bytes_stops),
        cmocka_unit_test(every_byte_is_classified),
        cmocka_unit_test(numbers_and_addresses_keep_their_limits),
        cmocka_unit_test(escapes_are_decoded_at_every_place),
        cmocka_unit_test(pairs_are_the_same_in_any_order),
        cmocka_unit_test(json_paths_do_not_depend_on_the_past),
        cmocka_unit_test(json_paths_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
