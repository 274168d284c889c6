/* The parts that questions of triage are made of: counting, ranks, ways to read values, base64,
 * lines of sshd, names, shapes of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "account_rank.h"
#include "base64.h"
#include "base64_find.h"
#include "evtx_shape.h"
#include "inflate.h"
#include "mem.h"
#include "sshd_line.h"
#include "stack_text.h"
#include "tally.h"
#include "triage_names.h"
#include "zone.h"

#include <zlib.h>

/* --- counting --- */

static void test_tally(void **unused) {
    (void)unused;
    struct tally t;
    tally_init(&t, 2);
    const struct str a[2] = {STR("x"), STR("")};
    const struct str b[2] = {STR(""), STR("x")};
    assert_int_equal(tally_add(&t, a, STR("h1"), 20), 0);
    assert_int_equal(tally_add(&t, b, STR("h1"), TIME_NONE), 1);
    assert_int_equal(tally_add(&t, a, STR("h2"), 10), 0);
    assert_int_equal(tally_add(&t, a, STR("h2"), 30), 0);
    assert_int_equal(t.groups[0].count, 3);
    assert_int_equal(t.groups[0].hosts, 2);
    assert_int_equal(t.groups[0].first_ns, 10);
    assert_int_equal(t.groups[0].last_ns, 30);
    assert_true(t.groups[1].first_ns == TIME_NONE);
    uint32_t *rare = tally_sorted(&t, TALLY_RARE_FIRST);
    uint32_t *most = tally_sorted(&t, TALLY_MOST_FIRST);
    assert_int_equal(rare[0], 1);
    assert_int_equal(most[0], 0);
    mem_free(rare);
    mem_free(most);
    tally_fini(&t);
}

static void test_tally_is_bounded(void **unused) {
    (void)unused;
    struct tally t;
    tally_init(&t, 1);
    char text[16];
    for (uint64_t i = 0; i < TALLY_GROUPS + 100; i++) {
        size_t len = 0;
        for (uint64_t n = i; n > 0 || len == 0; n /= 10) {
            text[len++] = (char)('0' + n % 10);
        }
        struct str key = str_make(text, len);
        (void)tally_add(&t, &key, STR("h"), 1);
    }
    assert_int_equal(t.count, TALLY_GROUPS);
    assert_int_equal(t.dropped, 100);
    tally_fini(&t);
}

/* --- ways to read values --- */

static const struct {
    const char *spec; /* "way:" */
    const char *value;
    const char *expected;
} ways[] = {
    {"", "A b", "A b"},
    {"lower:", "C:\\A\xc3\x84", "c:\\a\xc3\x84"},
    {"shape:", "X.exe /p 4711 {365ABB72-7C01-5CC4-0000-00102B3E0C00} deadbeef01 1",
     "x.exe /p {n} {{guid}} {hex} 1"},
    {"shape:", "DEADBEEF facade1x", "deadbeef facade1x"},
    {"address:", "::ffff:10.1.2.3", "10.1.2.3"},
    {"address:", "no address", "no address"},
    {"scope:", "10.1.2.3", "private"},
    {"scope:", "8.8.8.8", "public"},
    {"scope:", "224.0.0.1", "multicast"},
    {"scope:", "host", ""},
    {"domain:", "A.B.Example.CO.UK.", "example.co.uk"},
    {"domain:", "wpad", "wpad"},
    {"domain:", "10.1.2.3", "10.1.2.3"},
    {"hash:", " Write-Host \r\n\t1 ",
     "dac63939df9feb164691a03d9b2f422dd3385858a0b371ee4842d1e7fd089178"},
    {"head:", " Write-Host \r\n\t1 ", "write-host 1"},
    {"task:",
     "<Task><Exec><Command>cmd &amp; co</Command><Arguments> /c x </Arguments></Exec>"
     "<Exec><Command>b</Command></Exec></Task>",
     "cmd & co /c x; b"},
    {"task:", "<Exec><Command>cut", ""},
    {"nonsense:", "A", "A"},
};

