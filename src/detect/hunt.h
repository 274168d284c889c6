/*
 * Findings after indicators were added: the same as if all rows were fed again, but only rows that
 * may name an indicator are put together (ioc_filter.h), and rows that leases are learned from.
 *
 * Analyses with IOC_USE_EVENT say everything anew. Those with IOC_USE_DAY are tried on the rows
 * that name an added indicator: the days of which they then say something have to be run whole.
 *
 * Memory: the rows that may name an indicator, slice_bytes of them at once. Threads: one.
 */
#ifndef KONSEKI_HUNT_H
#define KONSEKI_HUNT_H

#include "day_set.h"
#include "runner.h"

struct hunt_options {
    struct store *store;
    struct findings_db *db;
    const struct site *site;
    const struct ioc_set *iocs;  /* all */
    const struct ioc_set *added; /* those that are new; may be empty */
    size_t slice_bytes;
    const struct analysis *const *analyses; /* ends with NULL; those that use no indicators rest */
};

/* Within a transaction; the parts are joined by the caller. Adds to `again` the days that the
 * IOC_USE_DAY analyses must be run for. */
enum status hunt_run(const struct hunt_options *options, struct day_set *again,
                     struct runner_hunt *counts, struct err *err) MUST_CHECK;

#endif
