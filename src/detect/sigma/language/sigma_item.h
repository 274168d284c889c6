/*
 * One detection item (`field|modifier|modifier: value or values`) to a tree: modifiers are applied
 * in the order in which they stand (specification, appendix "Modifiers").
 */
#ifndef KONSEKI_SIGMA_ITEM_H
#define KONSEKI_SIGMA_ITEM_H

#include "sigma_ast.h"
#include "sigma_yaml.h"

/* `key` may be empty or begin with '|': then the item is about every value of the event. */
enum status sigma_item_parse(struct sigma_node **out, struct arena *arena, struct sigma_yaml *yaml,
                             struct str key, const sigma_yaml_node *values,
                             struct err *err) MUST_CHECK;
/* A keyword: a plain string or number of a list. */
enum status sigma_item_keyword(struct sigma_node **out, struct arena *arena,
                               const sigma_yaml_node *scalar, struct err *err) MUST_CHECK;

#endif
