#include "slice.h"

#include "mem.h"

void slice_init(struct slice *slice) {
    memset(slice, 0, sizeof *slice);
    batch_init(&slice->rows);
    batch_init(&slice->scratch);
}

void slice_fini(struct slice *slice) {
    batch_fini(&slice->rows);
    batch_fini(&slice->scratch);
    mem_free(slice->order);
    slice->order = NULL;
}

size_t slice_size_bytes(const struct slice *slice) {
    const struct batch *b = &slice->rows;
    return b->raw.len + b->text.len + b->row_count * sizeof(struct row) +
           b->value_count * sizeof(struct value);
}

static int compare_rows(const struct batch *b, const struct row *x, const struct row *y) {
    if (x->time_ns != y->time_ns) {
        return x->time_ns < y->time_ns ? -1 : 1;
    }
    if (x->source != y->source) {
        return str_compare(intern_text(&b->names, x->source), intern_text(&b->names, y->source));
    }
    if (x->origin != y->origin && x->origin != INTERN_NONE && y->origin != INTERN_NONE) {
        return str_compare(intern_text(&b->names, x->origin), intern_text(&b->names, y->origin));
    }
    if (x->line != y->line) {
        return x->line < y->line ? -1 : 1;
    }
    if (x->idx != y->idx) {
        return x->idx < y->idx ? -1 : 1;
    }
    return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

/* Merge sort: logs come nearly in order, so runs are long; qsort has no context argument. */
static void merge_sort(const struct batch *b, uint32_t *order, uint32_t *spare, size_t count) {
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t low = 0; low + width < count; low += 2 * width) {
            size_t middle = low + width;
            size_t high = middle + width < count ? middle + width : count;
            if (compare_rows(b, &b->rows[order[middle - 1]], &b->rows[order[middle]]) <= 0) {
                continue;
            }
            memcpy(spare, order + low, (middle - low) * sizeof *order);
            size_t i = 0;
            size_t j = middle;
            size_t out = low;
            while (i < middle - low && j < high) {
                bool left = compare_rows(b, &b->rows[spare[i]], &b->rows[order[j]]) <= 0;
                order[out++] = left ? spare[i++] : order[j++];
            }
            memcpy(order + out, spare + i, (middle - low - i) * sizeof *order);
        }
    }
}

void slice_sort(struct slice *slice) {
    size_t count = slice->rows.row_count;
    MEM_GROW(slice->order, slice->order_capacity, count + 1);
    for (size_t i = 0; i < count; i++) {
        slice->order[i] = (uint32_t)i;
    }
    uint32_t *spare = mem_alloc((count + 1) * sizeof *spare);
    merge_sort(&slice->rows, slice->order, spare, count);
    mem_free(spare);
}

static enum status read_scan(struct slice *slice, struct store_scan *scan,
                             const struct analysis_run *run, size_t limit_bytes, bool *too_big,
                             struct err *err) {
    bool more = true;
    while (!*too_big) {
        enum status status = store_scan_next(scan, &slice->scratch, &more, err);
        if (status != STATUS_OK || !more) {
            return status;
        }
        for (size_t i = 0; i < slice->scratch.row_count; i++) {
            const struct row *row = &slice->scratch.rows[i];
            if (run_wants(run, &slice->scratch, row)) {
                batch_copy_row(&slice->rows, &slice->scratch, row, false);
            }
        }
        *too_big = slice_size_bytes(slice) > limit_bytes;
    }
    return STATUS_OK;
}

enum status slice_read(struct slice *slice, struct store *store, const struct analysis_run *run,
                       const struct slice_range *range, bool *too_big, struct err *err) {
    struct store_scan *scan;
    struct store_scan_options options = STORE_SCAN_ALL;
    options.from_ns = range->from_ns;
    options.to_ns = range->to_ns;
    options.filter = range->filter;
    options.ordered = false;
    options.include_derived = true;
    options.datasets = run_datasets(run);
    options.fields = run_fields(run, &options.field_count);
    batch_clear(&slice->rows);
    *too_big = false;
    enum status status = store_scan_open(&scan, store, &options, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_scan(slice, scan, run, range->limit_bytes, too_big, err);
    store_scan_stop(scan);
    slice->stats = *store_scan_get_stats(scan);
    store_scan_close(&scan);
    if (status == STATUS_OK && !*too_big) {
        slice_sort(slice);
    }
    return status;
}
