#include "sigma_modifier_apply.h"

#include "i18n.h"
#include "mem.h"
#include "num.h"
#include "sigma_expand.h"
#include "sigma_number.h"
#include "sigma_text.h"

static const struct str names[] = {
#define MODIFIER(id, name) STR_INIT(name),
#include "sigma_modifiers.def"
};

bool sigma_key_has(const struct sigma_key *key, enum sigma_modifier_id id) {
    for (size_t i = 0; i < key->count; i++) {
        if (key->modifiers[i] == id) {
            return true;
        }
    }
    return false;
}

static enum status add_modifier(struct sigma_key *key, struct str name, struct err *err) {
    size_t id = 0;
    while (id < SIGMA_MOD_COUNT && !str_eq(name, names[id])) {
        id++;
    }
    static const char allowed[] =
#define MODIFIER(id, name) " " name
#include "sigma_modifiers.def"
        ;
    if (id == SIGMA_MOD_COUNT) {
        return err_set(err, STATUS_BAD_INPUT,
                       "line %zu: unknown modifier '%.*s' of '%.*s'; allowed:%s", key->line,
                       STR_ARG(str_head(name, 60)), STR_ARG(str_head(key->field, 60)), allowed);
    }
    if (key->count == SIGMA_MODIFIER_LIMIT) {
        return err_set(err, STATUS_BAD_INPUT, "line %zu: more than %d modifiers", key->line,
                       SIGMA_MODIFIER_LIMIT);
    }
    key->modifiers[key->count++] = (enum sigma_modifier_id)id;
    return STATUS_OK;
}

enum status sigma_key_parse(struct sigma_key *out, struct str key, size_t line, struct err *err) {
    *out = (struct sigma_key){.line = line};
    size_t bar = str_find_char(key, '|');
    out->field = str_head(key, bar);
    while (bar != STR_NONE) {
        key = str_skip(key, bar + 1);
        bar = str_find_char(key, '|');
        enum status s = add_modifier(out, str_head(key, bar), err);
        if (s != STATUS_OK) {
            return s;
        }
    }
    return STATUS_OK;
}

void sigma_value_destroy(struct sigma_value **value) {
    while (*value != NULL) {
        struct sigma_value *next = (*value)->next;
        buf_fini(&(*value)->text);
        mem_free(*value);
        *value = next;
    }
}

static bool is_list_modifier(enum sigma_modifier_id id) {
    return id == SIGMA_MOD_ALL || id == SIGMA_MOD_NEQ;
}

/* Index of the first modifier that gives the value its kind: what stands before it speaks about the
 * list, the case or placeholders only. */
static size_t first_kind(const struct sigma_key *key) {
    size_t i = 0;
    while (i < key->count &&
           (is_list_modifier(key->modifiers[i]) || key->modifiers[i] == SIGMA_MOD_CASED ||
            key->modifiers[i] == SIGMA_MOD_EXPAND)) {
        i++;
    }
    return i;
}

enum status sigma_apply_refuse(const struct sigma_apply *a, const char *why) {
    return err_set(a->err, STATUS_BAD_INPUT, "line %zu: modifier '%.*s' on '%.*s' %s", a->key->line,
                   STR_ARG(names[a->key->modifiers[a->at]]), STR_ARG(str_head(a->written, 60)),
                   _(why));
}

/* --- text --- */

bool sigma_value_to_text(struct sigma_value *v) {
    if (v->kind == SIGMA_VALUE_NUMBER || v->kind == SIGMA_VALUE_TRUTH) {
        v->kind = SIGMA_VALUE_PATTERN;
    }
    return v->kind == SIGMA_VALUE_PATTERN;
}

struct sigma_value *sigma_value_add_variant(struct sigma_value *v) {
    struct sigma_value *variant = mem_calloc(1, sizeof *variant);
    *variant = *v;
    variant->text = BUF_INIT;
    v->next = variant;
    return variant;
}

static bool begins_with_star(struct str s) {
    return s.len > 0 && (unsigned char)s.ptr[0] == SIGMA_STAR;
}

static bool ends_with_star(struct str s) {
    return s.len > 0 && (unsigned char)s.ptr[s.len - 1] == SIGMA_STAR;
}

static void star_before(struct buf *text) {
    if (!begins_with_star(buf_str(text))) {
        (void)buf_reserve(text, 1);
        memmove(text->ptr + 1, text->ptr, text->len);
        text->ptr[0] = (char)SIGMA_STAR;
        text->len++;
    }
}

static void star_behind(struct buf *text) {
    if (!ends_with_star(buf_str(text))) {
        buf_putc(text, (char)SIGMA_STAR);
    }
}

