/*
 * How often each key is there: a hash table of 64-bit keys with counts, for the distinct values of
 * windows. A key whose count reaches 0 is gone. Keys are hashes (well mixed). Not thread-safe.
 */
#ifndef KONSEKI_SIGMA_COUNTS_H
#define KONSEKI_SIGMA_COUNTS_H

#include <stddef.h>
#include <stdint.h>

struct sigma_count {
    uint64_t key;
    uint32_t count; /* 0: the place is free */
};

struct sigma_counts {
    struct sigma_count *places;
    size_t place_count; /* a power of two; 0 before the first key */
    size_t used;
};

void sigma_counts_fini(struct sigma_counts *counts);
/* Both return the new count. sub: the key must be there. */
uint32_t sigma_counts_add(struct sigma_counts *counts, uint64_t key);
uint32_t sigma_counts_sub(struct sigma_counts *counts, uint64_t key);
uint32_t sigma_counts_get(const struct sigma_counts *counts, uint64_t key);

#endif
