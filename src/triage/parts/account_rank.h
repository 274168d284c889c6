/*
 * How much an account stands in the middle of what happened: PageRank (Brin and Page 1998) over
 * accounts and the machines that they came from or went to, each link both ways and once.
 *
 * Cost: ACCOUNT_RANK_LOOPS passes over the links; memory: two numbers a node.
 */
#ifndef KONSEKI_ACCOUNT_RANK_H
#define KONSEKI_ACCOUNT_RANK_H

#include <stddef.h>
#include <stdint.h>

enum { ACCOUNT_RANK_LOOPS = 50 };

/* Numbers from 0 on; each pair once. */
struct account_link {
    uint32_t account;
    uint32_t machine;
};

/* Fills `ranks` with the share of each account in the ranks of all accounts, 0 to 1. */
void account_rank(double *ranks, size_t account_count, size_t machine_count,
                  const struct account_link *links, size_t link_count);

#endif
