/*
 * Running one test case of a rule (sigma_case.h): its events go through the rules, and the hits of
 * the rule under test are counted. Threads: one.
 */
#ifndef KONSEKI_CASE_RUN_H
#define KONSEKI_CASE_RUN_H

#include "buf.h"
#include "known_rules.h"
#include "sigma_case.h"

struct case_runner {
    const struct sigma_load_options *load; /* how `rules` were loaded */
    const struct sigma_rules *rules;
    struct known_rules *known;
    struct sigma_rules *everywhere; /* the same rules on every event: loaded when first needed */
};

/* All zero is an empty result; `why` is kept from case to case. */
struct case_result {
    bool has_passed;
    uint64_t hits;
    struct buf why;                /* not empty: what kept the case from running */
    const struct known_rule *rule; /* the first one under test; NULL if there is none */
};

void case_run(struct case_result *out, struct case_runner *runner, const struct sigma_case *c);
void case_runner_fini(struct case_runner *runner);

#endif
