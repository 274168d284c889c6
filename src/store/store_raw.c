/*
 * Finding one row by source and sequence number. Only those two numbers of each block are
 * unpacked. Callers ask for rows near each other (the chunks of an EVTX file), so the segment of
 * the last answer is tried first.
 */
#include "block.h"
#include "store_priv.h"

/* True if the block holds the row; *row is its number. */
static enum status find_in_block(bool *found, uint32_t *row, struct block *b, uint32_t source,
                                 uint64_t sequence, struct err *err) {
    enum status status = block_numbers(b, NUMBER_SOURCE, err);
    if (status == STATUS_OK) {
        status = block_numbers(b, NUMBER_SEQUENCE, err);
    }
    for (uint32_t i = 0; status == STATUS_OK && i < b->info->rows && !*found; i++) {
        if ((uint64_t)b->numbers[NUMBER_SEQUENCE][i] == sequence &&
            b->numbers[NUMBER_SOURCE][i] == source) {
            *found = true;
            *row = i;
        }
    }
    return status;
}

static enum status read_from_block(bool *found, struct segment *s, size_t index, uint32_t source,
                                   uint64_t sequence, struct buf *out, struct err *err) {
    struct block b;
    uint32_t row = 0;
    const struct template *t = NULL;
    enum status status = block_open(&b, s, index, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = find_in_block(found, &row, &b, source, sequence, err);
    if (status == STATUS_OK && *found) {
        status = block_seek(&t, &b, row, err);
    }
    if (status == STATUS_OK && *found) {
        status = block_raw(out, &b, t, err);
    }
    block_close(&b);
    return status;
}

static enum status read_from_segment(bool *found, struct store *store,
                                     const struct segment_info *info, struct str source,
                                     uint64_t sequence, struct buf *out, struct err *err) {
    struct segment *s = NULL;
    enum status status = store_open_segment(&s, store, info, err);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t number = 0;
    while (number < s->name_count && !str_eq(s->names[number], source)) {
        number++;
    }
    for (size_t i = 0; number < s->name_count && i < s->block_count && !*found; i++) {
        status = read_from_block(found, s, i, number, sequence, out, err);
        if (status != STATUS_OK) {
            break;
        }
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
    bool found = read_unsealed(store, source, sequence, out);
    size_t count = store->chain.segment_count;
    for (size_t i = 0; i < count && !found; i++) {
        size_t at = (store->raw_hint + i) % count;
        enum status status = read_from_segment(&found, store, &store->chain.segments[at], source,
                                               sequence, out, err);
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
