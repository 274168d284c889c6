/*
 * Grouping the rows of one segment without putting them together: by dictionary codes and numbers
 * (group_plan.h, group_values.h), texts once a value. Rows that do not fit (several values of a
 * field, values that follow from the event time, sums of fractions) are left to the caller as rows.
 *
 * Threads: one. Ownership: borrows the segment and the spec; what is given is borrowed until
 * segment_groups_destroy.
 */
#ifndef KONSEKI_SEGMENT_GROUPS_H
#define KONSEKI_SEGMENT_GROUPS_H

#include "block.h"
#include "store.h"

struct segment_groups;

/* The segment's templates must all be loaded, if keys, sums or sets are asked for. */
struct segment_groups *segment_groups_create(const struct store_group_spec *spec,
                                             struct segment *segment);
void segment_groups_destroy(struct segment_groups **groups);
/* Takes the selected rows of the block (bitmap) in; clears the bits of those that it took, or that
 * have no value for a key (*without_key is raised by those). */
enum status segment_groups_add(struct segment_groups *groups, struct block *block, uint64_t *rows,
                               uint64_t *without_key, struct err *err) MUST_CHECK;
/* About how many bytes it holds. */
size_t segment_groups_bytes(const struct segment_groups *groups);
/* All groups, in the order in which they came. */
enum status segment_groups_give(struct segment_groups *groups, store_groups_fn *fn, void *ctx,
                                struct err *err) MUST_CHECK;

#endif
