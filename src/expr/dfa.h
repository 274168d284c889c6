/*
 * An automaton (automaton.h) made deterministic as it runs: each set of positions that is met
 * becomes a state with a table, so a byte costs one look-up.
 *
 * States 0 to 2 have a meaning; MATCH and MAYBE are not left again. MAYBE: the text has to be
 * tested in another way (the automaton is not exact, the match holds bytes beyond ASCII or ends
 * with CR or LF, which may be the end of a row and not of what is searched, or there are too many
 * states to keep: at most some MiB).
 *
 * Threads: one a struct dfa. Ownership: borrows the automaton.
 */
#ifndef KONSEKI_DFA_H
#define KONSEKI_DFA_H

#include "automaton.h"

enum { DFA_START = 0, DFA_MATCH = 1, DFA_MAYBE = 2 };

struct dfa;

struct dfa *dfa_create(const struct automaton *automaton);
void dfa_destroy(struct dfa **dfa);
/* The state behind the text. */
uint32_t dfa_run(struct dfa *dfa, uint32_t state, struct str text);
/* The positions of a state; those of MATCH and MAYBE are unknown. */
uint64_t dfa_positions(const struct dfa *dfa, uint32_t state);

static inline bool dfa_is_end(uint32_t state) {
    return state == DFA_MATCH || state == DFA_MAYBE;
}

#endif
