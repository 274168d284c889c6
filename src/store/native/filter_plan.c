/* The predicate as the store needs it: leaves numbered, their words hashed. */
#include "filter_priv.h"
#include "mem.h"
#include "token.h"
#include "token_filter.h"

static struct filter_node *make_node(struct filter_plan *plan, const struct expr *e);

/* True if the index knows the words of what the leaf tests: search texts and values, but not the
 * row's attributes. */
static bool is_indexed(const struct expr *e) {
    uint32_t field = e->op == EXPR_FIELD ? expr_leaf_field(e) : FIELD_NONE;
    return e->op == EXPR_TEXT || (field != FIELD_NONE && !schema_is_attribute(field));
}

static uint32_t add_leaf(struct filter_plan *plan, const struct expr *e) {
    MEM_GROW(plan->leaves, plan->leaf_capacity, plan->leaf_count + 1);
    struct filter_leaf *leaf = &plan->leaves[plan->leaf_count];
    *leaf = (struct filter_leaf){.e = e, .word = STR_EMPTY};
    const struct str *tokens = NULL;
    size_t count = is_indexed(e) ? expr_leaf_tokens(e, &tokens) : 0;
    leaf->hashes = arena_array(&plan->arena, count + 1, sizeof *leaf->hashes);
    for (size_t i = 0; i < count; i++) {
        if (!token_is_zoned(tokens[i])) {
            leaf->hashes[leaf->hash_count++] = token_hash(tokens[i]);
        }
        if (tokens[i].len > leaf->word.len) {
            leaf->word = tokens[i];
        }
    }
    return (uint32_t)plan->leaf_count++;
}

static struct filter_node *make_node(struct filter_plan *plan, const struct expr *e) {
    struct filter_node *node = arena_alloc(&plan->arena, sizeof *node);
    node->op = e->op;
    if (e->op == EXPR_FIELD || e->op == EXPR_TEXT) {
        node->leaf = add_leaf(plan, e);
        return node;
    }
    node->child_count = e->child_count;
    node->children = arena_array(&plan->arena, e->child_count + 1, sizeof *node->children);
    size_t at = 0;
    for (int text = 0; text < 2; text++) { /* tests of fields first: they cost less */
        for (size_t i = 0; i < e->child_count; i++) {
            if ((e->children[i]->op == EXPR_TEXT) == (text == 1)) {
                node->children[at++] = make_node(plan, e->children[i]);
            }
        }
    }
    return node;
}

struct filter_plan *filter_plan_create(const struct expr *root) {
    struct filter_plan *plan = mem_calloc(1, sizeof *plan);
    plan->root = make_node(plan, root);
    plan->scratch = expr_scratch_create(root);
    return plan;
}

void filter_plan_destroy(struct filter_plan **plan) {
    if (*plan == NULL) {
        return;
    }
    expr_scratch_destroy(&(*plan)->scratch);
    mem_free((*plan)->leaves);
    arena_fini(&(*plan)->arena);
    mem_free(*plan);
    *plan = NULL;
}

/* --- the token filter --- */

static enum token_answer leaf_answer(const struct filter_leaf *leaf,
                                     const struct token_filters *filters) {
    enum token_answer answer = TOKEN_MAYBE;
    for (size_t i = 0; i < leaf->hash_count && answer == TOKEN_MAYBE; i++) {
        answer = token_filters_have(filters, leaf->hashes[i]);
    }
    return answer;
}

static enum token_answer node_answer(const struct filter_plan *plan, const struct filter_node *node,
                                     const struct token_filters *filters) {
    switch (node->op) {
    case EXPR_FIELD:
    case EXPR_TEXT:
        return leaf_answer(&plan->leaves[node->leaf], filters);
    case EXPR_AND:
    case EXPR_OR:
        break;
    default:
        return TOKEN_MAYBE; /* what must not be there does not help */
    }
    enum token_answer stop = node->op == EXPR_AND ? TOKEN_ABSENT : TOKEN_MAYBE;
    for (size_t i = 0; i < node->child_count; i++) {
        enum token_answer answer = node_answer(plan, node->children[i], filters);
        if (answer == stop || answer == TOKEN_DAMAGED) {
            return answer;
        }
    }
    return stop == TOKEN_ABSENT ? TOKEN_MAYBE : TOKEN_ABSENT;
}

enum status filter_plan_may_match(bool *out, const struct filter_plan *plan,
                                  const struct token_filters *filters) {
    enum token_answer answer = node_answer(plan, plan->root, filters);
    *out = answer != TOKEN_ABSENT;
    return answer == TOKEN_DAMAGED ? STATUS_DAMAGED : STATUS_OK;
}
