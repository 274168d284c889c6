#include "sigma_filter.h"

#include "mem.h"
#include "sigma_logsource.h"

void sigma_filters_add(struct sigma_filters *filters, const struct sigma_document *filter) {
    MEM_GROW(filters->rows, filters->capacity, filters->count + 1);
    filters->rows[filters->count++] = (struct sigma_filter){.document = filter};
}

void sigma_filters_fini(struct sigma_filters *filters) {
    mem_free(filters->rows);
    *filters = (struct sigma_filters){.rows = NULL};
}

static bool is_target(const struct sigma_document *filter, struct str id, struct str name) {
    for (size_t i = 0; i < filter->target_count; i++) {
        struct str target = filter->targets[i];
        if (str_eq_ci(target, id) || (name.len > 0 && str_eq(target, name))) {
            return true;
        }
    }
    return false;
}

static bool is_for_any(const struct sigma_document *filter) {
    return is_target(filter, STR("any"), STR_EMPTY);
}

static struct sigma_node *both(struct arena *arena, struct sigma_node *a, struct sigma_node *b) {
    struct sigma_node *node = sigma_node_inner(arena, SIGMA_NODE_AND, 2);
    node->children[0] = a;
    node->children[1] = b;
    return node;
}

/* The tree with the filter, if the log sources fit. */
static struct sigma_node *filtered(struct sigma_filter *filter, struct arena *arena,
                                   const struct sigma_document *rule, struct sigma_node *tree) {
    const struct sigma_document *d = filter->document;
    if (!sigma_logsource_has(&d->logsource, &rule->logsource)) {
        return tree;
    }
    filter->acts = true;
    return both(arena, tree, d->root);
}

void sigma_filters_apply(struct sigma_filters *filters, struct arena *arena,
                         struct sigma_document *rules, size_t rule_count) {
    for (size_t f = 0; f < filters->count; f++) {
        const struct sigma_document *filter = filters->rows[f].document;
        bool any = is_for_any(filter);
        for (size_t r = 0; r < rule_count; r++) {
            if (any || is_target(filter, rules[r].info.id, rules[r].name)) {
                rules[r].root = filtered(&filters->rows[f], arena, &rules[r], rules[r].root);
            }
        }
    }
}

bool sigma_filters_name(const struct sigma_filters *filters,
                        const struct sigma_correlation *correlation) {
    for (size_t f = 0; f < filters->count; f++) {
        if (is_target(filters->rows[f].document, correlation->info.id, correlation->name)) {
            return true;
        }
    }
    return false;
}

struct sigma_node *sigma_filters_narrow(struct sigma_filters *filters, struct arena *arena,
                                        const struct sigma_correlation *correlation,
                                        const struct sigma_document *rule) {
    struct sigma_node *tree = rule->root;
    for (size_t f = 0; f < filters->count; f++) {
        const struct sigma_document *filter = filters->rows[f].document;
        if (is_target(filter, correlation->info.id, correlation->name)) {
            tree = filtered(&filters->rows[f], arena, rule, tree);
        }
    }
    return tree;
}
