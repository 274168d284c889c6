#define _GNU_SOURCE /* memmem */
#include "expr.h"

#include "expr_priv.h"
#include "mem.h"
#include "operand_set.h"
#include "token.h"

/* --- scratch --- */

static uint32_t max_leaf_index(const struct expr *e) {
    if (e->leaf != NULL) {
        return e->leaf->index + 1;
    }
    uint32_t max = 0;
    for (size_t i = 0; i < e->child_count; i++) {
        uint32_t child = max_leaf_index(e->children[i]);
        max = child > max ? child : max;
    }
    return max;
}

struct expr_scratch *expr_scratch_create(const struct expr *root) {
    struct expr_scratch *scratch = mem_calloc(1, sizeof *scratch);
    scratch->leaf_count = root == NULL ? 0 : max_leaf_index(root);
    scratch->selects = mem_calloc(scratch->leaf_count + 1, sizeof *scratch->selects);
    return scratch;
}

void expr_scratch_destroy(struct expr_scratch **scratch) {
    struct expr_scratch *s = *scratch;
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->leaf_count; i++) {
        mem_free(s->selects[i].known);
    }
    mem_free(s->selects);
    pcre2_match_data_free(s->match_data);
    pcre2_match_context_free(s->match_context);
    pcre2_jit_stack_free(s->jit_stack);
    buf_fini(&s->fold);
    buf_fini(&s->attribute);
    buf_fini(&s->text);
    buf_fini(&s->folded_text);
    mem_free(s);
    *scratch = NULL;
}

/* --- tests --- */

/* Tokens `words[1..]` must follow the first one, which stands at the start of `at`. */
static bool words_follow(const struct expr_leaf *leaf, struct str at) {
    struct str token;
    for (size_t i = 0; i < leaf->word_count; i++) {
        if (!token_next(&token, &at) || !str_eq(token, leaf->words[i])) {
            return false;
        }
    }
    return true;
}

static bool words_match(const struct expr_leaf *leaf, struct str folded) {
    struct str longest = leaf->longest_word;
    if (memmem(folded.ptr, folded.len, longest.ptr, longest.len) == NULL) {
        return false;
    }
    struct str first = leaf->words[0];
    struct str rest = folded;
    for (;;) {
        const char *hit = memmem(rest.ptr, rest.len, first.ptr, first.len);
        if (hit == NULL) {
            return false;
        }
        size_t at = (size_t)(hit - folded.ptr);
        if (token_may_begin(folded, at) && words_follow(leaf, str_skip(folded, at))) {
            return true;
        }
        rest = str_skip(folded, at + 1);
    }
}

static bool in_range(const struct expr_leaf *leaf, struct str value, enum field_type type,
                     struct buf *fold) {
    int order;
    const struct bound *low = &leaf->low;
    const struct bound *high = &leaf->high;
    if (low->is_set && (!operand_compare(&order, value, &low->operand, type, fold) || order < 0 ||
                        (order == 0 && !low->inclusive))) {
        return false;
    }
    return !high->is_set || (operand_compare(&order, value, &high->operand, type, fold) &&
                             (order < 0 || (order == 0 && high->inclusive)));
}

static bool in_network(const struct expr_leaf *leaf, struct str value) {
    struct ip ip;
    return ip_parse(&ip, value) && ip_network_has(&leaf->network, &ip);
}

static struct str fold_value(struct expr_scratch *scratch, struct str text) {
    buf_clear(&scratch->fold);
    fold_text(&scratch->fold, text);
    return buf_str(&scratch->fold);
}

bool leaf_wants_folded(const struct expr_leaf *leaf) {
    return leaf->test == EXPR_WORDS || leaf->test == EXPR_WILDCARD || leaf->test == EXPR_EQUALS;
}

bool leaf_match_text(const struct expr_leaf *leaf, struct str text, struct str folded,
                     struct expr_scratch *scratch) {
    switch (leaf->test) {
    case EXPR_EXISTS:
        return true;
    case EXPR_EQUALS:
        return str_eq(folded, leaf->value.folded);
    case EXPR_WILDCARD:
        return wildcard_text_match(&leaf->wildcard_text, folded);
    case EXPR_REGEX:
        return regex_match(leaf->regex, text, scratch);
    case EXPR_WORDS:
        return words_match(leaf, folded);
    case EXPR_LISTED:
        return leaf->list.has(leaf->list.ctx, text);
    case EXPR_EQUALS_ANY:
    case EXPR_RANGE:
    case EXPR_CIDR:
        break;
    }
    return false; /* no test of a whole text */
}

