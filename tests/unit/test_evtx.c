/* The EVTX reader: value types, checksums, chunks in every state, raw bytes always complete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "binxml_value.h"
#include "bytes.h"
#include "crc32.h"
#include "evtx.h"
#include "evtx_chunk.h"
#include "mem.h"
#include "num.h"
#include "windows_names.h"
#include "windows_render.h"

/* --- values --- */

static size_t bytes_from_hex(uint8_t *out, const char *hex) {
    size_t n = 0;
    for (; hex[0] != 0; hex += 2) {
        out[n++] = (uint8_t)(ascii_hex_value(hex[0]) << 4 | ascii_hex_value(hex[1]));
    }
    return n;
}

static const struct {
    uint8_t type;
    const char *hex;
    const char *text;
} value_cases[] = {
    {BINXML_NULL, "", ""},
    {BINXML_STRING, "41004200", "AB"},
    {BINXML_STRING, "410042000000", "AB"}, /* terminating NUL */
    {BINXML_STRING, "42d8b7df", "𠮷"},     /* surrogate pair */
    {BINXML_STRING, "42d84100",
     "\ufffd"
     "A"},                             /* unpaired high */
    {BINXML_STRING, "b7df", "\ufffd"}, /* unpaired low */
    {BINXML_STRING, "e5652c67", "日本"},
    {BINXML_STRING, "410042004300440045004600470048004900e565", "ABCDEFGHI日"},
    {BINXML_ANSI, "416200", "Ab"},
    {BINXML_ANSI, "93fa967b", "日本"}, /* CP932 */
    {BINXML_INT8, "fb", "-5"},
    {BINXML_UINT8, "fb", "251"},
    {BINXML_INT16, "0080", "-32768"},
    {BINXML_UINT16, "ffff", "65535"},
    {BINXML_INT32, "00000080", "-2147483648"},
    {BINXML_UINT32, "ffffffff", "4294967295"},
    {BINXML_INT64, "0000000000000080", "-9223372036854775808"},
    {BINXML_UINT64, "ffffffffffffffff", "18446744073709551615"},
    {BINXML_REAL32, "0000c03f", "1.5"},
    {BINXML_REAL64, "9a9999999999b93f", "0.1"},
    {BINXML_REAL64, "2b8716d9cefda840", "3198.904"},
    {BINXML_BOOL, "01000000", "true"},
    {BINXML_BOOL, "00000000", "false"},
    {BINXML_BINARY, "00ff10", "00FF10"},
    {BINXML_GUID, "2596845478549449a5ba3e3b0328c30d", "{54849625-5478-4994-A5BA-3E3B0328C30D}"},
    {BINXML_SIZE, "00100000", "0x1000"},
    {BINXML_FILETIME, "00803ed5deb19d01", "1970-01-01T00:00:00.000000000Z"},
    {BINXML_FILETIME, "0000000000000000", "1601-01-01T00:00:00.000000000Z"},
    {BINXML_FILETIME, "ffffffffffffff7f", "30828-09-14T02:48:05.477580700Z"},
    {BINXML_SYSTEMTIME, "ea070b00010009000100020003000400", "2026-11-09T01:02:03.004Z"},
    {BINXML_SID, "010100000000000512000000", "S-1-5-18"},
    {BINXML_SID, "010500000000000515000000010000000200000003000000f4010000", "S-1-5-21-1-2-3-500"},
    {BINXML_HEX32, "10140000", "0x1410"},
    {BINXML_HEX32, "00000000", "0x0"},
    {BINXML_HEX64, "0000000000002080", "0x8020000000000000"},
    /* sizes that do not fit: nothing read outside, nothing lost */
    {BINXML_GUID, "2596", "2596"},
    {BINXML_FILETIME, "0102", "0102"},
    {BINXML_SID, "01ff000000000005", "01FF000000000005"},
    {BINXML_REAL64, "0000c03f", "0000C03F"},
    {BINXML_UINT32, "0100", "1"},
    {0x77, "0a0b", "0A0B"},
};

