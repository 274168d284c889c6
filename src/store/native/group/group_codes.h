/*
 * Values of recipes (group_plan.h) that are made of dictionary entries only, as one number: the
 * codes of the atoms in mixed radix. Equal numbers are equal values, the number tells the text, and
 * no table has to be asked on the way.
 *
 * Threads: one.
 */
#ifndef KONSEKI_GROUP_CODES_H
#define KONSEKI_GROUP_CODES_H

#include "group_streams.h"

/* Numbers are below this; recipes that need more have none. */
#define GROUP_CODES_MAX (UINT32_C(1) << 31)

/* How many numbers the recipe's values can have; 0: it is none of such a kind. */
uint32_t group_codes_count(const struct group_plan *plan, const struct group_recipe *recipe);

/* The numbers of the chunk's rows: in `room`, or in the block where they are codes that stand one
 * behind the other. */
const uint32_t *group_codes_of_rows(uint32_t *room, struct group_streams *streams,
                                    const struct group_recipe *recipe,
                                    const struct group_chunk *chunk);

/* How many codes an atom can have: the number is ((code of atom 0) x radix of atom 1 + code of atom
 * 1) x ... */
uint32_t group_codes_radix(const struct group_plan *plan, const struct group_recipe *recipe,
                           uint32_t atom);

#endif
