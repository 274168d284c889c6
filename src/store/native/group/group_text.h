/*
 * The text of one value of a recipe (group_plan.h), put together from the columns of a block as
 * block_row.c does it for whole rows, or from the codes of its atoms.
 *
 * Threads: one.
 */
#ifndef KONSEKI_GROUP_TEXT_H
#define KONSEKI_GROUP_TEXT_H

#include "group_streams.h"

enum { GROUP_TEXT_PIECES = 24 /* of texts whose parts are kept */ };

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

/* Texts of numbers (group_codes.h). What a text shares with the one before is not made again: who
 * asks in the order of the numbers has to copy the last atoms only. All zero: none yet. */
struct group_text_codes {
    const struct group_recipe *recipe; /* NULL: no text is there */
    uint32_t highs[GROUP_ATOMS];       /* the number, without the atoms behind each */
    uint32_t codes[GROUP_ATOMS];
    struct buf text;
    size_t ends[GROUP_TEXT_PIECES]; /* of the recipe's pieces in it */
};

void group_text_codes_fini(struct group_text_codes *t);
/* Makes t->text. */
enum status group_text_of_number(struct group_text_codes *t, const struct group_plan *plan,
                                 const struct group_recipe *recipe, uint32_t number,
                                 struct err *err) MUST_CHECK;
/* Fetches what the number's last entry is made of ahead: where it stands, or (`bytes`, later) what
 * stands there. */
void group_text_prefetch(const struct group_plan *plan, const struct group_recipe *recipe,
                         uint32_t number, bool bytes);

#endif
