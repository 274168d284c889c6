/*
 * Walks over the matching rows of one segment in arrival order. Only one block is unpacked at a
 * time.
 *
 * Threads: one. Ownership: borrows the path and the query until close; owns the segment.
 */
#ifndef KONSEKI_SEGMENT_CURSOR_H
#define KONSEKI_SEGMENT_CURSOR_H

#include "block.h"
#include "segment_filter.h"

/* What a scan looks for, shared by all its cursors. */
struct scan_query {
    const struct filter_plan *filter; /* NULL: all */
    int64_t from_ns;
    int64_t to_ns;
    uint64_t arrival_from;
    uint64_t arrival_to;
    bool derived; /* derived rows too */
    struct block_wants wants;
};

struct segment_cursor {
    const struct scan_query *query;
    struct segment *segment;
    struct segment_filter *filter; /* NULL: all */
    struct block block;
    bool block_is_open;
    size_t next_block;
    uint64_t *selected; /* bitmap over the block's rows */
    uint32_t at;        /* next row of the block to look at */
    uint64_t blocks_pruned;
};

enum status segment_cursor_open(struct segment_cursor *out, const char *path,
                                const struct scan_query *query, struct err *err) MUST_CHECK;
void segment_cursor_close(struct segment_cursor *c);
/* The arrival number of the next matching row; *more false at the end. */
enum status segment_cursor_peek(uint64_t *arrival, bool *more, struct segment_cursor *c,
                                struct err *err) MUST_CHECK;
/* Appends the row that was peeked to the batch. */
enum status segment_cursor_take(struct batch *out, struct segment_cursor *c,
                                struct err *err) MUST_CHECK;

#endif
