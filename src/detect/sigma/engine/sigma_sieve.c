#include "sigma_sieve.h"

#include <pthread.h>

#include "check.h"
#include "expr_build.h"
#include "hash.h"
#include "mem.h"
#include "sigma_memo.h"
#include "sigma_sieve_fields.h"

/* About what a value that is remembered takes. */
enum { VALUE_BYTES = 48, VARIANT_LIMIT = 600 };

/* Of a plan, by the values that were seen. */
enum truth { NEVER, MAYBE, ALWAYS };

/* A value that passes tests: (slot, text) is its key. */
struct sieve_value {
    uint32_t first; /* of its tests in `passed` */
    uint32_t count;
};

/* One event field of a slot. */
struct sieve_leaf {
    struct sigma_sieve *sieve;
    struct sigma_sieve_field field;
    uint32_t number;
    bool is_useful; /* some value of it passes a test */
};

/* What a leaf of the filter asks: does the value pass one of these tests? */
struct sieve_question {
    const struct sigma_sieve *sieve;
    uint32_t slot;
    bool last_part;
    const uint32_t *tests;
    size_t count;
};

struct sigma_sieve {
    const struct sigma_rules *rules;
    struct expr_set *set;
    struct arena arena;
    struct sigma_sieve_fields fields;
    struct sieve_leaf *leaves; /* by field */
    struct sigma_scanner *scanner;
    struct sigma_memo *memo;
    pthread_mutex_t lock; /* of what the probe learns: values may come from several threads */
    struct intern keys;
    struct sieve_value *values; /* by key */
    size_t value_capacity;
    struct sigma_ids passed;
    size_t bytes;
    bool is_windows; /* the variant that is being judged is for events of Windows */
    uint32_t *seen;  /* by test: distinct values that pass; above SIGMA_SIEVE_VALUES: common */
};

/* --- values --- */

static bool is_common(const struct sigma_sieve *s, uint32_t test) {
    return s->seen[test] > SIGMA_SIEVE_VALUES;
}

/* Two values with one key: each passes what the other does. A row too many does no harm. */
static uint64_t key_of(uint32_t slot, struct str text) {
    return hash_str(text) ^ hash_u64(slot + 1);
}

static struct str key_bytes(const uint64_t *key) {
    return str_make((const char *)key, sizeof *key);
}

static bool tells_something(const struct sigma_sieve *s, const struct sigma_ids *passed) {
    for (size_t i = 0; i < passed->count; i++) {
        if (!is_common(s, passed->ids[i])) {
            return true;
        }
    }
    return false;
}

/* The value is new, or was forgotten by the memory of values. */
static void learn(struct sigma_sieve *s, uint32_t slot, struct str text,
                  const struct sigma_ids *passed) {
    const uint64_t key = key_of(slot, text);
    if (!tells_something(s, passed) || intern_find(&s->keys, key_bytes(&key)) != INTERN_NONE) {
        return;
    }
    s->bytes += VALUE_BYTES + passed->count * sizeof *passed->ids;
    bool is_full = s->bytes > SIGMA_SIEVE_BYTES;
    for (size_t i = 0; i < passed->count; i++) {
        uint32_t *seen = &s->seen[passed->ids[i]];
        *seen = is_full ? SIGMA_SIEVE_VALUES + 1 : *seen + !is_common(s, passed->ids[i]);
    }
    if (!tells_something(s, passed)) {
        return;
    }
    uint32_t id = intern_add(&s->keys, key_bytes(&key));
    MEM_GROW(s->values, s->value_capacity, (size_t)id + 1);
    s->values[id] = (struct sieve_value){(uint32_t)s->passed.count, (uint32_t)passed->count};
    for (size_t i = 0; i < passed->count; i++) {
        sigma_ids_add(&s->passed, passed->ids[i]);
    }
}

static bool look_at(struct sigma_sieve *s, const struct sieve_leaf *leaf, struct str text) {
    uint32_t slot = leaf->field.slot;
    struct sigma_ids *passed = sigma_memo_find(s->memo, slot, leaf->number, text);
    if (passed == NULL) {
        passed = sigma_memo_begin(s->memo);
        sigma_scan_value(s->scanner, &s->rules->slots[slot], text, passed);
        sigma_memo_keep(s->memo, slot, leaf->number, text);
        learn(s, slot, text, passed);
    }
    return passed->count > 0;
}

