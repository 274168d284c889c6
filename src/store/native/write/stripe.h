/*
 * The rows of one stripe while they come in: their numbers, the shapes that they have, and the
 * values of each of the cutter's columns. Refers to nothing outside once a row is added, so that a
 * full stripe can be encoded anywhere.
 *
 * Ownership: texts are copied. Threads: one at a time.
 */
#ifndef KONSEKI_STRIPE_H
#define KONSEKI_STRIPE_H

#include "batch.h"
#include "column_values.h"
#include "cut.h"
#include "stripe_tokens.h"

/* The numbers of one row (enum row_number). */
struct stripe_row {
    int64_t time_ns;
    int64_t receive_ns;
    uint64_t arrival;
    uint64_t sequence;
    uint64_t record_id;
    uint32_t shape;  /* in stripe.shapes */
    uint32_t source; /* in stripe.names */
    uint32_t origin; /* in stripe.names, + 1; 0 = none */
    uint32_t line;
    uint32_t idx;
    uint32_t flags;
    uint32_t container_back;
    uint32_t container_off;
    uint32_t container_len;
    uint16_t dataset;
    uint8_t charset;
};

/* A shape that rows of the stripe have: a template whose columns are the cutter's and whose fields
 * are numbered by stripe.fields. */
struct stripe_shape {
    size_t offset; /* in stripe.shape_bytes */
    size_t len;
    size_t first_step; /* in stripe.steps: words that its pieces do not show */
    size_t step_count;
};

struct stripe {
    struct stripe_row *rows;
    size_t row_count;
    size_t row_capacity;
    struct column_values *columns; /* by the cutter's number */
    struct cut_column *heads;
    size_t column_count;
    size_t column_capacity;
    size_t head_capacity;
    struct stripe_shape *shapes;
    size_t shape_count;
    size_t shape_capacity;
    struct buf shape_bytes;
    struct fetched_value *fetched; /* scratch, by variable of a row */
    size_t fetched_capacity;
    uint32_t *shape_map; /* by the cutter's number: index + 1 */
    size_t map_capacity;
    struct intern fields;
    struct intern names; /* sources and origins */
    uint32_t last_source;
    uint32_t last_origin;
    struct token_set tokens; /* words that neither columns nor literals show */
    struct number_words numbers[SEGMENT_STRIPE_BLOCKS]; /* the same of digits, by block */
    struct token_steps steps;
    bool values_are_text; /* some rows are searched in their values, not in their raw bytes */
    uint64_t bytes;       /* raw bytes and values that are not in them */
    uint64_t raw_bytes;
    uint64_t derived;
};

/* All zero is an empty stripe. */
void stripe_fini(struct stripe *s);
/* Forgets the rows, keeps memory and what the columns learned. With `renumbered` the cutter may
 * have given its columns new numbers. */
void stripe_clear(struct stripe *s, const struct cutter *renumbered);
/* Decides the types of the columns, so that they learn (column_values_plan). */
void stripe_plan(struct stripe *s, bool thorough);
/* Gives the rows to *out (uninitialised) and keeps what the columns learned. */
void stripe_move(struct stripe *out, struct stripe *s);

void stripe_add(struct stripe *s, struct cutter *c, const struct batch *b, const struct row *row);
bool stripe_is_full(const struct stripe *s);
size_t stripe_memory(const struct stripe *s);

#endif
