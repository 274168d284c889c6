#include "sigma_condition.h"

#include "i18n.h"
#include "sigma_text.h"

enum { MAX_NESTING = 40, MAX_BYTES = 65536, MAX_OPERANDS = 1000 };

struct parser {
    struct arena *arena;
    const struct sigma_identifiers *identifiers;
    struct str rest;
    struct str token; /* empty at the end */
    int nesting;
    struct err *err;
};

static bool is_punctuation(char c) {
    return c == '(' || c == ')' || c == '|';
}

static void next_token(struct parser *p) {
    p->rest = str_trim(p->rest);
    size_t len = 0;
    if (p->rest.len > 0 && is_punctuation(p->rest.ptr[0])) {
        len = 1;
    } else {
        while (len < p->rest.len && !is_punctuation(p->rest.ptr[len]) &&
               !ascii_is_space(p->rest.ptr[len])) {
            len++;
        }
    }
    p->token = str_head(p->rest, len);
    p->rest = str_skip(p->rest, len);
}

static bool is_word(const struct parser *p, const char *word) {
    return str_eq_ci(p->token, str_from_c(word));
}

static enum status unexpected(const struct parser *p, const char *wanted) {
    if (p->token.len == 0) {
        return err_set(p->err, STATUS_BAD_INPUT, "condition: it ends where %s is expected",
                       _(wanted));
    }
    return err_set(p->err, STATUS_BAD_INPUT, "condition: '%.*s' where %s is expected",
                   STR_ARG(str_head(p->token, 80)), _(wanted));
}

/* The message names what there is. */
static enum status no_identifier(const struct parser *p, const char *format) {
    struct buf names = BUF_INIT;
    for (size_t i = 0; i < p->identifiers->count && names.len < 300; i++) {
        buf_printf(&names, "%s%.*s", i > 0 ? " " : "",
                   STR_ARG(str_head(p->identifiers->names[i], 80)));
    }
    enum status s = err_set(p->err, STATUS_BAD_INPUT, format, STR_ARG(str_head(p->token, 80)),
                            STR_ARG(buf_str(&names)));
    buf_fini(&names);
    return s;
}

static struct sigma_node *find_identifier(const struct parser *p, struct str name) {
    for (size_t i = 0; i < p->identifiers->count; i++) {
        if (str_eq(p->identifiers->names[i], name)) {
            return p->identifiers->nodes[i];
        }
    }
    return NULL;
}

/* --- x of --- */

static bool fits_selector(struct str name, struct str selector) {
    if (name.len > 0 && name.ptr[0] == '_') {
        return false;
    }
    struct buf pattern = BUF_INIT;
    for (size_t i = 0; i < selector.len; i++) {
        char c = selector.ptr[i];
        buf_putc(&pattern, (char)(c == '*' ? SIGMA_STAR : c));
    }
    bool fits = sigma_pattern_match(buf_str(&pattern), name);
    buf_fini(&pattern);
    return fits;
}

static enum status parse_selector(struct parser *p, struct sigma_node **out,
                                  enum sigma_node_op op) {
    const struct sigma_identifiers *ids = p->identifiers;
    if (p->token.len == 0 || is_punctuation(p->token.ptr[0])) {
        return unexpected(p, N_("'them' or a name"));
    }
    struct str selector = is_word(p, "them") ? STR("*") : p->token;
    struct sigma_node *n = sigma_node_inner(p->arena, op, ids->count);
    n->child_count = 0;
    for (size_t i = 0; i < ids->count; i++) {
        if (fits_selector(ids->names[i], selector)) {
            n->children[n->child_count++] = ids->nodes[i];
        }
    }
    if (n->child_count == 0) {
        return no_identifier(p, N_("condition: no search identifier fits '%.*s'; there are: %.*s"));
    }
    next_token(p);
    *out = n;
    return STATUS_OK;
}

/* --- expressions --- */

static enum status parse_or(struct parser *p, struct sigma_node **out);

static enum status parse_parentheses(struct parser *p, struct sigma_node **out) {
    if (++p->nesting > MAX_NESTING) {
        return err_set(p->err, STATUS_BAD_INPUT, "condition: nested deeper than %d", MAX_NESTING);
    }
    next_token(p);
    enum status s = parse_or(p, out);
    if (s != STATUS_OK) {
        return s;
    }
    if (!is_word(p, ")")) {
        return unexpected(p, N_("')'"));
    }
    p->nesting--;
    next_token(p);
    return STATUS_OK;
}

