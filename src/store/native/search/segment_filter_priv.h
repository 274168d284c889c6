/*
 * The inside of a segment_filter: segment_filter.c (leaves and nodes), filter_select.c (which
 * values a leaf looks at), filter_values.c (single values, columns), filter_candidates.c (which
 * values of a column can pass), filter_sums.c (numbers that
 * formulas print), filter_rows.c (rows put together).
 */
#ifndef KONSEKI_SEGMENT_FILTER_PRIV_H
#define KONSEKI_SEGMENT_FILTER_PRIV_H

#include "filter_priv.h"
#include "mem.h"
#include "text_list.h"
#include "text_match.h"
#include "time_word.h"

enum {
    BITMAP_WORDS = SEGMENT_BLOCK_ROWS / 64,
    FILTER_TIMES = 8, /* patterns that are told apart: bits of a byte */
    MAX_ORDINALS = 64 /* uses of one column in a template that are told apart */
};

/*
 * One column as a leaf sees it. For a FIELD leaf the values of the selected uses are tested; for a
 * TEXT leaf all values are looked through for its longest word.
 */
struct column_match {
    uint32_t column;
    enum transform transform;
    enum field_type type;
    uint32_t *uses;     /* by template: values of the column in a row; UINT32_MAX: not counted;
                           NULL until needed */
    uint64_t *selected; /* by template: which of them (bits) the leaf tests; NULL: all */
    bool is_dictionary;
    uint32_t tested;  /* a bit a stripe: its new entries are tested */
    uint8_t *entries; /* by dictionary entry: 1 = passes; NULL: none that was tested does */
    bool is_prepared; /* what follows is known; of dictionaries what was tested */
    bool is_excluded; /* the note of the column says that no value passes */
    bool is_number;   /* plain numbers: those from low to high pass, and no others */
    const struct expr *listed; /* is_number: of these only those that it lists; NULL: all */
    int64_t low;
    int64_t high;
    bool possible;   /* some value may pass */
    uint32_t cursor; /* of sums: values of the rows before */
};

/* A value of a row as the operand of a formula. */
struct filter_operand {
    uint32_t column;
    uint32_t ordinal; /* which of the row's values of the column */
};

/* A formula of a template's pieces that prints a number of numbers. */
struct filter_sum {
    const struct formula *formula;
    uint32_t template;
    struct filter_operand operands[2];
    int64_t unscaled;       /* SCALE: the number that prints the leaf's; -1: none */
    const uint8_t *entries; /* SCALE of a dictionary: 1 = prints the leaf's; NULL: none does */
    bool has_entries;       /* it was asked */
    bool is_plain;          /* the operands are columns of plain numbers */
    bool is_live;           /* some row of the block may print it */
};

/* A pattern of templates, and when it prints the leaf's word. */
struct filter_time {
    const struct formula *formula;
    struct time_word word;
    bool can; /* at any time */
};

/* A word can stand in a stripe whose own filter lacks it only by an entry or a literal that is
 * older (token_filter.h). */
enum filter_reach {
    FILTER_REACH_UNKNOWN,
    FILTER_REACH_NONE, /* no entry or literal that is new in a stripe whose filter has it holds it
                        */
    FILTER_REACH_ALL
};

/*
 * One leaf on this segment. FIELD: everything is known from the start. TEXT: most segments that the
 * index of words leaves have the word in one block, so templates are looked at when a block has
 * them, and dictionaries when a block has values of them.
 */
struct leaf_state {
    struct column_match *matches;
    size_t match_count;
    size_t match_capacity;
    uint8_t *known; /* TEXT, by template: 1 = what follows of it is known */
    uint8_t *whole; /* by template, enum filter_whole */
    bool any_whole;
    uint8_t *all; /* by template: 1 = every row passes: by a literal, or by a value of literals */
    bool any_all;
    uint8_t
        *by_time; /* TEXT, by template: not 0 = a formula may print the word of the event time */
    bool any_by_time;
    struct filter_time times[FILTER_TIMES]; /* of a zoned word: by_time has a bit for each */
    size_t time_count;
    bool is_number;          /* the word is a plain number: */
    int64_t number;          /* ... this one */
    struct filter_sum *sums; /* that may print it, by template */
    size_t sum_count;
    size_t sum_capacity;
    struct column_match *operands; /* columns that sums read; only `column`, `uses`, `cursor` */
    size_t operand_count;
    size_t operand_capacity;
    struct leaf_scope scope;
    bool any_in_scope;       /* the index of words leaves some block */
    enum filter_reach reach; /* TEXT: of the word, into stripes whose filter has it not */
    bool attribute;          /* tests the row's own properties: every row has to be looked at */
    struct text_match *text; /* TEXT with an automaton: nothing else is used */
    struct text_list *list;  /* TEXT with a list: nothing else is used */
};

