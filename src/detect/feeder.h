/*
 * Feeds rows of the store to a run in time order, a slice that fits the memory at a time; the
 * slices' length adapts to how full the days are.
 *
 * Threads: one. Ownership: borrows store, run and filter.
 */
#ifndef KONSEKI_FEEDER_H
#define KONSEKI_FEEDER_H

#include "slice.h"

/* Rows held at once, where nothing else is said. */
enum { FEEDER_LIMIT_BYTES = 40 << 20 };

struct feeder {
    struct store *store;
    struct analysis_run *run;
    const struct expr *filter; /* NULL: all rows */
    struct slice slice;
    int64_t step_ns;
    size_t limit_bytes; /* of the rows held at once */
};

void feeder_init(struct feeder *feeder, struct store *store, struct analysis_run *run,
                 size_t limit_bytes);
void feeder_fini(struct feeder *feeder);
/* Feeds the rows of [from_ns, to_ns). */
enum status feeder_feed(struct feeder *feeder, int64_t from_ns, int64_t to_ns,
                        struct err *err) MUST_CHECK;

#endif
