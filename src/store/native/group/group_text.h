/*
 * The text of one value of a recipe (group_plan.h), put together from the columns of a block as
 * block_row.c does it for whole rows, or from the codes of its atoms.
 *
 * Threads: one.
 */
#ifndef KONSEKI_GROUP_TEXT_H
#define KONSEKI_GROUP_TEXT_H

#include "group_streams.h"

struct group_text_source {
    const struct group_recipe *recipe;
    const struct group_plan *plan;
    const uint32_t *codes;         /* by atom of the recipe; NULL: those of a row: */
    struct group_streams *streams; /* where columns stand */
    uint32_t row;                  /* of the window */
};

/* Appends it. */
enum status group_text_put(struct buf *out, struct group_text_source *source,
                           struct err *err) MUST_CHECK;

#endif
