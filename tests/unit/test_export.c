/* The parts of export and restore: base64, names, parts of files, lines of packed files, evidence.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base64.h"
#include "evidence.h"
#include "evidence_slice.h"
#include "export_name.h"
#include "export_parts.h"
#include "file_io.h"
#include "json_out.h"
#include "restore_lines.h"
#include "store_fixture.h"
#include "store_priv.h"
#include "store_restore.h"

static void expect_text(const struct buf *out, const char *want) {
    if (!str_eq(buf_str(out), str_from_c(want))) {
        fail_msg("got \"%.*s\", wanted \"%s\"", STR_ARG(buf_str(out)), want);
    }
}

/* --- base64 --- */

static void encodes_rfc_vectors(void **state) {
    (void)state;
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}}; /* RFC 4648, 10 */
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct buf out = BUF_INIT;
        base64_encode(&out, str_from_c(vectors[i][0]));
        expect_text(&out, vectors[i][1]);
        buf_clear(&out);
        assert_true(base64_decode(&out, str_from_c(vectors[i][1])));
        expect_text(&out, vectors[i][0]);
        buf_fini(&out);
    }
}

static void decodes_one_form_only(void **state) {
    (void)state;
    static const char *const bad[] = {"Z",        "Zg",   "Zg=",    "Zh==", "Zm9=", "====",
                                      "Zg==Zg==", "Z g=", "Zm9v\n", "Zm9-", "=Zm9", "Zm=v"};
    struct buf out = BUF_INIT;
    buf_add(&out, STR("kept"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (base64_decode(&out, str_from_c(bad[i]))) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
        expect_text(&out, "kept");
    }
    buf_fini(&out);
}

static void base64_keeps_all_bytes(void **state) {
    (void)state;
    char bytes[256];
    struct buf text = BUF_INIT;
    struct buf back = BUF_INIT;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(unsigned char)i;
    }
    for (size_t len = 0; len <= sizeof bytes; len++) {
        buf_clear(&text);
        buf_clear(&back);
        base64_encode(&text, str_make(bytes, len));
        assert_true(base64_decode(&back, buf_str(&text)));
        assert_true(str_eq(buf_str(&back), str_make(bytes, len)));
    }
    buf_fini(&text);
    buf_fini(&back);
}

/* --- names --- */

static void expect_name(struct export_names *names, const char *source, const char *origin,
                        const char *want) {
    struct buf out = BUF_INIT;
    export_names_make(&out, names, str_from_c(source), str_from_c(origin));
    expect_text(&out, want);
    buf_fini(&out);
}

static void names_are_harmless(void **state) {
    (void)state;
    struct export_names names = {0};
    export_names_reserve(&names, STR("manifest.jsonl"));
    expect_name(&names, "logs/a.log", "logs/a.log", "logs/a.log");
    expect_name(&names, "logs/a.log", "logs/a.log", "logs/a~2.log");
    expect_name(&names, "LOGS/A.LOG", "LOGS/A.LOG", "LOGS/A~3.LOG");
    expect_name(&names, "fw1", "/var//log/./../fw.log", "fw1/var/log/_/fw.log");
    expect_name(&names, "../../x", "../etc/passwd", ".._.._x/_/etc/passwd");
    expect_name(&names, "..", "..", "_");
    expect_name(&names, "", "", "_~2");
    expect_name(&names, "manifest.jsonl", "", "manifest~2.jsonl");
    expect_name(&names, "NUL", "", "_NUL");
    expect_name(&names, "com7.txt", "", "_com7.txt");
    expect_name(&names, "company", "", "company");
    expect_name(&names, "a:b*c?d\"e<f>g|h\\i\tj", "", "a_b_c_d_e_f_g_h_i_j");
    expect_name(&names, "end. . ", "", "end____");
    expect_name(&names, "x\xff\xe2\x82y", "", "x__y");
    expect_name(&names, "\xe8\xa1\xa8", "", "\xe8\xa1\xa8");
    expect_name(&names, ".hidden", "", ".hidden");
    expect_name(&names, ".hidden", "", ".hidden~2");
    export_names_fini(&names);
}