/* The probe: learns, and is never true. */
static bool probe(const void *ctx, struct str text) {
    struct sieve_leaf *leaf = (struct sieve_leaf *)(uintptr_t)ctx; /* lists are asked, not told */
    struct sigma_sieve *s = leaf->sieve;
    struct str asked = leaf->field.last_part ? sigma_last_part(text) : text;
    CHECK(pthread_mutex_lock(&s->lock) == 0);
    leaf->is_useful = look_at(s, leaf, asked) || leaf->is_useful;
    CHECK(pthread_mutex_unlock(&s->lock) == 0);
    return false;
}

/* --- the filter --- */

static bool has_test(const struct sieve_question *q, uint32_t test) {
    for (size_t i = 0; i < q->count; i++) {
        if (q->tests[i] == test) {
            return true;
        }
    }
    return false;
}

static bool passes(const void *ctx, struct str text) {
    const struct sieve_question *q = ctx;
    const struct sigma_sieve *s = q->sieve;
    const uint64_t key = key_of(q->slot, q->last_part ? sigma_last_part(text) : text);
    uint32_t id = intern_find(&s->keys, key_bytes(&key));
    for (uint32_t i = 0; id != INTERN_NONE && i < s->values[id].count; i++) {
        if (has_test(q, s->passed.ids[s->values[id].first + i])) {
            return true;
        }
    }
    return false;
}

static struct expr *make_list(struct sigma_sieve *s, struct str name, bool is_pattern,
                              const struct expr_list *list) {
    struct expr *leaf = NULL;
    struct err ignored = ERR_INIT;
    const struct expr_leaf_spec spec = {
        .field = name, .test = EXPR_LISTED, .list = list, .is_exact = !is_pattern};
    enum status status = expr_make_leaf(&leaf, s->set, &spec, &ignored);
    CHECK(status == STATUS_OK); /* only patterns can be refused */
    return leaf;
}

/* A value of one of the slot's fields passes one of the tests. */
static struct expr *make_question(struct sigma_sieve *s, uint32_t slot, const uint32_t *tests,
                                  size_t count) {
    struct expr **leaves = mem_calloc(s->fields.count + 1, sizeof *leaves);
    size_t leaf_count = 0;
    for (size_t i = 0; i < s->fields.count; i++) {
        const struct sigma_sieve_field *field = &s->fields.items[i];
        if (field->slot != slot || !s->leaves[i].is_useful) {
            continue;
        }
        struct sieve_question *q = arena_alloc(&s->arena, sizeof *q);
        *q = (struct sieve_question){s, slot, field->last_part, tests, count};
        const struct expr_list list = {.has = passes, .ctx = q};
        leaves[leaf_count++] = make_list(s, field->name, field->is_pattern, &list);
    }
    struct expr *all = expr_make_group(s->set, EXPR_OR, leaves, leaf_count);
    mem_free(leaves);
    return all;
}

static enum truth truth_of_test(const struct sigma_sieve *s, const struct sigma_plan *plan) {
    bool is_line = plan->slot == SIGMA_KEYWORD_SLOT && !s->is_windows; /* it looks at lines too */
    if (s->fields.is_opaque[plan->slot] || is_line || is_common(s, plan->test)) {
        return ALWAYS;
    }
    return s->seen[plan->test] > 0 ? MAYBE : NEVER;
}

static enum truth truth_of(const struct sigma_sieve *s, const struct sigma_plan *plan) {
    if (plan->op == SIGMA_NODE_TEST) {
        return truth_of_test(s, plan);
    }
    if (plan->op != SIGMA_NODE_AND && plan->op != SIGMA_NODE_OR) {
        return ALWAYS; /* NOT, NULL ...: the matcher decides */
    }
    bool is_and = plan->op == SIGMA_NODE_AND;
    enum truth all = is_and ? ALWAYS : NEVER;
    const struct sigma_plan *end = plan + plan->size;
    for (const struct sigma_plan *p = plan + 1; p < end; p += p->size) {
        enum truth one = truth_of(s, p);
        all = (is_and ? one < all : one > all) ? one : all;
    }
    return all;
}

static struct expr *filter_of(struct sigma_sieve *s, const struct sigma_plan *plan);

/* The tests on one slot among the children of an OR, from `plan` on: one question. */
static struct expr *question_of(struct sigma_sieve *s, const struct sigma_plan *plan,
                                const struct sigma_plan *end) {
    uint32_t *tests = arena_array(&s->arena, (size_t)(end - plan), sizeof *tests);
    size_t count = 0;
    for (const struct sigma_plan *p = plan; p < end; p += p->size) {
        if (p->op == SIGMA_NODE_TEST && p->slot == plan->slot && s->seen[p->test] > 0) {
            tests[count++] = p->test;
        }
    }
    return make_question(s, plan->slot, tests, count);
}

