/* The stages behind the pipes: from `| stats sum(x) by y` to struct stage_spec. */
#include <stdio.h>

#include "mem.h"
#include "num.h"
#include "query_priv.h"

/* What one stage's text becomes; `name` is the word it was called by. */
typedef bool stage_parse_fn(struct parser *p, struct str name);

static bool at_stage_end(struct parser *p) {
    parser_skip_blanks(p);
    return parser_at_end(p) || p->text.ptr[p->at] == '|';
}

static struct stage_spec *add_stage(struct parser *p, enum stage_kind kind, struct str name) {
    struct query *q = p->query;
    if (q->stage_count == QUERY_MAX_STAGES) {
        (void)parser_fail(p, p->at, _("more than %d stages"), QUERY_MAX_STAGES);
        return NULL;
    }
    struct stage_spec *spec = &q->stages[q->stage_count++];
    *spec = (struct stage_spec){.kind = kind, .name = name, .zone = p->settings->zone};
    return spec;
}

/* --- lists --- */

/* A name, a quoted one, or a column like sum(source.bytes). */
static bool take_column_name(struct parser *p, struct str *name) {
    if (str_starts(parser_rest(p), STR("\""))) {
        return parser_take_quoted(p, name);
    }
    *name = parser_take_name(p);
    if (name->len > 0 && parser_accept(p, "(")) {
        size_t close = str_find_char(parser_rest(p), ')');
        p->at += close == STR_NONE ? 0 : close + 1;
        *name = str_make(name->ptr, (size_t)(p->text.ptr + p->at - name->ptr));
    }
    return true;
}

/* Names separated by commas or blanks, up to the end of the stage or the word "as" (*has_as, if
 * that is not NULL). */
static bool take_columns(struct parser *p, struct query_column **out, size_t *count, bool *has_as) {
    struct query_column *columns =
        arena_array(&p->query->arena, QUERY_MAX_COLUMNS, sizeof *columns);
    *count = 0;
    while (!at_stage_end(p)) {
        if (has_as != NULL && *count > 0 && parser_accept_keyword(p, "as")) {
            *has_as = true;
            break;
        }
        if (*count > 0 && parser_accept(p, ",")) {
            parser_skip_blanks(p);
        }
        size_t offset = p->at;
        struct str name;
        if (!take_column_name(p, &name)) {
            return false;
        }
        if (*count == QUERY_MAX_COLUMNS) {
            return parser_fail(p, offset, _("more than %d columns"), QUERY_MAX_COLUMNS);
        }
        if (!column_init(&columns[*count], p, name, offset)) {
            return false;
        }
        (*count)++;
    }
    *out = columns;
    return *count > 0 || parser_fail(p, p->at, _("expected the name of a field"));
}

static bool take_count(struct parser *p, uint64_t *out, uint64_t fallback) {
    parser_skip_blanks(p);
    size_t offset = p->at;
    struct str rest = parser_rest(p);
    *out = fallback;
    if (rest.len == 0 || !ascii_is_digit(rest.ptr[0])) {
        return true;
    }
    struct str word = parser_take_name(p);
    return (num_parse_u64(out, word) && *out > 0 && *out <= INT32_MAX) ||
           parser_fail(p, offset, _("expected a whole number from 1 to %d"), INT32_MAX);
}

/* Behind a stage that makes a table only its columns can be named. */
static void set_table(struct parser *p, const struct query_column *columns, size_t count) {
    p->columns = columns;
    p->column_count = count;
    p->is_table = true;
    p->query->output =
        (struct query_output){.shape = QUERY_TABLE, .columns = columns, .column_count = count};
}

/* --- aggregates --- */

static const struct {
    const char *name;
    enum aggregate_fn fn;
    double percent;
} functions[] = {
    {"count", FN_COUNT, 0},
    {"distinct", FN_DISTINCT, 0},
    {"distinct_count", FN_DISTINCT, 0},
    {"count_distinct", FN_DISTINCT, 0},
    {"dc", FN_DISTINCT, 0},
    {"sum", FN_SUM, 0},
    {"min", FN_MIN, 0},
    {"max", FN_MAX, 0},
    {"avg", FN_AVG, 0},
    {"mean", FN_AVG, 0},
    {"stdev", FN_STDEV, 0},
    {"median", FN_PERCENTILE, 50},
    {"percentile", FN_PERCENTILE, -1},
    {"perc", FN_PERCENTILE, -1},
    {"values", FN_VALUES, 0},
    {"first", FN_FIRST, 0},
    {"last", FN_LAST, 0},
};

