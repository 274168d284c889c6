/*
 * Every rule that a load reported, accepted or refused, kept with its descriptions: what `rules
 * test`, `list`, `diff` and `tuning` look things up in. Texts are copied. Threads: one.
 */
#ifndef KONSEKI_KNOWN_RULES_H
#define KONSEKI_KNOWN_RULES_H

#include "arena.h"
#include "sigma.h"

/* Can the rule match events that this program reads? Fully told with sigma_load_options.judge only.
 */
enum known_rule_runs {
    RULE_RUNS,
    RULE_RUNS_DEGRADED,  /* such events never carry some of its fields */
    RULE_WITHOUT_SOURCE, /* no event is of its log source */
    RULE_WITHOUT_FIELDS, /* no event carries the fields that it must have */
    RULE_REFUSED
};

struct known_rule {
    struct sigma_rule_info info;
    struct str why; /* not empty: refused */
    enum known_rule_runs runs;
    struct str needs; /* what must be logged for it; may be empty */
    uint64_t cases;   /* the caller's: test cases that name it */
};

/* All zero is an empty list. */
struct known_rules {
    struct arena arena;
    struct known_rule *items;
    size_t count;
    size_t capacity;
};

/* A sigma_load_fn whose ctx is the struct known_rules. */
sigma_load_fn known_rules_add;
void known_rules_fini(struct known_rules *known);
/* yes, degraded, no source, no field, refused */
struct str known_rule_runs_name(enum known_rule_runs runs);

#endif