static void test_values(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof value_cases / sizeof *value_cases; i++) {
        uint8_t bytes[64];
        struct buf out = BUF_INIT;
        size_t size = bytes_from_hex(bytes, value_cases[i].hex);
        binxml_value_append(&out,
                            (struct binxml_value){bytes, (uint16_t)size, value_cases[i].type});
        buf_putc(&out, 0);
        assert_string_equal(out.ptr, value_cases[i].text);
        buf_fini(&out);
    }
}

static void test_array_items(void **state) {
    (void)state;
    static const uint8_t texts[] = {'a', 0, 0, 0, 0, 0, 'b', 0}; /* "a", "", "b" without NUL */
    struct binxml_value array = {texts, sizeof texts, BINXML_STRING | BINXML_ARRAY};
    struct binxml_value item;
    size_t sizes[4] = {0};
    size_t count = 0;
    while (binxml_array_next(&item, &array)) {
        sizes[count++] = item.size;
    }
    assert_int_equal(count, 3);
    assert_int_equal(sizes[0], 4);
    assert_int_equal(sizes[1], 2);
    assert_int_equal(sizes[2], 2);
}

static void test_crc32(void **state) {
    (void)state;
    static const uint8_t text[] = "123456789";
    assert_int_equal(crc32_update(0, text, 9), 0xcbf43926u);
    assert_int_equal(crc32_update(crc32_update(0, text, 4), text + 4, 5), 0xcbf43926u);
    uint8_t bytes[1500];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * i * 31 + i / 7);
    }
    for (size_t size = 0; size < sizeof bytes; size += 1 + size / 40) {
        uint32_t at_once = crc32_update(0, bytes, size);
        uint32_t by_one = 0;
        for (size_t i = 0; i < size; i++) {
            by_one = crc32_update(by_one, bytes + i, 1);
        }
        assert_int_equal(at_once, by_one);
        assert_int_equal(
            crc32_update(crc32_update(0, bytes, size / 3), bytes + size / 3, size - size / 3),
            by_one);
    }
}

/* --- files made by hand: one chunk, records of inline BinXML --- */

struct image {
    struct buf bytes;
    size_t chunk; /* start of the chunk */
};

static void put(struct image *m, const void *bytes, size_t size) {
    buf_append(&m->bytes, bytes, size);
}

static void put_u8(struct image *m, unsigned value) {
    buf_putc(&m->bytes, (char)value);
}

static void put_u16(struct image *m, unsigned value) {
    uint8_t b[2];
    bytes_put_le16(b, (uint16_t)value);
    put(m, b, sizeof b);
}

static void put_u32(struct image *m, uint32_t value) {
    uint8_t b[4];
    bytes_put_le32(b, value);
    put(m, b, sizeof b);
}

static void put_u64(struct image *m, uint64_t value) {
    put_u32(m, (uint32_t)value);
    put_u32(m, (uint32_t)(value >> 32));
}

static void put_utf16(struct image *m, const char *ascii) {
    for (; *ascii != 0; ascii++) {
        put_u16(m, (unsigned char)*ascii);
    }
}

/* A name at its place: offset, then the name itself. */
static void put_name(struct image *m, const char *name) {
    uint32_t hash = 0;
    for (const char *c = name; *c != 0; c++) {
        hash = hash * 65599 + (unsigned char)*c;
    }
    put_u32(m, (uint32_t)(m->bytes.len - m->chunk + 4));
    put_u32(m, 0);
    put_u16(m, hash & 0xffff);
    put_u16(m, (unsigned)strlen(name));
    put_utf16(m, name);
    put_u16(m, 0);
}

static void put_open(struct image *m, const char *name) {
    put_u8(m, 0x01);
    put_u32(m, 0);
    put_name(m, name);
    put_u8(m, 0x02);
}

