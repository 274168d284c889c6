/*
 * Aggregations whose first stage counts or sums by fields are computed on the store's columns
 * (store_group), not on rows. The result is the same: what the columns cannot tell comes as rows.
 *
 * Threads: one at a time. The stage must be the first of the query.
 */
#ifndef KONSEKI_COLUMNAR_H
#define KONSEKI_COLUMNAR_H

#include "stage.h"

/* Fills `out` if the stage can be computed so. Borrows from the stage. */
bool columnar_spec(struct store_group_spec *out, const struct stage_spec *stage);
/* Takes a part into the stage (of stage_stats). */
enum status columnar_add(struct stage *stage, const struct store_groups *groups, struct err *err);

#endif
