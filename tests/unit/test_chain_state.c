/* The saved state of the chain: readers begin with it, a wrong one changes nothing or is told. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "chain_state.h"
#include "file_io.h"
#include "retention.h"
#include "store_fixture.h"

enum { NOTE_BYTES = 70000, ROUNDS = 3 }; /* each note makes the chain grow enough for a new state */

static void path_of(char out[160], const struct fixture *f, const char *name) {
    (void)snprintf(out, 160, "%s/%s", f->path, name);
}

/* Rows, a long note and another seal, a few times. */
static void write_store(const struct fixture *f, int rounds) {
    struct err err = ERR_INIT;
    struct random r = {7};
    struct store *s = fixture_open(f, STORE_BULK);
    struct buf note = BUF_INIT;
    buf_add(&note, STR("{\"why\":\""));
    for (int i = 0; i < NOTE_BYTES; i++) {
        buf_putc(&note, (char)('a' + (int)random_below(&r, 26)));
    }
    buf_add(&note, STR("\"}"));
    for (int round = 0; round < rounds; round++) {
        struct batch in;
        batch_init(&in);
        for (int i = 0; i < 50; i++) {
            fixture_add_line(&in, &r);
        }
        assert_int_equal(store_append(s, &in, &err), STATUS_OK);
        assert_int_equal(store_commit(s, &err), STATUS_OK);
        batch_fini(&in);
        assert_int_equal(store_write_note(s, STR("hold"), buf_str(&note), NULL, &err), STATUS_OK);
    }
    buf_fini(&note);
    store_close(&s);
}

static uint64_t count_rows(const struct fixture *f) {
    struct store *s = fixture_open(f, STORE_READ);
    struct store_stat stat;
    store_get_stat(s, DATASET_COUNT, &stat);
    store_close(&s);
    return stat.events;
}

static void ignore(struct str line, void *ctx) {
    (void)line;
    (void)ctx;
}

static bool verify_finds_damage(const struct fixture *f) {
    struct store_verify_options o = {.path = f->path};
    struct store_verify_result result;
    struct err err = ERR_INIT;
    assert_int_equal(store_verify(&o, &result, ignore, NULL, &err), STATUS_OK);
    return result.damaged;
}

/* The state of the store as its file says, or as folding says. */
static void read_chain(struct chain *c, const struct fixture *f, bool saved) {
    struct err err = ERR_INIT;
    struct file_map map;
    char path[160];
    chain_init(c);
    if (!saved) {
        assert_int_equal(chain_read_on(c, f->path, NULL, NULL, &err), STATUS_OK);
        return;
    }
    path_of(path, f, "chain.state");
    assert_int_equal(file_map(&map, path, true, &err), STATUS_OK);
    assert_true(chain_state_decode(c, str_make((const char *)map.bytes, map.size_bytes)));
    file_unmap(&map);
}

static void write_state(const struct fixture *f, const struct chain *c) {
    struct err err = ERR_INIT;
    struct buf state = BUF_INIT;
    char path[160];
    path_of(path, f, "chain.state");
    chain_state_encode(&state, c);
    assert_int_equal(file_write_whole(path, FILE_APPEND, buf_str(&state), &err), STATUS_OK);
    buf_fini(&state);
}

static void test_loading_is_folding(void **state) {
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    write_store(f, ROUNDS);
    struct chain saved;
    struct chain folded;
    struct chain loaded;
    read_chain(&saved, f, true);
    read_chain(&folded, f, false);
    assert_true(saved.last.number > 0 && saved.last.number <= folded.last.number);
    chain_init(&loaded);
    assert_int_equal(chain_load(&loaded, f->path, &err), STATUS_OK);
    struct buf a = BUF_INIT;
    struct buf b = BUF_INIT;
    chain_state_encode(&a, &folded);
    chain_state_encode(&b, &loaded);
    assert_true(str_eq(buf_str(&a), buf_str(&b)));
    assert_int_equal(count_rows(f), ROUNDS * 50);
    assert_false(verify_finds_damage(f));
    buf_fini(&a);
    buf_fini(&b);
    chain_fini(&saved);
    chain_fini(&folded);
    chain_fini(&loaded);
}

/* Every flipped bit is found by the checksum (readers fold the chain instead) and told by verify.
 */
static void test_flipped_bits(void **state) {
    struct fixture *f = *state;
    write_store(f, 1);
    char path[160];
    path_of(path, f, "chain.state");
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    for (long at = 0; at < size; at += 1 + size / 40) {
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        int c = fgetc(file);
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        (void)fputc(c ^ 1, file);
        (void)fflush(file);
        assert_int_equal(count_rows(f), 50);
        assert_true(verify_finds_damage(f));
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        (void)fputc(c, file);
        (void)fflush(file);
    }
    (void)fclose(file);
    assert_false(verify_finds_damage(f));
}

/* A state that hides a segment, with a right checksum: only verify can tell. */
static void test_edited_state_is_told(void **state) {
    struct fixture *f = *state;
    write_store(f, ROUNDS);
    struct chain c;
    read_chain(&c, f, true);
    assert_true(c.segment_count > 1);
    c.segment_count--;
    write_state(f, &c);
    chain_fini(&c);
    assert_true(verify_finds_damage(f));
}

/* The state of a chain that went another way: readers see that it is not of this one. */
static void test_state_of_another_chain(void **state) {
    struct fixture *f = *state;
    write_store(f, ROUNDS);
    struct chain c;
    read_chain(&c, f, false);
    c.last.time_ns++; /* then its head has another hash */
    c.segment_count = 0;
    write_state(f, &c);
    assert_int_equal(count_rows(f), ROUNDS * 50);
    assert_true(verify_finds_damage(f));
    c.last_at = c.valid_bytes - 1;
    c.valid_bytes += 1000; /* beyond the end */
    write_state(f, &c);
    assert_int_equal(count_rows(f), ROUNDS * 50);
    chain_fini(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_loading_is_folding, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_flipped_bits, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_edited_state_is_told, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_state_of_another_chain, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
