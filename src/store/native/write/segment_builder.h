/*
 * Building segments from a stream of rows. Everything that is needed of a row is copied when it is
 * added: the batch may change or go afterwards. Texts are kept once a column and stripe, numbers as
 * numbers; a finished stripe is encoded at once and only its stored bytes stay.
 *
 * A builder lives over many segments of one dataset (what the cutter has learned of the shapes of
 * rows stays). Rows must come in arrival order. Derived rows of another dataset may be added with
 * the rows that they were made from.
 *
 *   while (rows) { segment_builder_add; if (segment_builder_is_full) finish, write the file }
 *
 * Effort: FAST takes cheap choices (sealing) and is full when a stripe is; DEEP makes up to 16
 * stripes and tries every encoding that can fit (merging).
 *
 * Encoding can happen in another thread: segment_builder_take gives what was collected to a draft,
 * which refers to nothing of the builder; the builder goes on with the next stripe or segment. So
 * sealing makes segments of several stripes, too: take, segment_draft_pack, take into the same
 * draft ..., segment_draft_finish.
 *
 * Threads: one a builder; a draft belongs to whoever holds it. Pure: no files, no clock.
 */
#ifndef KONSEKI_SEGMENT_BUILDER_H
#define KONSEKI_SEGMENT_BUILDER_H

#include "batch.h"
#include "segment_info.h"

struct segment_builder;
struct segment_draft;

struct segment_builder *segment_builder_create(enum dataset dataset, enum segment_effort effort);
void segment_builder_destroy(struct segment_builder **b);

/* The builder must not be full. */
void segment_builder_add(struct segment_builder *b, const struct batch *batch,
                         const struct row *row);
/* Rows since the last finish or take. */
uint64_t segment_builder_rows(const struct segment_builder *b);
/* Bytes of memory held, about. */
size_t segment_builder_memory(const struct segment_builder *b);
/* True when the rows make a whole segment. */
bool segment_builder_is_full(const struct segment_builder *b);

/* Replaces `out` by the segment's bytes and fills `info` (but for its number). There must be a row.
 * The builder is empty afterwards. */
void segment_builder_finish(struct buf *out, struct segment_info *info, struct segment_builder *b);

/* Gives the collected rows to *d: an empty draft is created if it is NULL and there are rows; the
 * rows that it has must be packed. If they are not the segment's last the next rows must go to the
 * same draft. */
void segment_builder_take(struct segment_draft **d, struct segment_builder *b, bool last);
/* Encodes the rows that were taken. */
void segment_draft_pack(struct segment_draft *d);
/* True if the next stripe should be the last one. */
bool segment_draft_is_nearly_full(const struct segment_draft *d);
/* Bytes of memory held, about. */
size_t segment_draft_memory(const struct segment_draft *d);
/* As segment_builder_finish; ends the draft. */
void segment_draft_finish(struct buf *out, struct segment_info *info, struct segment_draft **d);
void segment_draft_destroy(struct segment_draft **d);

#endif
