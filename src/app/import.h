/*
 * Import: files into the store as evidence, then the analyses over what is new (unless the options
 * leave them to a later run).
 *
 * Packed files are unpacked: each member is a file of its own, named "archive/member", its bytes
 * are the evidence; the archive's hash is noted when all of it was taken.
 *
 * A file is committed as a whole (with others, up to about COMMIT_BYTES): after a crash or a full
 * disk it is either in the store or not, and importing it again does the rest. The same content is
 * taken once (SHA-256) unless `again`. Memory does not depend on the size of the input.
 */
#ifndef KONSEKI_IMPORT_H
#define KONSEKI_IMPORT_H

#include "packed.h"
#include "runner.h"
#include "sigma_correlator.h"
#include "surroundings.h"

struct import_options {
    const char *const *paths;
    size_t path_count;
    const char *kind; /* --source: dataset name or alias; NULL: detect */
    int year;         /* 0: infer */
    const char *host; /* NULL: not given */
    bool again;
    bool recover_slack;
    struct packed_limits packed;
    bool no_analyses; /* store only; `konseki detect` brings the analyses up to date later */
};

enum import_outcome { IMPORT_DONE, IMPORT_KNOWN, IMPORT_UNREADABLE };

/* What became of one file. Texts are valid during the call. */
struct import_report {
    struct str path;
    struct str kind; /* dataset of most rows; empty: unknown */
    enum import_outcome outcome;
    struct str problem; /* UNREADABLE: why; KNOWN: as what it was imported */
    uint64_t bytes;
    uint64_t events;
    uint64_t unparsed;
    uint64_t blank;
    uint64_t meta;
    uint64_t damaged;
    uint64_t continued;
};
typedef void import_report_fn(const struct import_report *report, void *ctx);

struct import_totals {
    uint64_t files;
    uint64_t known;
    uint64_t unreadable;
    uint64_t events;
    uint64_t unparsed;
    uint64_t bytes;
    uint64_t derived;
    uint64_t rule_hits;
    uint64_t rule_hits_suppressed; /* by the site file */
    struct sigma_correlator_counts correlation;
    struct runner_counts analyses;
};

/* BAD_INPUT: an option is wrong. ENVIRONMENT: the store could not be written (what was committed
 * before stays). Unreadable files are reported and counted only. */
enum status import_run(struct surroundings *surroundings, const struct import_options *options,
                       import_report_fn *report, void *ctx, struct import_totals *totals,
                       struct err *err) MUST_CHECK;

#endif
