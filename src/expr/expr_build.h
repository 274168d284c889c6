/*
 * Building predicates (expr.h). A struct expr_set owns every node made in it, with the compiled
 * regular expressions; destroying it ends them all. Texts of a spec are copied.
 *
 * Threads: one thread builds; once built the nodes are read-only. Failures: only a regular
 * expression, a network or a bound that cannot be read (BAD_INPUT, with the reason).
 */
#ifndef KONSEKI_EXPR_BUILD_H
#define KONSEKI_EXPR_BUILD_H

#include "expr.h"

struct expr_set;

struct expr_set *expr_set_create(void);
/* NULL is fine; sets it to NULL. */
void expr_set_destroy(struct expr_set **set);

struct expr_bound {
    bool is_set;
    bool inclusive;
    struct str text; /* a number, a size ("10MB"), a time (RFC 3339), an address or any text */
};

struct expr_leaf_spec {
    bool on_text;        /* the search text of the row; else a field */
    struct str field;    /* its name; may hold * and ?; compared without regard to ASCII case */
    enum expr_test test; /* what to test; not EQUALS_ANY */
    struct str value;    /* EQUALS, REGEX (without slashes), CIDR, WORDS; WILDCARD: * and ? are wild
                            unless escaped by a backslash */
    bool ignore_case;    /* REGEX */
    const struct expr_list *list; /* LISTED; copied, what it points to must outlive the set */
    struct expr_bound low;        /* RANGE */
    struct expr_bound high;       /* RANGE */
    size_t *error_at;             /* REGEX: set to the byte offset of the fault; may be NULL */
};

struct expr *expr_make_all(struct expr_set *set);
/* AND, OR of the children (copied array, at least one); one child is returned as it is. Groups in a
 * group of the same kind are its members; in an OR many EQUALS leaves of one field become one leaf
 * (EQUALS_ANY): testing a value costs the same, however many there are. */
struct expr *expr_make_group(struct expr_set *set, enum expr_op op, struct expr *const *children,
                             size_t count);
struct expr *expr_make_not(struct expr_set *set, struct expr *child);
enum status expr_make_leaf(struct expr **out, struct expr_set *set,
                           const struct expr_leaf_spec *spec, struct err *err) MUST_CHECK;

/* Values on which a regular expression was given up because it needed too much work (they count
 * as no match) since the program began. */
uint64_t expr_regex_given_up(void);

#endif
