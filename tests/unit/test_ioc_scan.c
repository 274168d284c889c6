/* Indicators in texts of any format: what is found where, and that a store which cuts texts into
 * pieces (expr.h, struct expr_list) misses none. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis_fixture.h"
#include "ioc_filter.h"
#include "ioc_scan.h"

static struct ioc_set *read_list(const char *text) {
    struct ioc_set *set = ioc_set_create();
    ioc_set_read(set, str_from_c(text), "list.txt", NULL, NULL);
    return set;
}

static const char list[] = "192.0.2.1\n198.51.100.0/24\n2001:db8::7\nevil.example\n"
                           "http://files.example/bad\nhttp://whole.example/\n"
                           "d41d8cd98f00b204e9800998ecf8427e\nspy@mail.example\nua:BadBot/1.0\n";

static void note_hit(const struct ioc *ioc, struct str text, void *ctx) {
    struct buf *out = ctx;
    (void)text;
    struct str value = ioc->value;
    buf_printf(out, "%.*s ", STR_ARG(value));
}

/* What a row of this text names. */
static void hits_of(struct buf *out, const struct ioc_set *set, struct str text) {
    struct batch batch;
    struct buf scratch = BUF_INIT;
    batch_init(&batch);
    buf_add(&batch.raw, text);
    struct row *row = batch_row_begin(&batch, 0, text.len);
    row->charset = CHARSET_UTF8;
    buf_clear(out);
    ioc_scan_row(set, &batch, row, &scratch, note_hit, out);
    buf_fini(&scratch);
    batch_fini(&batch);
}

static void texts_and_what_they_name(void **state) {
    static const struct {
        const char *text;
        const char *named; /* values, each followed by a blank */
    } cases[] = {
        {"src=192.0.2.1 dst=10.0.0.1", "192.0.2.1 "},
        {"(192.0.2.1)", "192.0.2.1 "},
        {"192.0.2.1:443", "192.0.2.1 "},
        {"inside:192.0.2.1/443", "192.0.2.1 "},
        {"192.0.2.10", ""},
        {"1192.0.2.1", ""},
        {"v192.0.2.1", ""},
        {"192.0.2.1.5", ""},
        {"to 192.0.2.1.", "192.0.2.1 "},
        {"::ffff:192.0.2.1", "192.0.2.1 "},
        {"198.51.100.77-198.51.101.1", "198.51.100.0/24 "},
        {"[2001:DB8:0::7]:443", "2001:db8::7 "},
        {"2001:db8::71", ""},
        {"12:34:56 2001:db8::7.", "2001:db8::7 "},
        {"evil.example", "evil.example "},
        {"www.EVIL.example.", "evil.example "},
        {"notevil.example", ""},
        {"not-evil.example", ""},
        {"evil.example.com", ""},
        {"taro@evil.example", "evil.example "},
        {"\"a\\nevil.example\"", "evil.example "},
        {"\"a\\tb\\t192.0.2.1\\r\\n\"", "192.0.2.1 "},
        {"?u=http%3A%2F%2Fevil.example%2Fx", "evil.example "},
        {"\\u003cevil.example", "evil.example "},
        {"http://files.example/bad/x.exe", "files.example/bad "},
        {"http:\\/\\/files.example\\/bad", "files.example/bad "},
        {"files.example:8080/bad?x", "files.example/bad "},
        {"http://files.example/badge", ""},
        {"http://a.files.example/bad", ""},
        {"CONNECT whole.example:443", "whole.example/ "},
        {"MD5=D41D8CD98F00B204E9800998ECF8427E,SHA1=x", "d41d8cd98f00b204e9800998ecf8427e "},
        {"D41D8CD98F00B204E9800998ECF8427E0", ""},
        {"\\nd41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e "},
        {"from=<Spy@Mail.example>", "spy@mail.example "},
        {"counterspy@mail.example", ""},
        {"a BadBot/1.0", ""},
        {"", ""},
        {".", ""},
        {"..-.", ""},
        {"\\", ""},
        {"%", ""},
    };
    (void)state;
    struct ioc_set *set = read_list(list);
    struct buf named = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hits_of(&named, set, str_from_c(cases[i].text));
        if (!str_eq(buf_str(&named), str_from_c(cases[i].named))) {
            fail_msg("%s: names %.*s, not %s", cases[i].text, STR_ARG(buf_str(&named)),
                     cases[i].named);
        }
        if (named.len > 0) {
            assert_true(ioc_scan_may(set, str_from_c(cases[i].text)));
        }
    }
    buf_fini(&named);
    ioc_set_free(&set);
}

