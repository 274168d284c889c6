#include "sigma_collection.h"

#include "i18n.h"

enum { COPY_LIMIT = 2000000 }; /* nodes, a file */

static const char action_key[] = "action";

/* --- copying from one document to another --- */

struct merge {
    yaml_document_t *to;
    yaml_document_t *from;
    size_t *copied;
};

/* The new node's number; 0: too many, or no memory. */
static int copy_node(const struct merge *m, int number);

static bool copy_items(const struct merge *m, const yaml_node_t *from, int list) {
    size_t count = sigma_yaml_count(from);
    for (size_t i = 0; i < count; i++) {
        int item = copy_node(m, from->data.sequence.items.start[i]);
        if (item == 0 || !yaml_document_append_sequence_item(m->to, list, item)) {
            return false;
        }
    }
    return true;
}

static bool copy_pair(const struct merge *m, const yaml_node_pair_t *pair, int map) {
    int key = copy_node(m, pair->key);
    int value = key != 0 ? copy_node(m, pair->value) : 0;
    return value != 0 && yaml_document_append_mapping_pair(m->to, map, key, value);
}

static bool copy_pairs(const struct merge *m, const yaml_node_t *from, int map) {
    for (size_t i = 0; i < sigma_yaml_count(from); i++) {
        if (!copy_pair(m, &from->data.mapping.pairs.start[i], map)) {
            return false;
        }
    }
    return true;
}

static int copy_node(const struct merge *m, int number) {
    const yaml_node_t *from = yaml_document_get_node(m->from, number);
    int to = 0;
    if (++*m->copied > COPY_LIMIT) {
        return 0;
    }
    if (from->type == YAML_SCALAR_NODE) {
        to = yaml_document_add_scalar(m->to, NULL, from->data.scalar.value,
                                      (int)from->data.scalar.length, from->data.scalar.style);
    } else if (from->type == YAML_SEQUENCE_NODE) {
        to = yaml_document_add_sequence(m->to, NULL, from->data.sequence.style);
        to = to != 0 && copy_items(m, from, to) ? to : 0;
    } else {
        to = yaml_document_add_mapping(m->to, NULL, from->data.mapping.style);
        to = to != 0 && copy_pairs(m, from, to) ? to : 0;
    }
    if (to != 0) { /* the line, for messages */
        yaml_document_get_node(m->to, to)->start_mark = from->start_mark;
    }
    return to;
}

/* --- merging --- */

static int find_value(yaml_document_t *document, int map, struct str wanted) {
    const yaml_node_t *node = yaml_document_get_node(document, map);
    for (size_t i = 0; i < sigma_yaml_count(node); i++) {
        const yaml_node_pair_t *pair = &node->data.mapping.pairs.start[i];
        if (str_eq(sigma_yaml_text(yaml_document_get_node(document, pair->key)), wanted)) {
            return pair->value;
        }
    }
    return 0;
}

static bool is_map(yaml_document_t *document, int number) {
    return sigma_yaml_is_map(yaml_document_get_node(document, number));
}

/* The entries of `from` that `to` has not; depth was checked when the documents were read. */
static bool merge_map(const struct merge *m, int to, int from) {
    const yaml_node_t *source = yaml_document_get_node(m->from, from);
    for (size_t i = 0; i < sigma_yaml_count(source); i++) {
        const yaml_node_pair_t *pair = &source->data.mapping.pairs.start[i];
        struct str key = sigma_yaml_text(yaml_document_get_node(m->from, pair->key));
        int have = find_value(m->to, to, key);
        bool both = have != 0 && is_map(m->to, have) && is_map(m->from, pair->value);
        bool done = have == 0 ? copy_pair(m, pair, to)
                    : both    ? merge_map(m, have, pair->value)
                              : true;
        if (!done) {
            return false;
        }
    }
    return true;
}

static enum status merge_document(struct sigma_yaml *y, yaml_document_t *from, struct err *err) {
    const struct merge m = {&y->document, from, &y->copied};
    if (is_map(&y->document, 1) && is_map(from, 1) && !merge_map(&m, 1, 1)) {
        return err_set(err, STATUS_BAD_INPUT,
                       "'action': the documents of the file are too large when merged");
    }
    return STATUS_OK;
}

/* --- actions --- */

static struct str take_action(struct sigma_yaml *y) {
    yaml_node_t *map = yaml_document_get_node(&y->document, 1);
    yaml_node_pair_t *pairs = map->data.mapping.pairs.start;
    for (size_t i = 0; sigma_yaml_is_map(map) && i < sigma_yaml_count(map); i++) {
        const sigma_yaml_node *key = yaml_document_get_node(&y->document, pairs[i].key);
        const sigma_yaml_node *value = yaml_document_get_node(&y->document, pairs[i].value);
        if (str_eq(sigma_yaml_text(key), str_from_c(action_key)) && sigma_yaml_is_scalar(value)) {
            memmove(pairs + i, pairs + i + 1, (sigma_yaml_count(map) - i - 1) * sizeof *pairs);
            map->data.mapping.pairs.top--;
            y->is_collection = true;
            return sigma_yaml_text(value);
        }
    }
    return STR_EMPTY;
}

static void keep_in(struct sigma_yaml *y, yaml_document_t *kept, bool *has) {
    if (*has) {
        yaml_document_delete(kept);
    }
    *kept = y->document;
    *has = true;
    y->has_document = false;
}

static enum status make_global(struct sigma_yaml *y, struct err *err) {
    enum status s = y->has_global ? merge_document(y, &y->global, err) : STATUS_OK;
    s = s == STATUS_OK ? sigma_yaml_check(y, err) : s;
    if (s == STATUS_OK) {
        keep_in(y, &y->global, &y->has_global);
    }
    return s;
}

static void forget_global(struct sigma_yaml *y) {
    if (y->has_global) {
        yaml_document_delete(&y->global);
        y->has_global = false;
    }
}

/* A document that comes out: merged with what stands before it. */
static enum status complete(struct sigma_yaml *y, struct str action, const sigma_yaml_node **root,
                            struct err *err) {
    enum status s = STATUS_OK;
    if (str_eq(action, STR("repeat")) && y->has_previous) {
        s = merge_document(y, &y->previous, err);
    } else if (action.len > 0) {
        s = err_set(err, STATUS_BAD_INPUT,
                    _("line %zu: 'action' is '%.*s'; allowed: global, reset, and repeat behind a "
                      "rule"),
                    sigma_yaml_line(*root), STR_ARG(str_head(action, 40)));
    }
    if (s == STATUS_OK && y->has_global) {
        s = merge_document(y, &y->global, err);
    }
    *root = yaml_document_get_root_node(&y->document);
    return s == STATUS_OK && y->is_collection ? sigma_yaml_check(y, err) : s;
}

enum status sigma_collection_next(struct sigma_yaml *y, const sigma_yaml_node **root,
                                  struct err *err) {
    if (y->has_document) {
        keep_in(y, &y->previous, &y->has_previous);
    }
    for (;;) {
        enum status s = sigma_yaml_next(y, root, err);
        if (s != STATUS_OK || *root == NULL) {
            return s;
        }
        struct str action = take_action(y);
        if (str_eq(action, STR("global"))) {
            s = make_global(y, err);
        } else if (str_eq(action, STR("reset"))) {
            forget_global(y);
        } else {
            return complete(y, action, root, err);
        }
        if (s != STATUS_OK) {
            return s;
        }
    }
}
