/*
 * The store: where events are kept as evidence. This is the whole interface; src/store/native is
 * the first implementation (docs/formats/segment.md, docs/formats/store.md).
 *
 * Writing: one writer a store (a lock file). store_append numbers the rows of a batch (arrival,
 * sequence) and holds them; they are durable and visible to new scans after store_commit returned
 * OK. After a write error whose outcome is unknown the store is in a sticky failed state: every
 * later write returns the first error; open it again to recover.
 *
 * Two ways to be durable: STORE_BULK (import: no log; what was appended since the last commit is
 * written as segments and becomes part of the store at once with the checkpoint) and STORE_LIVE
 * (serve: append writes to the write-ahead log, commit syncs it; segments are sealed from it by
 * store_seal and when it grows large; a killed server's log is replayed at the next open).
 *
 * Reading: a scan sees the commits made before it was opened, also of another process. Readers
 * take no lock. Rows come out as batches.
 *
 * Integrity: every row is a leaf of one Merkle tree (RFC 6962 hashing) in arrival order; sealed
 * rows are covered by a chain of signed checkpoints.
 */
#ifndef KONSEKI_STORE_H
#define KONSEKI_STORE_H

#include <stdatomic.h>

#include "batch.h"
#include "err.h"
#include "expr.h"
#include "row_cells.h"

struct store;

enum store_mode { STORE_READ, STORE_BULK, STORE_LIVE };

struct store_options {
    const char *path;
    enum store_mode mode;
    bool create;             /* make the store if it is not there (writing modes) */
    uint64_t memory_bytes;   /* limit of unsealed rows in memory; 0: the default */
    uint64_t reserve_bytes;  /* writing modes: refuse rows when less is free; 0: do not look */
    const char *writer_name; /* program and version, kept in the checkpoints */
    bool sealed_only;        /* READ: rows that are in the log only are left out */
    bool one_thread;         /* write segments in the caller's thread, also where cores are free */
};

enum status store_open(struct store **out, const struct store_options *options,
                       struct err *err) MUST_CHECK;
/* Uncommitted rows are lost (they were never acknowledged). NULL is fine; sets it to NULL. */
void store_close(struct store **store);

/* --- writing --- */

/* Numbers the rows of `batch` (row->arrival, row->sequence) and takes them in. The batch stays
 * the caller's. ENVIRONMENT: disk; the store is failed then. */
enum status store_append(struct store *store, struct batch *batch, struct err *err) MUST_CHECK;
enum status store_commit(struct store *store, struct err *err) MUST_CHECK;
/* LIVE: writes what is in the log as segments, signs a checkpoint, drops the log. BULK: = commit.
 */
enum status store_seal(struct store *store, struct err *err) MUST_CHECK;

/* What was imported (a file), remembered with the next commit. */
struct store_input {
    uint8_t sha256[32]; /* of the whole content */
    struct str path;    /* as given */
    uint64_t bytes;
    uint64_t events;
    int64_t imported_ns; /* wall time */
};
enum status store_note_input(struct store *store, const struct store_input *input,
                             struct err *err) MUST_CHECK;
/* True if a committed input has this content hash; *out (texts borrowed from the store) is set. */
bool store_find_input(const struct store *store, const uint8_t sha256[32], struct store_input *out);

/*
 * --- merging ---
 *
 * Sealing is quick; merging writes neighbouring segments of a dataset anew as one big segment, with
 * more effort. It changes no row and no proof. A merge has three steps: begin and end belong to
 * the writer's thread and take no time, run does the work and may be in any other thread. Several
 * merges may be under way at once. What a merge wrote becomes part of the store with the next
 * store_seal (or commit of a BULK store); only then the old files are removed.
 *
 * Policy: small neighbours are put together when there are MERGE_FAN_IN of them or when they fill
 * a segment; a merged one that is not full is merged again only with newcomers of its size, so that
 * a row is written again at most about log2(full / smallest) times. Segments whose newest rows lie
 * in different periods of 31 days stay apart, so that retention is late by no more than that.
 * `everything`: also what is not worth it yet; afterwards nothing unmerged is left.
 */