/* Words and what stands between them: many come to stand on seams of templates. */
static void put_random_text(struct buf *out, struct random *random) {
    static const char *const words[] = {"evil.example",
                                        "evil",
                                        ".example",
                                        "www.",
                                        "192.0.2",
                                        "1",
                                        "192.0.2.1",
                                        "198.51",
                                        "100.7",
                                        "files",
                                        "files.example",
                                        "/bad",
                                        "spy",
                                        "mail",
                                        "mail.example",
                                        "::7",
                                        "2001:db8",
                                        "deny",
                                        "d41d8cd98f00b204",
                                        "e9800998ecf8427e",
                                        "n",
                                        "x.exe",
                                        "0"};
    static const char between[] = "  .:/@\\%-_=\",;";
    unsigned count = 1 + random_below(random, 5);
    for (unsigned i = 0; i < count; i++) {
        buf_add(out, str_from_c(words[random_below(random, sizeof words / sizeof words[0])]));
        unsigned glue = random_below(random, sizeof between + 2);
        if (glue < sizeof between - 1) {
            buf_putc(out, between[glue]);
        }
    }
}

/* Wherever the store may cut a text, a part names what the whole names. */
static void cuts_hide_nothing(void **state) {
    (void)state;
    struct ioc_set *set = read_list(list);
    struct expr_list asked = ioc_scan_list(set);
    struct random random = {7};
    struct buf text = BUF_INIT;
    unsigned named = 0;
    for (unsigned i = 0; i < 30000; i++) {
        buf_clear(&text);
        put_random_text(&text, &random);
        struct str rest = buf_str(&text);
        bool whole = asked.has(asked.ctx, rest);
        bool part = false;
        size_t start = 0;
        for (size_t at = 1; at <= rest.len; at++) {
            bool cut = at == rest.len ||
                       !(asked.is_open(rest.ptr[at - 1]) && asked.is_inner(rest.ptr[at]));
            if (cut) {
                part = part || asked.has(asked.ctx, str_head(str_skip(rest, start), at - start));
                start = at;
            }
        }
        if (whole && !part) {
            fail_msg("no part of %.*s names one", STR_ARG(rest));
        }
        named += whole;
    }
    assert_true(named > 1000);
    buf_fini(&text);
    ioc_set_free(&set);
}

/* --- in a store --- */

/* Lines that no parser knows, of a few patterns with random words, and requests. */
static void add_lines(struct bench *b, struct random *random, unsigned count) {
    struct buf line = BUF_INIT;
    struct buf words = BUF_INIT;
    for (unsigned i = 0; i < count; i++) {
        buf_clear(&line);
        buf_clear(&words);
        put_random_text(&words, random);
        buf_putc(&words, '\0');
        switch (i % 8) {
        case 0:
            put_random_text(&line, random);
            put_random_text(&line, random);
            buf_add(&line, STR("\n"));
            break;
        case 1:
            buf_printf(&line,
                       "1772413200.%03u    300 10.2.7.%u TCP_MISS/200 900 GET "
                       "http://%s/bad%u taro HIER_DIRECT/192.0.2.%u text/html\n",
                       i % 1000, i % 250, i % 3 == 0 ? "files.example" : "www.evil.example", i % 2,
                       i % 5);
            break;
        default:
            buf_printf(&line, "job %u of %s done, next %u.%s\n", i, words.ptr, i % 7, words.ptr);
            break;
        }
        buf_putc(&line, '\0');
        bench_line(b, i % 8 == 1 ? "proxy9" : "app1", line.ptr);
    }
    buf_fini(&line);
    buf_fini(&words);
}

/* Rows whose fields cut their text anywhere: "evil" "." "example", "192.0" "." "2.1", halves of a
 * hash; a piece may return in upper case, numbers become columns of numbers. */
static void add_sliced_rows(struct bench *b, struct random *random, unsigned count) {
    static const char *const words[] = {"evil",
                                        "example",
                                        "www",
                                        "192",
                                        "0",
                                        "2",
                                        "1",
                                        "198.51",
                                        "100",
                                        "7",
                                        "files",
                                        "mail",
                                        "spy",
                                        "2001",
                                        "db8",
                                        "",
                                        "192.0.2",
                                        ".evil.example",
                                        "1.5",
                                        "evil.exampl",
                                        "e",
                                        "d41d8cd98f00b204",
                                        "e9800998ecf8427e",
                                        "77",
                                        "x.y"};
    static const char *const glue[][3] = {{"", ".", ""},    {".", ".", "."},  {"-", "", ""},
                                          {"\\n", "", "."}, {":", "::", ":"}, {"%2F", ".", "."},
                                          {"", "", ""},     {"\\", "@", "."}, {" ", ".", "\\t"}};
    static const char *const before[] = {"at ", "at evil.", "at 192.0.", "a\\n",
                                         "d41d8cd98f00b204"};
    static const char *const behind[] = {" end\n", ".example end\n", ".2.1\n",
                                         "e9800998ecf8427e\n"};
    static const uint32_t fields[4] = {FIELD_USER_NAME, FIELD_URL_DOMAIN, FIELD_FILE_PATH,
                                       FIELD_SOURCE_BYTES};
    for (unsigned i = 0; i < count; i++) {
        const char *const *between = glue[random_below(random, sizeof glue / sizeof glue[0])];
        size_t off = b->batch.raw.len;
        size_t at[4];
        size_t len[4];
        buf_add(&b->batch.raw, str_from_c(before[random_below(random, 9) % 5]));
        for (unsigned k = 0; k < 4; k++) {
            const char *word = words[random_below(random, sizeof words / sizeof words[0])];
            at[k] = b->batch.raw.len - off;
            len[k] = strlen(word);
            buf_add(&b->batch.raw, str_from_c(word));
            buf_add(&b->batch.raw,
                    str_from_c(k < 3 ? between[k] : behind[random_below(random, 7) % 4]));
        }
        struct row *row = batch_row_begin(&b->batch, off, b->batch.raw.len - off);
        row->time_ns = row->receive_ns = (INT64_C(1772413200) + i) * NS_PER_SECOND;
        row->source = intern_add(&b->batch.names, STR("sliced"));
        row->dataset = DATASET_SYSLOG;
        row->charset = CHARSET_UTF8;
        for (unsigned k = 0; k < 4; k++) {
            batch_add(
                &b->batch, fields[k],
                str_head(str_skip(batch_raw(&b->batch, batch_row(&b->batch)), at[k]), len[k]));
        }
    }
}