bool leaf_match_value(const struct expr_leaf *leaf, struct str text, enum field_type type,
                      struct expr_scratch *scratch) {
    if (leaf->on_text) {
        struct str folded = leaf_wants_folded(leaf) ? fold_value(scratch, text) : STR_EMPTY;
        return leaf_match_text(leaf, text, folded, scratch);
    }
    switch (leaf->test) {
    case EXPR_EXISTS:
        return true;
    case EXPR_EQUALS:
        return operand_equals(text, &leaf->value, type, &scratch->fold);
    case EXPR_WILDCARD:
        return wildcard_match(&leaf->wildcard, fold_value(scratch, text));
    case EXPR_REGEX:
        return regex_match(leaf->regex, text, scratch);
    case EXPR_RANGE:
        return in_range(leaf, text, type, &scratch->fold);
    case EXPR_CIDR:
        return in_network(leaf, text);
    case EXPR_WORDS:
        return words_match(leaf, fold_value(scratch, text));
    case EXPR_LISTED:
        return leaf->list.has(leaf->list.ctx, text);
    case EXPR_EQUALS_ANY:
        return operand_set_has(leaf->values, text, type, &scratch->fold);
    }
    return false;
}

/* --- facts of a leaf --- */

bool leaf_selects(const struct expr_leaf *leaf, uint32_t field, struct str name) {
    if (leaf->field != FIELD_NONE) {
        return leaf->field == field;
    }
    struct buf folded = BUF_INIT;
    fold_text(&folded, name);
    bool selects = wildcard_match(&leaf->name_wildcard, buf_str(&folded));
    buf_fini(&folded);
    return selects;
}

bool expr_leaf_selects(const struct expr *leaf, uint32_t field, struct str name) {
    return leaf_selects(leaf->leaf, field, name);
}

uint32_t expr_leaf_field(const struct expr *leaf) {
    return leaf->leaf->field;
}

bool expr_leaf_is_foreign(const struct expr *e) {
    const struct expr_leaf *leaf = e->leaf;
    return leaf->field == FIELD_NONE &&
           memchr(leaf->name.ptr, WILDCARD_STAR, leaf->name.len) == NULL &&
           memchr(leaf->name.ptr, WILDCARD_ONE, leaf->name.len) == NULL;
}

bool expr_leaf_match_value(const struct expr *leaf, struct str text, enum field_type type,
                           struct expr_scratch *scratch) {
    return leaf_match_value(leaf->leaf, text, type, scratch);
}

size_t expr_leaf_tokens(const struct expr *leaf, const struct str **out_tokens) {
    *out_tokens = leaf->leaf->tokens;
    return leaf->leaf->token_count;
}

/* False if the bound is none for integers. */
static bool integer_bound(int64_t *out, const struct bound *bound, int64_t step, int64_t end) {
    const struct operand *o = &bound->operand;
    if (!bound->is_set) {
        return true;
    }
    if (!o->is_integer || o->is_ip || o->integer == end) {
        return false;
    }
    *out = bound->inclusive ? o->integer : o->integer + step;
    return true;
}

bool expr_leaf_integers(const struct expr *e, enum field_type type, int64_t *low, int64_t *high) {
    const struct expr_leaf *leaf = e->leaf;
    bool number = type == FIELD_TYPE_LONG;
    *low = INT64_MIN;
    *high = INT64_MAX;
    if (leaf->test == EXPR_EQUALS && number && leaf->value.is_integer) {
        *low = *high = leaf->value.integer;
        return true;
    }
    return leaf->test == EXPR_RANGE && number && integer_bound(low, &leaf->low, 1, INT64_MAX) &&
           integer_bound(high, &leaf->high, -1, INT64_MIN);
}

size_t expr_leaf_member_count(const struct expr *leaf) {
    return leaf->leaf->member_count;
}

size_t expr_leaf_member_tokens(const struct expr *leaf, size_t member,
                               const struct str **out_tokens) {
    const struct expr_leaf *m = leaf->leaf->members[member];
    *out_tokens = m->tokens;
    return m->token_count;
}

