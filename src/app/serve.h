/*
 * The server: collectors -> parse -> ingest (write-ahead log, group commit) -> analyses, in one
 * event loop and one thread. Runs until SIGTERM or SIGINT, then takes in what was received,
 * commits, seals and ends.
 *
 * What is durable: a record is on the disk at the latest commit.interval after it was received
 * (or commit.bytes earlier). kill -9 loses only what came after the last group commit.
 * When the disk fails or is full the server says so and ends with STATUS_ENVIRONMENT: it never
 * accepts what it cannot keep.
 */
#ifndef KONSEKI_SERVE_H
#define KONSEKI_SERVE_H

#include "config.h"
#include "err.h"
#include "sigma_correlator.h"

struct serve_counts {
    uint64_t received;  /* records from all inputs */
    uint64_t stored;    /* rows committed, derived ones not counted */
    uint64_t truncated; /* cut by the sender or the kernel */
    uint64_t commits;
    uint64_t seals;
    uint64_t findings; /* new or raised */
    uint64_t rule_hits;
    struct sigma_correlator_counts correlation;
};

struct serve_callbacks {
    void (*ready)(void *ctx);                       /* all inputs listen */
    void (*warn)(const char *text, void *ctx);      /* what does not stop the server */
    void (*found)(struct str json_line, void *ctx); /* a finding or rule hit, live */
    void *ctx;
};

/* `config` must name the store and at least one input. */
enum status serve_run(const struct config *config, const struct serve_callbacks *callbacks,
                      struct serve_counts *counts, struct err *err) MUST_CHECK;

#endif
