/*
 * An export with every single write, sync, rename and creation failing in every mode: under the
 * final names there is all or nothing of each file, a failure is reported, and while the disk still
 * answers no part is left.
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

#include "export_parts.h"
#include "export_tree.h"
#include "fault_io.h"
#include "store_fixture.h"

enum { LINES = 700, LINE_BYTES = 1000, POINTS_MAX = 200 };

/* --- parts --- */

static enum status write_parts(const struct fixture *f, struct err *err) {
    char line[LINE_BYTES];
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/a.txt", f->path);
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    struct export_parts *parts = export_parts_create(&(struct export_parts_options){
        .path = path.ptr, .split = EXPORT_BY_SIZE, .part_bytes = 300 * LINE_BYTES});
    enum status status = STATUS_OK;
    for (int i = 0; i < LINES && status == STATUS_OK; i++) {
        status = export_parts_write(parts, str_make(line, sizeof line), 0, err);
    }
    if (status == STATUS_OK) {
        status = export_parts_publish(parts, err);
    }
    export_parts_destroy(&parts);
    buf_fini(&path);
    return status;
}

struct found {
    const struct fixture *fixture;
    size_t whole;
    size_t parts;
};

static void look_at(const char *name, void *ctx) {
    struct found *found = ctx;
    struct buf path = BUF_INIT;
    struct file_map map;
    struct err err = ERR_INIT;
    if (str_ends(str_from_c(name), STR(".part"))) {
        found->parts++;
        return;
    }
    buf_printf(&path, "%s/%s", found->fixture->path, name);
    assert_int_equal(file_map(&map, path.ptr, true, &err), STATUS_OK);
    bool last = strcmp(name, "a-0003.txt") == 0;
    assert_int_equal(map.size_bytes, (last ? 100 : 300) * LINE_BYTES);
    for (size_t i = 0; i < map.size_bytes; i++) {
        assert_int_equal(map.bytes[i], i % LINE_BYTES == LINE_BYTES - 1 ? '\n' : 'x');
    }
    found->whole++;
    file_unmap(&map);
    buf_fini(&path);
}

/* One run with operation `at` failing; returns how many operations there were. */
static uint64_t try_parts(enum fault_mode mode, uint64_t at) {
    void *state;
    struct err err = ERR_INIT;
    assert_int_equal(fixture_setup(&state), 0);
    struct found found = {.fixture = state};
    fault_start(mode, at);
    enum status status = write_parts(state, &err);
    bool happened = fault_happened();
    uint64_t operations = fault_stop();
    assert_int_equal(file_list(found.fixture->path, look_at, &found, &err), STATUS_OK);
    if (!happened) {
        assert_true(status == STATUS_OK && found.whole == 3);
    } else if (status != STATUS_OK) {
        assert_true(err.message[0] != '\0');
    }
    if (status == STATUS_OK) {
        assert_int_equal(found.whole, 3);
    }
    if (mode == FAULT_EIO || mode == FAULT_ENOSPC) {
        assert_true(found.parts <= 1); /* 1: its removal was what failed */
    }
    (void)fixture_teardown(&state);
    return operations;
}

static void parts_are_whole_or_not_there(void **state) {
    (void)state;
    uint64_t operations = try_parts(FAULT_EIO, 0);
    assert_true(operations > 10 && operations < POINTS_MAX);
    for (int mode = 0; mode < FAULT_MODE_COUNT; mode++) {
        for (uint64_t at = 1; at <= operations; at++) {
            (void)try_parts((enum fault_mode)mode, at);
        }
    }
    print_message("%u points x %d modes\n", (unsigned)operations, (int)FAULT_MODE_COUNT);
}

/* --- the tree of raw files --- */

struct tree_run {
    struct fixture store;
    struct batch rows;
};

static enum status write_tree(const struct tree_run *run, struct store *s, const char *path,
                              struct err *err) {
    struct export_tree *tree = NULL;
    struct export_tree_options options = {.path = path, .store = s};
    enum status status = export_tree_create(&tree, &options, err);
    for (size_t i = 0; i < run->rows.row_count && status == STATUS_OK; i++) {
        status = export_tree_add(tree, &run->rows, &run->rows.rows[i], err);
    }
    if (status == STATUS_OK) {
        status = export_tree_publish(tree, err);
    }
    export_tree_destroy(&tree);
    return status;
}

/* True if the folder is there under its final name; then it must be whole. */
static bool check_tree(const struct tree_run *run, const char *path) {
    struct buf name = BUF_INIT;
    struct file_map map;
    struct err err = ERR_INIT;
    if (!file_exists(path)) {
        return false;
    }
    for (size_t i = 0; i < run->rows.row_count; i++) {
        buf_clear(&name);
        buf_printf(&name, "%s/dir%zu/f", path, i);
        assert_int_equal(file_map(&map, name.ptr, true, &err), STATUS_OK);
        struct str raw = batch_raw(&run->rows, &run->rows.rows[i]);
        assert_true(str_eq(str_make((const char *)map.bytes, map.size_bytes), raw));
        file_unmap(&map);
    }
    buf_clear(&name);
    buf_printf(&name, "%s/manifest.jsonl", path);
    assert_true(file_exists(name.ptr));
    buf_fini(&name);
    return true;
}

static uint64_t try_tree(const struct tree_run *run, struct store *s, enum fault_mode mode,
                         uint64_t at) {
    void *state;
    struct err err = ERR_INIT;
    struct buf path = BUF_INIT;
    assert_int_equal(fixture_setup(&state), 0);
    const struct fixture *f = state;
    buf_printf(&path, "%s/out", f->path);
    fault_start(mode, at);
    enum status status = write_tree(run, s, path.ptr, &err);
    bool happened = fault_happened();
    uint64_t operations = fault_stop();
    bool there = check_tree(run, path.ptr);
    assert_true(status != STATUS_OK || there);
    assert_true(happened || status == STATUS_OK);
    assert_true(status == STATUS_OK || err.message[0] != '\0');
    buf_fini(&path);
    (void)fixture_teardown(&state);
    return operations;
}

static void trees_are_whole_or_not_there(void **state) {
    (void)state;
    struct tree_run run = {0};
    void *store_state;
    struct err err = ERR_INIT;
    batch_init(&run.rows);
    for (unsigned i = 0; i < 4; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "dir%u/f", i);
        size_t off = run.rows.raw.len;
        buf_add(&run.rows.raw, STR("one line\n"));
        struct row *row = batch_row_begin(&run.rows, off, 9);
        row->source = row->origin = intern_add(&run.rows.names, str_from_c(name));
        row->time_ns = row->receive_ns = 5;
        row->line = 1;
    }
    assert_int_equal(fixture_setup(&store_state), 0);
    struct store *s = fixture_open(store_state, STORE_BULK);
    assert_int_equal(store_append(s, &run.rows, &err), STATUS_OK);
    assert_int_equal(store_commit(s, &err), STATUS_OK);
    uint64_t operations = try_tree(&run, s, FAULT_EIO, 0);
    assert_true(operations > 10 && operations < POINTS_MAX);
    for (int mode = 0; mode <= FAULT_CRASH; mode++) { /* lost contents: not before the sync */
        for (uint64_t at = 1; at <= operations; at++) {
            (void)try_tree(&run, s, (enum fault_mode)mode, at);
        }
    }
    print_message("%u points x %d modes\n", (unsigned)operations, (int)FAULT_CRASH + 1);
    store_close(&s);
    (void)fixture_teardown(&store_state);
    batch_fini(&run.rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_whole_or_not_there),
        cmocka_unit_test(trees_are_whole_or_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