enum { FUNCTION_COUNT = sizeof functions / sizeof *functions };

/* "p95", "perc99": a percentile in the name. */
static bool percent_of_name(double *out, struct str name) {
    size_t prefix = str_starts_ci(name, STR("perc")) ? 4 : str_starts_ci(name, STR("p")) ? 1 : 0;
    return prefix > 0 && name.len > prefix && ascii_is_digit(name.ptr[prefix]) &&
           num_parse_double(out, str_skip(name, prefix)) && *out >= 0 && *out <= 100;
}

static bool find_function(struct aggregate *out, struct parser *p, struct str name, size_t offset) {
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        if (str_eq_ci(str_from_c(functions[i].name), name)) {
            out->fn = functions[i].fn;
            out->percent = functions[i].percent;
            return true;
        }
    }
    if (percent_of_name(&out->percent, name)) {
        out->fn = FN_PERCENTILE;
        return true;
    }
    return parser_fail(p, offset,
                       _("expected a function: count, distinct, sum, min, max, avg, median, "
                         "percentile, stdev, values, first or last"));
}

static bool take_percent(struct parser *p, struct aggregate *out) {
    parser_skip_blanks(p);
    if (out->percent >= 0) {
        return true;
    }
    size_t offset = p->at;
    bool comma = parser_accept(p, ",");
    parser_skip_blanks(p);
    struct str word = parser_take_name(p);
    return (comma && num_parse_double(&out->percent, word) && out->percent >= 0 &&
            out->percent <= 100) ||
           parser_fail(p, offset,
                       _("expected the percentage, 0 to 100, as in percentile(source.bytes,95)"));
}

static bool take_argument(struct parser *p, struct aggregate *out) {
    parser_skip_blanks(p);
    if (out->fn == FN_COUNT && parser_accept(p, ")")) {
        return true;
    }
    size_t offset = p->at;
    struct str name = parser_take_name(p);
    if (!column_init(&out->column, p, name, offset)) {
        return false;
    }
    out->has_column = true;
    if (out->fn == FN_PERCENTILE && !take_percent(p, out)) {
        return false;
    }
    parser_skip_blanks(p);
    return parser_accept(p, ")") || parser_fail(p, p->at, _("expected ) behind the field"));
}

/* "sum(source.bytes)", "percentile(x,95)": the function as written, the field by its name. */
static struct str aggregate_name(struct parser *p, const struct aggregate *a, struct str function,
                                 bool percent_written) {
    struct arena *arena = &p->query->arena;
    if (!a->has_column) {
        return arena_str(arena, function);
    }
    if (percent_written) {
        return arena_printf(arena, "%.*s(%.*s,%.15g)", STR_ARG(function), STR_ARG(a->column.name),
                            a->percent);
    }
    return arena_printf(arena, "%.*s(%.*s)", STR_ARG(function), STR_ARG(a->column.name));
}

/* The name behind "as". */
static bool take_alias_name(struct parser *p, struct aggregate *out) {
    parser_skip_blanks(p);
    size_t offset = p->at;
    bool quoted = str_starts(parser_rest(p), STR("\""));
    struct str name;
    if (quoted && !parser_take_quoted(p, &name)) {
        return false;
    }
    name = quoted ? name : parser_take_name(p);
    out->name = arena_str(&p->query->arena, name);
    return name.len > 0 || parser_fail(p, offset, _("expected a name behind \"as\""));
}

static bool take_alias(struct parser *p, struct aggregate *out) {
    parser_skip_blanks(p);
    return !parser_accept_keyword(p, "as") || take_alias_name(p, out);
}

static bool take_aggregate(struct parser *p, struct aggregate *out) {
    size_t offset = p->at;
    struct str function = parser_take_name(p);
    *out = (struct aggregate){0};
    if (!find_function(out, p, function, offset)) {
        return false;
    }
    bool percent_written = out->fn == FN_PERCENTILE && out->percent < 0;
    if (parser_accept(p, "(")) {
        if (!take_argument(p, out)) {
            return false;
        }
    } else if (out->fn != FN_COUNT) {
        return parser_fail(p, p->at, _("expected ( and a field, as in sum(source.bytes)"));
    }
    out->name = aggregate_name(p, out, function, percent_written);
    return take_alias(p, out);
}