static void files_and_folders_do_not_meet(void **state) {
    (void)state;
    struct export_names names = {0};
    expect_name(&names, "a", "a", "a");
    expect_name(&names, "a/b", "a/b", "a_b"); /* "a" is a file */
    expect_name(&names, "c/d", "c/d", "c/d");
    expect_name(&names, "c", "c", "c~2"); /* "c" is a folder */
    expect_name(&names, "C/e", "C/e", "C/e");
    export_names_fini(&names);
}

static void long_names_are_cut(void **state) {
    (void)state;
    struct export_names names = {0};
    struct buf path = BUF_INIT;
    struct buf out = BUF_INIT;
    for (int i = 0; i < 40; i++) {
        buf_printf(&path, "/%0*d", 300, i);
    }
    for (int i = 0; i < 100; i++) {
        buf_clear(&out);
        export_names_make(&out, &names, buf_str(&path), STR_EMPTY);
        assert_true(out.len <= 16 * 121 + 8);
    }
    buf_fini(&path);
    buf_fini(&out);
    export_names_fini(&names);
}

/* --- parts --- */

static void put_head(struct buf *out, const struct export_part *part, void *ctx) {
    (void)ctx;
    buf_printf(out, "head %u\n", (unsigned)part->number);
}

static void put_tail(struct buf *out, const struct export_part *part, void *ctx) {
    (void)ctx;
    buf_printf(out, "tail %llu\n", (unsigned long long)part->lines);
}

static void expect_file(const struct fixture *f, const char *name, const char *want) {
    struct buf path = BUF_INIT;
    struct file_map map;
    struct err err = ERR_INIT;
    buf_printf(&path, "%s/%s", f->path, name);
    assert_int_equal(file_map(&map, path.ptr, true, &err), STATUS_OK);
    struct restore_lines *lines =
        restore_lines_open(str_make((const char *)map.bytes, map.size_bytes));
    struct buf text = BUF_INIT;
    struct str line;
    bool more = true;
    while (more) {
        assert_int_equal(restore_lines_next(lines, &line, &more, &err), STATUS_OK);
        if (more) {
            buf_add(&text, line);
            buf_putc(&text, '|');
        }
    }
    expect_text(&text, want);
    restore_lines_close(&lines);
    file_unmap(&map);
    buf_fini(&text);
    buf_fini(&path);
}

static struct export_parts *new_parts(const struct fixture *f, struct buf *path, const char *name,
                                      enum export_split split, uint64_t bytes) {
    buf_clear(path);
    buf_printf(path, "%s/%s", f->path, name);
    return export_parts_create(&(struct export_parts_options){.path = path->ptr,
                                                              .split = split,
                                                              .part_bytes = bytes,
                                                              .head = put_head,
                                                              .tail = put_tail});
}

static void write_day(struct export_parts *parts, const char *line, int64_t day) {
    struct err err = ERR_INIT;
    assert_int_equal(export_parts_write(parts, str_from_c(line), day * NS_PER_DAY + 5, &err),
                     STATUS_OK);
}

static size_t count_files(const struct fixture *f);
static void count_name(const char *name, void *ctx) {
    (void)name;
    ++*(size_t *)ctx;
}

static size_t count_files(const struct fixture *f) {
    size_t count = 0;
    struct err err = ERR_INIT;
    assert_int_equal(file_list(f->path, count_name, &count, &err), STATUS_OK);
    return count;
}

static void splits_by_size(void **state) {
    const struct fixture *f = *state;
    struct buf path = BUF_INIT;
    struct err err = ERR_INIT;
    static const char *const names[] = {"a.jsonl", "b.jsonl.zst"};
    for (size_t i = 0; i < 2; i++) {
        struct export_parts *parts = new_parts(f, &path, names[i], EXPORT_BY_SIZE, 12);
        write_day(parts, "one\n", 0);
        write_day(parts, "two\n", 0);
        write_day(parts, "three\n", 0);
        assert_int_equal(export_parts_publish(parts, &err), STATUS_OK);
        assert_int_equal(export_parts_count(parts), 2);
        export_parts_destroy(&parts);
    }
    expect_file(f, "a-0001.jsonl", "head 1|one|two|tail 2|");
    expect_file(f, "a-0002.jsonl", "head 2|three|tail 1|");
    expect_file(f, "b-0001.jsonl.zst", "head 1|one|two|tail 2|");
    expect_file(f, "b-0002.jsonl.zst", "head 2|three|tail 1|");
    assert_int_equal(count_files(f), 4);
    buf_fini(&path);
}

