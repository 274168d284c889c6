#include "segment_cursor.h"

#include "mem.h"

enum { SELECTED_WORDS = SEGMENT_BLOCK_ROWS / 64 };

enum status segment_cursor_open(struct segment_cursor *out, const char *path,
                                const struct scan_query *query, uint32_t stripes, struct err *err) {
    *out = (struct segment_cursor){.query = query, .stripes = stripes};
    enum status status = segment_open(&out->segment, path, err);
    if (status == STATUS_OK && query->filter != NULL) {
        status = segment_filter_create(&out->filter, query->filter, out->segment, err);
    }
    if (status != STATUS_OK) {
        segment_cursor_close(out);
        return status;
    }
    if (query->screen != NULL) {
        out->screen = segment_screen_create(query->screen, out->segment);
    }
    out->selected = mem_calloc(SELECTED_WORDS, sizeof *out->selected);
    out->end_block = out->segment->block_count;
    if (out->filter != NULL && !segment_filter_may_match(out->filter)) {
        out->excluded = true;
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
    segment_screen_destroy(&c->screen);
    segment_close(&c->segment);
    *c = (struct segment_cursor){.query = NULL};
}

/* --- rows by their numbers: most blocks lie within all bounds, and nothing is unpacked then --- */

static void unselect(struct segment_cursor *c, uint32_t row) {
    c->selected[row / 64] &= ~(UINT64_C(1) << (row % 64));
}

static void select_all(struct segment_cursor *c) {
    uint32_t rows = c->block.info->rows;
    memset(c->selected, 0xff, SELECTED_WORDS * sizeof *c->selected);
    for (uint32_t row = rows; row < SEGMENT_BLOCK_ROWS; row++) {
        unselect(c, row);
    }
}

static enum status select_times(struct segment_cursor *c, struct err *err) {
    const struct scan_query *q = c->query;
    struct block *b = &c->block;
    bool to_end = q->to_ns == INT64_MAX; /* no bound: that instant too */
    if (b->info->time_min >= q->from_ns && (b->info->time_max < q->to_ns || to_end)) {
        return STATUS_OK;
    }
    enum status status = block_numbers(b, NUMBER_TIME, err);
    for (uint32_t i = 0; status == STATUS_OK && i < b->info->rows; i++) {
        int64_t time = b->numbers[NUMBER_TIME][i];
        if (time < q->from_ns || (time >= q->to_ns && !to_end)) {
            unselect(c, i);
        }
    }
    return status;
}

static enum status select_arrivals(struct segment_cursor *c, struct err *err) {
    const struct scan_query *q = c->query;
    struct block *b = &c->block;
    const struct segment_stripe *stripe = &c->segment->stripes[b->info->stripe];
    if (stripe->arrival_first >= q->arrival_from && stripe->arrival_last < q->arrival_to) {
        return STATUS_OK;
    }
    enum status status = block_numbers(b, NUMBER_ARRIVAL, err);
    for (uint32_t i = 0; status == STATUS_OK && i < b->info->rows; i++) {
        uint64_t arrival = (uint64_t)b->numbers[NUMBER_ARRIVAL][i];
        if (arrival < q->arrival_from || arrival >= q->arrival_to) {
            unselect(c, i);
        }
    }
    return status;
}

static enum status select_originals(struct segment_cursor *c, struct err *err) {
    const struct intpack_view *view;
    struct block *b = &c->block;
    if (c->query->derived || c->lacks_derived) {
        return STATUS_OK;
    }
    enum status status = block_number_view(&view, b, NUMBER_FLAGS, err);
    int64_t flags = 0;
    if (status != STATUS_OK || (view->form == INTPACK_CONSTANT && intpack_peek(&flags, view, 0) &&
                                (flags & ROW_DERIVED) == 0)) {
        return status;
    }
    status = block_numbers(b, NUMBER_FLAGS, err);
    for (uint32_t i = 0; status == STATUS_OK && i < b->info->rows; i++) {
        if ((b->numbers[NUMBER_FLAGS][i] & ROW_DERIVED) != 0) {
            unselect(c, i);
        }
    }
    return status;
}

static enum status select_datasets(struct segment_cursor *c, struct err *err) {
    const struct segment *s = c->segment;
    struct block *b = &c->block;
    bool all = true;
    for (size_t i = 0; i < s->dataset_count; i++) {
        all = all && scan_query_has_dataset(c->query, s->datasets[i]);
    }
    if (all) {
        return STATUS_OK;
    }
    enum status status = block_numbers(b, NUMBER_DATASET, err);
    for (uint32_t i = 0; status == STATUS_OK && i < b->info->rows; i++) {
        uint64_t dataset = (uint64_t)b->numbers[NUMBER_DATASET][i];
        if (dataset >= s->dataset_count ||
            !scan_query_has_dataset(c->query, s->datasets[dataset])) {
            unselect(c, i);
        }
    }
    return status;
}

/* Sets the bits of rows that may pass. */
static enum status select_by_numbers(struct segment_cursor *c, struct err *err) {
    select_all(c);
    enum status status = select_times(c, err);
    if (status == STATUS_OK) {
        status = select_arrivals(c, err);
    }
    if (status == STATUS_OK) {
        status = select_originals(c, err);
    }
    return status == STATUS_OK ? select_datasets(c, err) : status;
}

static bool stripe_can_match(const struct segment_cursor *c, const struct segment_stripe *s) {
    const struct scan_query *q = c->query;
    return s->time_max >= q->from_ns && (s->time_min < q->to_ns || q->to_ns == INT64_MAX) &&
           s->arrival_last >= q->arrival_from && s->arrival_first < q->arrival_to;
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
    uint32_t stripe = c->segment->blocks[index].stripe;
    bool may = (c->stripes >> stripe & 1) != 0 && stripe_can_match(c, &c->segment->stripes[stripe]);
    enum status status = STATUS_OK;
    if (may && c->filter != NULL) {
        status = segment_filter_ask_block(&may, c->filter, index, err);
    }
    if (status == STATUS_OK && may) {
        status = segment_stripe_load(c->segment, stripe, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!may || !block_can_match(c, &c->segment->blocks[index])) {
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
    if (status == STATUS_OK && c->screen != NULL) {
        status = segment_screen_block(c->screen, &c->block, c->selected, err);
    }
    return status;
}

enum status segment_cursor_block(bool *more, struct segment_cursor *c, struct err *err) {
    enum status status = STATUS_OK;
    if (c->block_is_open) {
        block_close(&c->block);
        c->block_is_open = false;
    }
    while (status == STATUS_OK && !c->block_is_open && c->next_block < c->end_block) {
        status = open_next_block(c, err);
    }
    *more = status == STATUS_OK && c->block_is_open;
    return status;
}

void segment_cursor_stripe(struct segment_cursor *c, size_t stripe) {
    const struct segment_stripe *s = &c->segment->stripes[stripe];
    c->next_block = s->first_block;
    c->end_block = (size_t)s->first_block + s->block_count;
}

enum status segment_cursor_step(bool *found, uint64_t *arrival, bool *more,
                                struct segment_cursor *c, struct err *err) {
    *found = false;
    *more = true;
    if (c->block_is_open) {
        c->at = next_selected(c);
        if (c->at < c->block.info->rows) {
            int64_t number = 0;
            enum status status = block_number_at(&number, &c->block, NUMBER_ARRIVAL, c->at, err);
            *arrival = (uint64_t)number;
            *found = status == STATUS_OK;
            return status;
        }
        block_close(&c->block);
        c->block_is_open = false;
    }
    *more = c->next_block < c->end_block;
    return *more ? open_next_block(c, err) : STATUS_OK;
}

enum status segment_cursor_take(struct batch *out, struct segment_cursor *c, struct err *err) {
    return block_take_row(out, &c->block, c->at++, &c->query->wants, err);
}
