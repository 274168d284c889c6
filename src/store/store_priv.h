/*
 * Inside of the store.
 *
 * Invariants
 *  1. What the chain's checkpoints name is on disk, whole and synced, before the checkpoint is.
 *  2. A checkpoint is the only commit point of segments; a log's commit frame that of live rows.
 *  3. Rows are numbered at append: arrival = leaves of the tree, without gaps.
 *  4. After a write that failed, `failed` is set and no later write is tried.
 *
 * States of a writer: OPEN -> (append) DIRTY -> (commit) OPEN; any -> FAILED, which ends in close.
 *   append: store.c store_append; commit: store_commit.c; failed: store_fail.
 *
 * Where rows are before they lie in a segment: LIVE: in `unsealed` (readable once committed) and
 * the log; store_checkpoint gives them to the sealer. BULK: in the sealer at once.
 */
#ifndef KONSEKI_STORE_PRIV_H
#define KONSEKI_STORE_PRIV_H

#include "archive_list.h"
#include "chain.h"
#include "file_io.h"
#include "sealer.h"
#include "store.h"
#include "tree_file.h"
#include "unsealed.h"
#include "wal.h"

/* Rows [first, end) that came with their numbers; none if they are equal. */
struct restored_rows {
    uint64_t first;
    uint64_t end;
    uint64_t skipped; /* numbers that were left out between them */
};

struct store {
    char *path;
    enum store_mode mode;
    bool sealed_only;
    char *writer_name;
    uint64_t memory_bytes;
    uint64_t reserve_bytes;
    int lock_fd; /* writers: DIR/lock; readers: the shared mark on DIR/chain; -1: none */
    struct chain chain;
    struct file chain_file;
    uint64_t state_bytes; /* of the chain, when its state was saved last */
    struct signing_keys keys;
    struct merkle tree; /* of all appended rows */
    struct tree_file tree_file;
    struct unsealed unsealed;
    struct sealer *sealer;        /* writers */
    struct segment_info *pending; /* written, not in the chain yet */
    size_t pending_count;
    size_t pending_capacity;
    struct chain_fate *fates; /* of segments whose rows are in pending ones now */
    size_t fate_count;
    size_t fate_capacity;
    struct chain_note *notes; /* for the next checkpoint: kind and text, in note_texts */
    size_t note_count;
    size_t note_capacity;
    struct arena note_texts;
    struct restored_rows restored; /* by store_restore since the last checkpoint */
    struct archives archives;      /* where archived segments lie */
    uint64_t *missing;             /* numbers of segments that scans wanted and that are offline */
    size_t missing_count;
    size_t missing_capacity;
    bool threaded;              /* segments are written in a thread of their own */
    struct store_merge *merges; /* under way */
    uint64_t merge_count;       /* begun since opening */
    uint64_t *garbage;          /* numbers of segments whose files can go when nobody reads them */
    size_t garbage_count;
    size_t garbage_capacity;
    uint64_t *unmergeable; /* numbers of segments whose merge failed */
    size_t unmergeable_count;
    size_t unmergeable_capacity;
    struct store_input *inputs; /* noted, not in the chain yet */
    size_t input_count;
    size_t input_capacity;
    struct arena input_texts;
    struct wal wal;         /* LIVE: the log that is written, if open */
    uint64_t next_log;      /* number of the next one */
    uint64_t committed_end; /* rows below this arrival number are committed */
    size_t raw_hint;        /* index of the segment that store_read_raw found last */
    struct err failed;      /* status is OK while all is well */
};

/* Makes the failure sticky and returns its status. */
enum status store_fail(struct store *s, enum status status, struct err *err);
/* The sticky failure, or OK. */
enum status store_check(const struct store *s, struct err *err);

/* Hash of the leaf of one row. */
void store_leaf(uint8_t out[SHA256_BYTES], const struct batch *b, const struct row *row);

/* The path of a segment's file, in DIR/segments or in its archive; NULL if that is offline. */
const char *store_segment_path(struct buf *out, const struct store *s,
                               const struct segment_info *info);
/* The same; ENVIRONMENT with a message that names what to mount. */
enum status store_need_segment(const char **path, struct buf *out, const struct store *s,
                               const struct segment_info *info, struct err *err) MUST_CHECK;

/* Opens the segment (the caller closes it). A file that is gone is DAMAGED, an offline archive
 * ENVIRONMENT. */
struct segment;
enum status store_open_segment(struct segment **out, const struct store *s,
                               const struct segment_info *info, struct err *err) MUST_CHECK;

/* A scan had to leave the segment out: its archive is offline. */
void store_note_missing(struct store *s, const struct segment_info *info);

/* For the next checkpoint; the number that the note will have. */
uint64_t store_add_note(struct store *s, struct str kind, struct str text);
void store_add_fate(struct store *s, uint64_t segment, enum segment_fate fate, uint64_t by);

/* store_restore.c: says in a note what was restored since the last checkpoint. */
void store_note_restored(struct store *s);

/* Gives the unsealed rows to the sealer. */
enum status store_drain(struct store *s, struct err *err) MUST_CHECK;
/* Writes everything and appends a checkpoint. */
enum status store_checkpoint(struct store *s, struct err *err) MUST_CHECK;

/* store_garbage.c: the files of segments that are no part of the store any more. */
/* At opening: those that were never committed are removed, replaced ones become garbage. */
enum status store_find_garbage(struct store *s, struct err *err) MUST_CHECK;
void store_add_garbage(struct store *s, uint64_t number);
/* Its file is part of the store again. */
void store_keep_file(struct store *s, uint64_t number);
/* Removes the garbage, unless a reader is there that may still want it; then it is tried again
 * later. */
void store_sweep(struct store *s);

/* store_live.c: takes the rows of the logs that are not in segments. */
enum status store_replay(struct store *s, struct err *err) MUST_CHECK;
enum status store_remove_logs(struct store *s, struct err *err) MUST_CHECK;
enum status store_log_append(struct store *s, const struct batch *batch,
                             struct err *err) MUST_CHECK;
enum status store_log_commit(struct store *s, struct err *err) MUST_CHECK;

#endif
