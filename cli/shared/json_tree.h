/*
 * JSON objects for reading, over json-c (whose names collide with output.h). Nodes are borrowed
 * from the tree; every function takes NULL for "not there".
 */
#ifndef KONSEKI_JSON_TREE_H
#define KONSEKI_JSON_TREE_H

#include "str.h"

struct json_tree;

/* NULL if the text is no JSON. */
struct json_tree *json_tree_parse(struct str text);
void json_tree_free(struct json_tree *root);
const struct json_tree *json_tree_child(const struct json_tree *node, const char *name);
/* Text of a member; "" if absent. */
const char *json_tree_text(const struct json_tree *node, const char *name);
/* Elements of a list. */
size_t json_tree_count(const struct json_tree *list);
const struct json_tree *json_tree_item(const struct json_tree *list, size_t index);
const char *json_tree_value(const struct json_tree *node);
/* Calls `visit` for each member of an object, in order. */
void json_tree_members(const struct json_tree *object,
                       void (*visit)(const char *name, const struct json_tree *value, void *ctx),
                       void *ctx);

#endif
