/*
 * A store in memory behind the functions of store.h, for tests of what reads a store: rows of one
 * batch, filtered row by row. Include it once a program; the native store is not linked then.
 */
#ifndef KONSEKI_FAKE_STORE_H
#define KONSEKI_FAKE_STORE_H

#include "expr.h"
#include "mem.h"
#include "store.h"

struct store {
    struct batch batch;
    size_t rows_a_call; /* how many rows a scan hands out at once */
};

struct store_scan {
    struct store *store;
    struct store_scan_options options;
    struct expr_scratch *scratch;
    size_t next;
    struct store_scan_stats stats;
};

static bool fake_matches(struct store_scan *scan, const struct row *row) {
    const struct store_scan_options *o = &scan->options;
    bool derived = o->include_derived || (o->filter != NULL && expr_wants_derived(o->filter));
    if (row->time_ns < o->from_ns || row->time_ns >= o->to_ns ||
        ((row->flags & ROW_DERIVED) != 0 && !derived)) {
        return false;
    }
    return o->filter == NULL || expr_match_row(o->filter, &scan->store->batch, row, scan->scratch);
}

/* Copies the row with the values that were asked for. */
static void fake_copy(struct store_scan *scan, struct batch *out, const struct row *row) {
    const struct store_scan_options *o = &scan->options;
    batch_copy_row(out, &scan->store->batch, row, o->want_raw);
    if (o->all_fields) {
        return;
    }
    struct row *copy = batch_row(out);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < copy->value_count; i++) {
        struct value v = out->values[copy->first_value + i];
        for (size_t f = 0; f < o->field_count; f++) {
            if (o->fields[f] == v.field) {
                out->values[copy->first_value + kept++] = v;
                break;
            }
        }
    }
    batch_row_rewind(out, kept);
}

enum status store_scan_open(struct store_scan **out, struct store *store,
                            const struct store_scan_options *options, struct err *err) {
    (void)err;
    struct store_scan *scan = mem_calloc(1, sizeof *scan);
    scan->store = store;
    scan->options = *options;
    scan->scratch = expr_scratch_create(options->filter);
    *out = scan;
    return STATUS_OK;
}

enum status store_scan_next(struct store_scan *scan, struct batch *batch, bool *more,
                            struct err *err) {
    (void)err;
    batch_clear(batch);
    size_t rows = scan->store->rows_a_call > 0 ? scan->store->rows_a_call : 3;
    while (scan->next < scan->store->batch.row_count && batch->row_count < rows) {
        const struct row *row = &scan->store->batch.rows[scan->next++];
        if (fake_matches(scan, row)) {
            scan->stats.rows_matched++;
            fake_copy(scan, batch, row);
        }
    }
    *more = batch->row_count > 0;
    return STATUS_OK;
}

void store_scan_stop(struct store_scan *scan) {
    scan->next = scan->store->batch.row_count;
}

const struct store_scan_stats *store_scan_get_stats(const struct store_scan *scan) {
    return &scan->stats;
}

void store_scan_close(struct store_scan **scan);

/* All rows come as rows: columns are the real store's affair. */
enum status store_group(struct store *store, const struct store_scan_options *options,
                        const struct store_group_spec *spec, struct store_group_sink *sink,
                        struct store_scan_stats *stats, struct err *err) {
    (void)spec;
    struct store_scan *scan = NULL;
    struct batch batch;
    bool more = true;
    batch_init(&batch);
    enum status status = store_scan_open(&scan, store, options, err);
    while (status == STATUS_OK && more) {
        status = store_scan_next(scan, &batch, &more, err);
        if (status == STATUS_OK && more) {
            status = sink->rows(&batch, sink->ctx, err);
        }
    }
    *stats = scan->stats;
    store_scan_close(&scan);
    batch_fini(&batch);
    return status;
}

void store_scan_close(struct store_scan **scan) {
    expr_scratch_destroy(&(*scan)->scratch);
    mem_free(*scan);
    *scan = NULL;
}

#endif
