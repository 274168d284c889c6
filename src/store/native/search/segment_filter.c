/* Leaves and nodes of a predicate on one segment, as bitmaps of rows. */
#include "segment_filter_priv.h"

/* What can be known of the segment's values before a block is looked at. */
static enum status plan_field(struct segment_filter *f, const struct filter_leaf *leaf,
                              struct leaf_state *state, struct err *err) {
    state->attribute = filter_selects_attribute(leaf);
    if (!filter_selects_fields(f->segment, leaf)) { /* so no template has to be parsed */
        return STATUS_OK;
    }
    enum status status = segment_templates(f->segment, err);
    if (status == STATUS_OK) {
        filter_select_field(f, leaf, state);
    }
    for (size_t i = 0; i < state->match_count && status == STATUS_OK; i++) {
        status = filter_prepare_match(f, leaf, &state->scope, &state->matches[i],
                                      SEGMENT_MAX_STRIPES, err);
    }
    return status;
}

static enum status plan_leaf(struct segment_filter *f, const struct filter_leaf *leaf,
                             struct leaf_state *state, struct err *err) {
    const struct automaton *automaton =
        leaf->e->op == EXPR_TEXT ? expr_leaf_automaton(leaf->e) : NULL;
    if (automaton != NULL) {
        return text_match_create(&state->text, automaton, f->segment, err);
    }
    const struct expr_list *list = leaf->e->op == EXPR_TEXT ? expr_leaf_list(leaf->e) : NULL;
    if (list != NULL) {
        return text_list_create(&state->list, f->segment, list, err);
    }
    state->whole = arena_alloc(&f->arena, (size_t)f->segment->template_count + 1);
    state->by_time = arena_alloc(&f->arena, (size_t)f->segment->template_count + 1);
    state->all = arena_alloc(&f->arena, (size_t)f->segment->template_count + 1);
    filter_leaf_scope(&state->scope, leaf, f->segment);
    for (size_t i = 0; i < f->segment->stripe_count; i++) {
        state->any_in_scope = state->any_in_scope || state->scope.blocks.of_stripe[i] != 0;
    }
    if (leaf->e->op == EXPR_TEXT) {
        filter_select_text(f, leaf, state);
        return STATUS_OK;
    }
    return plan_field(f, leaf, state, err);
}

enum status segment_filter_create(struct segment_filter **out, const struct filter_plan *plan,
                                  struct segment *segment, struct err *err) {
    struct segment_filter *f = mem_calloc(1, sizeof *f);
    f->plan = plan;
    f->segment = segment;
    f->scratch = expr_scratch_create(plan->expr);
    f->leaves = mem_calloc(plan->leaf_count + 1, sizeof *f->leaves);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < plan->leaf_count && status == STATUS_OK; i++) {
        status = plan_leaf(f, &plan->leaves[i], &f->leaves[i], err);
    }
    if (status != STATUS_OK) {
        segment_filter_destroy(&f);
        return status;
    }
    *out = f;
    return STATUS_OK;
}

void segment_filter_destroy(struct segment_filter **filter) {
    struct segment_filter *f = *filter;
    if (f == NULL) {
        return;
    }
    for (size_t i = 0; i < f->plan->leaf_count; i++) {
        mem_free(f->leaves[i].matches);
        mem_free(f->leaves[i].sums);
        mem_free(f->leaves[i].operands);
        text_match_destroy(&f->leaves[i].text);
        text_list_destroy(&f->leaves[i].list);
    }
    mem_free(f->leaves);
    expr_scratch_destroy(&f->scratch);
    batch_fini(&f->row);
    buf_fini(&f->value);
    buf_fini(&f->run);
    buf_fini(&f->other);
    arena_fini(&f->arena);
    mem_free(f);
    *filter = NULL;
}

static bool leaf_may_match(const struct leaf_state *state) {
    if (state->known != NULL) { /* blocks tell */
        return state->any_in_scope;
    }
    if (state->text != NULL) {
        return text_match_is_possible(state->text);
    }
    if (state->list != NULL) {
        return text_list_may_match(state->list);
    }
    bool possible = state->any_whole || state->any_all || state->attribute;
    for (size_t i = 0; i < state->match_count && !possible; i++) {
        possible = state->matches[i].possible;
    }
    return possible;
}

/* Has the filter of the stripe the leaf's word? */
static bool is_own(const struct leaf_state *state, uint32_t stripe) {
    return (state->scope.own_stripes >> stripe & 1) != 0;
}

/* Does the index of words leave the block? */
static bool is_in_scope(const struct segment_filter *f, const struct leaf_state *state,
                        size_t index) {
    uint32_t stripe = f->segment->blocks[index].stripe;
    uint8_t blocks = state->scope.blocks.of_stripe[stripe];
    if (state->text != NULL || state->list != NULL) {
        return true;
    }
    return (blocks >> (index - f->segment->stripes[stripe].first_block) & 1) != 0 &&
           (is_own(state, stripe) || state->reach != FILTER_REACH_NONE);
}

