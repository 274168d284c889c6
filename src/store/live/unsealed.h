/*
 * Rows that are in the log only, one batch a dataset (derived rows lie with the rows they were made
 * from, as in segments: dataset_home). Rows keep their arrival order within each batch.
 *
 * Threads: one. Memory: unsealed_bytes estimates what is held.
 */
#ifndef KONSEKI_UNSEALED_H
#define KONSEKI_UNSEALED_H

#include "batch.h"

struct unsealed {
    struct batch *batches[DATASET_COUNT]; /* NULL: none */
    size_t bytes;
};

void unsealed_fini(struct unsealed *u);
/* Copies all rows of `batch` with their numbers. */
void unsealed_add(struct unsealed *u, const struct batch *batch);

#endif
