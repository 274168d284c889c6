/*
 * A regular expression, or a plain text to be found, as a position automaton over bytes (Glushkov
 * 1961): one position for each character of the pattern, at most 64 of them, so that a set of
 * positions is one machine word. The store walks it over pieces of rows (literals, dictionary
 * entries, numbers) without putting a row together.
 *
 * It reads UTF-8. A position that takes any character beyond ASCII takes all of its bytes. Matching
 * is unanchored; a set never holds the start itself.
 *
 *   state 0 -> automaton_step per byte -> state & last: a match ended here
 *
 * is_exact: a text is accepted if and only if the regular expression matches it, as long as the
 * match is ASCII. Otherwise more is accepted, never less: what is accepted has to be tested again.
 *
 * Threads: immutable once made.
 */
#ifndef KONSEKI_AUTOMATON_H
#define KONSEKI_AUTOMATON_H

#include "arena.h"

enum { AUTOMATON_POSITIONS = 64 };

struct automaton {
    bool is_exact;
    unsigned count;      /* positions */
    uint64_t first;      /* positions that a match can begin with */
    uint64_t last;       /* ... end with */
    uint64_t keep;       /* positions that bytes 0x80 to 0xbf do not leave */
    uint64_t takes[256]; /* by byte: positions that take it */
    uint64_t digits;     /* positions that take some digit, some letter (ASCII) */
    uint64_t letters;
    uint64_t follow[AUTOMATON_POSITIONS];
    uint64_t before[AUTOMATON_POSITIONS];
    size_t longest;     /* bytes of a match, at most; SIZE_MAX: any number */
    struct str literal; /* longest run of ASCII that every accepted text holds; may be empty */
    bool ignores_case;  /* `literal` is in lower case and stands in any case */
};

/* The set after one more byte. */
static inline uint64_t automaton_step(const struct automaton *a, uint64_t state, uint8_t byte) {
    uint64_t next = a->first;
    for (uint64_t left = state; left != 0; left &= left - 1) {
        next |= a->follow[__builtin_ctzll(left)];
    }
    next &= a->takes[byte];
    return byte >= 0x80 && byte < 0xc0 ? next | (state & a->keep) : next;
}

/* The same where the byte is one of several: `takes` is the union of theirs. */
uint64_t automaton_step_any(const struct automaton *a, uint64_t state, uint64_t takes);
/* The sets from which a byte of `takes` can lead into `useful` (or end a match). */
uint64_t automaton_step_back(const struct automaton *a, uint64_t useful, uint64_t takes);

/*
 * Makes the automaton of a pattern that PCRE2 has compiled (UTF, without other options but
 * caseless). False: the pattern has parts that are not understood, or matches the empty text; then
 * nothing is known. `newline_is_lf`: '.' excludes LF and nothing else.
 */
bool automaton_of_regex(struct automaton *out, struct arena *arena, struct str pattern,
                        bool ignore_case, bool newline_is_lf);

/* Makes the automaton of an ASCII text of 1 to 64 bytes (in lower case if case is ignored). */
void automaton_of_literal(struct automaton *out, struct arena *arena, struct str text,
                          bool ignore_case);

/* Sets what follows from the rest: before, longest, literal, digits, letters. For those who make
 * automata.
 */
void automaton_finish(struct automaton *a, struct arena *arena);

/* Adds to the texts that every accepted text holds as whole words: ASCII words of `literal` with
 * other ASCII characters at both sides. In lower case, in the arena. Returns the count. */
size_t automaton_words(struct str **out, const struct automaton *a, struct arena *arena);

#endif
