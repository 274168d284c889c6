/*
 * From bytes to rows: what goes in comes out byte for byte, whatever it is; lines, encodings,
 * limits, flags; streams. The last test runs over every text file of the reference data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "input.h"
#include "input_file.h"

struct result {
    struct batch batch; /* all rows, raw bytes copied */
    struct parse_input_counts counts;
    enum dataset kind;
};

static struct parse_settings settings_of_tests(void) {
    return (struct parse_settings){.zone = zone_utc(),
                                   .newest_ns = INT64_C(1795219200) * NS_PER_SECOND};
}

static void run(struct result *result, struct str bytes, size_t limit, enum dataset dataset) {
    struct parse_input_options options = {.source = STR("s"),
                                          .origin = STR("o"),
                                          .host = STR("h"),
                                          .dataset = dataset,
                                          .settings = settings_of_tests(),
                                          .receive_ns = 1,
                                          .record_limit_bytes = limit};
    struct batch part;
    batch_init(&part);
    batch_init(&result->batch);
    struct parse_input *input = parse_input_open((const uint8_t *)bytes.ptr, bytes.len, &options);
    while (parse_input_next(input, &part)) {
        assert_true(part.row_count > 0);
        for (size_t i = 0; i < part.row_count; i++) {
            batch_copy_row(&result->batch, &part, &part.rows[i], true);
        }
        batch_clear(&part);
    }
    result->counts = *parse_input_get_counts(input);
    result->kind = parse_input_kind(input);
    parse_input_close(&input);
    batch_fini(&part);
}

static void check_raw(const struct result *result, struct str bytes) {
    assert_int_equal(result->batch.raw.len, bytes.len);
    if (bytes.len > 0) {
        assert_memory_equal(result->batch.raw.ptr, bytes.ptr, bytes.len);
    }
    for (size_t i = 0; i < result->batch.row_count; i++) {
        assert_true(result->batch.rows[i].time_ns != TIME_NONE);
    }
}

static const struct row *row_at(const struct result *result, size_t i) {
    assert_true(i < result->batch.row_count);
    return &result->batch.rows[i];
}

static void test_lines(void **state) {
    (void)state;
    struct result r;
    const struct str bytes = STR("\xEF\xBB\xBF{\"a\":\"b\"}\r\n\n \t\nplain\nlast");
    run(&r, bytes, 0, DATASET_UNKNOWN);
    check_raw(&r, bytes);
    assert_int_equal(r.batch.row_count, 5);
    assert_int_equal(row_at(&r, 0)->dataset, DATASET_JSON); /* behind the byte order mark */
    assert_int_equal(row_at(&r, 1)->flags & ROW_BLANK, ROW_BLANK);
    assert_int_equal(row_at(&r, 2)->flags & ROW_BLANK, ROW_BLANK);
    assert_int_equal(row_at(&r, 3)->flags & ROW_UNPARSED, ROW_UNPARSED);
    assert_int_equal(row_at(&r, 4)->line, 5);
    assert_int_equal(r.counts.events, 5);
    assert_int_equal(r.counts.blank, 2);
    assert_int_equal(r.counts.unparsed, 2);
    batch_fini(&r.batch);
}

static void test_empty(void **state) {
    (void)state;
    struct result r;
    run(&r, STR_EMPTY, 0, DATASET_UNKNOWN);
    assert_int_equal(r.batch.row_count, 0);
    assert_int_equal(r.kind, DATASET_UNKNOWN);
    batch_fini(&r.batch);
}

