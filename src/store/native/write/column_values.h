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

/* What every value asks comes first: a row's values go to some forty columns, of which each line of
 * memory counts. */
struct column_values {
    enum values_mode mode;
    uint32_t count;
    uint32_t blocks; /* begun */
    struct str last; /* CODES: the text of the last code, in distinct */
    uint32_t *codes;
    size_t code_capacity;
    struct intern distinct; /* CODES */
    int64_t *numbers;
    size_t number_capacity;
    struct number_shape shape; /* NUMBERS */
    uint32_t block_start[SEGMENT_STRIPE_BLOCKS + 1];
    bool is_planned;
    enum column_type type; /* if planned */
    struct buf bytes;      /* TEXTS: one after the other */
    uint32_t *ends;
    size_t end_capacity;
};

/* What is known of a value before it is added. */
struct fetched_value {
    uint64_t hash;  /* of a text that goes to codes; 0: not made */
    uint32_t code;  /* that the text has; INTERN_NONE: not known */
    uint32_t guess; /* code of a text with nearly the same hash, or INTERN_NONE */
};

/* All zero is an empty column. */
void column_values_fini(struct column_values *v);
/* Forgets the values, keeps memory and mode. */
void column_values_clear(struct column_values *v);
/* As clear, but gives the memory to `out`, an uninitialised column. */
void column_values_move(struct column_values *out, struct column_values *v);
void column_values_add(struct column_values *v, struct str text, uint32_t block);
/* The same in three steps, each for all values of a row: so the memory of one value is fetched
 * while others are looked at. */
void column_values_fetch(struct fetched_value *out, const struct column_values *v, struct str text);
void column_values_guess(struct fetched_value *value, const struct column_values *v);
void column_values_add_fetched(struct column_values *v, struct str text,
                               const struct fetched_value *value, uint32_t block);
size_t column_values_memory(const struct column_values *v);

/* All values of the stripe are in: turns them into what its type needs (DICTIONARY: mode CODES;
 * NUMBER: mode NUMBERS; TEXT: any mode). `thorough` looks again at what was learned. */
enum column_type column_values_plan(struct column_values *v, bool thorough);

/* The text of value i; `scratch` is used for numbers. */
struct str column_values_text(const struct column_values *v, uint32_t i, struct buf *scratch);

#endif