/* Is the word in an entry that is new in a stripe whose filter has it? */
static enum status entries_hold(bool *holds, struct segment_filter *f,
                                const struct filter_leaf *leaf, struct leaf_state *state,
                                struct err *err) {
    struct leaf_scope own = state->scope;
    own.new_stripes = own.own_stripes;
    enum status status = STATUS_OK;
    *holds = false;
    for (size_t i = 0; i < state->match_count && status == STATUS_OK && !*holds; i++) {
        struct column_match *m = &state->matches[i];
        if (m->is_dictionary) {
            status = filter_prepare_match(f, leaf, &own, m, SEGMENT_MAX_STRIPES, err);
            *holds = m->entries != NULL;
        }
    }
    return status;
}

/* Mostly the word is new in one stripe, or in none: then all others are left alone. */
static enum status find_reach(struct segment_filter *f, const struct filter_leaf *leaf,
                              struct leaf_state *state, struct err *err) {
    bool holds;
    enum status status = entries_hold(&holds, f, leaf, state, err);
    if (status == STATUS_OK && !holds) {
        status = filter_select_all(&holds, f, leaf, state, err);
    }
    if (status == STATUS_OK) {
        state->reach = holds ? FILTER_REACH_ALL : FILTER_REACH_NONE;
        state->scope.new_stripes &= holds ? UINT32_MAX : state->scope.own_stripes;
    }
    return status;
}

/* Of the segment, or of one block of it. */
static bool node_may_match(const struct segment_filter *f, const struct filter_node *node,
                           const size_t *index) {
    if (node->op == EXPR_FIELD || node->op == EXPR_TEXT) {
        const struct leaf_state *state = &f->leaves[node->leaf];
        return index == NULL ? leaf_may_match(state) : is_in_scope(f, state, *index);
    }
    if (node->op != EXPR_AND && node->op != EXPR_OR) {
        return true;
    }
    for (size_t i = 0; i < node->child_count; i++) {
        if (node_may_match(f, node->children[i], index) == (node->op == EXPR_OR)) {
            return node->op == EXPR_OR;
        }
    }
    return node->op == EXPR_AND;
}

bool segment_filter_may_match(const struct segment_filter *f) {
    return node_may_match(f, f->plan->root, NULL);
}

enum status segment_filter_ask_block(bool *out, struct segment_filter *f, size_t index,
                                     struct err *err) {
    uint32_t stripe = f->segment->blocks[index].stripe;
    enum status status = STATUS_OK;
    *out = node_may_match(f, f->plan->root, &index);
    for (size_t i = 0; i < f->plan->leaf_count && *out && status == STATUS_OK; i++) {
        struct leaf_state *state = &f->leaves[i];
        if (state->known == NULL || state->reach != FILTER_REACH_UNKNOWN || is_own(state, stripe) ||
            !is_in_scope(f, state, index)) {
            continue;
        }
        status = find_reach(f, &f->plan->leaves[i], state, err);
        *out = status == STATUS_OK && node_may_match(f, f->plan->root, &index);
    }
    return status;
}

/* --- blocks --- */

static enum status match_automaton(struct segment_filter *f, const struct filter_leaf *leaf,
                                   struct text_match *text, struct block *b, const uint64_t *care,
                                   uint64_t *out, struct err *err) {
    uint64_t maybe[BITMAP_WORDS] = {0};
    enum status status = text_match_block(text, b, care, out, maybe, err);
    return status == STATUS_OK ? filter_verify_rows(f, leaf, b, maybe, out, err) : status;
}

static enum status match_list(struct segment_filter *f, const struct filter_leaf *leaf,
                              struct text_list *list, struct block *b, const uint64_t *care,
                              uint64_t *out, struct err *err) {
    uint64_t maybe[BITMAP_WORDS] = {0};
    enum status status = text_list_block(list, b, care, maybe, err);
    return status == STATUS_OK ? filter_verify_rows(f, leaf, b, maybe, out, err) : status;
}

/* event.dataset: what a row's dataset number tells. */
static enum status match_dataset(struct segment_filter *f, const struct filter_leaf *leaf,
                                 struct block *b, const uint64_t *care, uint64_t *out,
                                 struct err *err) {
    uint8_t passes[DATASET_COUNT] = {0};
    const struct segment *s = f->segment;
    size_t passing = 0;
    for (size_t i = 0; i < s->dataset_count && i < DATASET_COUNT; i++) {
        passes[i] = s->datasets[i] != DATASET_UNKNOWN &&
                    expr_leaf_match_value(leaf->e, dataset_info(s->datasets[i])->name,
                                          FIELD_TYPE_KEYWORD, f->scratch);
        passing += passes[i];
    }
    if (passing == 0 || passing == s->dataset_count) { /* most segments are of one dataset */
        memcpy(out, care, passing == 0 ? 0 : BITMAP_WORDS * sizeof *out);
        return STATUS_OK;
    }
    enum status status = block_numbers(b, NUMBER_DATASET, err);
    for (uint32_t row = 0; status == STATUS_OK && row < b->info->rows; row++) {
        uint64_t dataset = (uint64_t)b->numbers[NUMBER_DATASET][row];
        if (filter_get_bit(care, row) && dataset < DATASET_COUNT && passes[dataset] != 0) {
            filter_set_bit(out, row);
        }
    }
    return status;
}

