#include "sigma_group.h"

#include "mem.h"
#include "row_cells.h"
#include "sigma_text.h"

/* Folding makes no ASCII text shorter or longer, so a pattern needs the bytes of its literals. */
static uint16_t least_bytes(const struct sigma_test *test) {
    size_t bytes = 0;
    for (size_t i = 0; test->kind == SIGMA_TEST_PATTERN && i < test->text.len; i++) {
        bytes += !sigma_is_token(test->text.ptr[i]);
    }
    return bytes < SIGMA_NOT_TESTED ? (uint16_t)bytes : SIGMA_NOT_TESTED;
}

/* False for a pattern with a literal that stands in no number and no time. */
static bool may_pass_number(const struct sigma_test *test) {
    for (size_t i = 0; test->kind == SIGMA_TEST_PATTERN && i < test->text.len; i++) {
        char c = test->text.ptr[i];
        if (!sigma_is_token(c) && !row_cell_is_numeric(c)) {
            return false;
        }
    }
    return true;
}

static void want(struct sigma_group *g, uint32_t slot, uint16_t least) {
    g->least[slot] = least < g->least[slot] ? least : g->least[slot];
}

static void want_test(struct sigma_group *g, struct sigma_ids *keywords,
                      const struct sigma_rules *rules, const struct sigma_plan *plan) {
    const struct sigma_test *test = &rules->tests[plan->test].test;
    if (plan->slot == SIGMA_KEYWORD_SLOT) {
        sigma_ids_add(keywords, plan->test);
        g->numbers_are_keywords = g->numbers_are_keywords || may_pass_number(test);
    }
    want(g, plan->slot, least_bytes(test));
}

/* Tests of keywords are added to `keywords`. */
static void want_slots(struct sigma_group *g, struct sigma_ids *keywords,
                       const struct sigma_rules *rules, const struct sigma_plan *plan) {
    for (const struct sigma_plan *p = plan; p < plan + plan->size; p++) {
        if (p->op == SIGMA_NODE_TEST) {
            want_test(g, keywords, rules, p);
        } else if (p->op > SIGMA_NODE_NOT) {
            want(g, p->slot, SIGMA_NOT_TESTED);
            g->uses[p->slot] |= SIGMA_USES_PRESENCE;
        }
        if (p->op == SIGMA_NODE_FIELDREF) {
            want(g, p->other, SIGMA_NOT_TESTED);
            g->uses[p->slot] |= SIGMA_USES_TEXT;
            g->uses[p->other] |= SIGMA_USES_TEXT;
        }
    }
}

static bool is_on(const struct sigma_groups *groups, uint32_t variant) {
    return groups->is_off == NULL || !groups->is_off[variant];
}

static void want_variants(const struct sigma_groups *groups, struct sigma_group *g) {
    const struct sigma_rules *rules = groups->rules;
    struct sigma_ids keywords = {NULL, 0, 0};
    g->is_idle = true;
    for (uint32_t i = 0; i < rules->variant_count; i++) {
        const struct sigma_variant *v = &rules->variants[i];
        if (!g->passes[v->gate] || !is_on(groups, i)) {
            continue;
        }
        g->is_idle = false;
        want_slots(g, &keywords, rules, &rules->plans[v->plan]);
        if (v->wanted != 0) {
            want_slots(g, &keywords, rules, &rules->plans[v->wanted]);
        }
    }
    g->keywords = sigma_keywords_number(groups->few_keywords, &keywords);
    sigma_ids_fini(&keywords);
}

/* Values of parts are kept where a composed field is wanted. */
static void want_composed(const struct sigma_groups *groups, struct sigma_group *g) {
    for (uint32_t i = 0; i < groups->composer->count; i++) {
        const struct sigma_composer_field *field = &groups->composer->fields[i];
        if (g->least[field->slot] == SIGMA_NOT_WANTED) {
            continue;
        }
        sigma_ids_add(&g->composed, i);
        for (size_t p = 0; p < field->how->parts.count; p++) {
            want(g, field->part_slots[p], SIGMA_NOT_TESTED);
            g->uses[field->part_slots[p]] |= SIGMA_USES_TEXT;
        }
    }
}

