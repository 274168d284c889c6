#include "sigma_resolve.h"

#include <stdlib.h>

#include "buf.h"
#include "i18n.h"
#include "mem.h"
#include "sigma_narrow.h"

enum state { STATE_OPEN, STATE_ACCEPTED, STATE_REFUSED };

/* One given correlation while it is resolved. Targets are indexes into `given` until the end. */
struct entry {
    struct sigma_correlation c;
    enum state state;
    uint32_t level; /* 1 + the highest level among the correlations it refers to */
    uint32_t final; /* index among the accepted */
};

struct work {
    struct sigma_resolve *r;
    struct entry *entries;
};

static void refuse(struct work *w, struct entry *e, struct str why) {
    e->state = STATE_REFUSED;
    w->r->tell(&e->c, why, w->r->ctx);
}

static void refuse_ref(struct work *w, struct entry *e, const struct sigma_correlation_ref *ref,
                       const char *what) {
    struct buf why = BUF_INIT;
    buf_printf(&why, _("line %zu: correlation: '%.*s' %s"), ref->line,
               STR_ARG(str_head(ref->text, 80)), what);
    refuse(w, e, buf_str(&why));
    buf_fini(&why);
}

/* --- names to targets --- */

/* Closeness of a document to a reference; the closest ones count. */
static int closeness(struct str text, const struct sigma_rule_info *info, struct str name,
                     struct str path) {
    bool here = str_eq(info->path, path);
    if (name.len > 0 && str_eq(name, text)) {
        return here ? 4 : 2;
    }
    return !str_eq_ci(info->id, text) ? 0 : here ? 3 : 1;
}

struct found {
    int best;
    size_t count;
    struct sigma_correlation_ref ref;
};

static void consider(struct found *f, int close, uint32_t target, bool is_correlation) {
    if (close == 0 || close < f->best) {
        return;
    }
    f->count = close > f->best ? 1 : f->count + 1;
    f->best = close;
    f->ref.target = target;
    f->ref.is_correlation = is_correlation;
}

static void find_target(struct work *w, struct entry *e, struct sigma_correlation_ref *ref) {
    const struct sigma_resolve *r = w->r;
    struct found f = {.ref = *ref};
    for (size_t i = 0; i < r->rule_count; i++) {
        const struct sigma_document *d = &r->rules[i];
        if (d->correlation != NULL && !e->c.is_from_legacy) {
            continue; /* `| count()`: its correlation, below, is what its name means */
        }
        consider(&f, closeness(ref->text, &d->info, d->name, e->c.info.path), (uint32_t)i, false);
    }
    for (size_t i = 0; i < r->given_count; i++) {
        const struct sigma_correlation *c = &w->entries[i].c;
        if (&w->entries[i] != e) {
            consider(&f, closeness(ref->text, &c->info, c->name, e->c.info.path), (uint32_t)i,
                     true);
        }
    }
    if (f.count == 0) { /* only then does it mean itself, which is told as a circle */
        consider(&f, closeness(ref->text, &e->c.info, e->c.name, e->c.info.path),
                 (uint32_t)(e - w->entries), true);
    }
    if (f.count == 1) {
        *ref = f.ref;
    } else if (e->state == STATE_OPEN) {
        refuse_ref(w, e, ref,
                   f.count == 0 ? _("is no id or name of an accepted rule")
                                : _("fits several rules: names and ids must be unique"));
    }
}

/* By id and by name: one event would be two of what `temporal` looks for. */
static void check_targets(struct work *w, struct entry *e) {
    bool is_temporal = e->c.type == SIGMA_TEMPORAL || e->c.type == SIGMA_TEMPORAL_ORDERED;
    for (size_t k = 1; k < e->c.ref_count && is_temporal && e->state == STATE_OPEN; k++) {
        for (size_t j = 0; j < k && e->state == STATE_OPEN; j++) {
            if (e->c.refs[j].is_correlation == e->c.refs[k].is_correlation &&
                e->c.refs[j].target == e->c.refs[k].target) {
                refuse_ref(w, e, &e->c.refs[k], _("is a rule that 'rules' names already"));
            }
        }
    }
}

static void find_targets(struct work *w) {
    for (size_t i = 0; i < w->r->given_count; i++) {
        struct entry *e = &w->entries[i];
        e->c.refs = arena_array(w->r->arena, e->c.ref_count, sizeof *e->c.refs);
        memcpy(e->c.refs, w->r->given[i]->refs, e->c.ref_count * sizeof *e->c.refs);
        for (size_t k = 0; k < e->c.ref_count; k++) {
            find_target(w, e, &e->c.refs[k]);
        }
        check_targets(w, e);
    }
}

