/*
 * Words of rows that their columns and literals do not show, for the token filter of the stripe:
 * words that stand in two pieces, texts that formulas print, values whose text is not the raw bytes
 * (escapes, other encodings). What has to be looked at is the same for all rows of a shape: the
 * plan says it once, as steps; most shapes need none.
 *
 * A word may be added though it stands nowhere (a piece of a word); none is left out.
 *
 * Threads: pure but for the token set.
 */
#ifndef KONSEKI_STRIPE_TOKENS_H
#define KONSEKI_STRIPE_TOKENS_H

#include "batch.h"
#include "cut.h"
#include "number_index.h"
#include "token_filter.h"

enum token_step_kind {
    STEP_ROW,       /* the row's search text */
    STEP_CROSSINGS, /* words that stand in two pieces */
    STEP_PRINTED,   /* the words in and around piece `first` */
    STEP_VALUE,     /* the text of the value */
    STEP_SPLIT,     /* words of the value that stand in two of its pieces [first, first + count) */
    STEP_ESCAPED,   /* piece `first`, of the value's JSON string, if escapes stand in it */
    STEP_DIGITS,    /* the digits of piece `first` */
    STEP_VALUE_DIGITS /* the digits of the value, where rows are searched in their values */
};

struct token_step {
    enum token_step_kind kind;
    uint32_t value;
    uint32_t first;
    uint32_t count;
};

struct token_steps {
    struct token_step *items;
    size_t count;
    size_t capacity;
    struct intern patterns;       /* times that formulas of pieces print (number_index_pattern) */
    struct intern value_patterns; /* ... of values */
};

void token_steps_fini(struct token_steps *s);
/* Forgets all, keeps memory. */
void token_steps_clear(struct token_steps *s);
/* Appends the steps for rows of a template (in its stored form, made by our own writer), and adds
 * the words that all its rows have. */
void token_steps_plan(struct token_steps *s, struct token_set *tokens, struct str template_bytes);
/* Goes the steps for the row that was cut into a shape with this plan. */
void token_steps_take(struct token_set *tokens, const struct token_step *steps, size_t count,
                      const struct cut *cut);

#endif
