/*
 * The values of one column in one stripe while rows come in, in row order. Texts are kept once
 * (codes), numbers as numbers; what hardly ever returns is kept as bytes. Which of these fits is
 * learned: a column begins the next stripe as it ended the last one.
 *
 * column_values_plan then decides the column's type for this stripe (enum column_type).
 *
 * Ownership: texts are copied. Threads: one.
 */
#ifndef KONSEKI_COLUMN_VALUES_H
#define KONSEKI_COLUMN_VALUES_H

#include "intern.h"
#include "layout.h"
#include "number_text.h"

enum values_mode { VALUES_CODES, VALUES_NUMBERS, VALUES_TEXTS };

struct column_values {
    enum values_mode mode;
    bool is_planned;
    enum column_type type; /* if planned */
    uint32_t count;
    uint32_t blocks; /* begun */
    uint32_t block_start[SEGMENT_STRIPE_BLOCKS + 1];
    struct number_shape shape; /* NUMBERS */
    int64_t *numbers;
    size_t number_capacity;
    struct intern distinct; /* CODES */
    struct str last;        /* CODES: the text of the last code, in distinct */
    uint32_t *codes;
    size_t code_capacity;
    struct buf bytes; /* TEXTS: one after the other */
    uint32_t *ends;
    size_t end_capacity;
};

/* All zero is an empty column. */
void column_values_fini(struct column_values *v);
/* Forgets the values, keeps memory and mode. */
void column_values_clear(struct column_values *v);
/* As clear, but gives the memory to `out`, an uninitialised column. */
void column_values_move(struct column_values *out, struct column_values *v);
void column_values_add(struct column_values *v, struct str text, uint32_t block);
/* The same in two steps: what the first returns for all values of a row goes to the second, so that
 * the memory of one is fetched while others are looked at. */
uint64_t column_values_fetch(const struct column_values *v, struct str text);
void column_values_add_fetched(struct column_values *v, struct str text, uint64_t fetched,
                               uint32_t block);
size_t column_values_memory(const struct column_values *v);

/* All values of the stripe are in: turns them into what its type needs (DICTIONARY: mode CODES;
 * NUMBER: mode NUMBERS; TEXT: any mode). `thorough` looks again at what was learned. */
enum column_type column_values_plan(struct column_values *v, bool thorough);

/* The text of value i; `scratch` is used for numbers. */
struct str column_values_text(const struct column_values *v, uint32_t i, struct buf *scratch);

#endif
