/*
 * Detection straight from files, nothing stored: every file below the paths is read (file_rows.h)
 * and every rule that matches an event is handed to the caller. Callbacks come from the caller's
 * thread.
 */
#ifndef KONSEKI_SCAN_H
#define KONSEKI_SCAN_H

#include "event_filter.h"
#include "file_rows.h"
#include "rule_tuning.h"
#include "sigma_correlator.h"
#include "wanted_rules.h"

struct scan_hit {
    const struct sigma_hit *sigma;
    const struct batch *batch;
    const struct row *row;
    struct str file;                       /* as given + "/" + path below it */
    const struct site_rule *suppressed_by; /* NULL: it counts */
};

/* A hit of a correlation rule: told after all files were read, or when its stretch is over. */
struct scan_correlation {
    const struct sigma_correlation_hit *hit;
    const struct sigma_rule_info *rule; /* with the level that the site file gives it */
    const struct site_rule *suppressed_by;
};

/* False ends the scan. */
typedef bool scan_correlated_fn(const struct scan_correlation *correlation, void *ctx);
/* False ends the scan. */
typedef bool scan_hit_fn(const struct scan_hit *hit, void *ctx);

struct scan_counts;
/* After every batch. */
typedef void scan_progress_fn(const struct scan_counts *counts,
                              const struct file_rows_progress *progress, void *ctx);

/* Every batch of rows before it is looked at. */
typedef void scan_batch_fn(const struct batch *batch, struct str file, void *ctx);

struct scan_options {
    const struct sigma_rules *rules; /* NULL: none */
    struct rule_tuning *tuning;      /* NULL: none; levels are compared after it */
    bool only_suppressed;            /* hits that the tuning suppresses, instead of the others */
    enum sigma_level least_level;
    const struct event_filter *events; /* NULL: all */
    const struct wanted_rules *wanted; /* NULL: all */
    bool no_copies;                    /* hits of an event once, though it lies in several files */
    const struct zone *zone;           /* for times without one */
    bool zone_is_guess;
    bool recover_slack;
    bool carve;
    struct packed_limits packed;
    const struct file_filter *files; /* NULL: all */
    unsigned threads; /* that read and match files (scan_threads.h); 0, 1: this one */
    const volatile sig_atomic_t *interrupt; /* not 0: end soon; NULL: never */
    scan_progress_fn *progress;             /* NULL: nobody looks */
    scan_hit_fn *hit;
    scan_correlated_fn *correlated; /* may be NULL */
    scan_batch_fn *seen;            /* NULL: nobody asks */
    file_rows_error_fn *failed;
    file_rows_health_fn *health; /* NULL: nobody asks */
    void *ctx;
};

struct scan_counts {
    struct file_rows_counts files;
    uint64_t events;
    uint64_t damaged;  /* events with damage: not looked at */
    uint64_t filtered; /* events that were not asked for: not among the events */
    uint64_t hits;
    uint64_t hits_by_level[SIGMA_CRITICAL + 1];
    uint64_t copies;     /* events with hits that had been seen: not among the hits */
    uint64_t forgotten;  /* events with hits that could not be remembered */
    uint64_t suppressed; /* by the site file: not among the hits */
    uint64_t events_with_hits;
    uint64_t limits;                       /* expressions that a limit ended: no match */
    const struct sigma_rule_info *limited; /* whose expression that befell most; NULL: none */
    int64_t first_ns;                      /* of all events; TIME_NONE: there was none */
    int64_t last_ns;
    struct sigma_correlator_counts correlation; /* its hits are among `hits` */
    uint64_t by_dataset[DATASET_COUNT];         /* events */
};

void scan_paths(const struct scan_options *options, const char *const *paths, size_t path_count,
                struct scan_counts *counts);

#endif
