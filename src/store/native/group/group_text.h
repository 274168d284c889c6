/*
 * The text of one value of a recipe (group_plan.h), put together from the columns of a block as
 * block_row.c does it for whole rows.
 *
 * Threads: one.
 */
#ifndef KONSEKI_GROUP_TEXT_H
#define KONSEKI_GROUP_TEXT_H

#include "block.h"
#include "group_plan.h"

struct group_values;

struct group_text_source {
    struct block *block;
    const struct group_recipe *recipe;
    const struct group_plan *plan;
    struct group_values *values; /* where columns stand, and room */
    uint32_t row;
};

/* Appends it. */
enum status group_text_put(struct buf *out, struct group_text_source *source,
                           struct err *err) MUST_CHECK;

#endif