static void test_long_lines_become_parts(void **state) {
    (void)state;
    struct result r;
    struct buf bytes = BUF_INIT;
    buf_add(&bytes, STR("<14>Oct  5 08:00:00 host app: "));
    while (bytes.len < 1000) {
        buf_add(&bytes, STR("漢")); /* parts never cut a character */
    }
    buf_add(&bytes, STR("\nnext\n"));
    run(&r, buf_str(&bytes), 100, DATASET_UNKNOWN);
    check_raw(&r, buf_str(&bytes));
    size_t last = r.batch.row_count - 1;
    assert_true(last >= 10);
    for (size_t i = 0; i < last; i++) {
        assert_int_equal(row_at(&r, i)->flags & ROW_CONTINUED, ROW_CONTINUED);
        assert_int_equal(row_at(&r, i)->flags & ROW_BAD_ENCODING, 0);
        assert_int_equal(row_at(&r, i)->line, 1);
        assert_true(row_at(&r, i)->raw_len <= 100);
        assert_int_equal(row_at(&r, i)->dataset, DATASET_SYSLOG);
    }
    assert_int_equal(row_at(&r, last)->line, 2);
    assert_int_equal(row_at(&r, last)->flags & ROW_CONTINUED, 0);
    assert_int_equal(r.counts.continued, last);
    buf_fini(&bytes);
    batch_fini(&r.batch);
}

static void test_utf16(void **state) {
    (void)state;
    struct result r;
    struct str value;
    const struct str be = STR("\xFE\xFF\0<\0"
                              "1\0"
                              "4\0>\0a\0:\0 \0x\0\n\0y");
    run(&r, be, 0, DATASET_UNKNOWN);
    check_raw(&r, be);
    assert_int_equal(r.batch.row_count, 2);
    assert_int_equal(row_at(&r, 0)->charset, CHARSET_UTF16BE);
    assert_true(batch_find(&value, &r.batch, row_at(&r, 0), FIELD_MESSAGE));
    assert_true(str_eq(value, STR("x")));
    batch_fini(&r.batch);
    /* no mark, odd number of bytes */
    const struct str le = STR("o\0n\0e\0 \0t\0w\0o\0\r\0\n\0z\0!");
    run(&r, le, 0, DATASET_UNKNOWN);
    check_raw(&r, le);
    assert_int_equal(r.batch.row_count, 2);
    assert_int_equal(row_at(&r, 1)->flags & ROW_BAD_ENCODING, ROW_BAD_ENCODING);
    batch_fini(&r.batch);
}

static void test_control_bytes(void **state) {
    (void)state;
    struct result r;
    const struct str bytes = STR("<14>Oct  5 08:00:00 h app: a\x1b[0mb\n\0\0\0\n");
    run(&r, bytes, 0, DATASET_UNKNOWN);
    check_raw(&r, bytes);
    assert_int_equal(row_at(&r, 0)->flags & ROW_DAMAGED, ROW_DAMAGED);
    assert_int_equal(row_at(&r, 0)->dataset, DATASET_SYSLOG);
    assert_int_equal(row_at(&r, 1)->flags & ROW_UNPARSED, ROW_UNPARSED);
    batch_fini(&r.batch);
}

/* Values of clean UTF-8 lines are slices of the raw bytes. */
static void test_values_are_slices(void **state) {
    (void)state;
    struct result r;
    const struct str bytes = STR("1791154801.500    250 192.0.2.20 TCP_MISS/200 5123 GET "
                                 "http://a.example/ - HIER_DIRECT/203.0.113.80 text/html\n");
    run(&r, bytes, 0, DATASET_UNKNOWN);
    assert_int_equal(r.kind, DATASET_SQUID_NATIVE);
    bool seen = false;
    for (uint32_t i = 0; i < row_at(&r, 0)->value_count; i++) {
        const struct value *v = &r.batch.values[row_at(&r, 0)->first_value + i];
        seen |= v->field == FIELD_SOURCE_IP && v->transform == TRANSFORM_SAME;
    }
    assert_true(seen);
    batch_fini(&r.batch);
}

static void test_wanted_dataset(void **state) {
    (void)state;
    struct result r;
    const struct str bytes = STR("{\"a\":1}\n");
    run(&r, bytes, 0, DATASET_FORTIGATE); /* the user says it is a firewall's */
    assert_int_equal(row_at(&r, 0)->flags & ROW_UNPARSED, ROW_UNPARSED);
    batch_fini(&r.batch);
    run(&r, bytes, 0, DATASET_JSON);
    assert_int_equal(row_at(&r, 0)->dataset, DATASET_JSON);
    batch_fini(&r.batch);
}

