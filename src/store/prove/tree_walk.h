/*
 * What the Merkle tree is made of, in order: leaves of the rows that are there, and kept subtrees
 * of rows that expired (kept.h).
 */
#ifndef KONSEKI_TREE_WALK_H
#define KONSEKI_TREE_WALK_H

#include "batch.h"
#include "err.h"
#include "sha256.h"

struct store;

struct tree_part {
    uint64_t first; /* row */
    unsigned level; /* it stands for 2^level rows */
    const uint8_t *hash;
    const struct batch *batch; /* of a row that is there, else NULL; with raw bytes, no values */
    const struct row *row;
};
typedef void tree_part_fn(const struct tree_part *part, void *ctx);

/* Sealed rows [from, to). DAMAGED: a row is missing, and no kept hash stands for it. ENVIRONMENT:
 * it lies in an archive that is offline. */
enum status tree_walk(struct store *s, uint64_t from, uint64_t to, tree_part_fn *part, void *ctx,
                      struct err *err) MUST_CHECK;
/* The same for a few rows, through a window that the caller keeps. */
struct row_window;
enum status tree_walk_few(struct store *s, struct row_window *window, uint64_t from, uint64_t to,
                          tree_part_fn *part, void *ctx, struct err *err) MUST_CHECK;

#endif
