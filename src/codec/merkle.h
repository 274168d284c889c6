/*
 * Merkle tree hashes as in RFC 6962 section 2.1 (SHA-256; leaf = H(0x00 || data), node =
 * H(0x01 || left || right)), grown leaf by leaf: only the roots of the complete subtrees (the
 * frontier, at most 64 hashes) are kept, so that a tree of any size costs 2 KiB.
 *
 * Cost: one node hash a leaf on average; the root log2(size) hashes. No failures.
 */
#ifndef KONSEKI_MERKLE_H
#define KONSEKI_MERKLE_H

#include "sha256.h"

enum { MERKLE_SUBTREE_LEVEL = 6 };

struct merkle {
    uint64_t size;                   /* leaves so far */
    uint8_t nodes[64][SHA256_BYTES]; /* nodes[i] is valid if bit i of size is set */
};

void merkle_node(uint8_t out[SHA256_BYTES], const uint8_t left[SHA256_BYTES],
                 const uint8_t right[SHA256_BYTES]);
/* Takes the hash of the next leaf (already H(0x00 || data)). */
void merkle_add(struct merkle *m, const uint8_t leaf[SHA256_BYTES]);
/* The same; when the leaf completes a subtree of 2^level leaves, its root goes to out[0], and that
 * of 2^(2 level) leaves to out[1]. Returns how many of them were completed (0, 1, 2). */
unsigned merkle_add_noting(struct merkle *m, const uint8_t leaf[SHA256_BYTES], unsigned level,
                           uint8_t out[2][SHA256_BYTES]);
/* The same for the root of the next 2^height leaves (height <= level; the size must be a multiple
 * of 2^height). */
unsigned merkle_add_subtree_noting(struct merkle *m, const uint8_t root[SHA256_BYTES],
                                   unsigned height, unsigned level, uint8_t out[2][SHA256_BYTES]);
/* The root of 2^level leaves, level <= MERKLE_SUBTREE_LEVEL: faster than one after the other. */
void merkle_subtree(uint8_t out[SHA256_BYTES], uint8_t (*leaves)[SHA256_BYTES], unsigned level);
/* Takes the root of the next 2^level leaves at once; the size must be a multiple of that. */
void merkle_add_subtree(struct merkle *m, const uint8_t root[SHA256_BYTES], unsigned level);
/* The empty tree's root is H(""). */
void merkle_root(const struct merkle *m, uint8_t out[SHA256_BYTES]);

#endif
