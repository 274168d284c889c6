/*
 * Moving sealed segments to an archive folder and back (docs/formats/retention.md). Searches go on
 * as before as long as the folder is where the store knows it (archive_list.h).
 *
 * Order: copy, sync, read back and test against the signed hashes, checkpoint, remove the original.
 * A crash at any point leaves every row reachable. Needs a store that is open for writing.
 *
 * Threads: the writer's, but for archive_prepare: copying and testing may be done by any thread
 * through a reader of its own; committing takes the time of a seal.
 */
#ifndef KONSEKI_ARCHIVE_H
#define KONSEKI_ARCHIVE_H

#include "archive_list.h"
#include "retention.h"
#include "store.h"

struct archive_options {
    const char *folder; /* made if it is not there */
    struct str label;   /* of a new archive; empty: the folder's name */
    struct str by;      /* who does it */
    int64_t now_ns;
    bool has_days; /* what is older than `days`; else than its class' days at hand */
    uint32_t days;
    bool dry_run;              /* only count */
    const atomic_bool *cancel; /* true: preparing ends with CANCELLED; may be NULL */
};

struct archive_result {
    uint64_t id; /* 0: nothing was to be moved */
    uint64_t segments;
    uint64_t rows;
    uint64_t bytes;
    uint64_t without_class; /* segments left where they are: their dataset has no class */
};

struct archive_act;
/* Copies what is due. *out is NULL if nothing is (or dry_run). `options` are copied, their texts
 * borrowed. One act at a time. Failures: as store_archive. */
enum status archive_prepare(struct archive_act **out, const struct store *view,
                            const struct archive_options *options, struct archive_result *result,
                            struct err *err) MUST_CHECK;
/* Signs the move and removes the originals. No merge is under way. Where segments are not where
 * they were, nothing is done (and *result is empty). Ends the act. */
enum status archive_commit(struct archive_act **act, struct store *s, struct archive_result *result,
                           struct err *err) MUST_CHECK;
void archive_discard(struct archive_act **act);

/* Both at once: moves the segments whose newest event is older. BAD_INPUT: the folder belongs to
 * another store, or there are neither days nor rules. DAMAGED: a segment or its copy fails its
 * checks; nothing was removed. */
enum status store_archive(struct store *s, const struct archive_options *options,
                          struct archive_result *result, struct err *err) MUST_CHECK;
/* The archive in `folder` is there now: recognised by its id. NOT_FOUND: it is none of this
 * store's.
 */
enum status store_attach(struct store *s, const char *folder, struct str by, uint64_t *id,
                         struct err *err) MUST_CHECK;
/* Brings all segments of an archive (id or label) back to DIR/segments; the copies stay. */
enum status store_recall(struct store *s, struct str name, struct archive_result *result,
                         struct err *err) MUST_CHECK;

/* The archives that the open store knows; borrowed until its next change. */
const struct archives *store_get_archives(const struct store *s);

#endif
