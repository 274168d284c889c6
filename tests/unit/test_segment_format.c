/*
 * The format of segments: today's stays readable (tests/golden/segment), damaged files are refused,
 * and a changed byte is never believed.
 *
 * KONSEKI_WRITE_GOLDEN=1 writes the golden files anew (only for a new version of the format).
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bytes.h"
#include "hash.h"
#include "mem.h"
#include "number_index.h"
#include "segment_fixture.h"
#include "token_filter.h"

enum { SMALL_ROWS = 60, NUMBER_ROWS = 400 };

static const char *golden_path(char *out, size_t size, const char *name) {
    (void)snprintf(out, size, "%s/tests/golden/segment/%s", getenv("KONSEKI_SOURCE"), name);
    return out;
}

static void test_golden(void **state) {
    (void)state;
    char path[1024];
    struct batch rows;
    make_rows(&rows, SMALL_ROWS, 11);
    for (int effort = EFFORT_FAST; effort <= EFFORT_DEEP; effort++) {
        const char *name = effort == EFFORT_FAST ? "fast.seg" : "deep.seg";
        if (getenv("KONSEKI_WRITE_GOLDEN") != NULL) {
            struct buf bytes = BUF_INIT;
            struct segment_info info;
            build(&bytes, &info, &rows, (enum segment_effort)effort, false);
            write_file(golden_path(path, sizeof path, name), buf_str(&bytes));
            buf_fini(&bytes);
        }
        assert_int_equal(read_and_compare(golden_path(path, sizeof path, name), &rows, 1),
                         STATUS_OK);
    }
    batch_fini(&rows);
}

/* Rows with words of digits: a counter, and numbers that are no counter. */
static void make_number_rows(struct batch *b) {
    batch_init(b);
    for (unsigned i = 0; i < NUMBER_ROWS; i++) {
        char line[96];
        int len = snprintf(line, sizeof line, "closed session=%u ref %u\n", 7000000 + 2 * i,
                           200000000 + i * i * 7919 % 100000000);
        struct row *row = fixture_begin_row(b, str_make(line, (size_t)len), "fw1");
        row->time_ns = (int64_t)i * NS_PER_SECOND;
        row->arrival = row->sequence = i + 1;
    }
}

/* As the chain says it of a segment with one stripe. */
static struct segment_info info_of(const struct segment *s) {
    assert_int_equal(s->stripe_count, 1);
    return (struct segment_info){.stripe_count = 1,
                                 .filter_offset = s->filter_offset,
                                 .index_bytes = s->shared_offset + s->shared_len - s->filter_offset,
                                 .filter_lines = {s->stripes[0].filter_lines}};
}

/* Each word of digits of the rows is in the index; NOT_FOUND: another one is not. */
static enum status ask_number_words(const struct segment *s, const struct batch *rows) {
    struct index_source source = {.mapped = s->map.bytes, .mapped_bytes = s->map.size_bytes};
    struct segment_info info = info_of(s);
    struct number_index index;
    struct index_blocks blocks = {{0}};
    enum status status = number_index_open(&index, &info, &source);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < rows->row_count && status == STATUS_OK; i++) {
        struct str raw = batch_raw(rows, &rows->rows[i]);
        struct str session = str_make(raw.ptr + sizeof "closed session=" - 1, 7);
        struct str ref = str_make(session.ptr + sizeof "7000000 ref " - 1, 9);
        status = number_index_ask(&blocks, &index, session);
        assert_true(status != STATUS_OK || blocks.of_stripe[0] != 0);
        status = status == STATUS_OK ? number_index_ask(&blocks, &index, ref) : status;
        assert_true(status != STATUS_OK || blocks.of_stripe[0] != 0);
    }
    if (status == STATUS_OK) {
        status = number_index_ask(&blocks, &index, STR("6999995"));
        status = status == STATUS_OK && blocks.of_stripe[0] == 0 ? STATUS_NOT_FOUND : status;
    }
    number_index_close(&index);
    return status;
}

/* A directory that claims more time patterns than there can be, under the right checksum. */
static void spoil_number_index(struct buf *bytes, const struct segment_info *info) {
    uint8_t *head =
        (uint8_t *)bytes->ptr + info->filter_offset + token_filter_bytes(info->filter_lines[0]);
    head[8] = 0x7f;
    bytes_put_le32(head + 4, (uint32_t)hash_bytes(head + 8, bytes_le32(head)));
}