/* Aliases name refs by their text, or by the other of id and name. */
static bool alias_fits(const struct work *w, const struct sigma_correlation_ref *ref,
                       struct str rule) {
    const struct sigma_rule_info *info =
        ref->is_correlation ? &w->entries[ref->target].c.info : &w->r->rules[ref->target].info;
    struct str name =
        ref->is_correlation ? w->entries[ref->target].c.name : w->r->rules[ref->target].name;
    return str_eq(ref->text, rule) || (name.len > 0 && str_eq(name, rule)) ||
           str_eq_ci(info->id, rule);
}

static void find_aliases(struct work *w, struct entry *e) {
    struct sigma_correlation_alias *copy =
        arena_array(w->r->arena, e->c.alias_count + 1, sizeof *copy);
    for (size_t i = 0; i < e->c.alias_count && e->state == STATE_OPEN; i++) {
        copy[i] = e->c.aliases[i];
        copy[i].ref = SIGMA_REF_NONE;
        for (uint32_t k = 0; k < e->c.ref_count && copy[i].ref == SIGMA_REF_NONE; k++) {
            copy[i].ref = alias_fits(w, &e->c.refs[k], copy[i].rule) ? k : SIGMA_REF_NONE;
        }
        if (copy[i].ref == SIGMA_REF_NONE) {
            struct buf why = BUF_INIT;
            buf_printf(
                &why, _("correlation: alias '%.*s' names the rule '%.*s', which is not in 'rules'"),
                STR_ARG(str_head(copy[i].name, 80)), STR_ARG(str_head(copy[i].rule, 80)));
            refuse(w, e, buf_str(&why));
            buf_fini(&why);
        }
    }
    e->c.aliases = copy;
}

/* --- levels --- */

/* True if something changed. */
static bool settle(struct work *w, struct entry *e) {
    uint32_t level = 0;
    for (size_t k = 0; k < e->c.ref_count; k++) {
        const struct sigma_correlation_ref *ref = &e->c.refs[k];
        const struct entry *inner = ref->is_correlation ? &w->entries[ref->target] : NULL;
        if (inner != NULL && inner->state == STATE_REFUSED) {
            refuse_ref(w, e, ref, _("was refused"));
            return true;
        }
        if (inner != NULL && inner->state == STATE_OPEN) {
            return false;
        }
        level = inner != NULL && inner->level > level ? inner->level : level;
    }
    e->level = level + 1;
    e->state = STATE_ACCEPTED;
    return true;
}

static void settle_all(struct work *w) {
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < w->r->given_count; i++) {
            struct entry *e = &w->entries[i];
            changed = (e->state == STATE_OPEN && settle(w, e)) || changed;
        }
    }
    for (size_t i = 0; i < w->r->given_count; i++) {
        if (w->entries[i].state == STATE_OPEN) {
            refuse(w, &w->entries[i],
                   str_from_c(_("correlation: it refers to itself, or to one that does")));
        }
    }
}

/* --- who prints --- */

static void quieten(struct work *w) {
    struct sigma_resolve *r = w->r;
    bool *loud = mem_calloc(r->rule_count + r->given_count + 1, sizeof *loud);
    for (size_t i = 0; i < r->given_count; i++) {
        const struct entry *e = &w->entries[i];
        for (size_t k = 0; k < e->c.ref_count; k++) {
            const struct sigma_correlation_ref *ref = &e->c.refs[k];
            if (ref->target == SIGMA_REF_NONE) {
                continue;
            }
            if (ref->is_correlation) {
                w->entries[ref->target].c.is_referred = true;
                loud[r->rule_count + ref->target] |= e->c.generate;
            } else { /* a refused correlation quiets its rules too: they were written for it */
                r->wants[ref->target].is_quiet = true;
                loud[ref->target] |= e->c.generate;
            }
        }
    }
    for (size_t i = 0; i < r->rule_count; i++) {
        r->wants[i].is_quiet = r->wants[i].is_quiet && !loud[i];
    }
    for (size_t i = 0; i < r->given_count; i++) {
        w->entries[i].c.is_quiet = w->entries[i].c.is_referred && !loud[r->rule_count + i];
    }
    mem_free(loud);
}

/* --- the accepted, in order --- */

static int compare_entries(const void *a, const void *b) {
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    if (x->level != y->level) {
        return x->level < y->level ? -1 : 1;
    }
    int order = str_compare(x->c.info.id, y->c.info.id);
    return order != 0 ? order : str_compare(x->c.info.path, y->c.info.path);
}

static void describe(struct work *w, struct sigma_correlation *c) {
    struct str *refers = arena_array(w->r->arena, c->ref_count, sizeof *refers);
    c->info.is_source_known = false;
    for (size_t k = 0; k < c->ref_count; k++) {
        const struct sigma_correlation_ref *ref = &c->refs[k];
        const struct sigma_rule_info *info = ref->is_correlation
                                                 ? &w->r->correlations[ref->target].info
                                                 : &w->r->rules[ref->target].info;
        refers[k] = info->id;
        c->info.is_source_known |= info->is_source_known;
    }
    c->info.correlation = sigma_correlation_type_name(c->type);
    c->info.refers_to = refers;
    c->info.refer_count = c->ref_count;
}

