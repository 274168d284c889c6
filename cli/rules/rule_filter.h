/*
 * Which rules of a collection are asked for: the filters of `rules list`. All that are given must
 * pass. Threads: any.
 */
#ifndef KONSEKI_RULE_FILTER_H
#define KONSEKI_RULE_FILTER_H

#include "known_rules.h"
#include "wanted_rules.h"

/* Texts as given on the command line; NULL: not asked for. Letters compare without case. */
struct rule_filter {
    struct wanted_rules wanted;
    enum sigma_level least_level;
    const char *id;   /* or its beginning */
    const char *text; /* part of title or description */
};

bool rule_filter_passes(const struct rule_filter *filter, const struct sigma_rule_info *rule);

#endif
