/*
 * A slice of the store in memory: the rows of a time range that the analyses of a run need, in the
 * order in which they are fed: (event time, source, origin, line, record). That order does not
 * depend on the order of arrival.
 */
#ifndef KONSEKI_SLICE_H
#define KONSEKI_SLICE_H

#include "run.h"
#include "store.h"

struct slice {
    struct batch rows;
    uint32_t *order; /* indexes of rows */
    size_t order_capacity;
    struct batch scratch;
    struct store_scan_stats stats; /* of the last slice_read */
};

void slice_init(struct slice *slice);
void slice_fini(struct slice *slice);
/* What to read: [from_ns, to_ns). */
struct slice_range {
    int64_t from_ns;
    int64_t to_ns;
    const struct expr *filter; /* NULL: all rows */
    size_t limit_bytes;
};
/* *too_big: the rows take more than the limit; nothing usable was read, ask for less. */
enum status slice_read(struct slice *slice, struct store *store, const struct analysis_run *run,
                       const struct slice_range *range, bool *too_big, struct err *err) MUST_CHECK;
/* Puts the rows that are there in order. */
void slice_sort(struct slice *slice);
size_t slice_size_bytes(const struct slice *slice);

#endif
