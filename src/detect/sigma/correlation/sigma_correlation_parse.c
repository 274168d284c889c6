/* The section `correlation` of a document: types, allowed words, and what goes with what. */
#include "i18n.h"
#include "num.h"
#include "sigma_correlation.h"

enum { FIELD_LIMIT = 32, ALIAS_LIMIT = 256 };

struct reader {
    struct sigma_correlation *out;
    struct arena *arena;
    struct sigma_yaml *yaml;
    const sigma_yaml_node *section;
    struct err *err;
};

static const struct {
    const char *name;
    enum sigma_correlation_type type;
} types[] = {{"event_count", SIGMA_EVENT_COUNT},
             {"value_count", SIGMA_VALUE_COUNT},
             {"temporal", SIGMA_TEMPORAL},
             {"temporal_ordered", SIGMA_TEMPORAL_ORDERED},
             {"value_sum", SIGMA_VALUE_SUM},
             {"value_avg", SIGMA_VALUE_AVG},
             {"value_percentile", SIGMA_VALUE_PERCENTILE},
             {"value_median", SIGMA_VALUE_MEDIAN}};

static const char *const limit_names[] = {"gt", "gte", "lt", "lte", "eq", "neq"};

struct str sigma_correlation_type_name(enum sigma_correlation_type type) {
    switch (type) {
    case SIGMA_VALUE_SHARE:
        return STR("value_percentile");
    case SIGMA_VALUE_MIN:
        return STR("value_min");
    case SIGMA_VALUE_MAX:
        return STR("value_max");
    default:
        break;
    }
    size_t i = 0;
    while (types[i].type != type) {
        i++;
    }
    return str_from_c(types[i].name);
}

static enum status wrong(const struct reader *r, const sigma_yaml_node *n, const char *key,
                         const char *wanted) {
    return err_set(r->err, STATUS_BAD_INPUT, "line %zu: correlation: '%s' must be %s",
                   sigma_yaml_line(n != NULL ? n : r->section), key, _(wanted));
}

static bool is_temporal(const struct sigma_correlation *c) {
    return c->type == SIGMA_TEMPORAL || c->type == SIGMA_TEMPORAL_ORDERED;
}

static bool is_text(const sigma_yaml_node *n) {
    return sigma_yaml_is_scalar(n) && sigma_yaml_type(n) != SIGMA_SCALAR_NULL &&
           sigma_yaml_text(n).len > 0;
}

/* --- lists of texts --- */

struct text_list {
    struct str *texts;
    size_t *lines;
    size_t count;
};

static const sigma_yaml_node *list_item(const struct reader *r, const sigma_yaml_node *n,
                                        size_t i) {
    return sigma_yaml_is_list(n) ? sigma_yaml_item(r->yaml, n, i) : n;
}

/* A list of different texts; one text alone is a list of one. */
static enum status read_list(const struct reader *r, struct text_list *out,
                             const sigma_yaml_node *n, const char *key, size_t limit) {
    size_t count = sigma_yaml_is_list(n) ? sigma_yaml_count(n) : 1;
    if (sigma_yaml_is_map(n) || count == 0) {
        return wrong(r, n, key, N_("a list of texts that is not empty"));
    }
    if (count > limit) {
        return err_set(r->err, STATUS_BAD_INPUT,
                       "line %zu: correlation: '%s' has more than %zu items", sigma_yaml_line(n),
                       key, limit);
    }
    out->texts = arena_array(r->arena, count, sizeof *out->texts);
    out->lines = arena_array(r->arena, count, sizeof *out->lines);
    for (out->count = 0; out->count < count; out->count++) {
        const sigma_yaml_node *item = list_item(r, n, out->count);
        if (!is_text(item)) {
            return wrong(r, item, key, N_("a list of texts"));
        }
        struct str text = arena_str(r->arena, sigma_yaml_text(item));
        for (size_t k = 0; k < out->count; k++) {
            if (str_eq(out->texts[k], text)) {
                return err_set(r->err, STATUS_BAD_INPUT,
                               "line %zu: correlation: '%s' names '%.*s' twice",
                               sigma_yaml_line(item), key, STR_ARG(str_head(text, 80)));
            }
        }
        out->texts[out->count] = text;
        out->lines[out->count] = sigma_yaml_line(item);
    }
    return STATUS_OK;
}