/* Devices of different kinds in one file, and the host of a file that names none. */
static void test_mixed_file(void **state) {
    (void)state;
    struct result r;
    struct str host;
    const struct str bytes =
        STR("<166>Oct 05 2026 08:01:22 asa1 : %ASA-6-302010: 5 in use, 9 most used\n"
            "Oct  5 07:57:54 dhcp1 dhcpd: DHCPACK on 192.0.2.1 to 3c:52:82:00:00:72 via eth0\n"
            "05-Oct-2026 08:00:40.000 client 192.0.2.11#5000 (a.b): query: a.b IN A + (1.2.3.4)\n"
            "{\"k\":1}\n");
    static const enum dataset want[] = {DATASET_ASA, DATASET_ISC_DHCPD, DATASET_BIND_QUERY,
                                        DATASET_JSON};
    static const char *const hosts[] = {"asa1", "dhcp1", "h", "h"};
    run(&r, bytes, 0, DATASET_UNKNOWN);
    check_raw(&r, bytes);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(row_at(&r, i)->dataset, want[i]);
        assert_true(batch_find(&host, &r.batch, row_at(&r, i), FIELD_HOST_NAME));
        assert_true(str_eq(host, str_from_c(hosts[i])));
    }
    batch_fini(&r.batch);
}

static void test_years(void **state) {
    (void)state;
    struct batch batch;
    batch_init(&batch);
    struct parse_input_options options = {.source = STR("s"),
                                          .host = STR_EMPTY,
                                          .origin = STR_EMPTY,
                                          .settings = settings_of_tests()};
    const struct str bytes = STR("Dec 31 23:59:59 h a: x\nJan  1 00:00:01 h a: y\n"
                                 "Dec 31 23:59:58 h a: late\n");
    static const int want[] = {2019, 2020, 2019};
    options.settings.year = 2019;
    struct parse_input *input = parse_input_open((const uint8_t *)bytes.ptr, bytes.len, &options);
    assert_true(parse_input_next(input, &batch));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(civil_from_ns(batch.rows[i].time_ns).year, want[i]);
        assert_int_equal(batch.rows[i].flags & ROW_YEAR_INFERRED, ROW_YEAR_INFERRED);
    }
    parse_input_close(&input);
    batch_fini(&batch);
}

static void test_stream(void **state) {
    (void)state;
    struct parse_settings settings = settings_of_tests();
    struct parse_stream *stream = parse_stream_create(&settings);
    struct batch batch;
    struct str value;
    batch_init(&batch);
    parse_stream_record(stream, &batch, STR("<14>Oct  5 08:00:00 h app: one\n"), STR("dev"),
                        STR("192.0.2.1"), INT64_C(1795000000) * NS_PER_SECOND);
    parse_stream_record(stream, &batch, STR("<14>app: {\"k\":\"v\"}"), STR("dev"), STR("192.0.2.1"),
                        INT64_C(1795000001) * NS_PER_SECOND);
    parse_stream_record(stream, &batch, STR_EMPTY, STR("dev2"), STR_EMPTY, 5);
    assert_int_equal(batch.row_count, 3);
    assert_true(batch_find(&value, &batch, &batch.rows[0], FIELD_MESSAGE));
    assert_true(str_eq(value, STR("one")));
    assert_true(str_eq(batch_raw(&batch, &batch.rows[0]), STR("<14>Oct  5 08:00:00 h app: one\n")));
    assert_true(str_eq(intern_text(&batch.names, batch.rows[0].origin), STR("192.0.2.1")));
    assert_int_equal(batch.rows[1].dataset, DATASET_JSON);
    assert_int_equal(batch.rows[2].flags & ROW_BLANK, ROW_BLANK);
    batch_fini(&batch);
    parse_stream_destroy(&stream);
}

