/* What text_match.c (made once a segment), text_block.c and text_rows.c share. */
#ifndef KONSEKI_TEXT_MATCH_PRIV_H
#define KONSEKI_TEXT_MATCH_PRIV_H

#include "text_match.h"
#include "text_told.h"

/* A time that was printed last, by pattern and zone. */
struct text_time {
    const struct formula *formula;
    struct time_cache cache;
    bool has_fraction;
    int64_t second; /* of the state behind, where no fraction is printed */
    uint32_t in;
    uint32_t out;
    bool is_known;
};

/* What a block knows of one of its templates. */
enum text_met_kind {
    TEXT_DEAD, /* no row matches */
    TEXT_ALL,  /* all rows do */
    TEXT_LIVE,
    TEXT_GROUPED /* as others of the block, by the same values */
};

/* The same as a bit of a byte; 0: dead. */
enum { TEXT_IS_ALL = 1, TEXT_IS_LIVE = 2, TEXT_IS_GROUPED = 4, TEXT_IS_UNMET = 0x80 };

struct text_met {
    uint32_t template;
    enum text_met_kind kind;
    bool verify;
    struct text_told *told; /* LIVE: its values tell; NULL: the plan does */
    uint32_t ordinals[TEXT_TOLD_VALUES];
};

/* Where the values of a column of a block are: which of them a row has follows from counting those
 * of the rows before. */
struct text_cursor {
    uint64_t block_number; /* the block that this is about */
    uint32_t each;         /* all rows have so many values; UINT32_MAX: they differ */
    uint32_t all;          /* values of all rows */
    uint32_t *firsts;      /* they differ: by row, values of the rows before */
    uint32_t *uses;        /* by number of the template in the block: values of a row */
    size_t use_capacity;
};

struct text_match {
    struct segment *segment;
    struct text_walker walker;
    struct text_plan *plans; /* by template */
    struct text_columns columns;
    struct text_told *told; /* all of them */
    struct text_time *times;
    size_t time_count;
    size_t time_capacity;
    uint8_t *is_read; /* by column of the segment: spans read it */
    uint32_t read_count;
    uint32_t *possible; /* templates that rows can match with */
    uint32_t possible_count;
    struct buf text; /* scratch: a time */

    /* of the block */
    uint64_t block_number; /* 1 + blocks before */
    uint32_t *met_of;      /* by template that is met: its number in the block */
    uint8_t *kinds;        /* by template: TEXT_IS_... */
    struct text_met *met;  /* the templates of the block */
    uint32_t met_count;
    struct text_cursor *cursors;  /* by column of the segment */
    const struct text_met *group; /* the first one that values tell of, and all that are alike */
    bool any_live;
    enum status status; /* of reading columns in the midst of rows */
    struct err *err;

    /* Templates whose pieces are not put together to the text that is searched are not planned by
     * the automaton but left to `apart`: what stands in each match must stand in their pieces, too.
     * NULL: nothing must. */
    bool splits; /* a match can hold what separates members of sorted objects */
    bool has_apart;
    bool has_sorted; /* ... of them sorted objects */
    struct text_match *apart;
    struct automaton literal; /* of `apart` */
};

/* True if the template's rows are left to `apart`. */
static inline bool text_is_apart(const struct text_match *m, const struct template *t) {
    return t->piece_count > 0 && ((t->flags & TEMPLATE_ENCODED) != 0 ||
                                  ((t->flags & TEMPLATE_ORDERED) != 0 && m->splits));
}

/* --- text_rows.c --- */

/* Of a column of the block that m is at. */
const struct text_cursor *text_row_cursor(struct text_match *m, const struct block *b,
                                          uint32_t column);
/* What the block knows of the row's template. */
static inline const struct text_met *text_met_of_row(const struct text_match *m,
                                                     const struct block *b, uint32_t row) {
    return &m->met[m->met_of[b->templates[row]]];
}
static inline uint32_t text_values_before(const struct text_cursor *c, uint32_t row) {
    return c->each != UINT32_MAX ? row * c->each : c->firsts[row];
}
/* The state behind a step of a literal. */
uint32_t text_row_literal(struct text_match *m, struct text_step *step, uint32_t state);
/* False: nothing can come of the state behind the step. */
bool text_row_is_useful(const struct text_match *m, struct text_step *step, uint32_t state);
/* DFA_MATCH, DFA_MAYBE, or something else: the row does not match. Failures go to m->status. */
uint32_t text_row_run(struct text_match *m, struct block *b, uint32_t row);

/* --- text_block.c --- */

/* As text_match_block, by the plans alone. */
enum status text_block_match(struct text_match *m, struct block *b, const uint64_t *care,
                             uint64_t *hits, uint64_t *maybe, struct err *err) MUST_CHECK;

#endif
