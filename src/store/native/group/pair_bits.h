/*
 * A set of pairs (group, number) as a bit each, for numbers and groups that are few enough: many
 * times faster than a key_set, and the pairs come out sorted by number.
 *
 * Threads: one.
 */
#ifndef KONSEKI_PAIR_BITS_H
#define KONSEKI_PAIR_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAIR_BITS_MAX (UINT64_C(1) << 22) /* 512 KiB */

/* All zero: nothing can be added yet. */
struct pair_bits {
    uint64_t *words;  /* bit (number << shift) + group; NULL: none */
    unsigned shift;   /* groups are below 1 << shift */
    uint32_t numbers; /* numbers are below */
    size_t count;     /* pairs */
};

void pair_bits_fini(struct pair_bits *b);
size_t pair_bits_bytes(const struct pair_bits *b);
/* Makes room for groups and numbers below; false: there would be too many bits, and nothing has
 * changed. */
bool pair_bits_reserve(struct pair_bits *b, uint32_t groups, uint32_t numbers);
/* Within what was reserved. */
void pair_bits_add(struct pair_bits *b, const uint32_t *groups, const uint32_t *numbers,
                   uint32_t count);

/* Goes through the pairs by number, then group: *at begins at 0. False: no more. */
bool pair_bits_next(uint64_t *at, uint32_t *group, uint32_t *number, const struct pair_bits *b);

#endif
