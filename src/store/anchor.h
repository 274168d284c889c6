/*
 * Anchors: one line that names a checkpoint, kept where the store's administrator cannot change it
 * (docs/formats/checkpoint.md):
 *   konseki-anchor 1 checkpoint=N rows=N root=HEX hash=HEX key=HEX time=RFC3339
 */
#ifndef KONSEKI_ANCHOR_H
#define KONSEKI_ANCHOR_H

#include "chain.h"

struct anchor {
    uint64_t checkpoint;
    uint64_t rows;
    uint8_t root[SHA256_BYTES];
    uint8_t hash[SHA256_BYTES];
    uint8_t key[ED25519_PUBLIC_BYTES];
};

/* BAD_INPUT if the file is no anchor. */
enum status anchor_read(struct anchor *out, const char *path, struct err *err) MUST_CHECK;

#endif