struct store_merge;

/* The next merge that is worth it; NULL: none. */
struct store_merge *store_merge_begin(struct store *store, bool everything);
/* CANCELLED after store_merge_cancel; DAMAGED: an input fails its checks or the output differs. */
enum status store_merge_run(struct store_merge *merge, struct err *err) MUST_CHECK;
/* From any thread; store_merge_run comes back soon. */
void store_merge_cancel(struct store_merge *merge);
/* Takes the result in if the run was OK, else leaves the store as it was. Sets it to NULL.
 * ENVIRONMENT: the result could not be taken in; the store is as it was and not failed. */
enum status store_merge_end(struct store *store, struct store_merge **merge,
                            struct err *err) MUST_CHECK;

struct store_compact_options {
    unsigned threads; /* merges at once, at most 2; 0: in the caller's thread, one after another */
    /* Called in the caller's thread now and then. May be NULL. False: stop, keeping what is done.
     */
    bool (*progress)(uint64_t done_bytes, uint64_t total_bytes, void *ctx);
    void *ctx;
};

struct store_compact_result {
    uint64_t merges;
    uint64_t raw_bytes;       /* merged */
    uint64_t segments_before; /* of the whole store */
    uint64_t segments_after;
    uint64_t disk_bytes_before;
    uint64_t disk_bytes_after;
};

/* Seals, then finishes all merges now. May be stopped at any point: what was merged until then
 * stays. CANCELLED when `progress` said so. */
enum status store_compact(struct store *store, const struct store_compact_options *options,
                          struct store_compact_result *result, struct err *err) MUST_CHECK;

/* --- reading --- */

/* What a scan looked at and what it could leave out. Segments that cannot match are told apart by
 * what told so, in the order in which it is asked; blocks are counted also where their segment was
 * left out as a whole. */
struct store_scan_stats {
    uint64_t segments_total;
    uint64_t segments_pruned; /* the sum of the next four */
    uint64_t pruned_by_range; /* times, arrival numbers, only derived rows */
    uint64_t pruned_by_dataset;
    uint64_t pruned_by_filter;     /* token filter */
    uint64_t pruned_by_dictionary; /* templates and dictionaries of an opened segment */
    uint64_t missing;              /* segments that are offline: not looked at, not pruned */
    uint64_t blocks_total;
    uint64_t blocks_pruned;
    uint64_t bytes_read;
    uint64_t rows_matched;
    uint64_t open_ns; /* choosing the segments */
    unsigned threads;
};

struct store_scan_options {
    const struct expr *filter; /* NULL: all */
    /* Asked about rows of segments that the filter leaves, before they are put together; rows that
     * are not sealed come without. Scans only, no groups. NULL: none. */
    const struct row_screen *screen;
    int64_t from_ns;       /* event time, [from, to); 0,0 = no bounds is NOT implied: */
    int64_t to_ns;         /* use INT64_MIN and INT64_MAX for no bounds */
    uint64_t arrival_from; /* arrival numbers, [from, to) ; UINT64_MAX = no upper bound */
    uint64_t arrival_to;
    const uint32_t *fields; /* values wanted; with all_fields they are ignored */
    size_t field_count;
    bool all_fields;
    bool want_raw;             /* rebuild the raw bytes */
    bool ordered;              /* rows in arrival order; else in any order (cheaper) */
    bool include_derived;      /* derived rows too (else only if the filter asks) */
    uint64_t datasets;         /* bit by enum dataset; 0: all */
    unsigned threads;          /* 0: one a core */
    const atomic_bool *cancel; /* true: the scan ends with CANCELLED; may be NULL */
};

#define STORE_SCAN_ALL                                                                             \
    ((struct store_scan_options){                                                                  \
        .from_ns = INT64_MIN, .to_ns = INT64_MAX, .arrival_to = UINT64_MAX, .ordered = true})

