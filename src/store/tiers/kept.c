#include "kept.h"

#include <stdlib.h>

#include "bytes.h"
#include "i18n.h"
#include "mem.h"
#include "note_text.h"
#include "segment_file.h"
#include "store_path.h"
#include "tree_file.h"

enum { HEAD_BYTES = 8, NODE_BYTES = 8 + SHA256_BYTES, LEVEL_BITS = 4 };

static const char head[HEAD_BYTES] = "KEXP0001";

/* --- reading --- */

/* The text of the note in force; empty if there is none. */
static struct str note_in_force(const struct chain *chain) {
    for (size_t i = chain->note_count; i > 0; i--) {
        if (str_eq(chain->notes[i - 1].kind, STR("kept"))) {
            return chain->notes[i - 1].text;
        }
    }
    return STR_EMPTY;
}

bool kept_file_name(struct buf *out, const struct chain *chain) {
    struct str note = note_in_force(chain);
    bool good = note.len > 0 && note_get(out, note, STR("file")) &&
                str_starts(buf_str(out), STR("expired/")) &&
                str_find(buf_str(out), STR("..")) == STR_NONE;
    return good;
}

struct kept_node kept_get(const struct kept *k, size_t index) {
    const uint8_t *at = k->map.bytes + HEAD_BYTES + index * NODE_BYTES;
    uint64_t key = bytes_le64(at);
    return (struct kept_node){key >> LEVEL_BITS, (unsigned)(key & ((1U << LEVEL_BITS) - 1)),
                              at + 8};
}

size_t kept_find(const struct kept *k, uint64_t first) {
    size_t low = 0;
    size_t high = k->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (kept_get(k, middle).first < first) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint64_t kept_rows(const struct kept *k) {
    uint64_t rows = 0;
    for (size_t i = 0; i < k->count; i++) {
        rows += UINT64_C(1) << kept_get(k, i).level;
    }
    return rows;
}

static bool nodes_are_good(const struct kept *k) {
    uint64_t end = 0;
    for (size_t i = 0; i < k->count; i++) {
        struct kept_node n = kept_get(k, i);
        uint64_t rows = UINT64_C(1) << n.level;
        if (n.level > TREE_LEVEL || n.first < end || (n.first & (rows - 1)) != 0) {
            return false;
        }
        end = n.first + rows;
    }
    return true;
}

static bool hash_is(const struct kept *k, struct str note) {
    struct buf wanted = BUF_INIT;
    struct buf found = BUF_INIT;
    uint8_t hash[SHA256_BYTES];
    sha256_of(hash, str_make((const char *)k->map.bytes, k->map.size_bytes));
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        buf_printf(&found, "%02x", hash[i]);
    }
    bool good = note_get(&wanted, note, STR("sha256")) && str_eq(buf_str(&wanted), buf_str(&found));
    buf_fini(&wanted);
    buf_fini(&found);
    return good;
}

static bool take(struct kept *out, struct str note, bool check_hash) {
    uint64_t nodes = 0;
    if (!note_get_u64(&nodes, note, STR("nodes")) || out->map.size_bytes < HEAD_BYTES ||
        memcmp(out->map.bytes, head, HEAD_BYTES) != 0 ||
        (out->map.size_bytes - HEAD_BYTES) % NODE_BYTES != 0 ||
        (out->map.size_bytes - HEAD_BYTES) / NODE_BYTES != nodes) {
        return false;
    }
    out->count = (size_t)nodes;
    return nodes_are_good(out) && (!check_hash || hash_is(out, note));
}

enum status kept_open(struct kept *out, const char *dir, const struct chain *chain, bool check_hash,
                      struct err *err) {
    struct buf name = BUF_INIT;
    struct buf path = BUF_INIT;
    *out = (struct kept){.count = 0};
    enum status status = STATUS_OK;
    if (kept_file_name(&name, chain)) {
        status = file_map(&out->map, store_path(&path, dir, "%.*s", STR_ARG(buf_str(&name))), false,
                          err);
        if (status == STATUS_NOT_FOUND) {
            status = err_set(err, STATUS_DAMAGED,
                             "%s is missing: proofs of rows beside expired ones need its hashes",
                             path.ptr);
        } else if (status == STATUS_OK && !take(out, note_in_force(chain), check_hash)) {
            kept_close(out);
            status =
                err_set(err, STATUS_DAMAGED,
                        "%s was changed: it is not the file of hashes that was signed", path.ptr);
        }
    }
    buf_fini(&name);
    buf_fini(&path);
    return status;
}

void kept_close(struct kept *k) {
    file_unmap(&k->map);
    *k = (struct kept){.count = 0};
}

/* --- making --- */

void kept_builder_add(struct kept_builder *b, uint64_t first, unsigned level,
                      const uint8_t hash[SHA256_BYTES]) {
    MEM_GROW(b->items, b->capacity, b->count + 1);
    struct kept_item *item = &b->items[b->count++];
    item->key = first << LEVEL_BITS | level;
    memcpy(item->hash, hash, SHA256_BYTES);
}

static int compare(const void *a, const void *b) {
    uint64_t x = ((const struct kept_item *)a)->key;
    uint64_t y = ((const struct kept_item *)b)->key;
    return x < y ? -1 : x > y;
}

/* Does the tree of a checkpoint end at this row? */
static bool is_end(const struct kept_builder *b, uint64_t row) {
    size_t low = 0;
    size_t high = b->end_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (b->ends[middle] < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < b->end_count && b->ends[low] == row;
}

/* Are these the halves of one subtree that may stand for both? */
static bool are_halves(const struct kept_builder *b, uint64_t left, uint64_t right) {
    unsigned level = (unsigned)(left & ((1U << LEVEL_BITS) - 1));
    uint64_t rows = UINT64_C(1) << level;
    uint64_t first = left >> LEVEL_BITS;
    return level < TREE_LEVEL && (right & ((1U << LEVEL_BITS) - 1)) == level &&
           right >> LEVEL_BITS == first + rows && (first & (2 * rows - 1)) == 0 &&
           !is_end(b, first + rows);
}

void kept_builder_fold(struct kept_builder *b) {
    size_t out = 0;
    if (b->count > 1) {
        qsort(b->items, b->count, sizeof *b->items, compare);
    }
    for (size_t i = 0; i < b->count; i++) {
        b->items[out++] = b->items[i];
        while (out > 1 && are_halves(b, b->items[out - 2].key, b->items[out - 1].key)) {
            struct kept_item *left = &b->items[out - 2];
            merkle_node(left->hash, left->hash, b->items[out - 1].hash);
            left->key++; /* one level more */
            out--;
        }
    }
    b->count = out;
}

enum status kept_builder_write(struct kept_builder *b, const char *path,
                               uint8_t sha256[SHA256_BYTES], struct err *err) {
    struct buf bytes = BUF_INIT;
    buf_append(&bytes, head, HEAD_BYTES);
    for (size_t i = 0; i < b->count; i++) {
        uint8_t key[8];
        bytes_put_le64(key, b->items[i].key);
        buf_append(&bytes, key, sizeof key);
        buf_append(&bytes, b->items[i].hash, SHA256_BYTES);
    }
    sha256_of(sha256, buf_str(&bytes));
    enum status status = file_remove(path, err); /* what a crash left was never signed */
    if (status == STATUS_OK) {
        status = segment_file_write(path, buf_str(&bytes), err);
    }
    buf_fini(&bytes);
    return status;
}

void kept_builder_fini(struct kept_builder *b) {
    mem_free(b->items);
    *b = (struct kept_builder){.count = 0};
}