/* Not there, empty, or an empty list. */
static bool is_absent(const sigma_yaml_node *n) {
    return n == NULL || (sigma_yaml_is_list(n) && sigma_yaml_count(n) == 0) ||
           (sigma_yaml_is_scalar(n) && sigma_yaml_type(n) == SIGMA_SCALAR_NULL);
}

/* --- the keys --- */

static enum status read_type(const struct reader *r, const sigma_yaml_node *n) {
    if (!is_text(n)) {
        return wrong(r, n, "type", N_("text"));
    }
    struct str text = sigma_yaml_text(n);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (str_eq(text, str_from_c(types[i].name))) {
            r->out->type = types[i].type;
            return STATUS_OK;
        }
    }
    return err_set(r->err, STATUS_BAD_INPUT,
                   "line %zu: correlation: 'type' is '%.*s'; allowed: event_count value_count "
                   "temporal temporal_ordered value_sum value_avg value_percentile value_median",
                   sigma_yaml_line(n), STR_ARG(str_head(text, 60)));
}

static enum status read_rules(const struct reader *r, const sigma_yaml_node *n) {
    struct text_list list;
    struct sigma_correlation *c = r->out;
    const sigma_yaml_node *condition = sigma_yaml_get(r->yaml, r->section, "condition");
    if (is_absent(n) && is_temporal(c) && is_text(condition)) {
        enum status s = sigma_correlation_names(c, r->arena, sigma_yaml_text(condition), r->err);
        return s == STATUS_OK
                   ? s
                   : err_wrap(r->err, s, "line %zu: correlation", sigma_yaml_line(condition));
    }
    if (n == NULL) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: correlation: 'rules' is missing",
                       sigma_yaml_line(r->section));
    }
    enum status s = read_list(r, &list, n, "rules", SIGMA_CORRELATION_REF_LIMIT);
    if (s != STATUS_OK) {
        return s;
    }
    c->refs = arena_array(r->arena, list.count, sizeof *c->refs);
    for (size_t i = 0; i < list.count; i++) {
        c->refs[i] = (struct sigma_correlation_ref){
            .text = list.texts[i], .line = list.lines[i], .target = SIGMA_REF_NONE};
    }
    c->ref_count = list.count;
    return STATUS_OK;
}

static enum status read_group_by(const struct reader *r, const sigma_yaml_node *n) {
    struct text_list list;
    if (is_absent(n)) {
        return STATUS_OK;
    }
    enum status s = read_list(r, &list, n, "group-by", FIELD_LIMIT);
    if (s == STATUS_OK) {
        r->out->group_by = list.texts;
        r->out->group_count = list.count;
    }
    return s;
}

/* Digits only; a number that is too large is the largest. */
static bool read_count(uint64_t *out, struct str digits) {
    for (size_t i = 0; i < digits.len; i++) {
        if (!ascii_is_digit(digits.ptr[i])) {
            return false;
        }
    }
    *out = UINT64_MAX;
    return digits.len > 19 || num_parse_u64(out, digits);
}

bool sigma_timespan_parse(int64_t *out_ns, struct str text) {
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1},      {'m', 60},      {'h', 3600},    {'d', 86400},
                 {'w', 604800}, {'M', 2629746}, {'y', 31556952}};
    uint64_t number;
    if (text.len < 2 || !read_count(&number, str_head(text, text.len - 1)) || number == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t most = (uint64_t)(INT64_MAX / NS_PER_SECOND / units[i].seconds);
        if (units[i].letter == text.ptr[text.len - 1]) {
            *out_ns =
                number > most ? INT64_MAX : (int64_t)number * units[i].seconds * NS_PER_SECOND;
            return true;
        }
    }
    return false;
}

