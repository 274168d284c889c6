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

/* Messages have no line number: the caller adds it. */
enum status sigma_condition_parse(struct sigma_node **out, struct arena *arena,
                                  const struct sigma_identifiers *identifiers, struct str text,
                                  struct err *err) MUST_CHECK;

#endif
