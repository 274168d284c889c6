#include "sigma_legacy.h"

#include <stdlib.h>

#include "clock.h"
#include "i18n.h"
#include "num.h"
#include "sigma_correlation.h"

enum { GROUP_LIMIT = 16, PART_LIMIT = 16, YEARS_OF_ALL_TIME = 100 };

struct reader {
    struct arena *arena;
    const struct sigma_legacy *legacy;
    struct sigma_document *document;
    struct sigma_correlation *correlation;
    struct str rest; /* not read yet */
    struct err *err;
};

static enum status refuse(const struct reader *r, const char *wanted) {
    return err_set(
        r->err, STATUS_BAD_INPUT,
        "condition: '%.*s' behind '|' where %s is expected; better write a correlation rule",
        STR_ARG(str_head(r->rest, 60)), _(wanted));
}

/* The word up to a blank, a comma or an operator. */
static struct str take_word(struct reader *r) {
    r->rest = str_trim(r->rest);
    size_t len = 0;
    while (len < r->rest.len && !ascii_is_space(r->rest.ptr[len]) &&
           memchr(",<>=!", r->rest.ptr[len], 5) == NULL) {
        len++;
    }
    struct str word = str_head(r->rest, len);
    r->rest = str_trim(str_skip(r->rest, len));
    return word;
}

static bool take_char(struct reader *r, char c) {
    r->rest = str_trim(r->rest);
    bool is_there = r->rest.len > 0 && r->rest.ptr[0] == c;
    r->rest = str_trim(str_skip(r->rest, is_there ? 1 : 0));
    return is_there;
}

static struct str next_word(const struct reader *r) {
    struct reader ahead = *r;
    return take_word(&ahead);
}

/* --- count, min, max, avg, sum --- */

static enum status read_function(struct reader *r) {
    static const struct {
        struct str name;
        enum sigma_correlation_type type;
    } functions[] = {{STR_INIT("count"), SIGMA_VALUE_COUNT},
                     {STR_INIT("min"), SIGMA_VALUE_MIN},
                     {STR_INIT("max"), SIGMA_VALUE_MAX},
                     {STR_INIT("avg"), SIGMA_VALUE_AVG},
                     {STR_INIT("sum"), SIGMA_VALUE_SUM}};
    size_t open = str_find_char(r->rest, '(');
    size_t close = str_find_char(r->rest, ')');
    struct str name = str_trim(str_head(r->rest, open));
    size_t i = 0;
    while (i < sizeof functions / sizeof functions[0] && !str_eq_ci(name, functions[i].name)) {
        i++;
    }
    if (i == sizeof functions / sizeof functions[0] || open == STR_NONE || close == STR_NONE ||
        close < open) {
        return refuse(r, N_("count(), min(), max(), avg(), sum() or near"));
    }
    struct str field = str_trim(str_make(r->rest.ptr + open + 1, close - open - 1));
    if (field.len == 0 && i > 0) {
        return refuse(r, N_("the name of a field between the parentheses"));
    }
    r->correlation->type = field.len == 0 ? SIGMA_EVENT_COUNT : functions[i].type;
    struct str *fields = arena_alloc(r->arena, sizeof *fields);
    *fields = arena_str(r->arena, field);
    r->correlation->fields = fields;
    r->correlation->field_count = field.len == 0 ? 0 : 1;
    r->rest = str_trim(str_skip(r->rest, close + 1));
    return STATUS_OK;
}

/* "by A, B"; some wrote "per". */
static enum status read_groups(struct reader *r) {
    if (!str_eq_ci(next_word(r), STR("by")) && !str_eq_ci(next_word(r), STR("per"))) {
        return STATUS_OK;
    }
    (void)take_word(r);
    struct str *groups = arena_array(r->arena, GROUP_LIMIT, sizeof *groups);
    do {
        struct str group = take_word(r);
        if (group.len == 0 || r->correlation->group_count == GROUP_LIMIT) {
            return refuse(r, N_("the name of a field (at most 16)"));
        }
        groups[r->correlation->group_count++] = arena_str(r->arena, group);
    } while (take_char(r, ','));
    r->correlation->group_by = groups;
    return STATUS_OK;
}