struct store_scan;

enum status store_scan_open(struct store_scan **out, struct store *store,
                            const struct store_scan_options *options, struct err *err) MUST_CHECK;
/* Fills `batch` (cleared first) with the next matching rows; *more false when the scan is over
 * (then the batch is empty). DAMAGED: a block failed its checks; says which. CANCELLED: as `cancel`
 * said. */
enum status store_scan_next(struct store_scan *scan, struct batch *batch, bool *more,
                            struct err *err) MUST_CHECK;
/* Ends reading; no rows come any more. What was read is counted then. */
void store_scan_stop(struct store_scan *scan);
const struct store_scan_stats *store_scan_get_stats(const struct store_scan *scan);
void store_scan_close(struct store_scan **scan);

/*
 * --- groups ---
 *
 * Counts and sums of matching rows by the values of fields, taken from the columns without putting
 * rows together. Parts come as they are done: groups of some rows of a segment (a group may come
 * again in any other part), then rows that could not be grouped so; rows that are not sealed come
 * last, as rows.
 */
enum { STORE_GROUP_KEYS = 8, STORE_GROUP_SUMS = 8, STORE_GROUP_SETS = 4, STORE_GROUP_FIELDS = 8 };

/* One value of a row: of the first of the fields that it has. Of the attributes only event.dataset,
 * which stands alone, and not in a sum. */
struct store_group_field {
    const uint32_t *fields;
    size_t count;
    bool any_text; /* sums: all values are counted, not numbers only */
    bool counted;  /* sets: how many rows have each value is asked */
};

struct store_group_spec {
    struct store_group_field keys[STORE_GROUP_KEYS];
    size_t key_count;
    struct store_group_field sums[STORE_GROUP_SUMS]; /* of whole numbers */
    size_t sum_count;
    struct store_group_field sets[STORE_GROUP_SETS]; /* of distinct values */
    size_t set_count;
    /* Start of the span of time that an instant lies in; NULL: no spans. *end: where it ends.
     * Called from several threads. */
    int64_t (*span)(int64_t time_ns, int64_t *end_ns, const void *ctx);
    const void *span_ctx;
    uint64_t memory_bytes; /* for groups on their way: at about this, a part comes early; 0: any */
};

struct store_group_sum {
    __int128 sum;
    uint64_t count; /* rows with a value */
};

struct store_group_texts {
    const struct str *texts; /* by id; equal texts may have several; without ptr: used nowhere */
    size_t count;
};

/* (group, value) and in how many rows: each pair once, but equal texts may be several values. */
struct store_group_set {
    size_t count;
    const uint32_t *groups;
    const uint32_t *values;
    const uint32_t *rows; /* NULL: not asked */
    struct store_group_texts texts;
};

/* A part. Borrowed for the time of the call. */
struct store_groups {
    size_t count;
    const uint64_t *rows;                   /* by group; 0: forget this group */
    const int64_t *spans;                   /* by group; NULL: no spans */
    const uint32_t *keys[STORE_GROUP_KEYS]; /* by group: id of a text */
    struct store_group_texts key_texts[STORE_GROUP_KEYS];
    const struct store_group_sum *sums; /* by group * sum_count */
    struct store_group_set sets[STORE_GROUP_SETS];
};

typedef enum status store_groups_fn(const struct store_groups *groups, void *ctx, struct err *err);
typedef enum status store_rows_fn(const struct batch *batch, void *ctx, struct err *err);

/* Called by one thread at a time, but not always by the same. */
struct store_group_sink {
    store_groups_fn *groups;
    store_rows_fn *rows; /* with the fields of the scan options */
    void *ctx;
    uint64_t without_key; /* raised by grouped rows that have no value for a key */
};

/* `threads` (of the options; 0: one a core) share the segments; `ordered` is not looked at. A
 * status of the sink other than OK ends it with this status. */
