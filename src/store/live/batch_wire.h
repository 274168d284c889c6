/*
 * A batch as bytes, for the write-ahead log (docs/formats/wal.md): names instead of ids, so that
 * the bytes mean the same in any process.
 *
 * Decoding trusts nothing: every offset and count is tested. Cost: about a copy of the batch.
 */
#ifndef KONSEKI_BATCH_WIRE_H
#define KONSEKI_BATCH_WIRE_H

#include "batch.h"

void batch_wire_encode(struct buf *out, const struct batch *b);
/* Replaces the content of `out`. False: malformed (then `out` is empty). */
bool batch_wire_decode(struct batch *out, struct str bytes);

#endif