static void splits_by_day(void **state) {
    const struct fixture *f = *state;
    struct buf path = BUF_INIT;
    struct err err = ERR_INIT;
    struct export_parts *parts = new_parts(f, &path, "d.txt.zst", EXPORT_BY_DAY, 0);
    for (int round = 0; round < 2; round++) { /* more days than may be awake at once */
        for (int64_t day = 0; day < 40; day++) {
            write_day(parts, round == 0 ? "x\n" : "y\n", day);
        }
    }
    write_day(parts, "early\n", -1);
    assert_int_equal(export_parts_write(parts, STR("z\n"), INT64_MIN, &err), STATUS_OK);
    assert_int_equal(export_parts_publish(parts, &err), STATUS_OK);
    export_parts_destroy(&parts);
    assert_int_equal(count_files(f), 42);
    expect_file(f, "d-1970-01-01.txt.zst", "head 1|x|y|tail 2|");
    expect_file(f, "d-1970-02-09.txt.zst", "head 40|x|y|tail 2|");
    expect_file(f, "d-1969-12-31.txt.zst", "head 41|early|tail 1|");
    buf_fini(&path);
}

static void nothing_is_left_of_what_was_not_published(void **state) {
    const struct fixture *f = *state;
    struct buf path = BUF_INIT;
    struct export_parts *parts = new_parts(f, &path, "a", EXPORT_BY_DAY, 0);
    for (int64_t day = 0; day < 30; day++) {
        write_day(parts, "x\n", day);
    }
    assert_int_equal(count_files(f), 30);
    export_parts_destroy(&parts);
    assert_int_equal(count_files(f), 0);
    buf_fini(&path);
}

static void an_empty_export_is_a_file(void **state) {
    const struct fixture *f = *state;
    struct buf path = BUF_INIT;
    struct err err = ERR_INIT;
    struct export_parts *parts = new_parts(f, &path, "a", EXPORT_WHOLE, 0);
    assert_int_equal(export_parts_publish(parts, &err), STATUS_OK);
    export_parts_destroy(&parts);
    expect_file(f, "a", "head 1|tail 0|");
    buf_fini(&path);
}

/* --- evidence --- */

/* The event as cli/shared/event_json.c would show it, with what the test needs only. */
static void put_event(struct buf *out, const struct batch *b, const struct row *row,
                      const char *original, const char *values) {
    char time[CIVIL_RFC3339_BYTES];
    struct str text = str_make(time, civil_format_rfc3339(time, row->time_ns));
    buf_printf(out, "{\"@timestamp\":\"%.*s\",\"event\":{\"created\":\"%.*s\",\"sequence\":%llu",
               STR_ARG(text), STR_ARG(text), (unsigned long long)row->sequence);
    if (original != NULL) {
        buf_printf(out, ",\"original\":");
        json_out_string(out, str_from_c(original));
    }
    buf_printf(out, "},\"konseki\":{\"source\":");
    json_out_string(out, intern_text(&b->names, row->source));
    for (uint32_t bit = 0; bit < 32; bit++) {
        if ((row->flags >> bit & 1) != 0) {
            buf_printf(out, ",\"flags\":\"%.*s\"", STR_ARG(row_flag_name(bit)));
        }
    }
    buf_printf(out, "}%s}", values);
}

static struct row *new_row(struct batch *b, struct str raw) {
    size_t off = b->raw.len;
    buf_add(&b->raw, raw);
    struct row *row = batch_row_begin(b, off, raw.len);
    row->time_ns = row->receive_ns = 1234567890123456789;
    row->sequence = 7;
    row->source = intern_add(&b->names, STR("fw"));
    return row;
}

