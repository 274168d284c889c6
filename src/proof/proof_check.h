/*
 * What a proof shows, given something that is trusted from elsewhere: a root (from an anchor), or a
 * public key. Pure; nothing of the proof is believed.
 */
#ifndef KONSEKI_PROOF_CHECK_H
#define KONSEKI_PROOF_CHECK_H

#include "proof.h"

/* The leaf is made of these raw bytes and what the proof says of the record. */
bool proof_raw_fits(const struct proof_event *event, struct str raw);

enum proof_verdict {
    PROOF_HOLDS,
    PROOF_TOO_EARLY, /* the tree is from before the event */
    PROOF_NO_PATH,   /* the proof does not speak of a tree of that size */
    PROOF_BROKEN     /* its path does not lead to the root */
};

/* Is the event's leaf in the tree of `rows` rows with this root? `more` (may be NULL) is a proof
 * with consistencies from the trees of `proof` to that one. */
enum proof_verdict proof_check_root(const struct proof_event *event, const struct proof *proof,
                                    const struct proof *more, uint64_t rows,
                                    const uint8_t root[SHA256_BYTES]);

/* Does a consistency in `proof` lead from the old tree to the new one? */
enum proof_verdict proof_check_consistency(const struct proof *proof, uint64_t old_rows,
                                           const uint8_t old_root[SHA256_BYTES], uint64_t new_rows,
                                           const uint8_t new_root[SHA256_BYTES]);

/* One signed head; *before is the one before it (number 0: none) and before_hash its hash, which
 * becomes this one's. Returns what does not hold (translated), or NULL. */
const char *proof_check_head(struct checkpoint *out, uint8_t before_hash[SHA256_BYTES],
                             const struct checkpoint *before, const struct proof_checkpoint *put);

/* Follows the signed heads from the one that `key` signed, each named by the one before, to the
 * last one; *out is its content (texts borrowed). False with what does not hold. */
bool proof_check_keys(struct checkpoint *out, const char **problem, const struct proof *proof,
                      const uint8_t key[ED25519_PUBLIC_BYTES]);

#endif
