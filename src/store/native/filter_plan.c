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
    if (e->op == EXPR_TEXT && leaf->word.len == 0) {
        const struct expr_fragment *fragment = expr_leaf_fragment(e);
        leaf->word = fragment->text;
        leaf->is_part = true;
        leaf->is_raw = fragment->is_raw;
        leaf->ignore_case = fragment->ignore_case;
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
    plan->expr = root;
    return plan;
}

void filter_plan_destroy(struct filter_plan **plan) {
    if (*plan == NULL) {
        return;
    }
    mem_free((*plan)->leaves);
    arena_fini(&(*plan)->arena);
    mem_free(*plan);
    *plan = NULL;
}

/* --- the token filter --- */

bool filter_plan_has_words(const struct filter_plan *plan) {
    bool has = false;
    for (size_t i = 0; i < plan->leaf_count; i++) {
        has = has || plan->leaves[i].hash_count > 0;
    }
    return has;
}

/* The filters of one segment, and whether an asked page was damaged. */
struct stripe_filters {
    const struct segment_info *info;
    const struct file_reader *file;
    bool damaged;
};

static enum token_answer ask_stripe(const struct stripe_filters *f, uint64_t filter, uint32_t lines,
                                    uint64_t hash) {
    uint8_t line[FILTER_LINE_BYTES];
    if (lines == 0) {
        return TOKEN_ABSENT;
    }
    uint64_t at = filter + token_filter_line(lines, hash);
    return at < filter || !file_reader_at(f->file, line, sizeof line, at)
               ? TOKEN_DAMAGED
               : token_line_has(line, hash);
}

/* The first stripe that has the word; stripe_count: none. */
static uint32_t first_with_word(struct stripe_filters *f, uint64_t hash) {
    uint64_t filter = f->info->filter_offset;
    uint32_t stripe = 0;
    for (; stripe < f->info->stripe_count && !f->damaged; stripe++) {
        uint32_t lines = f->info->filter_lines[stripe];
        enum token_answer answer = ask_stripe(f, filter, lines, hash);
        f->damaged = answer == TOKEN_DAMAGED;
        if (answer == TOKEN_MAYBE) {
            break;
        }
        filter += token_filter_bytes(lines);
    }
    return stripe;
}

/* All of its words must have been seen. */
static uint32_t leaf_first(struct stripe_filters *f, const struct filter_leaf *leaf) {
    uint32_t first = 0;
    for (size_t i = 0; i < leaf->hash_count && first < f->info->stripe_count; i++) {
        uint32_t stripe = first_with_word(f, leaf->hashes[i]);
        first = stripe > first ? stripe : first;
    }
    return first;
}

static uint32_t node_first(struct stripe_filters *f, const struct filter_plan *plan,
                           const struct filter_node *node) {
    bool any = node->op == EXPR_OR;
    uint32_t first = any ? f->info->stripe_count : 0;
    if (node->op == EXPR_FIELD || node->op == EXPR_TEXT) {
        return leaf_first(f, &plan->leaves[node->leaf]);
    }
    if (node->op != EXPR_AND && node->op != EXPR_OR) {
        return 0; /* what must not be there does not help */
    }
    for (size_t i = 0; i < node->child_count; i++) {
        uint32_t stripe = node_first(f, plan, node->children[i]);
        bool takes = any ? stripe < first : stripe > first;
        first = takes ? stripe : first;
    }
    return first;
}

enum status filter_plan_first_stripe(uint32_t *out, const struct filter_plan *plan,
                                     const struct segment_info *info,
                                     const struct file_reader *file) {
    struct stripe_filters f = {info, file, false};
    *out = node_first(&f, plan, plan->root);
    return f.damaged ? STATUS_DAMAGED : STATUS_OK;
}
