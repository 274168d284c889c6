#include "sigma_match.h"

#include <stdlib.h>

#include "check.h"
#include "clock.h"
#include "hash.h"
#include "mem.h"
#include "sigma_composer.h"
#include "sigma_group.h"
#include "sigma_memo.h"
#include "sigma_text.h"

enum { PAIR_LIMIT = 100000 };

struct slot_value {
    struct str text;
    uint32_t field;
    uint32_t next; /* of the same slot, + 1; 0 ends */
    bool is_null;
};

/* Epoch marks instead of clearing: what carries the current epoch is of this event. */
struct sigma_matcher {
    const struct sigma_rules *rules;
    struct sigma_scanner *scanner;
    struct sigma_memo *memo;
    struct sigma_composer composer;
    struct sigma_groups groups;
    struct sigma_binding *binding;
    struct sigma_profile *profile; /* NULL: nothing is counted */
    bool *is_off;                  /* by variant: not asked for; NULL: all are */
    uint32_t epoch;
    uint32_t *test_epoch;
    uint32_t *test_field;
    uint32_t *slot_epoch;
    uint32_t *slot_first; /* index of the first value + 1; 0: none */
    uint32_t *variant_epoch;
    struct slot_value *values;
    size_t value_count;
    size_t value_capacity;
    struct sigma_ids candidates;
    struct sigma_ids hit_fields;
    struct sigma_ids hit_rules;
    const struct sigma_group *group; /* of this event */
    uint64_t group_number;
    struct buf scratch;
    struct buf other;
    sigma_feed_fn *feed; /* NULL: nobody asks */
    void *feed_ctx;
    struct str *fed;
    size_t fed_capacity;
};

struct sigma_matcher *sigma_matcher_create(const struct sigma_rules *rules) {
    CHECK(!rules->is_for_reading);
    struct sigma_matcher *m = mem_calloc(1, sizeof *m);
    m->rules = rules;
    m->scanner =
        sigma_scanner_create(rules->slots, rules->slot_count, rules->tests, rules->regex_count);
    m->memo = sigma_memo_create();
    sigma_composer_init(&m->composer, rules);
    sigma_groups_init(&m->groups, rules, &m->composer);
    m->test_epoch = mem_calloc(rules->test_count + 1, sizeof *m->test_epoch);
    m->test_field = mem_calloc(rules->test_count + 1, sizeof *m->test_field);
    m->slot_epoch = mem_calloc(rules->slot_count + 1, sizeof *m->slot_epoch);
    m->slot_first = mem_calloc(rules->slot_count + 1, sizeof *m->slot_first);
    m->variant_epoch = mem_calloc(rules->variant_count + 1, sizeof *m->variant_epoch);
    return m;
}

void sigma_matcher_destroy(struct sigma_matcher **matcher) {
    struct sigma_matcher *m = *matcher;
    if (m == NULL) {
        return;
    }
    sigma_groups_fini(&m->groups);
    sigma_composer_fini(&m->composer);
    sigma_scanner_destroy(&m->scanner);
    sigma_memo_destroy(&m->memo);
    sigma_binding_destroy(&m->binding);
    sigma_profile_destroy(&m->profile);
    mem_free(m->is_off);
    sigma_ids_fini(&m->candidates);
    sigma_ids_fini(&m->hit_fields);
    sigma_ids_fini(&m->hit_rules);
    buf_fini(&m->scratch);
    buf_fini(&m->other);
    mem_free(m->fed);
    mem_free(m->test_epoch);
    mem_free(m->test_field);
    mem_free(m->slot_epoch);
    mem_free(m->slot_first);
    mem_free(m->variant_epoch);
    mem_free(m->values);
    mem_free(m);
    *matcher = NULL;
}

const struct sigma_rules *sigma_matcher_rules(const struct sigma_matcher *m) {
    return m->rules;
}

const struct sigma_scanner *sigma_matcher_scanner(const struct sigma_matcher *m) {
    return m->scanner;
}

void sigma_matcher_add_limits(struct sigma_matcher *to, const struct sigma_matcher *from) {
    CHECK(to->rules == from->rules);
    sigma_scanner_add_limits(to->scanner, from->scanner);
}

struct sigma_profile *sigma_matcher_profile(struct sigma_matcher *m) {
    if (m->profile == NULL) {
        m->profile = sigma_profile_create(m->rules);
        sigma_scanner_profile(m->scanner, m->profile);
    }
    return m->profile;
}

