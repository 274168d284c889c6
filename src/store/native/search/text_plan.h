/*
 * What an automaton can find in the rows of a segment, template by template: which rows match
 * whatever their values are, which cannot, and which few elements of the others have to be looked
 * at (spans).
 *
 * Threads: one. Ownership: memory is the walker's; borrows the segment.
 */
#ifndef KONSEKI_TEXT_PLAN_H
#define KONSEKI_TEXT_PLAN_H

#include "text_column.h"
#include "text_reach.h"

struct text_told;

enum text_plan_kind {
    TEXT_PLAN_NONE,  /* no row matches */
    TEXT_PLAN_ALL,   /* every row does */
    TEXT_PLAN_SPANS, /* the spans tell */
    TEXT_PLAN_WHOLE  /* only the row put together tells */
};

/* An element of a span. */
struct text_step {
    const struct row_text_element *element;
    uint64_t useful; /* positions behind it that something can come of */
    uint32_t start;  /* the next step, from this one on, in which a match can begin */
    uint32_t in;     /* LITERAL: the last state before, and the one behind it */
    uint32_t out;
    uint32_t skip_in;    /* from this state before it ... */
    uint32_t skip_to;    /* ... nothing but values of the steps from here on tell more ... */
    uint32_t skip_out;   /* ... and this is the state before them */
    uint32_t skip_moves; /* so often another state came: then what skips is not asked again */
    uint32_t fine;       /* the last state behind it that something can come of */
    uint32_t time;       /* TIME: its place in a list of the reader's, + 1; 0: not known yet */
};

/* Neighbouring elements over whose seams a match can reach, or one element. */
struct text_span {
    struct text_step *steps;
    uint32_t count;
};

struct text_use {
    uint32_t column; /* of the segment */
    uint32_t count;  /* values that a row takes */
};

struct text_plan {
    enum text_plan_kind kind;
    bool verify; /* what matches has to be put together and tested */
    struct row_text text;
    const uint64_t *behind; /* by element, of LITERALs: positions behind it, from the start */
    struct text_span *spans;
    uint32_t span_count;
    struct text_use *uses; /* of columns that spans of any template read */
    uint32_t use_count;
    struct text_told *told; /* by the reader: text_told.h; NULL: none */
};

struct text_columns {
    struct text_column *items; /* row_text_element.place */
    size_t count;
    size_t capacity;
    uint32_t *first; /* by column of the segment: place of the first one of it, + 1; 0: none */
};

/* What plans are made with: scratch, for templates of any length. All zero but for what is borrowed
 * is empty. */
struct text_planner {
    const struct segment *segment;
    struct text_walker *walker;
    struct text_columns *columns;
    uint32_t *ordinals; /* owned: a zero for each column of the segment */
    struct text_plan *plan;
    struct row_text_buffer text;
    uint64_t *useful; /* positions before each element from which a match can be reached; [count]:
                         at the end */
    uint64_t *before; /* of these: those that can be reached */
    uint64_t *behind; /* text_plan.behind of the template at hand */
    bool *ends;       /* by element: a match can end in it */
    struct text_span *spans;
    size_t useful_capacity;
    size_t before_capacity;
    size_t behind_capacity;
    size_t end_capacity;
    size_t span_capacity;
};

void text_planner_fini(struct text_planner *p);
/* The list's item for values of the column as they are; until another is added. */
struct text_column *text_planner_column(struct text_planner *p, uint32_t column);
/* Resolves the text of the template (its columns are added to the list), finds kind and spans;
 * columns that spans read are marked (is_read). */
void text_plan_make(struct text_planner *p, struct text_plan *plan, const struct template *t);
/* Finds kind and spans of a plan of SPANS again: when dictionaries are known
 * (text_column_prepare). */
void text_plan_narrow(struct text_planner *p, struct text_plan *plan);
/* Notes how many values a row takes of the columns that are marked (a byte by column; `read` in
 * all). */
void text_plan_count(struct text_plan *plan, struct arena *arena, const struct template *t,
                     const uint8_t *is_read, uint32_t read);

#endif