static void test_ways(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct str name = str_from_c(ways[i].spec);
        struct buf out = BUF_INIT;
        stack_text_add(&out, str_from_c(ways[i].value), stack_way_take(&name));
        if (!str_eq(buf_str(&out), str_from_c(ways[i].expected))) {
            fail_msg("%s %s: %.*s", ways[i].spec, ways[i].value, STR_ARG(buf_str(&out)));
        }
        buf_fini(&out);
    }
}

/* A head ends at a character. */
static void test_head_is_whole(void **unused) {
    (void)unused;
    struct buf value = BUF_INIT;
    struct buf out = BUF_INIT;
    buf_putc(&value, 'a');
    for (int i = 0; i < 100; i++) {
        buf_add(&value, STR("\xe3\x81\x82"));
    }
    stack_text_add(&out, buf_str(&value), STACK_HEAD);
    assert_int_equal(out.len, 160); /* 1 + 53 * 3 */
    buf_clear(&out);
    stack_text_add(&out, str_skip(buf_str(&value), 1), STACK_HEAD);
    assert_int_equal(out.len, 159);
    buf_fini(&value);
    buf_fini(&out);
}

/* --- base64 --- */

static void keep_finding(const struct base64_finding *finding, void *ctx) {
    struct buf *out = ctx;
    buf_printf(out, "%.*s %d %zu+%zu: %.*s\n", STR_ARG(finding->form), finding->level,
               finding->offset, finding->length, STR_ARG(finding->text));
}

static void assert_found(struct str text, const char *expected) {
    struct base64_finder finder = {0};
    struct buf out = BUF_INIT;
    base64_find(&finder, text, 0, keep_finding, &out);
    buf_putc(&out, '\0');
    assert_string_equal(out.ptr, expected);
    buf_fini(&out);
    base64_finder_fini(&finder);
}

static void test_base64(void **unused) {
    (void)unused;
    assert_found(STR("powershell -e VwByAGkAdABlAC0ASABvAHMAdAAgAGgAaQA="),
                 "utf-16le 1 14+35: Write-Host hi\n");
    assert_found(STR("x('aGVsbG8gd29ybGQsIGFnYWlu')"), "utf-8 1 3+24: hello world, again\n");
    /* hashes, paths, names, noise */
    assert_found(STR("SHA1=B4E581F173F782A2F1DA5D29C95946EE500EB2D0"), "");
    assert_found(STR("SeDelegateSessionUserImpersonatePrivilege"), "");
    assert_found(STR("Images/LiveTileImages/MediumAndLarge/Image3"), "");
    assert_found(STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "");
    assert_found(STR(""), "");
}

static void test_base64_pieces(void **unused) {
    (void)unused;
    /* strings put together, also over lines; carets; wrapped lines; pieces shorter than a run */
    assert_found(STR("$x = 'aGVsbG8' + 'gd29ybGQ' +\r\n \"sIGFnYWlu\"; y"),
                 "utf-8 1 6+36: hello world, again\n");
    assert_found(STR("a = \"aGVsbG8gd2\" & _\r\n  \"9ybGQsIGFnYWlu\""),
                 "utf-8 1 5+34: hello world, again\n");
    assert_found(STR("aGVsbG^8gd29^ybGQsIG^FnYWlu"), "utf-8 1 0+27: hello world, again\n");
    assert_found(STR("aGVsbG8gd29ybGQsIGFnYWluIGFuZCBhZ2FpbiBhbmQgYWdh\r\n  aW4="),
                 "utf-8 1 0+55: hello world, again and again and again\n");
    /* no joint: a comma, an end without a wrap; each string is a text of its own */
    assert_found(STR("f('aGVsbG8gd29ybGQsIGFnYWlu', 'aGVsbG8gd29ybGQsIGFnYWlu')"),
                 "utf-8 1 3+24: hello world, again\nutf-8 1 31+24: hello world, again\n");
    assert_found(STR("aGVsbG8gd29ybGQsIGFnYWlu\naGVsbG8gd29ybGQsIGFnYWlu"),
                 "utf-8 1 0+24: hello world, again\nutf-8 1 25+24: hello world, again\n");
    /* what is put together is noise: the piece that is none is told */
    assert_found(STR("'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' + 'aGVsbG8gd29ybGQsIGFnYWlu'"),
                 "utf-8 1 45+24: hello world, again\n");
}

