/*
 * The file `tree`: inner nodes of the Merkle tree (docs/formats/checkpoint.md): the root of every
 * complete group of 2^8 rows, and behind each 256 of these the root of all their 2^16 rows. So an
 * inclusion proof reads the rows of one group only, whatever the size of the store. Append-only,
 * and derivable from the rows: a file that is missing or too short is filled up by the next writer.
 *
 * Invariant: when a checkpoint is durable, so are the nodes of all groups below its size.
 */
#ifndef KONSEKI_TREE_FILE_H
#define KONSEKI_TREE_FILE_H

#include "buf.h"
#include "err.h"
#include "merkle.h"

enum {
    TREE_LEVEL = 8,
    TREE_GROUP_ROWS = 1 << TREE_LEVEL,
    TREE_BLOCK_LEVEL = 2 * TREE_LEVEL,
    TREE_BLOCK_GROUPS = 1 << TREE_LEVEL
};

struct store;

/* Nodes that are not in the file yet. */
struct tree_file {
    struct buf fresh; /* 32 bytes each */
    uint64_t stored;  /* nodes in the file */
    bool broken;      /* it could not be filled up: left as it is */
};

/* Nodes in the file of a tree of `rows` leaves. */
static inline uint64_t tree_file_nodes(uint64_t rows) {
    return (rows >> TREE_LEVEL) + (rows >> TREE_BLOCK_LEVEL);
}
/* Places of nodes: of a group, and of a block of 256 groups. */
static inline uint64_t tree_file_group_at(uint64_t group) {
    return group + group / TREE_BLOCK_GROUPS;
}
static inline uint64_t tree_file_block_at(uint64_t block) {
    return block * (TREE_BLOCK_GROUPS + 1) + TREE_BLOCK_GROUPS;
}

void tree_file_fini(struct tree_file *t);
/* merkle_add, and takes down the nodes that the leaf completes. */
void tree_file_add(struct tree_file *t, struct merkle *tree, const uint8_t leaf[SHA256_BYTES]);

/* The same for several leaves: faster where the tree's size is a multiple of LEAF_GROUP. */
void tree_file_add_many(struct tree_file *t, struct merkle *tree, uint8_t (*leaves)[SHA256_BYTES],
                        size_t count);

/* The same for the root of 2^level leaves, level <= TREE_LEVEL. */
void tree_file_add_subtree(struct tree_file *t, struct merkle *tree,
                           const uint8_t root[SHA256_BYTES], unsigned level);

/* For writers, before rows are replayed: what is too much is cut, what is missing is made from the
 * sealed rows. */
enum status tree_file_open(struct store *s, struct err *err) MUST_CHECK;
/* Appends the fresh nodes and syncs, if there are any. */
enum status tree_file_write(struct store *s, struct err *err) MUST_CHECK;

#endif
