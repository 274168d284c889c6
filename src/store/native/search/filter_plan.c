/* The predicate as the store needs it: leaves numbered, their words hashed. */
#include "filter_priv.h"
#include "mem.h"
#include "number_index.h"
#include "token.h"
#include "token_filter.h"

static struct filter_node *make_node(struct filter_plan *plan, const struct expr *e);

/* True if the index knows the words of what the leaf tests: search texts and values, but not the
 * row's attributes. */
static bool is_indexed(const struct expr *e) {
    uint32_t field = e->op == EXPR_FIELD ? expr_leaf_field(e) : FIELD_NONE;
    if (e->op == EXPR_TEXT || field == FIELD_NONE) {
        return e->op == EXPR_TEXT || expr_leaf_is_foreign(e);
    }
    return !schema_is_attribute(field);
}

/* Sorts the leaf's words by which index knows them. */
static void add_words(struct filter_plan *plan, struct filter_leaf *leaf, const struct expr *e) {
    const struct str *tokens = NULL;
    size_t count = is_indexed(e) ? expr_leaf_tokens(e, &tokens) : 0;
    leaf->hashes = arena_array(&plan->arena, count + 1, sizeof *leaf->hashes);
    leaf->numbers = arena_array(&plan->arena, count + 1, sizeof *leaf->numbers);
    for (size_t i = 0; i < count; i++) {
        if (!token_is_zoned(tokens[i])) {
            leaf->hashes[leaf->hash_count++] = token_hash(tokens[i]);
        } else if (e->op == EXPR_TEXT && number_word_counts(tokens[i])) {
            leaf->numbers[leaf->number_count++] = tokens[i];
        }
        if (tokens[i].len > leaf->word.len) {
            leaf->word = tokens[i];
        }
    }
    /* what filters say of another word says nothing of this one */
    leaf->word_hash = count > 0 && !token_is_zoned(leaf->word) ? token_hash(leaf->word) : 0;
}

/* The words of the leaves that an EQUALS_ANY leaf stands for; none if one of them has none. */
static void add_members(struct filter_plan *plan, struct filter_leaf *leaf, const struct expr *e) {
    size_t count = is_indexed(e) ? expr_leaf_member_count(e) : 0;
    struct filter_words *any = arena_array(&plan->arena, count + 1, sizeof *any);
    for (size_t i = 0; i < count; i++) {
        const struct str *tokens = NULL;
        size_t token_count = expr_leaf_member_tokens(e, i, &tokens);
        any[i].hashes = arena_array(&plan->arena, token_count + 1, sizeof *any[i].hashes);
        for (size_t k = 0; k < token_count; k++) {
            if (!token_is_zoned(tokens[k])) {
                any[i].hashes[any[i].count++] = token_hash(tokens[k]);
            }
        }
        if (any[i].count == 0) {
            return;
        }
    }
    leaf->any = count > 0 ? any : NULL;
    leaf->any_count = count;
}