static enum status read_timespan(const struct reader *r, const sigma_yaml_node *n) {
    if (n == NULL) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: correlation: 'timespan' is missing",
                       sigma_yaml_line(r->section));
    }
    if (!is_text(n) || !sigma_timespan_parse(&r->out->timespan_ns, sigma_yaml_text(n))) {
        return wrong(r, n, "timespan",
                     N_("a number above 0 and one of s m h d w M y, such as 90m"));
    }
    return STATUS_OK;
}

/* --- aliases --- */

static uint32_t ref_index(const struct sigma_correlation *c, struct str text) {
    for (size_t i = 0; i < c->ref_count; i++) {
        if (str_eq(c->refs[i].text, text)) {
            return (uint32_t)i;
        }
    }
    return SIGMA_REF_NONE;
}

static enum status read_alias(const struct reader *r, struct str name, const sigma_yaml_node *map) {
    struct sigma_correlation *c = r->out;
    if (!sigma_yaml_is_map(map) || sigma_yaml_count(map) == 0) {
        return wrong(r, map, "aliases", N_("maps: alias, then rule: field"));
    }
    for (size_t i = 0; i < sigma_yaml_count(map); i++) {
        struct str rule;
        const sigma_yaml_node *field = sigma_yaml_entry(r->yaml, &rule, map, i);
        if (!is_text(field)) {
            return wrong(r, field, "aliases", N_("maps: alias, then rule: field"));
        }
        if (c->alias_count == ALIAS_LIMIT) {
            return err_set(r->err, STATUS_BAD_INPUT, "line %zu: correlation: more than %d aliases",
                           sigma_yaml_line(field), ALIAS_LIMIT);
        }
        c->aliases[c->alias_count++] =
            (struct sigma_correlation_alias){.name = arena_str(r->arena, name),
                                             .rule = arena_str(r->arena, rule),
                                             .field = arena_str(r->arena, sigma_yaml_text(field)),
                                             .ref = ref_index(c, rule)};
    }
    return STATUS_OK;
}

static enum status read_aliases(const struct reader *r, const sigma_yaml_node *map) {
    if (map == NULL) {
        return STATUS_OK;
    }
    if (!sigma_yaml_is_map(map)) {
        return wrong(r, map, "aliases", N_("maps: alias, then rule: field"));
    }
    r->out->aliases = arena_array(r->arena, ALIAS_LIMIT, sizeof *r->out->aliases);
    enum status s = STATUS_OK;
    for (size_t i = 0; i < sigma_yaml_count(map) && s == STATUS_OK; i++) {
        struct str name;
        const sigma_yaml_node *rules = sigma_yaml_entry(r->yaml, &name, map, i);
        s = read_alias(r, name, rules);
    }
    return s;
}

/* --- the condition --- */

static bool is_whole(double number) {
    return number >= -9e15 && number <= 9e15 && (double)(int64_t)number == number;
}

static bool takes_fractions(enum sigma_correlation_type type) {
    return type != SIGMA_EVENT_COUNT && type != SIGMA_VALUE_COUNT && type != SIGMA_TEMPORAL &&
           type != SIGMA_TEMPORAL_ORDERED;
}

static enum status read_limit(const struct reader *r, enum sigma_limit_op op,
                              const sigma_yaml_node *n) {
    struct sigma_correlation *c = r->out;
    double number;
    if (!sigma_yaml_is_scalar(n) || sigma_yaml_type(n) != SIGMA_SCALAR_NUMBER ||
        !num_parse_double(&number, sigma_yaml_text(n)) ||
        (!takes_fractions(c->type) && !is_whole(number))) {
        return wrong(r, n, limit_names[op],
                     takes_fractions(c->type) ? N_("a number") : N_("a whole number"));
    }
    c->limits[c->limit_count++] = (struct sigma_correlation_limit){op, number};
    return STATUS_OK;
}

static enum status read_percentile(const struct reader *r, const sigma_yaml_node *n) {
    double number;
    if (r->out->type != SIGMA_VALUE_PERCENTILE) {
        return err_set(r->err, STATUS_BAD_INPUT,
                       "line %zu: correlation: 'percentile' goes with value_percentile only",
                       sigma_yaml_line(n));
    }
    if (!sigma_yaml_is_scalar(n) || sigma_yaml_type(n) != SIGMA_SCALAR_NUMBER ||
        !num_parse_double(&number, sigma_yaml_text(n)) || !(number >= 0 && number <= 100)) {
        return wrong(r, n, "percentile", N_("a number from 0 to 100"));
    }
    r->out->percentile = number;
    return STATUS_OK;
}

