#include "scan_unsealed.h"

static bool row_can_match(const struct scan_query *q, const struct row *row) {
    return row->time_ns >= q->from_ns && (row->time_ns < q->to_ns || q->to_ns == INT64_MAX) &&
           row->arrival >= q->arrival_from && row->arrival < q->arrival_to &&
           (q->derived || (row->flags & ROW_DERIVED) == 0) &&
           scan_query_has_dataset(q, (enum dataset)row->dataset);
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

void scan_unsealed(struct batch *out, const struct store *store, const struct scan_query *query,
                   const struct expr *filter) {
    size_t next[DATASET_COUNT] = {0};
    enum dataset dataset = DATASET_UNKNOWN;
    struct expr_scratch *scratch = filter != NULL ? expr_scratch_create(filter) : NULL;
    const struct batch *b;
    while ((b = first_unsealed(&store->unsealed, next, &dataset)) != NULL) {
        const struct row *row = &b->rows[next[dataset]++];
        if (row->arrival < store->committed_end && row_can_match(query, row) &&
            (filter == NULL || expr_match_row(filter, b, row, scratch))) {
            batch_copy_row(out, b, row, true);
        }
    }
    expr_scratch_destroy(&scratch);
}