static void test_base64_urls(void **unused) {
    (void)unused;
    /* "-" and "_" instead of "+" and "/" (RFC 4648, 5); standard runs beside such characters */
    assert_found(STR("GET /?q=Pz8_Pz8-IGhlbGxvIHdvcmxkLCBhZ2Fpbg HTTP"),
                 "utf-8 1 8+34: \x3f\x3f\x3f\x3f\x3f> hello world, again\n");
    assert_found(STR("key_name-aGVsbG8gd29ybGQsIGFnYWlu-x"), "utf-8 1 9+24: hello world, again\n");
    assert_found(STR("365abb72-7c01-5cc4-0000-00102b3e0c00"), "");
    assert_found(STR("Microsoft-Windows-PowerShell-Operational"), "");
}

static void test_base64_nested(void **unused) {
    (void)unused;
    struct buf inner = BUF_INIT;
    struct buf outer = BUF_INIT;
    buf_add(&inner, STR("run "));
    base64_encode(&inner, STR("net user eve /add"));
    base64_encode(&outer, buf_str(&inner));
    assert_found(buf_str(&outer), "utf-8 1 0+38: run bmV0IHVzZXIgZXZlIC9hZGQ=\n"
                                  "utf-8 2 4+23: net user eve /add\n");
    buf_fini(&inner);
    buf_fini(&outer);
}

static void test_base64_compressed(void **unused) {
    (void)unused;
    const char text[] = "function Get-It { param($a, $b) return $a + $b + $a + $b + $a }";
    for (int form = 0; form < 3; form++) {
        static const int bits[] = {31, 15, -15};
        static const char *const names[] = {"gzip", "zlib", "deflate"};
        uint8_t packed[256];
        z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)text,
                           .avail_in = sizeof text - 1,
                           .next_out = packed,
                           .avail_out = sizeof packed};
        assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, bits[form], 8, 0), Z_OK);
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        struct str bytes = str_make((const char *)packed, sizeof packed - stream.avail_out);
        deflateEnd(&stream);
        struct buf encoded = BUF_INIT;
        struct buf found = BUF_INIT;
        struct base64_finder finder = {0};
        base64_encode(&encoded, bytes);
        base64_find(&finder, buf_str(&encoded), 0, keep_finding, &found);
        assert_true(str_starts(buf_str(&found), str_from_c(names[form])));
        assert_true(str_find(buf_str(&found), str_from_c(text)) != STR_NONE);
        buf_clear(&found); /* a bomb ends at the limit */
        assert_true(inflate_bytes(&found, bytes, (enum inflate_form)form, 10));
        assert_int_equal(found.len, 10);
        assert_false(inflate_bytes(&found, STR("no stream at all"), (enum inflate_form)form, 99));
        assert_int_equal(found.len, 10);
        buf_fini(&encoded);
        buf_fini(&found);
        base64_finder_fini(&finder);
    }
}

/* --- single pieces --- */

