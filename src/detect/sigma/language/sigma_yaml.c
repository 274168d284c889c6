#include "sigma_yaml.h"

#include "sigma_merge.h"

enum { MAX_DEPTH = 24, MAX_NODES = 200000 };

void sigma_yaml_open(struct sigma_yaml *y, struct str bytes) {
    memset(y, 0, sizeof *y);
    if (!yaml_parser_initialize(&y->parser)) {
        memset(&y->parser, 0, sizeof y->parser); /* out of memory: every load fails */
    }
    const char *text = bytes.len > 0 ? bytes.ptr : ""; /* an empty file has no address */
    yaml_parser_set_input_string(&y->parser, (const unsigned char *)text, bytes.len);
}

static void drop_document(struct sigma_yaml *y) {
    if (y->has_document) {
        yaml_document_delete(&y->document);
        y->has_document = false;
    }
}

void sigma_yaml_close(struct sigma_yaml *y) {
    drop_document(y);
    if (y->has_global) {
        yaml_document_delete(&y->global);
    }
    if (y->has_previous) {
        yaml_document_delete(&y->previous);
    }
    yaml_parser_delete(&y->parser);
}

struct str sigma_yaml_text(const sigma_yaml_node *scalar) {
    return str_make((const char *)scalar->data.scalar.value, scalar->data.scalar.length);
}

size_t sigma_yaml_line(const sigma_yaml_node *n) {
    return n->start_mark.line + 1;
}

size_t sigma_yaml_count(const sigma_yaml_node *n) {
    if (n->type == YAML_MAPPING_NODE) {
        return (size_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start);
    }
    if (n->type == YAML_SEQUENCE_NODE) {
        return (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
    }
    return 0;
}

const sigma_yaml_node *sigma_yaml_item(struct sigma_yaml *y, const sigma_yaml_node *list,
                                       size_t i) {
    return yaml_document_get_node(&y->document, list->data.sequence.items.start[i]);
}

const sigma_yaml_node *sigma_yaml_entry(struct sigma_yaml *y, struct str *key,
                                        const sigma_yaml_node *map, size_t i) {
    const yaml_node_pair_t *pair = &map->data.mapping.pairs.start[i];
    *key = sigma_yaml_text(yaml_document_get_node(&y->document, pair->key));
    return yaml_document_get_node(&y->document, pair->value);
}

const sigma_yaml_node *sigma_yaml_get(struct sigma_yaml *y, const sigma_yaml_node *map,
                                      const char *key) {
    struct str wanted = str_from_c(key);
    for (size_t i = 0; i < sigma_yaml_count(map); i++) {
        struct str have;
        const sigma_yaml_node *value = sigma_yaml_entry(y, &have, map, i);
        if (str_eq(have, wanted)) {
            return value;
        }
    }
    return NULL;
}

static bool is_one_of(struct str text, const char *const *words) {
    for (; *words != NULL; words++) {
        if (str_eq(text, str_from_c(*words))) {
            return true;
        }
    }
    return false;
}

static size_t digits(struct str s, size_t at) {
    size_t from = at;
    while (at < s.len && ascii_is_digit(s.ptr[at])) {
        at++;
    }
    return at - from;
}

static bool is_based_integer(struct str s) {
    if (s.len < 3 || s.ptr[0] != '0' || (s.ptr[1] != 'x' && s.ptr[1] != 'o')) {
        return false;
    }
    for (size_t i = 2; i < s.len; i++) {
        int value = ascii_hex_value(s.ptr[i]);
        if (value < 0 || (s.ptr[1] == 'o' && value > 7)) {
            return false;
        }
    }
    return true;
}

/* YAML 1.2.2 section 10.3.2, without .inf and .nan. */
static bool is_number(struct str s) {
    size_t i = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+') ? 1 : 0;
    if (is_based_integer(s)) {
        return true;
    }
    size_t whole = digits(s, i);
    size_t fraction = 0;
    i += whole;
    if (i < s.len && s.ptr[i] == '.') {
        fraction = digits(s, i + 1);
        i += 1 + fraction;
    }
    if (whole + fraction == 0) {
        return false;
    }
    if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        i++;
        i += i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+') ? 1 : 0;
        size_t exponent = digits(s, i);
        if (exponent == 0) {
            return false;
        }
        i += exponent;
    }
    return i == s.len;
}

/* `!!int "5"`. Of `!!str 5` nothing is left in libyaml's tree: it is taken for a plain 5. */
static bool has_typing_tag(const sigma_yaml_node *scalar) {
    static const char *const tags[] = {YAML_NULL_TAG, YAML_BOOL_TAG, YAML_INT_TAG, YAML_FLOAT_TAG,
                                       NULL};
    return scalar->tag != NULL && is_one_of(str_from_c((const char *)scalar->tag), tags);
}

