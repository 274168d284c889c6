/* What text_list_plan.c (made once a segment) and text_list.c (blocks) share. */
#ifndef KONSEKI_TEXT_LIST_PRIV_H
#define KONSEKI_TEXT_LIST_PRIV_H

#include "intern.h"
#include "text_list.h"

enum { TEXT_LIST_MAX_KEY = 16 /* columns of a joint that is asked once a combination */ };

/* What is known of all texts that can stand in a place. */
struct facts {
    bool begins;      /* one may begin with an inner byte, or be empty */
    bool ends;        /* one may end with an open byte, or be empty */
    bool marked;      /* one may hold a mark */
    uint32_t longest; /* bytes */
};

struct column_state {
    struct facts facts;
    uint8_t *entries; /* by dictionary entry: 1 = names one; NULL: no dictionary */
    bool possible;    /* a value alone may name one */
    uint32_t *uses;   /* by template: values in a row; NULL until needed */
};

/* Pieces first..last, with the ends of the literals around them where these touch. */
struct joint {
    uint32_t first;
    uint32_t last;
    bool has_head; /* the end of literal first - 1 */
    bool has_tail; /* the begin of literal last + 1 */
    bool has_key;  /* columns of codes and numbers only: asked once a combination */
};

struct template_state {
    bool whole; /* all of its rows may name one */
    uint32_t first_joint;
    uint32_t joint_count;
};

struct text_list {
    struct segment *segment;
    const struct expr_list *list;
    struct column_state *columns;
    struct template_state *templates;
    struct joint *joints;
    size_t joint_count;
    size_t joint_capacity;
    bool any_whole;
    struct intern keys; /* joint and codes */
    uint8_t *answers;   /* by key */
    size_t answer_capacity;
    struct buf text;
    struct arena arena;
};

static inline bool text_list_asks(const struct text_list *l, struct str text) {
    return l->list->has(l->list->ctx, text);
}

/* The part of a literal that what stands before it cannot be cut from. */
struct str text_list_begin(const struct text_list *l, struct str literal);
/* The part that what stands behind it cannot be cut from; all of it if no cut is in it. */
struct str text_list_end(const struct text_list *l, struct str literal);
/* Reads the columns and finds the joints. */
enum status text_list_plan(struct text_list *l, struct err *err) MUST_CHECK;

#endif
