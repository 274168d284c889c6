/* Windows events as XML text: framing, encodings, values, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mem.h"
#include "windows_names.h"
#include "windows_render.h"
#include "windows_xml.h"

#define SYSTEM                                                                                     \
    "<System><Provider Name='P'/><EventID Qualifiers='0'>4624</EventID>"                           \
    "<TimeCreated SystemTime='2026-11-09T00:00:01.1234567Z'/>"                                     \
    "<EventRecordID>77</EventRecordID><Channel>Security</Channel>"                                 \
    "<Computer>pc1</Computer></System>"

/* Reads all; checks that the raw bytes are the input. */
static void read_all(struct batch *batch, struct str input, size_t limit) {
    struct windows_xml_reader *reader =
        windows_xml_reader_open((const uint8_t *)input.ptr, input.len, limit);
    batch_clear(batch);
    struct windows_reader_stamp stamp = {7, intern_add(&batch->names, STR("pc")), INTERN_NONE};
    while (windows_xml_reader_next(reader, batch, &stamp)) {
    }
    windows_xml_reader_close(&reader);
    assert_true(str_eq(buf_str(&batch->raw), input));
    size_t at = 0;
    for (size_t i = 0; i < batch->row_count; i++) {
        assert_int_equal(batch->rows[i].raw_off, at);
        at += batch->rows[i].raw_len;
    }
    assert_int_equal(at, input.len);
}

/* "field=text|field=text" of all body fields of the row. */
static void assert_body(const struct batch *batch, size_t index, const char *expected) {
    struct buf out = BUF_INIT;
    const struct row *row = &batch->rows[index];
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        struct str name;
        if (windows_part_of(&name, v->field) == WINDOWS_BODY) {
            struct str text = batch_value_text(batch, v);
            buf_printf(&out, "%s%.*s=%.*s", out.len > 0 ? "|" : "", STR_ARG(name), STR_ARG(text));
        }
    }
    buf_putc(&out, 0);
    assert_string_equal(out.ptr, expected);
    buf_fini(&out);
}

static const struct {
    const char *event_data; /* what stands behind System */
    const char *expected;
    bool damaged;
} body_cases[] = {
    {"<EventData><Data Name='A'>1</Data></EventData>", "A=1", false},
    {"<EventData><Data Name=\"A b\">1</Data><Data>u</Data><Data>v</Data></EventData>",
     "Ab=1|Data=u|Data=v", false},
    {"<EventData><Data Name='A'/><Data Name='B'></Data></EventData>", "A=|B=", false},
    {"<EventData><Data Name='A'>a &lt;&amp;&gt; &#x65e5;&#26412; &quot;&apos;</Data></EventData>",
     "A=a <&> 日本 \"'", false},
    {"<EventData><Data Name='A'><![CDATA[<x>&amp;]]></Data></EventData>", "A=<x>&amp;", false},
    {"<EventData><Data Name='A'>a<!-- no -->b<![CDATA[&]]>&lt;</Data></EventData>", "A=ab&<",
     false},
    {"<EventData><Binary>00FF</Binary></EventData>", "Binary=00FF", false},
    {"<EventData Name='N'><Data Name='A'>1</Data></EventData>", "A=1", false},
    {"<UserData><LogFileCleared xmlns='x'><SubjectUserName>u</SubjectUserName><In><Leaf>1</Leaf>"
     "</In></LogFileCleared></UserData>",
     "SubjectUserName=u|Leaf=1", false},
    {"<EventData><Data Name='Channel'>c</Data></EventData>", "Channel=c", false},
    {"<EventData><Data Name='T'>&lt;Event&gt;&lt;/Event&gt;</Data></EventData>",
     "T=<Event></Event>", false},
    {"", "", false},
    /* broken: what stands before is kept */
    {"<EventData><Data Name='A'>1</Data><Data Name=B>2</Data></EventData>", "A=1", true},
    {"<EventData><Data Name='A'>1</Data></UserData>", "A=1", true},
    {"<EventData><Data Name='A'>1</Data><!DOCTYPE x><Data>2</Data></EventData>", "A=1", true},
    {"<EventData><!ENTITY x 'y'><Data>2</Data></EventData>", "", true},
    {"<EventData><Data Name='A'>a\x01z</Data></EventData>", "A=a\x01z", true},
    {"<EventData><Data Name='A'>&unknown;</Data></EventData>", "A=&unknown;", false},
};