static bool is_asked_before(const struct sigma_sieve *s, const struct sigma_plan *first,
                            const struct sigma_plan *plan) {
    for (const struct sigma_plan *p = first; p < plan; p += p->size) {
        if (p->op == SIGMA_NODE_TEST && p->slot == plan->slot && truth_of(s, p) == MAYBE) {
            return true;
        }
    }
    return false;
}

/* Numbers are cheaper to ask when most rows are out already. */
static bool is_late(const struct sigma_sieve *s, const struct sigma_plan *plan) {
    return plan->op == SIGMA_NODE_TEST &&
           s->rules->tests[plan->test].test.kind == SIGMA_TEST_NUMBER;
}

static struct expr *filter_of_children(struct sigma_sieve *s, const struct sigma_plan *plan) {
    bool is_or = plan->op == SIGMA_NODE_OR;
    const struct sigma_plan *end = plan + plan->size;
    struct expr **children = mem_calloc(plan->size, sizeof *children);
    size_t count = 0;
    for (int late = 0; late < 2; late++) {
        for (const struct sigma_plan *p = plan + 1; p < end; p += p->size) {
            if (truth_of(s, p) != MAYBE || is_late(s, p) != (late == 1)) {
                continue;
            }
            if (!is_or || p->op != SIGMA_NODE_TEST) {
                children[count++] = filter_of(s, p);
            } else if (!is_asked_before(s, plan + 1, p)) {
                children[count++] = question_of(s, p, end);
            }
        }
    }
    struct expr *all = expr_make_group(s->set, is_or ? EXPR_OR : EXPR_AND, children, count);
    mem_free(children);
    return all;
}

/* Of a plan that may be true. */
static struct expr *filter_of(struct sigma_sieve *s, const struct sigma_plan *plan) {
    return plan->op == SIGMA_NODE_TEST ? question_of(s, plan, plan + 1)
                                       : filter_of_children(s, plan);
}

/* --- gates --- */

static struct str family_of(struct str dataset) {
    enum dataset d = dataset_find(dataset);
    return d < DATASET_COUNT ? dataset_info(d)->family : STR_EMPTY;
}

static bool is_of_windows(const void *ctx, struct str name) {
    (void)ctx;
    return str_eq(family_of(name), STR("windows"));
}

