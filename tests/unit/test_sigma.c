/* Sigma: text and patterns against a plain matcher, encodings, rules on rows of batches. The
 * language itself is tested by tests/golden/sigma. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "sigma.h"
#include "sigma_encode.h"
#include "sigma_text.h"
#include "windows_names.h"

/* --- text --- */

static void assert_fold(const char *from, const char *to) {
    struct buf out = BUF_INIT;
    sigma_fold(&out, str_from_c(from));
    buf_putc(&out, '\0');
    assert_string_equal(out.ptr, to);
    buf_fini(&out);
}

static void test_fold(void **state) {
    (void)state;
    assert_fold("AbC-09_", "abc-09_");
    assert_fold("ÄÖÜ ß ẞ", "äöü ß ß");
    assert_fold("ΟΔΟΣ ς", "οδοσ σ");
    assert_fold("İ ı I", "İ ı i");
    assert_fold("\xE2\x84\xAA", "k");      /* Kelvin sign */
    assert_fold("\xFF\xC3x", "\xFF\xC3x"); /* no UTF-8: as it is */
    assert_fold("", "");
}

/* The definition, without any cleverness. */
static bool plain_match(struct str pattern, struct str text) {
    if (pattern.len == 0) {
        return text.len == 0;
    }
    unsigned char c = (unsigned char)pattern.ptr[0];
    struct str rest = str_skip(pattern, 1);
    if (c == SIGMA_STAR) {
        return plain_match(rest, text) ||
               (text.len > 0 &&
                plain_match(pattern, str_skip(text, sigma_code_point_bytes(text, 0))));
    }
    if (text.len == 0) {
        return false;
    }
    size_t step = c == SIGMA_ANY ? sigma_code_point_bytes(text, 0)
                                 : (size_t)(c == (unsigned char)text.ptr[0]);
    return step > 0 && plain_match(rest, str_skip(text, step));
}

static size_t random_text(char *out, const char *const *parts, size_t part_count, size_t count) {
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        const char *part = parts[(size_t)rand() % part_count];
        memcpy(out + len, part, strlen(part));
        len += strlen(part);
    }
    return len;
}

static void test_pattern_like_plain_matcher(void **state) {
    (void)state;
    static const char *const pattern_parts[] = {"a", "b", "\xE8\xAA\x9E", "\xFF", "\xFF", "\xFE"};
    static const char *const text_parts[] = {"a", "a", "b", "\xE8\xAA\x9E", "\n"};
    size_t matches = 0;
    srand(20261121);
    for (size_t i = 0; i < 60000; i++) {
        char p[64], t[64];
        struct str pattern = {p, random_text(p, pattern_parts, 6, (size_t)rand() % 7)};
        struct str text = {t, random_text(t, text_parts, 5, (size_t)rand() % 9)};
        bool expected = plain_match(pattern, text);
        assert_int_equal(sigma_pattern_match(pattern, text), expected);
        matches += expected;
    }
    assert_true(matches > 5000);
}

static void assert_pattern(const char *rule, const char *text, bool expected) {
    struct buf pattern = BUF_INIT;
    sigma_pattern_parse(&pattern, str_from_c(rule));
    assert_int_equal(sigma_pattern_match(buf_str(&pattern), str_from_c(text)), expected);
    buf_fini(&pattern);
}

static void test_escapes(void **state) {
    (void)state;
    assert_pattern("a\\*", "a*", true);
    assert_pattern("a\\*", "ab", false);
    assert_pattern("a\\\\*", "a\\b", true);
    assert_pattern("a\\\\\\*", "a\\*", true);
    assert_pattern("a\\\\\\*", "a\\b", false);
    assert_pattern("a\\\\\\\\\\*", "a\\\\*", true);
    assert_pattern("\\\\\\srv", "\\\\srv", true);
    assert_pattern("a\\", "a\\", true);
    assert_pattern("a\\b", "a\\b", true);
}

static void test_pattern_on_long_text(void **state) {
    (void)state;
    enum { LENGTH = 1 << 20 };
    char *text = calloc(1, LENGTH);
    memset(text, 'a', LENGTH);
    char pattern[40];
    memset(pattern, 'a', sizeof pattern);
    for (size_t i = 0; i < sizeof pattern; i += 4) {
        pattern[i] = (char)SIGMA_STAR;
    }
    pattern[39] = 'b';
    assert_false(sigma_pattern_match(str_make(pattern, sizeof pattern), str_make(text, LENGTH)));
    free(text);
}

static void test_windash(void **state) {
    (void)state;
    struct buf pattern = BUF_INIT;
    buf_add(&pattern, STR("-a-b /c - x\xE2\x80\x93y \xE2\x80\x93z"));
    sigma_pattern_windash(&pattern);
    buf_putc(&pattern, '\0');
    assert_string_equal(pattern.ptr, "\xFD"
                                     "a-b \xFD"
                                     "c - x\xE2\x80\x93y \xFD"
                                     "z");
    buf_fini(&pattern);
}

/* --- encodings --- */

