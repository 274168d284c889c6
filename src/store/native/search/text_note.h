/*
 * How an automaton can go through texts of which only the note is known (column_note.h): along
 * bytes that stand beside each other in some of them. Answers are never too small.
 *
 * Threads: immutable once made. Cost: making takes some microseconds (more for wide classes),
 * asking some ten nanoseconds.
 */
#ifndef KONSEKI_TEXT_NOTE_H
#define KONSEKI_TEXT_NOTE_H

#include "automaton.h"
#include "column_note.h"
#include "row_text.h"
#include "text_reach.h"

/* The automaton, less what the texts cannot do. */
struct text_note {
    bool may_be_empty;     /* a text */
    bool may_begin_inside; /* with a byte that does not leave positions (automaton.keep) */
    uint64_t starts;       /* positions that a match can begin with in a text */
    uint64_t enters;       /* ... that take first bytes of texts, and last ones */
    uint64_t leaves;
    uint64_t follow[AUTOMATON_POSITIONS];
};

/* Of what the steps of `key` make of the texts that the note is about. False (out unchanged): it
 * does not tell of that. */
bool text_note_make(struct text_note *out, const struct automaton *a, const struct column_note *n,
                    const struct row_text_element *key);
/* As text_reach_over. */
struct text_reach text_note_over(const struct text_note *n, const struct automaton *a,
                                 uint64_t positions);
/* As text_reach_back. */
uint64_t text_note_back(const struct text_note *n, const struct automaton *a, uint64_t useful);

#endif
