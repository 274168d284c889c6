/*
 * Making proofs from a store: inclusion of rows in the trees that checkpoints signed, consistency
 * of these trees, and the signed heads. Reads the rows of one group (256) for each event that is
 * not in the group of the one before.
 *
 * Threads: one. Ownership: borrows the store, which must be open for reading and outlive it.
 */
#ifndef KONSEKI_PROVER_H
#define KONSEKI_PROVER_H

#include "proof.h"
#include "store.h"

struct prover;

/* DAMAGED if the chain does not hold. */
enum status prover_open(struct prover **out, struct store *store, struct err *err) MUST_CHECK;
void prover_close(struct prover **p);

/* A checkpoint as it was signed; its hash. Borrowed; NULL if there is no such number. */
struct prover_checkpoint {
    uint64_t number;
    uint64_t rows;
    uint8_t hash[SHA256_BYTES];
    uint8_t key[ED25519_PUBLIC_BYTES];
    struct proof_checkpoint record;
    struct str roots; /* of the tree's complete subtrees, 32 bytes each, smallest first */
};
const struct prover_checkpoint *prover_get_checkpoint(const struct prover *p, uint64_t number);
/* The number of the last one (0: none), and of the first one whose tree holds row `index`. */
uint64_t prover_last(const struct prover *p);
uint64_t prover_first_with(const struct prover *p, uint64_t index);

/* Root of the tree of the first `rows` sealed rows. */
enum status prover_root(uint8_t out[SHA256_BYTES], struct prover *p, uint64_t rows,
                        struct err *err) MUST_CHECK;

/* The event `sequence` of `source`, without audit paths: texts in the arena. NOT_FOUND: there is
 * none, or it is not sealed yet, or it is expired; the message says which. */
enum status prover_find(struct proof_event *out, struct prover *p, struct str source,
                        uint64_t sequence, struct arena *arena, struct err *err) MUST_CHECK;
/* Its path in the tree of the first `rows` rows (index < rows). */
enum status prover_path(struct merkle_path *out, struct prover *p, const struct proof_event *event,
                        uint64_t rows, struct err *err) MUST_CHECK;
enum status prover_consistency(struct proof_consistency *out, struct prover *p, uint64_t old_rows,
                               uint64_t new_rows, struct err *err) MUST_CHECK;

#endif
