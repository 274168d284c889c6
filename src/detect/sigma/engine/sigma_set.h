/*
 * A compiled rule set. Each rule becomes one plan a way to its events (a variant): the tree with
 * the field names of that way resolved to slots and equal tests shared. Invariants:
 *
 *   1. rules are sorted by id, copies of some that filters narrowed for a correlation stand behind
 *      all (correlation/sigma_narrow.h); variants of one rule stand together.
 *   2. tests with the same slot and the same content exist once.
 *   3. a variant is in the triggers of some tests (one of which must pass for it to match), or in
 *      `always` when there are none such.
 *   4. after sigma_set_finish nothing changes.
 *   5. a plan is a tree in preorder: a node is followed by its children, each with all below it, so
 *      the next sibling of `p` is `p + p->size`.
 *
 * The documents' trees are not kept; a set that comes from the cache (cache/sigma_image.h) is the
 * same.
 */
#ifndef KONSEKI_SIGMA_SET_H
#define KONSEKI_SIGMA_SET_H

#include "sigma_logsource.h"
#include "sigma_resolve.h"
#include "sigma_slot.h"

struct sigma_plan {
    uint8_t op; /* enum sigma_node_op */
    uint8_t anchor;
    bool cased;
    uint32_t size;  /* nodes of this tree, this one included */
    uint32_t test;  /* TEST */
    uint32_t slot;  /* leaves */
    uint32_t other; /* FIELDREF */
};

struct sigma_variant {
    uint32_t rule;
    uint32_t gate;
    uint32_t plan;   /* of the root in `plans` */
    uint32_t wanted; /* a plan with a child for each field that correlations want; 0: none */
};

/* What was said of one rule when it was loaded. */
struct sigma_report {
    struct sigma_rule_info info;
    struct str why; /* empty: accepted */
};

struct sigma_rules {
    struct arena arena;
    struct arena trees; /* of documents and their variants, until sigma_set_forget_trees */
    struct sigma_mapping *mapping; /* owned; gates and trees point into it */
    struct sigma_report *reports;  /* in the order of the files; kept while loading only */
    size_t report_count;
    size_t report_capacity;
    struct sigma_document *documents; /* rules only */
    size_t rule_count;
    struct intern slot_names;
    struct sigma_slot *slots;
    size_t slot_count;
    size_t slot_capacity;
    struct intern test_keys;
    struct sigma_set_test *tests;
    size_t test_count;
    size_t test_capacity;
    size_t regex_count;
    struct sigma_plan *plans;
    size_t plan_count;
    size_t plan_capacity;
    struct sigma_variant *variants;
    size_t variant_count;
    size_t variant_capacity;
    struct intern gate_keys;
    struct sigma_gate *gates;
    size_t gate_count;
    size_t gate_capacity;
    struct sigma_ids always;
    bool uses_provider;
    bool is_for_reading;                    /* judged, not finished: no matcher can be made */
    bool is_from_cache;                     /* nothing was parsed or compiled for it */
    struct sigma_correlation *correlations; /* in the arena; inner ones before outer ones */
    size_t correlation_count;
    struct sigma_want *wants; /* by rule, in the arena; NULL: no correlations */
};

enum { SIGMA_KEYWORD_SLOT = 0 };

void sigma_set_init(struct sigma_rules *set);
void sigma_set_fini(struct sigma_rules *set);
/* Compiles set->documents[rule]. `everywhere`: also for events of any origin, with the rule's own
 * field names. BAD_INPUT if the rule is too large. */
enum status sigma_set_add(struct sigma_rules *set, uint32_t rule, bool everywhere,
                          struct err *err) MUST_CHECK;
/* After the last sigma_set_add: plans say what the trees said. They can be most of the memory. */
void sigma_set_forget_trees(struct sigma_rules *set);
enum status sigma_set_finish(struct sigma_rules *set, struct err *err) MUST_CHECK;
/* The slot that the event field of that name fills; INTERN_NONE if no rule uses it. */
uint32_t sigma_set_slot(const struct sigma_rules *set, struct str name);

#endif
