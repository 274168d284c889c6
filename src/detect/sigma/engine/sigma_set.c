#include "sigma_set.h"

#include <math.h>

#include "mem.h"
#include "sigma_build.h"
#include "sigma_text.h"
#include "sigma_way.h"

enum { PLAN_NODE_LIMIT = 200000 };

/* Compiling one variant. */
struct compile {
    struct sigma_rules *set;
    size_t nodes;
};

void sigma_set_init(struct sigma_rules *set) {
    memset(set, 0, sizeof *set);
}

void sigma_set_fini(struct sigma_rules *set) {
    for (size_t i = 0; i < set->slot_count; i++) {
        sigma_slot_fini(&set->slots[i]);
    }
    for (size_t i = 0; i < set->test_count; i++) {
        sigma_ids_fini(&set->tests[i].triggers);
    }
    sigma_ids_fini(&set->always);
    intern_fini(&set->slot_names);
    intern_fini(&set->test_keys);
    intern_fini(&set->gate_keys);
    mem_free(set->slots);
    mem_free(set->tests);
    mem_free(set->reports);
    mem_free(set->plans);
    mem_free(set->variants);
    mem_free(set->gates);
    mem_free(set->documents);
    sigma_mapping_free(&set->mapping);
    arena_fini(&set->trees);
    arena_fini(&set->arena);
}

/* --- names to slots --- */

static uint32_t slot_of(struct sigma_rules *set, struct str name) {
    uint32_t id = intern_add(&set->slot_names, name);
    if (id == set->slot_count) {
        MEM_GROW(set->slots, set->slot_capacity, set->slot_count + 1);
        set->slots[set->slot_count++] =
            (struct sigma_slot){.name = intern_text(&set->slot_names, id)};
    }
    return id;
}

static void add_gate(struct buf *out, const struct sigma_gate *gate) {
    for (size_t i = 0; i < gate->channel_count; i++) {
        buf_printf(out, "%s%s", i > 0 ? ", " : "", gate->channels[i]);
    }
    if (gate->kind == SIGMA_GATE_WINDOWS && gate->channel_count == 0) {
        buf_add(out, STR("Windows"));
    }
    buf_printf(out, "%s%s", gate->ids[0] != '\0' ? " " : "", gate->ids);
    buf_add(out, gate->kind == SIGMA_GATE_DATASETS ? str_from_c(gate->datasets) : STR_EMPTY);
}

void sigma_rules_sources(struct buf *out, const struct sigma_rules *set, size_t rule) {
    bool is_first = true;
    for (size_t i = 0; i < set->variant_count; i++) {
        const struct sigma_gate *gate = &set->gates[set->variants[i].gate];
        if (set->variants[i].rule == rule && !sigma_gate_is_closed(gate)) {
            buf_add(out, is_first ? STR_EMPTY : STR("; "));
            add_gate(out, gate);
            is_first = false;
        }
    }
}

/* Events cannot fill composed fields by their name. */
uint32_t sigma_set_slot(const struct sigma_rules *set, struct str name) {
    return sigma_mapping_composed(set->mapping, name) == NULL ? intern_find(&set->slot_names, name)
                                                              : INTERN_NONE;
}

static uint32_t leaf_slot(struct compile *c, struct str field) {
    uint32_t slot = slot_of(c->set, field);
    const struct sigma_composed *composed = sigma_mapping_composed(c->set->mapping, field);
    for (size_t i = 0; composed != NULL && i < composed->parts.count; i++) {
        (void)slot_of(c->set, composed->parts.items[i]);
    }
    c->set->slots[slot].is_used = true;
    return slot;
}

/* --- tests --- */

static void test_key(struct buf *key, uint32_t slot, const struct sigma_test *t) {
    buf_printf(key, "%u %d %d%d%d %u %u %u %a ", slot, (int)t->kind, t->cased, t->truth, t->is_v6,
               t->compare, t->part, t->regex_flags, t->number);
    buf_append(key, &t->network.address, sizeof t->network.address);
    buf_putc(key, (char)t->network.prefix_bits);
    buf_add(key, t->text);
}

