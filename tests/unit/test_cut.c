/* The cutter: every row comes back; what repeats or never changes is not stored again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cut_print.h"
#include "escape_match.h"
#include "json_text.h"
#include "schema.h"
#include "transform.h"

struct random {
    uint64_t state;
};

static uint32_t random_below(struct random *r, uint32_t limit) {
    r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(r->state >> 33) % limit;
}

static const int64_t first_ns = INT64_C(1772377204391600352);

struct fields {
    struct batch batch;
    struct cutter *cutter;
    struct cut_printer *printer;
    struct cut cut;
    size_t stored; /* bytes of variables of the last row */
};

static int setup(void **state) {
    struct fields *f = mem_calloc(1, sizeof *f);
    f->printer = mem_calloc(1, sizeof *f->printer);
    f->cutter = cutter_create();
    batch_init(&f->batch);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fields *f = *state;
    batch_fini(&f->batch);
    cutter_destroy(&f->cutter);
    cut_printer_fini(f->printer);
    mem_free(f->printer);
    mem_free(f);
    return 0;
}

static void begin(struct fields *f, const char *text, int64_t time_ns) {
    batch_clear(&f->batch);
    buf_add(&f->batch.raw, str_from_c(text));
    struct row *row = batch_row_begin(&f->batch, 0, f->batch.raw.len);
    row->time_ns = time_ns;
    row->receive_ns = time_ns;
}

/* The value "key=..." up to a blank or quote, as a slice. */
static void add_slice(struct fields *f, uint32_t field, const char *key) {
    struct str raw = buf_str(&f->batch.raw);
    size_t at = str_find(raw, str_from_c(key));
    assert_true(at != STR_NONE);
    struct str rest = str_skip(raw, at + strlen(key));
    size_t len = 0;
    while (len < rest.len && rest.ptr[len] != ' ' && rest.ptr[len] != '"' &&
           rest.ptr[len] != '\n') {
        len++;
    }
    batch_add(&f->batch, field, str_head(rest, len));
}

/* Cuts the row and sees that it comes back. */
static void cut(struct fields *f) {
    const struct row *row = &f->batch.rows[0];
    cutter_row(&f->cut, f->cutter, &f->batch, row);
    assert_true(cut_prints_row(f->printer, f->cutter, &f->cut, &f->batch, row));
    f->stored = 0;
    for (uint32_t i = 0; i < f->cut.variable_count; i++) {
        f->stored += f->cut.variables[i].len;
    }
}

/* A firewall's line: one instant in three forms, a port twice, a sum, a duration in two units. */
static void firewall_line(struct fields *f, struct random *r, int64_t time_ns, bool odd) {
    struct civil c = civil_from_ns(time_ns + 9 * NS_PER_HOUR);
    unsigned port = 20000 + random_below(r, 40000);
    unsigned sent = 1000 + random_below(r, 90000);
    unsigned received = 1000 + random_below(r, 90000);
    unsigned seconds = 10 + random_below(r, 5000);
    char text[400];
    (void)snprintf(text, sizeof text,
                   "date=%04d-%02d-%02d time=%02d:%02d:%02d eventtime=%lld srcport=%u sent=%u "
                   "rcvd=%u all=%u dur=%u transport=%u policy=\"allow web\"\n",
                   c.year, c.month, c.day, c.hour, c.minute, c.second, (long long)time_ns, port,
                   sent, received, sent + received, seconds, odd ? port + 1 : port);
    begin(f, text, time_ns);
    add_slice(f, FIELD_SOURCE_PORT, "srcport=");
    add_slice(f, FIELD_SOURCE_BYTES, "sent=");
    add_slice(f, FIELD_DESTINATION_BYTES, "rcvd=");
    add_slice(f, FIELD_NETWORK_BYTES, "all=");
    add_slice(f, FIELD_EVENT_CODE, "dur=");
    add_slice(f, FIELD_SOURCE_NAT_PORT, "transport=");
    batch_add_i64(&f->batch, FIELD_EVENT_DURATION, (int64_t)seconds * NS_PER_SECOND);
    char start[CIVIL_RFC3339_BYTES];
    size_t len = civil_format_rfc3339(start, time_ns - (int64_t)seconds * NS_PER_SECOND);
    batch_add(&f->batch, FIELD_EVENT_START, str_make(start, len));
}

