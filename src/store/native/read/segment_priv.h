/* What the parts of the segment reader share: segment.c, segment_stripe.c, segment_template.c. */
#ifndef KONSEKI_SEGMENT_PRIV_H
#define KONSEKI_SEGMENT_PRIV_H

#include "segment.h"
#include "wire.h"

enum {
    SEGMENT_MAX_CHUNK = 1 << 30, /* plain bytes */
    SEGMENT_MAX_VALUES = 1 << 26 /* of all columns in a block */
};

/* Takes a reference to a chunk that lies at *at (before `end`) and moves *at behind it; the wire
 * fails if it does not fit. */
struct chunk_ref segment_take_ref(struct wire *w, struct segment *s, uint64_t *at, uint64_t end);

#endif
