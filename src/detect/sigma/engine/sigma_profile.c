#include "sigma_profile.h"

#include "mem.h"
#include "sigma_match.h"

struct sigma_profile *sigma_profile_create(const struct sigma_rules *set) {
    struct sigma_profile *p = mem_calloc(1, sizeof *p);
    p->rule_count = set->rule_count;
    p->slot_count = set->slot_count;
    p->regex_count = set->regex_count;
    p->rules = mem_calloc(p->rule_count + 1, sizeof *p->rules);
    p->slots = mem_calloc(p->slot_count + 1, sizeof *p->slots);
    p->regexes = mem_calloc(p->regex_count + 1, sizeof *p->regexes);
    for (size_t i = 0; i < p->rule_count; i++) {
        p->rules[i].rule = &set->documents[i].info;
    }
    for (size_t i = 0; i < p->slot_count; i++) {
        p->slots[i].name = set->slots[i].name;
    }
    for (size_t i = 0; i < set->test_count; i++) {
        const struct sigma_set_test *t = &set->tests[i];
        if (t->test.kind == SIGMA_TEST_REGEX && t->regex < p->regex_count) {
            p->regexes[t->regex].pattern = t->test.text;
            p->regexes[t->regex].field = set->slots[t->slot].name;
        }
    }
    return p;
}

void sigma_profile_destroy(struct sigma_profile **profile) {
    struct sigma_profile *p = *profile;
    if (p != NULL) {
        mem_free(p->rules);
        mem_free(p->slots);
        mem_free(p->regexes);
        mem_free(p);
        *profile = NULL;
    }
}

/* A rule that asks for the test; NULL if there is none. */
static const struct sigma_rule_info *rule_of_test(const struct sigma_rules *set, uint32_t test) {
    for (size_t v = 0; v < set->variant_count; v++) {
        const struct sigma_plan *plan = &set->plans[set->variants[v].plan];
        for (const struct sigma_plan *p = plan; p < plan + plan->size; p++) {
            if (p->op == SIGMA_NODE_TEST && p->test == test) {
                return &set->documents[set->variants[v].rule].info;
            }
        }
    }
    return NULL;
}

uint64_t sigma_matcher_limit_hits(const struct sigma_rule_info **worst,
                                  const struct sigma_matcher *matcher) {
    const struct sigma_rules *set = sigma_matcher_rules(matcher);
    const uint64_t *limits = sigma_scanner_limits(sigma_matcher_scanner(matcher));
    uint64_t all = 0, most = 0;
    *worst = NULL;
    for (uint32_t i = 0; i < set->test_count; i++) {
        const struct sigma_set_test *t = &set->tests[i];
        uint64_t hits = t->test.kind == SIGMA_TEST_REGEX ? limits[t->regex] : 0;
        all += hits;
        if (hits > most) {
            most = hits;
            *worst = rule_of_test(set, i);
        }
    }
    return all;
}