static void test_formulas_are_learned(void **state) {
    struct fields *f = *state;
    struct random r = {7};
    int64_t time_ns = first_ns;
    for (int i = 0; i < 400; i++) {
        time_ns += (int64_t)random_below(&r, 2000000000);
        firewall_line(f, &r, time_ns, false);
        cut(f);
    }
    /* port, sent, received, duration: the rest follows */
    assert_int_equal(f->cut.variable_count, 4);
    uint32_t shapes = cutter_shape_count(f->cutter);
    for (int i = 0; i < 400; i++) { /* one row in eight is another: no more than another shape */
        time_ns += (int64_t)random_below(&r, 2000000000);
        firewall_line(f, &r, time_ns, i % 16 == 0);
        cut(f);
        assert_in_range(f->cut.variable_count, 4, i % 16 == 0 ? 6 : 5);
    }
    assert_in_range(cutter_shape_count(f->cutter), shapes, shapes + 4);
}

/* A clock that jumps, a time that does not exist: no formula, but the row is there. */
static void test_times_that_do_not_fit(void **state) {
    struct fields *f = *state;
    for (int i = 0; i < 200; i++) {
        char text[100];
        int64_t time_ns = first_ns + (int64_t)i * NS_PER_MINUTE;
        struct civil c = civil_from_ns(i % 5 == 0 ? time_ns + 7 * NS_PER_SECOND : time_ns);
        (void)snprintf(text, sizeof text, "%02d:%02d:%02d host%d 2026-02-30 25:61:61\n", c.hour,
                       c.minute, i % 7 == 0 ? 77 : c.second, i);
        begin(f, text, time_ns);
        cut(f);
    }
}

static void test_lines_without_parser(void **state) {
    struct fields *f = *state;
    static const char *const users[] = {"alice", "bob", "carol", "dave", "erin"};
    struct random r = {3};
    for (int i = 0; i < 600; i++) {
        char text[200];
        const char *user = users[random_below(&r, 5)];
        switch (random_below(&r, 3)) {
        case 0:
            (void)snprintf(text, sizeof text, "sshd[%u]: session opened for user %s by (uid=0)\n",
                           random_below(&r, 30000), user);
            break;
        case 1:
            (void)snprintf(text, sizeof text, "2026-03-02,%s,\"a \"\"b\"\", c\",,%u,ok,,\n", user,
                           random_below(&r, 100));
            break;
        default:
            (void)snprintf(text, sizeof text, "conn=%u op=%u RESULT err=0 text=\n", i,
                           random_below(&r, 4));
            break;
        }
        begin(f, text, first_ns);
        f->batch.rows[0].flags = ROW_UNPARSED;
        cut(f);
        if (i > 300) { /* words that never change are not stored */
            assert_in_range(f->stored, 1, 40);
        }
    }
    assert_in_range(cutter_shape_count(f->cutter), 3, 24);
}

static void add_json(struct fields *f, uint32_t field, const char *key, const char *decoded) {
    struct str raw = buf_str(&f->batch.raw);
    size_t at = str_find(raw, str_from_c(key)) + strlen(key);
    size_t end = at;
    while (raw.ptr[end] != '"') {
        end += raw.ptr[end] == '\\' ? 2 : 1;
    }
    batch_add_decoded(&f->batch, field, str_from_c(decoded), str_make(raw.ptr + at, end - at),
                      TRANSFORM_JSON);
}

/* A message that repeats the values of other keys costs nothing. */
static void test_message_repeats_values(void **state) {
    struct fields *f = *state;
    struct random r = {5};
    for (int i = 0; i < 500; i++) {
        char text[500];
        char message[300];
        unsigned a = random_below(&r, 100000);
        unsigned b = random_below(&r, 100000);
        (void)snprintf(
            text, sizeof text,
            "{\"Image\":\"C:\\\\Program Files\\\\app%u.exe\",\"Message\":\"Process:\\r\\n"
            "Image: C:\\\\Program Files\\\\app%u.exe\\r\\nUser:\\t\\tNT AUTH\\\\u%u\\r\\n\","
            "\"User\":\"NT AUTH\\\\u%u\"}",
            a, a, b, b);
        begin(f, text, first_ns);
        (void)snprintf(message, sizeof message, "C:\\Program Files\\app%u.exe", a);
        add_json(f, FIELD_PROCESS_NAME, "\"Image\":\"", message);
        (void)snprintf(
            message, sizeof message,
            "Process:\r\nImage: C:\\Program Files\\app%u.exe\r\nUser:\t\tNT AUTH\\u%u\r\n", a, b);
        add_json(f, FIELD_MESSAGE, "\"Message\":\"", message);
        (void)snprintf(message, sizeof message, "NT AUTH\\u%u", b);
        add_json(f, FIELD_USER_NAME, "\"User\":\"", message);
        cut(f);
    }
    assert_int_equal(f->cut.variable_count, 2);
}

