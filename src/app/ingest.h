/*
 * What happens to a batch after it was parsed, the same for files and for the network:
 *
 *   store_append -> mail join (derived rows) -> Sigma rules -> commit -> analyses
 *
 * Rule hits are kept only with the commit that makes their events durable, so no finding points at
 * an event that was lost. Threads: one thread.
 */
#ifndef KONSEKI_INGEST_H
#define KONSEKI_INGEST_H

#include "findings_db.h"
#include "sigma_correlator.h"
#include "site.h"
#include "store.h"

struct ingest;

struct ingest_options {
    struct store *store;
    struct findings_db *db;
    const struct sigma_rules *rules; /* NULL: none */
    const struct site *site;         /* levels and suppressions of rules; may be NULL */
    bool live;                       /* serve: events come in time order */
    int64_t watermark_ns;            /* live: correlations wait so long for late events */
    /* Called for each rule hit, after its event is durable: one JSON object. May be NULL. */
    void (*found)(struct str json_line, void *ctx);
    void *found_ctx;
};

struct ingest_counts {
    uint64_t events;
    uint64_t derived;
    uint64_t raw_bytes;
    uint64_t rule_hits;
    uint64_t rule_hits_suppressed;
    struct sigma_correlator_counts correlation;
};

struct ingest *ingest_create(const struct ingest_options *options);
void ingest_destroy(struct ingest **ingest);
/* Numbers and takes in the rows. The batch stays the caller's. */
enum status ingest_batch(struct ingest *ingest, struct batch *batch, struct err *err) MUST_CHECK;
/* Rows of an exported store: they keep their numbers, and derived rows come as rows, so that
 * nothing is joined again (store_restore.h). BAD_INPUT: a number is taken. */
enum status ingest_restored(struct ingest *ingest, struct batch *batch, struct err *err) MUST_CHECK;
/* Ends what is open over several rows (mails, correlations) at the end of an import or of serving:
 * rows may come afterwards, but no correlation sees them. */
enum status ingest_flush(struct ingest *ingest, struct err *err) MUST_CHECK;
/* Everything taken in so far becomes durable and visible, then the rule hits. */
enum status ingest_commit(struct ingest *ingest, struct err *err) MUST_CHECK;
/* Other rules from the next batch on. Call between a commit and the next batch. */
enum status ingest_set_rules(struct ingest *ingest, const struct sigma_rules *rules,
                             struct err *err) MUST_CHECK;
struct ingest_counts ingest_get_counts(const struct ingest *ingest);

#endif