static uint32_t test_of(struct sigma_rules *set, uint32_t slot, const struct sigma_test *test) {
    struct buf key = BUF_INIT;
    test_key(&key, slot, test);
    uint32_t id = intern_add(&set->test_keys, buf_str(&key));
    buf_fini(&key);
    if (id < set->test_count) {
        return id;
    }
    MEM_GROW(set->tests, set->test_capacity, set->test_count + 1);
    set->tests[set->test_count++] = (struct sigma_set_test){.test = *test, .slot = slot};
    set->tests[id].test.text = arena_str(&set->arena, test->text); /* the tree's is not kept */
    if (test->kind == SIGMA_TEST_REGEX) {
        set->tests[id].regex = (uint32_t)set->regex_count++;
    }
    sigma_slot_add(&set->slots[slot], set->tests, id);
    return id;
}

/* --- trees to plans --- */

static void fill_leaf(struct compile *c, struct sigma_plan *plan, const struct sigma_node *n) {
    plan->slot = leaf_slot(c, n->field);
    if (n->op == SIGMA_NODE_TEST) {
        plan->test = test_of(c->set, plan->slot, &n->test);
    } else if (n->op == SIGMA_NODE_FIELDREF) {
        plan->other = leaf_slot(c, n->other);
    }
}

/* Appends the tree; false if it is too large. */
static bool plan_of(struct compile *c, const struct sigma_node *n) {
    struct sigma_rules *set = c->set;
    size_t at = set->plan_count;
    if (++c->nodes > PLAN_NODE_LIMIT) {
        return false;
    }
    struct sigma_plan plan = {
        .op = (uint8_t)n->op, .anchor = (uint8_t)n->anchor, .cased = n->cased};
    MEM_GROW(set->plans, set->plan_capacity, at + 1);
    set->plan_count++;
    if (n->op > SIGMA_NODE_NOT) {
        fill_leaf(c, &plan, n);
    }
    for (size_t i = 0; i < n->child_count; i++) {
        if (!plan_of(c, n->children[i])) {
            return false;
        }
    }
    plan.size = (uint32_t)(set->plan_count - at);
    set->plans[at] = plan;
    return true;
}

/* --- triggers --- */

/* Rough share of events in which the test passes: short texts are common. */
static double test_cost(const struct sigma_test *test) {
    switch (test->kind) {
    case SIGMA_TEST_PATTERN: {
        size_t len = sigma_pattern_literal(test->text).len;
        return len == 0 ? (test->text.len == 0 ? 0.05 : 1.0) : 0.3 / (double)(len * len);
    }
    case SIGMA_TEST_NUMBER:
        return 0.1;
    case SIGMA_TEST_REGEX:
        return 0.01;
    default:
        return 0.5;
    }
}

/* Cost of the cheapest set of tests one of which must pass for the plan to be true; infinite if
 * there is no such set. */
static double plan_cost(const struct sigma_rules *set, const struct sigma_plan *plan) {
    const struct sigma_plan *end = plan + plan->size;
    double cost = plan->op == SIGMA_NODE_AND ? INFINITY : 0;
    switch (plan->op) {
    case SIGMA_NODE_TEST:
        return test_cost(&set->tests[plan->test].test);
    case SIGMA_NODE_AND:
    case SIGMA_NODE_OR:
        for (const struct sigma_plan *p = plan + 1; p < end; p += p->size) {
            double child = plan_cost(set, p);
            cost = plan->op == SIGMA_NODE_AND ? fmin(cost, child) : cost + child;
        }
        return cost;
    default:
        return INFINITY;
    }
}

static void add_triggers(struct sigma_rules *set, const struct sigma_plan *plan, uint32_t variant) {
    if (plan->op == SIGMA_NODE_TEST) {
        sigma_ids_add(&set->tests[plan->test].triggers, variant);
        return;
    }
    const struct sigma_plan *end = plan + plan->size;
    const struct sigma_plan *cheapest = NULL;
    double best = INFINITY;
    for (const struct sigma_plan *p = plan + 1; p < end; p += p->size) {
        if (plan->op == SIGMA_NODE_OR) {
            add_triggers(set, p, variant);
            continue;
        }
        double cost = plan_cost(set, p);
        if (cost < best) {
            best = cost;
            cheapest = p;
        }
    }
    if (cheapest != NULL) {
        add_triggers(set, cheapest, variant);
    }
}

