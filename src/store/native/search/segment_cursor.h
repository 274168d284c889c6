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
#include "segment_screen.h"

/* What a scan looks for, shared by all its cursors. */
struct scan_query {
    const struct filter_plan *filter; /* NULL: all */
    const struct row_screen *screen;  /* asked about what the filter leaves; NULL: none */
    int64_t from_ns;
    int64_t to_ns;
    uint64_t arrival_from;
    uint64_t arrival_to;
    uint64_t datasets; /* bit by enum dataset */
    bool derived;      /* derived rows too */
    struct block_wants wants;
};

static inline bool scan_query_has_dataset(const struct scan_query *q, enum dataset dataset) {
    return (q->datasets >> dataset & 1) != 0;
}
_Static_assert(DATASET_COUNT <= 64, "a mask holds all datasets");

struct segment_cursor {
    const struct scan_query *query;
    struct segment *segment;
    struct segment_filter *filter; /* NULL: all */
    struct segment_screen *screen; /* NULL: none */
    struct block block;
    bool block_is_open;
    size_t next_block;
    size_t end_block;   /* it ends before this one */
    uint32_t stripes;   /* a bit each: no row of others can match */
    bool lacks_derived; /* no row is a derived one: flags need not be looked at */
    uint64_t *selected; /* bitmap over the block's rows */
    uint32_t at;        /* next row of the block to look at */
    uint64_t blocks_pruned;
    bool excluded; /* no row can match, by templates and dictionaries */
};

enum status segment_cursor_open(struct segment_cursor *out, const char *path,
                                const struct scan_query *query, uint32_t stripes,
                                struct err *err) MUST_CHECK;
void segment_cursor_close(struct segment_cursor *c);
/* Goes on by one row or one block: *found tells whether the cursor stands at a matching row (then
 * *arrival is its number); *more is false at the end. */
enum status segment_cursor_step(bool *found, uint64_t *arrival, bool *more,
                                struct segment_cursor *c, struct err *err) MUST_CHECK;
/* Goes on to the next block that may match: c->block is open and c->selected says which of its rows
 * match; *more is false at the end. Not to be mixed with segment_cursor_step. */
enum status segment_cursor_block(bool *more, struct segment_cursor *c, struct err *err) MUST_CHECK;
/* Lets the cursor go over the blocks of one stripe only; it may be called again for another. */
void segment_cursor_stripe(struct segment_cursor *c, size_t stripe);
/* Appends the row that the cursor stands at to the batch. */
enum status segment_cursor_take(struct batch *out, struct segment_cursor *c,
                                struct err *err) MUST_CHECK;

#endif
