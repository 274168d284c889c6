/*
 * Scans: which segments can match, and their rows merged by arrival number.
 *
 * Segments are sorted by their first arrival; a cursor is opened when the merge comes to it and
 * closed when it is done, so only segments whose arrival ranges overlap are open at a time.
 */
#include <stdlib.h>

#include "check.h"
#include "mem.h"
#include "segment_cursor.h"
#include "store_path.h"
#include "store_priv.h"
#include "token_filter.h"

enum { SCAN_ROWS = 8192, SCAN_BYTES = 8 << 20 };

struct open_cursor {
    struct segment_cursor cursor;
    uint64_t arrival; /* of its next row */
};

struct store_scan {
    struct store *store;
    struct scan_query query;
    struct filter_plan *plan; /* NULL: all rows */
    uint8_t *wanted_fields;
    const struct segment_info **segments; /* to be opened, by first arrival */
    size_t segment_count;
    size_t next_segment;
    struct open_cursor *cursors;
    size_t cursor_count;
    size_t cursor_capacity;
    bool ordered;
    struct batch tail; /* matching rows that are not in segments, by arrival: they come last */
    size_t tail_at;
    struct store_scan_stats stats;
};

static void set_query(struct store_scan *scan, const struct store_scan_options *o) {
    struct scan_query *q = &scan->query;
    *q = (struct scan_query){.from_ns = o->from_ns,
                             .to_ns = o->to_ns,
                             .arrival_from = o->arrival_from,
                             .arrival_to = o->arrival_to,
                             .derived = o->include_derived};
    if (o->filter != NULL) {
        expr_time_bounds(o->filter, &q->from_ns, &q->to_ns);
        q->derived = q->derived || expr_wants_derived(o->filter);
        scan->plan = filter_plan_create(o->filter);
        q->filter = scan->plan;
    }
    q->wants.raw = o->want_raw;
    q->wants.all_fields = o->all_fields;
    q->wants.field_count = schema_count();
    scan->wanted_fields = mem_calloc(q->wants.field_count + 1, 1);
    q->wants.fields = scan->wanted_fields;
    for (size_t i = 0; i < o->field_count; i++) {
        if (o->fields[i] < q->wants.field_count) {
            scan->wanted_fields[o->fields[i]] = 1;
        }
    }
}

static bool segment_can_match(const struct scan_query *q, const struct segment_info *s) {
    return s->time_max >= q->from_ns && (s->time_min < q->to_ns || q->to_ns == INT64_MAX) &&
           s->arrival_last >= q->arrival_from && s->arrival_first < q->arrival_to &&
           (q->derived || s->derived < s->rows);
}

static int compare_segments(const void *a, const void *b) {
    const struct segment_info *const *x = a;
    const struct segment_info *const *y = b;
    return (*x)->arrival_first < (*y)->arrival_first ? -1
                                                     : (*x)->arrival_first > (*y)->arrival_first;
}

static void choose_segments(struct store_scan *scan) {
    const struct chain *chain = &scan->store->chain;
    scan->segments = mem_calloc(chain->segment_count + 1, sizeof *scan->segments);
    scan->stats.segments_total = chain->segment_count;
    for (size_t i = 0; i < chain->segment_count; i++) {
        if (segment_can_match(&scan->query, &chain->segments[i])) {
            scan->segments[scan->segment_count++] = &chain->segments[i];
        } else {
            scan->stats.segments_pruned++;
        }
    }
    qsort(scan->segments, scan->segment_count, sizeof *scan->segments, compare_segments);
}

static bool is_full(const struct batch *batch) {
    return batch->row_count >= SCAN_ROWS || batch->raw.len + batch->text.len >= SCAN_BYTES;
}

/* --- rows that are not sealed --- */

static bool row_can_match(const struct scan_query *q, const struct row *row) {
    return row->time_ns >= q->from_ns && (row->time_ns < q->to_ns || q->to_ns == INT64_MAX) &&
           row->arrival >= q->arrival_from && row->arrival < q->arrival_to &&
           (q->derived || (row->flags & ROW_DERIVED) == 0);
}

