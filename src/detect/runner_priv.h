/* The inside of a runner: runner.c runs whole days from the store, runner_live.c follows a server.
 */
#ifndef KONSEKI_RUNNER_PRIV_H
#define KONSEKI_RUNNER_PRIV_H

#include "day_set.h"
#include "feeder.h"
#include "runner.h"

struct runner {
    struct runner_options options;
    const struct analysis **analyses; /* ends with NULL */
    struct analysis_run *run;
    struct feeder feeder;
    struct runner_counts counts;
    struct day_set changed;
    /* live */
    bool started;
    bool warm; /* the run's state stands at fed_until_ns of open_day */
    int32_t open_day;
    int64_t fed_until_ns;  /* all rows before it were fed */
    int64_t newest_ns;     /* event time */
    uint64_t next_arrival; /* rows below were seen */
    struct slice pending;  /* seen, not fed: newer than the watermark */
    struct day_set late;
    int64_t last_rerun_mono_ns;
};

/* Local days of the store's oldest and newest row; far in the future and the past if it is empty.
 */
int32_t runner_oldest_day(const struct runner *runner);
int32_t runner_newest_day(const struct runner *runner);
/* Number of the row that arrives next. */
uint64_t runner_arrival_end(const struct runner *runner);
/* One whole day: rows, findings (if `evaluate`), forgetting. */
enum status runner_run_day(struct runner *runner, int32_t day, bool evaluate,
                           struct err *err) MUST_CHECK;
/* Runs again what depends on the days. */
enum status runner_run_changed(struct runner *runner, const struct day_set *days,
                               struct err *err) MUST_CHECK;
/* Joins parts to findings and counts. */
enum status runner_join(struct runner *runner, struct err *err) MUST_CHECK;
/* Rows below `arrival` are done, with the settings and indicators of now. */
enum status runner_save_progress(struct runner *runner, uint64_t arrival,
                                 struct err *err) MUST_CHECK;
/* runner_catch_up inside a transaction. */
enum status runner_do_catch_up(struct runner *runner, struct err *err) MUST_CHECK;
/* `work` in one transaction of the findings file. */
enum status runner_transact(struct runner *runner,
                            enum status (*work)(struct runner *runner, struct err *err),
                            struct err *err) MUST_CHECK;

#endif
