/*
 * The rules of --rules for triage: loaded, and what `coverage` says of each.
 * Ownership: owns the rules and copies of their texts.
 */
#ifndef KONSEKI_TRIAGE_RULES_H
#define KONSEKI_TRIAGE_RULES_H

#include "arena.h"
#include "rule_options.h"
#include "triage.h"

/* All zero: no rules. */
struct triage_rules {
    struct sigma_rules *rules; /* NULL: none were asked for */
    struct arena arena;
    struct triage_rule *list; /* those that were accepted */
    size_t count;
    size_t capacity;
    size_t refused;
};

/* False with a message: a path cannot be read. */
bool triage_rules_load(struct triage_rules *rules, const struct rule_options *options);
void triage_rules_fini(struct triage_rules *rules);

#endif