static uint32_t add_leaf(struct filter_plan *plan, const struct expr *e) {
    MEM_GROW(plan->leaves, plan->leaf_capacity, plan->leaf_count + 1);
    struct filter_leaf *leaf = &plan->leaves[plan->leaf_count];
    *leaf = (struct filter_leaf){.e = e, .word = STR_EMPTY};
    add_words(plan, leaf, e);
    if (e->op == EXPR_FIELD) {
        add_members(plan, leaf, e);
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

/* --- the index of words --- */

static bool leaf_has_words(const struct filter_leaf *leaf) {
    return leaf->hash_count > 0 || leaf->number_count > 0 || leaf->any_count > 0;
}

bool filter_plan_has_words(const struct filter_plan *plan) {
    bool has = false;
    for (size_t i = 0; i < plan->leaf_count; i++) {
        has = has || leaf_has_words(&plan->leaves[i]);
    }
    return has;
}

/* The index of one segment, and whether a part that was asked was damaged. */
struct asked_index {
    const struct segment_info *info;
    struct index_source source;
    uint32_t all; /* a bit a stripe */
    bool damaged;
    bool is_open; /* the numbers: opened when first asked */
    bool has_numbers;
    struct number_index numbers;
};

static enum token_answer ask_stripe(const struct asked_index *x, uint64_t filter, uint32_t lines,
                                    uint64_t hash) {
    uint8_t line[FILTER_LINE_BYTES];
    if (lines == 0) {
        return TOKEN_ABSENT;
    }
    uint64_t at = filter + token_filter_line(lines, hash);
    return at < filter || !index_source_read(&x->source, line, sizeof line, at)
               ? TOKEN_DAMAGED
               : token_line_has(line, hash, TOKEN_PROBES);
}

/* Stripes in which the word is new: its filter has it. */
static uint32_t stripes_with_new(struct asked_index *x, uint64_t hash, bool first_only) {
    uint64_t filter = x->info->filter_offset;
    uint32_t stripes = 0;
    for (uint32_t stripe = 0; stripe < x->info->stripe_count && !x->damaged; stripe++) {
        uint32_t lines = x->info->filter_lines[stripe];
        enum token_answer answer = ask_stripe(x, filter, lines, hash);
        x->damaged = answer == TOKEN_DAMAGED;
        stripes |= answer == TOKEN_MAYBE ? UINT32_C(1) << stripe : 0;
        if (stripes != 0 && first_only) {
            break;
        }
        filter += token_filter_bytes(lines);
    }
    return stripes;
}

/* The first stripe that has the word, and those after it: they may use its dictionary entry. */
static uint32_t stripes_with_word(struct asked_index *x, uint64_t hash) {
    uint32_t first = stripes_with_new(x, hash, true);
    return first == 0 ? 0 : x->all & ~(first - 1);
}

/* False: nothing is known. */
static bool blocks_with_number(struct index_blocks *out, struct asked_index *x, struct str word) {
    if (!x->is_open) {
        enum status status = number_index_open(&x->numbers, x->info, &x->source);
        x->is_open = true;
        x->has_numbers = status == STATUS_OK;
        x->damaged = x->damaged || status == STATUS_DAMAGED;
    }
    bool known = x->has_numbers && number_index_ask(out, &x->numbers, word) == STATUS_OK;
    x->damaged = x->damaged || (x->has_numbers && !known);
    return known;
}

static uint32_t stripes_with_number(struct asked_index *x, struct str word) {
    struct index_blocks blocks;
    uint32_t stripes = 0;
    if (!blocks_with_number(&blocks, x, word)) {
        return x->all;
    }
    for (uint32_t i = 0; i < x->info->stripe_count; i++) {
        stripes |= blocks.of_stripe[i] != 0 ? UINT32_C(1) << i : 0;
    }
    return stripes;
}

/* Of one of the sets of words all must be there. */
static uint32_t any_stripes(struct asked_index *x, const struct filter_leaf *leaf) {
    uint32_t stripes = 0;
    for (size_t i = 0; i < leaf->any_count && stripes != x->all; i++) {
        uint32_t own = x->all;
        for (size_t k = 0; k < leaf->any[i].count && own != 0; k++) {
            own &= stripes_with_word(x, leaf->any[i].hashes[k]);
        }
        stripes |= own;
    }
    return stripes;
}

/* All of its words must be there. */
static uint32_t leaf_stripes(struct asked_index *x, const struct filter_leaf *leaf) {
    uint32_t stripes = x->all;
    for (size_t i = 0; i < leaf->hash_count && stripes != 0; i++) {
        stripes &= stripes_with_word(x, leaf->hashes[i]);
    }
    for (size_t i = 0; i < leaf->number_count && stripes != 0; i++) {
        stripes &= stripes_with_number(x, leaf->numbers[i]);
    }
    if (leaf->any_count > 0 && stripes != 0) {
        stripes &= any_stripes(x, leaf);
    }
    return stripes;
}

static uint32_t node_stripes(struct asked_index *x, const struct filter_plan *plan,
                             const struct filter_node *node) {
    if (node->op == EXPR_FIELD || node->op == EXPR_TEXT) {
        return leaf_stripes(x, &plan->leaves[node->leaf]);
    }
    if (node->op != EXPR_AND && node->op != EXPR_OR) {
        return x->all; /* what must not be there does not help */
    }
    bool any = node->op == EXPR_OR;
    uint32_t stripes = any ? 0 : x->all;
    for (size_t i = 0; i < node->child_count; i++) {
        uint32_t own = node_stripes(x, plan, node->children[i]);
        stripes = any ? stripes | own : stripes & own;
    }
    return stripes;
}

enum status filter_plan_stripes(uint32_t *out, const struct filter_plan *plan,
                                const struct segment_info *info, const struct file_reader *file) {
    struct asked_index x = {
        .info = info, .source = {.file = file}, .all = (UINT32_C(1) << info->stripe_count) - 1};
    *out = node_stripes(&x, plan, plan->root);
    if (x.has_numbers) {
        number_index_close(&x.numbers);
    }
    return x.damaged ? STATUS_DAMAGED : STATUS_OK;
}

/* --- one leaf on a segment that is open --- */

static void keep_stripes(struct index_blocks *blocks, uint32_t stripes) {
    for (uint32_t i = 0; i < SEGMENT_MAX_STRIPES; i++) {
        blocks->of_stripe[i] = (stripes >> i & 1) != 0 ? blocks->of_stripe[i] : 0;
    }
}

static void ask_scope(struct leaf_scope *out, const struct filter_leaf *leaf,
                      struct asked_index *x) {
    for (size_t i = 0; i < leaf->hash_count; i++) {
        uint32_t stripes = stripes_with_new(x, leaf->hashes[i], false);
        uint32_t from = stripes == 0 ? 0 : x->all & ~((stripes & -stripes) - 1);
        keep_stripes(&out->blocks, from);
        if (leaf->hashes[i] == leaf->word_hash) {
            out->new_stripes = from; /* a filter lacks words of entries that an earlier one has */
            out->own_stripes = stripes;
        }
    }
    for (size_t i = 0; i < leaf->number_count; i++) {
        struct index_blocks own;
        bool known = blocks_with_number(&own, x, leaf->numbers[i]);
        bool is_word = known && leaf->numbers[i].ptr == leaf->word.ptr;
        uint32_t stripes = 0;
        for (uint32_t k = 0; k < SEGMENT_MAX_STRIPES && known; k++) {
            out->blocks.of_stripe[k] &= own.of_stripe[k];
            out->blocks.listed[k] &= is_word ? own.listed[k] : UINT8_MAX;
            stripes |= own.listed[k] != 0 ? UINT32_C(1) << k : 0;
        }
        out->new_stripes = is_word ? stripes : out->new_stripes;
    }
}

void filter_leaf_scope(struct leaf_scope *out, const struct filter_leaf *leaf,
                       const struct segment *s) {
    struct segment_info info = {.stripe_count = (uint32_t)s->stripe_count,
                                .rows = s->row_count,
                                .filter_offset = s->filter_offset,
                                .index_bytes = s->shared_offset + s->shared_len - s->filter_offset};
    for (size_t i = 0; i < s->stripe_count; i++) {
        info.filter_lines[i] = s->stripes[i].filter_lines;
    }
    struct asked_index x = {.info = &info,
                            .source = {.mapped = s->map.bytes, .mapped_bytes = s->map.size_bytes},
                            .all = (UINT32_C(1) << s->stripe_count) - 1};
    memset(out, 0xff, sizeof *out);
    if (leaf->e->op == EXPR_TEXT) {
        ask_scope(out, leaf, &x);
    }
    if (x.has_numbers) {
        number_index_close(&x.numbers);
    }
    if (x.damaged) {
        memset(out, 0xff, sizeof *out);
    }
}
