/*
 * Rows that are committed but lie in no segment yet, as a scan sees them: copied when the scan is
 * opened, because the store may go on writing while it runs. They came after all sealed rows.
 *
 * Threads: the scan's.
 */
#ifndef KONSEKI_SCAN_UNSEALED_H
#define KONSEKI_SCAN_UNSEALED_H

#include "segment_cursor.h"
#include "store_priv.h"

/* Appends the matching rows to `out` in arrival order. `filter` may be NULL. */
void scan_unsealed(struct batch *out, const struct store *store, const struct scan_query *query,
                   const struct expr *filter);

#endif