static void assert_offset(const char *bytes, size_t shift, const char *expected) {
    struct buf out = BUF_INIT;
    sigma_encode_base64_offset(&out, str_from_c(bytes), shift);
    buf_putc(&out, '\0');
    assert_string_equal(out.ptr, expected);
    buf_fini(&out);
}

static void test_base64_offset(void **state) {
    (void)state;
    assert_offset("foobar", 0, "Zm9vYmFy");
    assert_offset("foobar", 1, "Zvb2Jhc");
    assert_offset("foobar", 2, "mb29iYX");
    assert_offset("/bin/bash", 0, "L2Jpbi9iYXNo");
    assert_offset("a", 1, "");
}

/* Whatever stands before, the variant of that shift is in the encoded text. */
static void test_base64_offset_holds(void **state) {
    (void)state;
    for (size_t before = 0; before < 6; before++) {
        struct buf whole = BUF_INIT, encoded = BUF_INIT, variant = BUF_INIT;
        buf_append(&whole, "QRSTUV", before);
        buf_add(&whole, STR("secret-text"));
        buf_add(&whole, STR("zz"));
        sigma_encode_base64(&encoded, buf_str(&whole));
        sigma_encode_base64_offset(&variant, STR("secret-text"), before % 3);
        assert_true(variant.len >= 12);
        assert_true(str_find(buf_str(&encoded), buf_str(&variant)) != STR_NONE);
        buf_fini(&whole);
        buf_fini(&encoded);
        buf_fini(&variant);
    }
}

/* --- rules on rows --- */

