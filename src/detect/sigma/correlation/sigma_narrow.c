#include "sigma_narrow.h"

#include "mem.h"
#include "sigma_filter.h"

/* Correlations move to `out`, copies before the one that they were made for. */
struct work {
    struct sigma_resolve *r;
    struct sigma_correlation *out;
    size_t count;
    size_t capacity;
    uint32_t *moved;      /* by place among the given ones: place in `out` */
    size_t rule_capacity; /* of r->rules */
    size_t copies;
    /* for the correlation at hand: */
    const struct sigma_correlation *outer;
    uint32_t *rule_copies; /* by rule; SIGMA_REF_NONE: none yet */
    size_t rule_count;     /* of rule_copies */
    bool *is_inner;        /* by place in `out` */
    uint32_t *copied;      /* likewise: place of the copy */
};

static uint32_t append(struct work *w, const struct sigma_correlation *c) {
    MEM_GROW(w->out, w->capacity, w->count + 1);
    w->out[w->count] = *c;
    return (uint32_t)w->count++;
}

/* --- rules --- */

static uint32_t add_rule(struct work *w, const struct sigma_document *rule,
                         struct sigma_node *root) {
    struct sigma_resolve *r = w->r;
    struct sigma_document copy = *rule;
    copy.root = root;
    copy.info.is_made = true;
    copy.info.id = arena_str(r->arena, rule->info.id); /* the cache tells infos by place */
    MEM_GROW(r->rules, w->rule_capacity, r->rule_count + 1);
    r->rules[r->rule_count] = copy;
    w->copies++;
    return (uint32_t)r->rule_count++;
}

static uint32_t narrow_rule(struct work *w, uint32_t rule) {
    struct sigma_resolve *r = w->r;
    if (rule < w->rule_count && w->rule_copies[rule] != SIGMA_REF_NONE) {
        return w->rule_copies[rule];
    }
    const struct sigma_document *document = &r->rules[rule];
    struct sigma_node *root = sigma_filters_narrow(r->filters, r->arena, w->outer, document);
    uint32_t to = root == document->root ? rule : add_rule(w, document, root);
    w->rule_copies[rule] = to;
    return to;
}

/* --- correlations --- */

static void narrow_refs(struct work *w, struct sigma_correlation *c) {
    struct sigma_correlation_ref *refs = arena_array(w->r->arena, c->ref_count, sizeof *refs);
    for (size_t k = 0; k < c->ref_count; k++) {
        refs[k] = c->refs[k];
        refs[k].target =
            refs[k].is_correlation ? w->copied[refs[k].target] : narrow_rule(w, refs[k].target);
    }
    c->refs = refs;
}

static void mark_inner(struct work *w, const struct sigma_correlation *c) {
    for (size_t k = 0; k < c->ref_count; k++) {
        if (c->refs[k].is_correlation) {
            w->is_inner[c->refs[k].target] = true;
        }
    }
}

static void copy_inner(struct work *w) {
    size_t before = w->count;
    for (size_t i = before; i-- > 0;) {
        if (w->is_inner[i]) {
            mark_inner(w, &w->out[i]);
        }
    }
    for (size_t i = 0; i < before && w->copies < SIGMA_NARROW_LIMIT; i++) {
        if (w->is_inner[i]) {
            struct sigma_correlation copy = w->out[i];
            copy.is_quiet = true;
            copy.info.is_made = true;
            narrow_refs(w, &copy);
            w->copied[i] = append(w, &copy);
            w->copies++;
        }
    }
}

static void narrow_correlation(struct work *w, struct sigma_correlation *c) {
    w->outer = c;
    w->rule_count = w->r->rule_count;
    w->rule_copies = mem_calloc(w->rule_count + 1, sizeof *w->rule_copies);
    for (size_t i = 0; i < w->rule_count; i++) {
        w->rule_copies[i] = SIGMA_REF_NONE;
    }
    w->is_inner = mem_calloc(w->count + 1, sizeof *w->is_inner);
    w->copied = mem_calloc(w->count + 1, sizeof *w->copied);
    mark_inner(w, c);
    copy_inner(w);
    if (w->copies < SIGMA_NARROW_LIMIT) {
        narrow_refs(w, c);
    }
    mem_free(w->rule_copies);
    mem_free(w->is_inner);
    mem_free(w->copied);
}

static void move(struct work *w, size_t i) {
    struct sigma_correlation c = w->r->correlations[i];
    for (size_t k = 0; k < c.ref_count; k++) {
        if (c.refs[k].is_correlation) {
            c.refs[k].target = w->moved[c.refs[k].target];
        }
    }
    /* the rule of an older `| count()` has the same id and is filtered already */
    if (!c.is_from_legacy && sigma_filters_name(w->r->filters, &c)) {
        narrow_correlation(w, &c);
    }
    w->moved[i] = append(w, &c);
}

/* --- the result --- */

static void keep(struct work *w, size_t rule_count) {
    struct sigma_resolve *r = w->r;
    r->correlations = arena_array(r->arena, w->count + 1, sizeof *r->correlations);
    memcpy(r->correlations, w->out, w->count * sizeof *w->out);
    r->correlation_count = w->count;
    struct sigma_want *wants = arena_array(r->arena, r->rule_count + 1, sizeof *wants);
    memcpy(wants, r->wants, rule_count * sizeof *wants);
    for (size_t i = rule_count; i < r->rule_count; i++) {
        wants[i].is_quiet = true;
    }
    r->wants = wants;
}

bool sigma_narrow(struct sigma_resolve *r) {
    struct work w = {.r = r, .rule_capacity = r->rule_count};
    size_t rule_count = r->rule_count;
    bool needed = false;
    for (size_t i = 0; i < r->correlation_count; i++) {
        needed = needed || sigma_filters_name(r->filters, &r->correlations[i]);
    }
    if (!needed) {
        return true;
    }
    w.moved = mem_calloc(r->correlation_count + 1, sizeof *w.moved);
    for (size_t i = 0; i < r->correlation_count && w.copies < SIGMA_NARROW_LIMIT; i++) {
        move(&w, i);
    }
    if (w.copies < SIGMA_NARROW_LIMIT) {
        keep(&w, rule_count);
    }
    mem_free(w.out);
    mem_free(w.moved);
    return w.copies < SIGMA_NARROW_LIMIT;
}
