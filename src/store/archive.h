/*
 * Moving sealed segments to an archive folder and back (docs/formats/retention.md). Searches go on
 * as before as long as the folder is where the store knows it (archive_list.h).
 *
 * Order: copy, sync, read back and test against the signed hashes, checkpoint, remove the original.
 * A crash at any point leaves every row reachable. Needs a store that is open for writing.
 *
 * Threads: the writer's.
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
    bool dry_run; /* only count */
};

struct archive_result {
    uint64_t id; /* 0: nothing was to be moved */
    uint64_t segments;
    uint64_t rows;
    uint64_t bytes;
    uint64_t without_class; /* segments left where they are: their dataset has no class */
};

/* Moves the segments whose newest event is older. BAD_INPUT: the folder belongs to another store,
 * or there are neither days nor rules. DAMAGED: a segment or its copy fails its checks; nothing was
 * removed. */
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