static void test_odd_rows(void **state) {
    struct fields *f = *state;
    static const struct {
        const char *bytes;
        size_t len;
        uint8_t charset;
    } rows[] = {
        {"", 0, CHARSET_UTF8},
        {"\n", 1, CHARSET_UTF8},
        {"\0\1\2\xff\0", 5, CHARSET_BINARY},
        {"\0\1\2\xff\0 a=1", 9, CHARSET_UTF8},
        {"2026/03/02 07:47:25,2011,\x8d\xd6\x93\xa1 \x95\x5c|\x83\x5c\n", 36, CHARSET_CP932},
        {"a\0 \0001\0,\0", 8, CHARSET_UTF16LE},
        {"\x1b$B8&5f=j\x1b(B 12\n", 16, CHARSET_ISO_2022_JP},
        {",,,,,,,,,,,,,,\"", 15, CHARSET_UTF8},
        {"((((:::...  [[[]]]==\"\"", 22, CHARSET_UTF8},
        {"\\\\\\\"", 4, CHARSET_UTF8},
    };
    for (int again = 0; again < 40; again++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            begin(f, "", first_ns);
            buf_append(&f->batch.raw, rows[i].bytes, rows[i].len);
            struct row *row = batch_row(&f->batch);
            row->raw_len = (uint32_t)rows[i].len;
            row->charset = rows[i].charset;
            batch_add(&f->batch, FIELD_MESSAGE, STR_EMPTY);
            batch_add(&f->batch, FIELD_TAGS, STR("made"));
            if (rows[i].len > 3) { /* overlapping and nested slices */
                struct str raw = batch_raw(&f->batch, row);
                batch_add(&f->batch, FIELD_USER_NAME, str_make(raw.ptr + 1, 2));
                batch_add(&f->batch, FIELD_USER_NAME, str_make(raw.ptr, 3));
                batch_add(&f->batch, FIELD_MESSAGE, raw);
            }
            cut(f);
        }
    }
}

/* Random rows with random slices, over several segments. */
static void test_random_rows(void **state) {
    struct fields *f = *state;
    static const char letters[] = "ab0127 =\",|;:()[]<>\\/.@\t\n\x83\xe3\x81\x82";
    struct random r = {11};
    for (int i = 0; i < 6000; i++) {
        if (i % 700 == 0) {
            cutter_begin_segment(f->cutter);
        }
        begin(f, "", first_ns + (int64_t)i * 1000003);
        uint32_t len = random_below(&r, i % 9 == 0 ? 700 : 60);
        for (uint32_t k = 0; k < len; k++) {
            buf_putc(&f->batch.raw, letters[random_below(&r, sizeof letters - 1)]);
        }
        struct row *row = batch_row(&f->batch);
        row->raw_len = len;
        row->charset = (uint8_t)(i % 4 == 0 ? CHARSET_CP932 : CHARSET_UTF8);
        for (uint32_t k = random_below(&r, 6); k > 0 && len > 0; k--) {
            uint32_t start = random_below(&r, len);
            struct str slice =
                str_make(f->batch.raw.ptr + start, random_below(&r, len - start + 1));
            uint32_t field = FIELD_EVENT_KIND + random_below(&r, 8);
            if (random_below(&r, 4) == 0) {
                struct str other = str_head(slice, slice.len / 2);
                batch_add_decoded(&f->batch, field, other, slice, TRANSFORM_JSON);
            } else {
                batch_add(&f->batch, field, slice);
            }
        }
        cut(f);
    }
}

