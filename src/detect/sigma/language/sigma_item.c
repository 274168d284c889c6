#include "sigma_item.h"

#include "num.h"
#include "sigma_expand.h"
#include "sigma_modifier.h"
#include "sigma_regex.h"
#include "sigma_text.h"

static struct str keep_folded(struct arena *arena, struct str text) {
    struct buf folded = BUF_INIT;
    sigma_fold(&folded, text);
    struct str kept = arena_str(arena, buf_str(&folded));
    buf_fini(&folded);
    return kept;
}

/* One star for a row of them. */
static void squeeze_stars(struct buf *text) {
    size_t to = 0;
    for (size_t i = 0; i < text->len; i++) {
        bool star = (unsigned char)text->ptr[i] == SIGMA_STAR;
        if (!star || to == 0 || (unsigned char)text->ptr[to - 1] != SIGMA_STAR) {
            text->ptr[to++] = text->ptr[i];
        }
    }
    text->len = to;
}

static struct sigma_node *leaf(struct arena *arena, enum sigma_node_op op, struct str field) {
    struct sigma_node *n = arena_alloc(arena, sizeof *n);
    n->op = op;
    n->field = arena_str(arena, field);
    return n;
}

static void fill_test(struct sigma_test *test, struct arena *arena, struct sigma_value *v) {
    struct str text = buf_str(&v->text);
    test->compare = (uint8_t)v->compare;
    test->part = (uint8_t)v->part;
    test->number = v->number;
    switch (v->kind) {
    case SIGMA_VALUE_NUMBER:
    case SIGMA_VALUE_TRUTH:
        test->kind = v->kind == SIGMA_VALUE_NUMBER ? SIGMA_TEST_NUMBER : SIGMA_TEST_TRUTH;
        test->truth = v->truth;
        test->text = keep_folded(arena, text);
        break;
    case SIGMA_VALUE_COMPARE:
    case SIGMA_VALUE_TIME:
        test->kind = v->kind == SIGMA_VALUE_TIME ? SIGMA_TEST_TIME : SIGMA_TEST_COMPARE;
        break;
    case SIGMA_VALUE_CIDR:
        test->kind = SIGMA_TEST_CIDR;
        test->network = v->network;
        test->is_v6 = v->is_v6;
        break;
    case SIGMA_VALUE_REGEX:
        test->kind = SIGMA_TEST_REGEX;
        test->regex_flags = v->regex_flags;
        test->text = arena_str(arena, text);
        break;
    default:
        squeeze_stars(&v->text);
        test->kind = SIGMA_TEST_PATTERN;
        test->cased = v->cased;
        test->text =
            v->cased ? arena_str(arena, buf_str(&v->text)) : keep_folded(arena, buf_str(&v->text));
    }
}

static struct sigma_node *value_node(struct arena *arena, struct str field, struct sigma_value *v) {
    if (v->kind == SIGMA_VALUE_NULL) {
        return leaf(arena, SIGMA_NODE_NULL, field);
    }
    if (v->kind == SIGMA_VALUE_EXISTS) {
        struct sigma_node *exists = leaf(arena, SIGMA_NODE_EXISTS, field);
        return v->truth ? exists : sigma_node_not(arena, exists);
    }
    if (v->kind == SIGMA_VALUE_FIELDREF) {
        struct sigma_node *n = leaf(arena, SIGMA_NODE_FIELDREF, field);
        n->other = arena_str(arena, buf_str(&v->text));
        n->cased = v->cased;
        n->anchor = v->anchor;
        return n;
    }
    struct sigma_node *n = leaf(arena, SIGMA_NODE_TEST, field);
    fill_test(&n->test, arena, v);
    return n;
}

/* A keyword is looked for anywhere in a value unless a modifier says where. */
static void make_keyword(const struct sigma_key *key, struct sigma_value *v) {
    bool placed =
        sigma_key_has(key, SIGMA_MOD_STARTSWITH) || sigma_key_has(key, SIGMA_MOD_ENDSWITH);
    if (v->kind == SIGMA_VALUE_NUMBER || v->kind == SIGMA_VALUE_TRUTH) {
        v->kind = SIGMA_VALUE_PATTERN;
    }
    if (v->kind != SIGMA_VALUE_PATTERN || placed) {
        return;
    }
    struct buf text = BUF_INIT;
    buf_putc(&text, (char)SIGMA_STAR);
    buf_add(&text, buf_str(&v->text));
    buf_putc(&text, (char)SIGMA_STAR);
    buf_fini(&v->text);
    v->text = text;
}

