/*
 * Asks a screen (row_cells.h) about the rows of one segment. Only the columns that the screen looks
 * at are unpacked; a value is text only when it asks for one.
 *
 * What has a place: a value that is one entry of a dictionary, alone or among literals, also by a
 * formula, and one that is literals only. All others (numbers, times, texts, several columns) are
 * told as text.
 *
 * Threads: one at a time. Ownership: borrows the screen and the segment. Failures: DAMAGED as the
 * block's.
 */
#ifndef KONSEKI_SEGMENT_SCREEN_H
#define KONSEKI_SEGMENT_SCREEN_H

#include "block.h"
#include "row_cells.h"

struct segment_screen;

struct segment_screen *segment_screen_create(const struct row_screen *screen,
                                             struct segment *segment);
void segment_screen_destroy(struct segment_screen **screen);
/* Clears the bits of `rows` (one a row of the block) that the screen does not want. Leaves the
 * block rewound. */
enum status segment_screen_block(struct segment_screen *screen, struct block *block, uint64_t *rows,
                                 struct err *err) MUST_CHECK;

#endif