static enum status place(const struct sigma_apply *a, struct sigma_value *v,
                         enum sigma_anchor anchor) {
    if (v->kind == SIGMA_VALUE_REGEX) {
        return STATUS_OK; /* expressions are unanchored anyway */
    }
    if (v->kind == SIGMA_VALUE_FIELDREF) {
        v->anchor = anchor;
        return STATUS_OK;
    }
    if (!sigma_value_to_text(v)) {
        return sigma_apply_refuse(a, N_("needs text"));
    }
    if (anchor != SIGMA_START) {
        star_before(&v->text);
    }
    if (anchor != SIGMA_END) {
        star_behind(&v->text);
    }
    return STATUS_OK;
}

static enum status apply_windash(const struct sigma_apply *a, struct sigma_value *v) {
    if (!sigma_value_to_text(v)) {
        return sigma_apply_refuse(a, N_("needs text"));
    }
    sigma_pattern_windash(&v->text);
    return STATUS_OK;
}

static enum status apply_cased(const struct sigma_apply *a, struct sigma_value *v) {
    if (v->kind != SIGMA_VALUE_FIELDREF && v->kind != SIGMA_VALUE_REGEX &&
        !sigma_value_to_text(v)) {
        return sigma_apply_refuse(a, N_("needs text"));
    }
    v->cased = true;
    return STATUS_OK;
}

/* The value becomes one value a combination of what its placeholders stand for. */
static enum status apply_expand(struct sigma_apply *a, struct sigma_value *v) {
    a->is_expanded = true;
    if (v->kind == SIGMA_VALUE_NUMBER || v->kind == SIGMA_VALUE_TRUTH) {
        return STATUS_OK;
    }
    if (v->kind != SIGMA_VALUE_PATTERN && v->kind != SIGMA_VALUE_REGEX) {
        return sigma_apply_refuse(a, N_("needs text"));
    }
    struct sigma_texts texts;
    enum status s = sigma_expand(&texts, buf_str(&v->text), v->kind == SIGMA_VALUE_PATTERN,
                                 a->key->placeholders, a->err);
    for (size_t i = texts.count; s == STATUS_OK && i-- > 0;) {
        struct sigma_value *variant = i > 0 ? sigma_value_add_variant(v) : v;
        buf_fini(&variant->text);
        variant->text = texts.items[i];
        texts.items[i] = BUF_INIT;
    }
    sigma_texts_fini(&texts);
    return s == STATUS_OK ? s : err_wrap(a->err, s, "line %zu", a->key->line);
}

/* --- kinds --- */

static enum status apply_cidr(const struct sigma_apply *a, struct sigma_value *v) {
    if (a->at != first_kind(a->key) || v->kind != SIGMA_VALUE_PATTERN) {
        return sigma_apply_refuse(a, N_("needs a network such as 10.0.0.0/8"));
    }
    if (!ip_network_parse(&v->network, buf_str(&v->text))) {
        return sigma_apply_refuse(a, N_("needs a network such as 10.0.0.0/8"));
    }
    v->is_v6 = str_find_char(buf_str(&v->text), ':') != STR_NONE;
    v->kind = SIGMA_VALUE_CIDR;
    return STATUS_OK;
}

static enum status apply_fieldref(const struct sigma_apply *a, struct sigma_value *v) {
    if (v->kind != SIGMA_VALUE_PATTERN || sigma_pattern_has_wildcard(buf_str(&v->text)) ||
        v->text.len == 0) {
        return sigma_apply_refuse(a, N_("needs the name of a field"));
    }
    v->kind = SIGMA_VALUE_FIELDREF;
    bool is_end = a->key->modifiers[a->at] == SIGMA_MOD_ENDSWITHFIELD;
    v->anchor = is_end ? SIGMA_END : SIGMA_WHOLE;
    return STATUS_OK;
}

static enum status apply_exists(const struct sigma_apply *a, struct sigma_value *v) {
    if (a->at != first_kind(a->key) || a->key->field.len == 0 || v->kind != SIGMA_VALUE_TRUTH) {
        return sigma_apply_refuse(a, N_("needs a field and true or false"));
    }
    v->kind = SIGMA_VALUE_EXISTS;
    return STATUS_OK;
}

/* A quoted number is taken as the number it is. */
static bool make_number(struct sigma_value *v) {
    if (v->kind == SIGMA_VALUE_PATTERN && num_parse_double(&v->number, buf_str(&v->text))) {
        v->kind = SIGMA_VALUE_NUMBER;
    }
    return v->kind == SIGMA_VALUE_NUMBER;
}

static enum status apply_compare(const struct sigma_apply *a, struct sigma_value *v,
                                 enum sigma_compare compare) {
    bool is_time = v->kind == SIGMA_VALUE_TIME && v->compare == SIGMA_EQ;
    if (!is_time && !make_number(v)) {
        return sigma_apply_refuse(a, N_("needs a number, and stands once in a row"));
    }
    if (v->kind == SIGMA_VALUE_NUMBER) {
        v->kind = SIGMA_VALUE_COMPARE;
    }
    v->compare = compare;
    return STATUS_OK;
}