static enum field_type result_type(const struct aggregate *a) {
    switch (a->fn) {
    case FN_COUNT:
    case FN_DISTINCT:
        return FIELD_TYPE_LONG;
    case FN_SUM:
    case FN_AVG:
    case FN_STDEV:
    case FN_PERCENTILE:
        return FIELD_TYPE_DOUBLE;
    default:
        return a->column.type;
    }
}

/* Output columns of a STATS stage: the groups, then the results. */
static bool finish_stats(struct parser *p, struct stage_spec *spec, size_t offset) {
    size_t count = spec->column_count + spec->aggregate_count;
    struct query_column *columns = arena_array(&p->query->arena, count, sizeof *columns);
    for (size_t i = 0; i < spec->column_count; i++) {
        columns[i] = spec->columns[i];
        if (columns[i].is_pattern) {
            return parser_fail(p, offset, _("a group needs one field, not a pattern"));
        }
        if (columns[i].field_count > 1) { /* an alias: its column has the alias's name */
            uint32_t *id = arena_array(&p->query->arena, 1, sizeof *id);
            *id = schema_field(columns[i].name);
            columns[i].fields = id;
            columns[i].field_count = 1;
        }
    }
    for (size_t i = 0; i < spec->aggregate_count; i++) {
        struct aggregate *a = &spec->aggregates[i];
        uint32_t *id = arena_array(&p->query->arena, 1, sizeof *id);
        *id = a->out_field = schema_field(a->name);
        columns[spec->column_count + i] = (struct query_column){
            .name = a->name, .fields = id, .field_count = 1, .type = result_type(a)};
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (str_eq(columns[i].name, columns[j].name)) {
                return parser_fail(p, offset,
                                   _("two columns are called \"%.*s\"; rename one with \"as\""),
                                   STR_ARG(columns[i].name));
            }
        }
    }
    set_table(p, columns, count);
    return true;
}

/* Functions up to the end of the stage or the word "by". */
static bool take_aggregates(struct parser *p, struct stage_spec *spec, bool *has_by) {
    spec->aggregates = arena_array(&p->query->arena, QUERY_MAX_COLUMNS, sizeof *spec->aggregates);
    *has_by = false;
    while (!at_stage_end(p)) {
        if (parser_accept_keyword(p, "by")) {
            *has_by = true;
            break;
        }
        if (spec->aggregate_count > 0 && parser_accept(p, ",")) {
            parser_skip_blanks(p);
        }
        if (spec->aggregate_count == QUERY_MAX_COLUMNS) {
            return parser_fail(p, p->at, _("more than %d columns"), QUERY_MAX_COLUMNS);
        }
        if (!take_aggregate(p, &spec->aggregates[spec->aggregate_count])) {
            return false;
        }
        spec->aggregate_count++;
    }
    return true;
}

static void add_plain_count(struct parser *p, struct stage_spec *spec) {
    spec->aggregates = arena_array(&p->query->arena, 1, sizeof *spec->aggregates);
    spec->aggregates[0] = (struct aggregate){.fn = FN_COUNT, .name = STR("count")};
    spec->aggregate_count = 1;
}

static bool parse_stats(struct parser *p, struct str name) {
    parser_skip_blanks(p);
    size_t offset = p->at;
    bool has_by;
    struct stage_spec *spec = add_stage(p, STAGE_STATS, name);
    if (spec == NULL || !take_aggregates(p, spec, &has_by)) {
        return false;
    }
    if (spec->aggregate_count == 0) {
        return parser_fail(p, p->at, _("expected a function, as in sum(source.bytes)"));
    }
    if (has_by && !take_columns(p, &spec->columns, &spec->column_count, NULL)) {
        return false;
    }
    return finish_stats(p, spec, offset);
}

/* Sorts by the last column (the count), then by the groups, so that the order is always the same.
 */
static bool add_count_sort(struct parser *p, struct str name, bool descending) {
    struct stage_spec *sort = add_stage(p, STAGE_SORT, name);
    if (sort == NULL) {
        return false;
    }
    sort->keys = arena_array(&p->query->arena, p->column_count, sizeof *sort->keys);
    sort->keys[0] = (struct sort_key){p->columns[p->column_count - 1], descending};
    for (size_t i = 0; i + 1 < p->column_count; i++) {
        sort->keys[i + 1] = (struct sort_key){p->columns[i], false};
    }
    sort->key_count = p->column_count;
    return true;
}

