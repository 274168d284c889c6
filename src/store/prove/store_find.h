/* Where the row `sequence` of a source lies in a segment. */
#ifndef KONSEKI_STORE_FIND_H
#define KONSEKI_STORE_FIND_H

#include "block.h"

struct row_name {
    struct str source;
    uint64_t sequence;
};

/* Where to look: rows with arrival numbers in [from, to), best about `near`. */
struct row_range {
    uint64_t from;
    uint64_t to;
    uint64_t near;
};

static const struct row_range row_range_all = {0, UINT64_MAX, UINT64_MAX};

/*
 * *found: `block` is open and holds the row as its row *row; the caller closes it. Else it is
 * closed. Cost: two numbers of the rows of one block if `near` is right, else of about
 * log2(blocks), of more where the source is rare.
 */
enum status segment_find_row(bool *found, uint32_t *row, struct block *block, struct segment *s,
                             const struct row_name *name, const struct row_range *range,
                             struct err *err) MUST_CHECK;

#endif
