/*
 * Boolean conditions of temporal correlations: parsed by the condition language of rules with the
 * refs as identifiers, then brought to disjunctive form, so that the engine tests masks only.
 */
#include "sigma_condition.h"
#include "sigma_correlation.h"

struct terms {
    struct sigma_correlation_term *items;
    size_t count;
};

struct normaliser {
    struct arena *arena;
    bool is_too_large;
};

static void add_term(struct terms *list, struct sigma_correlation_term term) {
    if ((term.required & term.forbidden) != 0) {
        return; /* never true */
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].required == term.required &&
            list->items[i].forbidden == term.forbidden) {
            return;
        }
    }
    list->items[list->count++] = term;
}

static struct terms new_terms(struct normaliser *n, size_t capacity) {
    if (capacity > SIGMA_CORRELATION_TERM_LIMIT) {
        n->is_too_large = true;
        capacity = 0;
    }
    struct terms list = {
        .items = arena_array(n->arena, capacity + 1, sizeof(struct sigma_correlation_term))};
    return list;
}

/* a or b */
static struct terms joined(struct normaliser *n, const struct terms *a, const struct terms *b) {
    struct terms out = new_terms(n, a->count + b->count);
    for (size_t i = 0; i < a->count && !n->is_too_large; i++) {
        add_term(&out, a->items[i]);
    }
    for (size_t i = 0; i < b->count && !n->is_too_large; i++) {
        add_term(&out, b->items[i]);
    }
    return out;
}

/* a and b */
static struct terms multiplied(struct normaliser *n, const struct terms *a, const struct terms *b) {
    struct terms out = new_terms(n, a->count * b->count);
    for (size_t i = 0; i < a->count && !n->is_too_large; i++) {
        for (size_t k = 0; k < b->count; k++) {
            const struct sigma_correlation_term both = {a->items[i].required | b->items[k].required,
                                                        a->items[i].forbidden |
                                                            b->items[k].forbidden};
            add_term(&out, both);
        }
    }
    return out;
}

static struct terms normalise(struct normaliser *n, const struct sigma_node *node, bool negate) {
    if (node->op == SIGMA_NODE_NOT) {
        return normalise(n, node->children[0], !negate);
    }
    if (node->op == SIGMA_NODE_TEST) {
        struct terms one = new_terms(n, 1);
        uint64_t bit = UINT64_C(1) << (unsigned)node->test.number;
        add_term(&one, (struct sigma_correlation_term){negate ? 0 : bit, negate ? bit : 0});
        return one;
    }
    struct terms all = normalise(n, node->children[0], negate);
    for (size_t i = 1; i < node->child_count && !n->is_too_large; i++) {
        struct terms next = normalise(n, node->children[i], negate);
        bool is_and = (node->op == SIGMA_NODE_AND) != negate;
        all = is_and ? multiplied(n, &all, &next) : joined(n, &all, &next);
    }
    return all;
}

/* The next word: parentheses and blanks end it. */
static struct str next_word(struct str *rest) {
    size_t from = 0;
    while (from < rest->len &&
           (ascii_is_space(rest->ptr[from]) || rest->ptr[from] == '(' || rest->ptr[from] == ')')) {
        from++;
    }
    size_t to = from;
    while (to < rest->len && !ascii_is_space(rest->ptr[to]) && rest->ptr[to] != '(' &&
           rest->ptr[to] != ')') {
        to++;
    }
    struct str word = str_make(rest->ptr + from, to - from);
    *rest = str_skip(*rest, to);
    return word;
}

static bool is_operator(struct str word) {
    return str_eq_ci(word, STR("and")) || str_eq_ci(word, STR("or")) || str_eq_ci(word, STR("not"));
}

static bool is_known(const struct sigma_correlation *c, struct str name) {
    for (size_t i = 0; i < c->ref_count; i++) {
        if (str_eq(c->refs[i].text, name)) {
            return true;
        }
    }
    return false;
}

enum status sigma_correlation_names(struct sigma_correlation *c, struct arena *arena,
                                    struct str text, struct err *err) {
    struct str word;
    c->refs = arena_array(arena, SIGMA_CORRELATION_REF_LIMIT, sizeof *c->refs);
    while ((word = next_word(&text)).len > 0) {
        if (str_eq_ci(word, STR("of"))) {
            return err_set(err, STATUS_BAD_INPUT, "condition: 'of' needs a list of 'rules'");
        }
        if (is_operator(word) || is_known(c, word)) {
            continue;
        }
        if (c->ref_count == SIGMA_CORRELATION_REF_LIMIT) {
            return err_set(err, STATUS_BAD_INPUT, "condition: more than %d rules",
                           SIGMA_CORRELATION_REF_LIMIT);
        }
        c->refs[c->ref_count++] = (struct sigma_correlation_ref){.text = arena_str(arena, word),
                                                                 .target = SIGMA_REF_NONE};
    }
    return c->ref_count > 0 ? STATUS_OK
                            : err_set(err, STATUS_BAD_INPUT, "condition: it names no rule");
}

enum status sigma_correlation_condition(struct sigma_correlation *c, struct arena *arena,
                                        struct str text, struct err *err) {
    struct sigma_identifiers ids = {.names = arena_array(arena, c->ref_count, sizeof *ids.names),
                                    .nodes = arena_array(arena, c->ref_count, sizeof *ids.nodes),
                                    .count = c->ref_count};
    for (size_t i = 0; i < c->ref_count; i++) {
        ids.names[i] = c->refs[i].text;
        ids.nodes[i] = sigma_node_inner(arena, SIGMA_NODE_TEST, 0);
        ids.nodes[i]->test.number = (double)i;
    }
    struct sigma_node *root = NULL;
    enum status s = sigma_condition_parse(&root, NULL, arena, &ids, text, err);
    if (s != STATUS_OK) {
        return s;
    }
    struct normaliser n = {.arena = arena};
    struct terms terms = normalise(&n, root, false);
    if (n.is_too_large) {
        return err_set(err, STATUS_BAD_INPUT, "condition: more than %d alternatives",
                       SIGMA_CORRELATION_TERM_LIMIT);
    }
    if (terms.count == 0) {
        return err_set(err, STATUS_BAD_INPUT, "condition: it can never hold");
    }
    c->terms = terms.items;
    c->term_count = terms.count;
    return STATUS_OK;
}
