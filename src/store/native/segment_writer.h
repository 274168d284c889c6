/*
 * Writing one segment: rows of a batch become the bytes of a file (docs/formats/segment.md).
 * All rows of the batch must be of one dataset and in arrival order.
 *
 * Pure: no files, no clock; may run in any thread. Cost: about 10 ns a byte of raw text.
 */
#ifndef KONSEKI_SEGMENT_WRITER_H
#define KONSEKI_SEGMENT_WRITER_H

#include "batch.h"
#include "segment_info.h"

/* Takes as many rows of the batch from `first` on as fit (at least one), replaces `out` by the
 * segment's bytes and fills `info` (but for its number). Returns how many rows it took. */
size_t segment_write(struct buf *out, struct segment_info *info, const struct batch *batch,
                     size_t first);

#endif
