/*
 * One pass of analyses over events in time order: keeps their instances, collects what they emit
 * and what they could evaluate, writes both day by day. Knows nothing of the store; runner.c and
 * tests feed it.
 *
 *   run_create -> run_window -> (run_feed ... run_close)* -> [findings joined by the caller]
 *
 * Threads: one thread. Ownership: options are borrowed for the run's life.
 */
#ifndef KONSEKI_RUN_H
#define KONSEKI_RUN_H

#include "analysis.h"
#include "day_set.h"
#include "findings_parts.h"
#include "ioc.h"

enum run_mode {
    RUN_ALL,    /* all rows are fed */
    RUN_CHOSEN, /* only rows on which drafts depend are fed: coverage stays as it is */
    RUN_PROBE   /* as RUN_CHOSEN, but nothing is written: `said` is what comes out */
};

struct run_options {
    const struct site *site;
    const struct ioc_set *iocs;
    const struct analysis *const *analyses; /* ends with NULL */
    struct findings_db *db;
    enum run_mode mode;
    struct day_set *said; /* RUN_PROBE: the days of which anything is said are added */
};

struct analysis_run *run_create(const struct run_options *options);
void run_destroy(struct analysis_run **run);
/* Fields (ids, no duplicates) and datasets (bit by enum dataset) that the analyses need. */
const uint32_t *run_fields(const struct analysis_run *run, size_t *count);
uint64_t run_datasets(const struct analysis_run *run);
int run_max_lookback(const struct analysis_run *run);

/*
 * Begins anew: the days [first, last] have changed. Each analysis is fed from first - its
 * lookback on and evaluated for [first, last + its lookback]; what the file had for these days is
 * cleared.
 */
enum status run_window(struct analysis_run *run, int32_t first, int32_t last,
                       struct err *err) MUST_CHECK;
/* Live: days up to `day` are evaluated too. */
void run_extend(struct analysis_run *run, int32_t day);
/* True if some analysis may read this row at all (dataset, event id, flags). Cheap. */
bool run_wants(const struct analysis_run *run, const struct batch *batch, const struct row *row);
/* Rows in time order; the row's day must not be before a closed one. */
void run_feed(struct analysis_run *run, const struct batch *batch, const struct row *row);
/* Evaluates the day and writes its parts. May be called again for the newest day as it grows. */
enum status run_evaluate(struct analysis_run *run, int32_t day, struct err *err) MUST_CHECK;
/* Ends the day: forgets what no later day needs. */
void run_close(struct analysis_run *run, int32_t day);

uint64_t run_rows_fed(const struct analysis_run *run);
uint64_t run_drafts(const struct analysis_run *run);

#endif
