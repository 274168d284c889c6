/*
 * The raw bytes of one row. Callers ask for rows near each other (the chunks of an EVTX file), so
 * the segment of the last answer is tried first.
 */
#include "store_find.h"
#include "store_priv.h"

static enum status read_from_segment(bool *found, struct store *store,
                                     const struct segment_info *info, const struct row_name *name,
                                     struct buf *out, struct err *err) {
    struct segment *s = NULL;
    struct block b;
    uint32_t row = 0;
    const struct template *t = NULL;
    enum status status = store_open_segment(&s, store, info, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = segment_find_row(found, &row, &b, s, name, &row_range_all, err);
    if (*found) {
        status = block_seek(&t, &b, row, err);
        status = status == STATUS_OK ? block_raw(out, &b, t, err) : status;
        block_close(&b);
    }
    segment_close(&s);
    return status;
}

static bool read_unsealed(const struct store *store, struct str source, uint64_t sequence,
                          struct buf *out) {
    for (int d = 0; d < DATASET_COUNT; d++) {
        const struct batch *b = store->unsealed.batches[d];
        for (size_t i = 0; b != NULL && i < b->row_count; i++) {
            const struct row *row = &b->rows[i];
            if (row->sequence == sequence && row->arrival < store->committed_end &&
                str_eq(intern_text(&b->names, row->source), source)) {
                buf_add(out, batch_raw(b, row));
                return true;
            }
        }
    }
    return false;
}

enum status store_read_raw(struct store *store, struct str source, uint64_t sequence,
                           struct buf *out, struct err *err) {
    const struct row_name name = {source, sequence};
    bool found = read_unsealed(store, source, sequence, out);
    size_t count = store->chain.segment_count;
    for (size_t i = 0; i < count && !found; i++) {
        size_t at = (store->raw_hint + i) % count;
        enum status status =
            read_from_segment(&found, store, &store->chain.segments[at], &name, out, err);
        if (status != STATUS_OK) {
            return status;
        }
        store->raw_hint = found ? at : store->raw_hint;
    }
    if (!found) {
        return err_set(err, STATUS_NOT_FOUND, "the store has no event %.*s-%llu", STR_ARG(source),
                       (unsigned long long)sequence);
    }
    return STATUS_OK;
}
