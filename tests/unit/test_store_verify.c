/* Every kind of tampering that verify must see, at every byte where that is possible. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "input_file.h"
#include "store_fixture.h"

static void write_lines(const struct fixture *f, uint64_t seed, int count) {
    struct batch in;
    batch_init(&in);
    struct random r = {seed};
    for (int i = 0; i < count; i++) {
        fixture_add_line(&in, &r);
    }
    fixture_write(f, &in, 2);
    batch_fini(&in);
}

static void collect(struct str line, void *ctx) {
    struct buf *lines = ctx;
    buf_add(lines, line);
    buf_putc(lines, '\n');
}

static struct store_verify_result verify(const struct fixture *f, struct buf *lines,
                                         const char *anchor, const char *key) {
    struct store_verify_result result;
    struct err err = ERR_INIT;
    const char *anchors[] = {anchor};
    struct store_verify_options o = {.path = f->path,
                                     .anchors = anchors,
                                     .anchor_count = anchor != NULL,
                                     .public_key = key,
                                     .rebuild = true};
    buf_clear(lines);
    if (store_verify(&o, &result, collect, lines, &err) != STATUS_OK) {
        fail_msg("verify: %s", err.message);
    }
    return result;
}

static void expect(const struct fixture *f, bool damaged, const char *anchor, const char *key,
                   const char *what) {
    struct buf lines = BUF_INIT;
    struct store_verify_result r = verify(f, &lines, anchor, key);
    if (r.damaged != damaged) {
        fail_msg("%s: damaged is %d: %.*s", what, r.damaged, STR_ARG(buf_str(&lines)));
    }
    buf_fini(&lines);
}

static void path_of(char out[160], const struct fixture *f, const char *name) {
    (void)snprintf(out, 160, "%s/%s", f->path, name);
}

static void flip(const char *path, long at) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int c = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    (void)fputc(c ^ (1 << (at % 8)), file);
    (void)fclose(file);
}

static long size_of(const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    (void)fclose(file);
    return size;
}

static void copy_file(const char *from, const char *to) {
    struct input_file in;
    struct err err = ERR_INIT;
    assert_int_equal(input_file_open(&in, from, &err), STATUS_OK);
    FILE *out = fopen(to, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(in.bytes, 1, in.size_bytes, out), in.size_bytes);
    (void)fclose(out);
    input_file_close(&in);
}

static void test_intact(void **state) {
    struct fixture *f = *state;
    write_lines(f, 1, 500);
    struct buf lines = BUF_INIT;
    struct store_verify_result r = verify(f, &lines, NULL, NULL);
    assert_false(r.damaged);
    assert_false(r.unsealed_tail);
    assert_int_equal(r.sealed_events, 500);
    assert_true(str_find(buf_str(&lines), STR("without --anchor")) != STR_NONE);
    buf_fini(&lines);
}

static void test_every_flipped_bit_is_seen(void **state) {
    struct fixture *f = *state;
    static const char *const names[] = {"chain", "segments/0000000001.seg",
                                        "segments/0000000003.seg", "tree", "keys/public.key"};
    write_lines(f, 2, 600);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[160];
        path_of(path, f, names[i]);
        long size = size_of(path);
        for (long at = 0; at < size - (i == 4); at += 1 + size / 1000) {
            flip(path, at);
            char what[220];
            (void)snprintf(what, sizeof what, "%s byte %ld", names[i], at);
            expect(f, true, NULL, NULL, what);
            flip(path, at);
        }
    }
    expect(f, false, NULL, NULL, "all turned back");
}

static void test_files_taken_away(void **state) {
    struct fixture *f = *state;
    write_lines(f, 3, 200);
    char a[160];
    char b[160];
    char away[160];
    path_of(a, f, "segments/0000000001.seg");
    path_of(b, f, "segments/0000000002.seg");
    path_of(away, f, "away");
    assert_int_equal(rename(a, away), 0);
    expect(f, true, NULL, NULL, "a segment is gone");
    assert_int_equal(rename(b, a), 0);
    assert_int_equal(rename(away, b), 0);
    expect(f, true, NULL, NULL, "two segments are swapped");
    assert_int_equal(rename(b, away), 0);
    assert_int_equal(rename(a, b), 0);
    assert_int_equal(rename(away, a), 0);
    expect(f, false, NULL, NULL, "as it was");
    long size = size_of(a);
    assert_int_equal(truncate(a, size - 1), 0);
    expect(f, true, NULL, NULL, "a segment is cut");
}

/* An older copy, a deleted end and a new signature are seen with an anchor or the key only. */
static void test_what_needs_an_anchor(void **state) {
    struct fixture *f = *state;
    char chain[160];
    char old_chain[160];
    char anchor[160];
    char key[160];
    char own_key[160];
    char seed[160];
    char old_seed[160];
    path_of(seed, f, "keys/signing.seed");
    path_of(old_seed, f, "old-seed");
    path_of(chain, f, "chain");
    path_of(old_chain, f, "old-chain");
    path_of(anchor, f, "anchor");
    path_of(key, f, "pinned.key");
    path_of(own_key, f, "keys/public.key");
    write_lines(f, 4, 100);
    copy_file(chain, old_chain);
    copy_file(seed, old_seed);
    copy_file(own_key, key);
    write_lines(f, 5, 100);
    struct buf line = BUF_INIT;
    struct err err = ERR_INIT;
    assert_int_equal(store_make_anchor(&line, f->path, &err), STATUS_OK);
    FILE *file = fopen(anchor, "wb");
    assert_int_equal(fwrite(line.ptr, 1, line.len, file), line.len);
    (void)fclose(file);
    buf_fini(&line);
    expect(f, false, anchor, key, "anchored");
    write_lines(f, 6, 50);
    expect(f, false, anchor, key, "grown since");
    copy_file(old_chain, chain);
    expect(f, true, NULL, NULL, "a deleted end: its next key is dead");
    copy_file(old_seed, seed);
    expect(f, false, NULL, NULL, "an older copy, keys and all, without an anchor");
    expect(f, true, anchor, NULL, "an older copy with an anchor");
    struct fixture other;
    (void)snprintf(other.path, sizeof other.path, "%.40s/other", f->path);
    write_lines(&other, 4, 100);
    write_lines(&other, 5, 100);
    expect(&other, false, NULL, NULL, "a store made anew");
    expect(&other, true, NULL, key, "made anew, with the key pinned");
    expect(&other, true, anchor, NULL, "made anew, with an anchor");
}

static void test_unsealed_tail(void **state) {
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct batch in;
    batch_init(&in);
    struct random r = {9};
    for (int i = 0; i < 30; i++) {
        fixture_add_line(&in, &r);
    }
    struct store *s = fixture_open(f, STORE_LIVE);
    assert_int_equal(store_append(s, &in, &err), STATUS_OK);
    assert_int_equal(store_commit(s, &err), STATUS_OK);
    store_close(&s);
    struct buf lines = BUF_INIT;
    struct store_verify_result result = verify(f, &lines, NULL, NULL);
    assert_false(result.damaged);
    assert_true(result.unsealed_tail);
    assert_int_equal(result.unsealed_events, 30);
    assert_int_equal(result.unsealed_oldest_ns, 5);
    buf_fini(&lines);
    batch_fini(&in);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_intact),           CASE(test_every_flipped_bit_is_seen),
        CASE(test_files_taken_away), CASE(test_what_needs_an_anchor),
        CASE(test_unsealed_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
