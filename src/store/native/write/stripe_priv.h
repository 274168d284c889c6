/* What stripe_plan.c and stripe_writer.c share. */
#ifndef KONSEKI_STRIPE_PRIV_H
#define KONSEKI_STRIPE_PRIV_H

#include "chunk_writer.h"
#include "segment_writer.h"
#include "stripe_context.h"

/* A column of the segment that has values in this stripe. */
struct stripe_column {
    uint32_t number; /* in the segment */
    struct column_values *values;
    uint32_t *codes; /* DICTIONARY: the stripe's codes -> the segment's */
    uint32_t first_new;
    struct chunk_habit habit;
};

struct stripe_work {
    struct segment_writer *w;
    struct stripe *s;
    struct stripe_column *columns; /* by number */
    size_t column_count;
    uint32_t *map;   /* the cutter's column -> the segment's */
    bool *is_shared; /* the cutter's columns: goes with the small ones */
    struct column_values shared[COLUMN_KIND_COUNT];
    struct context_set contexts; /* merging only */
    uint32_t *template_numbers;  /* by the stripe's shape */
    uint32_t *name_numbers;      /* by the stripe's name */
    struct chunk_habit habits[ROW_CHUNK_COUNT];
    int64_t *numbers; /* scratch: one block */
    size_t number_capacity;
};

/* Decides which columns of the segment hold the stripe's values, and what their codes are. Sets all
 * of *k but numbers of templates and names. */
void stripe_plan_columns(struct stripe_work *k);

#endif
