/*
 * Writing one segment: rows of a batch become the bytes of a file (docs/formats/segment.md).
 * All rows of the batch must be of one dataset and in arrival order.
 *
 * Pure: no files, no clock; may run in any thread. Cost: about 10 ns a byte of raw text.
 */
#ifndef KONSEKI_SEGMENT_WRITER_H
#define KONSEKI_SEGMENT_WRITER_H

#include "batch.h"
#include "layout.h"

/* What the store's chain remembers of a segment, so that scans skip it without opening it. */
struct segment_info {
    uint64_t number; /* file name */
    enum dataset dataset;
    uint64_t rows; /* derived ones included */
    uint64_t derived;
    uint64_t raw_bytes;
    uint64_t arrival_first;
    uint64_t arrival_last;
    int64_t time_min;
    int64_t time_max;
    uint64_t file_bytes;
    uint64_t index_bytes;
    uint64_t filter_offset;
    uint64_t filter_lines; /* 0: it holds no token */
    uint8_t footer_sha256[SHA256_BYTES];
};

/* Takes as many rows of the batch from `first` on as fit (at least one), replaces `out` by the
 * segment's bytes and fills `info` (but for its number). Returns how many rows it took. */
size_t segment_write(struct buf *out, struct segment_info *info, const struct batch *batch,
                     size_t first);

#endif