static void put_leaf(struct image *m, const char *name, const char *text) {
    put_open(m, name);
    put_u8(m, 0x05);
    put_u8(m, 0x01);
    put_u16(m, (unsigned)strlen(text));
    put_utf16(m, text);
    put_u8(m, 0x04);
}

static void begin_image(struct image *m) {
    uint8_t header[4096] = "ElfFile";
    uint8_t chunk[EVTX_CHUNK_HEADER_BYTES] = "ElfChnk";
    *m = (struct image){.bytes = BUF_INIT, .chunk = sizeof header};
    put(m, header, sizeof header);
    put(m, chunk, sizeof chunk);
}

/* <Event><System><EventID>..</EventID></System><EventData><Text>..</Text></EventData></Event> */
static void put_record(struct image *m, uint64_t number, const char *event_id, const char *text) {
    size_t start = m->bytes.len;
    put_u32(m, 0x2a2a);
    put_u32(m, 0);
    put_u64(m, number);
    put_u64(m, UINT64_C(116444736000000000)); /* 1970-01-01 */
    put(m, "\x0f\x01\x01", 4);
    put_open(m, "Event");
    put_open(m, "System");
    put_leaf(m, "EventID", event_id);
    put_u8(m, 0x04);
    put_open(m, "EventData");
    put_leaf(m, "Text", text);
    put_u8(m, 0x04);
    put_u8(m, 0x04);
    put_u8(m, 0x00);
    put_u32(m, (uint32_t)(m->bytes.len - start + 4));
    bytes_put_le32(m->bytes.ptr + start + 4, (uint32_t)(m->bytes.len - start));
}

/* Fills the chunk up; the free-space offset is where the records end. */
static void end_image(struct image *m) {
    bytes_put_le32(m->bytes.ptr + m->chunk + 48, (uint32_t)(m->bytes.len - m->chunk));
    while (m->bytes.len < m->chunk + EVTX_CHUNK_BYTES) {
        buf_putc(&m->bytes, 0);
    }
}

/* Reads all and checks that the raw bytes are the file. */
static struct evtx_counts read_all(struct batch *batch, const struct buf *bytes, bool recover) {
    struct evtx_options options = {.recover_slack = recover};
    const uint8_t *data = (const uint8_t *)bytes->ptr;
    struct evtx_reader *reader = evtx_reader_open(data, bytes->len, &options);
    batch_clear(batch);
    struct windows_reader_stamp stamp = {7, intern_add(&batch->names, STR("pc")), INTERN_NONE};
    while (evtx_reader_next(reader, batch, &stamp)) {
    }
    struct evtx_counts counts = evtx_reader_counts(reader);
    evtx_reader_close(&reader);
    size_t at = 0;
    for (size_t i = 0; i < batch->row_count; i++) {
        struct str raw = batch_raw(batch, &batch->rows[i]);
        assert_true(raw.len <= bytes->len - at);
        assert_memory_equal(raw.ptr, bytes->ptr + at, raw.len);
        at += raw.len;
    }
    assert_int_equal(at, bytes->len);
    return counts;
}

static void assert_field(const struct batch *batch, size_t row, const char *native,
                         const char *expected) {
    struct str text;
    struct str name = str_from_c(native);
    assert_true(batch_find(&text, batch, &batch->rows[row], windows_field(name)));
    assert_true(str_eq(text, str_from_c(expected)));
}

