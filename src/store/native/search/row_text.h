/*
 * The text of a template's rows (of sorted objects: the sorted text) as a flat sequence: literals,
 * values of columns, times, and what only putting the row together tells. Copies and joins
 * (formulas SAME, JOIN) are resolved to what they print; a formula of one value becomes a step on
 * that value; neighbouring literals are one.
 *
 * Threads: pure. Ownership: all in the caller's buffer and arena; texts are borrowed from the
 * segment.
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
    uint8_t step_count; /* VALUE */
    bool is_digits;     /* UNKNOWN: decimal digits only */
    union {
        struct str literal; /* LITERAL */
        struct {            /* VALUE */
            uint32_t column;
            uint32_t ordinal; /* which of the row's values of the column */
            uint32_t place;   /* in a list of the reader's */
        };
    };
    const struct formula **steps; /* VALUE: each takes the text before it */
    const struct formula *time;   /* TIME; UNKNOWN: a time in its pattern, if not NULL */
};

/* Elements of one text after the other: scratch. All zero is empty. */
struct row_text_buffer {
    struct row_text_element *elements;
    size_t capacity;
};

struct row_text {
    struct row_text_element *elements;
    uint32_t count;
    bool is_resolved; /* false: nothing is known */
    bool is_values;   /* of the values, with a LF between them, because there are no pieces */
};

/* The elements stay in the buffer, until the next text; what they refer to, in the arena.
 * `ordinals`: a zero for each column of the segment, given back so. */
void row_text_resolve(struct row_text *out, struct row_text_buffer *buffer, struct arena *arena,
                      const struct template *t, uint32_t *ordinals);

/* Applies the steps to a value: *text becomes the result, in one of the two buffers. False: a step
 * does not fit (the segment is damaged). */
bool row_text_apply(struct str *text, struct buf buffers[2], const struct row_text_element *e);

#endif
