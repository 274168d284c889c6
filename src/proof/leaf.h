/*
 * The leaf of one record in the Merkle tree: SHA-256 of 0x00, le32 length of the source id, source
 * id, le64 sequence, le64 receive time (ns), raw bytes (docs/formats/checkpoint.md).
 */
#ifndef KONSEKI_LEAF_H
#define KONSEKI_LEAF_H

#include "sha256.h"

struct leaf {
    struct str source;
    uint64_t sequence;
    int64_t receive_ns;
    struct str raw;
};

enum { LEAF_GROUP = 64 };

/* Of up to LEAF_GROUP records: faster than one after the other. */
void leaf_hash_many(uint8_t (*out)[SHA256_BYTES], const struct leaf *leaves, size_t count);
void leaf_hash(uint8_t out[SHA256_BYTES], const struct leaf *leaf);

#endif