struct sigma_binding **sigma_matcher_binding(struct sigma_matcher *m) {
    return &m->binding;
}

void sigma_matcher_select(struct sigma_matcher *m, sigma_select_fn *select, const void *ctx) {
    const struct sigma_rules *rules = m->rules;
    bool is_any_off = false;
    mem_free(m->is_off);
    m->is_off = mem_calloc(rules->variant_count + 1, sizeof *m->is_off);
    for (size_t i = 0; i < rules->variant_count; i++) {
        uint32_t rule = rules->variants[i].rule;
        bool is_fed = rules->wants != NULL && rules->wants[rule].is_named;
        m->is_off[i] = !is_fed && !select(&rules->documents[rule].info, ctx);
        is_any_off = is_any_off || m->is_off[i];
    }
    if (!is_any_off) {
        mem_free(m->is_off);
        m->is_off = NULL;
    }
    sigma_groups_select(&m->groups, m->is_off);
}

bool sigma_matcher_saw_source(const struct sigma_matcher *m, size_t rule) {
    bool is_rule = false;
    for (size_t i = 0; i < m->rules->variant_count; i++) {
        const struct sigma_variant *v = &m->rules->variants[i];
        is_rule = is_rule || v->rule == rule;
        if (v->rule == rule && m->groups.gate_seen[v->gate]) {
            return true;
        }
    }
    return !is_rule;
}

/* --- the event --- */

static void begin(struct sigma_matcher *m) {
    if (++m->epoch == 0) { /* once in 4 thousand million events */
        m->epoch = 1;
        memset(m->test_epoch, 0, m->rules->test_count * sizeof *m->test_epoch);
        memset(m->slot_epoch, 0, m->rules->slot_count * sizeof *m->slot_epoch);
        memset(m->variant_epoch, 0, m->rules->variant_count * sizeof *m->variant_epoch);
    }
    m->value_count = 0;
    m->candidates.count = 0;
}

static void take_group(struct sigma_matcher *m, uint64_t number) {
    m->group_number = number;
    m->group = sigma_groups_get(&m->groups, number);
}

void sigma_match_begin(struct sigma_matcher *m, const struct sigma_origin *origin) {
    begin(m);
    take_group(m, sigma_groups_find(&m->groups, origin));
}

uint64_t sigma_match_group(const struct sigma_matcher *m) {
    return m->group_number;
}

bool sigma_match_begin_in(struct sigma_matcher *m, uint64_t group) {
    if (sigma_groups_get(&m->groups, group) == NULL) {
        return false;
    }
    begin(m);
    take_group(m, group);
    return true;
}

bool sigma_match_wants(const struct sigma_matcher *m, uint32_t slot) {
    return m->group->least[slot] != SIGMA_NOT_WANTED;
}

const struct sigma_group *sigma_match_group_of(const struct sigma_matcher *m) {
    return m->group;
}

static bool is_on(const struct sigma_matcher *m, uint32_t variant) {
    return m->is_off == NULL || !m->is_off[variant];
}

static void add_candidate(struct sigma_matcher *m, uint32_t variant) {
    if (m->variant_epoch[variant] != m->epoch &&
        m->group->passes[m->rules->variants[variant].gate] && is_on(m, variant)) {
        m->variant_epoch[variant] = m->epoch;
        sigma_ids_add(&m->candidates, variant);
    }
}

static void test_passed(struct sigma_matcher *m, uint32_t test, uint32_t field) {
    if (m->test_epoch[test] == m->epoch) {
        return;
    }
    m->test_epoch[test] = m->epoch;
    m->test_field[test] = field;
    const struct sigma_ids *triggers = &m->rules->tests[test].triggers;
    for (size_t i = 0; i < triggers->count; i++) {
        add_candidate(m, triggers->ids[i]);
    }
}

static void keep_value(struct sigma_matcher *m, uint32_t slot, struct slot_value value) {
    value.next = m->slot_epoch[slot] == m->epoch ? m->slot_first[slot] : 0;
    MEM_GROW(m->values, m->value_capacity, m->value_count + 1);
    m->values[m->value_count++] = value;
    m->slot_epoch[slot] = m->epoch;
    m->slot_first[slot] = (uint32_t)m->value_count;
}