enum sigma_scalar_type sigma_yaml_type(const sigma_yaml_node *scalar) {
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const truths[] = {"true", "True", "TRUE", "false", "False", "FALSE", NULL};
    static const char *const words[] = {"yes", "Yes", "YES", "no",  "No",  "NO", "on",
                                        "On",  "ON",  "off", "Off", "OFF", NULL};
    struct str text = sigma_yaml_text(scalar);
    if (scalar->data.scalar.style != YAML_PLAIN_SCALAR_STYLE && !has_typing_tag(scalar)) {
        return SIGMA_SCALAR_TEXT;
    }
    if (is_one_of(text, nulls)) {
        return SIGMA_SCALAR_NULL;
    }
    if (is_one_of(text, truths)) {
        return SIGMA_SCALAR_BOOL;
    }
    if (is_one_of(text, words)) {
        return SIGMA_SCALAR_WORD;
    }
    return is_number(text) ? SIGMA_SCALAR_NUMBER : SIGMA_SCALAR_TEXT;
}

bool sigma_yaml_truth(const sigma_yaml_node *scalar) {
    struct str text = sigma_yaml_text(scalar);
    return str_eq_ci(text, STR("true")) || str_eq_ci(text, STR("yes")) ||
           str_eq_ci(text, STR("on"));
}

/* --- checks at load --- */

struct walk {
    struct sigma_yaml *yaml;
    size_t nodes;
    struct err *err;
};

static enum status check_node(struct walk *w, const sigma_yaml_node *n, int depth);

static enum status check_key(struct walk *w, const sigma_yaml_node *map, size_t i) {
    yaml_document_t *document = &w->yaml->document;
    const yaml_node_pair_t *pairs = map->data.mapping.pairs.start;
    const sigma_yaml_node *key = yaml_document_get_node(document, pairs[i].key);
    if (!sigma_yaml_is_scalar(key)) {
        return err_set(w->err, STATUS_BAD_INPUT, "line %zu: a key must be a plain word",
                       sigma_yaml_line(key));
    }
    struct str text = sigma_yaml_text(key);
    for (size_t j = 0; j < i; j++) {
        if (str_eq(text, sigma_yaml_text(yaml_document_get_node(document, pairs[j].key)))) {
            return err_set(w->err, STATUS_BAD_INPUT, "line %zu: the key '%.*s' stands here twice",
                           sigma_yaml_line(key), STR_ARG(str_head(text, 80)));
        }
    }
    return STATUS_OK;
}

static enum status check_map(struct walk *w, const sigma_yaml_node *map, int depth) {
    size_t count = sigma_yaml_count(map);
    if (count > 2000) {
        return err_set(w->err, STATUS_BAD_INPUT, "line %zu: more than 2000 keys in one map",
                       sigma_yaml_line(map));
    }
    for (size_t i = 0; i < count; i++) {
        enum status s = check_key(w, map, i);
        if (s == STATUS_OK) {
            int value = map->data.mapping.pairs.start[i].value;
            s = check_node(w, yaml_document_get_node(&w->yaml->document, value), depth);
        }
        if (s != STATUS_OK) {
            return s;
        }
    }
    return STATUS_OK;
}

static enum status check_node(struct walk *w, const sigma_yaml_node *n, int depth) {
    if (depth > MAX_DEPTH || ++w->nodes > MAX_NODES) {
        return err_set(w->err, STATUS_BAD_INPUT,
                       "line %zu: the document is nested too deeply or too large",
                       sigma_yaml_line(n));
    }
    if (n->type == YAML_MAPPING_NODE) {
        return check_map(w, n, depth + 1);
    }
    if (n->type != YAML_SEQUENCE_NODE) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < sigma_yaml_count(n); i++) {
        enum status s = check_node(w, sigma_yaml_item(w->yaml, n, i), depth + 1);
        if (s != STATUS_OK) {
            return s;
        }
    }
    return STATUS_OK;
}

enum status sigma_yaml_check(struct sigma_yaml *y, struct err *err) {
    struct walk w = {.yaml = y, .err = err};
    return check_node(&w, yaml_document_get_root_node(&y->document), 0);
}

static enum status load_failed(struct sigma_yaml *y, struct err *err) {
    const yaml_parser_t *p = &y->parser;
    return err_set(err, STATUS_BAD_INPUT, "line %zu: not YAML: %s", p->problem_mark.line + 1,
                   p->problem != NULL ? p->problem : "unreadable");
}

enum status sigma_yaml_next(struct sigma_yaml *y, const sigma_yaml_node **root, struct err *err) {
    for (;;) {
        drop_document(y);
        if (!yaml_parser_load(&y->parser, &y->document)) {
            return load_failed(y, err);
        }
        y->has_document = true;
        *root = yaml_document_get_root_node(&y->document);
        if (*root == NULL) {
            return STATUS_OK;
        }
        if (sigma_yaml_is_scalar(*root) && sigma_yaml_type(*root) == SIGMA_SCALAR_NULL) {
            continue; /* "---" alone */
        }
        if (!sigma_yaml_merge(&y->document)) {
            return err_set(err, STATUS_BAD_INPUT,
                           "line %zu: '<<' takes a map of at most 2000 keys, or a list of such",
                           sigma_yaml_line(*root));
        }
        return sigma_yaml_check(y, err);
    }
}