static enum status check_value(const struct sigma_key *key, const struct sigma_value *v,
                               size_t line, struct err *err) {
    bool keyword = key->field.len == 0;
    if (keyword && (v->kind == SIGMA_VALUE_NULL || v->kind == SIGMA_VALUE_FIELDREF)) {
        return err_set(err, STATUS_BAD_INPUT, "line %zu: a keyword must be text", line);
    }
    if (v->kind != SIGMA_VALUE_REGEX) {
        return STATUS_OK;
    }
    struct sigma_regex *regex;
    enum status s = sigma_regex_compile(&regex, buf_str(&v->text), v->regex_flags, err);
    if (s != STATUS_OK) {
        return err_wrap(err, s, "line %zu", line);
    }
    sigma_regex_free(&regex);
    return STATUS_OK;
}

static enum status scalar_node(struct sigma_node **out, struct arena *arena,
                               const struct sigma_key *key, const sigma_yaml_node *scalar,
                               struct err *err) {
    struct sigma_value *values;
    if (key->takes_any_placeholder && sigma_key_has(key, SIGMA_MOD_EXPAND) &&
        sigma_expand_lacks(sigma_yaml_text(scalar), key->placeholders).len > 0) {
        *out = leaf(arena, SIGMA_NODE_NULL, key->field); /* the rule will not run */
        return STATUS_OK;
    }
    enum status s = sigma_value_make(&values, key, scalar, err);
    if (s != STATUS_OK) {
        return s;
    }
    size_t count = 0;
    for (struct sigma_value *v = values; v != NULL && s == STATUS_OK; v = v->next, count++) {
        s = check_value(key, v, sigma_yaml_line(scalar), err);
        if (s == STATUS_OK && key->field.len == 0) {
            make_keyword(key, v);
        }
    }
    if (s == STATUS_OK) {
        struct sigma_node *any = sigma_node_inner(arena, SIGMA_NODE_OR, count);
        size_t i = 0;
        for (struct sigma_value *v = values; v != NULL; v = v->next) {
            any->children[i++] = value_node(arena, key->field, v);
        }
        *out = count == 1 ? any->children[0] : any;
    }
    sigma_value_destroy(&values);
    return s;
}

static enum status list_node(struct sigma_node **out, struct arena *arena, struct sigma_yaml *yaml,
                             const struct sigma_key *key, const sigma_yaml_node *list,
                             struct err *err) {
    size_t count = sigma_yaml_count(list);
    bool all = sigma_key_has(key, SIGMA_MOD_ALL);
    if (count == 0) {
        return err_set(err, STATUS_BAD_INPUT, "line %zu: an empty list of values", key->line);
    }
    if (sigma_key_has(key, SIGMA_MOD_EXISTS)) {
        return err_set(err, STATUS_BAD_INPUT,
                       "line %zu: modifier 'exists' takes one value, true or false", key->line);
    }
    struct sigma_node *n = sigma_node_inner(arena, all ? SIGMA_NODE_AND : SIGMA_NODE_OR, count);
    for (size_t i = 0; i < count; i++) {
        const sigma_yaml_node *item = sigma_yaml_item(yaml, list, i);
        if (!sigma_yaml_is_scalar(item)) {
            return err_set(err, STATUS_BAD_INPUT, "line %zu: a value must be text or a number",
                           sigma_yaml_line(item));
        }
        if (sigma_yaml_type(item) == SIGMA_SCALAR_NULL) {
            return err_set(err, STATUS_BAD_INPUT,
                           "line %zu: null cannot stand in a list of values: write a selection of "
                           "its own",
                           sigma_yaml_line(item));
        }
        enum status s = scalar_node(&n->children[i], arena, key, item, err);
        if (s != STATUS_OK) {
            return s;
        }
    }
    *out = n;
    return STATUS_OK;
}

/* --- maps as values: Hayabusa's way to ask for a length --- */

enum { LENGTH_LIMIT = 32768 };

