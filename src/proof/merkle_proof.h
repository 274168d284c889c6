/*
 * Proofs about a Merkle tree: that a leaf is in the tree of a size (inclusion), and that the tree
 * of one size is the beginning of the tree of a larger one (consistency).
 *
 * Making: RFC 6962 sections 2.1.1 and 2.1.2, from a function that gives the roots of complete
 * subtrees. Checking: RFC 9162 sections 2.1.3.2 and 2.1.4.2. Cost: O(log size) hashes.
 */
#ifndef KONSEKI_MERKLE_PROOF_H
#define KONSEKI_MERKLE_PROOF_H

#include "err.h"
#include "merkle.h"

enum { MERKLE_PATH_MAX = 66 }; /* a consistency proof has one hash more than the tree levels */

struct merkle_path {
    size_t count;
    uint8_t nodes[MERKLE_PATH_MAX][SHA256_BYTES];
};

/* Root of the complete subtree `index` of 2^level leaves: leaves index << level and following. */
typedef enum status merkle_subtree_fn(uint8_t out[SHA256_BYTES], unsigned level, uint64_t index,
                                      void *ctx, struct err *err);

/* index < size. */
enum status merkle_prove_inclusion(struct merkle_path *out, uint64_t index, uint64_t size,
                                   merkle_subtree_fn *subtree, void *ctx,
                                   struct err *err) MUST_CHECK;
/* 0 < old_size <= new_size. */
enum status merkle_prove_consistency(struct merkle_path *out, uint64_t old_size, uint64_t new_size,
                                     merkle_subtree_fn *subtree, void *ctx,
                                     struct err *err) MUST_CHECK;

bool merkle_inclusion_holds(const struct merkle_path *path, const uint8_t leaf[SHA256_BYTES],
                            uint64_t index, uint64_t size, const uint8_t root[SHA256_BYTES]);
bool merkle_consistency_holds(const struct merkle_path *path, uint64_t old_size,
                              const uint8_t old_root[SHA256_BYTES], uint64_t new_size,
                              const uint8_t new_root[SHA256_BYTES]);

#endif
