/*
 * Asking one question (src/triage) over files: reads them, lets the rules look at each event where
 * there are some, and prints the listing.
 */
#ifndef KONSEKI_TRIAGE_RUN_H
#define KONSEKI_TRIAGE_RUN_H

#include "file_rows.h"
#include "output.h"
#include "triage.h"

struct triage_run {
    const struct triage_question *question;
    const struct triage_options *options;
    enum output_format format;
    uint64_t limit;  /* rows; 0: all */
    int64_t from_ns; /* events from here */
    int64_t to_ns;   /* and before */
    const struct zone *zone;
    bool zone_is_guess;
    bool recover_slack;
    struct packed_limits packed;
    const struct sigma_rules *rules; /* NULL: none */
    enum sigma_level least_level;
    bool events_as_they_are; /* jsonl: a question that lists events gives lines of `dump --flat` */
};

/* The exit code. */
int triage_run(const struct triage_run *run, const char *const *paths, size_t path_count);

#endif
