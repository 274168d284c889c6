/* What the forms of packed arrays share. Coded numbers are offsets from the base, `width` bytes. */
#ifndef KONSEKI_INTPACK_PRIV_H
#define KONSEKI_INTPACK_PRIV_H

#include "str.h"

struct buf;

unsigned intpack_bits(uint64_t value);
/* Bytes that hold the number. */
unsigned intpack_width(uint64_t widest);
void intpack_put_planes(struct buf *out, const uint64_t *coded, size_t count, unsigned width);
void intpack_get_planes(uint64_t *coded, size_t count, const uint8_t *planes, unsigned width);

/* Encoders: false if the form does not pay. Decoders: false if the body is malformed. */
bool intpack_escape_encode(struct buf *out, const uint64_t *coded, size_t count, unsigned width);
bool intpack_escape_decode(uint64_t *coded, size_t count, unsigned width, struct str body);
bool intpack_recent_encode(struct buf *out, const uint64_t *coded, size_t count, unsigned width);
bool intpack_recent_decode(uint64_t *coded, size_t count, unsigned width, struct str body);

#endif
