/*
 * Which rules' hits are wanted: by id or title, status, tag, log source, level. All that is given
 * must hold; of a list one entry ("a" or "a,b", case ignored, `*` and `?`). Not applied to loading:
 * the compiled set in the cache stays the same whatever is asked for. The matcher is told which
 * rules to look for (sigma_matcher_select): these, and those that a correlation names although
 * nobody wants to see them alone.
 */
#ifndef KONSEKI_WANTED_RULES_H
#define KONSEKI_WANTED_RULES_H

#include "event_filter.h"
#include "sigma.h"

struct wanted_rules {
    struct event_words rules; /* ids or titles */
    struct event_words other_rules;
    struct event_words statuses;
    struct event_words other_statuses;
    struct event_words tags; /* or what they lie below: attack.t1059 is attack.t1059.001 too */
    struct event_words other_tags;
    struct event_words categories;
    struct event_words other_categories;
    struct event_words products;
    struct event_words other_products;
    struct event_words services;
    struct event_words other_services;
    unsigned levels; /* bit l: enum sigma_level l is wanted; 0: all */
};

bool wanted_rules_admits(const struct wanted_rules *filter, const struct sigma_rule_info *rule);

#endif
