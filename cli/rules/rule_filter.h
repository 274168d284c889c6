/*
 * Which rules of a collection are asked for: the filters of `rules list`. All that are given must
 * pass. Threads: any.
 */
#ifndef KONSEKI_RULE_FILTER_H
#define KONSEKI_RULE_FILTER_H

#include "known_rules.h"

/* Texts as given on the command line; NULL: not asked for. Letters compare without case. */
struct rule_filter {
    const char *level; /* as given; least_level is what it says */
    const char *status;
    const char *product;
    const char *category;
    const char *service;
    const char *tag;  /* this one or below it: attack.t1059 is attack.t1059.001 too */
    const char *id;   /* or its beginning */
    const char *text; /* part of title or description */
    enum sigma_level least_level;
};

bool rule_filter_passes(const struct rule_filter *filter, const struct sigma_rule_info *rule);

#endif