static enum status read_limit(struct reader *r) {
    static const struct {
        struct str sign;
        enum sigma_limit_op op;
    } signs[] = {{STR_INIT(">="), SIGMA_LIMIT_GTE}, {STR_INIT("<="), SIGMA_LIMIT_LTE},
                 {STR_INIT("=="), SIGMA_LIMIT_EQ},  {STR_INIT("!="), SIGMA_LIMIT_NEQ},
                 {STR_INIT(">"), SIGMA_LIMIT_GT},   {STR_INIT("<"), SIGMA_LIMIT_LT},
                 {STR_INIT("="), SIGMA_LIMIT_EQ}};
    size_t i = 0;
    while (i < sizeof signs / sizeof signs[0] && !str_starts(r->rest, signs[i].sign)) {
        i++;
    }
    if (i == sizeof signs / sizeof signs[0]) {
        return refuse(r, N_("'by FIELD' or one of > >= < <= = !="));
    }
    struct sigma_correlation_limit *limit = &r->correlation->limits[0];
    struct str number = str_trim(str_skip(r->rest, signs[i].sign.len));
    limit->op = signs[i].op;
    if (!num_parse_double(&limit->number, number)) {
        r->rest = number;
        return refuse(r, N_("a number"));
    }
    r->correlation->limit_count = 1;
    return STATUS_OK;
}

static enum status read_count(struct reader *r) {
    enum status s = read_function(r);
    s = s == STATUS_OK ? read_groups(r) : s;
    return s == STATUS_OK ? read_limit(r) : s;
}

/* --- near --- */

static void add_ref(struct reader *r, struct str id) {
    r->correlation->refs[r->correlation->ref_count++] =
        (struct sigma_correlation_ref){.text = id, .target = SIGMA_REF_NONE};
}

/* The identifier becomes a rule of its own, which only the correlation names. */
static enum status add_part(struct reader *r, struct str name, bool is_forbidden) {
    const struct sigma_identifiers *ids = r->legacy->identifiers;
    size_t i = 0;
    while (i < ids->count && !str_eq(ids->names[i], name)) {
        i++;
    }
    if (i == ids->count || r->document->part_count == PART_LIMIT) {
        r->rest = name;
        return refuse(r, N_("a search identifier (at most 16)"));
    }
    struct sigma_document *part = &r->document->parts[r->document->part_count++];
    *part = *r->document;
    part->parts = NULL;
    part->part_count = 0;
    part->correlation = NULL;
    part->name = STR_EMPTY;
    part->root = ids->nodes[i];
    part->info.is_made = true;
    part->info.id =
        arena_printf(r->arena, "%.*s#%.*s", STR_ARG(r->document->info.id), STR_ARG(name));
    uint64_t bit = UINT64_C(1) << r->correlation->ref_count;
    *(is_forbidden ? &r->correlation->terms->forbidden : &r->correlation->terms->required) |= bit;
    add_ref(r, part->info.id);
    return STATUS_OK;
}

static enum status read_near(struct reader *r) {
    (void)take_word(r);
    r->correlation->type = SIGMA_TEMPORAL;
    r->correlation->terms = arena_alloc(r->arena, sizeof *r->correlation->terms);
    r->correlation->term_count = 1;
    r->correlation->terms->required = 1;
    r->document->parts = arena_array(r->arena, PART_LIMIT, sizeof *r->document->parts);
    do {
        bool is_forbidden = str_eq_ci(next_word(r), STR("not"));
        if (is_forbidden) {
            (void)take_word(r);
        }
        enum status s = add_part(r, take_word(r), is_forbidden);
        if (s != STATUS_OK) {
            return s;
        }
    } while (str_eq_ci(next_word(r), STR("and")) && take_word(r).len > 0);
    return r->rest.len == 0 ? STATUS_OK : refuse(r, N_("'and' or the end"));
}