enum status store_group(struct store *store, const struct store_scan_options *options,
                        const struct store_group_spec *spec, struct store_group_sink *sink,
                        struct store_scan_stats *stats, struct err *err) MUST_CHECK;

/*
 * What scans and groups of this open store could not look at, because it lies in an archive that is
 * offline (docs/formats/retention.md); one archive an index. They give what there is without it:
 * who shows an answer shows this too. Texts are borrowed. False: there is no such index.
 */
struct store_missing {
    uint64_t id;
    struct str label;
    struct str path; /* where it was seen last */
    uint64_t segments;
    uint64_t rows;
    int64_t time_min; /* event times */
    int64_t time_max;
    uint64_t datasets; /* bit by enum dataset */
};
bool store_get_missing(const struct store *store, size_t index, struct store_missing *out);

/* The raw bytes of the row that holds an IN_CONTAINER row's evidence (the EVTX chunk): the row
 * `sequence` of `source`, appended to out. NOT_FOUND if there is none. */
enum status store_read_raw(struct store *store, struct str source, uint64_t sequence,
                           struct buf *out, struct err *err) MUST_CHECK;

struct store_stat {
    uint64_t events; /* without derived rows */
    uint64_t derived;
    uint64_t unsealed; /* events that are in the log only */
    uint64_t raw_bytes;
    uint64_t disk_bytes;     /* of segments in the store's folder; of everything: the chain too */
    uint64_t index_bytes;    /* of these */
    uint64_t archived_bytes; /* of segments that lie in archives */
    uint64_t segments;
    uint64_t archived;    /* of them: in archives */
    uint64_t merged;      /* of them: made by a merge, with more effort */
    uint64_t sealed_to;   /* arrival number: everything below is under a signed checkpoint */
    uint64_t arrival_end; /* arrival number after the last committed row */
    int64_t oldest_ns;    /* event times; TIME_NONE if empty */
    int64_t newest_ns;
};
/* Of everything, or of one dataset (DATASET_COUNT = everything). */
void store_get_stat(struct store *store, enum dataset dataset, struct store_stat *out);
/* Bytes of all files in the store's folder (logs, keys, findings ... too). */
enum status store_disk_bytes(uint64_t *out, const char *path, struct err *err) MUST_CHECK;

/* --- integrity --- */

struct store_verify_options {
    const char *path;
    const char *const *anchors; /* files written by `anchor`: a checkpoint to be found again */
    size_t anchor_count;
    const char *public_key; /* file with the pinned Ed25519 key, or NULL */
    const char *tsa_ca;     /* CA certificates (PEM) of time stamp authorities, or NULL */
    bool rebuild;           /* put all rows together and compute the signed roots again */
};

struct store_verify_result {
    bool damaged;
    bool unsealed_tail;
    uint64_t sealed_events;
    uint64_t unsealed_events;
    int64_t unsealed_oldest_ns; /* receive time of the oldest unsealed row; TIME_NONE if none */
    uint64_t checkpoints;
    uint64_t offline_events; /* in archives that are offline: not checked */
};

/* Calls `report` with one line (no newline) a finding, damages first found first. The return value
 * is not OK only if the store cannot be read at all. */
enum status store_verify(const struct store_verify_options *options,
                         struct store_verify_result *result,
                         void (*report)(struct str line, void *ctx), void *ctx,
                         struct err *err) MUST_CHECK;

/* The last checkpoint as one line of text (with its newline) for a second person or host: what
 * `verify --anchor` looks for. NOT_FOUND if the path is no store. */
enum status store_make_anchor(struct buf *out, const char *path, struct err *err) MUST_CHECK;
/* Keeps a copy of the line, and of a time stamp of it (may be empty), in DIR/anchors, so that
 * proofs are made for it. Takes no lock. */
enum status store_keep_anchor(const char *path, struct str line, struct str token,
                              struct err *err) MUST_CHECK;

#endif
