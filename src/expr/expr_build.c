#include "expr_build.h"

#include "expr_priv.h"
#include "mem.h"
#include "operand_set.h"
#include "token.h"

enum {
    MIN_GATHERED = 8, /* leaves that are worth a look-up: fewer comparisons cost as much */
    MAX_GATHERED_FIELDS = 16
};

struct expr_set *expr_set_create(void) {
    return mem_calloc(1, sizeof(struct expr_set));
}

void expr_set_destroy(struct expr_set **set) {
    if (*set == NULL) {
        return;
    }
    for (size_t i = 0; i < (*set)->leaf_count; i++) {
        pcre2_code_free((*set)->leaves[i]->regex);
        if ((*set)->leaves[i]->values != NULL) {
            operand_set_fini((*set)->leaves[i]->values);
        }
    }
    mem_free((*set)->leaves);
    arena_fini(&(*set)->arena);
    mem_free(*set);
    *set = NULL;
}

static struct expr *make_node(struct expr_set *set, enum expr_op op) {
    struct expr *e = arena_alloc(&set->arena, sizeof *e);
    e->op = op;
    return e;
}

struct expr *expr_make_all(struct expr_set *set) {
    return make_node(set, EXPR_ALL);
}

static void add_leaf(struct expr_set *set, struct expr_leaf *leaf) {
    leaf->index = (uint32_t)set->leaf_count;
    MEM_GROW(set->leaves, set->leaf_capacity, set->leaf_count + 1);
    set->leaves[set->leaf_count++] = leaf;
}

/* --- many values of one field --- */

static bool is_equals(const struct expr *e) {
    return e->op == EXPR_FIELD && e->leaf->test == EXPR_EQUALS;
}

/* Do both leaves test the same columns? */
static bool same_field(const struct expr_leaf *a, const struct expr_leaf *b) {
    return a->field == b->field && (a->field != FIELD_NONE || str_eq(a->name, b->name));
}

/* The EQUALS leaves of the array that test what the first of them tests become one; what is left
 * stays in order. Returns how many there are then. */
static size_t gather(struct expr_set *set, struct expr **items, size_t first, size_t count,
                     size_t members) {
    struct expr_leaf *leaf = arena_alloc(&set->arena, sizeof *leaf);
    *leaf = *items[first]->leaf; /* its field */
    leaf->test = EXPR_EQUALS_ANY;
    leaf->token_count = 0;
    leaf->values = arena_alloc(&set->arena, sizeof *leaf->values);
    leaf->members = arena_array(&set->arena, members, sizeof *leaf->members);
    size_t left = first + 1;
    const struct expr_leaf *like = items[first]->leaf;
    for (size_t i = first; i < count; i++) {
        if (is_equals(items[i]) && same_field(items[i]->leaf, like)) {
            operand_set_add(leaf->values, &items[i]->leaf->value);
            leaf->members[leaf->member_count++] = items[i]->leaf;
        } else {
            items[left++] = items[i];
        }
    }
    add_leaf(set, leaf);
    items[first] = make_node(set, EXPR_FIELD);
    items[first]->leaf = leaf;
    return left;
}

/* Many EQUALS leaves of one field become a leaf each. Fields are few: `tried` bounds the looking.
 */
static size_t gather_equals(struct expr_set *set, struct expr **items, size_t count) {
    size_t tried = 0;
    for (size_t i = 0; i < count && tried < MAX_GATHERED_FIELDS; i++) {
        if (!is_equals(items[i])) {
            continue;
        }
        size_t members = 0;
        for (size_t k = i; k < count; k++) {
            members += is_equals(items[k]) && same_field(items[k]->leaf, items[i]->leaf);
        }
        tried++;
        if (members >= MIN_GATHERED) {
            count = gather(set, items, i, count, members);
        }
    }
    return count;
}

/* Groups in a group of the same kind are its members. */
static struct expr **flatten(size_t *flat_count, struct expr_set *set, enum expr_op op,
                             struct expr *const *children, size_t count) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += children[i]->op == op ? children[i]->child_count : 1;
    }
    struct expr **flat = arena_array(&set->arena, total + 1, sizeof(struct expr *));
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_group = children[i]->op == op;
        for (size_t k = 0; is_group && k < children[i]->child_count; k++) {
            flat[at++] = children[i]->children[k];
        }
        if (!is_group) {
            flat[at++] = children[i];
        }
    }
    *flat_count = total;
    return flat;
}

struct expr *expr_make_group(struct expr_set *set, enum expr_op op, struct expr *const *children,
                             size_t count) {
    if (count == 1) {
        return children[0];
    }
    size_t flat_count;
    struct expr **flat = flatten(&flat_count, set, op, children, count);
    if (op == EXPR_OR) {
        flat_count = gather_equals(set, flat, flat_count);
    }
    if (flat_count == 1) {
        return flat[0];
    }
    struct expr *e = make_node(set, op);
    e->children = flat;
    e->child_count = flat_count;
    return e;
}

