/*
 * The chain: DIR/chain, an append-only file of signed checkpoints (docs/formats/checkpoint.md).
 * Each says what it adds to the store (segments, sequence numbers, inputs) and signs the size and
 * root of the Merkle tree over all rows; folding all of them gives the state of the store. A
 * commit is the append and sync of one checkpoint; a torn record at the end was never
 * acknowledged and is left out.
 *
 * Threads: one. Ownership: the state owns its texts until chain_fini.
 */
#ifndef KONSEKI_CHAIN_H
#define KONSEKI_CHAIN_H

#include "ed25519.h"
#include "intern.h"
#include "merkle.h"
#include "segment_writer.h"
#include "store.h"

enum { CHAIN_KEY_ID_BYTES = 8 };

/* One checkpoint: what it says by itself. Texts and arrays are borrowed from the record's bytes or
 * the caller. */
struct checkpoint {
    uint64_t number; /* from 1 */
    uint8_t previous[SHA256_BYTES];
    int64_t time_ns;
    struct str writer;
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    struct merkle tree; /* of all rows below arrival number tree.size */
    uint8_t root[SHA256_BYTES];
    uint64_t log_number; /* write-ahead logs below this one are in segments */
};

/* The sources' last sequence numbers. */
struct chain_sources {
    struct intern names;
    uint64_t *last_sequence; /* by id in names */
    bool *changed;           /* since the last checkpoint */
    size_t capacity;
};

struct chain {
    struct checkpoint last; /* number 0: empty */
    uint8_t last_hash[SHA256_BYTES];
    struct segment_info *segments; /* in the order of arrival_first */
    size_t segment_count;
    size_t segment_capacity;
    uint64_t next_segment; /* number of the next segment file */
    struct chain_sources sources;
    struct store_input *inputs;
    size_t input_count;
    size_t input_capacity;
    struct arena arena;
    uint64_t valid_bytes; /* length of the file up to the end of the last whole record */
    uint64_t torn_bytes;  /* what follows it */
};

void chain_init(struct chain *c);
void chain_fini(struct chain *c);

/* The id of a source; made with last sequence 0 if new. */
uint32_t chain_source(struct chain *c, struct str name);
uint64_t chain_next_sequence(struct chain *c, uint32_t source);

/* What a new checkpoint adds. */
struct chain_additions {
    const struct segment_info *segments;
    size_t segment_count;
    const struct store_input *inputs;
    size_t input_count;
};

/* Makes the record of the next checkpoint: fills number, previous, key and root of `checkpoint`
 * (its time, writer, tree and log_number are the caller's) and appends the bytes to `out`. */
void chain_encode(struct buf *out, struct checkpoint *checkpoint, const struct chain *c,
                  const struct chain_additions *additions, const struct ed25519_key *key);

/* Is told of every whole record; `at` is its place in the file. What does not hold (hash of the
 * one before, signature, numbers) is said in `problem`, "" if all is well. */
typedef void chain_visit_fn(const struct checkpoint *checkpoint, const uint8_t hash[SHA256_BYTES],
                            uint64_t at, const char *problem, void *ctx);

/*
 * Folds the records in `bytes` into the (initialised) chain. DAMAGED when a record that is not the
 * last fails its checksum, or when a checkpoint's place in the chain is wrong. Signatures are
 * tested only when `visit` is given (it costs 0.1 ms each); then problems go to it and the fold
 * goes on as far as it can.
 */
enum status chain_fold(struct chain *c, struct str bytes, chain_visit_fn *visit, void *ctx,
                       struct err *err) MUST_CHECK;
/* Takes one record that was just written (its bytes as from chain_encode). */
void chain_take(struct chain *c, struct str record);

#endif
