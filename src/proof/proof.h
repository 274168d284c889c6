/*
 * A proof as a document: what konseki prove writes and konseki-verify reads
 * (docs/formats/proof.md).
 *
 * It carries events (what their leaf is made of but for the raw bytes, which come as a file),
 * audit paths for trees of several sizes, signed heads of checkpoints, anchors with time stamps,
 * and consistency proofs. Nothing in it is trusted: a reader checks it against an anchor, a key or
 * a time stamp authority that it got from elsewhere.
 *
 * Ownership: texts and arrays live in the arena until proof_fini.
 */
#ifndef KONSEKI_PROOF_H
#define KONSEKI_PROOF_H

#include "arena.h"
#include "checkpoint.h"
#include "err.h"
#include "merkle_proof.h"

/* The leaf is in the tree of its first `rows` rows. */
struct proof_inclusion {
    uint64_t rows;
    struct merkle_path path;
};

struct proof_event {
    struct str id; /* event.id that was asked for */
    /* The record whose raw bytes are proven. */
    struct str source;
    struct str source_text; /* as a proof that was read shows it to people */
    uint64_t sequence;
    int64_t receive_ns;
    uint64_t raw_bytes;
    uint8_t leaf[SHA256_BYTES];
    uint64_t index; /* of the leaf */
    struct proof_inclusion *inclusions;
    size_t inclusion_count;
    /* The event lies within that record's bytes (a record of an EVTX chunk). */
    bool in_container;
    uint64_t offset;
    uint64_t length;
};

struct proof_checkpoint {
    struct str head; /* bytes */
    uint8_t signature[ED25519_SIGNATURE_BYTES];
};

struct proof_anchor {
    struct str line;
    struct str token; /* RFC 3161 time stamp of the line (DER), "" if there is none */
};

struct proof_consistency {
    uint64_t old_rows;
    uint8_t old_root[SHA256_BYTES];
    uint64_t new_rows;
    uint8_t new_root[SHA256_BYTES];
    struct merkle_path path;
};

struct proof {
    struct proof_event *events;
    size_t event_count;
    struct proof_checkpoint *checkpoints; /* ascending numbers */
    size_t checkpoint_count;
    struct proof_anchor *anchors;
    size_t anchor_count;
    struct proof_consistency *consistencies;
    size_t consistency_count;
    struct arena arena;
};

void proof_fini(struct proof *p);

/* One JSON document and a newline. */
void proof_write(struct buf *out, const struct proof *p);
/* BAD_INPUT with what is wrong; `name` is the file's, for messages. *out is zeroed first and may be
 * given to proof_fini in any case. */
enum status proof_read(struct proof *out, struct str json, const char *name,
                       struct err *err) MUST_CHECK;

#endif