static enum status apply_time(const struct sigma_apply *a, struct sigma_value *v,
                              enum sigma_time_part part) {
    if (v->kind != SIGMA_VALUE_COMPARE && !make_number(v)) {
        return sigma_apply_refuse(a, N_("needs a number"));
    }
    if (v->kind == SIGMA_VALUE_NUMBER) {
        v->compare = SIGMA_EQ;
    }
    v->kind = SIGMA_VALUE_TIME;
    v->part = part;
    return STATUS_OK;
}

static enum status apply_regex_flag(const struct sigma_apply *a, struct sigma_value *v,
                                    uint8_t flag) {
    if (v->kind != SIGMA_VALUE_REGEX) {
        return sigma_apply_refuse(a, N_("belongs behind 're'"));
    }
    v->regex_flags |= flag;
    return STATUS_OK;
}

static enum status apply_regex(const struct sigma_apply *a, struct sigma_value *v) {
    /* read_scalar has kept the text as it is (is_expression) */
    return v->kind == SIGMA_VALUE_REGEX
               ? STATUS_OK
               : sigma_apply_refuse(
                     a, N_("needs text and must be the first one (all, neq, cased and expand may "
                           "stand before it)"));
}

static enum status apply_typed(const struct sigma_apply *a, struct sigma_value *v) {
    switch (a->key->modifiers[a->at]) {
    case SIGMA_MOD_RE:
        return apply_regex(a, v);
    case SIGMA_MOD_RE_I:
    case SIGMA_MOD_RE_IGNORECASE:
        return apply_regex_flag(a, v, SIGMA_RE_CASELESS);
    case SIGMA_MOD_RE_M:
    case SIGMA_MOD_RE_MULTILINE:
        return apply_regex_flag(a, v, SIGMA_RE_MULTILINE);
    case SIGMA_MOD_RE_S:
    case SIGMA_MOD_RE_DOTALL:
        return apply_regex_flag(a, v, SIGMA_RE_DOTALL);
    case SIGMA_MOD_LT:
        return apply_compare(a, v, SIGMA_LT);
    case SIGMA_MOD_LTE:
        return apply_compare(a, v, SIGMA_LTE);
    case SIGMA_MOD_GT:
        return apply_compare(a, v, SIGMA_GT);
    case SIGMA_MOD_GTE:
        return apply_compare(a, v, SIGMA_GTE);
    case SIGMA_MOD_CIDR:
        return apply_cidr(a, v);
    case SIGMA_MOD_FIELDREF:
    case SIGMA_MOD_EQUALSFIELD:
    case SIGMA_MOD_ENDSWITHFIELD:
        return apply_fieldref(a, v);
    case SIGMA_MOD_EXISTS:
        return apply_exists(a, v);
    default: { /* minute ... year stand in one row */
        int part = (int)a->key->modifiers[a->at] - (int)SIGMA_MOD_MINUTE;
        return apply_time(a, v, (enum sigma_time_part)part);
    }
    }
}

static enum status apply_one(const struct sigma_apply *a, struct sigma_value *v) {
    if (v->kind == SIGMA_VALUE_NULL) {
        return sigma_apply_refuse(a, N_("does not go with null"));
    }
    if (sigma_modifier_is_encoding(a->key->modifiers[a->at])) {
        return sigma_apply_encoding(a, v);
    }
    switch (a->key->modifiers[a->at]) {
    case SIGMA_MOD_STARTSWITH:
        return place(a, v, SIGMA_START);
    case SIGMA_MOD_ENDSWITH:
        return place(a, v, SIGMA_END);
    case SIGMA_MOD_CONTAINS:
        return place(a, v, SIGMA_INSIDE);
    case SIGMA_MOD_CASED:
        return apply_cased(a, v);
    case SIGMA_MOD_WINDASH:
        return apply_windash(a, v);
    default:
        return apply_typed(a, v);
    }
}

/* --- the scalar --- */

/* A regular expression's text must stay as it is. */
static bool is_expression(const struct sigma_key *key) {
    size_t first = first_kind(key);
    return first < key->count && key->modifiers[first] == SIGMA_MOD_RE;
}