/* Writes the row, reads it back, compares; returns the read row in `back`. */
static void round_trip(struct batch *back, const struct batch *b, const char *original,
                       const char *values) {
    struct evidence_writer *writer = evidence_writer_create();
    struct evidence_reader *reader = evidence_reader_create();
    struct buf line = BUF_INIT;
    struct err err = ERR_INIT;
    const struct row *row = &b->rows[0];
    put_event(&line, b, row, original, values);
    evidence_append(&line, writer, b, row);
    if (evidence_read(back, reader, buf_str(&line), &err) != STATUS_OK) {
        fail_msg("%s: %.*s", err.message, STR_ARG(buf_str(&line)));
    }
    const struct row *read = &back->rows[back->row_count - 1];
    assert_true(str_eq(batch_raw(back, read), batch_raw(b, row)));
    assert_true(read->time_ns == row->time_ns && read->receive_ns == row->receive_ns);
    assert_true(read->sequence == row->sequence && read->flags == row->flags);
    assert_int_equal(read->charset, row->charset);
    assert_int_equal(read->idx, row->idx);
    assert_int_equal(read->container_back, row->container_back);
    assert_int_equal(read->container_off, row->container_off);
    assert_int_equal(read->container_len, row->container_len);
    assert_true(
        str_eq(intern_text(&back->names, read->source), intern_text(&b->names, row->source)));
    assert_int_equal(read->value_count, row->value_count);
    for (uint32_t i = 0; i < row->value_count; i++) {
        struct str want = batch_value_text(b, &b->values[row->first_value + i]);
        struct str got = batch_value_text(back, &back->values[read->first_value + i]);
        assert_true(str_eq(got, want));
    }
    buf_fini(&line);
    evidence_writer_destroy(&writer);
    evidence_reader_destroy(&reader);
}

