/*
 * DEFLATE data (RFC 1951), alone or in gzip (RFC 1952) or zlib (RFC 1950) form, to bytes. Output is
 * bounded; a stream that is cut short gives what is there.
 */
#ifndef KONSEKI_INFLATE_H
#define KONSEKI_INFLATE_H

#include "buf.h"

enum inflate_form { INFLATE_GZIP, INFLATE_ZLIB, INFLATE_RAW };

/* Appends at most `limit` bytes. False if the bytes are no such stream or give nothing. */
bool inflate_bytes(struct buf *out, struct str bytes, enum inflate_form form, size_t limit);

#endif
