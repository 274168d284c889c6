#include "json_tree.h"

#include <json-c/json.h>

/* A struct json_tree is a json-c object by another name; these two are the only crossing. */
static struct json_object *inside(const struct json_tree *node) {
    return (struct json_object *)(uintptr_t)node;
}

static struct json_tree *outside(struct json_object *object) {
    return (struct json_tree *)(uintptr_t)object;
}

struct json_tree *json_tree_parse(struct str text) {
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *object = NULL;
    if (tokener && text.len <= INT32_MAX) {
        object = json_tokener_parse_ex(tokener, text.ptr, (int)text.len);
    }
    json_tokener_free(tokener);
    return outside(object);
}

void json_tree_free(struct json_tree *root) {
    (void)json_object_put(inside(root));
}

const struct json_tree *json_tree_child(const struct json_tree *node, const char *name) {
    struct json_object *value = NULL;
    return node && json_object_object_get_ex(inside(node), name, &value) ? outside(value) : NULL;
}

const char *json_tree_value(const struct json_tree *node) {
    const char *text = node ? json_object_get_string(inside(node)) : NULL;
    return text ? text : "";
}

const char *json_tree_text(const struct json_tree *node, const char *name) {
    return json_tree_value(json_tree_child(node, name));
}

size_t json_tree_count(const struct json_tree *list) {
    return list && json_object_is_type(inside(list), json_type_array)
               ? json_object_array_length(inside(list))
               : 0;
}

const struct json_tree *json_tree_item(const struct json_tree *list, size_t index) {
    return outside(json_object_array_get_idx(inside(list), index));
}

void json_tree_members(const struct json_tree *object,
                       void (*visit)(const char *name, const struct json_tree *value, void *ctx),
                       void *ctx) {
    if (!object || !json_object_is_type(inside(object), json_type_object)) {
        return;
    }
    json_object_object_foreach(inside(object), key, value) {
        visit(key, outside(value), ctx);
    }
}
