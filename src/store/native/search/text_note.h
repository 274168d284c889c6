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
#include "text_triples.h"

/* The automaton, less what the texts cannot do. */
struct text_note {
    bool may_be_empty;     /* a text */
    bool may_begin_inside; /* with a byte that does not leave positions (automaton.keep) */
    uint64_t starts;       /* positions that a match can begin with in a text */
    uint64_t enters;       /* ... that take first bytes of texts, and last ones */
    uint64_t leaves;
    uint64_t follow[AUTOMATON_POSITIONS];
    const struct text_triples *triples; /* NULL: not known */
};

struct text_note_source {
    const struct automaton *automaton;
    const struct column_note *note;
    const struct triple_note *triples;  /* NULL: not known */
    const struct row_text_element *key; /* its steps were done on the texts of the note */
};

/* False (out unchanged): the notes do not tell of what the steps make. */
bool text_note_make(struct text_note *out, const struct text_note_source *from,
                    struct arena *arena);
/* As text_reach_over. */
struct text_reach text_note_over(const struct text_note *n, const struct automaton *a,
                                 uint64_t positions);
/* As text_reach_back. */
uint64_t text_note_back(const struct text_note *n, const struct automaton *a, uint64_t useful);

#endif
