/*
 * All rows of one segment file, with every stored byte tested first: length, footer and extents
 * against the hashes that its checkpoint signed.
 */
#ifndef KONSEKI_MERGE_READ_H
#define KONSEKI_MERGE_READ_H

#include "batch.h"
#include "err.h"
#include "segment_info.h"

/* The rows of the batch; it is cleared afterwards. Not OK ends the walk. */
typedef enum status merge_visit_fn(const struct batch *batch, void *ctx, struct err *err);

/* Rows come in batches of some megabytes, with raw bytes and all values. DAMAGED: says what. */
enum status merge_read(const char *path, const struct segment_info *info, merge_visit_fn *visit,
                       void *ctx, struct err *err) MUST_CHECK;

#endif