static void test_inline_records(void **state) {
    struct batch *batch = *state;
    struct image m;
    begin_image(&m);
    put_record(&m, 5, "4624", "one");
    put_record(&m, 6, "4625", "two");
    end_image(&m);
    struct evtx_counts counts = read_all(batch, &m.bytes, false);
    assert_int_equal(counts.records, 2);
    assert_int_equal(counts.damaged, 0);
    assert_int_equal(batch->row_count, 2);
    assert_field(batch, 0, "EventID", "4624");
    assert_field(batch, 1, "Text", "two");
    const struct row *second = &batch->rows[1];
    assert_int_equal(second->record_id, 6);
    assert_int_equal(second->idx, 1);
    assert_int_equal(second->time_ns, 0);
    assert_int_equal(second->flags, ROW_IN_CONTAINER);
    assert_int_equal(second->container_back, 1);
    assert_int_equal(bytes_le32(m.bytes.ptr + second->container_off), 0x2a2a);
    struct buf xml = BUF_INIT;
    windows_render_xml(&xml, batch, second);
    buf_putc(&xml, 0);
    assert_string_equal(xml.ptr, "<Event><System><EventID>4625</EventID></System>"
                                 "<EventData><Text>two</Text></EventData></Event>");
    buf_fini(&xml);
    buf_fini(&m.bytes);
}

static void test_cut_anywhere(void **state) {
    struct batch *batch = *state;
    struct image m;
    begin_image(&m);
    put_record(&m, 1, "1", "first");
    size_t second_at = m.bytes.len;
    put_record(&m, 2, "2", "second");
    size_t end = m.bytes.len;
    end_image(&m);
    for (size_t len = 0; len < end + 40; len++) {
        struct buf cut = {m.bytes.ptr, len, len};
        struct evtx_counts counts = read_all(batch, &cut, true);
        if (len >= end) {
            assert_int_equal(counts.records, 2);
            assert_int_equal(counts.damaged, 0);
        } else if (len >= second_at + EVTX_RECORD_HEADER_BYTES) {
            assert_int_equal(counts.records, 2);
            assert_int_equal(counts.damaged, 1);
            assert_int_equal(batch->rows[1].flags & ROW_DAMAGED, ROW_DAMAGED);
        }
    }
    buf_fini(&m.bytes);
}

static void test_flipped_anywhere(void **state) {
    struct batch *batch = *state;
    struct image m;
    begin_image(&m);
    put_record(&m, 1, "1", "first");
    put_record(&m, 2, "2", "second");
    size_t end = m.bytes.len;
    end_image(&m);
    for (size_t at = m.chunk; at < end; at++) {
        char was = m.bytes.ptr[at];
        m.bytes.ptr[at] = (char)(was ^ 0xff);
        (void)read_all(batch, &m.bytes, true);
        m.bytes.ptr[at] = was;
    }
    buf_fini(&m.bytes);
}

static void test_damaged_record_says_where(void **state) {
    struct batch *batch = *state;
    struct image m;
    begin_image(&m);
    size_t at = m.bytes.len;
    put_record(&m, 1, "1", "first");
    put_record(&m, 2, "2", "second");
    end_image(&m);
    bytes_put_le32(m.bytes.ptr + at + 4, 0x7fffffff); /* size lies */
    struct evtx_counts counts = read_all(batch, &m.bytes, false);
    assert_int_equal(counts.records, 2);
    assert_int_equal(counts.damaged, 1);
    assert_int_equal(batch->rows[0].record_id, 1);
    struct str error;
    assert_true(batch_find(&error, batch, &batch->rows[0], FIELD_PARSE_ERROR));
    assert_true(str_starts(error, STR("record at offset 4608: record size impossible")));
    assert_field(batch, 1, "Text", "second");
    buf_fini(&m.bytes);
}

static void test_slack(void **state) {
    struct batch *batch = *state;
    struct image m;
    begin_image(&m);
    put_record(&m, 1, "1", "first");
    size_t free_off = m.bytes.len - m.chunk;
    put_record(&m, 90, "90", "left over"); /* not the next number: not a part of the log */
    end_image(&m);
    bytes_put_le32(m.bytes.ptr + m.chunk + 48, (uint32_t)free_off);
    assert_int_equal(read_all(batch, &m.bytes, false).records, 1);
    struct evtx_counts counts = read_all(batch, &m.bytes, true);
    assert_int_equal(counts.records, 2);
    assert_int_equal(counts.recovered, 1);
    assert_int_equal(batch->rows[1].flags, ROW_IN_CONTAINER | ROW_RECOVERED);
    assert_field(batch, 1, "Text", "left over");
    buf_fini(&m.bytes);
}

