/*
 * Rows that are not in a segment yet, one batch a dataset (a segment holds one dataset). Rows keep
 * their arrival order within each batch.
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
/* The dataset with the most bytes; DATASET_COUNT if there are no rows. */
enum dataset unsealed_biggest(const struct unsealed *u);
void unsealed_drop(struct unsealed *u, enum dataset dataset);

#endif
