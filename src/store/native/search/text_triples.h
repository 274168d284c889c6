/*
 * How an automaton can go through texts of which the triples are known (triple_note.h): by what
 * stands before a byte, too, not only by pairs of neighbours (text_note.h). Answers are never too
 * small.
 *
 * Threads: immutable once made. Ownership: memory is the caller's arena's. Cost: making takes some
 * microseconds to a millisecond, asking less.
 */
#ifndef KONSEKI_TEXT_TRIPLES_H
#define KONSEKI_TEXT_TRIPLES_H

#include "automaton.h"
#include "text_reach.h"
#include "triple_note.h"

enum { TEXT_TRIPLES_BYTES = 16 };

/* The stored bytes that a position takes. */
struct text_bytes {
    uint8_t items[TEXT_TRIPLES_BYTES];
    uint16_t count; /* more than there is room for: any */
};

/* What they are made of. */
struct text_triples_source {
    const struct triple_note *stored;
    const uint64_t *follow;         /* by position: those that can come behind, by pairs */
    const struct text_bytes *takes; /* by position */
    uint64_t many;                  /* positions that take several bytes for one character */
    uint64_t enters;                /* text_note */
    uint64_t leaves;
    uint64_t last; /* positions that a match can end with */
    uint32_t count;
    unsigned begin; /* symbols before texts and behind them */
    unsigned end;
};

struct text_triples {
    uint32_t count;

    uint64_t last;
    uint64_t first[AUTOMATON_POSITIONS];  /* behind the position with which texts begin */
    uint64_t follow[AUTOMATON_POSITIONS]; /* behind it, whatever stands before */
    uint64_t leaves_any;                  /* texts can end behind them, whatever stands before */
    uint64_t leaves_first;                /* ... they being the only one of the text */
    uint64_t leaves[AUTOMATON_POSITIONS]; /* ... behind the position */
    uint64_t *next; /* by position and the one behind it: what can come behind both */
};

/* NULL: there are too many ways. */
struct text_triples *text_triples_make(struct arena *arena, const struct text_triples_source *from);
/* From the positions `begun` a text was entered: *inside becomes all that it can lead to. `entered`
 * of them with the first byte, the others anywhere. The positions behind texts are returned, those
 * of empty ones not among them. */
struct text_reach text_triples_walk(const struct text_triples *t, uint64_t entered,
                                    uint64_t others);

#endif
