/*
 * The saved state of the chain, DIR/chain.state: what folding the first part of the chain gives, so
 * that opening a store costs what it holds now, not what ever happened to it. It can be made again
 * at any time, is not signed, and counts only for readers: writers and verify fold the whole chain
 * (it does not hold the number of the next segment).
 * Format: docs/formats/checkpoint.md.
 *
 * Threads: one.
 */
#ifndef KONSEKI_CHAIN_STATE_H
#define KONSEKI_CHAIN_STATE_H

#include "chain.h"

/* Reads the chain as far as it is written, beginning with the saved state if that holds and belongs
 * to this chain. `c` is initialised. NOT_FOUND if there is no chain. */
enum status chain_load(struct chain *c, const char *store_path, struct err *err) MUST_CHECK;

/* When a state is saved: often enough that readers fold little, seldom enough that writing pays. */
enum state_moment { STATE_AT_CHECKPOINT, STATE_AT_CLOSE };
/* Saves the state if the chain grew enough since `*saved_bytes` (its length when it was saved
 * last). Nothing depends on it: a failure is no failure. */
void chain_save_state(const struct chain *c, const char *store_path, uint64_t *saved_bytes,
                      enum state_moment moment);
/* The length of the chain that the saved state covers, by its own words; 0 if there is none. */
uint64_t chain_state_covers(const char *store_path);

/* Is the saved state what the chain in `bytes` (all of it, which folds) says? True also if there is
 * none. */
bool chain_state_is_right(const char *store_path, struct str bytes);

/* The bytes of the file. */
void chain_state_encode(struct buf *out, const struct chain *c);
/* False if they are not whole or make no sense; then `c` (initialised) has to be ended. */
bool chain_state_decode(struct chain *c, struct str bytes);

#endif