/* Halves of hashes in fields of their own: nothing in them but letters and digits. */
static void add_halves(struct bench *b, struct random *random, unsigned count) {
    static const char *const halves[] = {"d41d8cd98f00b204", "e9800998ecf8427e", "0000",
                                         "e9800998ecf8427f"};
    for (unsigned i = 0; i < count; i++) {
        struct str first = str_from_c(halves[random_below(random, 4)]);
        struct str second = str_from_c(halves[random_below(random, 4)]);
        size_t off = b->batch.raw.len;
        buf_add(&b->batch.raw, first);
        buf_add(&b->batch.raw, second);
        buf_add(&b->batch.raw, STR(" seen\n"));
        struct row *row = batch_row_begin(&b->batch, off, b->batch.raw.len - off);
        row->time_ns = row->receive_ns = (INT64_C(1772413200) + i) * NS_PER_SECOND;
        row->source = intern_add(&b->batch.names, STR("halves"));
        row->dataset = DATASET_ASA;
        struct str raw = batch_raw(&b->batch, row);
        batch_add(&b->batch, FIELD_HOST_NAME, str_head(raw, first.len));
        batch_add(&b->batch, FIELD_EVENT_CODE, str_head(str_skip(raw, first.len), second.len));
    }
}

/* The rows that the scan gives under the filter are those that pass it when they are put together;
 * returns how many. */
static size_t compare_filter(struct bench *b, const struct ioc_set *iocs) {
    struct expr_set *set = expr_set_create();
    const struct expr *filter = ioc_filter_text(set, iocs);
    struct expr_scratch *scratch = expr_scratch_create(filter);
    size_t counts[2] = {0, 0};
    uint64_t sums[2] = {0, 0};
    for (int pass = 0; pass < 2; pass++) {
        struct err err = ERR_INIT;
        struct store_scan_options options = STORE_SCAN_ALL;
        struct store_scan *scan;
        struct batch batch;
        bool more = true;
        options.filter = pass == 0 ? filter : NULL;
        options.want_raw = true;
        options.all_fields = true;
        batch_init(&batch);
        bench_check(store_scan_open(&scan, b->store, &options, &err), &err);
        while (more) {
            bench_check(store_scan_next(scan, &batch, &more, &err), &err);
            for (size_t i = 0; i < batch.row_count; i++) {
                if (expr_match_row(filter, &batch, &batch.rows[i], scratch)) {
                    counts[pass]++;
                    sums[pass] += batch.rows[i].arrival * 2 + 1;
                } else {
                    assert_int_equal(pass, 1); /* the filter let a row pass that does not */
                }
            }
        }
        batch_fini(&batch);
        store_scan_close(&scan);
    }
    assert_int_equal(counts[0], counts[1]);
    assert_true(sums[0] == sums[1]);
    expr_scratch_destroy(&scratch);
    expr_set_destroy(&set);
    return counts[0];
}

static void stores_give_all_rows(void **state) {
    static const char *const lists[] = {list,
                                        "192.0.2.1\n198.51.100.0/24\n",
                                        "evil.example\n",
                                        "2001:db8::7\n",
                                        "d41d8cd98f00b204e9800998ecf8427e\n",
                                        "spy@mail.example\n",
                                        "http://files.example/bad1\n",
                                        "ua:BadBot/1.0\n",
                                        "nothing.invalid\n"};
    struct bench b;
    struct err err = ERR_INIT;
    struct random random = {11};
    bench_open(&b, *state, "");
    for (int part = 0; part < 3; part++) {
        add_lines(&b, &random, 2000);
        add_sliced_rows(&b, &random, 6000);
        add_halves(&b, &random, 500);
        bench_commit(&b);
    }
    for (int compacted = 0; compacted < 2; compacted++) {
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            struct ioc_set *set = read_list(lists[i]);
            size_t count = compare_filter(&b, set);
            assert_true((count > 0) == (i < 7));
            ioc_set_free(&set);
        }
        struct store_compact_options options = {.threads = 0};
        struct store_compact_result result;
        bench_check(store_compact(b.store, &options, &result, &err), &err);
    }
    bench_close(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_what_they_name),
        cmocka_unit_test(cuts_hide_nothing),
        cmocka_unit_test_setup_teardown(stores_give_all_rows, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
