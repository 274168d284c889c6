/*
 * Hashes of expired rows that the proofs of others need: DIR/expired/N.hashes
 * (docs/formats/retention.md). The chain's last note `kept` names the one file in force; it covers
 * exactly the expired rows with subtrees of at most TREE_LEVEL levels.
 *
 * Threads: reading any, building one. Ownership: a struct kept maps its file until kept_close.
 */
#ifndef KONSEKI_KEPT_H
#define KONSEKI_KEPT_H

#include "chain.h"
#include "file_io.h"

struct kept {
    struct file_map map;
    size_t count;
};

struct kept_node {
    uint64_t first; /* row */
    unsigned level; /* of 2^level rows */
    const uint8_t *hash;
};

/* The file in force; empty if nothing expired. DAMAGED: it is missing, or not what was signed as
 * far as its length tells; `check_hash`: its SHA-256 too. */
enum status kept_open(struct kept *out, const char *store_path, const struct chain *chain,
                      bool check_hash, struct err *err) MUST_CHECK;
void kept_close(struct kept *k);
struct kept_node kept_get(const struct kept *k, size_t index);
/* Index of the first node at row `first` or behind it. */
size_t kept_find(const struct kept *k, uint64_t first);
/* Rows that the nodes cover. */
uint64_t kept_rows(const struct kept *k);

/* Name of the file in force ("expired/..."), without its folder; false if there is none. */
bool kept_file_name(struct buf *out, const struct chain *chain);

/* --- making a new file --- */

struct kept_item {
    uint64_t key; /* first x 16 + level */
    uint8_t hash[SHA256_BYTES];
};

struct kept_builder {
    struct kept_item *items;
    size_t count;
    size_t capacity;
    const uint64_t *ends; /* rows of the checkpoints' trees, ascending; borrowed */
    size_t end_count;
};

void kept_builder_add(struct kept_builder *b, uint64_t first, unsigned level,
                      const uint8_t hash[SHA256_BYTES]);
/* Sorts, and makes one node of two halves where that is allowed. */
void kept_builder_fold(struct kept_builder *b);
/* Writes and syncs the file; its SHA-256. */
enum status kept_builder_write(struct kept_builder *b, const char *path,
                               uint8_t sha256[SHA256_BYTES], struct err *err) MUST_CHECK;
void kept_builder_fini(struct kept_builder *b);

#endif
