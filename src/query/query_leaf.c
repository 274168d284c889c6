/* Conditions on one field or on the search text: from what is written to predicates (expr.h). */
#include "mem.h"
#include "num.h"
#include "query_priv.h"
#include "wildcard.h"

/* What a value was written as. */
struct written {
    struct str text; /* unescaped */
    struct str pattern;
    size_t offset;
    bool is_quoted;
    bool has_wildcard;
};

/* A bound of a range as text, and whether it is there. */
struct edge {
    struct str text;
    size_t offset;
    bool is_open; /* `*` */
    bool inclusive;
};

static enum field_type type_of(struct str field) {
    for (uint32_t id = 0; id < FIELD_STATIC_COUNT; id++) {
        if (str_eq_ci(schema_name(id), field)) {
            return schema_type(id);
        }
    }
    return FIELD_TYPE_KEYWORD;
}

static struct expr *make_leaf(struct parser *p, const struct expr_leaf_spec *spec, size_t offset) {
    struct err err = ERR_INIT;
    struct expr *leaf = NULL;
    size_t error_at = 0;
    struct expr_leaf_spec with_place = *spec;
    with_place.error_at = &error_at;
    if (expr_make_leaf(&leaf, p->query->set, &with_place, &err) != STATUS_OK) {
        bool in_regex = spec->test == EXPR_REGEX; /* behind the slash */
        (void)parser_fail(p, offset + (in_regex ? 1 + error_at : 0), "%s", err.message);
        return NULL;
    }
    p->query->where_reads_text |= p->in_stage && spec->on_text;
    return leaf;
}

struct expr *leaf_phrase(struct parser *p, struct str phrase, size_t offset) {
    struct expr_leaf_spec spec = {.on_text = true, .test = EXPR_WORDS, .value = phrase};
    return make_leaf(p, &spec, offset);
}

struct expr *leaf_text(struct parser *p, struct str word, size_t offset) {
    struct str pattern = scan_pattern(&p->query->arena, word);
    if (str_eq(pattern, STR("*"))) {
        return expr_make_all(p->query->set);
    }
    if (!wildcard_has_wildcard(pattern)) {
        return leaf_phrase(p, scan_unescape(&p->query->arena, word), offset);
    }
    struct expr_leaf_spec spec = {.on_text = true, .test = EXPR_WILDCARD, .value = pattern};
    return make_leaf(p, &spec, offset);
}

/* --- fields: an alias is any of its fields --- */

static void note_name(struct parser *p, struct str field) {
    struct query *q = p->query;
    MEM_GROW(q->names, q->name_capacity, q->name_count + 1);
    q->names[q->name_count++] = (struct named_field){field, p->in_stage};
}

/* Is the name a column of the table behind an aggregation? Then it is taken as it is. */
static bool is_table_column(const struct parser *p, struct str name, struct str *column) {
    for (size_t i = 0; i < p->column_count && p->is_table; i++) {
        if (str_eq_ci(p->columns[i].name, name) ||
            str_eq_ci(p->columns[i].name, name_resolve(name))) {
            *column = p->columns[i].name;
            return true;
        }
    }
    return false;
}

static struct expr *fail_no_column(struct parser *p, struct str name, size_t offset) {
    struct str nearest = name_nearest(p, name);
    if (nearest.len > 0) {
        (void)parser_fail(p, offset, _("no column \"%.*s\" here; did you mean \"%.*s\"?"),
                          STR_ARG(name), STR_ARG(nearest));
    } else {
        (void)parser_fail(p, offset, _("the stage before has no column \"%.*s\""), STR_ARG(name));
    }
    return NULL;
}

typedef struct expr *one_field_fn(struct parser *p, struct str field, bool only, const void *ctx);

