/*
 * Sigma rules over numbered rows, their hits kept in the findings file: the same for events as they
 * come (ingest.h) and for stored ones (detect_stored.h). Hits become visible with
 * rule_watch_commit, after the events themselves are durable. Threads: one thread.
 */
#ifndef KONSEKI_RULE_WATCH_H
#define KONSEKI_RULE_WATCH_H

#include "findings_db.h"
#include "rule_tuning.h"

struct rule_watch;

struct rule_watch_options {
    const struct sigma_rules *rules; /* NULL: none; nothing is done then */
    const struct site *site;         /* its `rules` sections act; may be NULL */
    struct findings_db *db;
    /* Called for each hit after its commit: one JSON object. May be NULL. */
    void (*found)(struct str json_line, void *ctx);
    void *found_ctx;
    /* Correlations: events come as they happen; hits are kept as soon as they begin, behind the
     * watermark (0: 5 min). Else all events are looked at in the order of time by
     * rule_watch_finish. */
    bool is_live;
    int64_t watermark_ns;
};

struct rule_watch *rule_watch_create(const struct rule_watch_options *options);
/* Other rules from the next batch on; hits so far are committed. The old set is free then. What
 * correlations were collecting is told; their windows begin anew. On failure
 * the new rules act all the same. */
enum status rule_watch_set_rules(struct rule_watch *watch, const struct sigma_rules *rules,
                                 struct err *err) MUST_CHECK;
/* Hits that were not committed are lost. */
void rule_watch_destroy(struct rule_watch **watch);
/* Rows that are blank, damaged, derived or no event are left out. */
enum status rule_watch_batch(struct rule_watch *watch, const struct batch *batch,
                             struct err *err) MUST_CHECK;
/* No more rows: correlations look at what waits. Commit afterwards. */
enum status rule_watch_finish(struct rule_watch *watch, struct err *err) MUST_CHECK;
enum status rule_watch_commit(struct rule_watch *watch, struct err *err) MUST_CHECK;
/* (rule, event) pairs so far, without those that the site file suppresses. */
uint64_t rule_watch_hits(const struct rule_watch *watch);
/* What correlations left out. */
struct sigma_correlator_counts rule_watch_correlation(const struct rule_watch *watch);
uint64_t rule_watch_suppressed(const struct rule_watch *watch);

#endif