static void write_number_golden(const struct batch *rows) {
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    char path[1024];
    build(&bytes, &info, rows, EFFORT_DEEP, false);
    write_file(golden_path(path, sizeof path, "numbers.seg"), buf_str(&bytes));
    spoil_number_index(&bytes, &info);
    write_file(golden_path(path, sizeof path, "numbers_bad.seg"), buf_str(&bytes));
    buf_fini(&bytes);
}

/* The bad one has sound rows, so only who asks its index sees the damage. */
static void test_golden_numbers(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum status status;
    } files[] = {{"numbers.seg", STATUS_NOT_FOUND}, {"numbers_bad.seg", STATUS_DAMAGED}};
    char path[1024];
    struct batch rows;
    make_number_rows(&rows);
    if (getenv("KONSEKI_WRITE_GOLDEN") != NULL) {
        write_number_golden(&rows);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct segment *s = NULL;
        struct err err = ERR_INIT;
        golden_path(path, sizeof path, files[i].name);
        assert_int_equal(read_and_compare(path, &rows, 1), STATUS_OK);
        assert_int_equal(segment_open(&s, path, &err), STATUS_OK);
        assert_int_equal(ask_number_words(s, &rows), files[i].status);
        segment_close(&s);
    }
    batch_fini(&rows);
}

/* The fuzzer's seeds (tests/fuzz/corpus/segment) are the golden files behind a byte of choices. */
static void test_fuzz_seeds(void **state) {
    (void)state;
    static const char *const names[] = {"fast", "deep", "numbers"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char golden[1024];
        char seed[1024];
        char name[64];
        struct file_map segment;
        struct file_map input;
        struct err err = ERR_INIT;
        (void)snprintf(name, sizeof name, "%s.seg", names[i]);
        (void)golden_path(golden, sizeof golden, name);
        (void)snprintf(seed, sizeof seed, "%s/tests/fuzz/corpus/segment/%s",
                       getenv("KONSEKI_SOURCE"), names[i]);
        assert_int_equal(file_map(&segment, golden, true, &err), STATUS_OK);
        if (getenv("KONSEKI_WRITE_GOLDEN") != NULL) {
            struct buf bytes = BUF_INIT;
            buf_putc(&bytes, (char)(2 * i + 1));
            buf_append(&bytes, (const char *)segment.bytes, segment.size_bytes);
            write_file(seed, buf_str(&bytes));
            buf_fini(&bytes);
        }
        assert_int_equal(file_map(&input, seed, true, &err), STATUS_OK);
        assert_int_equal(input.size_bytes, segment.size_bytes + 1);
        assert_memory_equal(input.bytes + 1, segment.bytes, segment.size_bytes);
        file_unmap(&input);
        file_unmap(&segment);
    }
}

/* Each byte changed, and each length cut: the file is refused or its rows are right. */
static void test_every_byte(void **state) {
    const struct fixture *f = *state;
    struct batch rows;
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    size_t refused = 0;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/c.seg", f->path);
    make_rows(&rows, SMALL_ROWS, 11);
    build(&bytes, &info, &rows, EFFORT_DEEP, false);
    for (size_t at = 0; at < bytes.len; at++) {
        char old = bytes.ptr[at];
        bytes.ptr[at] = (char)(old ^ (1 << at % 8));
        write_file(path, buf_str(&bytes));
        refused += read_and_compare(path, &rows, 1) == STATUS_DAMAGED;
        bytes.ptr[at] = old;
    }
    /* not seen by reading rows: zeros of the header, filters, padding */
    assert_true(refused + info.index_bytes + 12 + 64 >= bytes.len);
    for (size_t len = 0; len < bytes.len; len += 13) {
        write_file(path, str_make(bytes.ptr, len));
        assert_int_equal(read_and_compare(path, &rows, 1), STATUS_DAMAGED);
    }
    buf_fini(&bytes);
    batch_fini(&rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_numbers),
        cmocka_unit_test(test_fuzz_seeds),
        cmocka_unit_test_setup_teardown(test_every_byte, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
