/*
 * Filters (specification 2.1, "Sigma Filters"): their condition is ANDed to the rules that they
 * name by id or name (or `any`) and whose log source has all that theirs gives. A correlation has
 * no log source: a filter that names one is ANDed to the rules it is about, for it alone.
 *
 * Ownership: documents are borrowed, trees are made in the arena that is given. Threads: one.
 */
#ifndef KONSEKI_SIGMA_FILTER_H
#define KONSEKI_SIGMA_FILTER_H

#include "sigma_correlation.h"
#include "sigma_document.h"

struct sigma_filter {
    const struct sigma_document *document;
    bool acts; /* some rule is another one because of it */
};

struct sigma_filters {
    struct sigma_filter *rows; /* in the order of the files */
    size_t count;
    size_t capacity;
};

void sigma_filters_add(struct sigma_filters *filters, const struct sigma_document *filter);
void sigma_filters_fini(struct sigma_filters *filters);
/* Puts the conditions into the rules that are named. */
void sigma_filters_apply(struct sigma_filters *filters, struct arena *arena,
                         struct sigma_document *rules, size_t rule_count);
/* True if one of them names the correlation itself ("any" means rules). */
bool sigma_filters_name(const struct sigma_filters *filters,
                        const struct sigma_correlation *correlation);
/* What those that name the correlation leave of the rule: its own tree if none fits. */
struct sigma_node *sigma_filters_narrow(struct sigma_filters *filters, struct arena *arena,
                                        const struct sigma_correlation *correlation,
                                        const struct sigma_document *rule);

#endif