static void bytes_come_back(void **state) {
    (void)state;
    static const struct {
        struct str raw;
        const char *original; /* as search shows it */
        enum charset charset;
    } cases[] = {
        {STR_INIT("plain\n"), "plain", CHARSET_UTF8},
        {STR_INIT("dos\r\n"), "dos", CHARSET_UTF8},
        {STR_INIT("no end"), "no end", CHARSET_UTF8},
        {STR_INIT("\n"), "", CHARSET_UTF8},
        {STR_INIT("two\r\r\n"), "two\r", CHARSET_UTF8},
        {STR_INIT("\xef\xbb\xbf bom \xe2\x80\xae\n"), "\xef\xbb\xbf bom \xe2\x80\xae",
         CHARSET_UTF8},
        {STR_INIT("a\"b\\c\x01\x7f\n"), "a\"b\\c\x01\x7f", CHARSET_UTF8},
        {STR_INIT("bad \xff\n"), "bad \xff", CHARSET_UTF8},
        {STR_INIT("\x95\x5c\x8e\xa6\r\n"), "\xe8\xa1\xa8\xe7\xa4\xba", CHARSET_CP932},
        {STR_INIT("a\0b\0\n\0"), "ab", CHARSET_UTF16LE},
        {STR_INIT("ElfChnk\0\xff"), NULL, CHARSET_BINARY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct batch b;
        struct batch back;
        batch_init(&b);
        batch_init(&back);
        new_row(&b, cases[i].raw)->charset = (uint8_t)cases[i].charset;
        round_trip(&back, &b, cases[i].original, "");
        batch_fini(&b);
        batch_fini(&back);
    }
}

static void values_come_back(void **state) {
    (void)state;
    struct batch b;
    struct batch back;
    batch_init(&b);
    batch_init(&back);
    struct row *row = new_row(&b, STR("port=0443 user=bob ok\n"));
    row->flags = ROW_DAMAGED;
    struct str raw = batch_raw(&b, row);
    batch_add(&b, schema_field(STR("destination.port")), str_head(str_skip(raw, 5), 4));
    batch_add(&b, schema_field(STR("user.name")), str_head(str_skip(raw, 15), 3));
    batch_add(&b, schema_field(STR("user.name")), STR("made \xff"));
    round_trip(&back, &b, "port=0443 user=bob ok",
               ",\"destination\":{\"port\":443},\"user\":{\"name\":[\"bob\",\"made \\ufffd\"]}");
    const struct row *read = &back.rows[0];
    assert_int_equal(back.values[read->first_value].transform, TRANSFORM_SAME);
    assert_int_equal(back.values[read->first_value + 1].transform, TRANSFORM_SAME);
    assert_int_equal(back.values[read->first_value + 2].transform, TRANSFORM_NONE);
    batch_fini(&b);
    batch_fini(&back);
}

/* A value whose escaped form stands in the line points there: the store keeps it once. */
static void escaped_values_point_into_the_line(void **state) {
    (void)state;
    static const struct {
        struct str raw;
        struct str text;
        enum transform transform;
    } cases[] = {
        {STR_INIT("{\"p\":\"C:\\\\Win\\tx\"}\n"), STR_INIT("C:\\Win\tx"), TRANSFORM_JSON},
        {STR_INIT("{\"p\":\"a\\/b\"}\n"), STR_INIT("a/b"), TRANSFORM_NONE}, /* another escape */
        {STR_INIT("<D>a &amp; b</D>\n"), STR_INIT("a & b"), TRANSFORM_XML},
        {STR_INIT("abc abcd\n"), STR_INIT("bc"), TRANSFORM_NONE}, /* no word of its own */
        {STR_INIT("xabc abc\n"), STR_INIT("abc"), TRANSFORM_SAME},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct batch b;
        struct evidence_slicer slicer = {0};
        batch_init(&b);
        (void)new_row(&b, cases[i].raw);
        evidence_add_value(&b, &slicer, schema_field(STR("file.path")), cases[i].text);
        assert_int_equal(b.values[0].transform, cases[i].transform);
        assert_true(str_eq(batch_value_text(&b, &b.values[0]), cases[i].text));
        assert_true(batch_slices_are_own(&b, &b.rows[0]));
        evidence_slicer_fini(&slicer);
        batch_fini(&b);
    }
}

static void places_come_back(void **state) {
    (void)state;
    struct batch b;
    struct batch back;
    batch_init(&b);
    batch_init(&back);
    struct row *row = new_row(&b, STR_EMPTY);
    row->flags = ROW_IN_CONTAINER;
    row->charset = CHARSET_BINARY;
    row->container_back = 6;
    row->container_off = 512;
    row->container_len = 1000;
    row->idx = 3; /* not shown: the dataset is unknown */
    round_trip(&back, &b, NULL, "");
    batch_fini(&b);
    batch_fini(&back);
}

static void a_log_cannot_forge_evidence(void **state) {
    (void)state;
    struct batch b;
    struct batch back;
    batch_init(&b);
    batch_init(&back);
    (void)new_row(&b, STR("{}\n"));
    batch_add(&b, schema_field(STR("konseki.evidence.raw")), STR("QUFB"));
    batch_add(&b, schema_field(STR("konseki.evidence.end")),
              STR(",\"konseki.evidence\":{\"end\":\"x\"}}"));
    round_trip(&back, &b, "{}",
               ",\"konseki.evidence\":{\"raw\":\"QUFB\",\"end\":\",\\\"konseki.evidence\\\":{"
               "\\\"end\\\":\\\"x\\\"}}\"}");
    batch_fini(&b);
    batch_fini(&back);
}

/* --- numbers that are kept --- */

static struct row *numbered(struct batch *b, const char *source, uint64_t sequence) {
    struct row *row = new_row(b, STR("x\n"));
    row->source = intern_add(&b->names, str_from_c(source));
    row->sequence = sequence;
    return row;
}

static void store_keeps_numbers(void **state) {
    const struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_BULK);
    struct err err = ERR_INIT;
    struct batch b;
    batch_init(&b);
    static const struct {
        const char *source;
        uint64_t sequence;
    } rows[] = {{"a", 1}, {"b", 5}, {"a", 2}, {"b", 6}, {"a", 9}, {"c", 1}, {"a", 10}};
    size_t count = sizeof rows / sizeof *rows;
    for (size_t i = 0; i < count; i++) {
        (void)numbered(&b, rows[i].source, rows[i].sequence);
    }
    assert_int_equal(store_restore(s, &b, &err), STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(b.rows[i].sequence, rows[i].sequence);
        assert_int_equal(b.rows[i].arrival, i);
    }
    assert_int_equal(store_last_sequence(s, STR("a")), 10);
    assert_int_equal(store_last_sequence(s, STR("none")), 0);
    batch_clear(&b);
    (void)numbered(&b, "c", 2);
    (void)numbered(&b, "a", 10); /* taken */
    assert_int_equal(store_restore(s, &b, &err), STATUS_BAD_INPUT);
    assert_int_equal(store_last_sequence(s, STR("c")), 1);
    assert_int_equal(store_commit(s, &err), STATUS_OK);
    store_close(&s);
    batch_fini(&b);
}

/* --- numbers that are left out --- */

