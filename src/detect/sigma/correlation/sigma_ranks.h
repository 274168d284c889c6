/*
 * Many numbers in order, for medians and percentiles of large windows: blocks of at most
 * SIGMA_RANK_BLOCK numbers each, in order among themselves. All zero is empty.
 *
 * Cost, with n numbers: adding and removing O(log n + block), and O(n / block) where a block is
 * split or goes away; the number of a place O(n / block). Not thread-safe.
 */
#ifndef KONSEKI_SIGMA_RANKS_H
#define KONSEKI_SIGMA_RANKS_H

#include <stddef.h>
#include <stdint.h>

enum { SIGMA_RANK_BLOCK = 512 };

struct sigma_rank_block {
    double *numbers;
    uint32_t count; /* at least 1 */
    uint32_t capacity;
};

struct sigma_ranks {
    struct sigma_rank_block *blocks;
    size_t block_count;
    size_t block_capacity;
    size_t count;
    size_t bytes; /* of everything above */
};

void sigma_ranks_fini(struct sigma_ranks *ranks);
/* No NaN. */
void sigma_ranks_add(struct sigma_ranks *ranks, double number);
/* The number must be there. */
void sigma_ranks_remove(struct sigma_ranks *ranks, double number);
/* place < count; 0 is the smallest. */
double sigma_ranks_at(const struct sigma_ranks *ranks, size_t place);
/* The first place of a sorted list whose number is not below. */
size_t sigma_ranks_lower_bound(const double *numbers, size_t count, double number);

#endif