static void keep_accepted(struct work *w) {
    struct sigma_resolve *r = w->r;
    struct entry **order = mem_calloc(r->given_count + 1, sizeof *order);
    size_t count = 0;
    for (size_t i = 0; i < r->given_count; i++) {
        if (w->entries[i].state == STATE_ACCEPTED) {
            order[count++] = &w->entries[i];
        }
    }
    qsort(order, count, sizeof *order, compare_entries);
    r->correlations = arena_array(r->arena, count + 1, sizeof *r->correlations);
    r->correlation_count = count;
    for (size_t i = 0; i < count; i++) {
        order[i]->final = (uint32_t)i;
        for (size_t k = 0; k < order[i]->c.ref_count; k++) {
            struct sigma_correlation_ref *ref = &order[i]->c.refs[k];
            ref->target = ref->is_correlation ? w->entries[ref->target].final : ref->target;
        }
        r->correlations[i] = order[i]->c;
        describe(w, &r->correlations[i]);
        r->tell(&r->correlations[i], STR_EMPTY, r->ctx);
    }
    mem_free(order);
}

/* --- which fields are wanted --- */

struct name_list {
    struct str *names;
    size_t count;
    size_t capacity;
};

static void add_name(struct name_list *list, struct str name) {
    for (size_t i = 0; i < list->count; i++) {
        if (str_eq(list->names[i], name)) {
            return;
        }
    }
    MEM_GROW(list->names, list->capacity, list->count + 1);
    list->names[list->count++] = name;
}

struct str sigma_correlation_field(const struct sigma_correlation *c, uint32_t ref,
                                   struct str name) {
    for (size_t i = 0; i < c->alias_count; i++) {
        if (c->aliases[i].ref == ref && str_eq(c->aliases[i].name, name)) {
            return c->aliases[i].field;
        }
    }
    return name;
}

size_t sigma_want_find(const struct sigma_want *want, struct str field) {
    for (size_t i = 0; i < want->field_count; i++) {
        if (str_eq(want->fields[i], field)) {
            return i;
        }
    }
    return STR_NONE;
}

/* Outer ones first: what they want of an inner one goes on to its rules. */
static void collect_wants(struct sigma_resolve *r) {
    struct name_list *lists = mem_calloc(r->rule_count + r->correlation_count + 1, sizeof *lists);
    for (size_t i = r->correlation_count; i-- > 0;) {
        const struct sigma_correlation *c = &r->correlations[i];
        struct name_list *own = &lists[r->rule_count + i];
        for (size_t k = 0; k < c->group_count + c->field_count; k++) {
            add_name(own, k < c->group_count ? c->group_by[k] : c->fields[k - c->group_count]);
        }
        for (uint32_t ref = 0; ref < c->ref_count; ref++) {
            bool is_correlation = c->refs[ref].is_correlation;
            size_t to = c->refs[ref].target + (is_correlation ? r->rule_count : 0);
            if (!is_correlation) {
                r->wants[to].is_named = true;
            }
            for (size_t k = 0; k < own->count; k++) {
                add_name(&lists[to], sigma_correlation_field(c, ref, own->names[k]));
            }
        }
    }
    for (size_t i = 0; i < r->rule_count; i++) {
        struct str *fields = arena_array(r->arena, lists[i].count + 1, sizeof *fields);
        for (size_t k = 0; k < lists[i].count; k++) {
            fields[k] = lists[i].names[k];
        }
        r->wants[i].fields = fields;
        r->wants[i].field_count = (uint32_t)lists[i].count;
    }
    for (size_t i = 0; i < r->rule_count + r->correlation_count; i++) {
        mem_free(lists[i].names);
    }
    mem_free(lists);
}

enum status sigma_resolve(struct sigma_resolve *r, struct err *err) {
    struct work w = {.r = r, .entries = mem_calloc(r->given_count + 1, sizeof *w.entries)};
    r->wants = arena_array(r->arena, r->rule_count + 1, sizeof *r->wants);
    for (size_t i = 0; i < r->given_count; i++) {
        w.entries[i].c = *r->given[i];
    }
    find_targets(&w);
    for (size_t i = 0; i < r->given_count; i++) {
        if (w.entries[i].state == STATE_OPEN) {
            find_aliases(&w, &w.entries[i]);
        }
    }
    settle_all(&w);
    quieten(&w);
    keep_accepted(&w);
    mem_free(w.entries);
    if (!sigma_narrow(r)) {
        return err_set(err, STATUS_BAD_INPUT,
                       _("filters that name correlations: more than %d copies of rules"),
                       SIGMA_NARROW_LIMIT);
    }
    collect_wants(r);
    return STATUS_OK;
}
