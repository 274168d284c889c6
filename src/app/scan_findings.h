/*
 * What the rules say of one batch, kept: a thread matches the batch, another one hears of it later
 * (scan_threads.h). All texts are copies but the rules' own; the batch may move meanwhile.
 * All zero is empty. Threads: one at a time.
 */
#ifndef KONSEKI_SCAN_FINDINGS_H
#define KONSEKI_SCAN_FINDINGS_H

#include "arena.h"
#include "event_filter.h"
#include "sigma.h"

struct scan_finding {
    uint32_t row; /* its index in the batch */
    bool is_feed; /* a value for correlations; else a hit */
    struct sigma_hit hit;
    struct sigma_feed feed;
};

/* In the order of the rows, and of a row as the matcher told them. */
struct scan_findings {
    struct arena arena;
    struct scan_finding *items;
    size_t count;
    size_t capacity;
};

void scan_findings_fini(struct scan_findings *findings);
/* Matches all rows of the batch that a scan looks at (scan_findings_looks_at) and keeps what is
 * found instead of what was there. `feeds`: values for correlations too. */
void scan_findings_match(struct scan_findings *findings, struct sigma_matcher *matcher,
                         const struct batch *batch, const struct event_filter *events, bool feeds);
/* Tells what was found in the row; *next is the first finding that was not told yet, 0 before the
 * first row. Rows come in order. `feed` may be NULL if none were kept. */
void scan_findings_tell(const struct scan_findings *findings, size_t *next, size_t row,
                        sigma_hit_fn *hit, sigma_feed_fn *feed, void *ctx);

/* Rules look at events that are asked for and not damaged. `events` may be NULL: all are. */
bool scan_findings_looks_at(const struct event_filter *events, const struct batch *batch,
                            const struct row *row);

#endif
