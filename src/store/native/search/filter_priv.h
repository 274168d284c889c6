/* What filter_plan.c and segment_filter.c share. */
#ifndef KONSEKI_FILTER_PRIV_H
#define KONSEKI_FILTER_PRIV_H

#include "number_index.h"
#include "segment_filter.h"

/* Hashes of words that must all be there. */
struct filter_words {
    uint64_t *hashes;
    size_t count;
};

struct filter_leaf {
    const struct expr *e;
    uint64_t *hashes; /* of the tokens that every matching row has */
    size_t hash_count;
    struct filter_words *any; /* EQUALS_ANY: one of these must be there; NULL: nothing is known */
    size_t any_count;
    struct str *numbers; /* TEXT: those of digits that number_index.h knows */
    size_t number_count;
    struct str word;    /* the longest of all, folded, or a part of a word; empty: none */
    uint64_t word_hash; /* if it is one of `hashes` */
    bool is_part;       /* TEXT: `word` is a part of a word ... */
    bool is_raw;      /* ... to be looked for in the text as it stands, not in the folded one ... */
    bool ignore_case; /* ... but for the case of ASCII letters */
};

struct filter_node {
    enum expr_op op;
    struct filter_node **children;
    size_t child_count;
    uint32_t leaf;
};

struct filter_plan {
    struct filter_node *root;
    struct filter_leaf *leaves;
    size_t leaf_count;
    size_t leaf_capacity;
    struct arena arena;
    const struct expr *expr;
};

/* Where a leaf can match, by the index of words. */
struct leaf_scope {
    struct index_blocks blocks;
    uint32_t
        new_stripes; /* a bit each: in these the leaf's word may be in new dictionary entries */
    uint32_t own_stripes; /* ... in these it may stand otherwise; in the others it can only stand in
                             an entry or a literal, of this stripe or an earlier one */
};

/* A damaged index excludes nothing. */
void filter_leaf_scope(struct leaf_scope *out, const struct filter_leaf *leaf,
                       const struct segment *segment);

#endif
