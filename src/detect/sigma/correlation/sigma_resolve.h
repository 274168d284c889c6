/*
 * What correlations refer to: names and ids to indexes, refusals (missing, ambiguous, circular, or
 * of something refused), the order in which they are evaluated, who stays quiet, and which fields
 * of which rule's events are wanted.
 */
#ifndef KONSEKI_SIGMA_RESOLVE_H
#define KONSEKI_SIGMA_RESOLVE_H

#include "sigma_correlation.h"
#include "sigma_document.h"
#include "sigma_filter.h"

/* What correlations want of a rule. */
struct sigma_want {
    const struct str *fields; /* of the rule's events, names as rules write them */
    uint32_t field_count;
    bool is_named; /* an accepted correlation refers to it */
    bool is_quiet; /* it prints nothing itself */
};

struct sigma_resolve {
    struct arena *arena;
    struct sigma_document *rules; /* on the heap; narrowed copies of some come after them */
    size_t rule_count;
    const struct sigma_correlation *const *given; /* as parsed */
    size_t given_count;
    /* Called for each given one; `why` is empty if it was accepted. */
    void (*tell)(const struct sigma_correlation *correlation, struct str why, void *ctx);
    void *ctx;
    struct sigma_filters *filters; /* some may name correlations */
    /* out, in the arena: */
    struct sigma_correlation *correlations; /* accepted; one that is referred to comes before */
    size_t correlation_count;
    struct sigma_want *wants; /* by rule */
};

/* BAD_INPUT: filters that name correlations would make too many copies of rules. */
enum status sigma_resolve(struct sigma_resolve *r, struct err *err) MUST_CHECK;

/* The field that `name` means in events of ref `ref`: an alias, or the name itself. */
struct str sigma_correlation_field(const struct sigma_correlation *c, uint32_t ref,
                                   struct str name);
/* STR_NONE if it is not wanted. */
size_t sigma_want_find(const struct sigma_want *want, struct str field);

#endif