static bool parse_count(struct parser *p, struct str name) {
    size_t offset = p->at;
    struct stage_spec *spec = add_stage(p, STAGE_STATS, name);
    if (spec == NULL) {
        return false;
    }
    add_plain_count(p, spec);
    if (!take_alias(p, &spec->aggregates[0])) {
        return false;
    }
    if (!at_stage_end(p)) {
        (void)parser_accept_keyword(p, "by");
        bool has_as = false;
        if (!take_columns(p, &spec->columns, &spec->column_count, &has_as) ||
            (has_as && !take_alias_name(p, &spec->aggregates[0]))) {
            return false;
        }
    }
    return finish_stats(p, spec, offset) &&
           (spec->column_count == 0 || add_count_sort(p, name, true));
}

static bool parse_top_or_rare(struct parser *p, struct str name, bool descending) {
    size_t offset = p->at;
    uint64_t rows;
    struct stage_spec *spec = add_stage(p, STAGE_STATS, name);
    if (spec == NULL || !take_count(p, &rows, 10)) {
        return false;
    }
    add_plain_count(p, spec);
    parser_skip_blanks(p);
    (void)parser_accept_keyword(p, "by");
    if (!take_columns(p, &spec->columns, &spec->column_count, NULL) ||
        !finish_stats(p, spec, offset) || !add_count_sort(p, name, descending)) {
        return false;
    }
    struct stage_spec *head = add_stage(p, STAGE_HEAD, name);
    if (head != NULL) {
        head->count = rows;
    }
    return head != NULL;
}

static bool parse_top(struct parser *p, struct str name) {
    return parse_top_or_rare(p, name, true);
}

static bool parse_rare(struct parser *p, struct str name) {
    return parse_top_or_rare(p, name, false);
}

/* --- timechart --- */

static bool take_span(struct parser *p, int64_t *span_ns) {
    parser_skip_blanks(p);
    *span_ns = NS_PER_HOUR;
    if (!str_starts_ci(parser_rest(p), STR("span"))) {
        return true;
    }
    p->at += 4;
    parser_skip_blanks(p);
    (void)parser_accept(p, "=");
    parser_skip_blanks(p);
    size_t offset = p->at;
    struct str word = parser_take_name(p);
    return (num_parse_duration(span_ns, word) && *span_ns > 0) ||
           parser_fail(p, offset, _("expected a length of time: 30s, 5m, 1h, 1d or 1w"));
}

static bool parse_timechart(struct parser *p, struct str name) {
    size_t offset = p->at;
    int64_t span_ns;
    bool has_by;
    if (p->is_table) {
        return parser_fail(p, offset, _("timechart needs events, not the columns of a table"));
    }
    struct stage_spec *spec = add_stage(p, STAGE_STATS, name);
    if (spec == NULL || !take_span(p, &span_ns) || !take_aggregates(p, spec, &has_by)) {
        return false;
    }
    if (spec->aggregate_count == 0) {
        add_plain_count(p, spec);
    }
    size_t count = 0;
    struct query_column *by = NULL;
    if (has_by && !take_columns(p, &by, &count, NULL)) {
        return false;
    }
    spec->span_ns = span_ns;
    spec->columns = arena_array(&p->query->arena, count + 1, sizeof *spec->columns);
    (void)column_init(&spec->columns[0], p, STR("@timestamp"), offset);
    for (size_t i = 0; i < count; i++) {
        spec->columns[i + 1] = by[i];
    }
    spec->column_count = count + 1;
    return finish_stats(p, spec, offset);
}

/* --- the simple ones --- */

static bool parse_where(struct parser *p, struct str name) {
    struct query *q = p->query;
    parser_skip_blanks(p);
    bool is_first = q->stage_count == 0; /* nothing before it: a part of the filter */
    p->in_stage = !is_first;
    struct expr *filter = filter_parse(p);
    p->in_stage = false;
    if (filter == NULL) {
        return false;
    }
    if (is_first) {
        struct expr *both[2] = {q->filter, filter};
        q->filter = expr_make_group(q->set, EXPR_AND, both, 2);
        return true;
    }
    struct stage_spec *spec = add_stage(p, STAGE_WHERE, name);
    if (spec != NULL) {
        spec->filter = filter;
    }
    return spec != NULL;
}

