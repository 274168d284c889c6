/*
 * Expiry: segments whose rows are all past their class and under no hold leave the store, by a
 * signed act that says what and why; hashes that the proofs of other rows need stay
 * (docs/formats/retention.md, kept.h).
 *
 * Order: hashes of the rows (written, synced), checkpoint with notes and fates, removal of the
 * files. A crash leaves either everything or the finished act.
 *
 * An act has two steps. Preparing reads what is sealed and does the work (looks into segments,
 * hashes rows, writes the hashes); it may be done by any thread through a reader of its own.
 * Committing is the writer's and takes the time of a seal.
 */
#ifndef KONSEKI_EXPIRE_H
#define KONSEKI_EXPIRE_H

#include "hold.h"
#include "retention.h"
#include "store.h"

enum expire_outcome {
    EXPIRE_DUE,    /* it goes, or would go */
    EXPIRE_HELD,   /* a hold keeps it */
    EXPIRE_OFFLINE /* past its time, but in an archive that is not there: nothing is done */
};

struct expire_line {
    uint64_t segment;
    enum dataset dataset;
    uint64_t rows;
    uint64_t bytes;
    int64_t time_min;
    int64_t time_max;
    enum expire_outcome outcome;
    const struct retention_class *rule;
    const struct hold *hold; /* HELD */
};

struct expire_options {
    struct str by;
    int64_t now_ns;
    bool dry_run;
    /* One call a segment that is past its class, before anything is removed. May be NULL. */
    void (*line)(const struct expire_line *line, void *ctx);
    void *ctx;
    const atomic_bool *cancel; /* true: preparing ends with CANCELLED; may be NULL */
};

struct expire_result {
    uint64_t segments;
    uint64_t rows;
    uint64_t bytes;      /* of their files */
    uint64_t kept_bytes; /* of the file of hashes afterwards */
    uint64_t held;       /* segments */
    uint64_t offline;
    uint64_t on_media; /* of the expired: files in archives that could not be removed */
    bool has_rules;
};

struct expire_act;
/* *out is NULL if nothing is due (or dry_run). `view` stays open until the act is committed: while
 * readers are there nobody removes the file of hashes. `options` are copied, texts borrowed. One
 * act at a time. DAMAGED: as store_expire. */
enum status expire_prepare(struct expire_act **out, const struct store *view,
                           const struct expire_options *options, struct expire_result *result,
                           struct err *err) MUST_CHECK;
/* No merge is under way. Where segments, rules or holds have changed since, nothing is done (and
 * *result is empty). Ends the act. */
enum status expire_commit(struct expire_act **act, struct store *s, struct expire_result *result,
                          struct err *err) MUST_CHECK;
void expire_discard(struct expire_act **act);

/* Both at once. DAMAGED: a segment fails its checks (its hashes cannot be kept), nothing was
 * removed. */
enum status store_expire(struct store *s, const struct expire_options *options,
                         struct expire_result *result, struct err *err) MUST_CHECK;

#endif
