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
/* Pairs (firsts[i], seconds[i]) of `count` rows, below these limits. */
struct pair_rows {
    const uint32_t *firsts;
    const uint32_t *seconds;
    uint32_t count;
    uint32_t first_limit;
    uint32_t second_limit;
};

/* Gives the pairs their ids; ids may be `firsts`. Up to 2^32 - 1 pairs. `new_rows` gets the rows at
 * which new pairs came, in their order (room for count); returns how many. */
uint32_t pair_table_ids(uint32_t *ids, uint32_t *new_rows, struct pair_table *t,
                        const struct pair_rows *pairs);
/* The same where the rows of each id shall only be counted: rows[id] has room for t->count +
 * pairs->count of them. */
uint32_t pair_table_count(uint64_t *rows, uint32_t *new_rows, struct pair_table *t,
                          const struct pair_rows *pairs);

#endif
