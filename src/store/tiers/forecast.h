/*
 * How long the disk lasts: growth of each dataset over the last days, what its class of retention
 * needs, and what is free (docs/manual/retention.md). Reads the chain only.
 *
 * Growth is taken from event times (an import of a year's logs is not a year's growth in a day):
 * the bytes of segments of the last `days` before the newest event that is not in the future. What
 * is not merged yet counts with the ratio that merged segments of its dataset reach.
 *
 * Threads: any. Ownership: plain values; `rule` is borrowed from the rules that are given.
 */
#ifndef KONSEKI_FORECAST_H
#define KONSEKI_FORECAST_H

#include "retention.h"
#include "store.h"

struct forecast_dataset {
    const struct retention_class *rule; /* NULL: kept for ever */
    uint64_t bytes;                     /* in DIR/segments, as after merging */
    uint64_t archived_bytes;
    double bytes_per_day;
    double span_days;   /* from its oldest row to now */
    double needs_bytes; /* when its class' days are full; 0 without a class */
};

struct forecast {
    struct forecast_dataset datasets[DATASET_COUNT];
    uint64_t bytes;
    uint64_t free_bytes; /* of the file system, without the reserve */
    double bytes_per_day;
    double needs_bytes;   /* of datasets that have a class */
    bool is_full_ever;    /* false: what expires makes room enough */
    double days_to_full;  /* at this rate, with expiry as the classes say */
    bool keeps_retention; /* everything that has a class can be kept its days */
};

struct forecast_options {
    int64_t now_ns;
    uint32_t days; /* growth of how many days; 0: 30 */
    uint64_t reserve_bytes;
    uint64_t free_bytes; /* UINT64_MAX: ask the file system */
};

enum status store_forecast(struct forecast *out, const struct store *s,
                           const struct retention *rules, const struct forecast_options *options,
                           struct err *err) MUST_CHECK;
/* One sentence if the disk will be full before the classes' days are (or within 30 days), else
 * nothing. */
void forecast_warning(struct buf *out, const struct forecast *f);

#endif
