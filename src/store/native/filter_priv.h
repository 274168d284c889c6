/* What filter_plan.c and segment_filter.c share. */
#ifndef KONSEKI_FILTER_PRIV_H
#define KONSEKI_FILTER_PRIV_H

#include "segment_filter.h"

struct filter_leaf {
    const struct expr *e;
    uint64_t *hashes; /* of the tokens that every matching row has */
    size_t hash_count;
    struct str *numbers; /* TEXT: those of digits that number_index.h knows */
    size_t number_count;
    struct str word;  /* the longest of them, folded, or a part of a word; empty: none */
    bool is_part;     /* TEXT: `word` is a part of a word ... */
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

#endif
