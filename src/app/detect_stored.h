/*
 * Detection over what is stored already: new Sigma rules over the whole retention (or a part of
 * it), and the analyses again where the site file, the parameters or the indicators changed. What
 * it finds equals what the same rules and indicators would have found while the events came in;
 * hits that are known already are left as they are.
 */
#ifndef KONSEKI_DETECT_STORED_H
#define KONSEKI_DETECT_STORED_H

#include "runner.h"
#include "sigma_correlator.h"
#include "surroundings.h"

struct detect_stored_counts {
    uint64_t events;    /* that the rules were asked about */
    uint64_t looked_at; /* of them: those that were put together */
    uint64_t rule_hits;
    uint64_t rule_hits_suppressed; /* by the site file */
    struct sigma_correlator_counts correlation;
    struct runner_counts analyses;
};

/* Rules see the events of [from_ns, to_ns); the analyses what is due. The surroundings must be open
 * for writing (STORE_BULK). */
enum status detect_stored(struct surroundings *surroundings, int64_t from_ns, int64_t to_ns,
                          struct detect_stored_counts *counts, struct err *err) MUST_CHECK;
/* The analyses alone, brought up to the last commit. */
enum status detect_run_analyses(struct surroundings *surroundings, struct runner_counts *counts,
                                struct err *err) MUST_CHECK;

#endif