struct expr *expr_make_not(struct expr_set *set, struct expr *child) {
    struct expr *e = make_node(set, EXPR_NOT);
    e->children = arena_array(&set->arena, 1, sizeof(struct expr *));
    e->children[0] = child;
    e->child_count = 1;
    return e;
}

/* --- leaves --- */

/* A name that the schema knows (in whatever case) is tested by its id; others by name, because a
 * store may know them in another case. */
static void set_field(struct expr_leaf *leaf, struct arena *arena, struct str name) {
    leaf->name = wildcard_fold_pattern(arena, name);
    wildcard_compile(&leaf->name_wildcard, arena, leaf->name);
    leaf->field = FIELD_NONE;
    for (uint32_t id = 0; id < FIELD_STATIC_COUNT && leaf->field == FIELD_NONE; id++) {
        if (str_eq_ci(schema_name(id), leaf->name)) {
            leaf->field = id;
        }
    }
}

/* All tokens of a folded text, in order. */
static size_t cut_tokens(struct str **out, struct arena *arena, struct str folded) {
    struct str rest = folded;
    struct str token;
    size_t count = 0;
    while (token_next(&token, &rest)) {
        count++;
    }
    *out = arena_array(arena, count + 1, sizeof **out);
    rest = folded;
    for (size_t i = 0; i < count && token_next(&token, &rest); i++) {
        (*out)[i] = token;
    }
    return count;
}

static enum status set_words(struct expr_leaf *leaf, struct arena *arena, struct str value,
                             struct err *err) {
    struct operand folded;
    operand_init(&folded, arena, value);
    leaf->word_count = cut_tokens(&leaf->words, arena, folded.folded);
    leaf->longest_word = STR_EMPTY;
    for (size_t i = 0; i < leaf->word_count; i++) {
        if (leaf->words[i].len > leaf->longest_word.len) {
            leaf->longest_word = leaf->words[i];
        }
    }
    leaf->tokens = leaf->words;
    leaf->token_count = leaf->word_count;
    if (leaf->word_count == 0) {
        return err_set(err, STATUS_BAD_INPUT, "\"%.*s\" holds no letter or digit to look for",
                       STR_ARG(str_head(value, 100)));
    }
    return STATUS_OK;
}

/* Is every byte one of [a-z0-9_] or a separator that no escaping changes? */
static bool is_plain_ascii(struct str folded) {
    for (size_t i = 0; i < folded.len; i++) {
        unsigned char c = (unsigned char)folded.ptr[i];
        if (c < 0x20 || c >= 0x7f) {
            return false;
        }
    }
    return true;
}

/*
 * Which tokens of a value must stand in the search text? Only of keyword fields compared as text:
 * numbers, addresses in IPv6 form and times are equal in several spellings. The search text of a
 * value that was decoded (JSON, URL escapes, MIME) holds other tokens than the value; the store
 * indexes those of the decoded value too.
 */
static void set_equals_tokens(struct expr_leaf *leaf, struct arena *arena) {
    enum field_type type =
        leaf->field == FIELD_NONE ? FIELD_TYPE_KEYWORD : schema_type(leaf->field);
    bool is_text = type == FIELD_TYPE_KEYWORD && !(leaf->value.is_ip && !ip_is_v4(&leaf->value.ip));
    bool is_dotted_quad = type == FIELD_TYPE_IP && leaf->value.is_ip && ip_is_v4(&leaf->value.ip) &&
                          memchr(leaf->value.folded.ptr, ':', leaf->value.folded.len) == NULL;
    bool attribute = leaf->field != FIELD_NONE && schema_is_attribute(leaf->field);
    if (attribute || !(is_text || is_dotted_quad) || !is_plain_ascii(leaf->value.folded)) {
        return;
    }
    leaf->token_count = cut_tokens(&leaf->tokens, arena, leaf->value.folded);
}

/* Whole words of the pattern without wildcards must stand in the text. */
static void set_pattern_tokens(struct expr_leaf *leaf, struct arena *arena) {
    struct buf words = BUF_INIT;
    for (size_t i = 0; i < leaf->wildcard_text.piece_count; i++) {
        const struct wildcard_piece *piece = &leaf->wildcard_text.pieces[i];
        bool plain = piece->is_word &&
                     memchr(piece->text.ptr, WILDCARD_STAR, piece->text.len) == NULL &&
                     memchr(piece->text.ptr, WILDCARD_ONE, piece->text.len) == NULL;
        if (plain) {
            buf_add(&words, piece->text);
            buf_putc(&words, ' ');
        }
    }
    leaf->token_count = cut_tokens(&leaf->tokens, arena, arena_str(arena, buf_str(&words)));
    buf_fini(&words);
}

