/*
 * The file of hashes of expired rows. The note that names it says its length, so that any bytes
 * reach the reader; what it takes covers rows in ascending order, and is found where it is. What a
 * builder makes of the nodes is read again as the same rows.
 */
#define _GNU_SOURCE /* nftw */
#include "fuzz_folder.h"
#include "kept.h"
#include "tree_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_BYTES = 8, NODE_BYTES = 40 };

static enum status open_kept(struct kept *out, const char *name, uint64_t nodes) {
    struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    buf_printf(&text, "{\"file\":\"expired/%s\",\"nodes\":\"%llu\"}", name,
               (unsigned long long)nodes);
    struct chain_note note = {.kind = STR("kept"), .text = buf_str(&text)};
    struct chain chain = {.notes = &note, .note_count = 1};
    enum status status = kept_open(out, fuzz_folder(), &chain, false, &err);
    CHECK(status == STATUS_OK || status == STATUS_DAMAGED);
    buf_fini(&text);
    return status;
}

static void check_order(const struct kept *k) {
    uint64_t end = 0;
    for (size_t i = 0; i < k->count; i++) {
        struct kept_node n = kept_get(k, i);
        CHECK(n.level <= TREE_LEVEL && n.first >= end);
        CHECK(kept_find(k, n.first) == i);
        end = n.first + (UINT64_C(1) << n.level);
    }
    CHECK(kept_find(k, end) == k->count);
}

static void check_rebuilt(const struct kept *k) {
    struct kept_builder builder = {.count = 0};
    struct kept again;
    struct err err = ERR_INIT;
    struct buf path = BUF_INIT;
    uint8_t sha256[SHA256_BYTES];
    for (size_t i = k->count; i-- > 0;) {
        struct kept_node n = kept_get(k, i);
        kept_builder_add(&builder, n.first, n.level, n.hash);
    }
    kept_builder_fold(&builder);
    buf_printf(&path, "%s/expired/made", fuzz_folder());
    buf_putc(&path, '\0');
    CHECK(kept_builder_write(&builder, path.ptr, sha256, &err) == STATUS_OK);
    CHECK(open_kept(&again, "made", builder.count) == STATUS_OK);
    check_order(&again);
    CHECK(kept_rows(&again) == kept_rows(k) && again.count <= k->count);
    kept_close(&again);
    kept_builder_fini(&builder);
    buf_fini(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool made;
    struct kept k;
    if (!made) {
        struct buf path = BUF_INIT;
        struct err err = ERR_INIT;
        buf_printf(&path, "%s/expired", fuzz_folder());
        buf_putc(&path, '\0');
        CHECK(file_make_dir(path.ptr, &err) == STATUS_OK);
        buf_fini(&path);
        made = true;
    }
    fuzz_folder_write("expired/given", str_make((const char *)data, size));
    if (open_kept(&k, "given", size < HEAD_BYTES ? 0 : (size - HEAD_BYTES) / NODE_BYTES) ==
        STATUS_OK) {
        check_order(&k);
        check_rebuilt(&k);
        kept_close(&k);
    }
    return 0;
}