static void note_line(struct str line, void *ctx) {
    struct buf *lines = ctx;
    buf_add(lines, line);
    buf_putc(lines, '\n');
}

/* Whether `verify --rebuild` finds damage; what it says in `lines`. */
static bool is_damaged(const struct fixture *f, struct buf *lines) {
    struct err err = ERR_INIT;
    struct store_verify_options o = {.path = f->path, .rebuild = true};
    struct store_verify_result result;
    buf_clear(lines);
    assert_int_equal(store_verify(&o, &result, note_line, lines, &err), STATUS_OK);
    return result.damaged;
}

/* Rows of `a` with these numbers come back. */
static void restore_numbers(struct store *s, const uint64_t *numbers, size_t count) {
    struct err err = ERR_INIT;
    struct batch b;
    batch_init(&b);
    for (size_t i = 0; i < count; i++) {
        (void)numbered(&b, "a", numbers[i]);
    }
    assert_int_equal(store_restore(s, &b, &err), STATUS_OK);
    batch_fini(&b);
}

static void append_one(struct store *s) {
    struct err err = ERR_INIT;
    struct batch b;
    batch_init(&b);
    (void)numbered(&b, "a", 0);
    assert_int_equal(store_append(s, &b, &err), STATUS_OK);
    batch_fini(&b);
}

static void left_out_numbers_are_signed(void **state) {
    static const uint64_t first[] = {7, 8, 12};
    static const uint64_t second[] = {40, 41};
    const struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_BULK);
    struct err err = ERR_INIT;
    struct buf lines = BUF_INIT;
    restore_numbers(s, first, 3);
    append_one(s); /* what comes new goes on behind */
    restore_numbers(s, second, 2);
    assert_int_equal(store_commit(s, &err), STATUS_OK);
    append_one(s);
    assert_int_equal(store_commit(s, &err), STATUS_OK);
    store_close(&s);
    assert_false(is_damaged(f, &lines));
    buf_putc(&lines, '\0');
    assert_non_null(strstr(lines.ptr, "rows 0 to 2 were restored from an export that left 9 "));
    assert_non_null(strstr(lines.ptr, "rows 4 to 5 were restored from an export that left 26 "));
    buf_fini(&lines);
}

static void other_gaps_are_damage(void **state) {
    const struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_BULK);
    struct err err = ERR_INIT;
    struct buf lines = BUF_INIT;
    append_one(s);
    s->chain.sources.last_sequence[0] += 3; /* three rows were taken away before they were sealed */
    append_one(s);
    assert_int_equal(store_commit(s, &err), STATUS_OK);
    store_close(&s);
    assert_true(is_damaged(f, &lines));
    buf_putc(&lines, '\0');
    assert_non_null(strstr(lines.ptr, "goes from number 1 to 5"));
    buf_fini(&lines);
}

static void more_gaps_than_said_are_damage(void **state) {
    static const uint64_t numbers[] = {7, 8, 12};
    const struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_BULK);
    struct err err = ERR_INIT;
    struct buf lines = BUF_INIT;
    restore_numbers(s, numbers, 3);
    s->restored.skipped--;
    assert_int_equal(store_commit(s, &err), STATUS_OK);
    store_close(&s);
    assert_true(is_damaged(f, &lines));
    buf_putc(&lines, '\0');
    assert_non_null(strstr(lines.ptr, "without 8 sequence numbers; 9 are missing"));
    buf_fini(&lines);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(left_out_numbers_are_signed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(other_gaps_are_damage, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(more_gaps_than_said_are_damage, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test(encodes_rfc_vectors),
        cmocka_unit_test(decodes_one_form_only),
        cmocka_unit_test(base64_keeps_all_bytes),
        cmocka_unit_test(names_are_harmless),
        cmocka_unit_test(files_and_folders_do_not_meet),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test_setup_teardown(splits_by_size, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(splits_by_day, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_left_of_what_was_not_published, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_empty_export_is_a_file, fixture_setup, fixture_teardown),
        cmocka_unit_test(bytes_come_back),
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(escaped_values_point_into_the_line),
        cmocka_unit_test(places_come_back),
        cmocka_unit_test(a_log_cannot_forge_evidence),
        cmocka_unit_test_setup_teardown(store_keeps_numbers, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
