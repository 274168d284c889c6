/*
 * What a rule's detection means, as a tree. Everything lives in the arena of the rule set and is
 * immutable once made. A leaf names a field of the rule (native name); an empty field name means
 * keywords: every value of the event.
 */
#ifndef KONSEKI_SIGMA_AST_H
#define KONSEKI_SIGMA_AST_H

#include "arena.h"
#include "ip.h"

enum sigma_test_kind {
    SIGMA_TEST_PATTERN, /* the whole value fits a pattern */
    SIGMA_TEST_NUMBER,  /* the value is this number, or this text */
    SIGMA_TEST_TRUTH,   /* the value is true/false, or this text */
    SIGMA_TEST_COMPARE, /* the value is a number that compares so */
    SIGMA_TEST_REGEX,   /* PCRE, unanchored */
    SIGMA_TEST_CIDR,    /* the value is an address of the network */
    SIGMA_TEST_TIME     /* a part of the time compares so */
};

enum sigma_compare { SIGMA_EQ, SIGMA_LT, SIGMA_LTE, SIGMA_GT, SIGMA_GTE };

enum sigma_time_part {
    SIGMA_MINUTE,
    SIGMA_HOUR,
    SIGMA_DAY,
    SIGMA_WEEK, /* ISO 8601 */
    SIGMA_MONTH,
    SIGMA_YEAR
};

enum { SIGMA_RE_CASELESS = 1, SIGMA_RE_MULTILINE = 2, SIGMA_RE_DOTALL = 4 };

/* A test of one value. Two equal tests of one field are evaluated once. */
struct sigma_test {
    enum sigma_test_kind kind;
    bool cased;      /* PATTERN */
    bool truth;      /* TRUTH */
    bool is_v6;      /* CIDR: written with a colon */
    uint8_t compare; /* COMPARE, TIME: enum sigma_compare */
    uint8_t part;    /* TIME: enum sigma_time_part */
    uint8_t regex_flags;
    struct str text; /* PATTERN: folded unless cased; NUMBER, TRUTH: folded text; REGEX */
    double number;   /* NUMBER, COMPARE, TIME */
    struct ip_network network;
};

enum sigma_node_op {
    SIGMA_NODE_AND,
    SIGMA_NODE_OR,
    SIGMA_NODE_NOT, /* one child */
    SIGMA_NODE_TEST,
    SIGMA_NODE_NULL,    /* the field is missing or null */
    SIGMA_NODE_EXISTS,  /* the field is there, whatever its value */
    SIGMA_NODE_FIELDREF /* a value of the field equals (starts, ends, holds) one of `other` */
};

enum sigma_anchor { SIGMA_WHOLE, SIGMA_START, SIGMA_END, SIGMA_INSIDE };

struct sigma_node {
    enum sigma_node_op op;
    struct sigma_node **children;
    size_t child_count;
    struct str field;         /* leaves */
    struct str other;         /* FIELDREF */
    bool cased;               /* FIELDREF */
    enum sigma_anchor anchor; /* FIELDREF */
    struct sigma_test test;   /* TEST */
};

/* An inner node with room for `count` children, which the caller fills in. */
static inline struct sigma_node *sigma_node_inner(struct arena *a, enum sigma_node_op op,
                                                  size_t count) {
    struct sigma_node *n = arena_alloc(a, sizeof *n);
    n->op = op;
    n->child_count = count;
    n->children = arena_array(a, count > 0 ? count : 1, sizeof *n->children);
    return n;
}

/* Adds a child to a node made with count 0; its room doubles (1, 2, 4 ...). */
static inline void sigma_node_push(struct arena *a, struct sigma_node *n,
                                   struct sigma_node *child) {
    size_t count = n->child_count;
    if (count > 0 && (count & (count - 1)) == 0) {
        struct sigma_node **more = arena_array(a, count * 2, sizeof *more);
        memcpy(more, n->children, count * sizeof *more);
        n->children = more;
    }
    n->children[n->child_count++] = child;
}

static inline struct sigma_node *sigma_node_not(struct arena *a, struct sigma_node *child) {
    struct sigma_node *n = sigma_node_inner(a, SIGMA_NODE_NOT, 1);
    n->children[0] = child;
    return n;
}

#endif
