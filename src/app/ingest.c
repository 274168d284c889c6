#include "ingest.h"

#include "mail_join.h"
#include "mem.h"
#include "rule_watch.h"
#include "store_restore.h"

struct ingest {
    struct store *store;
    struct rule_watch *rules;
    struct mail_join *mails;
    struct batch derived;
    struct ingest_counts counts;
};

struct ingest *ingest_create(const struct ingest_options *options) {
    struct ingest *ingest = mem_calloc(1, sizeof *ingest);
    ingest->store = options->store;
    ingest->mails = mail_join_create(&(struct mail_join_options){.live = options->live});
    ingest->rules =
        rule_watch_create(&(struct rule_watch_options){.rules = options->rules,
                                                       .site = options->site,
                                                       .db = options->db,
                                                       .is_live = options->live,
                                                       .watermark_ns = options->watermark_ns,
                                                       .found = options->found,
                                                       .found_ctx = options->found_ctx});
    batch_init(&ingest->derived);
    return ingest;
}

void ingest_destroy(struct ingest **ingest) {
    struct ingest *gone = *ingest;
    if (gone == NULL) {
        return;
    }
    rule_watch_destroy(&gone->rules);
    mail_join_destroy(&gone->mails);
    batch_fini(&gone->derived);
    mem_free(gone);
    *ingest = NULL;
}

static enum status append_derived(struct ingest *ingest, struct err *err) {
    if (ingest->derived.row_count == 0) {
        return STATUS_OK;
    }
    ingest->counts.derived += ingest->derived.row_count;
    enum status status = store_append(ingest->store, &ingest->derived, err);
    batch_clear(&ingest->derived);
    return status;
}

enum status ingest_batch(struct ingest *ingest, struct batch *batch, struct err *err) {
    enum status status = store_append(ingest->store, batch, err);
    if (status != STATUS_OK) {
        return status;
    }
    ingest->counts.events += batch->row_count;
    ingest->counts.raw_bytes += batch->raw.len;
    mail_join_feed(ingest->mails, batch, &ingest->derived);
    status = append_derived(ingest, err);
    return status == STATUS_OK ? rule_watch_batch(ingest->rules, batch, err) : status;
}

enum status ingest_restored(struct ingest *ingest, struct batch *batch, struct err *err) {
    enum status status = store_restore(ingest->store, batch, err);
    if (status != STATUS_OK) {
        return status;
    }
    ingest->counts.events += batch->row_count;
    ingest->counts.raw_bytes += batch->raw.len;
    return rule_watch_batch(ingest->rules, batch, err);
}

enum status ingest_flush(struct ingest *ingest, struct err *err) {
    mail_join_flush(ingest->mails, &ingest->derived);
    enum status status = append_derived(ingest, err);
    return status == STATUS_OK ? rule_watch_finish(ingest->rules, err) : status;
}

enum status ingest_commit(struct ingest *ingest, struct err *err) {
    enum status status = store_commit(ingest->store, err);
    return status == STATUS_OK ? rule_watch_commit(ingest->rules, err) : status;
}

enum status ingest_set_rules(struct ingest *ingest, const struct sigma_rules *rules,
                             struct err *err) {
    return rule_watch_set_rules(ingest->rules, rules, err);
}

struct ingest_counts ingest_get_counts(const struct ingest *ingest) {
    struct ingest_counts counts = ingest->counts;
    counts.rule_hits = rule_watch_hits(ingest->rules);
    counts.correlation = rule_watch_correlation(ingest->rules);
    counts.rule_hits_suppressed = rule_watch_suppressed(ingest->rules);
    return counts;
}