/* Objects whose members come in any order: what differs is a number, and the row comes back. */
static void test_any_order(void **state) {
    struct fields *f = *state;
    struct random r = {17};
    for (int i = 0; i < 3000; i++) {
        static const char *const members[] = {
            "\"a\":\"x\"",        "\"b\" : {\"d\":true,\"c\":[null]}",
            "\"level\":\"info\"", "\"e\":null",
            "\"user\":\"bob\"",   "\"f\":false",
            "\"g\":true"};
        enum { MEMBERS = sizeof members / sizeof *members };
        uint32_t order[MEMBERS] = {0};
        char text[200] = "{";
        for (uint32_t k = 0; k < MEMBERS; k++) {
            uint32_t at = random_below(&r, k + 1);
            order[k] = order[at];
            order[at] = k;
        }
        size_t len = 1;
        for (uint32_t k = 0; k < MEMBERS; k++) {
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", k == 0 ? "" : ",",
                                    members[order[k]]);
        }
        (void)snprintf(text + len, sizeof text - len, "}\n");
        begin(f, text, first_ns);
        bool user_first = i % 2 == 0;
        add_slice(f, user_first ? FIELD_USER_NAME : FIELD_LOG_LEVEL,
                  user_first ? "\"user\":\"" : "\"level\":\"");
        add_slice(f, user_first ? FIELD_LOG_LEVEL : FIELD_USER_NAME,
                  user_first ? "\"level\":\"" : "\"user\":\"");
        cut(f);
        /* 7! orders of one object and 2 of the other are 10,080: at most five digits */
        assert_true(i < 300 || f->stored <= 5 + strlen("info") + strlen("bob"));
    }
    assert_in_range(cutter_shape_count(f->cutter), 1, 300);
}

/* Rows that all differ: memory stays in bounds, and the rows come back. */
static void test_many_shapes(void **state) {
    struct fields *f = *state;
    struct random r = {13};
    for (int i = 0; i < 30000; i++) {
        char text[64];
        size_t len = 0;
        for (unsigned k = 0; k < 12; k++) {
            static const char parts[] = " ,=[]|;\"";
            text[len++] = (char)('a' + random_below(&r, 26));
            text[len++] = parts[random_below(&r, 8)];
        }
        text[len] = '\0';
        begin(f, text, first_ns);
        cutter_row(&f->cut, f->cutter, &f->batch, &f->batch.rows[0]);
        if (i % 50 == 0) {
            cut(f);
        }
    }
    assert_in_range(cutter_shape_count(f->cutter), 1, 20000);
    assert_in_range(cutter_column_count(f->cutter), 1, 40000);
    cutter_begin_segment(f->cutter);
    assert_in_range(cutter_shape_count(f->cutter), 0, 8192);
}

/* Keys are part of the shape whatever their order; a name of many digits is data. */
static void test_json_keys_are_literal(void **state) {
    struct fields *f = *state;
    static const char *const rows[] = {
        "{\"level\":\"Information\",\"process_identifier\":\"4711\",\"empty_name\":\"\"}\n",
        "{\"empty_name\":\"\",\"process_identifier\":\"4711\",\"level\":\"Information\"}\n",
        "{\"process_identifier\":\"4711\",\"level\":\"Information\",\"empty_name\":\"\"}\n"};
    for (int i = 0; i < 300; i++) {
        begin(f, rows[i % 3], first_ns);
        add_slice(f, FIELD_LOG_LEVEL, "\"level\":\"");
        add_slice(f, FIELD_PROCESS_PID, "identifier\":\"");
        cut(f);
        assert_int_equal(f->stored, strlen("Information") + strlen("4711"));
    }
    begin(f, "{\"level\":\"Information\",\"session-8812345\":{\"a\":\"4711\"}}\n", first_ns);
    add_slice(f, FIELD_LOG_LEVEL, "\"level\":\"");
    add_slice(f, FIELD_PROCESS_PID, "\"a\":\"");
    cut(f);
    assert_true(f->stored > strlen("Information") + strlen("4711"));
}

