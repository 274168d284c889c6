/* Figures of a store: from the chain and the rows in the log; no segment is opened. */
#include "store_priv.h"

static void widen_times(struct store_stat *out, int64_t min, int64_t max) {
    if (out->oldest_ns == TIME_NONE || min < out->oldest_ns) {
        out->oldest_ns = min;
    }
    if (out->newest_ns == TIME_NONE || max > out->newest_ns) {
        out->newest_ns = max;
    }
}

static void add_segment(struct store_stat *out, const struct segment_info *s) {
    out->events += s->rows - s->derived;
    out->derived += s->derived;
    out->raw_bytes += s->raw_bytes;
    if (s->place == 0) {
        out->disk_bytes += s->file_bytes;
        out->index_bytes += s->index_bytes;
    } else {
        out->archived_bytes += s->file_bytes;
    }
    out->segments++;
    out->archived += s->place != 0;
    out->merged += s->effort == EFFORT_DEEP;
    widen_times(out, s->time_min, s->time_max);
}

/* Committed rows of one dataset (DATASET_COUNT: of all) that are in the log only. */
static void add_unsealed(struct store_stat *out, const struct batch *b, enum dataset dataset,
                         uint64_t end) {
    for (size_t i = 0; i < b->row_count && b->rows[i].arrival < end; i++) {
        const struct row *row = &b->rows[i];
        if (dataset != DATASET_COUNT && dataset != dataset_home((enum dataset)row->dataset)) {
            continue;
        }
        bool derived = (row->flags & ROW_DERIVED) != 0;
        out->derived += derived;
        out->events += !derived;
        out->unsealed += !derived;
        out->raw_bytes += row->raw_len;
        widen_times(out, row->time_ns, row->time_ns);
    }
}

void store_get_stat(struct store *s, enum dataset dataset, struct store_stat *out) {
    *out = (struct store_stat){.sealed_to = s->chain.last.tree.size,
                               .arrival_end = s->committed_end,
                               .oldest_ns = TIME_NONE,
                               .newest_ns = TIME_NONE};
    for (size_t i = 0; i < s->chain.segment_count; i++) {
        if (dataset == DATASET_COUNT || s->chain.segments[i].dataset == dataset) {
            add_segment(out, &s->chain.segments[i]);
        }
    }
    for (int d = 0; d < DATASET_COUNT; d++) {
        if (s->unsealed.batches[d] != NULL) {
            add_unsealed(out, s->unsealed.batches[d], dataset, s->committed_end);
        }
    }
    if (dataset == DATASET_COUNT) {
        out->disk_bytes += s->chain.valid_bytes;
    }
}

enum status store_disk_bytes(uint64_t *out, const char *path, struct err *err) {
    return file_tree_bytes(out, path, err);
}
