/*
 * Runs the analyses over the store: the store is the state.
 *
 * Batch (after an import): the rows that arrived since the last run tell which local days
 * changed; every analysis is fed the days from (first changed day - its lookback) on, one day's
 * slice at a time, sorted by (event time, source, origin, line), and what it says about the days
 * [first changed, last changed + lookback] replaces what the findings file had for them.
 * So the findings depend on the stored events only, not on the order or number of imports. When
 * the site file or the parameters changed, or an indicator is gone, everything is run again; where
 * indicators were only added, what can depend on them (hunt.h).
 *
 * Live (serve): runner_tick advances the same analyses by the rows that arrived since the last
 * tick and whose time is below the watermark (newest event time - watermark); state stays in
 * memory; a row older than what was fed marks its day, which is run again from the store.
 *
 * Memory: one day of the rows that the analyses need, and their state.
 * Threads: one runner belongs to one thread. The store must be open in any mode.
 */
#ifndef KONSEKI_RUNNER_H
#define KONSEKI_RUNNER_H

#include "analysis.h"
#include "findings_db.h"
#include "ioc.h"
#include "store.h"

struct runner;

struct runner_options {
    struct store *store;
    struct findings_db *db;
    const struct site *site;
    const struct ioc_set *iocs;
    const char *only;     /* ids separated by commas; NULL: all */
    int64_t watermark_ns; /* live; 0: 5 min */
    size_t slice_bytes;   /* rows held at once; 0: FEEDER_LIMIT_BYTES */
    /* Called for each finding that is new or raised its level (serve prints them). May be NULL. */
    void (*found)(struct str json_line, void *ctx);
    void *found_ctx;
    void (*progress)(uint64_t days_done, uint64_t days_total, void *ctx); /* may be NULL */
    void *progress_ctx;
};

/* What looking back for added indicators took (hunt.h); all 0: nothing was added alone. */
struct runner_hunt {
    size_t added;             /* indicators */
    uint64_t rows;            /* that may name an indicator and were put together */
    uint64_t segments;        /* of the store */
    uint64_t segments_pruned; /* without looking at rows */
    uint64_t days_again;      /* run whole, for analyses of whole days */
};

struct runner_counts {
    struct runner_hunt hunt;
    uint64_t rows_fed;
    uint64_t days_run;
    uint64_t drafts;
    uint64_t late_rows;  /* live: older than the watermark when they came */
    uint64_t days_rerun; /* live: run again because of them */
    uint64_t findings_new;
    uint64_t findings_updated;
};

/* STATUS_BAD_INPUT: an unknown id in `only`. */
enum status runner_create(struct runner **out, const struct runner_options *options,
                          struct err *err) MUST_CHECK;
/* Brings the findings up to the last commit. Used after each import. */
enum status runner_catch_up(struct runner *runner, struct err *err) MUST_CHECK;
/* Live: feeds what is new up to the watermark; `final`: all of it (at the end). Cheap when
 * nothing arrived; call it every few seconds. */
enum status runner_tick(struct runner *runner, bool final, struct err *err) MUST_CHECK;
const struct runner_counts *runner_get_counts(const struct runner *runner);
void runner_destroy(struct runner **runner);

#endif