static struct sigma_rules *load_text(const char *text) {
    char path[] = P_tmpdir "/konseki_sigma_XXXXXX";
    const char *paths[] = {path};
    struct sigma_rules *rules = NULL;
    struct err err = ERR_INIT;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    const struct sigma_load_options options = {.paths = paths, .path_count = 1};
    enum status s = sigma_rules_load(&rules, &options, &err);
    unlink(path);
    if (s != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    return rules;
}

struct hits {
    char text[400]; /* "id(field,field) id(...)" */
};

static void collect(const struct sigma_hit *hit, void *ctx) {
    struct hits *hits = ctx;
    size_t len = strlen(hits->text);
    len += (size_t)snprintf(hits->text + len, sizeof hits->text - len, "%s%.*s(",
                            len > 0 ? " " : "", STR_ARG(hit->rule->id));
    for (size_t i = 0; i < hit->field_count; i++) {
        len += (size_t)snprintf(hits->text + len, sizeof hits->text - len, "%s%.*s",
                                i > 0 ? "," : "", STR_ARG(schema_name(hit->fields[i])));
    }
    (void)snprintf(hits->text + len, sizeof hits->text - len, ")");
}

static struct row *begin(struct batch *b, enum dataset dataset) {
    batch_clear(b);
    struct row *row = batch_row_begin(b, 0, 0);
    row->dataset = (uint16_t)dataset;
    row->charset = CHARSET_BINARY;
    return row;
}

static void add(struct batch *b, const char *name, const char *text) {
    batch_add(b, windows_field(str_from_c(name)), str_from_c(text));
}

static void assert_hits(const struct sigma_rules *rules, const struct batch *b,
                        const char *expected) {
    struct sigma_matcher *m = sigma_matcher_create(rules);
    for (int again = 0; again < 2; again++) { /* the second time from the memory of values */
        struct hits hits = {""};
        sigma_match_row(m, b, &b->rows[0], collect, &hits);
        assert_string_equal(hits.text, expected);
    }
    sigma_matcher_destroy(&m);
}

static const char windows_rules[] =
    "title: b\nid: rule-b\nlogsource:\n  product: windows\n  category: process_creation\n"
    "detection:\n  s:\n    Image|endswith: '\\cmd.exe'\n    CommandLine|contains|all: ['/c', 'x']\n"
    "  f:\n    User: bob\n  condition: s and not f\n"
    "---\n"
    "title: a\nid: rule-a\nlogsource:\n  product: windows\ndetection:\n"
    "  k:\n    - 'needle'\n  condition: k\n"
    "---\n"
    "title: c\nid: rule-c\nlogsource:\n  product: windows\n  service: security\ndetection:\n"
    "  s:\n    EventRecordID|gt: 10\n    TimeCreated_SystemTime|hour: 9\n  condition: s\n";

static void test_windows_rows(void **state) {
    (void)state;
    struct sigma_rules *rules = load_text(windows_rules);
    struct batch b;
    batch_init(&b);
    begin(&b, DATASET_WINDOWS_EVTX);
    add(&b, "Channel", "Microsoft-Windows-Sysmon/Operational");
    add(&b, "EventID", "1");
    add(&b, "Image", "C:\\CMD.EXE");
    add(&b, "CommandLine", "cmd /c X");
    assert_hits(rules, &b, "rule-b(winlog.event_data.Image,winlog.event_data.CommandLine)");
    add(&b, "User", "bob");
    assert_hits(rules, &b, "");
    begin(&b, DATASET_WINDOWS_JSON);
    add(&b, "Channel", "Security");
    add(&b, "EventID", "4688");
    add(&b, "NewProcessName", "C:\\cmd.exe");
    add(&b, "CommandLine", "x /c needle");
    assert_hits(rules, &b,
                "rule-a(winlog.event_data.CommandLine) "
                "rule-b(winlog.event_data.NewProcessName,winlog.event_data.CommandLine)");
    batch_fini(&b);
    sigma_rules_free(&rules);
}

static void test_attributes_and_copies(void **state) {
    (void)state;
    struct sigma_rules *rules = load_text(windows_rules);
    struct batch b;
    batch_init(&b);
    struct row *row = begin(&b, DATASET_WINDOWS_EVTX);
    row->record_id = 11;
    row->time_ns = 9 * NS_PER_HOUR;
    add(&b, "Channel", "Security");
    add(&b, "EventID", "4624");
    batch_add(&b, FIELD_EVENT_ACTION, STR("needle")); /* ours, not the device's: no keyword */
    assert_hits(rules, &b, "rule-c(winlog.record_id,@timestamp)");
    b.rows[0].record_id = 10;
    assert_hits(rules, &b, "");
    batch_fini(&b);
    sigma_rules_free(&rules);
}

static void test_proxy_rows(void **state) {
    (void)state;
    struct sigma_rules *rules =
        load_text("title: p\nid: p\nlogsource:\n  category: proxy\ndetection:\n  s:\n"
                  "    c-uri|endswith: '.exe'\n    cs-host: evil.example\n    sc-status: 200\n"
                  "  condition: s\n"
                  "---\ntitle: f\nid: f\nlogsource:\n  category: firewall\ndetection:\n  s:\n"
                  "    dst_ip|cidr: 10.0.0.0/8\n  condition: s\n");
    struct batch b;
    batch_init(&b);
    begin(&b, DATASET_SQUID_NATIVE);
    batch_add(&b, FIELD_URL_FULL, STR("http://evil.example/a.EXE"));
    batch_add(&b, FIELD_URL_DOMAIN, STR("evil.example"));
    batch_add(&b, FIELD_HTTP_STATUS, STR("200"));
    batch_add(&b, FIELD_DESTINATION_IP, STR("10.1.2.3"));
    assert_hits(rules, &b, "p(url.full,url.domain,http.response.status_code)");
    b.rows[0].dataset = DATASET_FORTIGATE;
    assert_hits(rules, &b, "f(destination.ip)");
    b.rows[0].dataset = DATASET_UNKNOWN;
    assert_hits(rules, &b, "");
    batch_fini(&b);
    sigma_rules_free(&rules);
}

static void test_keywords_in_lines(void **state) {
    (void)state;
    struct sigma_rules *rules =
        load_text("title: k\nid: k\nlogsource:\n  product: linux\ndetection:\n"
                  "  k: ['two words here']\n  condition: k\n");
    static const char line[] = "Mar  1 00:00:00 host app: two words here\n";
    struct batch b;
    batch_init(&b);
    buf_append(&b.raw, line, sizeof line - 1);
    struct row *row = batch_row_begin(&b, 0, sizeof line - 1);
    row->dataset = DATASET_SYSLOG;
    row->charset = CHARSET_UTF8;
    assert_hits(rules, &b, "k(event.original)");
    batch_fini(&b);
    sigma_rules_free(&rules);
}

/* More distinct values than the memory of values holds, and the answers stay right. */
static void test_many_values(void **state) {
    (void)state;
    struct sigma_rules *rules =
        load_text("title: m\nid: m\nlogsource:\n  product: windows\ndetection:\n  s:\n"
                  "    A|endswith: '77'\n  condition: s\n");
    struct sigma_matcher *m = sigma_matcher_create(rules);
    struct batch b;
    batch_init(&b);
    for (int i = 0; i < 300000; i++) {
        char text[16];
        struct hits hits = {""};
        (void)snprintf(text, sizeof text, "%d", i % 150000);
        begin(&b, DATASET_WINDOWS_EVTX);
        add(&b, "A", text);
        sigma_match_row(m, &b, &b.rows[0], collect, &hits);
        assert_int_equal(hits.text[0] != '\0', i % 100 == 77);
    }
    batch_fini(&b);
    sigma_matcher_destroy(&m);
    sigma_rules_free(&rules);
}

static void test_levels(void **state) {
    (void)state;
    enum sigma_level level;
    assert_true(sigma_level_parse(&level, STR("info")));
    assert_int_equal(level, SIGMA_INFORMATIONAL);
    assert_true(sigma_level_parse(&level, STR("Critical")));
    assert_int_equal(level, SIGMA_CRITICAL);
    assert_false(sigma_level_parse(&level, STR("severe")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_pattern_like_plain_matcher),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_pattern_on_long_text),
        cmocka_unit_test(test_windash),
        cmocka_unit_test(test_base64_offset),
        cmocka_unit_test(test_base64_offset_holds),
        cmocka_unit_test(test_windows_rows),
        cmocka_unit_test(test_attributes_and_copies),
        cmocka_unit_test(test_proxy_rows),
        cmocka_unit_test(test_keywords_in_lines),
        cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
