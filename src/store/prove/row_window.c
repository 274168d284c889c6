#include "row_window.h"

#include <stdlib.h>

#include "i18n.h"
#include "mem.h"

enum { BATCH_BYTES = 8 << 20 };

/* A segment that was looked at, and the block of it that was needed last. */
struct open_segment {
    uint64_t number;
    uint64_t used; /* the window's count of uses then */
    struct segment *segment;
    struct block block;
    bool block_is_open;
};

/* A row that is wanted. */
struct row_place {
    uint64_t arrival;
    struct open_segment *segment;
    size_t block;
    uint32_t row;
};

struct row_window {
    const struct store *store;
    struct open_segment **segments;
    size_t segment_count;
    size_t segment_capacity;
    uint64_t uses;
    struct row_place *places; /* of the rows that are being read */
    size_t place_count;
    size_t place_capacity;
    struct batch batch;
};

struct row_window *row_window_create(const struct store *store) {
    struct row_window *w = mem_calloc(1, sizeof *w);
    w->store = store;
    batch_init(&w->batch);
    return w;
}

/* --- open segments --- */

static void release_block(struct open_segment *o) {
    if (o->block_is_open) {
        block_close(&o->block);
        o->block_is_open = false;
    }
}

static void close_segment(struct open_segment *o) {
    release_block(o);
    segment_close(&o->segment);
    mem_free(o);
}

void row_window_destroy(struct row_window **window) {
    struct row_window *w = *window;
    if (w == NULL) {
        return;
    }
    for (size_t i = 0; i < w->segment_count; i++) {
        close_segment(w->segments[i]);
    }
    batch_fini(&w->batch);
    mem_free(w->segments);
    mem_free(w->places);
    mem_free(w);
    *window = NULL;
}

/* Closes what was used longest ago, until there is room for one more. What a read in progress has
 * opened (used since `since`) stays. */
static void make_room(struct row_window *w, uint64_t since) {
    while (w->segment_count >= ROW_WINDOW_SEGMENTS) {
        size_t oldest = 0;
        for (size_t i = 1; i < w->segment_count; i++) {
            oldest = w->segments[i]->used < w->segments[oldest]->used ? i : oldest;
        }
        if (w->segments[oldest]->used > since) {
            return;
        }
        close_segment(w->segments[oldest]);
        w->segments[oldest] = w->segments[--w->segment_count];
    }
}

/* `since`: w->uses when the read began. */
static enum status use_segment(struct open_segment **out, struct row_window *w,
                               const struct segment_info *info, uint64_t since, struct err *err) {
    for (size_t i = 0; i < w->segment_count; i++) {
        if (w->segments[i]->number == info->number) {
            *out = w->segments[i];
            (*out)->used = ++w->uses;
            return STATUS_OK;
        }
    }
    struct segment *s = NULL;
    enum status status = store_open_segment(&s, w->store, info, err);
    if (status != STATUS_OK) {
        return status;
    }
    make_room(w, since);
    struct open_segment *o = mem_calloc(1, sizeof *o);
    *o = (struct open_segment){.number = info->number, .used = ++w->uses, .segment = s};
    MEM_GROW(w->segments, w->segment_capacity, w->segment_count + 1);
    w->segments[w->segment_count++] = o;
    *out = o;
    return STATUS_OK;
}

/* Makes o->block that block. */
static enum status use_block(struct open_segment *o, size_t index, struct err *err) {
    if (o->block_is_open && o->block.index == index) {
        return STATUS_OK;
    }
    release_block(o);
    enum status status = block_open(&o->block, o->segment, index, err);
    o->block_is_open = status == STATUS_OK;
    return status;
}

static bool is_online(const struct row_window *w, const struct segment_info *info) {
    struct buf name = BUF_INIT;
    bool online = store_segment_path(&name, w->store, info) != NULL;
    buf_fini(&name);
    return online;
}

static bool has_rows(const struct segment_info *info, uint64_t from, uint64_t to) {
    return info->arrival_last >= from && info->arrival_first < to;
}

/* --- where the rows are --- */

