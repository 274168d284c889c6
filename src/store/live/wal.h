/*
 * The write-ahead log of a live store (docs/formats/wal.md): frames of batches, and a commit frame
 * for each group. Frames after the last commit frame were never acknowledged.
 *
 * A crash can leave a torn tail: frames that were not synced, in any mixture of old and new bytes.
 * Every frame says up to which offset the log was known to be on disk when it was written, so that
 * a bad frame below such an offset is told apart from a torn one: the first is damage, the second
 * is dropped.
 */
#ifndef KONSEKI_WAL_H
#define KONSEKI_WAL_H

#include "batch.h"
#include "file_io.h"

struct wal {
    struct file file;
    uint64_t number;
    uint64_t synced; /* bytes known to be on disk */
    struct buf frame;
};

#define WAL_INIT ((struct wal){FILE_INIT, 0, 0, BUF_INIT})

/* Makes log `number` in the store's folder, durable by itself. */
enum status wal_create(struct wal *out, const char *store_path, uint64_t number,
                       struct err *err) MUST_CHECK;
void wal_close(struct wal *w);
static inline bool wal_is_open(const struct wal *w) {
    return w->file.fd >= 0;
}
enum status wal_append(struct wal *w, const struct batch *batch, struct err *err) MUST_CHECK;
/* Writes the commit frame and syncs. arrival_end: rows below it are committed. */
enum status wal_commit(struct wal *w, uint64_t arrival_end, struct err *err) MUST_CHECK;

typedef enum status wal_visit_fn(struct batch *batch, void *ctx, struct err *err);
/* Gives the batches of all whole groups in order; the batch may be changed by `visit`. *torn_bytes
 * is what was left out at the end. DAMAGED as said above. */
enum status wal_replay(uint64_t *torn_bytes, const char *path, wal_visit_fn *visit, void *ctx,
                       struct err *err) MUST_CHECK;

/* The numbers of the logs in the store's folder that are at least `from`, ascending, in memory of
 * the caller (mem_free). */
enum status wal_list(uint64_t **out, size_t *count, const char *store_path, uint64_t from,
                     struct err *err) MUST_CHECK;

#endif
