/*
 * A table from pairs of small ids to small dense ids (0, 1, 2 ... in the order in which pairs
 * come): a matrix while that is small, else an id_table.
 *
 * Threads: one.
 */
#ifndef KONSEKI_PAIR_TABLE_H
#define KONSEKI_PAIR_TABLE_H

#include "id_table.h"

/* All zero is an empty table. */
struct pair_table {
    uint32_t count;
    bool is_hashed;
    uint32_t *cells;       /* id + 1, by first << shift | second */
    unsigned shift;        /* seconds are below 1 << shift */
    uint32_t rows;         /* firsts are below */
    struct id_table table; /* id + 1 by first << 32 | second */
};

void pair_table_fini(struct pair_table *t);
size_t pair_table_bytes(const struct pair_table *t);
/* Gives the pairs (firsts[i], seconds[i]) their ids; ids may be `firsts`. Up to 2^32 - 1 pairs.
 * Returns the place of the first pair that is new; `count`: none is. */
uint32_t pair_table_ids(uint32_t *ids, struct pair_table *t, const uint32_t *firsts,
                        const uint32_t *seconds, uint32_t count);

#endif
