/*
 * A regular expression on the search text of a segment's rows, without putting rows together: its
 * automaton is walked over literals, dictionary entries, numbers and times (text_plan.h). As
 * LogGrep does for keywords (Wei et al., EuroSys 2023), here for automata.
 *
 * Threads: one. Ownership: borrows the automaton and the segment.
 */
#ifndef KONSEKI_TEXT_MATCH_H
#define KONSEKI_TEXT_MATCH_H

#include "text_plan.h"

struct text_match;

/* Reads templates and the dictionaries that can hold a part of a match. */
enum status text_match_create(struct text_match **out, const struct automaton *automaton,
                              struct segment *segment, struct err *err) MUST_CHECK;
void text_match_destroy(struct text_match **match);
/* False if no row of the segment can match. */
bool text_match_is_possible(const struct text_match *match);
/* Of the rows `care` of the block: sets bits in `hits` for those that match, and in `maybe` for
 * those that have to be put together and tested. */
enum status text_match_block(struct text_match *match, struct block *block, const uint64_t *care,
                             uint64_t *hits, uint64_t *maybe, struct err *err) MUST_CHECK;

#endif