static void fill_group(const struct sigma_groups *groups, struct sigma_group *g,
                       const struct sigma_origin *origin) {
    const struct sigma_rules *rules = groups->rules;
    memset(g, 0, sizeof *g);
    g->passes = mem_calloc(rules->gate_count + 1, 1);
    for (size_t i = 0; i < rules->gate_count; i++) {
        g->passes[i] = sigma_gate_passes(&rules->gates[i], origin);
        groups->gate_seen[i] = groups->gate_seen[i] || g->passes[i];
    }
    for (size_t i = 0; i < rules->always.count; i++) {
        uint32_t variant = rules->always.ids[i];
        if (g->passes[rules->variants[variant].gate] && is_on(groups, variant)) {
            sigma_ids_add(&g->always, variant);
        }
    }
    g->least = mem_calloc(rules->slot_count + 1, sizeof *g->least);
    memset(g->least, 0xff, rules->slot_count * sizeof *g->least); /* SIGMA_NOT_WANTED */
    g->uses = mem_calloc(rules->slot_count + 1, sizeof *g->uses);
    want_variants(groups, g);
    want_composed(groups, g);
}

static void forget(struct sigma_groups *groups) {
    for (size_t i = 0; i < groups->keys.count; i++) {
        mem_free(groups->items[i].passes);
        mem_free(groups->items[i].least);
        sigma_ids_fini(&groups->items[i].always);
        sigma_ids_fini(&groups->items[i].composed);
        mem_free(groups->items[i].uses);
    }
    intern_clear(&groups->keys);
    groups->forgotten++;
}

static void key_part(struct buf *key, struct str part) {
    buf_append(key, &part.len, sizeof part.len);
    buf_add(key, part);
}

uint64_t sigma_groups_find(struct sigma_groups *groups, const struct sigma_origin *origin) {
    struct buf *key = &groups->key;
    buf_clear(key);
    buf_putc(key, (char)origin->dataset);
    buf_putc(key, (char)(origin->is_untold ? 2 : origin->is_windows));
    key_part(key, origin->channel);
    key_part(key, origin->event_id);
    key_part(key, groups->rules->uses_provider ? origin->provider : STR_EMPTY);
    uint32_t id = intern_find(&groups->keys, buf_str(key));
    if (id == INTERN_NONE) {
        if (groups->keys.count >= SIGMA_GROUP_LIMIT) {
            forget(groups);
        }
        id = intern_add(&groups->keys, buf_str(key));
        MEM_GROW(groups->items, groups->capacity, (size_t)id + 1);
        fill_group(groups, &groups->items[id], origin);
    }
    return groups->forgotten * SIGMA_GROUP_LIMIT + id;
}

const struct sigma_group *sigma_groups_get(const struct sigma_groups *groups, uint64_t number) {
    bool is_known = number / SIGMA_GROUP_LIMIT == groups->forgotten &&
                    number % SIGMA_GROUP_LIMIT < groups->keys.count;
    return is_known ? &groups->items[number % SIGMA_GROUP_LIMIT] : NULL;
}

/* --- life --- */

void sigma_groups_init(struct sigma_groups *out, const struct sigma_rules *rules,
                       const struct sigma_composer *composer) {
    *out = (struct sigma_groups){.rules = rules, .composer = composer, .key = BUF_INIT};
    out->few_keywords = sigma_keywords_create(rules);
    out->gate_seen = mem_calloc(rules->gate_count + 1, sizeof *out->gate_seen);
}

void sigma_groups_select(struct sigma_groups *groups, const bool *is_off) {
    groups->is_off = is_off;
    forget(groups);
}

void sigma_groups_fini(struct sigma_groups *groups) {
    forget(groups);
    intern_fini(&groups->keys);
    sigma_keywords_destroy(&groups->few_keywords);
    mem_free(groups->gate_seen);
    mem_free(groups->items);
    buf_fini(&groups->key);
}