static void test_bodies(void **state) {
    struct batch *batch = *state;
    for (size_t i = 0; i < sizeof body_cases / sizeof *body_cases; i++) {
        struct buf input = BUF_INIT;
        buf_printf(&input, "<Event xmlns='n'>" SYSTEM "%s</Event>\r\n", body_cases[i].event_data);
        read_all(batch, buf_str(&input), 0);
        assert_int_equal(batch->row_count, 1);
        assert_body(batch, 0, body_cases[i].expected);
        bool damaged = (batch->rows[0].flags & ROW_DAMAGED) != 0;
        assert_int_equal(damaged, body_cases[i].damaged);
        buf_fini(&input);
    }
}

static void test_system(void **state) {
    struct batch *batch = *state;
    read_all(batch, STR("<Event>" SYSTEM "</Event>"), 0);
    const struct row *row = &batch->rows[0];
    struct str text;
    assert_int_equal(row->record_id, 77);
    assert_true(row->time_ns == INT64_C(1794182401123456700));
    assert_true(batch_find(&text, batch, row, FIELD_WINLOG_EVENT_ID));
    assert_true(str_eq(text, STR("4624")));
    assert_true(batch_find(&text, batch, row, windows_field(STR("EventID_Qualifiers"))));
    assert_true(batch_find(&text, batch, row, FIELD_HOST_NAME));
    assert_true(str_eq(text, STR("pc1")));
    assert_true(batch_find(&text, batch, row, FIELD_EVENT_ACTION));
    assert_true(str_eq(text, STR("logged-in")));
}

/* Values without references cost no copy. */
static void test_values_are_slices(void **state) {
    struct batch *batch = *state;
    read_all(batch,
             STR("<Event><EventData><Data Name='A'>x</Data><Data Name='B'>&lt;</Data>"
                 "</EventData></Event>"),
             0);
    const struct value *v = &batch->values[batch->rows[0].first_value];
    assert_int_equal(v[0].transform, TRANSFORM_SAME);
    assert_int_equal(v[1].transform, TRANSFORM_XML);
    assert_true(str_eq(batch_value_slice(batch, &v[1]), STR("&lt;")));
}

static void test_framing(void **state) {
    struct batch *batch = *state;
    struct str input = STR("\xef\xbb\xbf<?xml version=\"1.0\"?>\r\n<Events>\r\n"
                           "<Event>\r\n <EventData><Data>1</Data></EventData>\r\n</Event>\r\n"
                           "<Event><EventData><Data>2</Data></EventData></Event>\r\n\r\n"
                           "<Event><EventData><Data>3</Data></EventData></Event>\r\n</Events>\r\n");
    assert_true(windows_xml_is_file((const uint8_t *)input.ptr, input.len));
    read_all(batch, input, 0);
    assert_int_equal(batch->row_count, 3);
    static const uint32_t lines[] = {3, 6, 8};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(batch->rows[i].line, lines[i]);
        assert_int_equal(batch->rows[i].flags, ROW_TIME_RECEIVED);
    }
    assert_body(batch, 2, "Data=3");
}

/* A record without an end takes what stands before the next one. */
static void test_unfinished_record(void **state) {
    struct batch *batch = *state;
    read_all(batch,
             STR("<Event><EventData><Data>1</Data>\n"
                 "<Event><EventData><Data>2</Data></EventData></Event>\n"
                 "<Event><EventDa"),
             0);
    assert_int_equal(batch->row_count, 3);
    assert_int_equal(batch->rows[0].flags & ROW_DAMAGED, ROW_DAMAGED);
    assert_body(batch, 0, "Data=1");
    assert_int_equal(batch->rows[1].flags & ROW_DAMAGED, 0);
    assert_int_equal(batch->rows[2].flags & ROW_DAMAGED, ROW_DAMAGED);
}