static bool is_channel(const void *ctx, struct str channel) {
    const struct sigma_gate *gate = ctx;
    for (size_t i = 0; i < gate->channel_count; i++) {
        if (str_eq_ci(channel, str_from_c(gate->channels[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_event_id(const void *ctx, struct str id) {
    return str_is_word_of(id, ((const struct sigma_gate *)ctx)->ids);
}

static bool is_of_datasets(const void *ctx, struct str name) {
    const struct sigma_gate *gate = ctx;
    return str_is_word_of(name, gate->datasets) || str_is_word_of(family_of(name), gate->datasets);
}

static struct expr *make_gate_list(struct sigma_sieve *s, const struct sigma_gate *gate,
                                   uint32_t field, bool (*has)(const void *, struct str)) {
    const struct expr_list list = {.has = has, .ctx = gate};
    return make_list(s, schema_name(field), false, &list);
}

static struct expr *unknown_dataset(struct sigma_sieve *s) {
    struct expr *leaf = NULL;
    struct err ignored = ERR_INIT;
    const struct expr_leaf_spec spec = {.field = schema_name(FIELD_EVENT_DATASET),
                                        .test = EXPR_EXISTS};
    enum status status = expr_make_leaf(&leaf, s->set, &spec, &ignored);
    CHECK(status == STATUS_OK);
    return expr_make_not(s->set, leaf);
}

/* Rows that may pass the gate; the number of parts, all of which must hold. */
static size_t gate_parts(struct expr *parts[3], struct sigma_sieve *s,
                         const struct sigma_gate *gate) {
    size_t count = 0;
    if (gate->kind == SIGMA_GATE_WINDOWS) {
        parts[count++] = make_gate_list(s, gate, FIELD_EVENT_DATASET, is_of_windows);
        if (gate->channel_count > 0) {
            parts[count++] = make_gate_list(s, gate, FIELD_WINLOG_CHANNEL, is_channel);
        }
        if (gate->ids[0] != '\0') {
            parts[count++] = make_gate_list(s, gate, FIELD_WINLOG_EVENT_ID, is_event_id);
        }
    } else if (gate->kind == SIGMA_GATE_DATASETS) {
        struct expr *known = make_gate_list(s, gate, FIELD_EVENT_DATASET, is_of_datasets);
        struct expr *both[] = {known, NULL};
        bool takes_unknown = str_is_word_of(STR("?"), gate->datasets);
        both[1] = takes_unknown ? unknown_dataset(s) : NULL;
        parts[count++] = expr_make_group(s->set, EXPR_OR, both, takes_unknown ? 2 : 1);
    }
    return count;
}

static struct expr *filter_of_variant(struct sigma_sieve *s, const struct sigma_variant *v) {
    const struct sigma_plan *plan = &s->rules->plans[v->plan];
    struct expr *parts[4]; /* dataset, the plan, what is asked best of few rows */
    struct expr *gate[3];
    size_t gate_count = gate_parts(gate, s, &s->rules->gates[v->gate]);
    size_t count = 0;
    for (size_t i = 0; i < gate_count && i < 1; i++) {
        parts[count++] = gate[i];
    }
    if (truth_of(s, plan) == MAYBE) {
        parts[count++] = filter_of(s, plan);
    }
    for (size_t i = 1; i < gate_count; i++) {
        parts[count++] = gate[i];
    }
    return count > 0 ? expr_make_group(s->set, EXPR_AND, parts, count) : expr_make_all(s->set);
}

const struct expr *sigma_sieve_filter(struct sigma_sieve *s) {
    const struct sigma_rules *rules = s->rules;
    struct expr **variants = mem_calloc(rules->variant_count + 1, sizeof *variants);
    size_t count = 0;
    for (size_t i = 0; i < rules->variant_count; i++) {
        const struct sigma_variant *v = &rules->variants[i];
        s->is_windows = rules->gates[v->gate].kind == SIGMA_GATE_WINDOWS;
        if (!sigma_gate_is_closed(&rules->gates[v->gate]) &&
            truth_of(s, &rules->plans[v->plan]) != NEVER) {
            variants[count++] = filter_of_variant(s, v);
        }
    }
    const struct expr *all = count > 0 ? expr_make_group(s->set, EXPR_OR, variants, count) : NULL;
    mem_free(variants);
    return all;
}

/* --- life --- */

bool sigma_sieve_pays(const struct sigma_rules *rules) {
    return rules->variant_count <= VARIANT_LIMIT;
}

struct sigma_sieve *sigma_sieve_create(const struct sigma_rules *rules, uint64_t datasets) {
    struct sigma_sieve *s = mem_calloc(1, sizeof *s);
    s->rules = rules;
    s->set = expr_set_create();
    s->scanner =
        sigma_scanner_create(rules->slots, rules->slot_count, rules->tests, rules->regex_count);
    s->memo = sigma_memo_create();
    s->seen = mem_calloc(rules->test_count + 1, sizeof *s->seen);
    sigma_sieve_fields_init(&s->fields, rules, datasets);
    s->leaves = mem_calloc(s->fields.count + 1, sizeof *s->leaves);
    CHECK(pthread_mutex_init(&s->lock, NULL) == 0);
    return s;
}

void sigma_sieve_destroy(struct sigma_sieve **sieve) {
    struct sigma_sieve *s = *sieve;
    if (s == NULL) {
        return;
    }
    expr_set_destroy(&s->set);
    sigma_scanner_destroy(&s->scanner);
    sigma_memo_destroy(&s->memo);
    sigma_sieve_fields_fini(&s->fields);
    CHECK(pthread_mutex_destroy(&s->lock) == 0);
    intern_fini(&s->keys);
    sigma_ids_fini(&s->passed);
    arena_fini(&s->arena);
    mem_free(s->leaves);
    mem_free(s->values);
    mem_free(s->seen);
    mem_free(s);
    *sieve = NULL;
}

const struct expr *sigma_sieve_probe(struct sigma_sieve *s) {
    struct expr **leaves = mem_calloc(s->fields.count + 1, sizeof *leaves);
    for (size_t i = 0; i < s->fields.count; i++) {
        s->leaves[i] = (struct sieve_leaf){s, s->fields.items[i], (uint32_t)i, false};
        const struct expr_list list = {.has = probe, .ctx = &s->leaves[i]};
        leaves[i] = make_list(s, s->fields.items[i].name, s->fields.items[i].is_pattern, &list);
    }
    const struct expr *all =
        s->fields.count > 0 ? expr_make_group(s->set, EXPR_OR, leaves, s->fields.count) : NULL;
    mem_free(leaves);
    return all;
}