/* --- the document --- */

static enum status read_timeframe(struct reader *r) {
    struct str text = str_trim(r->legacy->timeframe);
    if (text.len == 0) {
        r->correlation->timespan_ns = (int64_t)YEARS_OF_ALL_TIME * 366 * NS_PER_DAY;
        return STATUS_OK;
    }
    if (sigma_timespan_parse(&r->correlation->timespan_ns, text)) {
        return STATUS_OK;
    }
    return err_set(r->err, STATUS_BAD_INPUT,
                   "'timeframe' is '%.*s'; allowed: a number and one of s m h d w M y, such as 15m",
                   STR_ARG(str_head(text, 40)));
}

static void list_names(struct buf *out, const char *key, const struct str *names, size_t count) {
    if (count > 0) {
        buf_printf(out, ", %s: [", key);
        for (size_t i = 0; i < count; i++) {
            buf_printf(out, i > 0 ? ", %.*s" : "%.*s", STR_ARG(names[i]));
        }
        buf_putc(out, ']');
    }
}

/* What to write instead. */
static void write_hint(struct reader *r) {
    static const char *const ops[] = {
        [SIGMA_LIMIT_GT] = "gt",   [SIGMA_LIMIT_GTE] = "gte", [SIGMA_LIMIT_LT] = "lt",
        [SIGMA_LIMIT_LTE] = "lte", [SIGMA_LIMIT_EQ] = "eq",   [SIGMA_LIMIT_NEQ] = "neq"};
    const struct sigma_correlation *c = r->correlation;
    struct str type = sigma_correlation_type_name(c->type);
    struct buf hint = BUF_INIT;
    buf_printf(&hint, _("'|' in a condition is of Sigma 1: write a correlation rule: type: %.*s"),
               STR_ARG(type));
    list_names(&hint, "group-by", c->group_by, c->group_count);
    buf_printf(&hint, ", timespan: %.*s",
               STR_ARG(r->legacy->timeframe.len > 0 ? str_trim(r->legacy->timeframe) : STR("?")));
    if (c->limit_count > 0) {
        buf_printf(&hint, ", condition: {%s: %g", ops[c->limits[0].op], c->limits[0].number);
        buf_printf(&hint, c->field_count > 0 ? ", field: %.*s}" : "}%.*s",
                   STR_ARG(c->field_count > 0 ? c->fields[0] : STR_EMPTY));
    }
    r->document->info.hint = arena_str(r->arena, buf_str(&hint));
    buf_fini(&hint);
}

enum status sigma_legacy_read(struct sigma_document *out, struct arena *arena,
                              const struct sigma_legacy *legacy, struct err *err) {
    struct reader r = {.arena = arena,
                       .legacy = legacy,
                       .document = out,
                       .correlation = arena_alloc(arena, sizeof *r.correlation),
                       .rest = str_trim(legacy->pipe),
                       .err = err};
    r.correlation->refs = arena_array(arena, PART_LIMIT + 1, sizeof *r.correlation->refs);
    add_ref(&r, out->info.id);
    enum status s = read_timeframe(&r);
    if (s == STATUS_OK) {
        s = str_eq_ci(next_word(&r), STR("near")) ? read_near(&r) : read_count(&r);
    }
    if (s != STATUS_OK) {
        return s;
    }
    write_hint(&r);
    r.correlation->is_from_legacy = true;
    r.correlation->info = out->info;
    r.correlation->info.is_made = true;
    r.correlation->info.id = arena_str(arena, out->info.id); /* the cache tells infos by place */
    r.correlation->name = out->name;
    out->correlation = r.correlation;
    return STATUS_OK;
}
