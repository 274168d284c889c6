/*
 * A rule's tree in the words of one way to its events: its conditions added, its fields renamed,
 * values translated.
 */
#ifndef KONSEKI_SIGMA_WAY_H
#define KONSEKI_SIGMA_WAY_H

#include "sigma_logsource.h"

/* What does not change is shared with `root`; new nodes lie in the arena, texts in the mapping. */
struct sigma_node *sigma_way_tree(struct arena *arena, const struct sigma_way *way,
                                  struct sigma_node *root);

/* The same without the conditions: the tree's fields by their names on that way. */
struct sigma_node *sigma_way_fields(struct arena *arena, const struct sigma_way *way,
                                    struct sigma_node *root);

#endif