/* Has a row of a template to be put together and tested? */
enum filter_whole {
    FILTER_WHOLE_NOT,
    FILTER_WHOLE_UNSHOWN, /* its pieces do not show all words: if the stripe has the word as such */
    FILTER_WHOLE
};

/* Where values of a field stand: by template, then by value. */
struct value_place {
    uint32_t template;
    uint32_t value;
};

/* For filters of many leaves: items[first[field]] up to items[first[field + 1]] are the field's. */
struct value_places {
    uint32_t *first; /* NULL: not known yet */
    uint32_t field_count;
    struct value_place *items;
};

struct segment_filter {
    const struct filter_plan *plan;
    struct value_places places;
    struct segment *segment;
    struct leaf_state *leaves;
    struct arena arena;
    struct expr_scratch *scratch;
    uint32_t *used; /* templates of block `used_block` - 1, all parsed */
    uint32_t used_count;
    size_t used_block; /* 0: none yet */
    size_t *seen;      /* by template: as used_block */
    struct batch row;  /* scratch: one row */
    struct buf value;  /* scratch: one value */
    struct buf run;    /* scratch: all values of a column of a block */
    struct buf other;
};

/* --- bits of rows --- */

static inline bool filter_get_bit(const uint64_t *bits, uint32_t i) {
    return (bits[i / 64] >> (i % 64) & 1) != 0;
}