/* The batch whose next row came first; NULL at the end. */
static const struct batch *first_unsealed(const struct unsealed *u, const size_t *next,
                                          enum dataset *dataset) {
    const struct batch *best = NULL;
    for (int d = 0; d < DATASET_COUNT; d++) {
        const struct batch *b = u->batches[d];
        if (b != NULL && next[d] < b->row_count &&
            (best == NULL || b->rows[next[d]].arrival < best->rows[next[*dataset]].arrival)) {
            best = b;
            *dataset = (enum dataset)d;
        }
    }
    return best;
}

/* Copies the committed rows that match: the store may go on writing while the scan runs. */
static void take_unsealed(struct store_scan *scan, const struct expr *filter) {
    const struct store *s = scan->store;
    size_t next[DATASET_COUNT] = {0};
    enum dataset dataset = DATASET_UNKNOWN;
    struct expr_scratch *scratch = filter != NULL ? expr_scratch_create(filter) : NULL;
    const struct batch *b;
    while ((b = first_unsealed(&s->unsealed, next, &dataset)) != NULL) {
        const struct row *row = &b->rows[next[dataset]++];
        if (row->arrival < s->committed_end && row_can_match(&scan->query, row) &&
            (filter == NULL || expr_match_row(filter, b, row, scratch))) {
            batch_copy_row(&scan->tail, b, row, true);
        }
    }
    expr_scratch_destroy(&scratch);
}

static void give_unsealed(struct store_scan *scan, struct batch *batch) {
    while (scan->tail_at < scan->tail.row_count && !is_full(batch)) {
        batch_copy_row(batch, &scan->tail, &scan->tail.rows[scan->tail_at++],
                       scan->query.wants.raw);
    }
}

enum status store_scan_open(struct store_scan **out, struct store *store,
                            const struct store_scan_options *options, struct err *err) {
    (void)err;
    struct store_scan *scan = mem_calloc(1, sizeof *scan);
    scan->store = store;
    scan->ordered = options->ordered;
    set_query(scan, options);
    choose_segments(scan);
    take_unsealed(scan, options->filter);
    *out = scan;
    return STATUS_OK;
}

static void close_cursor(struct store_scan *scan, size_t i) {
    struct segment_cursor *c = &scan->cursors[i].cursor;
    if (c->segment != NULL) {
        scan->stats.blocks_total += c->segment->block_count;
        scan->stats.blocks_pruned += c->blocks_pruned;
        scan->stats.bytes_read += c->segment->bytes_read;
    }
    segment_cursor_close(c);
    scan->cursors[i] = scan->cursors[--scan->cursor_count];
}

/* Peeks the cursor's next row; closes it if there is none. */
static enum status advance(struct store_scan *scan, size_t i, struct err *err) {
    bool more = false;
    struct open_cursor *c = &scan->cursors[i];
    enum status status = segment_cursor_peek(&c->arrival, &more, &c->cursor, err);
    if (status == STATUS_OK && !more) {
        close_cursor(scan, i);
    }
    return status;
}

/* Looks at the segment's token filter only. A damaged filter prunes nothing: the rows are still
 * right, and verify reports it. */
static enum status may_match(bool *out, struct store_scan *scan, const char *path,
                             const struct segment_info *info, struct err *err) {
    struct file_map map;
    *out = true;
    if (scan->plan == NULL) {
        return STATUS_OK;
    }
    enum status status = file_map(&map, path, false, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct token_filters filters = {.lines = info->filter_lines,
                                    .stripe_count = info->stripe_count};
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < filters.stripe_count; i++) {
        bytes += token_filter_bytes(filters.lines[i]);
    }
    if (info->filter_offset <= map.size_bytes && bytes <= map.size_bytes - info->filter_offset) {
        filters.bytes = map.bytes + info->filter_offset;
    }
    if (filters.bytes != NULL &&
        filter_plan_may_match(out, scan->plan, &filters) != STATUS_OK) {
        *out = true;
    }
    file_unmap(&map);
    return STATUS_OK;
}

