/*
 * `search --explain`: what a search looked at, what it left out and why, and where the time went;
 * one JSON object on stderr (docs/manual/search.md). Threads: one.
 */
#ifndef KONSEKI_SEARCH_EXPLAIN_H
#define KONSEKI_SEARCH_EXPLAIN_H

#include "query.h"

/* Monotonic times (clock.h) at which the steps of a search began; `start` of the process. */
struct search_times {
    int64_t start_ns;
    int64_t open_ns; /* the store */
    int64_t run_ns;  /* the query */
    int64_t end_ns;
};

void search_explain(const struct query_run_stats *stats, const struct search_times *times);

#endif
