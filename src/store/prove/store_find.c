/*
 * A source's sequence numbers ascend with the arrival numbers, so blocks are bisected. A block
 * without rows of the source tells nothing: then the next one behind it is asked.
 */
#include "store_find.h"

struct row_search {
    struct segment *segment;
    uint32_t source; /* by the segment's names */
    uint64_t sequence;
};

/* Where the row must be, seen from one block. */
enum side {
    SIDE_UNKNOWN, /* the block has no row of the source */
    SIDE_BEFORE,
    SIDE_AFTER,
    SIDE_HERE,
    SIDE_NOWHERE /* its neighbours are here, it is not */
};

static enum side look_at_rows(uint32_t *row, const struct block *b, const struct row_search *q) {
    const int64_t *sources = b->numbers[NUMBER_SOURCE];
    const int64_t *sequences = b->numbers[NUMBER_SEQUENCE];
    enum side side = SIDE_UNKNOWN;
    for (uint32_t i = 0; i < b->info->rows; i++) {
        if (sources[i] != q->source) {
            continue;
        }
        if ((uint64_t)sequences[i] >= q->sequence) {
            *row = i;
            return (uint64_t)sequences[i] == q->sequence ? SIDE_HERE
                   : side == SIDE_UNKNOWN                ? SIDE_BEFORE
                                                         : SIDE_NOWHERE;
        }
        side = SIDE_AFTER;
    }
    return side;
}

static enum status look_at_block(enum side *side, uint32_t *row, struct block *b,
                                 const struct row_search *q, struct err *err) {
    const struct intpack_view *view;
    enum status status = block_number_view(&view, b, NUMBER_SOURCE, err);
    *side = SIDE_UNKNOWN;
    int64_t only = 0;
    if (status != STATUS_OK ||
        (view->form == INTPACK_CONSTANT && intpack_peek(&only, view, 0) && only != q->source)) {
        return status;
    }
    status = block_numbers(b, NUMBER_SOURCE, err);
    if (status == STATUS_OK) {
        status = block_numbers(b, NUMBER_SEQUENCE, err);
    }
    if (status == STATUS_OK) {
        *side = look_at_rows(row, b, q);
    }
    return status;
}

/* Asks the blocks [*at, high) until one tells; it stays open. */
static enum status ask(enum side *side, uint32_t *row, size_t *at, size_t high, struct block *b,
                       const struct row_search *q, struct err *err) {
    for (;; ++*at) {
        enum status status = block_open(b, q->segment, *at, err);
        if (status != STATUS_OK) {
            return status;
        }
        status = look_at_block(side, row, b, q, err);
        if (status == STATUS_OK && (*side != SIDE_UNKNOWN || *at + 1 == high)) {
            return STATUS_OK;
        }
        block_close(b);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

/* Blocks [low, high) that can have rows in the range, and the one that is asked first. */
struct block_range {
    size_t low;
    size_t high;
    size_t middle;
};

/* The block of a stripe that has row `near`, if its rows are spread evenly over its range. */
static size_t guess_block(const struct segment_stripe *t, uint64_t near) {
    double share =
        (double)(near - t->arrival_first) / ((double)(t->arrival_last - t->arrival_first) + 1.0);
    size_t block = (size_t)(share * t->rows / SEGMENT_BLOCK_ROWS);
    return t->first_block + (block < t->block_count ? block : t->block_count - 1);
}

static struct block_range choose_blocks(const struct segment *s, const struct row_range *range) {
    struct block_range b = {s->block_count, 0, SIZE_MAX};
    for (size_t i = 0; i < s->stripe_count; i++) {
        const struct segment_stripe *t = &s->stripes[i];
        if (t->arrival_last < range->from || t->arrival_first >= range->to) {
            continue;
        }
        b.low = t->first_block < b.low ? t->first_block : b.low;
        b.high = t->first_block + t->block_count;
        if (range->near >= t->arrival_first && range->near <= t->arrival_last) {
            b.middle = guess_block(t, range->near);
        }
    }
    if (b.middle == SIZE_MAX && b.low < b.high) {
        b.middle = b.low + (b.high - b.low) / 2;
    }
    return b;
}

enum status segment_find_row(bool *found, uint32_t *row, struct block *block, struct segment *s,
                             const struct row_name *name, const struct row_range *range,
                             struct err *err) {
    struct row_search q = {s, 0, name->sequence};
    struct block_range b = choose_blocks(s, range);
    *found = false;
    while (q.source < s->name_count && !str_eq(s->names[q.source], name->source)) {
        q.source++;
    }
    while (q.source < s->name_count && b.low < b.high) {
        size_t at = b.middle;
        enum side side;
        enum status status = ask(&side, row, &at, b.high, block, &q, err);
        *found = status == STATUS_OK && side == SIDE_HERE;
        if (status != STATUS_OK || *found) {
            return status;
        }
        block_close(block);
        if (side == SIDE_NOWHERE) {
            break;
        }
        b.low = side == SIDE_AFTER ? at + 1 : b.low;
        b.high = side == SIDE_AFTER ? b.high : b.middle;
        b.middle = b.low + (b.high - b.low) / 2;
    }
    return STATUS_OK;
}
