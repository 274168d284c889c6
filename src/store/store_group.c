/* Groups of a scan's rows, one segment after the other. */
#include "segment_groups.h"
#include "store_path.h"
#include "store_scan_priv.h"

enum { BATCH_ROWS = 4096 };

/* One run. */
struct grouping {
    struct store_scan *scan;
    const struct store_group_spec *spec;
    struct store_group_sink *sink;
    const atomic_bool *cancel;
    struct batch batch; /* rows that could not be grouped */
};

static enum status give_rows(struct grouping *g, struct err *err) {
    enum status status =
        g->batch.row_count > 0 ? g->sink->rows(&g->batch, g->sink->ctx, err) : STATUS_OK;
    batch_clear(&g->batch);
    return status;
}

/* The rows of the block that were left over. */
static enum status take_left(struct grouping *g, struct segment_cursor *c, struct err *err) {
    enum status status = STATUS_OK;
    block_rewind(&c->block);
    for (uint32_t row = 0; row < c->block.info->rows && status == STATUS_OK; row++) {
        if ((c->selected[row / 64] >> (row % 64) & 1) != 0) {
            status = block_take_row(&g->batch, &c->block, row, &g->scan->query.wants, err);
            g->scan->stats.rows_matched++;
        }
        if (status == STATUS_OK && g->batch.row_count >= BATCH_ROWS) {
            status = give_rows(g, err);
        }
    }
    return status;
}

static uint64_t count_rows(const struct segment_cursor *c) {
    uint64_t rows = 0;
    for (size_t i = 0; i < SEGMENT_BLOCK_ROWS / 64; i++) {
        rows += (uint64_t)__builtin_popcountll(c->selected[i]);
    }
    return rows;
}

static enum status group_blocks(struct grouping *g, struct segment_groups *groups,
                                struct segment_cursor *c, struct err *err) {
    bool more = true;
    for (;;) {
        enum status status = segment_cursor_block(&more, c, err);
        if (status != STATUS_OK || !more) {
            return status;
        }
        uint64_t matched = count_rows(c);
        status = matched == 0 ? STATUS_OK
                              : segment_groups_add(groups, &c->block, c->selected,
                                                   &g->sink->without_key, err);
        if (status == STATUS_OK) {
            g->scan->stats.rows_matched += matched - count_rows(c);
            status = take_left(g, c, err);
        }
        if (status == STATUS_OK && g->cancel != NULL && atomic_load(g->cancel)) {
            status = STATUS_CANCELLED;
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
}

static enum status group_segment(struct grouping *g, const struct chosen_segment *chosen,
                                 struct err *err) {
    struct segment_cursor cursor;
    struct buf name = BUF_INIT;
    struct store_scan_stats *stats = &g->scan->stats;
    enum status status =
        segment_cursor_open(&cursor, store_segment_path(&name, g->scan->store, chosen->info),
                            &g->scan->query, chosen->first_stripe, err);
    buf_fini(&name);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
    }
    status = segment_templates(cursor.segment, err);
    if (status == STATUS_OK) {
        struct segment_groups *groups = segment_groups_create(g->spec, cursor.segment);
        status = group_blocks(g, groups, &cursor, err);
        if (status == STATUS_OK) {
            status = segment_groups_give(groups, g->sink->group, g->sink->ctx, err);
        }
        segment_groups_destroy(&groups);
    }
    if (status == STATUS_OK) {
        status = give_rows(g, err);
    }
    stats->blocks_pruned += cursor.blocks_pruned;
    stats->bytes_read += cursor.segment->bytes_read;
    stats->pruned_by_dictionary += cursor.excluded;
    stats->segments_pruned += cursor.excluded;
    segment_cursor_close(&cursor);
    return status;
}

enum status store_group(struct store *store, const struct store_scan_options *options,
                        const struct store_group_spec *spec, struct store_group_sink *sink,
                        struct store_scan_stats *stats, struct err *err) {
    struct store_scan_options one = *options;
    struct grouping g = {.spec = spec, .sink = sink, .cancel = options->cancel};
    one.threads = 1;
    enum status status = store_scan_open(&g.scan, store, &one, err);
    if (status != STATUS_OK) {
        return status;
    }
    batch_init(&g.batch);
    for (size_t i = 0; i < g.scan->segment_count && status == STATUS_OK; i++) {
        status = group_segment(&g, &g.scan->segments[i], err);
    }
    if (status == STATUS_OK && g.scan->tail.row_count > 0) {
        g.scan->stats.rows_matched += g.scan->tail.row_count;
        status = sink->rows(&g.scan->tail, sink->ctx, err);
    }
    *stats = g.scan->stats;
    batch_fini(&g.batch);
    store_scan_close(&g.scan);
    return status;
}
