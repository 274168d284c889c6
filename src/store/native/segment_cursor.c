#include "segment_cursor.h"

#include "mem.h"

enum { SELECTED_WORDS = SEGMENT_BLOCK_ROWS / 64 };

enum status segment_cursor_open(struct segment_cursor *out, const char *path,
                                const struct scan_query *query, struct err *err) {
    *out = (struct segment_cursor){.query = query};
    enum status status = segment_open(&out->segment, path, err);
    if (status == STATUS_OK && query->filter != NULL) {
        status = segment_filter_create(&out->filter, query->filter, out->segment, err);
    }
    if (status != STATUS_OK) {
        segment_cursor_close(out);
        return status;
    }
    out->selected = mem_calloc(SELECTED_WORDS, sizeof *out->selected);
    if (out->filter != NULL && !segment_filter_may_match(out->filter)) {
        out->blocks_pruned = out->segment->block_count;
        out->next_block = out->segment->block_count;
    }
    return STATUS_OK;
}

void segment_cursor_close(struct segment_cursor *c) {
    if (c->block_is_open) {
        block_close(&c->block);
    }
    mem_free(c->selected);
    segment_filter_destroy(&c->filter);
    segment_close(&c->segment);
    *c = (struct segment_cursor){.query = NULL};
}

/* Times, arrival numbers and the derived flag: set bits of rows that may pass. */
static enum status select_by_numbers(struct segment_cursor *c, struct err *err) {
    const struct scan_query *q = c->query;
    struct block *b = &c->block;
    enum status status = block_numbers(b, NUMBER_TIME, err);
    if (status == STATUS_OK) {
        status = block_numbers(b, NUMBER_ARRIVAL, err);
    }
    if (status == STATUS_OK) {
        status = block_numbers(b, NUMBER_FLAGS, err);
    }
    memset(c->selected, 0, SELECTED_WORDS * sizeof *c->selected);
    for (uint32_t i = 0; status == STATUS_OK && i < b->info->rows; i++) {
        int64_t time = b->numbers[NUMBER_TIME][i];
        uint64_t arrival = (uint64_t)b->numbers[NUMBER_ARRIVAL][i];
        bool derived = (b->numbers[NUMBER_FLAGS][i] & ROW_DERIVED) != 0;
        bool to_end = q->to_ns == INT64_MAX; /* no bound: that instant too */
        if (time >= q->from_ns && (time < q->to_ns || to_end) && arrival >= q->arrival_from &&
            arrival < q->arrival_to && (q->derived || !derived)) {
            c->selected[i / 64] |= UINT64_C(1) << (i % 64);
        }
    }
    return status;
}

static bool block_can_match(const struct segment_cursor *c, const struct segment_block *b) {
    const struct scan_query *q = c->query;
    return b->time_max >= q->from_ns && (b->time_min < q->to_ns || q->to_ns == INT64_MAX);
}

/* Next selected row of the open block, or its row count. */
static uint32_t next_selected(const struct segment_cursor *c) {
    uint32_t rows = c->block.info->rows;
    for (uint32_t word = c->at / 64; word * 64 < rows; word++) {
        uint64_t bits = c->selected[word];
        if (word == c->at / 64) {
            bits &= UINT64_MAX << (c->at % 64);
        }
        if (bits != 0) {
            return word * 64 + (uint32_t)__builtin_ctzll(bits);
        }
    }
    return rows;
}

static enum status open_next_block(struct segment_cursor *c, struct err *err) {
    size_t index = c->next_block++;
    enum status status = segment_stripe_load(c->segment, c->segment->blocks[index].stripe, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (!block_can_match(c, &c->segment->blocks[index])) {
        c->blocks_pruned++;
        return STATUS_OK;
    }
    status = block_open(&c->block, c->segment, index, err);
    if (status == STATUS_OK) {
        c->block_is_open = true;
        c->at = 0;
        status = select_by_numbers(c, err);
    }
    if (status == STATUS_OK && c->filter != NULL) {
        status = segment_filter_block(c->filter, &c->block, c->selected, err);
    }
    return status;
}

enum status segment_cursor_peek(uint64_t *arrival, bool *more, struct segment_cursor *c,
                                struct err *err) {
    for (;;) {
        if (c->block_is_open) {
            c->at = next_selected(c);
            if (c->at < c->block.info->rows) {
                *arrival = (uint64_t)c->block.numbers[NUMBER_ARRIVAL][c->at];
                *more = true;
                return STATUS_OK;
            }
            block_close(&c->block);
            c->block_is_open = false;
        }
        if (c->next_block >= c->segment->block_count) {
            *more = false;
            return STATUS_OK;
        }
        enum status status = open_next_block(c, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

enum status segment_cursor_take(struct batch *out, struct segment_cursor *c, struct err *err) {
    return block_take_row(out, &c->block, c->at++, &c->query->wants, err);
}