static enum status open_cursor(struct store_scan *scan, const struct segment_info *info,
                               struct err *err) {
    struct buf name = BUF_INIT;
    const char *path = store_path_segment(&name, scan->store->path, info->number);
    bool wanted = false;
    enum status status = may_match(&wanted, scan, path, info, err);
    if (status == STATUS_OK && !wanted) {
        scan->stats.segments_pruned++;
    } else if (status == STATUS_OK) {
        MEM_GROW(scan->cursors, scan->cursor_capacity, scan->cursor_count + 1);
        status =
            segment_cursor_open(&scan->cursors[scan->cursor_count].cursor, path, &scan->query, err);
        if (status == STATUS_OK) {
            status = advance(scan, scan->cursor_count++, err);
        }
    }
    buf_fini(&name);
    return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
}

static size_t earliest(const struct store_scan *scan) {
    size_t best = 0;
    for (size_t i = 1; i < scan->cursor_count; i++) {
        if (scan->cursors[i].arrival < scan->cursors[best].arrival) {
            best = i;
        }
    }
    return best;
}

/* Opens every segment that may hold a row before the earliest open one. */
static enum status open_due_segments(struct store_scan *scan, struct err *err) {
    enum status status = STATUS_OK;
    while (status == STATUS_OK && scan->next_segment < scan->segment_count) {
        const struct segment_info *next = scan->segments[scan->next_segment];
        bool due = scan->cursor_count == 0 ||
                   (scan->ordered && next->arrival_first < scan->cursors[earliest(scan)].arrival);
        if (!due) {
            break;
        }
        scan->next_segment++;
        status = open_cursor(scan, next, err);
    }
    return status;
}

/* The arrival number up to which cursor `best` may go on alone. */
static uint64_t run_end(const struct store_scan *scan, size_t best) {
    if (!scan->ordered) {
        return UINT64_MAX;
    }
    uint64_t end = UINT64_MAX;
    if (scan->next_segment < scan->segment_count) {
        end = scan->segments[scan->next_segment]->arrival_first;
    }
    for (size_t i = 0; i < scan->cursor_count; i++) {
        if (i != best && scan->cursors[i].arrival < end) {
            end = scan->cursors[i].arrival;
        }
    }
    return end;
}

/* Takes rows of the earliest cursor until another one comes first or the batch is full. */
static enum status take_run(struct store_scan *scan, struct batch *batch, struct err *err) {
    size_t best = earliest(scan);
    uint64_t end = run_end(scan, best);
    size_t cursors = scan->cursor_count;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !is_full(batch)) {
        struct open_cursor *c = &scan->cursors[best];
        status = segment_cursor_take(batch, &c->cursor, err);
        if (status == STATUS_OK) {
            status = advance(scan, best, err);
        }
        if (scan->cursor_count < cursors || scan->cursors[best].arrival >= end) {
            break;
        }
    }
    return status;
}

enum status store_scan_next(struct store_scan *scan, struct batch *batch, bool *more,
                            struct err *err) {
    batch_clear(batch);
    *more = false;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !is_full(batch)) {
        status = open_due_segments(scan, err);
        if (status == STATUS_OK && scan->cursor_count == 0) {
            give_unsealed(scan, batch);
            break;
        }
        if (status != STATUS_OK) {
            break;
        }
        status = take_run(scan, batch, err);
    }
    scan->stats.rows_matched += batch->row_count;
    *more = status == STATUS_OK && batch->row_count > 0;
    return status;
}

const struct store_scan_stats *store_scan_get_stats(const struct store_scan *scan) {
    return &scan->stats;
}

void store_scan_close(struct store_scan **scan) {
    if (*scan == NULL) {
        return;
    }
    while ((*scan)->cursor_count > 0) {
        close_cursor(*scan, (*scan)->cursor_count - 1);
    }
    batch_fini(&(*scan)->tail);
    mem_free((*scan)->cursors);
    mem_free((*scan)->segments);
    filter_plan_destroy(&(*scan)->plan);
    mem_free((*scan)->wanted_fields);
    mem_free(*scan);
    *scan = NULL;
}
