/*
 * Rules over a store by its columns: a screen (row_cells.h) that wants the rows that some rule
 * matches. Each distinct value of a column that rules look at meets their tests once in a part of
 * the store; a row is then a few numbers, by which conditions are evaluated as a matcher does.
 *
 * Wanted are the rows that a rule matches, and Windows events where rules ask for the record id or
 * the time stamp: every row that sigma_match_row has a hit for, and few others. Where keywords look
 * into lines, these are put together (but not the row) and looked at one by one.
 *
 * Threads: `lanes` of them evaluate at once, each with a matcher of its own; others wait. Memory: a
 * matcher a lane, and SIGMA_SCREEN_BYTES for what is known of values.
 */
#ifndef KONSEKI_SIGMA_SCREEN_H
#define KONSEKI_SIGMA_SCREEN_H

#include "row_cells.h"
#include "sigma.h"

enum { SIGMA_SCREEN_BYTES = 64 << 20 };

struct sigma_screen;

/* The rules must outlive it. */
struct sigma_screen *sigma_screen_create(const struct sigma_rules *rules, unsigned lanes);
void sigma_screen_destroy(struct sigma_screen **screen);
/* Borrowed; its parts must be closed before the screen is destroyed. */
const struct row_screen *sigma_screen_rows(const struct sigma_screen *screen);

#endif