/* OR over the fields that `name` stands for. */
static struct expr *for_fields(struct parser *p, struct str name, one_field_fn *make,
                               const void *ctx) {
    struct expr *leaves[16];
    size_t count = 0;
    struct str column;
    if (p->is_table) {
        return is_table_column(p, name, &column) ? make(p, column, true, ctx)
                                                 : fail_no_column(p, name, p->field_offset);
    }
    struct str rest = name_resolve(name);
    struct str field;
    struct str first = rest;
    (void)str_word_next(&field, &first);
    bool only = first.len == 0;
    while (str_word_next(&field, &rest) && count < sizeof leaves / sizeof *leaves) {
        field = arena_str(&p->query->arena, field);
        note_name(p, field);
        leaves[count] = make(p, field, only, ctx);
        if (leaves[count++] == NULL) {
            return NULL;
        }
    }
    if (name_hides_field(name) && count < sizeof leaves / sizeof *leaves) {
        leaves[count] = make(p, arena_str(&p->query->arena, name), false, ctx);
        if (leaves[count++] == NULL) {
            return NULL;
        }
    }
    return expr_make_group(p->query->set, EXPR_OR, leaves, count);
}

static struct expr_leaf_spec field_spec(struct str field, enum expr_test test) {
    return (struct expr_leaf_spec){
        .on_text = str_eq_ci(field, STR("event.original")), .field = field, .test = test};
}

/* --- times --- */

static struct str time_text(struct parser *p, int64_t ns) {
    char text[CIVIL_RFC3339_BYTES];
    size_t length = civil_format_rfc3339(text, ns);
    return arena_str(&p->query->arena, str_make(text, length));
}

static bool parse_time(struct parser *p, int64_t *start, int64_t *end, struct str text,
                       size_t offset) {
    if (query_time_parse(start, end, text, p->settings)) {
        return true;
    }
    return parser_fail(
        p, offset, _("expected a time like 2026-11-21, \"2026-11-21T10:00:00+09:00\" or now-2h"));
}

/* A time names a span (a day, a minute): "from that day" begins at its start, "after that day"
 * at its end. */
static bool set_time_edge(struct parser *p, struct expr_bound *out, const struct edge *edge,
                          bool is_low) {
    int64_t start;
    int64_t end;
    if (edge->is_open) {
        return true;
    }
    if (!parse_time(p, &start, &end, edge->text, edge->offset)) {
        return false;
    }
    bool at_start = is_low == edge->inclusive;
    *out = (struct expr_bound){
        .is_set = true, .inclusive = is_low, .text = time_text(p, at_start ? start : end)};
    return true;
}

/* --- one value --- */

static bool check_type(struct parser *p, struct str field, struct str text, size_t offset) {
    double number;
    struct ip ip;
    uint64_t size;
    switch (type_of(field)) {
    case FIELD_TYPE_LONG:
    case FIELD_TYPE_DOUBLE:
        return num_parse_double(&number, text) || num_parse_size(&size, text) ||
               parser_fail(p, offset, _("\"%.*s\" holds numbers; expected one here, or *"),
                           STR_ARG(field));
    case FIELD_TYPE_IP:
        return ip_parse(&ip, text) ||
               parser_fail(p, offset,
                           _("\"%.*s\" holds addresses; expected one like 10.1.2.3, a network "
                             "like 10.0.0.0/8, or a pattern like 10.1.*"),
                           STR_ARG(field));
    default:
        return true;
    }
}

static struct expr *equals_time(struct parser *p, struct str field, const struct written *v) {
    struct expr_leaf_spec spec = field_spec(field, EXPR_RANGE);
    struct edge edge = {.text = v->text, .offset = v->offset, .inclusive = true};
    if (!set_time_edge(p, &spec.low, &edge, true) || !set_time_edge(p, &spec.high, &edge, false)) {
        return NULL;
    }
    return make_leaf(p, &spec, v->offset);
}

/* The names and aliases of datasets mean the dataset. */
static struct str dataset_value(struct str field, struct str text) {
    if (!str_eq_ci(field, STR("event.dataset"))) {
        return text;
    }
    enum dataset dataset = dataset_find(text);
    return dataset == DATASET_COUNT ? text : dataset_info(dataset)->name;
}