static void count_scan(struct sigma_matcher *m, uint32_t slot, struct str text, int64_t from_ns) {
    struct sigma_slot_cost *cost = &m->profile->slots[slot];
    cost->scanned++;
    cost->bytes += text.len;
    cost->time_ns += (uint64_t)(clock_mono_ns() - from_ns);
}

/* The slot that is scanned for values of `slot`; narrowed ones are numbered behind the others. */
static const struct sigma_slot *asked_slot(struct sigma_matcher *m, uint32_t slot, uint32_t *key) {
    *key = slot;
    if (slot != SIGMA_KEYWORD_SLOT || m->group->keywords == SIGMA_KEYWORDS_ALL) {
        return &m->rules->slots[slot];
    }
    const struct sigma_slot *few =
        sigma_keywords_slot(m->groups.few_keywords, m->group->keywords, m->scanner);
    *key = few != NULL ? (uint32_t)m->rules->slot_count + m->group->keywords : slot;
    return few != NULL ? few : &m->rules->slots[slot];
}

uint32_t sigma_match_slot_key(struct sigma_matcher *m, uint32_t slot) {
    uint32_t key;
    (void)asked_slot(m, slot, &key);
    return key;
}

/* From the memory of values, or found out. */
static const struct sigma_ids *find_tests(struct sigma_matcher *m, uint32_t slot, struct str text,
                                          uint32_t field) {
    if (m->profile != NULL) {
        m->profile->slots[slot].values++;
    }
    uint32_t key;
    const struct sigma_slot *asked = asked_slot(m, slot, &key);
    struct sigma_ids *passed = sigma_memo_find(m->memo, key, field, text);
    if (passed != NULL) {
        return passed;
    }
    int64_t from_ns = m->profile != NULL ? clock_mono_ns() : 0;
    passed = sigma_memo_begin(m->memo);
    sigma_scan_value(m->scanner, asked, text, passed);
    sigma_memo_keep(m->memo, key, field, text);
    if (m->profile != NULL) {
        count_scan(m, slot, text, from_ns);
    }
    return passed;
}

const struct sigma_ids *sigma_match_tests(struct sigma_matcher *m, uint32_t slot, struct str text) {
    uint32_t key;
    const struct sigma_slot *asked = asked_slot(m, slot, &key);
    struct sigma_ids *passed = sigma_memo_begin(m->memo);
    sigma_scan_value(m->scanner, asked, text, passed);
    return passed;
}

static void tests_passed(struct sigma_matcher *m, const struct sigma_ids *tests, uint32_t field) {
    for (size_t i = 0; i < tests->count; i++) {
        test_passed(m, tests->ids[i], field);
    }
}

void sigma_match_known(struct sigma_matcher *m, uint32_t slot, const struct sigma_ids *tests,
                       uint32_t field) {
    tests_passed(m, tests, field);
    if (m->group->uses[slot] != 0) {
        keep_value(m, slot, (struct slot_value){.text = STR_EMPTY, .field = field});
    }
}

void sigma_match_value(struct sigma_matcher *m, uint32_t slot, struct str text, uint32_t field) {
    uint16_t least = m->group->least[slot];
    if (least == SIGMA_NOT_WANTED) {
        return;
    }
    if (text.len >= least || !sigma_is_ascii(text)) {
        tests_passed(m, find_tests(m, slot, text, field), field);
    }
    if (m->group->uses[slot] != 0) { /* else nobody asks for the value itself */
        keep_value(m, slot, (struct slot_value){.text = text, .field = field});
    }
}

void sigma_match_null(struct sigma_matcher *m, uint32_t slot) {
    keep_value(m, slot, (struct slot_value){.is_null = true, .field = FIELD_NONE});
}

/* --- values of an event --- */

static const struct slot_value *first_value(const struct sigma_matcher *m, uint32_t slot) {
    return m->slot_epoch[slot] == m->epoch ? &m->values[m->slot_first[slot] - 1] : NULL;
}

static const struct slot_value *next_value(const struct sigma_matcher *m,
                                           const struct slot_value *v) {
    return v->next == 0 ? NULL : &m->values[v->next - 1];
}

/* The list runs from the last value to the first. NULL: missing or null. */
static const struct slot_value *earliest(const struct sigma_matcher *m, uint32_t slot) {
    const struct slot_value *found = NULL;
    for (const struct slot_value *v = first_value(m, slot); v != NULL; v = next_value(m, v)) {
        found = v->is_null ? found : v;
    }
    return found;
}