static inline void filter_set_bit(uint64_t *bits, uint32_t i) {
    bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline bool filter_is_empty(const uint64_t *bits) {
    uint64_t any = 0;
    for (size_t i = 0; i < BITMAP_WORDS; i++) {
        any |= bits[i];
    }
    return any == 0;
}

/* False: in the block only times that formulas print may be the leaf's word. */
static inline bool filter_is_listed(const struct leaf_state *state, const struct block *b) {
    uint32_t stripe = b->info->stripe;
    size_t first = b->segment->stripes[stripe].first_block;
    return (state->scope.blocks.listed[stripe] >> (b->index - first) & 1) != 0;
}

/* --- filter_select.c --- */

/* Does the leaf test properties of the row itself? */
bool filter_selects_attribute(const struct filter_leaf *leaf);
/* Does it test a field that values of the segment have? */
bool filter_selects_fields(const struct segment *s, const struct filter_leaf *leaf);
/* Fills state->matches and whole: what the leaf looks at in each template. All must be parsed. */
void filter_select_field(struct segment_filter *f, const struct filter_leaf *leaf,
                         struct leaf_state *state);
/* Fills state->matches. */
void filter_select_text(struct segment_filter *f, const struct filter_leaf *leaf,
                        struct leaf_state *state);
/* The same for all templates of the segment; *holds: in some of them it stands, or may. */
enum status filter_select_all(bool *holds, struct segment_filter *f, const struct filter_leaf *leaf,
                              struct leaf_state *state, struct err *err) MUST_CHECK;
/* Completes whole, all, by_time and sums for the templates of the block. */
enum status filter_select_block(struct segment_filter *f, const struct filter_leaf *leaf,
                                struct leaf_state *state, struct block *b,
                                struct err *err) MUST_CHECK;
/* Sets f->used for the block; loads its rows' templates. */
enum status filter_use_block(struct segment_filter *f, struct block *b, struct err *err) MUST_CHECK;
/* How many values of `column` stand before piece `piece` (or before value `value` after all
 * pieces) in a row of the template. */
uint32_t filter_uses_before(const struct template *t, uint32_t column, uint32_t piece,
                            uint32_t value);
/* Sets m->uses for all templates of the block of filter_use_block. */
void filter_count_uses(struct segment_filter *f, struct column_match *m);

/* --- filter_values.c --- */

/* Does the text hold the leaf's word, or part of a word? */
bool filter_holds_word(struct segment_filter *f, const struct filter_leaf *leaf, struct str text);
/* Looks at the column's distinct values, of a dictionary those of the stripes up to `stripe`. */
enum status filter_prepare_match(struct segment_filter *f, const struct filter_leaf *leaf,
                                 const struct leaf_scope *scope, struct column_match *m,
                                 uint32_t stripe, struct err *err) MUST_CHECK;
/* Sets the bits of the rows of `care` of which a value of the column passes; of TEXT leaves also
 * those in `sure` where the value alone tells that the row does. */
enum status filter_match_column(struct segment_filter *f, uint32_t leaf, struct column_match *m,
                                struct block *b, const uint64_t *care, uint64_t *out,
                                uint64_t *sure, struct err *err) MUST_CHECK;

/* --- filter_candidates.c --- */

static inline bool filter_is_between(const struct column_match *m, int64_t number) {
    return number >= m->low && number <= m->high &&
           (m->listed == NULL || expr_leaf_has_integer(m->listed, number));
}
bool filter_all_digits(struct str word);

/* Texts that lie one behind the other: from byte offsets[i] to offsets[i + 1]. */
struct filter_run {
    const char *bytes;
    const uint32_t *offsets;
    uint32_t count;
};
/* True if none of the texts holds the word of the TEXT leaf. */
bool filter_run_excludes(struct segment_filter *f, const struct filter_leaf *leaf,
                         const struct filter_run *run);

/* The values of a block's column that may pass. Borrows the block, and f->run until the next one
 * is made. */
struct filter_candidates {
    const struct column_match *match;
    const struct block_column *column;
    struct str word;
    const char *text; /* TEXT: all values as they are searched; NULL: each has to be looked at */
    bool none;
};
/* The column must be loaded (block_column_codes); of dictionaries some entry must pass. */
void filter_candidates_find(struct filter_candidates *out, struct segment_filter *f,
                            const struct filter_leaf *leaf, const struct column_match *m,
                            const struct block *b);
/* The first one at `from` or behind; the column's count: there is none. */
uint32_t filter_candidates_next(const struct filter_candidates *candidates, uint32_t from);

/* --- filter_sums.c --- */

/* The column of which a value is the text of the operand (formula.h), by copies of it too. False:
 * there is none. */
bool filter_find_operand(struct filter_operand *out, const struct template *t, uint32_t operand);

static inline bool filter_is_sum(const struct formula *f) {
    return f->kind == FORMULA_SCALE || f->kind == FORMULA_SUM || f->kind == FORMULA_DIFFERENCE;
}
/* Notes the sums of the template's pieces. False: what they print can only be seen in the row. */
bool filter_add_sums(struct segment_filter *f, struct leaf_state *state, uint32_t template);
/* Rows of which a sum is the leaf's number. */
enum status filter_match_sums(struct segment_filter *f, struct leaf_state *state, struct block *b,
                              const uint64_t *care, uint64_t *out, struct err *err) MUST_CHECK;

/* --- filter_rows.c --- */

/* Rows that have to be put together: for TEXT leaves also those that a column spoke for, but those
 * that are sure. */
enum status filter_match_rows(struct segment_filter *f, const struct filter_leaf *leaf,
                              const struct leaf_state *state, struct block *b, const uint64_t *care,
                              uint64_t *out, const uint64_t *sure, struct err *err) MUST_CHECK;
/* Puts the rows of `maybe` together; those that pass get their bits in `out`. */
enum status filter_verify_rows(struct segment_filter *f, const struct filter_leaf *leaf,
                               struct block *b, const uint64_t *maybe, uint64_t *out,
                               struct err *err) MUST_CHECK;
/* Rows of which a printed time holds the leaf's word. */
enum status filter_match_times(struct segment_filter *f, const struct filter_leaf *leaf,
                               const struct leaf_state *state, struct block *b,
                               const uint64_t *care, uint64_t *out, struct err *err) MUST_CHECK;

#endif