static bool parse_fields(struct parser *p, struct str name) {
    struct stage_spec *spec = add_stage(p, STAGE_FIELDS, name);
    if (spec == NULL || !take_columns(p, &spec->columns, &spec->column_count, NULL)) {
        return false;
    }
    enum query_shape shape = p->is_table ? QUERY_TABLE : QUERY_COLUMNS;
    p->query->output = (struct query_output){shape, spec->columns, spec->column_count};
    if (p->is_table) {
        p->columns = spec->columns;
        p->column_count = spec->column_count;
    }
    return true;
}

static bool parse_head(struct parser *p, struct str name) {
    struct stage_spec *spec = add_stage(p, STAGE_HEAD, name);
    return spec != NULL && take_count(p, &spec->count, 10);
}

static bool parse_tail(struct parser *p, struct str name) {
    struct stage_spec *spec = add_stage(p, STAGE_TAIL, name);
    return spec != NULL && take_count(p, &spec->count, 10);
}

static bool parse_dedup(struct parser *p, struct str name) {
    struct stage_spec *spec = add_stage(p, STAGE_DEDUP, name);
    return spec != NULL && take_count(p, &spec->count, 1) &&
           take_columns(p, &spec->columns, &spec->column_count, NULL);
}

/* One key: `-name`, `+name`, `name desc`, or the number of a column. */
static bool take_sort_key(struct parser *p, struct sort_key *out) {
    bool minus = parser_accept(p, "-");
    (void)(!minus && parser_accept(p, "+"));
    parser_skip_blanks(p);
    size_t offset = p->at;
    struct str name;
    if (!take_column_name(p, &name)) {
        return false;
    }
    uint64_t number;
    if (p->is_table && num_parse_u64(&number, name) && number >= 1 && number <= p->column_count) {
        out->column = p->columns[number - 1];
    } else if (!column_init(&out->column, p, name, offset)) {
        return false;
    }
    if (out->column.is_pattern) {
        return parser_fail(p, offset, _("sort needs the name of one field, not a pattern"));
    }
    parser_skip_blanks(p);
    out->descending = minus || parser_accept_keyword(p, "desc");
    (void)parser_accept_keyword(p, "asc");
    parser_skip_blanks(p);
    return true;
}

static bool parse_sort(struct parser *p, struct str name) {
    struct stage_spec *spec = add_stage(p, STAGE_SORT, name);
    if (spec == NULL) {
        return false;
    }
    spec->keys = arena_array(&p->query->arena, QUERY_MAX_COLUMNS, sizeof *spec->keys);
    parser_skip_blanks(p);
    (void)parser_accept_keyword(p, "by");
    while (!at_stage_end(p) && spec->key_count < QUERY_MAX_COLUMNS) {
        if (spec->key_count > 0 && parser_accept(p, ",")) {
            parser_skip_blanks(p);
        }
        if (!take_sort_key(p, &spec->keys[spec->key_count])) {
            return false;
        }
        spec->key_count++;
    }
    return spec->key_count > 0 || parser_fail(p, p->at, _("expected the name of a field"));
}

/* --- the table of stages --- */

static const struct {
    const char *name;
    stage_parse_fn *parse;
} stages[] = {
    {"where", parse_where},   {"filter", parse_where}, {"search", parse_where},
    {"fields", parse_fields}, {"table", parse_fields}, {"keep", parse_fields},
    {"sort", parse_sort},     {"head", parse_head},    {"limit", parse_head},
    {"tail", parse_tail},     {"count", parse_count},  {"stats", parse_stats},
    {"top", parse_top},       {"rare", parse_rare},    {"timechart", parse_timechart},
    {"dedup", parse_dedup},
};

enum { STAGE_COUNT = sizeof stages / sizeof *stages };

static bool parse_stage(struct parser *p) {
    parser_skip_blanks(p);
    size_t offset = p->at;
    struct str name = parser_take_name(p);
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        if (str_eq_ci(str_from_c(stages[i].name), name)) {
            if (!stages[i].parse(p, str_from_c(stages[i].name))) {
                return false;
            }
            return at_stage_end(p) ||
                   parser_fail(p, p->at, _("expected | and the next stage, or the end"));
        }
    }
    return parser_fail(p, offset,
                       _("expected a stage: where, fields, sort, head, tail, count by, stats, "
                         "timechart, top, rare or dedup"));
}

bool pipe_parse(struct parser *p) {
    while (parser_accept(p, "|")) {
        if (!parse_stage(p)) {
            return false;
        }
    }
    return true;
}