static bool starts_selector(struct parser *p, enum sigma_node_op *op) {
    if (!is_word(p, "1") && !is_word(p, "any") && !is_word(p, "all")) {
        return false;
    }
    const struct parser before = *p;
    *op = is_word(p, "all") ? SIGMA_NODE_AND : SIGMA_NODE_OR;
    next_token(p);
    if (is_word(p, "of")) {
        next_token(p);
        return true;
    }
    *p = before;
    return false;
}

static enum status parse_primary(struct parser *p, struct sigma_node **out) {
    if (is_word(p, "(")) {
        return parse_parentheses(p, out);
    }
    enum sigma_node_op op;
    if (starts_selector(p, &op)) {
        return parse_selector(p, out, op);
    }
    if (p->token.len == 0 || is_punctuation(p->token.ptr[0])) {
        return unexpected(p, N_("a search identifier"));
    }
    *out = find_identifier(p, p->token);
    if (*out == NULL) {
        return no_identifier(
            p, N_("condition: there is no search identifier '%.*s'; there are: %.*s"));
    }
    next_token(p);
    return STATUS_OK;
}

static enum status parse_not(struct parser *p, struct sigma_node **out) {
    bool negate = false;
    while (is_word(p, "not")) {
        negate = !negate;
        next_token(p);
    }
    enum status s = parse_primary(p, out);
    if (s == STATUS_OK && negate) {
        *out = sigma_node_not(p->arena, *out);
    }
    return s;
}

static enum status parse_chain(struct parser *p, struct sigma_node **out, enum sigma_node_op op) {
    const char *word = op == SIGMA_NODE_AND ? "and" : "or";
    struct sigma_node *chain = NULL;
    for (;;) {
        struct sigma_node *operand;
        enum status s = op == SIGMA_NODE_AND ? parse_not(p, &operand)
                                             : parse_chain(p, &operand, SIGMA_NODE_AND);
        if (s != STATUS_OK) {
            return s;
        }
        if (chain == NULL && !is_word(p, word)) {
            *out = operand;
            return STATUS_OK;
        }
        if (chain == NULL) {
            chain = sigma_node_inner(p->arena, op, 0);
        }
        if (chain->child_count == MAX_OPERANDS) {
            return err_set(p->err, STATUS_BAD_INPUT, "condition: more than %d operands in a row",
                           MAX_OPERANDS);
        }
        sigma_node_push(p->arena, chain, operand);
        if (!is_word(p, word)) {
            *out = chain;
            return STATUS_OK;
        }
        next_token(p);
    }
}

static enum status parse_or(struct parser *p, struct sigma_node **out) {
    return parse_chain(p, out, SIGMA_NODE_OR);
}

static enum status take_pipe(const struct parser *p, struct str *pipe) {
    if (!is_word(p, "|")) {
        return unexpected(p, N_("'and', 'or' or the end"));
    }
    if (pipe == NULL) {
        return err_set(p->err, STATUS_BAD_INPUT,
                       "condition: '|' does not go with filters or a list of conditions: write a "
                       "correlation rule");
    }
    *pipe = str_trim(p->rest);
    return pipe->len > 0 ? STATUS_OK
                         : err_set(p->err, STATUS_BAD_INPUT, "condition: it ends behind '|'");
}

enum status sigma_condition_parse(struct sigma_node **out, struct str *pipe, struct arena *arena,
                                  const struct sigma_identifiers *identifiers, struct str text,
                                  struct err *err) {
    struct parser p = {.arena = arena, .identifiers = identifiers, .rest = text, .err = err};
    if (text.len > MAX_BYTES) {
        return err_set(err, STATUS_BAD_INPUT, "condition: longer than %d bytes", MAX_BYTES);
    }
    if (pipe != NULL) {
        *pipe = STR_EMPTY;
    }
    next_token(&p);
    enum status s = parse_or(&p, out);
    if (s == STATUS_OK && p.token.len > 0) {
        s = take_pipe(&p, pipe);
    }
    return s;
}
