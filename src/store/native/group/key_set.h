/*
 * A set of 64-bit keys below 2^63, with a number of times beside each if wanted: half as large as
 * an id_table, for sets that are larger than the caches. Keys may be hostile: their hash is mixed,
 * and what a segment can put in is bounded by its rows.
 *
 * Threads: one.
 */
#ifndef KONSEKI_KEY_SET_H
#define KONSEKI_KEY_SET_H

#include "hash.h"

/* All zero is an empty set. */
struct key_set {
    uint64_t *slots;   /* key + 1; 0: free */
    uint32_t *times;   /* by slot; NULL: not counted */
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

void key_set_fini(struct key_set *set);
size_t key_set_bytes(const struct key_set *set);
/* Adds the keys (firsts[i] << 32) + seconds[i], of which firsts are below 2^31; `counted` is the
 * same in all calls. */
void key_set_add(struct key_set *set, const uint32_t *firsts, const uint32_t *seconds,
                 uint32_t count, bool counted);

#endif