/* Rows that pass whatever their values are. */
static enum status match_literals(const struct leaf_state *state, struct block *b,
                                  const uint64_t *care, uint64_t *out, struct err *err) {
    enum status status = block_templates(b, err);
    for (uint32_t row = 0; status == STATUS_OK && row < b->info->rows; row++) {
        if (state->all[b->templates[row]] != 0 && filter_get_bit(care, row)) {
            filter_set_bit(out, row);
        }
    }
    return status;
}

static enum status match_leaf(struct segment_filter *f, uint32_t number, struct block *b,
                              const uint64_t *care, uint64_t *out, struct err *err) {
    const struct filter_leaf *leaf = &f->plan->leaves[number];
    struct leaf_state *state = &f->leaves[number];
    uint64_t sure[BITMAP_WORDS] = {0};
    memset(out, 0, BITMAP_WORDS * sizeof *out);
    if (leaf->e->op == EXPR_FIELD && expr_leaf_field(leaf->e) == FIELD_EVENT_DATASET) {
        return match_dataset(f, leaf, b, care, out, err);
    }
    if (state->text != NULL) {
        return match_automaton(f, leaf, state->text, b, care, out, err);
    }
    if (state->list != NULL) {
        return match_list(f, leaf, state->list, b, care, out, err);
    }
    if (!is_in_scope(f, state, b->index)) {
        return STATUS_OK;
    }
    enum status status =
        leaf->e->op == EXPR_TEXT ? filter_select_block(f, leaf, state, b, err) : STATUS_OK;
    if (status == STATUS_OK && state->any_all) {
        status = match_literals(state, b, care, out, err);
        memcpy(sure, out, sizeof sure);
    }
    bool listed = filter_is_listed(state, b);
    for (size_t i = 0; i < state->match_count && status == STATUS_OK && listed; i++) {
        status = filter_match_column(f, number, &state->matches[i], b, care, out, sure, err);
    }
    if (status == STATUS_OK && state->sum_count > 0 && listed) {
        status = filter_match_sums(f, state, b, care, out, err);
    }
    if (status == STATUS_OK && state->any_by_time) {
        status = filter_match_times(f, leaf, state, b, care, out, err);
    }
    bool rest = state->any_whole || state->attribute || leaf->e->op == EXPR_TEXT;
    if (status == STATUS_OK && rest) {
        status = filter_match_rows(f, leaf, state, b, care, out, sure, err);
    }
    return status;
}

static enum status match_node(struct segment_filter *f, const struct filter_node *node,
                              struct block *b, const uint64_t *care, uint64_t *out,
                              struct err *err);

/* AND narrows what is cared for; OR takes away what is decided. */
static enum status match_children(struct segment_filter *f, const struct filter_node *node,
                                  struct block *b, const uint64_t *care, uint64_t *out,
                                  struct err *err) {
    bool all = node->op == EXPR_AND;
    uint64_t left[BITMAP_WORDS];
    uint64_t hits[BITMAP_WORDS];
    memcpy(left, care, sizeof left);
    memset(out, 0, BITMAP_WORDS * sizeof *out);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < node->child_count && status == STATUS_OK && !filter_is_empty(left);
         i++) {
        status = match_node(f, node->children[i], b, left, hits, err);
        for (size_t k = 0; k < BITMAP_WORDS; k++) {
            left[k] = all ? hits[k] : left[k] & ~hits[k];
            out[k] |= hits[k];
        }
    }
    if (all) {
        memcpy(out, left, sizeof left);
    }
    return status;
}

static enum status match_node(struct segment_filter *f, const struct filter_node *node,
                              struct block *b, const uint64_t *care, uint64_t *out,
                              struct err *err) {
    enum status status = STATUS_OK;
    uint64_t hits[BITMAP_WORDS];
    switch (node->op) {
    case EXPR_ALL:
        memcpy(out, care, BITMAP_WORDS * sizeof *out);
        return STATUS_OK;
    case EXPR_AND:
    case EXPR_OR:
        return match_children(f, node, b, care, out, err);
    case EXPR_NOT:
        status = match_node(f, node->children[0], b, care, hits, err);
        for (size_t k = 0; k < BITMAP_WORDS; k++) {
            out[k] = care[k] & ~hits[k];
        }
        return status;
    default:
        return match_leaf(f, node->leaf, b, care, out, err);
    }
}

enum status segment_filter_block(struct segment_filter *f, struct block *b, uint64_t *rows,
                                 struct err *err) {
    uint64_t out[BITMAP_WORDS];
    enum status status = match_node(f, f->plan->root, b, rows, out, err);
    memcpy(rows, out, sizeof out);
    return status;
}
