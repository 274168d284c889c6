/*
 * What an automaton can make of an element of a row's text without reading values: by literal
 * bytes, by the shape of a column of numbers, by the pattern of a time. Answers are sets of
 * positions and never too small.
 *
 * Threads: pure.
 */
#ifndef KONSEKI_TEXT_REACH_H
#define KONSEKI_TEXT_REACH_H

#include "automaton.h"
#include "row_text.h"

/* Behind an element. */
struct text_reach {
    uint64_t positions;
    bool ends; /* a match may end in it */
};

/* From `positions` only (no match begins in the text) over a text. *ends is left if no match ends
 * in it. */
uint64_t text_reach_on(bool *ends, const struct automaton *a, struct str text, uint64_t positions);
/* From `positions` (and from the start) over the element. `column`: of a value, else NULL. */
struct text_reach text_reach_over(const struct automaton *a, const struct row_text_element *e,
                                  const struct segment_column *column, uint64_t positions);
/* From which positions before the element a match, or a position of `useful` behind it, can be
 * reached. */
uint64_t text_reach_back(const struct automaton *a, const struct row_text_element *e,
                         const struct segment_column *column, uint64_t useful);

#endif