/* The last block of the stripe that begins at or before row `from`; the first if none does. */
static enum status first_block(size_t *out, struct open_segment *o, const struct segment_stripe *t,
                               uint64_t from, struct err *err) {
    size_t low = t->first_block;
    size_t high = low + t->block_count;
    if (t->arrival_last - t->arrival_first == t->rows - 1 && from >= t->arrival_first &&
        from <= t->arrival_last) { /* no other segment has rows between */
        *out = low + (size_t)((from - t->arrival_first) / SEGMENT_BLOCK_ROWS);
        return STATUS_OK;
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        int64_t arrival = 0;
        enum status status = use_block(o, middle, err);
        if (status == STATUS_OK) {
            status = block_number_at(&arrival, &o->block, NUMBER_ARRIVAL, 0, err);
        }
        if (status != STATUS_OK) {
            return status;
        }
        if ((uint64_t)arrival <= from) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *out = low;
    return STATUS_OK;
}

/* The first of `count` ascending numbers that is not below `from`. */
static uint32_t lower_bound(const int64_t *numbers, uint32_t count, uint64_t from) {
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((uint64_t)numbers[middle] < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum status note_row(struct row_window *w, struct open_segment *o, uint32_t row,
                            uint64_t arrival, uint64_t limit, struct err *err) {
    if (w->place_count == limit) {
        return segment_damaged(o->segment, err, _("rows have the same arrival number"));
    }
    MEM_GROW(w->places, w->place_capacity, w->place_count + 1);
    w->places[w->place_count++] = (struct row_place){arrival, o, o->block.index, row};
    return STATUS_OK;
}

/* Do the arrival numbers of the open block ascend by one? Its first one, then. */
static enum status is_run(bool *is, uint64_t *first, struct open_segment *o, struct err *err) {
    uint32_t rows = o->block.info->rows;
    int64_t low = 0;
    int64_t high = 0;
    enum status status = block_number_at(&low, &o->block, NUMBER_ARRIVAL, 0, err);
    if (status == STATUS_OK) {
        status = block_number_at(&high, &o->block, NUMBER_ARRIVAL, rows - 1, err);
    }
    *first = (uint64_t)low;
    *is = (uint64_t)high - (uint64_t)low == rows - 1; /* no two are alike (the tree would tell) */
    return status;
}

/* The rows [from, to) of a block that begins with row `first`, all of them in a run. */
static enum status note_run(struct row_window *w, struct open_segment *o, uint64_t first,
                            uint64_t from, uint64_t to, struct err *err) {
    uint32_t rows = o->block.info->rows;
    uint64_t row = from > first ? from - first : 0;
    enum status status = STATUS_OK;
    for (; row < rows && first + row < to && status == STATUS_OK; row++) {
        status = note_row(w, o, (uint32_t)row, first + row, to - from, err);
    }
    return status;
}

static enum status note_some(struct row_window *w, struct open_segment *o, uint64_t from,
                             uint64_t to, struct err *err) {
    enum status status = block_numbers(&o->block, NUMBER_ARRIVAL, err);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t rows = o->block.info->rows;
    const int64_t *arrivals = o->block.numbers[NUMBER_ARRIVAL];
    uint32_t row = lower_bound(arrivals, rows, from);
    for (; row < rows && (uint64_t)arrivals[row] < to && status == STATUS_OK; row++) {
        status = note_row(w, o, row, (uint64_t)arrivals[row], to - from, err);
    }
    return status;
}

/* Notes the rows of a block; *past: its last row is not below `to`. */
static enum status note_block(bool *past, struct row_window *w, struct open_segment *o,
                              size_t index, uint64_t from, uint64_t to, struct err *err) {
    uint64_t first = 0;
    int64_t last = 0;
    bool run = false;
    enum status status = use_block(o, index, err);
    if (status == STATUS_OK) {
        status = is_run(&run, &first, o, err);
    }
    if (status == STATUS_OK) {
        status = run ? note_run(w, o, first, from, to, err) : note_some(w, o, from, to, err);
    }
    if (status == STATUS_OK) {
        status = block_number_at(&last, &o->block, NUMBER_ARRIVAL, o->block.info->rows - 1, err);
    }
    *past = (uint64_t)last >= to;
    return status;
}

static enum status note_stripe(struct row_window *w, struct open_segment *o,
                               const struct segment_stripe *t, uint64_t from, uint64_t to,
                               struct err *err) {
    size_t index = 0;
    bool past = false;
    enum status status = first_block(&index, o, t, from, err);
    for (; status == STATUS_OK && !past && index < (size_t)t->first_block + t->block_count;
         index++) {
        status = note_block(&past, w, o, index, from, to, err);
    }
    return status;
}

static enum status note_segment(struct row_window *w, struct open_segment *o, uint64_t from,
                                uint64_t to, struct err *err) {
    const struct segment *s = o->segment;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < s->stripe_count && status == STATUS_OK; i++) {
        const struct segment_stripe *t = &s->stripes[i];
        if (t->arrival_last >= from && t->arrival_first < to) {
            status = note_stripe(w, o, t, from, to, err);
        }
    }
    return status;
}

/* --- reading them --- */

static int compare_places(const void *a, const void *b) {
    const struct row_place *x = a;
    const struct row_place *y = b;
    return x->arrival < y->arrival ? -1 : x->arrival > y->arrival;
}

static enum status take_row(struct row_window *w, const struct row_place *p, struct err *err) {
    static const struct block_wants wants = {.raw = true};
    enum status status = use_block(p->segment, p->block, err);
    if (status == STATUS_OK && p->segment->block.row > p->row) { /* a read before went further */
        block_rewind(&p->segment->block);
    }
    return status == STATUS_OK ? block_take_row(&w->batch, &p->segment->block, p->row, &wants, err)
                               : status;
}

static enum status give_places(struct row_window *w, store_rows_fn *rows, void *ctx,
                               struct err *err) {
    enum status status = STATUS_OK;
    batch_clear(&w->batch);
    for (size_t i = 0; i < w->place_count && status == STATUS_OK; i++) {
        status = take_row(w, &w->places[i], err);
        bool is_last = i + 1 == w->place_count;
        if (status == STATUS_OK && (is_last || w->batch.raw.len >= BATCH_BYTES)) {
            status = rows(&w->batch, ctx, err);
            batch_clear(&w->batch);
        }
    }
    return status;
}

enum status row_window_read(struct row_window *w, uint64_t from, uint64_t to, store_rows_fn *rows,
                            void *ctx, struct err *err) {
    const struct chain *c = &w->store->chain;
    enum status status = STATUS_OK;
    uint64_t since = w->uses;
    w->place_count = 0;
    for (size_t i = 0; i < c->segment_count && status == STATUS_OK; i++) {
        struct open_segment *o = NULL;
        if (!has_rows(&c->segments[i], from, to) || !is_online(w, &c->segments[i])) {
            continue; /* who misses its rows says so */
        }
        status = use_segment(&o, w, &c->segments[i], since, err);
        if (status == STATUS_OK) {
            status = note_segment(w, o, from, to, err);
        }
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (w->place_count > 1) {
        qsort(w->places, w->place_count, sizeof *w->places, compare_places);
    }
    return give_places(w, rows, ctx, err);
}

/* --- finding one --- */

static enum status find_in_segment(bool *found, uint64_t *arrival, struct open_segment *o,
                                   const struct row_name *name, const struct row_range *range,
                                   struct err *err) {
    uint32_t row = 0;
    struct block block;
    enum status status = segment_find_row(found, &row, &block, o->segment, name, range, err);
    if (status != STATUS_OK || !*found) {
        return status;
    }
    release_block(o);
    o->block = block;
    o->block_is_open = true;
    int64_t number = 0;
    status = block_number_at(&number, &o->block, NUMBER_ARRIVAL, row, err);
    *arrival = (uint64_t)number;
    return status;
}

/* In the segments that have rows on both sides of range->near, or in the others. *offline: one that
 * could not be looked into, if any. */
static enum status find_among(bool *found, uint64_t *arrival, const struct segment_info **offline,
                              struct row_window *w, const struct row_name *name,
                              const struct row_range *range, bool near, struct err *err) {
    const struct chain *c = &w->store->chain;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < c->segment_count && status == STATUS_OK && !*found; i++) {
        const struct segment_info *info = &c->segments[i];
        struct open_segment *o = NULL;
        if (!has_rows(info, range->from, range->to) ||
            has_rows(info, range->near, range->near + 1) != near) {
            continue;
        }
        if (!is_online(w, info)) {
            *offline = info;
            continue;
        }
        status = use_segment(&o, w, info, w->uses, err);
        if (status == STATUS_OK) {
            status = find_in_segment(found, arrival, o, name, range, err);
        }
    }
    return status;
}

enum status row_window_find(uint64_t *arrival, struct row_window *w, const struct row_name *name,
                            const struct row_range *range, struct err *err) {
    const struct segment_info *offline = NULL;
    bool found = false;
    enum status status = find_among(&found, arrival, &offline, w, name, range, true, err);
    if (status == STATUS_OK && !found) {
        status = find_among(&found, arrival, &offline, w, name, range, false, err);
    }
    if (status != STATUS_OK || found) {
        return status;
    }
    if (offline != NULL) {
        struct buf path = BUF_INIT;
        const char *ignored;
        status = store_need_segment(&ignored, &path, w->store, offline, err);
        buf_fini(&path);
        return status;
    }
    return err_set(err, STATUS_NOT_FOUND, "the store has no event %.*s-%llu", STR_ARG(name->source),
                   (unsigned long long)name->sequence);
}
