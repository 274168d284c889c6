/*
 * One description of a struct, two directions: the same calls write its members to a buffer or read
 * them back, so that what is written and what is read cannot drift apart.
 *
 * Numbers are little-endian, texts and lists carry their length. Reading trusts nothing: a length
 * that exceeds what is left, or a value above its limit, makes the codec `failed`; from then on
 * everything read is zero and nothing is allocated. So callers test `failed` once, at the end.
 * Ownership: what is read lives in the arena, or on the heap where the name says so.
 */
#ifndef KONSEKI_SIGMA_CODEC_H
#define KONSEKI_SIGMA_CODEC_H

#include "arena.h"
#include "buf.h"
#include "sigma_slot.h"

struct sigma_codec {
    struct buf *out;     /* writing; NULL: reading */
    struct str in;       /* reading: all bytes */
    size_t at;           /* reading: of the next byte */
    struct arena *arena; /* reading */
    bool failed;
};

void sigma_codec_raw(struct sigma_codec *c, void *bytes, size_t len);
void sigma_codec_u8(struct sigma_codec *c, uint8_t *value, uint8_t limit);
void sigma_codec_bool(struct sigma_codec *c, bool *value);
/* `limit` is the first value that is not allowed. */
void sigma_codec_u32(struct sigma_codec *c, uint32_t *value, uint64_t limit);
void sigma_codec_size(struct sigma_codec *c, size_t *value);
void sigma_codec_double(struct sigma_codec *c, double *value);
/* What is read is followed by a NUL byte. */
void sigma_codec_str(struct sigma_codec *c, struct str *text);
void sigma_codec_strs(struct sigma_codec *c, const struct str **texts, size_t *count);
void sigma_codec_cstr(struct sigma_codec *c, const char **text);
/* Pads to a multiple of 64 from the start, then gives `len` bytes that are borrowed from the input
 * (reading) or appends them (writing). */
void sigma_codec_block(struct sigma_codec *c, struct str *block);
/* A list of ids below `limit`. */
void sigma_codec_ids(struct sigma_codec *c, struct sigma_ids *ids, uint64_t limit);
/* The number of items of a list each of which takes at least `least_bytes`. */
void sigma_codec_count(struct sigma_codec *c, size_t *count, size_t least_bytes);
/* The same and the memory for them: `items` as it is when writing, fresh and zeroed when reading.
 */
void *sigma_codec_heap_array(struct sigma_codec *c, void *items, size_t *count, size_t item_bytes,
                             size_t least_bytes);

#endif