static void test_records_newer_than_the_header(void **state) {
    struct batch *batch = *state;
    struct image m;
    begin_image(&m);
    put_record(&m, 1, "1", "first");
    size_t free_off = m.bytes.len - m.chunk;
    put_record(&m, 2, "2", "second"); /* a log that was not closed */
    end_image(&m);
    bytes_put_le32(m.bytes.ptr + m.chunk + 48, (uint32_t)free_off);
    struct evtx_counts counts = read_all(batch, &m.bytes, false);
    assert_int_equal(counts.records, 2);
    assert_int_equal(counts.recovered, 0);
    buf_fini(&m.bytes);
}

/* The elements of record 1 are named by one name whose text lies at its own offset, and a template
 * instance whose definition is itself: offsets that point back must not loop. */
static void test_offsets_that_loop(void **state) {
    struct batch *batch = *state;
    struct image m;
    begin_image(&m);
    size_t start = m.bytes.len;
    put_u32(&m, 0x2a2a);
    put_u32(&m, 0);
    put_u64(&m, 1);
    put_u64(&m, 0);
    size_t instance = m.bytes.len - m.chunk;
    put_u8(&m, 0x0c);
    put_u8(&m, 0x01);
    put_u32(&m, 0x01);
    put_u32(&m, (uint32_t)instance);
    for (int i = 0; i < 20; i++) {
        put_u32(&m, 1);
    }
    put_u32(&m, (uint32_t)(m.bytes.len - start + 4));
    bytes_put_le32(m.bytes.ptr + start + 4, (uint32_t)(m.bytes.len - start));
    end_image(&m);
    struct evtx_counts counts = read_all(batch, &m.bytes, true);
    assert_int_equal(counts.records, 1);
    assert_int_equal(counts.damaged, 1);
    buf_fini(&m.bytes);
}

static void test_no_records(void **state) {
    struct batch *batch = *state;
    struct buf zeros = BUF_INIT;
    memset(buf_reserve(&zeros, 3 << 20), 0, 3 << 20);
    zeros.len = 3 << 20;
    memcpy(zeros.ptr, "ElfFile", 8);
    assert_true(evtx_is_file((const uint8_t *)zeros.ptr, zeros.len));
    assert_int_equal(read_all(batch, &zeros, true).records, 0);
    assert_int_equal(batch->row_count, 3);
    assert_int_equal(batch->rows[2].flags, ROW_META | ROW_TIME_RECEIVED);
    buf_fini(&zeros);
}

static void test_is_file(void **state) {
    (void)state;
    struct image m;
    begin_image(&m);
    put_record(&m, 1, "1", "x");
    end_image(&m);
    const uint8_t *bytes = (const uint8_t *)m.bytes.ptr;
    assert_true(evtx_is_file(bytes, m.bytes.len));
    assert_true(evtx_is_file(bytes + m.chunk, m.bytes.len - m.chunk)); /* a bare chunk */
    memset(m.bytes.ptr, 'x', m.chunk);
    assert_true(evtx_is_file(bytes, m.bytes.len)); /* header destroyed */
    static const uint8_t text[] = "ElfF is a word\n";
    assert_false(evtx_is_file(text, sizeof text));
    assert_false(evtx_is_file(NULL, 0));
    buf_fini(&m.bytes);
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
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_array_items),
        cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_inline_records),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_flipped_anywhere),
        cmocka_unit_test(test_damaged_record_says_where),
        cmocka_unit_test(test_slack),
        cmocka_unit_test(test_records_newer_than_the_header),
        cmocka_unit_test(test_offsets_that_loop),
        cmocka_unit_test(test_no_records),
        cmocka_unit_test(test_is_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
