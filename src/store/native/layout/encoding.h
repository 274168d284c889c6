/*
 * How the values of a column stand in a chunk. The first byte of the chunk's plain bytes says how
 * (docs/formats/segment.md, "Encodings"); the count is known to the reader. Numbers and dictionary
 * codes are packed arrays (intpack.h); texts are below.
 *
 * Nothing decoded is trusted: false means malformed. Threads: pure.
 */
#ifndef KONSEKI_ENCODING_H
#define KONSEKI_ENCODING_H

#include "buf.h"
#include "wire.h"

/* Stored: never renumber. */
enum text_encoding {
    TEXT_PLAIN = 0,      /* packed lengths, then the texts */
    TEXT_FRONT = 1,      /* packed lengths of the part shared with the text before, packed lengths
                            of the rests, then the rests */
    TEXT_TRANSPOSED = 2, /* u length of all, then all first bytes, all second bytes ... */
    TEXT_ENCODING_COUNT
};

/* Texts one after the other: text i is bytes[offsets[i] .. offsets[i + 1]). */
struct text_array {
    const char *bytes;
    const uint32_t *offsets; /* count + 1 */
    uint32_t count;
};

/* Appends the texts in an encoding; false (nothing appended) if it cannot hold them. */
bool text_encode(struct buf *out, const struct text_array *texts, enum text_encoding encoding);

/* Takes `count` texts off the wire: replaces *bytes (a buffer of the caller) and sets offsets
 * (count + 1). Not more than `limit` bytes come out. */
bool text_decode(struct buf *bytes, uint32_t *offsets, uint32_t count, struct wire *w,
                 uint64_t limit);

#endif