/* A JSON record whose members are a choice of 26: hardly two rows have one shape. */
static void chosen_members(struct fields *f, struct random *r) {
    char text[1500] = "{";
    size_t len = 1;
    for (unsigned i = 0; i < 26; i++) {
        if (random_below(r, 2) == 0) {
            len +=
                (size_t)snprintf(text + len, sizeof text - len,
                                 "\"member_with_a_long_name_%c\":{\"level\":{}},", (char)('A' + i));
        }
    }
    (void)snprintf(text + len, sizeof text - len, "\"user_name_here\":\"x y z\"}\n");
    begin(f, text, first_ns);
    add_slice(f, FIELD_USER_NAME, "user_name_here\":\"");
}

/* Too many shapes: rows are cut coarsely until the next stripe, and then well again. */
static void test_stripes_begin_anew(void **state) {
    struct fields *f = *state;
    struct random r = {17};
    for (int i = 0; i < 9000; i++) {
        chosen_members(f, &r);
        cutter_row(&f->cut, f->cutter, &f->batch, &f->batch.rows[0]);
    }
    chosen_members(f, &r);
    cut(f);
    assert_true(f->stored > 100);
    cutter_begin_stripe(f->cutter);
    assert_int_equal(cutter_shape_count(f->cutter), 0);
    chosen_members(f, &r);
    cut(f);
    assert_in_range(f->stored, 1, 5);
}

/* A JSON string of letters and escapes, good and bad. */
static void put_escaped(struct buf *out, struct random *r) {
    static const char *const parts[] = {
        "a",       "path of some length", "\\\\",          "\\r\\n", "\\t",
        "\\u00e9", "\\ud83d\\ude00",      "\\ud83d",       "\\/",    "\\\"",
        "\\u0000", "\xe3\x81\x82",        "eight888eight", "\\b\\f", "\\x"};
    for (uint32_t count = random_below(r, 9); count > 0; count--) {
        uint32_t part = random_below(r, sizeof parts / sizeof *parts * 8);
        buf_add(out, str_from_c(parts[part < sizeof parts / sizeof *parts ? part : part % 5]));
    }
}

/* Comparing without decoding says the same as decoding, also of texts that differ a little. */
static void test_escapes_match(void **state) {
    (void)state;
    struct random r = {23};
    struct buf slice = BUF_INIT;
    struct buf text = BUF_INIT;
    struct buf scratch = BUF_INIT;
    unsigned equal = 0;
    for (int i = 0; i < 20000; i++) {
        buf_clear(&slice);
        buf_clear(&text);
        put_escaped(&slice, &r);
        bool good = transform_decode(&text, buf_str(&slice), TRANSFORM_JSON);
        bool same = good;
        buf_clear(&scratch); /* what is called exact is what the store decodes */
        assert_int_equal(json_text_decode(&scratch, buf_str(&slice)), good);
        assert_true(!good || str_eq(buf_str(&scratch), buf_str(&text)));
        uint32_t change = random_below(&r, 4);
        if (change == 0 && text.len > 0) {
            text.ptr[random_below(&r, (uint32_t)text.len)] ^= 1;
            same = false;
        } else if (change == 1) {
            buf_putc(&text, 'x');
            same = false;
        } else if (change == 2 && text.len > 0) {
            text.len--;
            same = false;
        }
        assert_int_equal(escape_match_json(buf_str(&slice), buf_str(&text), &scratch), same);
        equal += same;
    }
    assert_in_range(equal, 4000, 16000);
    assert_false(escape_match_json(STR("a\\"), STR("a"), &scratch));
    buf_fini(&slice);
    buf_fini(&text);
    buf_fini(&scratch);
}

/* All lengths and places of a difference: short texts are compared by words that overlap. */
static void test_short_texts(void **state) {
    (void)state;
    char a[40];
    char b[40];
    for (size_t len = 0; len + 1 < sizeof a; len++) {
        memset(a, 'a', sizeof a);
        memset(b, 'a', sizeof b);
        b[len] = 'b'; /* behind the texts */
        assert_true(str_same_bytes(a, b, len));
        for (size_t at = 0; at < len; at++) {
            memset(b, 'a', sizeof b);
            b[at] = 'b';
            assert_false(str_same_bytes(a, b, len));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_formulas_are_learned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_times_that_do_not_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines_without_parser, setup, teardown),
        cmocka_unit_test_setup_teardown(test_message_repeats_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json_keys_are_literal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stripes_begin_anew, setup, teardown),
        cmocka_unit_test(test_escapes_match),
        cmocka_unit_test(test_short_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
