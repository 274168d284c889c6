/*
 * Rows on their way into segments: one builder a dataset (derived rows go with the rows they were
 * made from), and a thread that encodes and writes what a builder has collected while the next
 * rows come in.
 *
 * A segment takes stripes until it is full: stripes of one dataset share dictionaries and
 * templates. Segments are numbered when their last stripe leaves the builder, so the same rows
 * give the same files whatever the threads do. At most SEALER_IN_FLIGHT stripes wait or are
 * encoded at once; a caller that is faster waits. Memory: what builders and drafts hold is kept
 * below the limit of sealer_spill.
 *
 * Failures: a failed write is remembered, and every later call returns it.
 * Threads: one caller; the worker touches drafts only (`lock` guards the queue and the results).
 */
#ifndef KONSEKI_SEALER_H
#define KONSEKI_SEALER_H

#include "batch.h"
#include "err.h"
#include "segment_info.h"

enum { SEALER_IN_FLIGHT = 2 };

struct sealer;

/* `next_number` is the store's: the number of the next segment file. Without `threaded` everything
 * happens in the caller's thread. */
struct sealer *sealer_create(const char *dir, uint64_t *next_number, bool threaded);
/* What was not finished is forgotten; files that are written already stay. NULL is fine. */
void sealer_destroy(struct sealer **sealer);

enum status sealer_add(struct sealer *s, const struct batch *batch, const struct row *row,
                       struct err *err) MUST_CHECK;
/* Encodes the rows of the biggest builders until these and unfinished segments hold less than
 * `limit` bytes, and waits while they and what is in flight hold more. 0: finishes all segments. */
enum status sealer_spill(struct sealer *s, size_t limit, struct err *err) MUST_CHECK;
/* Waits until all that was finished is on disk (synced). */
enum status sealer_wait(struct sealer *s, struct err *err) MUST_CHECK;
/* After sealer_wait: the segments written since the last call; the caller's (mem_free). */
struct segment_info *sealer_steal(struct sealer *s, size_t *count);

#endif