static struct expr *make_wildcard(struct parser *p, struct str field, const struct written *v) {
    struct expr_leaf_spec spec = field_spec(field, EXPR_WILDCARD);
    if (str_eq(v->pattern, STR("*"))) {
        spec.test = EXPR_EXISTS;
        spec.on_text = false;
    }
    spec.value = v->pattern;
    return make_leaf(p, &spec, v->offset);
}

static bool has_word(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (ascii_is_alnum(text.ptr[i]) || (unsigned char)text.ptr[i] >= 0x80) {
            return true;
        }
    }
    return false;
}

static struct expr *make_value(struct parser *p, struct str field, bool only, const void *ctx) {
    const struct written *v = ctx;
    struct ip_network network;
    if (v->has_wildcard) {
        return make_wildcard(p, field, v);
    }
    if (type_of(field) == FIELD_TYPE_TIME) {
        return equals_time(p, field, v);
    }
    bool is_network =
        memchr(v->text.ptr, '/', v->text.len) != NULL && ip_network_parse(&network, v->text);
    struct expr_leaf_spec spec = field_spec(field, EXPR_EQUALS);
    spec.value = dataset_value(field, v->text);
    if (is_network && (!v->is_quoted || type_of(field) == FIELD_TYPE_IP)) {
        spec.test = EXPR_CIDR;
    } else if (name_is_full_text(field) && has_word(v->text)) {
        spec.test = EXPR_WORDS;
    } else if (only && !check_type(p, field, v->text, v->offset)) {
        return NULL;
    }
    return make_leaf(p, &spec, v->offset);
}

static struct expr *value_leaf(struct parser *p, struct str field, struct written *v) {
    return for_fields(p, field, make_value, v);
}

/* --- regular expressions --- */

struct regex {
    struct str pattern;
    bool ignore_case;
    size_t offset;
};

static struct expr *make_regex(struct parser *p, struct str field, bool only, const void *ctx) {
    const struct regex *regex = ctx;
    (void)only;
    struct expr_leaf_spec spec = field_spec(field, EXPR_REGEX);
    spec.value = regex->pattern;
    spec.ignore_case = regex->ignore_case;
    return make_leaf(p, &spec, regex->offset);
}

struct expr *leaf_regex(struct parser *p, struct str field, struct str pattern, bool ignore_case,
                        size_t offset) {
    struct regex regex = {pattern, ignore_case, offset};
    return for_fields(p, field, make_regex, &regex);
}

/* --- ranges --- */

struct range {
    struct edge low;
    struct edge high;
    size_t offset;
};

static bool set_edge(struct parser *p, struct expr_bound *out, struct str field, bool only,
                     const struct edge *edge) {
    if (edge->is_open) {
        return true;
    }
    if (only && !check_type(p, field, edge->text, edge->offset)) {
        return false;
    }
    *out = (struct expr_bound){.is_set = true, .inclusive = edge->inclusive, .text = edge->text};
    return true;
}

static struct expr *make_range(struct parser *p, struct str field, bool only, const void *ctx) {
    const struct range *range = ctx;
    struct expr_leaf_spec spec = field_spec(field, EXPR_RANGE);
    spec.on_text = false;
    bool good = type_of(field) == FIELD_TYPE_TIME
                    ? set_time_edge(p, &spec.low, &range->low, true) &&
                          set_time_edge(p, &spec.high, &range->high, false)
                    : set_edge(p, &spec.low, field, only, &range->low) &&
                          set_edge(p, &spec.high, field, only, &range->high);
    if (!good) {
        return NULL;
    }
    if (!spec.low.is_set && !spec.high.is_set) {
        spec.test = EXPR_EXISTS;
    }
    return make_leaf(p, &spec, range->offset);
}

/* The edge of a range or comparison: quoted, or a word. */
static bool take_edge(struct parser *p, struct edge *out, const char *stops_at) {
    parser_skip_blanks(p);
    out->offset = p->at;
    if (str_starts(parser_rest(p), STR("\""))) {
        return parser_take_quoted(p, &out->text);
    }
    struct str word = parser_take_word(p, stops_at);
    if (word.len == 0) {
        return parser_fail(p, out->offset, _("expected a value to compare with"));
    }
    out->is_open = str_eq(word, STR("*"));
    out->text = scan_unescape(&p->query->arena, word);
    return true;
}

