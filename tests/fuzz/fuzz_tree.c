/*
 * The file `tree` of a store of some rows replaced by any bytes: proofs are made all the same
 * (its nodes are tested, and made anew where they are wrong), and the next writer leaves a file of
 * the right length.
 */
#define _GNU_SOURCE /* nftw */
#include "fuzz_folder.h"
#include "prover.h"
#include "tree_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 1500 };

static struct store *open_store(enum store_mode mode) {
    struct store_options o = {
        .path = fuzz_folder(), .mode = mode, .create = mode != STORE_READ, .one_thread = true};
    struct store *s = NULL;
    struct err err = ERR_INIT;
    CHECK(store_open(&s, &o, &err) == STATUS_OK);
    return s;
}

static void make_store(void) {
    struct store *s = open_store(STORE_BULK);
    struct err err = ERR_INIT;
    struct batch b;
    batch_init(&b);
    for (uint32_t i = 0; i < ROWS; i++) {
        size_t off = b.raw.len;
        buf_printf(&b.raw, "line %u\n", i);
        struct row *row = batch_row_begin(&b, off, b.raw.len - off);
        row->source = intern_add(&b.names, STR("s"));
        row->flags = ROW_UNPARSED;
    }
    CHECK(store_append(s, &b, &err) == STATUS_OK && store_commit(s, &err) == STATUS_OK);
    store_close(&s);
    batch_fini(&b);
}

static void prove(uint64_t sequence) {
    struct store *s = open_store(STORE_READ);
    struct prover *p = NULL;
    struct err err = ERR_INIT;
    struct arena arena = ARENA_INIT;
    struct proof_event e;
    struct merkle_path path;
    CHECK(prover_open(&p, s, &err) == STATUS_OK);
    CHECK(prover_find(&e, p, STR("s"), sequence, &arena, &err) == STATUS_OK);
    CHECK(e.index == sequence - 1);
    CHECK(prover_path(&path, p, &e, ROWS, &err) == STATUS_OK);
    prover_close(&p);
    store_close(&s);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool made;
    struct buf path = BUF_INIT;
    struct file_map map;
    struct err err = ERR_INIT;
    if (!made) {
        make_store();
        made = true;
    }
    fuzz_folder_write("tree", str_make((const char *)data, size));
    prove(1 + (size > 0 ? data[0] * UINT64_C(5) : 0));
    struct store *s = open_store(STORE_BULK);
    store_close(&s);
    buf_printf(&path, "%s/tree", fuzz_folder());
    buf_putc(&path, '\0');
    CHECK(file_map(&map, path.ptr, true, &err) == STATUS_OK);
    CHECK(map.size_bytes == tree_file_nodes(ROWS) * SHA256_BYTES);
    file_unmap(&map);
    buf_fini(&path);
    return 0;
}
