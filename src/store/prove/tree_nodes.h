/*
 * Any node of the Merkle tree over the sealed rows, for proofs (merkle_subtree_fn).
 *
 * Nodes come from four places: the ends of trees from the checkpoints that signed them; below
 * TREE_LEVEL from the rows of a group; up to TREE_BLOCK_LEVEL from the file `tree`; above from its
 * block nodes. Each is kept as a pyramid: all complete subtrees over up to 256 nodes next to each
 * other. Nothing is trusted: who uses nodes tests what they lead to against a signed root. If the
 * file `tree` does not lead there (changed, or gone), tree_nodes_remake makes its nodes anew from
 * all rows, in memory.
 *
 * Threads: one. Ownership: borrows the store.
 */
#ifndef KONSEKI_TREE_NODES_H
#define KONSEKI_TREE_NODES_H

#include "row_window.h"

struct tree_nodes;

/* What is known of a row of the group; expired ones have no source and number 0. */
struct group_row {
    struct str source; /* borrowed until another group is loaded */
    uint64_t sequence;
    int64_t receive_ns;
    uint64_t raw_bytes;
    bool in_container;
    uint32_t container_back;
    uint32_t container_off;
    uint32_t container_len;
};

struct tree_nodes *tree_nodes_create(struct store *store);
void tree_nodes_destroy(struct tree_nodes **nodes);

/* The window through which rows are read. */
struct row_window *tree_nodes_get_window(struct tree_nodes *n);

/* Loads the group of 256 rows that row `index` is in, unless it is loaded. */
enum status tree_nodes_load(struct tree_nodes *n, uint64_t index, struct err *err) MUST_CHECK;
/* The row with this number in the group that was loaded last; *leaf (may be NULL) its hash. NULL if
 * it is in another group. */
const struct group_row *tree_nodes_row(const struct tree_nodes *n, uint64_t index,
                                       const uint8_t **leaf);
/* The number of a row in the group that was loaded last; false if it is not there. */
bool tree_nodes_find(uint64_t *index, const struct tree_nodes *n, const struct row_name *name);

/* The end of a tree of `rows` rows: roots of its complete subtrees (32 bytes each, of the set bits
 * of `rows`, low bit first), as a checkpoint has them. Saves reading rows there. Borrowed. */
struct tree_end {
    uint64_t rows;
    struct str roots;
};
void tree_nodes_set_ends(struct tree_nodes *n, struct tree_end a, struct tree_end b);

/* A merkle_subtree_fn; ctx is the struct tree_nodes. */
enum status tree_nodes_subtree(uint8_t out[SHA256_BYTES], unsigned level, uint64_t index, void *ctx,
                               struct err *err) MUST_CHECK;

/* BAD_INPUT (no message) if that was done before. */
enum status tree_nodes_remake(struct tree_nodes *n, struct err *err) MUST_CHECK;

#endif