/* --- composed fields --- */

struct part_source {
    const struct sigma_matcher *matcher;
    const struct sigma_composer_field *field;
};

static bool get_part(struct str *out, uint32_t part, const void *ctx) {
    const struct part_source *from = ctx;
    const struct slot_value *v = earliest(from->matcher, from->field->part_slots[part]);
    if (v != NULL) {
        *out = v->text;
    }
    return v != NULL;
}

static void compose(struct sigma_matcher *m, struct sigma_composer_field *field) {
    const struct part_source from = {m, field};
    const struct sigma_text *text =
        sigma_composed_write(&field->text, field->how, get_part, &from, &m->composer.scratch);
    if (text != NULL) {
        uint32_t slot = field->part_slots[sigma_text_part(text)];
        const struct slot_value *first = earliest(m, slot);
        sigma_match_value(m, field->slot, buf_str(&field->text),
                          first != NULL ? first->field : FIELD_NONE);
    }
}

/* --- plans --- */

/* Missing, or one of its values is null. */
static bool is_null(const struct sigma_matcher *m, uint32_t slot) {
    const struct slot_value *v = first_value(m, slot);
    if (v == NULL) {
        return true;
    }
    for (; v != NULL; v = next_value(m, v)) {
        if (v->is_null) {
            return true;
        }
    }
    return false;
}

static bool texts_match(struct sigma_matcher *m, const struct sigma_plan *plan, struct str a,
                        struct str b) {
    if (!plan->cased) {
        buf_clear(&m->scratch);
        buf_clear(&m->other);
        sigma_fold(&m->scratch, a);
        sigma_fold(&m->other, b);
        a = buf_str(&m->scratch);
        b = buf_str(&m->other);
    }
    switch (plan->anchor) {
    case SIGMA_START:
        return str_starts(a, b);
    case SIGMA_END:
        return str_ends(a, b);
    case SIGMA_INSIDE:
        return str_find(a, b) != STR_NONE;
    default:
        return str_eq(a, b);
    }
}

