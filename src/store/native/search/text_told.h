/*
 * Rows of which a few values tell whether they match, numbers or of dictionaries: all else that a
 * match can reach is literals beside them. What each entry leads to is found once a segment, what
 * each number leads to once a block, for all templates that have the same values and literals
 * there; a row then costs a look-up a value.
 *
 * Threads: one. Ownership: memory is the walker's arena's.
 */
#ifndef KONSEKI_TEXT_TOLD_H
#define KONSEKI_TEXT_TOLD_H

#include "text_plan.h"

enum {
    TEXT_TOLD_VALUES = 3,
    TEXT_TOLD_CLASSES = 24,     /* states that are told apart between two values */
    TEXT_TOLD_ENTRIES = 1 << 19 /* of a dictionary, for all classes */
};

/* Classes are numbers of states; these come first, and are all that is behind the last value. */
enum text_told_class { TEXT_TOLD_NONE = DFA_START, TEXT_TOLD_MATCH = DFA_MATCH, TEXT_TOLD_MAYBE };

struct text_told_value {
    struct text_column *column; /* of a dictionary that is read, or of numbers: then the only one */
    struct str behind;          /* the literal behind it */
    bool is_number;
    uint32_t entry_count;
    uint8_t *next; /* by class before and entry: the class behind entry and literal; numbers: by
                      value of the block */
};

struct text_told {
    struct str before; /* the literal before the first value */
    struct text_told_value values[TEXT_TOLD_VALUES];
    uint32_t value_count;
    bool is_told;          /* false: there are too many states */
    bool all;              /* every row matches */
    bool none;             /* no row may */
    uint64_t block_number; /* the block that `excludes` is about; 0: none */
    bool excludes;         /* no row of the block matches */
    uint16_t *states;      /* numbers: by value of the block; owned */
    size_t state_capacity;
    size_t next_capacity; /* numbers: of values[0].next, which is owned then */
    struct text_told *next;
};

/* What tells of the rows of a plan of SPANS; NULL: it takes more. Dictionaries must be prepared,
 * and places in `columns` stay. `known`: all that were found. */
struct text_told *text_told_find(struct text_told **known, const struct text_plan *plan,
                                 struct text_columns *columns, struct text_walker *w);
void text_told_fini(struct text_told *t);
/* Which of the row's values of its column each of the values is. */
void text_told_ordinals(uint32_t *out, const struct text_plan *plan);
/* Loads the values of a block, and looks at them. */
enum status text_told_begin(struct text_told *t, struct text_walker *w, struct block *b,
                            uint64_t number, struct err *err) MUST_CHECK;

#endif
