/*
 * The text of a template's rows (of sorted objects: the sorted text) as a flat sequence: literals,
 * values of columns, times, and what only putting the row together tells. Copies and joins
 * (formulas SAME, JOIN) are resolved to what they print; a formula of one value becomes a step on
 * that value; neighbouring literals are one.
 *
 * Threads: pure. Ownership: all in the caller's arena; texts are borrowed from the segment.
 */
#ifndef KONSEKI_ROW_TEXT_H
#define KONSEKI_ROW_TEXT_H

#include "segment.h"

enum {
    ROW_TEXT_STEPS = 4,         /* formulas on one value */
    ROW_TEXT_ELEMENTS = 1 << 14 /* of one template; more: not resolved */
};

enum row_text_kind { ROW_TEXT_LITERAL, ROW_TEXT_VALUE, ROW_TEXT_TIME, ROW_TEXT_UNKNOWN };

struct row_text_element {
    enum row_text_kind kind;
    struct str literal;
    uint32_t column;  /* VALUE */
    uint32_t ordinal; /* VALUE: which of the row's values of the column */
    uint32_t place;   /* VALUE: in a list of the reader's */
    const struct formula *steps[ROW_TEXT_STEPS]; /* VALUE: each takes the text before it */
    uint32_t step_count;
    const struct formula *time; /* TIME; UNKNOWN: a time in its pattern, if not NULL */
    bool is_digits;             /* UNKNOWN: decimal digits only */
};

struct row_text {
    struct row_text_element *elements;
    uint32_t count;
    bool is_resolved; /* false: nothing is known */
    bool is_values;   /* of the values, with a LF between them, because there are no pieces */
};

/* `ordinals`: a zero for each column of the segment, given back so. */
void row_text_resolve(struct row_text *out, struct arena *arena, const struct template *t,
                      uint32_t *ordinals);

/* Applies the steps to a value: *text becomes the result, in one of the two buffers. False: a step
 * does not fit (the segment is damaged). */
bool row_text_apply(struct str *text, struct buf buffers[2], const struct row_text_element *e);

#endif
