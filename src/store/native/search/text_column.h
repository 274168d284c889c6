/*
 * The distinct values of one column as an automaton sees them (with the steps that formulas do on
 * them): the state behind each entry of its dictionary is computed once a segment, from other
 * states once for each state that is met.
 *
 * Threads: one. Ownership: borrows the segment and the walker; memory is the walker's.
 */
#ifndef KONSEKI_TEXT_COLUMN_H
#define KONSEKI_TEXT_COLUMN_H

#include "block.h"
#include "dfa.h"
#include "row_text.h"
#include "substring.h"
#include "text_note.h"
#include "text_number.h"

/* What walks over texts. */
struct text_walker {
    const struct automaton *automaton;
    struct dfa *dfa;
    struct substring literal; /* every match holds it */
    bool has_literal;
    struct text_numbers numbers;
    struct arena arena;
};

enum { TEXT_COLUMN_MEMOS = 12, TEXT_COLUMN_SETS = 8 };

struct text_column {
    struct row_text_element key;   /* column and steps */
    struct segment_column *column; /* borrowed */
    uint32_t next;                 /* place of another one of the same column, + 1; 0: none */
    bool is_read;                  /* spans read its values */
    bool is_first;                 /* ... and a match can begin in one */
    struct text_note *note;        /* NULL: none, or not asked for yet */
    bool lacks_note;               /* its note does not tell of what the steps make */
    bool has_start;
    struct text_reach start; /* if has_start: from the start over any text */
    uint64_t useful;         /* positions that something can come of behind it */
    uint16_t *from_start;    /* by entry: the state behind it; NULL: no dictionary */
    struct text_column_memo {
        uint32_t state;
        uint16_t *behind; /* by entry; UINT16_MAX: not known */
        bool is_asked;    /* what follows is known */
        bool is_same;     /* all entries lead to the same state */
    } * memos;            /* TEXT_COLUMN_MEMOS of them; NULL: none yet */
    uint32_t memo_count;
    uint32_t last_memo;         /* the one that was asked last */
    struct text_number *number; /* NUMBER: the one that was asked last; NULL: none */
    struct text_reach read;     /* from the start over all entries, if these are known */
    struct text_column_set {
        uint64_t from;
        struct text_reach reach; /* from these positions or the start, over all entries */
    } * sets;                    /* TEXT_COLUMN_SETS of them; NULL: none yet */
    uint32_t set_count;
    uint64_t block_number; /* the block that is loaded; 0: none */
    uint64_t looked_at;    /* the block that `excludes` and `is_quiet` are about */
    uint16_t *states;      /* TEXT: from the start, by value of the block */
    size_t state_capacity;
    bool excludes;         /* no value of the block has a match in it */
    bool is_quiet;         /* ... and a match begins in none: from the start all lead there */
    const uint32_t *codes; /* DICTIONARY: of the block */
    uint32_t value_count;  /* of the block */
    struct buf buffers[2]; /* scratch: texts of steps */
    struct buf text;       /* scratch: text of a number */
};

void text_column_fini(struct text_column *c);
/* Loads the dictionary, if it has one, and walks over its entries. */
enum status text_column_prepare(struct text_column *c, struct text_walker *w, struct segment *s,
                                struct err *err) MUST_CHECK;
/* As text_reach_over and text_reach_back, by what is known: the dictionary if it is prepared, else
 * the note. */
struct text_reach text_column_over_any(struct text_column *c, struct text_walker *w, uint64_t from);
static inline struct text_reach text_column_over(struct text_column *c, struct text_walker *w,
                                                 uint64_t from) {
    return from == 0 && c->has_start ? c->start : text_column_over_any(c, w, from);
}
uint64_t text_column_back(struct text_column *c, struct text_walker *w, uint64_t useful);
/* True if all values that the column has in the block lead from the state to the same one, which
 * *out becomes, by what is known without reading them. */
bool text_column_is_one(uint32_t *out, struct text_column *c, struct text_walker *w,
                        const struct segment_block *info, uint32_t state);
/* Loads the values of a block; to be called before text_column_run. `number` tells blocks apart. */
enum status text_column_begin(struct text_column *c, struct text_walker *w, struct block *b,
                              uint64_t number, struct err *err) MUST_CHECK;
/* Finds out what the values that are loaded lead to (excludes, is_quiet). */
void text_column_look(struct text_column *c);
/* The state behind an entry of the dictionary, which must be prepared. */
uint32_t text_column_entry(struct text_column *c, struct text_walker *w, uint32_t code,
                           uint32_t state);
/* True if all values that the column can have lead from the state to the same one, which *out
 * becomes, by what is cheap to know. */
bool text_column_is_same(uint32_t *out, struct text_column *c, struct text_walker *w,
                         uint32_t state);
/* NUMBER without steps: the states behind all values of the block. */
void text_column_run_all(uint16_t *out, struct text_column *c, struct text_walker *w,
                         const struct block *b, uint32_t state);
/* The state behind value `index` of the block. MAYBE if the value cannot be had. */
uint32_t text_column_run_on(struct text_column *c, struct text_walker *w, const struct block *b,
                            uint32_t index, uint32_t state);
static inline uint32_t text_column_run(struct text_column *c, struct text_walker *w,
                                       const struct block *b, uint32_t index, uint32_t state) {
    if (c->codes == NULL || index >= c->value_count) {
        return text_column_run_on(c, w, b, index, state);
    }
    if (state == DFA_START) {
        return c->from_start[c->codes[index]];
    }
    const struct text_column_memo *memo = &c->memos[c->last_memo];
    if (memo->state == state && memo->behind[c->codes[index]] != UINT16_MAX) {
        return memo->behind[c->codes[index]];
    }
    return text_column_run_on(c, w, b, index, state);
}

#endif
