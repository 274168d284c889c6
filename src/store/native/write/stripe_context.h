/*
 * Context columns: many values follow from another value of the same row (the country from the
 * address, the address from the host, the user from the client). A dictionary column may name
 * another as its context; a code is then guessed to be the one that stood last beside the same
 * code of the context in the block, and only wrong guesses are stored.
 *
 * Merging only. Which column is whose context is learned in the first stripe that has the column,
 * from the block with most of its values; whether a chunk uses it is decided by its size.
 *
 * Threads: pure.
 */
#ifndef KONSEKI_STRIPE_CONTEXT_H
#define KONSEKI_STRIPE_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"

struct stripe;

enum {
    CONTEXT_COLUMNS = 64, /* of a stripe that are looked at */
    CONTEXT_NONE = UINT32_MAX
};

/* A dictionary column of the stripe. */
struct context_column {
    uint32_t number;  /* of the segment */
    uint32_t *codes;  /* of the segment, by value */
    uint32_t count;   /* values */
    uint32_t entries; /* of the dictionary */
    uint32_t context; /* index here; CONTEXT_NONE */
    bool is_fixed;    /* an earlier stripe has the column: its context stays */
    bool has_context; /* ... and it has one, which may have no values here */
    bool is_context;  /* of another column */
    bool is_address;  /* often grouped by: rather a context than guessed */
    uint32_t *of_row; /* index of the first value of each row, and the number of all values */
};

struct context_set {
    struct context_column columns[CONTEXT_COLUMNS];
    size_t count;
    size_t row_count;
};

/* Finds where the rows' values are; `map` gives the segment's column for each of the cutter's. */
void context_align(struct context_set *set, const struct stripe *s, const uint32_t *map);
/* Chooses contexts for columns that may still get one. */
void context_choose(struct context_set *set);
/* What has to be stored of the codes of rows [from, to): 0 = as guessed, else code + 1. Returns how
 * many there are; `out` has room for the column's values in these rows. */
size_t context_residuals(int64_t *out, const struct context_set *set, size_t column, size_t from,
                         size_t to);
void context_fini(struct context_set *set);

#endif
