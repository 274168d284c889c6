/*
 * The state of an automaton behind a number, mostly without printing it. What matters of a number
 * is mostly how it begins and how long it is: then the numbers that lead to one state are few
 * ranges. Or only its last digits matter. Else it is printed and run.
 *
 * Threads: one. Ownership: memory is the caller's arena's; borrows the DFA. Cost: some thousand
 * steps of the DFA when made, then few comparisons a number.
 */
#ifndef KONSEKI_TEXT_NUMBER_H
#define KONSEKI_TEXT_NUMBER_H

#include "dfa.h"

enum {
    TEXT_NUMBER_RANGES = 48,
    TEXT_NUMBER_TAIL = 4,  /* last digits that are looked at, at most */
    TEXT_NUMBER_KEPT = 128 /* numbers of different shapes and states that are kept */
};

enum text_number_kind { TEXT_NUMBER_RANGED, TEXT_NUMBER_TAILED, TEXT_NUMBER_PRINTED };

struct text_number {
    struct str shape; /* number_text.h */
    uint32_t from;    /* the state before */
    enum text_number_kind kind;
    unsigned digits;                     /* RANGED: the longest numbers that are told */
    uint64_t limit;                      /* RANGED: told are those below */
    uint32_t count;                      /* RANGED: range i goes up to where the next one begins */
    uint64_t lows[TEXT_NUMBER_RANGES];   /* ascending, the first is 0 */
    uint16_t states[TEXT_NUMBER_RANGES]; /* behind the numbers of the range */
    uint64_t unit;                       /* TAILED: told are those from here on ... */
    uint32_t any_before;                 /* ... from this state as from any other ... */
    unsigned tail_digits;
    uint16_t *tail; /* ... by the remainder */
};

struct text_numbers {
    struct text_number *items[TEXT_NUMBER_KEPT];
    uint32_t count;
};

/* The numbers of a shape from a state; NULL: there are too many different ones. The shape is
 * borrowed. */
struct text_number *text_number_find(struct text_numbers *numbers, struct arena *arena,
                                     struct str shape, uint32_t from);
/* The state behind the number. */
uint32_t text_number_run(struct text_number *n, struct dfa *dfa, struct arena *arena,
                         int64_t number);
/* The same for all numbers that there can be. */
bool text_number_is_same(uint32_t *out, const struct text_number *n, struct dfa *dfa);
/* The states behind `count` numbers, all from `low` to `high`. */
void text_number_run_all(uint16_t *out, struct text_number *n, struct dfa *dfa, struct arena *arena,
                         const int64_t *numbers, uint32_t count, int64_t low, int64_t high);
/* The same from any state, by printing. */
uint32_t text_number_print_run(struct dfa *dfa, struct str shape, uint32_t from, int64_t number);
/* True if all numbers from low to high lead to the same state, which *out becomes. False: they do
 * not, or it is not known. */
bool text_number_is_one(uint32_t *out, struct text_number *n, struct dfa *dfa, struct arena *arena,
                        int64_t low, int64_t high);

#endif