static enum status read_field(const struct reader *r, const sigma_yaml_node *n) {
    struct sigma_correlation *c = r->out;
    struct text_list list;
    if (is_temporal(c) || c->type == SIGMA_EVENT_COUNT) {
        return err_set(r->err, STATUS_BAD_INPUT,
                       "line %zu: correlation: 'field' goes with value_count, value_sum and the "
                       "like, not with %.*s",
                       sigma_yaml_line(n), STR_ARG(sigma_correlation_type_name(c->type)));
    }
    enum status s = read_list(r, &list, n, "field", FIELD_LIMIT);
    if (s == STATUS_OK && list.count > 1 && c->type != SIGMA_VALUE_COUNT) {
        s = wrong(r, n, "field", N_("one field: only value_count takes several"));
    }
    if (s == STATUS_OK) {
        c->fields = list.texts;
        c->field_count = list.count;
    }
    return s;
}

static enum status read_criterion(const struct reader *r, struct str key,
                                  const sigma_yaml_node *value) {
    if (str_eq(key, STR("field"))) {
        return read_field(r, value);
    }
    if (str_eq(key, STR("percentile"))) {
        return read_percentile(r, value);
    }
    for (size_t i = 0; i < SIGMA_LIMIT_MAX; i++) {
        if (str_eq(key, str_from_c(limit_names[i]))) {
            return read_limit(r, (enum sigma_limit_op)i, value);
        }
    }
    return err_set(r->err, STATUS_BAD_INPUT,
                   "line %zu: correlation: the condition has '%.*s'; allowed: gt gte lt lte eq neq "
                   "field percentile",
                   sigma_yaml_line(value), STR_ARG(str_head(key, 60)));
}

static enum status read_criteria(const struct reader *r, const sigma_yaml_node *map) {
    struct sigma_correlation *c = r->out;
    for (size_t i = 0; i < sigma_yaml_count(map); i++) {
        struct str key;
        const sigma_yaml_node *value = sigma_yaml_entry(r->yaml, &key, map, i);
        enum status s = read_criterion(r, key, value);
        if (s != STATUS_OK) {
            return s;
        }
    }
    if (c->limit_count == 0) {
        return wrong(r, map, "condition", N_("one of gt gte lt lte eq neq with a number"));
    }
    if (c->field_count == 0 && !is_temporal(c) && c->type != SIGMA_EVENT_COUNT) {
        return err_set(r->err, STATUS_BAD_INPUT,
                       "line %zu: correlation: %.*s needs a 'field' in the condition",
                       sigma_yaml_line(map), STR_ARG(sigma_correlation_type_name(c->type)));
    }
    return STATUS_OK;
}

static enum status read_expression(const struct reader *r, const sigma_yaml_node *n) {
    if (!is_temporal(r->out)) {
        return wrong(r, n, "condition", N_("a map: only temporal types take a boolean condition"));
    }
    enum status s = sigma_correlation_condition(r->out, r->arena, sigma_yaml_text(n), r->err);
    return s == STATUS_OK ? s : err_wrap(r->err, s, "line %zu: correlation", sigma_yaml_line(n));
}

/* Without a condition: all of the rules. */
static void require_all(const struct reader *r) {
    struct sigma_correlation *c = r->out;
    c->terms = arena_alloc(r->arena, sizeof *c->terms);
    c->terms[0].required = UINT64_MAX >> (64 - c->ref_count);
    c->term_count = 1;
}

static enum status read_condition(const struct reader *r, const sigma_yaml_node *n) {
    if (sigma_yaml_is_map(n)) {
        return read_criteria(r, n);
    }
    if (is_text(n)) {
        return read_expression(r, n);
    }
    if (n != NULL) {
        return wrong(r, n, "condition", N_("a map such as gte: 10"));
    }
    if (!is_temporal(r->out)) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: correlation: 'condition' is missing",
                       sigma_yaml_line(r->section));
    }
    require_all(r);
    return STATUS_OK;
}

