/*
 * The file `tree`: the inner nodes of the Merkle tree at level TREE_LEVEL, 32 bytes for every
 * complete group of 2^TREE_LEVEL rows, in order (docs/formats/checkpoint.md). With them an
 * inclusion proof reads the rows of one group only. Append-only, and derivable from the rows: a
 * file that is missing or too short is filled up by the next writer.
 *
 * Invariant: when a checkpoint is durable, so are the nodes of all groups below its size.
 */
#ifndef KONSEKI_TREE_FILE_H
#define KONSEKI_TREE_FILE_H

#include "buf.h"
#include "err.h"
#include "merkle.h"

enum { TREE_LEVEL = 8, TREE_GROUP_ROWS = 1 << TREE_LEVEL };

struct store;

/* Nodes that are not in the file yet. */
struct tree_file {
    struct buf fresh; /* 32 bytes each */
    uint64_t stored;  /* nodes in the file */
    bool broken;      /* it could not be filled up: left as it is */
};

void tree_file_fini(struct tree_file *t);
/* merkle_add, and takes down the node if the leaf completes a group. */
void tree_file_add(struct tree_file *t, struct merkle *tree, const uint8_t leaf[SHA256_BYTES]);

/* For writers, before rows are replayed: what is too much is cut, what is missing is made from the
 * sealed rows. */
enum status tree_file_open(struct store *s, struct err *err) MUST_CHECK;
/* Appends the fresh nodes and syncs, if there are any. */
enum status tree_file_write(struct store *s, struct err *err) MUST_CHECK;

#endif