static void test_sshd(void **unused) {
    (void)unused;
    struct sshd_logon logon;
    assert_true(sshd_line_parse(
        &logon,
        STR("Failed password for invalid user x from y port 1 from 10.0.0.9 port 22 ssh2")));
    assert_false(logon.is_success);
    assert_true(str_eq(logon.user, STR("x from y port 1")));
    assert_true(str_eq(logon.address, STR("10.0.0.9")));
    assert_true(
        sshd_line_parse(&logon, STR("Accepted publickey for adm from fe80::1 port 5 ssh2: RSA")));
    assert_true(logon.is_success);
    assert_true(str_eq(logon.method, STR("publickey")));
    assert_false(sshd_line_parse(&logon, STR("Failed password for x")));
    assert_false(sshd_line_parse(&logon, STR("Connection closed by 10.0.0.9 port 22")));
    assert_false(sshd_line_parse(&logon, STR("")));
}

static void test_names(void **unused) {
    (void)unused;
    assert_true(str_eq(triage_logon_type(STR("10")), STR("remote interactive")));
    assert_true(str_eq(triage_logon_type(STR("ten")), STR("")));
    assert_true(str_eq(triage_logon_status(STR("0xc000006a")), STR("wrong password")));
    assert_true(str_eq(triage_kdc_status(STR("0x6")), STR("client not found")));
    assert_true(str_eq(triage_kdc_status(STR("6")), STR("")));
    assert_true(str_eq(triage_event_title(STR("USER32"), STR("System"), STR("1074")),
                       STR("A process has initiated a restart or shutdown")));
    assert_true(str_eq(triage_event_title(STR(""), STR("Security"), STR("4624")),
                       STR("An account was successfully logged on")));
    assert_int_equal(triage_event_title(STR("Other"), STR("Security"), STR("4624")).len, 0);
}

static void test_evtx_shape(void **unused) {
    (void)unused;
    static char file[4096 + 512];
    memcpy(file, "ElfFile", 8);
    memcpy(file + 4096, "ElfChnk", 8);
    file[24] = 50;        /* next record */
    file[4096 + 24] = 1;  /* first of the chunk */
    file[4096 + 32] = 40; /* last */
    struct batch batch;
    batch_init(&batch);
    buf_append(&batch.raw, file, sizeof file);
    const struct row row = {.raw_len = sizeof file};
    const struct row cut = {.raw_len = 4096 + 511};
    const struct triage_event whole = {.batch = &batch, .row = &row};
    const struct triage_event less = {.batch = &batch, .row = &cut};
    struct evtx_shape shape = {0};
    evtx_shape_see(&shape, &less);
    assert_true(shape.has_header);
    assert_int_equal(shape.chunks, 0);
    assert_int_equal(evtx_shape_cut_off(&shape), 0);
    evtx_shape_see(&shape, &whole);
    assert_int_equal(evtx_shape_cut_off(&shape), 9);
    shape.is_dirty = true; /* its header is no witness */
    assert_int_equal(evtx_shape_cut_off(&shape), 0);
    batch_fini(&batch);
}

/* --- ranks --- */

static void test_account_rank(void **unused) {
    (void)unused;
    /* 0 links three machines, 1 and 2 one each; nothing is lost */
    const struct account_link links[] = {{0, 0}, {0, 1}, {0, 2}, {1, 0}, {2, 1}};
    double ranks[4];
    account_rank(ranks, 4, 3, links, 5);
    assert_true(ranks[0] > ranks[1] && ranks[1] > ranks[3]);
    assert_true(ranks[1] - ranks[2] < 1e-9 && ranks[2] - ranks[1] < 1e-9);
    double all = ranks[0] + ranks[1] + ranks[2] + ranks[3];
    assert_true(all > 0.999999 && all < 1.000001);
    account_rank(ranks, 0, 0, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tally),
        cmocka_unit_test(test_tally_is_bounded),
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_head_is_whole),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_base64_pieces),
        cmocka_unit_test(test_base64_urls),
        cmocka_unit_test(test_base64_nested),
        cmocka_unit_test(test_base64_compressed),
        cmocka_unit_test(test_sshd),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_evtx_shape),
        cmocka_unit_test(test_account_rank),
    };
    return cmocka_run_group_tests_name("triage_parts", tests, NULL, NULL);
}