bool expr_leaf_listed_integers(const struct expr *leaf, enum field_type type, int64_t *low,
                               int64_t *high) {
    const struct expr_leaf *l = leaf->leaf;
    return l->test == EXPR_EQUALS_ANY && type == FIELD_TYPE_LONG &&
           operand_set_integers(l->values, low, high);
}

bool expr_leaf_has_integer(const struct expr *leaf, int64_t number) {
    return operand_set_has_integer(leaf->leaf->values, number);
}

const struct expr_fragment *expr_leaf_fragment(const struct expr *leaf) {
    return &leaf->leaf->fragment;
}

const struct automaton *expr_leaf_automaton(const struct expr *leaf) {
    return leaf->leaf->automaton;
}

const struct expr_list *expr_leaf_list(const struct expr *leaf) {
    return leaf->leaf->test == EXPR_LISTED ? &leaf->leaf->list : NULL;
}

/* --- facts of a tree --- */

static void narrow(const struct expr_leaf *leaf, int64_t *from_ns, int64_t *to_ns) {
    const struct bound *low = &leaf->low;
    const struct bound *high = &leaf->high;
    if (low->is_set && low->operand.is_time) {
        int64_t ns = low->operand.time_ns;
        ns += !low->inclusive && ns < INT64_MAX ? 1 : 0;
        *from_ns = ns > *from_ns ? ns : *from_ns;
    }
    if (high->is_set && high->operand.is_time) {
        int64_t ns = high->operand.time_ns;
        ns += high->inclusive && ns < INT64_MAX ? 1 : 0;
        *to_ns = ns < *to_ns ? ns : *to_ns;
    }
}

void expr_time_bounds(const struct expr *root, int64_t *from_ns, int64_t *to_ns) {
    if (root->op == EXPR_FIELD && root->leaf->field == FIELD_TIMESTAMP &&
        root->leaf->test == EXPR_RANGE) {
        narrow(root->leaf, from_ns, to_ns);
    }
    for (size_t i = 0; root->op == EXPR_AND && i < root->child_count; i++) {
        expr_time_bounds(root->children[i], from_ns, to_ns);
    }
}

static bool wants_derived(const struct expr *e, bool positive, struct expr_scratch *scratch) {
    if (e->op == EXPR_FIELD) {
        return positive && e->leaf->field == FIELD_EVENT_KIND && e->leaf->test != EXPR_EXISTS &&
               leaf_match_value(e->leaf, STR("derived"), FIELD_TYPE_KEYWORD, scratch);
    }
    for (size_t i = 0; i < e->child_count; i++) {
        if (wants_derived(e->children[i], positive != (e->op == EXPR_NOT), scratch)) {
            return true;
        }
    }
    return false;
}

bool expr_wants_derived(const struct expr *root) {
    struct expr_scratch *scratch = expr_scratch_create(root);
    bool wants = wants_derived(root, true, scratch);
    expr_scratch_destroy(&scratch);
    return wants;
}

enum answer { ANSWER_NO, ANSWER_MAYBE, ANSWER_YES };

static enum answer leaf_on_dataset(const struct expr_leaf *leaf, enum dataset dataset,
                                   struct expr_scratch *scratch) {
    if (leaf->on_text || leaf->field != FIELD_EVENT_DATASET) {
        return ANSWER_MAYBE;
    }
    bool has = dataset != DATASET_UNKNOWN &&
               leaf_match_value(leaf, dataset_info(dataset)->name, FIELD_TYPE_KEYWORD, scratch);
    return has ? ANSWER_YES : ANSWER_NO;
}

static enum answer on_dataset(const struct expr *e, enum dataset dataset,
                              struct expr_scratch *scratch) {
    if (e->leaf != NULL) {
        return leaf_on_dataset(e->leaf, dataset, scratch);
    }
    enum answer answer = e->op == EXPR_OR ? ANSWER_NO : ANSWER_YES;
    for (size_t i = 0; i < e->child_count; i++) {
        enum answer child = on_dataset(e->children[i], dataset, scratch);
        bool takes = e->op == EXPR_OR ? child > answer : child < answer;
        answer = takes ? child : answer;
    }
    return e->op == EXPR_NOT ? ANSWER_YES - answer : answer;
}

bool expr_may_match_dataset(const struct expr *root, enum dataset dataset) {
    struct expr_scratch *scratch = expr_scratch_create(root);
    enum answer answer = on_dataset(root, dataset, scratch);
    expr_scratch_destroy(&scratch);
    return answer != ANSWER_NO;
}
