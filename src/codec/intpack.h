/*
 * Arrays of 64-bit integers as few bytes that zstd can squeeze further: constant, offset from the
 * minimum, or zigzag difference to the value before; a common power of ten is divided out; the
 * rest is laid out in byte planes (all low bytes first), because neighbours in a plane are alike.
 *
 * Bytes: mode (0 constant, 1 offset, 2 difference), power of ten, width in bytes (0..8), zigzag
 * varint base, then width * count bytes. The count is not stored: the caller knows it.
 */
#ifndef KONSEKI_INTPACK_H
#define KONSEKI_INTPACK_H

#include "buf.h"
#include "wire.h"

void intpack_encode(struct buf *out, const int64_t *values, size_t count);
/* Takes one array of `count` values off the wire; false (and the wire failed) if it is malformed.
 */
bool intpack_decode(int64_t *values, size_t count, struct wire *w);

#endif
