/*
 * The inside of a run, for run*.c only. run.c sets it up and feeds it, run_emit.c takes what the
 * analyses say, run_evaluate.c ends the days.
 *
 * What the tables of the open day hold is forgotten by run_clear_day; `current`, `err` and `status`
 * hold while a callback of an analysis runs.
 */
#ifndef KONSEKI_RUN_PRIV_H
#define KONSEKI_RUN_PRIV_H

#include "arena.h"
#include "buf.h"
#include "intern.h"
#include "run.h"

enum { RUN_NEEDED_MAX = 8 };

/* One analysis in a run. */
struct run_instance {
    const struct analysis *analysis;
    void *state;
    uint64_t datasets;
    uint32_t needed[RUN_NEEDED_MAX];
    size_t needed_count;
    int32_t feed_from;
    int32_t evaluate_from;
    int32_t evaluate_to;
};

/* What event() emitted about one key on the open day. */
struct run_draft {
    uint32_t instance;
    struct finding_draft draft; /* texts in the day's arena */
    struct evidence_list events;
};

/* Rows of one source that one analysis saw on the open day. */
struct run_coverage {
    uint32_t instance;
    uint32_t source;  /* in names */
    uint32_t dataset; /* of the latest row that lacked a field */
    uint64_t rows;
    uint64_t present[RUN_NEEDED_MAX];
};

struct analysis_run {
    struct run_options options;
    struct analysis_context context;
    struct identity *identity;
    struct run_instance *instances;
    size_t instance_count;
    uint32_t *fields;
    size_t field_count;
    size_t field_capacity;
    uint64_t datasets;
    struct intern names; /* sources and origins of evidence, for the run's life */

    int32_t open_day;
    struct arena day_arena;
    struct intern draft_keys; /* of the open day */
    struct run_draft *drafts;
    size_t draft_capacity;
    struct run_coverage *coverage; /* of the open day */
    size_t coverage_count;
    size_t coverage_capacity;
    /* By source (in names) and instance: the index in `coverage` + 1, 0 = none yet. */
    uint32_t *coverage_at;
    size_t coverage_at_capacity;
    struct web_request_memo *web;

    uint32_t current; /* instance whose callback runs */
    struct err *err;  /* of the evaluation that runs */
    enum status status;
    uint64_t rows_fed;
    uint64_t draft_count;
    struct buf scratch;
    char computer[64];
};

/* Forgets the tables of the open day. */
void run_clear_day(struct analysis_run *run);
/* Clears what the findings file has of the analysis for the days first..last, as the mode says. */
enum status run_clear_parts(struct analysis_run *run, const struct analysis *analysis,
                            int32_t first, int32_t last, struct err *err) MUST_CHECK;
/* Writes one statement, explained or not; run->status tells of a failure. */
void run_write_part(struct analysis_run *run, const struct analysis *analysis, int32_t day,
                    const struct finding_draft *draft);

#endif
