/*
 * The chain: DIR/chain, an append-only file of signed checkpoints (docs/formats/checkpoint.md).
 * Each says what it adds to the store (segments, sequence numbers, inputs), what became of older
 * segments (fates), carries notes (signed statements), and signs the size and root of the Merkle
 * tree over all rows; folding all of them gives the state of the store. A commit is the append and
 * sync of one checkpoint; a torn record at the end was never acknowledged and is left out.
 *
 * Each checkpoint is signed with a key of its own, which the one before named (keys.h).
 *
 * Threads: one. Ownership: the state owns its texts until chain_fini.
 */
#ifndef KONSEKI_CHAIN_H
#define KONSEKI_CHAIN_H

#include "checkpoint.h"
#include "intern.h"
#include "keys.h"
#include "segment_info.h"
#include "store.h"

/* The sources' last sequence numbers. */
struct chain_sources {
    struct intern names;
    uint64_t *last_sequence; /* by id in names */
    bool *changed;           /* since the last checkpoint */
    size_t capacity;
};

/* What became of a segment. */
enum segment_fate {
    SEGMENT_MERGED = 1, /* its rows are in other segments; by: the (first) one that replaces it */
    SEGMENT_ARCHIVED,   /* its file moved; by: id of the archive (not 0) */
    SEGMENT_RECALLED,   /* its file is in DIR/segments again */
    SEGMENT_EXPIRED     /* its rows are gone for good; by: number of the note that says why, or 0 */
};

struct chain_fate {
    uint64_t number; /* of the segment */
    enum segment_fate fate;
    uint64_t by;
};

struct chain_expired {
    struct segment_info info;
    uint64_t note;
    uint64_t checkpoint; /* number of the one that says so, and its wall time */
    int64_t time_ns;
};

/* A signed statement: expiry, hold, archive ... Notes are numbered from 1, in order. */
struct chain_note {
    struct str kind;     /* a word */
    struct str text;     /* one JSON object, one line */
    uint64_t checkpoint; /* number of the one that carries it, and its wall time */
    int64_t time_ns;
};

struct chain {
    struct checkpoint last;                  /* number 0: empty */
    uint8_t first_key[ED25519_PUBLIC_BYTES]; /* of checkpoint 1: what keys/public.key holds */
    uint8_t last_hash[SHA256_BYTES];
    struct segment_info *segments; /* live ones, by number; `place` says where they lie */
    size_t segment_count;
    size_t segment_capacity;
    struct chain_expired *expired; /* in the order of their expiry */
    size_t expired_count;
    size_t expired_capacity;
    struct chain_note *notes; /* note n is notes[n - 1] */
    size_t note_count;
    size_t note_capacity;
    uint64_t next_segment; /* number of the next segment file */
    struct chain_sources sources;
    struct store_input *inputs;
    size_t input_count;
    size_t input_capacity;
    struct arena arena;
    uint64_t last_at;     /* place of the last whole record in the file */
    uint64_t valid_bytes; /* length of the file up to its end */
    uint64_t torn_bytes;  /* what follows it */
};

void chain_init(struct chain *c);
void chain_fini(struct chain *c);

/* The id of a source; made with last sequence 0 if new. */
uint32_t chain_source(struct chain *c, struct str name);
uint64_t chain_next_sequence(struct chain *c, uint32_t source);

/* The live segment with this number; NULL if there is none. The pointer lives until the next fold.
 */
const struct segment_info *chain_find_segment(const struct chain *c, uint64_t number);

/* What a new checkpoint adds. Segments ascend by number, all above the numbers used before. Of a
 * note its kind and text count. */
struct chain_additions {
    const struct segment_info *segments;
    size_t segment_count;
    const struct store_input *inputs;
    size_t input_count;
    const struct chain_fate *fates; /* of live segments, also of those that this one adds */
    size_t fate_count;
    const struct chain_note *notes;
    size_t note_count;
};

/* Makes the record of the next checkpoint: fills number, previous, keys, root and body of
 * `checkpoint` (its time, writer, tree and log_number are the caller's) and appends the bytes to
 * `out`. Signed with keys->now; keys->next is named. */
void chain_encode(struct buf *out, struct checkpoint *checkpoint, const struct chain *c,
                  const struct chain_additions *additions, const struct signing_keys *keys);

/* One whole record of the file. What does not hold (hash of the one before, signature, numbers,
 * keys) is said in `problem`, "" if all is well. */
struct chain_record {
    const struct checkpoint *checkpoint;
    const uint8_t *hash; /* of the checkpoint */
    const uint8_t *signature;
    struct str head; /* its bytes */
    uint64_t at;     /* place in the file */
    const char *problem;
};
typedef void chain_visit_fn(const struct chain_record *record, void *ctx);

enum chain_depth { CHAIN_UNSIGNED, CHAIN_SIGNED }; /* test signatures too (0.1 ms each)? */

/*
 * Folds the records in `bytes`, which stand in the file from valid_bytes on, into the chain (an
 * initialised one has none). DAMAGED when a record that is not the last fails its checksum, or when
 * a checkpoint's place in the chain is wrong. When `visit` is given, such problems go to it and the
 * fold goes on as far as it can.
 */
enum status chain_fold(struct chain *c, struct str bytes, enum chain_depth depth,
                       chain_visit_fn *visit, void *ctx, struct err *err) MUST_CHECK;
/* chain_fold of the store's file from valid_bytes on, signatures not tested. NOT_FOUND if there is
 * none. */
enum status chain_read_on(struct chain *c, const char *store_path, chain_visit_fn *visit, void *ctx,
                          struct err *err) MUST_CHECK;
/* Takes one record that was just written (its bytes as from chain_encode). */
void chain_take(struct chain *c, struct str record);

#endif
