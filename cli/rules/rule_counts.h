/*
 * How many rules there are of each level, status, product ...: `rules list --count-by`. Threads:
 * one.
 */
#ifndef KONSEKI_RULE_COUNTS_H
#define KONSEKI_RULE_COUNTS_H

#include "intern.h"
#include "output.h"
#include "sigma.h"

enum rule_count_key { COUNT_LEVEL, COUNT_STATUS, COUNT_PRODUCT, COUNT_CATEGORY, COUNT_TACTIC };

/* All zero (but the key) is empty. */
struct rule_counts {
    enum rule_count_key key;
    struct intern names;
    size_t *counts; /* by id of the name */
    size_t capacity;
};

/* level, status, product, category, tactic; false for other words. */
bool rule_counts_parse(enum rule_count_key *out, const char *word);
/* A rule counts once for each of its tactics. */
void rule_counts_add(struct rule_counts *counts, const struct sigma_rule_info *rule);
/* The most frequent first. False if it could not be written. */
bool rule_counts_print(const struct rule_counts *counts, enum output_format format);
void rule_counts_fini(struct rule_counts *counts);

#endif
