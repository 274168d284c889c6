/*
 * The condition language: identifiers, `1 of x*`, `all of them`, not, and, or, parentheses.
 * Precedence from loose to tight: or, and, not, x of, parentheses (specification, "Condition").
 * Identifiers that begin with '_' take no part in `x of`.
 */
#ifndef KONSEKI_SIGMA_CONDITION_H
#define KONSEKI_SIGMA_CONDITION_H

#include "err.h"
#include "sigma_ast.h"

/* The search identifiers of one rule. */
struct sigma_identifiers {
    struct str *names;
    struct sigma_node **nodes;
    size_t count;
};

/* What stands behind a '|' (Sigma 1 counted there) goes to *pipe, empty if there is none; with a
 * NULL pipe it is refused. Messages have no line number: the caller adds it. */
enum status sigma_condition_parse(struct sigma_node **out, struct str *pipe, struct arena *arena,
                                  const struct sigma_identifiers *identifiers, struct str text,
                                  struct err *err) MUST_CHECK;

#endif
