/*
 * What words a formula can print that stand in no column or literal of its row: a search has to
 * know without printing. Answers are never wrong in the direction of "not".
 *
 * Threads: pure.
 */
#ifndef KONSEKI_FORMULA_WORDS_H
#define KONSEKI_FORMULA_WORDS_H

#include "formula.h"

enum formula_words {
    FORMULA_PRINTS_NOT,
    FORMULA_PRINTS_BY_TIME, /* the row's event time tells (FORMULA_TIME) */
    FORMULA_PRINTS_MAYBE
};

/* `word`: folded, or with is_part a run of ASCII letters and digits that is part of a word. */
enum formula_words formula_words(const struct formula *f, struct str word, bool is_part);

#endif
