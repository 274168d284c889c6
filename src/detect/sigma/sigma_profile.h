/*
 * What matching costs, counted while it runs: a rule, a field, an expression. Off unless asked for
 * (sigma_matcher_profile); then every evaluation reads the clock twice, so times are estimates.
 *
 * Ownership: the matcher owns the profile; texts are the rule set's. Threads: the matcher's.
 */
#ifndef KONSEKI_SIGMA_PROFILE_H
#define KONSEKI_SIGMA_PROFILE_H

#include "sigma.h"

struct sigma_rule_cost {
    const struct sigma_rule_info *rule;
    uint64_t candidates; /* events for which its condition was evaluated */
    uint64_t hits;
    uint64_t time_ns; /* of the evaluations; what its fields cost stands there */
};

/* All tests of all rules on one field run together. */
struct sigma_slot_cost {
    struct str name;  /* native field name; empty: keywords */
    uint64_t values;  /* that some rule wanted to see */
    uint64_t scanned; /* of these, not remembered from before */
    uint64_t bytes;   /* of the scanned ones */
    uint64_t time_ns;
};

struct sigma_regex_cost {
    struct str pattern;
    struct str field;
    uint64_t tries; /* of PCRE2, after the prefilter */
    uint64_t found;
    uint64_t limits; /* ended by a limit: counted as no match */
    uint64_t time_ns;
};

struct sigma_profile {
    struct sigma_rule_cost *rules; /* in the set's order */
    size_t rule_count;
    struct sigma_slot_cost *slots;
    size_t slot_count;
    struct sigma_regex_cost *regexes;
    size_t regex_count;
};

/* Turns counting on; the same profile at each call. */
struct sigma_profile *sigma_matcher_profile(struct sigma_matcher *matcher);

/* Without a profile too: how often a limit ended an expression. *worst becomes the rule (one of
 * them) whose expression that befell most; NULL if none. */
uint64_t sigma_matcher_limit_hits(const struct sigma_rule_info **worst,
                                  const struct sigma_matcher *matcher);
/* The limits that `from` met count as those of `to`: two matchers of one rule set. */
void sigma_matcher_add_limits(struct sigma_matcher *to, const struct sigma_matcher *from);

#endif
