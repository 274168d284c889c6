/* The inside of a scan, for store_scan.c and store_group.c. */
#ifndef KONSEKI_STORE_SCAN_PRIV_H
#define KONSEKI_STORE_SCAN_PRIV_H

#include "scan_pool.h"
#include "store_priv.h"

struct chosen_segment {
    const struct segment_info *info;
    uint32_t stripes; /* a bit each: no row of others can match */
};

/* What the chain tells: stripes that are full by their bytes make it a few more. */
static inline uint64_t scan_known_blocks(const struct segment_info *s) {
    return (s->rows + SEGMENT_BLOCK_ROWS - 1) / SEGMENT_BLOCK_ROWS;
}

static inline uint32_t chosen_first_stripe(const struct chosen_segment *c) {
    return (uint32_t)__builtin_ctz(c->stripes);
}

/* How many of `wanted` threads (0: one a core) pay: a stripe that the index of words left takes
 * less time than two starts of a thread, so that a thread should have some of them. */
unsigned store_scan_threads(const struct store_scan *scan, unsigned wanted);

/* A segment that is being read. */
struct open_source {
    struct scan_source *source;
    const struct segment_info *info;
    uint64_t arrival_next; /* no further row comes before */
    bool is_started;
    struct batch *rows; /* borrowed; NULL: to be asked for more */
    size_t at;          /* next of them */
};

struct store_scan {
    struct store *store;
    struct scan_query query;
    struct filter_plan *plan; /* NULL: all rows */
    uint8_t *wanted_fields;
    struct chosen_segment *segments; /* to be opened, by first arrival */
    size_t segment_count;
    size_t next_segment;
    struct scan_pool *pool;
    struct open_source *sources; /* in the order of their segments */
    size_t source_count;
    size_t source_capacity;
    bool ordered;
    struct batch tail; /* matching rows that are not in segments, by arrival: they come last */
    size_t tail_at;
    size_t rows_wanted; /* of a batch */
    struct store_scan_stats stats;
};

#endif
