/*
 * Segments of one scan, read ahead by a few threads. The scan's own thread opens segments in their
 * order and takes their rows; what it takes next is prepared meanwhile. A segment gives the same
 * rows in the same order, whoever prepares them, so a scan's result does not depend on the number
 * of threads.
 *
 *   scan_pool_add (up to scan_pool_ahead at a time) -> scan_source_batch ... -> scan_source_end
 *
 * Threads: the functions here belong to the scan's thread; one lock (in the pool) guards the state
 * of all sources; a source that is being filled belongs to the thread that fills it. With one
 * thread there is no other: sources are filled when they are asked.
 */
#ifndef KONSEKI_SCAN_POOL_H
#define KONSEKI_SCAN_POOL_H

#include <stdatomic.h>

#include "segment_cursor.h"

struct scan_pool;
struct scan_source; /* one segment */

/* What a source has read in the end. */
struct scan_source_stats {
    uint64_t blocks;
    uint64_t blocks_pruned;
    uint64_t bytes_read;
    bool excluded; /* by its templates and dictionaries */
};

/* `cancel` may be NULL; once it is true sources end with CANCELLED. */
struct scan_pool *scan_pool_create(const struct scan_query *query, unsigned threads,
                                   const atomic_bool *cancel);
/* Waits for what is being read. Ends all sources. */
void scan_pool_destroy(struct scan_pool **pool);
unsigned scan_pool_threads(const struct scan_pool *pool);

/* Starts with the segment in the file `path` (copied); only rows of `stripes` (a bit each) can
 * match. */
struct scan_source *scan_pool_add(struct scan_pool *pool, const char *path, uint32_t stripes);
/* The next rows of the segment, valid until the next call or the end; *out is empty when there are
 * no more. An error is the error of this segment. */
enum status scan_source_batch(struct batch **out, struct scan_source *source,
                              struct err *err) MUST_CHECK;
/* Sets it to NULL. */
void scan_source_end(struct scan_source_stats *stats, struct scan_source **source);

#endif