/* Any text of at least so many characters. */
static enum status length_node(struct sigma_node **out, struct arena *arena,
                               const struct sigma_key *key, const sigma_yaml_node *n,
                               struct err *err) {
    uint64_t length;
    bool is_text = sigma_yaml_is_scalar(n);
    if (!is_text || !num_parse_u64(&length, sigma_yaml_text(n)) || length > LENGTH_LIMIT) {
        return err_set(err, STATUS_BAD_INPUT,
                       "line %zu: 'min_length' must be a whole number up to %d", sigma_yaml_line(n),
                       LENGTH_LIMIT);
    }
    struct buf pattern = BUF_INIT;
    for (uint64_t i = 0; i < length; i++) {
        buf_putc(&pattern, (char)SIGMA_ANY);
    }
    buf_putc(&pattern, (char)SIGMA_STAR);
    *out = leaf(arena, SIGMA_NODE_TEST, key->field);
    (*out)->test.kind = SIGMA_TEST_PATTERN;
    (*out)->test.text = arena_str(arena, buf_str(&pattern));
    buf_fini(&pattern);
    return STATUS_OK;
}

/* {min_length: N, value: V}: both must hold. */
static enum status map_node(struct sigma_node **out, struct arena *arena, struct sigma_yaml *yaml,
                            const struct sigma_key *key, const sigma_yaml_node *map,
                            struct err *err) {
    size_t count = sigma_yaml_count(map);
    struct sigma_node *both = sigma_node_inner(arena, SIGMA_NODE_AND, count);
    for (size_t i = 0; i < count; i++) {
        struct str name;
        const sigma_yaml_node *n = sigma_yaml_entry(yaml, &name, map, i);
        enum status s;
        if (str_eq(name, STR("min_length")) && key->field.len > 0) {
            s = length_node(&both->children[i], arena, key, n, err);
        } else if (str_eq(name, STR("value")) && count > 1 && sigma_yaml_is_scalar(n)) {
            s = scalar_node(&both->children[i], arena, key, n, err);
        } else {
            s = err_set(err, STATUS_BAD_INPUT,
                        "line %zu: the value of '%.*s' is a map with '%.*s'; allowed: a value, a "
                        "list of values, or min_length with or without value",
                        sigma_yaml_line(map), STR_ARG(str_head(key->field, 60)),
                        STR_ARG(str_head(name, 60)));
        }
        if (s != STATUS_OK) {
            return s;
        }
    }
    *out = both;
    return count > 0 ? STATUS_OK
                     : err_set(err, STATUS_BAD_INPUT, "line %zu: an empty list of values",
                               sigma_yaml_line(map));
}

enum status sigma_item_parse(struct sigma_node **out, struct arena *arena, struct sigma_yaml *yaml,
                             struct str text, const sigma_yaml_node *values, struct err *err) {
    struct sigma_key key;
    enum status s = sigma_key_parse(&key, text, sigma_yaml_line(values), err);
    if (s != STATUS_OK) {
        return s;
    }
    bool is_list = sigma_yaml_is_list(values);
    key.placeholders = yaml->placeholders;
    key.takes_any_placeholder = yaml->takes_any_placeholder;
    if (sigma_key_has(&key, SIGMA_MOD_ALL) && (!is_list || sigma_yaml_count(values) < 2)) {
        return err_set(err, STATUS_BAD_INPUT,
                       "line %zu: modifier 'all' needs a list of at least two values", key.line);
    }
    struct sigma_node *n = NULL;
    if (is_list) {
        s = list_node(&n, arena, yaml, &key, values, err);
    } else if (sigma_yaml_is_scalar(values)) {
        s = scalar_node(&n, arena, &key, values, err);
    } else {
        s = map_node(&n, arena, yaml, &key, values, err);
    }
    if (s == STATUS_OK) {
        *out = sigma_key_has(&key, SIGMA_MOD_NEQ) ? sigma_node_not(arena, n) : n;
    }
    return s;
}

enum status sigma_item_keyword(struct sigma_node **out, struct arena *arena,
                               const sigma_yaml_node *scalar, struct err *err) {
    const struct sigma_key key = {.field = STR_EMPTY};
    return scalar_node(out, arena, &key, scalar, err);
}