static void set_bound(struct bound *out, struct arena *arena, const struct expr_bound *spec) {
    out->is_set = spec->is_set;
    out->inclusive = spec->inclusive;
    if (spec->is_set) {
        operand_init(&out->operand, arena, spec->text);
    }
}

static void set_wildcard(struct expr_leaf *leaf, struct arena *arena, struct str pattern) {
    struct str marked = wildcard_fold_pattern(arena, pattern);
    if (leaf->on_text) {
        wildcard_text_compile(&leaf->wildcard_text, arena, marked);
        set_pattern_tokens(leaf, arena);
        leaf->fragment.text = fragment_of_text(marked);
    } else {
        wildcard_compile(&leaf->wildcard, arena, marked);
    }
}

static void set_regex_fragment(struct expr_leaf *leaf, struct arena *arena,
                               const struct expr_leaf_spec *spec) {
    struct buf text = BUF_INIT;
    buf_add(&text, fragment_of_regex(spec->value));
    for (size_t i = 0; i < text.len && spec->ignore_case; i++) {
        /* K and S have partners beyond ASCII: KELVIN SIGN, LONG S */
        char c = ascii_lower(text.ptr[i]);
        text.ptr[i] = c == 'k' || c == 's' ? ' ' : c;
    }
    struct str kept = arena_str(arena, fragment_of_text(buf_str(&text)));
    leaf->fragment = (struct expr_fragment){kept, true, spec->ignore_case};
    buf_fini(&text);
}

/* What the store can walk over columns. The words that every match holds are a hint for the index.
 */
static void set_automaton(struct expr_leaf *leaf, struct arena *arena,
                          const struct expr_leaf_spec *spec) {
    struct automaton *automaton = arena_alloc(arena, sizeof *automaton);
    if (automaton_of_regex(automaton, arena, spec->value, spec->ignore_case,
                           regex_newline_is_lf(leaf->regex))) {
        leaf->automaton = automaton;
        leaf->token_count = automaton_words(&leaf->tokens, automaton, arena);
    }
}

static enum status set_regex(struct expr_leaf *leaf, struct arena *arena,
                             const struct expr_leaf_spec *spec, struct err *err) {
    size_t ignored;
    enum status status =
        regex_compile(&leaf->regex, spec->error_at != NULL ? spec->error_at : &ignored, spec->value,
                      spec->ignore_case, err);
    if (status == STATUS_OK && leaf->on_text) {
        set_regex_fragment(leaf, arena, spec);
        set_automaton(leaf, arena, spec);
    }
    return status;
}

static enum status set_test(struct expr_leaf *leaf, struct arena *arena,
                            const struct expr_leaf_spec *spec, struct err *err) {
    switch (spec->test) {
    case EXPR_EXISTS:
        return STATUS_OK;
    case EXPR_EQUALS:
        operand_init(&leaf->value, arena, spec->value);
        set_equals_tokens(leaf, arena);
        return STATUS_OK;
    case EXPR_WILDCARD:
        set_wildcard(leaf, arena, spec->value);
        return STATUS_OK;
    case EXPR_REGEX:
        return set_regex(leaf, arena, spec, err);
    case EXPR_RANGE:
        set_bound(&leaf->low, arena, &spec->low);
        set_bound(&leaf->high, arena, &spec->high);
        return STATUS_OK;
    case EXPR_CIDR:
        if (!ip_network_parse(&leaf->network, spec->value)) {
            return err_set(err, STATUS_BAD_INPUT,
                           "\"%.*s\" is no network; write it like 10.0.0.0/8 or fc00::/7",
                           STR_ARG(str_head(spec->value, 100)));
        }
        return STATUS_OK;
    case EXPR_WORDS:
        return set_words(leaf, arena, spec->value, err);
    case EXPR_LISTED:
        leaf->list = *spec->list;
        return STATUS_OK;
    case EXPR_EQUALS_ANY: /* made by expr_make_group */
        break;
    }
    return err_set(err, STATUS_BAD_INPUT, "no such test");
}

enum status expr_make_leaf(struct expr **out, struct expr_set *set,
                           const struct expr_leaf_spec *spec, struct err *err) {
    struct expr_leaf *leaf = arena_alloc(&set->arena, sizeof *leaf);
    leaf->on_text = spec->on_text;
    leaf->test = spec->test;
    leaf->field = FIELD_NONE;
    if (!spec->on_text) {
        set_field(leaf, &set->arena, spec->field);
    }
    enum status status = set_test(leaf, &set->arena, spec, err);
    if (status != STATUS_OK) {
        return status;
    }
    add_leaf(set, leaf);
    struct expr *e = make_node(set, spec->on_text ? EXPR_TEXT : EXPR_FIELD);
    e->leaf = leaf;
    *out = e;
    return STATUS_OK;
}
