/*
 * The texts of the chain's notes: one flat JSON object whose values are all strings
 * (docs/formats/retention.md). Ours alone, so that reading a store needs no JSON library; anything
 * else is refused as a whole.
 *
 * Threads: any. Ownership: texts go into buffers of the caller.
 */
#ifndef KONSEKI_NOTE_TEXT_H
#define KONSEKI_NOTE_TEXT_H

#include "buf.h"

/* Appends `"name":"value"` behind what is there; the first one opens the object. A value of no
 * bytes is left out. */
void note_put(struct buf *out, struct str name, struct str value);
void note_put_u64(struct buf *out, struct str name, uint64_t value);
/* RFC 3339; TIME_NONE is left out. */
void note_put_time(struct buf *out, struct str name, int64_t ns);
void note_end(struct buf *out);

/* Called for each pair in order; the texts die with the call. */
typedef void note_pair_fn(struct str name, struct str value, void *ctx);
/* False: it is no such object (some pairs may have been given). */
bool note_read(struct str text, note_pair_fn *pair, void *ctx);

/* The value of `name` in `out` (replaced); false if there is none. */
bool note_get(struct buf *out, struct str text, struct str name);
bool note_get_u64(uint64_t *out, struct str text, struct str name);
/* TIME_NONE if it is absent; false if it is there and no time. */
bool note_get_time(int64_t *out, struct str text, struct str name);

#endif