static void read_scalar(struct sigma_value *v, const struct sigma_key *key,
                        const sigma_yaml_node *scalar) {
    struct str text = sigma_yaml_text(scalar);
    enum sigma_scalar_type type = sigma_yaml_type(scalar);
    if (is_expression(key) && type != SIGMA_SCALAR_NULL) {
        v->kind = SIGMA_VALUE_REGEX;
        buf_add(&v->text, text);
        return;
    }
    if (type == SIGMA_SCALAR_NULL) {
        v->kind = SIGMA_VALUE_NULL;
    } else if (type == SIGMA_SCALAR_TEXT) {
        sigma_pattern_parse(&v->text, text);
        v->kind = SIGMA_VALUE_PATTERN;
    } else {
        buf_add(&v->text, text);
        v->kind = SIGMA_VALUE_TRUTH;
        v->truth = type != SIGMA_SCALAR_NUMBER && sigma_yaml_truth(scalar);
        if (type == SIGMA_SCALAR_NUMBER) { /* out of range: text */
            bool good = sigma_number_read(&v->number, &v->text);
            v->kind = good ? SIGMA_VALUE_NUMBER : SIGMA_VALUE_PATTERN;
        }
    }
}

/* "hour: 24" can never be: the specification gives each part its range (ISO years have a week 53).
 */
static enum status check_time(const struct sigma_apply *a, const struct sigma_value *v) {
    static const int ranges[][2] = {
        [SIGMA_MINUTE] = {0, 59}, [SIGMA_HOUR] = {0, 23},  [SIGMA_DAY] = {1, 31},
        [SIGMA_WEEK] = {1, 53},   [SIGMA_MONTH] = {1, 12}, [SIGMA_YEAR] = {0, 9999}};
    const int *range = ranges[v->part];
    if (v->kind != SIGMA_VALUE_TIME || v->compare != SIGMA_EQ ||
        (v->number >= range[0] && v->number <= range[1] && v->number == (int)v->number)) {
        return STATUS_OK;
    }
    return err_set(a->err, STATUS_BAD_INPUT,
                   "line %zu: the part of the time is %.*s; allowed: a whole number from %d to %d",
                   a->key->line, STR_ARG(str_head(buf_str(&v->text), 60)), range[0], range[1]);
}

/* One modifier on all variants of the value; those that it adds are done already, but variants of
 * dashes still need it and stand behind their value. */
static enum status apply_to_variants(struct sigma_apply *a, struct sigma_value *first) {
    bool encoding = sigma_modifier_is_encoding(a->key->modifiers[a->at]);
    for (struct sigma_value *v = first; v != NULL;) {
        enum status s = encoding ? sigma_apply_dashes(a, v) : sigma_apply_finish_bytes(a, v);
        struct sigma_value *next = v->next;
        bool is_expand = a->key->modifiers[a->at] == SIGMA_MOD_EXPAND;
        s = s != STATUS_OK ? s : is_expand ? apply_expand(a, v) : apply_one(a, v);
        if (s != STATUS_OK) {
            return s;
        }
        v = next;
    }
    return STATUS_OK;
}

/* `cidr|expand: %networks%`: a network or a number can be read only when the placeholder is filled.
 */
static bool expands_early(const struct sigma_key *key) {
    size_t first = first_kind(key);
    return sigma_key_has(key, SIGMA_MOD_EXPAND) && first < key->count &&
           key->modifiers[first] >= SIGMA_MOD_LT && key->modifiers[first] <= SIGMA_MOD_CIDR;
}

/* What is put in for a placeholder is not looked through again. */
static bool is_done(const struct sigma_apply *a) {
    enum sigma_modifier_id id = a->key->modifiers[a->at];
    return is_list_modifier(id) || (id == SIGMA_MOD_EXPAND && a->is_expanded);
}

static enum status apply_all(struct sigma_value *first, const struct sigma_key *key,
                             struct str written, struct err *err) {
    struct sigma_apply a = {.key = key, .written = written, .err = err};
    enum status early = expands_early(key) ? apply_expand(&a, first) : STATUS_OK;
    if (early != STATUS_OK) {
        return early;
    }
    for (a.at = 0; a.at < key->count; a.at++) {
        enum status s = is_done(&a) ? STATUS_OK : apply_to_variants(&a, first);
        if (s != STATUS_OK) {
            return s;
        }
    }
    for (struct sigma_value *v = first; v != NULL; v = v->next) {
        enum status s = sigma_apply_finish_bytes(&a, v);
        s = s == STATUS_OK ? check_time(&a, v) : s;
        if (s != STATUS_OK) {
            return s;
        }
    }
    return STATUS_OK;
}

enum status sigma_value_make(struct sigma_value **out, const struct sigma_key *key,
                             const sigma_yaml_node *scalar, struct err *err) {
    struct sigma_value *v = mem_calloc(1, sizeof *v);
    read_scalar(v, key, scalar);
    struct sigma_key here = *key;
    here.line = sigma_yaml_line(scalar);
    enum status s = apply_all(v, &here, sigma_yaml_text(scalar), err);
    if (s != STATUS_OK) {
        sigma_value_destroy(&v);
        return s;
    }
    *out = v;
    return STATUS_OK;
}