static bool fields_match(struct sigma_matcher *m, const struct sigma_plan *plan) {
    size_t pairs = 0; /* lists of an event are its sender's: bounded */
    for (const struct slot_value *a = first_value(m, plan->slot); a != NULL; a = next_value(m, a)) {
        const struct slot_value *b = a->is_null ? NULL : first_value(m, plan->other);
        for (; b != NULL && pairs++ < PAIR_LIMIT; b = next_value(m, b)) {
            if (!b->is_null && texts_match(m, plan, a->text, b->text)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_true(struct sigma_matcher *m, const struct sigma_plan *plan) {
    switch (plan->op) {
    case SIGMA_NODE_TEST:
        return m->test_epoch[plan->test] == m->epoch;
    case SIGMA_NODE_NOT:
        return !is_true(m, plan + 1);
    case SIGMA_NODE_NULL:
        return is_null(m, plan->slot);
    case SIGMA_NODE_EXISTS:
        return first_value(m, plan->slot) != NULL;
    case SIGMA_NODE_FIELDREF:
        return fields_match(m, plan);
    default:
        break;
    }
    bool wanted = plan->op == SIGMA_NODE_OR;
    const struct sigma_plan *end = plan + plan->size;
    for (const struct sigma_plan *p = plan + 1; p < end; p += p->size) {
        if (is_true(m, p) == wanted) {
            return wanted;
        }
    }
    return !wanted;
}

/* --- hits --- */

static void add_field(struct sigma_matcher *m, uint32_t field) {
    for (size_t i = 0; i < m->hit_fields.count; i++) {
        if (m->hit_fields.ids[i] == field) {
            return;
        }
    }
    if (field != FIELD_NONE) {
        sigma_ids_add(&m->hit_fields, field);
    }
}

/* Fields of the true leaves that are not negated. */
static void collect_fields(struct sigma_matcher *m, const struct sigma_plan *plan) {
    if (plan->op == SIGMA_NODE_TEST && m->test_epoch[plan->test] == m->epoch) {
        add_field(m, m->test_field[plan->test]);
    } else if (plan->op == SIGMA_NODE_EXISTS || plan->op == SIGMA_NODE_FIELDREF) {
        const struct slot_value *v = first_value(m, plan->slot);
        if (v != NULL) {
            add_field(m, v->field);
        }
    } else if (plan->op == SIGMA_NODE_AND || plan->op == SIGMA_NODE_OR) {
        const struct sigma_plan *end = plan + plan->size;
        for (const struct sigma_plan *p = plan + 1; p < end; p += p->size) {
            if (is_true(m, p)) {
                collect_fields(m, p);
            }
        }
    }
}

static int compare_ids(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool variant_matches(struct sigma_matcher *m, const struct sigma_variant *v) {
    if (m->profile == NULL) {
        return is_true(m, &m->rules->plans[v->plan]);
    }
    struct sigma_rule_cost *cost = &m->profile->rules[v->rule];
    int64_t from_ns = clock_mono_ns();
    bool matches = is_true(m, &m->rules->plans[v->plan]);
    cost->time_ns += (uint64_t)(clock_mono_ns() - from_ns);
    cost->candidates++;
    return matches;
}

/* --- correlations --- */

void sigma_matcher_feed(struct sigma_matcher *m, sigma_feed_fn *feed, void *ctx) {
    m->feed = feed;
    m->feed_ctx = ctx;
}

/* The first value of any of the fields below the plan that is not null. */
static struct str wanted_text(const struct sigma_matcher *m, const struct sigma_plan *plan) {
    for (const struct sigma_plan *p = plan; p < plan + plan->size; p++) {
        const struct slot_value *found = p->op > SIGMA_NODE_NOT ? earliest(m, p->slot) : NULL;
        if (found != NULL) {
            return found->text;
        }
    }
    return str_make(NULL, 0);
}

static void feed_hit(struct sigma_matcher *m, const struct sigma_variant *v) {
    const struct sigma_plan *all = &m->rules->plans[v->wanted];
    struct sigma_feed fed = {.rule = v->rule};
    for (const struct sigma_plan *p = all + 1; p < all + all->size; p += p->size) {
        MEM_GROW(m->fed, m->fed_capacity, fed.value_count + 1);
        m->fed[fed.value_count++] = wanted_text(m, p);
    }
    fed.values = m->fed;
    m->feed(&fed, m->feed_ctx);
}

static void tell_hit(struct sigma_matcher *m, const struct sigma_variant *v, sigma_hit_fn *hit,
                     void *ctx) {
    if (m->profile != NULL) {
        m->profile->rules[v->rule].hits++;
    }
    if (m->feed != NULL && v->wanted != 0) {
        feed_hit(m, v);
    }
    if (m->rules->wants != NULL && m->rules->wants[v->rule].is_quiet) {
        return;
    }
    m->hit_fields.count = 0;
    collect_fields(m, &m->rules->plans[v->plan]);
    const struct sigma_hit found = {&m->rules->documents[v->rule].info, m->hit_fields.ids,
                                    m->hit_fields.count};
    hit(&found, ctx);
}

/* What follows from all values of the event. */
static void complete(struct sigma_matcher *m) {
    for (size_t i = 0; i < m->group->composed.count; i++) {
        compose(m, &m->composer.fields[m->group->composed.ids[i]]);
    }
    for (size_t i = 0; i < m->group->always.count; i++) {
        add_candidate(m, m->group->always.ids[i]);
    }
}

bool sigma_match_any(struct sigma_matcher *m) {
    complete(m);
    for (size_t i = 0; i < m->candidates.count; i++) {
        if (is_true(m, &m->rules->plans[m->rules->variants[m->candidates.ids[i]].plan])) {
            return true;
        }
    }
    return false;
}

void sigma_match_end(struct sigma_matcher *m, sigma_hit_fn *hit, void *ctx) {
    complete(m);
    m->hit_rules.count = 0;
    for (size_t i = 0; i < m->candidates.count; i++) {
        if (variant_matches(m, &m->rules->variants[m->candidates.ids[i]])) {
            sigma_ids_add(&m->hit_rules, m->candidates.ids[i]);
        }
    }
    if (m->hit_rules.count == 0) {
        return;
    }
    qsort(m->hit_rules.ids, m->hit_rules.count, sizeof *m->hit_rules.ids, compare_ids);
    for (size_t i = 0; i < m->hit_rules.count; i++) {
        const struct sigma_variant *v = &m->rules->variants[m->hit_rules.ids[i]];
        if (i > 0 && m->rules->variants[m->hit_rules.ids[i - 1]].rule == v->rule) {
            continue; /* two ways to the same event */
        }
        tell_hit(m, v, hit, ctx);
    }
}