/* Every cut of some bytes: no crash, and the raw bytes stay. */
static void test_every_prefix(void **state) {
    (void)state;
    const struct str bytes =
        STR("<189>date=2026-10-05 time=08:00:01 devname=\"a\" devid=\"F\" tz=\"+0900\" "
            "logid=\"1\" type=\"traffic\" srcip=1.2.3.4 action=\"x\"\n"
            "<34>1 2026-10-05T08:00:01Z h a p m [x@1 a=\"b\\\"\"] %ASA-6-302013: Built inb\n"
            "{\"a\":{\"b\":[1,{\"c\":\"\\u00e9\"}]}}\n#Fields: date time c-ip cs-host\n"
            "192.0.2.24 - s [05/Oct/2026:08:00:05 +0900] \"CONNECT a:1 HTTP/1.1\" 200 1 \"-\" "
            "\"M\" TCP_TUNNEL:HIER_DIRECT \"-\" 1 2 3.4.5.6\n");
    for (size_t len = 0; len <= bytes.len; len++) {
        char *copy = malloc(len + 1); /* exact size: a read behind it is seen by ASan */
        assert_non_null(copy);
        memcpy(copy, bytes.ptr, len);
        struct result r;
        run(&r, str_make(copy, len), 0, DATASET_UNKNOWN);
        check_raw(&r, str_make(copy, len));
        batch_fini(&r.batch);
        free(copy);
    }
}

/* --- reference data --- */

struct survey {
    size_t files;
    struct parse_input_counts counts;
};

static enum status visit(const char *path, void *ctx) {
    struct survey *survey = ctx;
    struct input_file file;
    struct err err = ERR_INIT;
    struct result r;
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        return STATUS_OK;
    }
    struct str bytes = str_make((const char *)file.bytes, file.size_bytes);
    run(&r, bytes, 4096, DATASET_UNKNOWN); /* a small limit tries the parts too */
    if (r.batch.raw.len != bytes.len || memcmp(r.batch.raw.ptr, bytes.ptr, bytes.len) != 0) {
        print_error("%s: raw bytes differ\n", path);
        fail();
    }
    survey->files++;
    survey->counts.events += r.counts.events;
    survey->counts.unparsed += r.counts.unparsed;
    for (int i = 0; i < DATASET_COUNT; i++) {
        survey->counts.by_dataset[i] += r.counts.by_dataset[i];
    }
    batch_fini(&r.batch);
    input_file_close(&file);
    return STATUS_OK;
}

static void failed(const char *path, const struct err *err, void *ctx) {
    (void)ctx;
    print_error("%s: %s\n", path, err->message);
}

static void test_reference_data(void **state) {
    (void)state;
    static const char *const folders[] = {"sources", "loghub", "evtx-decoded"};
    const char *root = getenv("KONSEKI_DATA");
    const char *source = getenv("KONSEKI_SOURCE");
    struct survey survey = {0};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[1024];
        struct err err = ERR_INIT;
        struct input_file probe;
        if (root != NULL) {
            snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        } else {
            snprintf(path, sizeof path, "%s/../shared/data/%s", source != NULL ? source : ".",
                     folders[i]);
        }
        char readme[1100];
        snprintf(readme, sizeof readme, "%s/../README.md", path);
        if (input_file_open(&probe, readme, &err) != STATUS_OK) {
            print_message("SKIPPED: %s not found\n", path);
            skip();
        }
        input_file_close(&probe);
        assert_int_equal(input_walk(path, visit, failed, &survey), STATUS_OK);
    }
    print_message("%zu files, %llu rows, %llu unknown\n", survey.files,
                  (unsigned long long)survey.counts.events,
                  (unsigned long long)survey.counts.unparsed);
    for (int i = 1; i < DATASET_COUNT; i++) {
        print_message("  %-20s %llu\n", dataset_info((enum dataset)i)->name.ptr,
                      (unsigned long long)survey.counts.by_dataset[i]);
    }
    assert_true(survey.counts.by_dataset[DATASET_SYSLOG] > 1000);
    assert_true(survey.counts.by_dataset[DATASET_ASA] > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_long_lines_become_parts),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_control_bytes),
        cmocka_unit_test(test_values_are_slices),
        cmocka_unit_test(test_wanted_dataset),
        cmocka_unit_test(test_mixed_file),
        cmocka_unit_test(test_years),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_reference_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