static struct expr *parse_brackets(struct parser *p, struct str field) {
    struct range range = {.offset = p->at};
    range.low.inclusive = parser_rest(p).ptr[0] == '[';
    p->at++;
    if (!take_edge(p, &range.low, "]}")) {
        return NULL;
    }
    parser_skip_blanks(p);
    if (!parser_accept_keyword(p, "TO")) {
        (void)parser_fail(p, p->at, _("expected TO, as in [1 TO 5]"));
        return NULL;
    }
    if (!take_edge(p, &range.high, "]}")) {
        return NULL;
    }
    parser_skip_blanks(p);
    range.high.inclusive = parser_accept(p, "]");
    if (!range.high.inclusive && !parser_accept(p, "}")) {
        (void)parser_fail(p, p->at, _("expected ] or } at the end of the range"));
        return NULL;
    }
    return for_fields(p, field, make_range, &range);
}

struct expr *leaf_parse_comparison(struct parser *p, struct str field) {
    struct range range = {.offset = p->at, .low.is_open = true, .high.is_open = true};
    bool is_low = parser_accept(p, ">");
    if (!is_low) {
        (void)parser_accept(p, "<");
    }
    bool inclusive = parser_accept(p, "=");
    struct edge *edge = is_low ? &range.low : &range.high;
    *edge = (struct edge){.inclusive = inclusive};
    return take_edge(p, edge, "") ? for_fields(p, field, make_range, &range) : NULL;
}

/* --- what may stand behind `field:` --- */

static struct expr *parse_group(struct parser *p, struct str field) {
    struct str outer = p->group_field;
    bool was_in_group = p->in_group;
    p->group_field = field;
    p->in_group = true;
    size_t open = p->at++;
    struct expr *e = filter_parse(p);
    p->group_field = outer;
    p->in_group = was_in_group;
    parser_skip_blanks(p);
    if (e != NULL && !parser_accept(p, ")")) {
        (void)parser_fail(p, open, _("this parenthesis is never closed"));
        return NULL;
    }
    return e;
}

static struct expr *parse_plain(struct parser *p, struct str field, size_t field_offset) {
    struct written v = {.offset = p->at};
    if (str_starts(parser_rest(p), STR("\""))) {
        v.is_quoted = true;
        return parser_take_quoted(p, &v.text) ? value_leaf(p, field, &v) : NULL;
    }
    struct str word = parser_take_word(p, "");
    if (word.len == 0) {
        (void)parser_fail(p, v.offset, _("expected a value after \"%.*s:\""), STR_ARG(field));
        return NULL;
    }
    if (str_eq_ci(field, STR("_exists_"))) {
        struct written all = {.pattern = STR("*"), .has_wildcard = true, .offset = field_offset};
        return value_leaf(p, scan_unescape(&p->query->arena, word), &all);
    }
    v.text = scan_unescape(&p->query->arena, word);
    v.pattern = scan_pattern(&p->query->arena, word);
    v.has_wildcard = wildcard_has_wildcard(v.pattern);
    return value_leaf(p, field, &v);
}

struct expr *leaf_parse_value(struct parser *p, struct str field, size_t field_offset) {
    struct str rest = parser_rest(p);
    struct str pattern;
    bool ignore_case;
    size_t offset = p->at;
    char c = rest.len > 0 ? rest.ptr[0] : '\0';
    if (c == '(') {
        return parse_group(p, field);
    }
    if (c == '[' || c == '{') {
        return parse_brackets(p, field);
    }
    if (c == '>' || c == '<') {
        return leaf_parse_comparison(p, field);
    }
    if (parser_take_regex(p, &pattern, &ignore_case)) {
        return leaf_regex(p, field, pattern, ignore_case, offset);
    }
    return parse_plain(p, field, field_offset);
}