/* --- variants --- */

static uint32_t gate_of(struct sigma_rules *set, const struct sigma_gate *gate) {
    struct buf key = BUF_INIT;
    sigma_gate_key(&key, gate);
    uint32_t id = intern_add(&set->gate_keys, buf_str(&key));
    buf_fini(&key);
    if (id == set->gate_count) {
        MEM_GROW(set->gates, set->gate_capacity, set->gate_count + 1);
        set->gates[set->gate_count++] = *gate;
        set->uses_provider = set->uses_provider || gate->provider[0] != '\0';
    }
    return id;
}

/* A plan that is never evaluated: it names the slots of the fields that correlations want. */
static bool add_wanted(struct compile *c, uint32_t rule, const struct sigma_way *way,
                       uint32_t *plan) {
    const struct sigma_want *want = c->set->wants != NULL ? &c->set->wants[rule] : NULL;
    *plan = 0;
    if (want == NULL || !want->is_named) {
        return true;
    }
    struct arena *arena = &c->set->trees;
    struct sigma_node *fields = sigma_node_inner(arena, SIGMA_NODE_OR, want->field_count);
    for (uint32_t i = 0; i < want->field_count; i++) {
        fields->children[i] = sigma_node_inner(arena, SIGMA_NODE_EXISTS, 0);
        fields->children[i]->field = want->fields[i];
    }
    *plan = (uint32_t)c->set->plan_count;
    return plan_of(c, sigma_way_fields(arena, way, fields));
}

static enum status add_variant(struct sigma_rules *set, uint32_t rule, const struct sigma_way *way,
                               struct err *err) {
    struct compile c = {.set = set};
    struct sigma_node *root = sigma_way_tree(&set->trees, way, set->documents[rule].root);
    uint32_t plan = (uint32_t)set->plan_count;
    uint32_t wanted = 0;
    if (!plan_of(&c, root) || !add_wanted(&c, rule, way, &wanted)) {
        return err_set(err, STATUS_BAD_INPUT, "the rule has more than %d tests after expansion",
                       PLAN_NODE_LIMIT);
    }
    uint32_t id = (uint32_t)set->variant_count;
    MEM_GROW(set->variants, set->variant_capacity, set->variant_count + 1);
    set->variants[set->variant_count++] =
        (struct sigma_variant){rule, gate_of(set, &way->gate), plan, wanted};
    if (isinf(plan_cost(set, &set->plans[plan]))) {
        sigma_ids_add(&set->always, id);
    } else {
        add_triggers(set, &set->plans[plan], id);
    }
    return STATUS_OK;
}

enum status sigma_set_add(struct sigma_rules *set, uint32_t rule, bool everywhere,
                          struct err *err) {
    static const struct sigma_way anywhere = {
        {.kind = SIGMA_GATE_ANY, .ids = "", .provider = "", .datasets = ""}, NULL};
    struct sigma_way ways[SIGMA_WAY_LIMIT];
    size_t count = sigma_logsource_ways(ways, set->mapping, &set->documents[rule].logsource);
    (void)slot_of(set, STR_EMPTY); /* the keywords' slot comes first */
    enum status s = everywhere ? add_variant(set, rule, &anywhere, err) : STATUS_OK;
    for (size_t i = 0; i < count && s == STATUS_OK; i++) {
        s = add_variant(set, rule, &ways[i], err);
    }
    return s;
}

void sigma_set_forget_trees(struct sigma_rules *set) {
    for (size_t i = 0; i < set->rule_count; i++) {
        set->documents[i].root = NULL;
    }
    arena_fini(&set->trees);
    intern_fini(&set->test_keys); /* no tests are added any more */
}

enum status sigma_set_finish(struct sigma_rules *set, struct err *err) {
    (void)slot_of(set, STR_EMPTY);
    if (hs_valid_platform() != HS_SUCCESS) {
        return err_set(err, STATUS_ENVIRONMENT, "this processor cannot run vectorscan");
    }
    return sigma_build_slots(set->slots, set->slot_count, set->tests)
               ? STATUS_OK
               : err_set(err, STATUS_ENVIRONMENT, "the rules are too large for vectorscan");
}