static enum status read_generate(const struct reader *r, const sigma_yaml_node *n) {
    if (n == NULL) {
        return STATUS_OK;
    }
    if (!sigma_yaml_is_scalar(n) || sigma_yaml_type(n) != SIGMA_SCALAR_BOOL) {
        return wrong(r, n, "generate", N_("true or false"));
    }
    r->out->generate = sigma_yaml_truth(n);
    return STATUS_OK;
}

/* A misspelt key would quietly make another rule of it. */
static enum status check_keys(const struct reader *r) {
    static const char *const keys[] = {"type",     "rules",     "aliases", "group-by",
                                       "timespan", "condition", "generate"};
    for (size_t i = 0; i < sigma_yaml_count(r->section); i++) {
        struct str key;
        const sigma_yaml_node *n = sigma_yaml_entry(r->yaml, &key, r->section, i);
        size_t k = 0;
        while (k < sizeof keys / sizeof keys[0] && !str_eq(key, str_from_c(keys[k]))) {
            k++;
        }
        if (k == sizeof keys / sizeof keys[0]) {
            return err_set(r->err, STATUS_BAD_INPUT,
                           "line %zu: correlation: unknown key '%.*s'; allowed: type rules aliases "
                           "group-by timespan condition generate",
                           sigma_yaml_line(n), STR_ARG(str_head(key, 60)));
        }
    }
    return STATUS_OK;
}

/* A percentile without `percentile` is the share of the event's value. */
static void settle_percentile(const struct reader *r) {
    const sigma_yaml_node *condition = sigma_yaml_get(r->yaml, r->section, "condition");
    if (r->out->type == SIGMA_VALUE_PERCENTILE &&
        sigma_yaml_get(r->yaml, condition, "percentile") == NULL) {
        r->out->type = SIGMA_VALUE_SHARE;
    }
}

static enum status read_section(const struct reader *r) {
    static const struct {
        const char *key;
        enum status (*read)(const struct reader *r, const sigma_yaml_node *n);
    } steps[] = {{"type", read_type},         {"rules", read_rules},
                 {"group-by", read_group_by}, {"timespan", read_timespan},
                 {"aliases", read_aliases},   {"condition", read_condition},
                 {"generate", read_generate}};
    enum status s = check_keys(r);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && s == STATUS_OK; i++) {
        s = steps[i].read(r, sigma_yaml_get(r->yaml, r->section, steps[i].key));
    }
    return s;
}

enum status sigma_correlation_parse(struct sigma_correlation *out, struct arena *arena,
                                    struct sigma_yaml *yaml, const sigma_yaml_node *root,
                                    struct err *err) {
    const struct reader r = {.out = out,
                             .arena = arena,
                             .yaml = yaml,
                             .section = sigma_yaml_get(yaml, root, "correlation"),
                             .err = err};
    memset(out, 0, sizeof *out);
    if (!sigma_yaml_is_map(r.section)) {
        return err_set(err, STATUS_BAD_INPUT, "line %zu: 'correlation' must be a map",
                       sigma_yaml_line(r.section != NULL ? r.section : root));
    }
    enum status s = read_section(&r);
    if (s == STATUS_OK) {
        s = read_generate(&r, sigma_yaml_get(yaml, root, "generate"));
    }
    if (s == STATUS_OK) {
        settle_percentile(&r);
    }
    return s;
}

bool sigma_limit_holds(const struct sigma_correlation_limit *limit, double value) {
    switch (limit->op) {
    case SIGMA_LIMIT_GT:
        return value > limit->number;
    case SIGMA_LIMIT_GTE:
        return value >= limit->number;
    case SIGMA_LIMIT_LT:
        return value < limit->number;
    case SIGMA_LIMIT_LTE:
        return value <= limit->number;
    case SIGMA_LIMIT_EQ:
        return value == limit->number;
    default:
        return value != limit->number;
    }
}