static void test_utf16(void **state) {
    struct batch *batch = *state;
    static const char text[] = "<Event><EventData><Data Name='A'>1&amp;</Data></EventData>"
                               "</Event>\r\n<Event><EventData><Data>2</Data></EventData></Event>";
    for (int big = 0; big < 2; big++) {
        struct buf input = BUF_INIT;
        buf_add(&input, big ? STR("\xfe\xff") : STR("\xff\xfe"));
        for (const char *c = text; *c != 0; c++) {
            char pair[2] = {big ? 0 : *c, big ? *c : 0};
            buf_append(&input, pair, 2);
        }
        assert_true(windows_xml_is_file((const uint8_t *)input.ptr, input.len));
        read_all(batch, buf_str(&input), 0);
        assert_int_equal(batch->row_count, 2);
        assert_body(batch, 0, "A=1&");
        assert_body(batch, 1, "Data=2");
        assert_int_equal(batch->rows[1].line, 2);
        assert_int_equal(batch->rows[0].charset, big ? CHARSET_UTF16BE : CHARSET_UTF16LE);
        struct buf xml = BUF_INIT;
        windows_render_xml(&xml, batch, &batch->rows[1]);
        assert_true(
            str_eq(buf_str(&xml), STR("<Event><EventData><Data>2</Data></EventData></Event>")));
        buf_fini(&xml);
        buf_fini(&input);
    }
}

static void test_over_the_record_limit(void **state) {
    struct batch *batch = *state;
    struct buf input = BUF_INIT;
    buf_add(&input, STR("<Event><EventData><Data>"));
    for (int i = 0; i < 1000; i++) {
        buf_putc(&input, 'x');
    }
    buf_add(&input, STR("</Data></EventData></Event>\n<Event><EventData><Data>2</Data></EventData>"
                        "</Event>\n"));
    read_all(batch, buf_str(&input), 256);
    assert_true(batch->row_count > 4);
    for (size_t i = 0; i + 1 < batch->row_count; i++) {
        assert_int_equal(batch->rows[i].flags & (ROW_CONTINUED | ROW_DAMAGED),
                         ROW_CONTINUED | ROW_DAMAGED);
        assert_true(batch->rows[i].raw_len <= 256);
    }
    assert_body(batch, batch->row_count - 1, "Data=2");
    buf_fini(&input);
}

static void test_cut_anywhere(void **state) {
    struct batch *batch = *state;
    struct str input = STR("<?xml version='1.0'?><Events><Event a='1'>" SYSTEM
                           "<EventData><Data Name='A'><![CDATA[x]]>&lt;</Data></EventData>"
                           "</Event>\n</Events>");
    for (size_t len = 0; len < input.len; len++) {
        read_all(batch, str_head(input, len), 0);
    }
}

static void test_is_file(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is;
    } cases[] = {
        {"<Event xmlns='x'>", true},
        {"<Events><Event>", true},
        {"  \r\n<?xml version='1.0'?>\n<!-- c -->\n<Events>", true},
        {"<EventLog>", false},
        {"<Eventsx>", false},
        {"<log><Event>", false},
        {"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d 'e'>]><Events><Event "
         "xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>",
         true},
        {"<evtxtract><record offset=\"0x1\"><Event xmlns=\"http://schemas.microsoft.com/"
         "win/2004/08/events/event\">",
         true},
        {"<log><Event xmlns='http://example.com/win/2004/08/events/event'>", false},
        {"log <Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>", false},
        {"<134>Nov  9 00:00:00 pc <Event>", false},
        {"", false},
        {"<", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str s = str_from_c(cases[i].text);
        assert_int_equal(windows_xml_is_file((const uint8_t *)s.ptr, s.len), cases[i].is);
    }
}

static int setup(void **state) {
    struct batch *batch = mem_calloc(1, sizeof *batch);
    batch_init(batch);
    *state = batch;
    return 0;
}

static int teardown(void **state) {
    batch_fini(*state);
    mem_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_system),
        cmocka_unit_test(test_values_are_slices),
        cmocka_unit_test(test_framing),
        cmocka_unit_test(test_unfinished_record),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_over_the_record_limit),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_is_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
