/*
 * The filter's grammar, by recursive descent:
 *
 *   or      = and { (OR | "||") and }
 *   and     = not { [AND | "&&"] not }
 *   not     = { NOT | "!" | "-" } primary
 *   primary = "(" or ")" | "phrase" | /regex/ | field ":" value | field OP value | word
 *
 * In `field:( ... )` the words, phrases and regular expressions are values of the field.
 */
#include "mem.h"
#include "query_priv.h"

static struct expr *parse_or(struct parser *p);

/* Nodes of one level. */
struct nodes {
    struct expr **items;
    size_t count;
    size_t capacity;
};

static void nodes_add(struct nodes *nodes, struct expr *e) {
    MEM_GROW(nodes->items, nodes->capacity, nodes->count + 1);
    nodes->items[nodes->count++] = e;
}

/* --- fields --- */

static bool is_field_byte(char c) {
    return ascii_is_alnum(c) || (unsigned char)c >= 0x80 || memchr("_.@*?-#$%", c, 9) != NULL;
}

static bool is_field_text(struct str s) {
    if (s.len == 0 || ascii_is_digit(s.ptr[0]) || s.ptr[0] == '-') {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!is_field_byte(s.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool is_mac(struct str s) {
    if (s.len != 17) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (i % 3 == 2 ? s.ptr[i] != ':' : ascii_hex_value(s.ptr[i]) < 0) {
            return false;
        }
    }
    return true;
}

/* A colon behind a field's name makes a condition, but not in a URL (http://), a path (C:\), an
 * address (fe80::1), and not behind a word of the log ("error: disk full"). */
static bool is_field_colon(struct parser *p, struct str name) {
    struct str behind = str_skip(parser_rest(p), 1);
    struct ip ip;
    size_t blank;
    size_t start = p->at;
    p->at -= name.len;
    struct str word = parser_take_word(p, "");
    p->at = start;
    if (!is_field_text(name) || str_starts(behind, STR("//")) || ip_parse(&ip, word) ||
        is_mac(word)) {
        return false;
    }
    if (name.len == 1 && behind.len > 0 && (behind.ptr[0] == '\\' || behind.ptr[0] == '/')) {
        return false;
    }
    bool spaced = behind.len == 0 || scan_is_blank(behind, &blank);
    return !spaced || name_is_known(name) || memchr(name.ptr, '.', name.len) != NULL;
}

/* Behind an aggregation a column like sum(source.bytes) stands here as it is named. */
static bool take_column_name(struct parser *p, struct str *out) {
    struct str rest = parser_rest(p);
    size_t best = 0;
    for (size_t i = 0; i < p->column_count && p->is_table; i++) {
        struct str name = p->columns[i].name;
        if (name.len > best && str_starts_ci(rest, name) &&
            memchr(name.ptr, '(', name.len) != NULL) {
            best = name.len;
            *out = name;
        }
    }
    p->at += best;
    return best > 0;
}

static bool at_comparison(const struct parser *p) {
    struct str rest = parser_rest(p);
    return rest.len > 0 && (rest.ptr[0] == '>' || rest.ptr[0] == '<');
}

/* --- primaries --- */

/* What stands behind a field's name: a comparison, "!=" or nothing (NULL, no error). */
static struct expr *parse_operator(struct parser *p, struct str name, size_t offset) {
    size_t start = p->at;
    if (!is_field_text(name) && memchr(name.ptr, '(', name.len) == NULL) {
        return NULL;
    }
    parser_skip_blanks(p);
    if (at_comparison(p)) {
        return leaf_parse_comparison(p, name);
    }
    if (parser_accept(p, "!=")) {
        parser_skip_blanks(p);
        struct expr *e = leaf_parse_value(p, name, offset);
        return e == NULL ? NULL : expr_make_not(p->query->set, e);
    }
    bool equals = p->is_table && (parser_accept(p, "==") || parser_accept(p, "="));
    if (equals || (p->is_table && parser_accept(p, ":"))) {
        parser_skip_blanks(p);
        return leaf_parse_value(p, name, offset);
    }
    p->at = start;
    return NULL;
}

/* Takes the characters that could be a field's name. */
static struct str take_name_part(struct parser *p) {
    size_t start = p->at;
    size_t blank;
    while (!parser_at_end(p) && is_field_byte(p->text.ptr[p->at]) &&
           !scan_is_blank(parser_rest(p), &blank)) {
        p->at++;
    }
    return str_make(p->text.ptr + start, p->at - start);
}

static struct expr *parse_word(struct parser *p) {
    size_t offset = p->at;
    struct str name;
    if (!p->in_group && take_column_name(p, &name)) {
        struct expr *e = parse_operator(p, name, offset);
        if (e == NULL) {
            (void)parser_fail(p, p->at, _("expected a comparison like > 10 behind the column"));
        }
        return e;
    }
    if (p->in_group) {
        return leaf_parse_value(p, p->group_field, offset);
    }
    p->field_offset = offset;
    name = take_name_part(p);
    if (!parser_at_end(p) && p->text.ptr[p->at] == ':' && is_field_colon(p, name)) {
        p->at++;
        parser_skip_blanks(p);
        if (str_eq(name, STR("*")) && str_eq(parser_rest(p), STR("*"))) {
            p->at++;
            return expr_make_all(p->query->set);
        }
        return leaf_parse_value(p, arena_str(&p->query->arena, name), offset);
    }
    struct expr *e = parse_operator(p, name, offset);
    if (e != NULL || p->error->message[0] != '\0') {
        return e;
    }
    p->at = offset;
    struct str word = parser_take_word(p, "");
    if (word.len == 0) {
        (void)parser_fail(p, offset, _("expected a word, a phrase or field:value here"));
        return NULL;
    }
    return leaf_text(p, word, offset);
}

static struct expr *parse_parentheses(struct parser *p) {
    size_t open = p->at++;
    struct expr *e = parse_or(p);
    parser_skip_blanks(p);
    if (e != NULL && !parser_accept(p, ")")) {
        (void)parser_fail(p, open, _("this parenthesis is never closed"));
        return NULL;
    }
    return e;
}

static struct expr *parse_primary(struct parser *p) {
    struct str text;
    bool ignore_case;
    size_t offset = p->at;
    char c = parser_at_end(p) ? '\0' : p->text.ptr[p->at];
    if (parser_at_end(p) || c == ')' || c == '|') {
        (void)parser_fail(p, offset, _("expected a word, a phrase or field:value here"));
        return NULL;
    }
    if (c == '(') {
        return parse_parentheses(p);
    }
    if (c == '"' && !p->in_group) {
        return parser_take_quoted(p, &text) ? leaf_phrase(p, text, offset) : NULL;
    }
    if (!p->in_group && parser_take_regex(p, &text, &ignore_case)) {
        return leaf_regex(p, STR("event.original"), text, ignore_case, offset);
    }
    return parse_word(p);
}

/* --- operators --- */

static bool is_operator_word(struct parser *p, const char *word) {
    size_t start = p->at;
    bool found = parser_accept_keyword(p, word);
    p->at = start;
    return found;
}

static bool accept_not(struct parser *p) {
    struct str rest = parser_rest(p);
    size_t blank;
    if (parser_accept_keyword(p, "NOT")) {
        return true;
    }
    bool sign = rest.len > 1 && (rest.ptr[0] == '!' || rest.ptr[0] == '-') &&
                !scan_is_blank(str_skip(rest, 1), &blank) && rest.ptr[1] != '-' &&
                rest.ptr[1] != '=';
    p->at += sign;
    return sign;
}

static struct expr *parse_not(struct parser *p) {
    if (++p->depth > QUERY_MAX_DEPTH) {
        (void)parser_fail(p, p->at, _("nested deeper than %d levels"), QUERY_MAX_DEPTH);
        return NULL;
    }
    parser_skip_blanks(p);
    struct expr *e;
    if (accept_not(p)) {
        e = parse_not(p);
        e = e == NULL ? NULL : expr_make_not(p->query->set, e);
    } else if (is_operator_word(p, "AND") || is_operator_word(p, "OR")) {
        (void)parser_fail(p, p->at, _("expected something to look for before this operator"));
        e = NULL;
    } else {
        (void)(parser_rest(p).len > 1 && parser_accept(p, "+")); /* Lucene's "must": as it is */
        e = parse_primary(p);
    }
    p->depth--;
    return e;
}

static bool accept_or(struct parser *p) {
    parser_skip_blanks(p);
    return parser_accept(p, "||") || parser_accept_keyword(p, "OR");
}

/* Does the level of AND end here? */
static bool ends_and(struct parser *p) {
    parser_skip_blanks(p);
    struct str rest = parser_rest(p);
    return rest.len == 0 || rest.ptr[0] == ')' || rest.ptr[0] == '|' || is_operator_word(p, "OR");
}

static struct expr *close_nodes(struct parser *p, struct nodes *nodes, enum expr_op op, bool good) {
    struct expr *e = good ? expr_make_group(p->query->set, op, nodes->items, nodes->count) : NULL;
    mem_free(nodes->items);
    return e;
}

static struct expr *parse_and(struct parser *p) {
    struct nodes nodes = {0};
    bool good;
    do {
        struct expr *e = parse_not(p);
        good = e != NULL;
        nodes_add(&nodes, e);
        if (!good || ends_and(p)) {
            break;
        }
        (void)(parser_accept(p, "&&") || parser_accept_keyword(p, "AND"));
    } while (true);
    return close_nodes(p, &nodes, EXPR_AND, good);
}

static struct expr *parse_or(struct parser *p) {
    struct nodes nodes = {0};
    bool good;
    if (++p->depth > QUERY_MAX_DEPTH) {
        (void)parser_fail(p, p->at, _("nested deeper than %d levels"), QUERY_MAX_DEPTH);
        return NULL;
    }
    do {
        struct expr *e = parse_and(p);
        good = e != NULL;
        nodes_add(&nodes, e);
    } while (good && accept_or(p));
    p->depth--;
    return close_nodes(p, &nodes, EXPR_OR, good);
}

struct expr *filter_parse(struct parser *p) {
    return parse_or(p);
}
