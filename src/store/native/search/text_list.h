/*
 * Which rows of a segment may name one of a list (struct expr_list) in their text, without putting
 * rows together.
 *
 * A literal is asked once a template, a value once a distinct text. What reaches over the seams of
 * pieces lies in a *joint*: pieces that follow each other with inner bytes at their seams; a joint
 * is asked once for each combination of codes that stands in it. Seams that no text of the list can
 * cross (no marks, too short) are left out.
 *
 * Numbers and times that formulas print are taken for numbers and times: they name nothing alone.
 *
 * Threads: one. Ownership: borrows segment and list. Cost: the distinct texts of the segment once,
 * then about 10 ns a row and joint.
 */
#ifndef KONSEKI_TEXT_LIST_H
#define KONSEKI_TEXT_LIST_H

#include "block.h"
#include "expr.h"

struct text_list;

/* Loads templates and dictionaries. DAMAGED if they fail their checks. */
enum status text_list_create(struct text_list **out, struct segment *segment,
                             const struct expr_list *list, struct err *err) MUST_CHECK;
void text_list_destroy(struct text_list **list);
/* False: no row of the segment names one. */
bool text_list_may_match(const struct text_list *list);
/* Sets the bits of `out` (one a row of the block) of all rows of `care` that may name one, and
 * perhaps of some that do not. Leaves the block rewound. */
enum status text_list_block(struct text_list *list, struct block *block, const uint64_t *care,
                            uint64_t *out, struct err *err) MUST_CHECK;

#endif
