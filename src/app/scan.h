/*
 * Detection straight from files, nothing stored: every file below the paths is read (file_rows.h)
 * and every rule that matches an event is handed to the caller. One thread.
 */
#ifndef KONSEKI_SCAN_H
#define KONSEKI_SCAN_H

#include "file_rows.h"
#include "rule_tuning.h"

struct scan_hit {
    const struct sigma_hit *sigma;
    const struct batch *batch;
    const struct row *row;
    struct str file;                       /* as given + "/" + path below it */
    const struct site_rule *suppressed_by; /* NULL: it counts */
};

/* False ends the scan. */
typedef bool scan_hit_fn(const struct scan_hit *hit, void *ctx);
struct scan_options {
    const struct sigma_rules *rules; /* NULL: none */
    struct rule_tuning *tuning;      /* NULL: none; levels are compared after it */
    bool only_suppressed;            /* hits that the tuning suppresses, instead of the others */
    enum sigma_level least_level;
    const struct zone *zone; /* for times without one */
    bool zone_is_guess;
    bool recover_slack;
    struct packed_limits packed;
    scan_hit_fn *hit;
    file_rows_error_fn *failed;
    void *ctx;
};

struct scan_counts {
    struct file_rows_counts files;
    uint64_t events;
    uint64_t damaged; /* events with damage: not looked at */
    uint64_t hits;
    uint64_t suppressed; /* by the site file: not among the hits */
    uint64_t events_with_hits;
    int64_t first_ns; /* of all events; TIME_NONE: there was none */
    int64_t last_ns;
    uint64_t by_dataset[DATASET_COUNT]; /* events */
};

void scan_paths(const struct scan_options *options, const char *const *paths, size_t path_count,
                struct scan_counts *counts);

#endif
