/*
 * One hash over rows in order: everything a row says, so that what a merge wrote can be compared
 * with what it read. The order of a row's values counts among those of one field. No failures.
 */
#ifndef KONSEKI_MERGE_DIGEST_H
#define KONSEKI_MERGE_DIGEST_H

#include "batch.h"
#include "sha256.h"

struct merge_digest {
    struct sha256 hash;
    struct buf scratch;
    uint64_t *places; /* scratch */
    size_t place_capacity;
    uint64_t rows;
};

void merge_digest_init(struct merge_digest *d);
void merge_digest_add(struct merge_digest *d, const struct batch *batch, const struct row *row);
/* Ends the digest and gives its memory back. */
void merge_digest_finish(struct merge_digest *d, uint8_t out[SHA256_BYTES]);

#endif
