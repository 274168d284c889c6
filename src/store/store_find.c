/*
 * A source's sequence numbers ascend with the arrival numbers, also from segment to segment. So the
 * first block of a segment with a number above the wanted one ends the search in it.
 */
#include "store_find.h"

#include "block.h"

enum found { FOUND_NOT_YET, FOUND_ROW, FOUND_TOO_LATE };

static enum found look_at_rows(uint32_t *row, const struct block *b, uint32_t source,
                               uint64_t sequence) {
    const int64_t *sources = b->numbers[NUMBER_SOURCE];
    const int64_t *sequences = b->numbers[NUMBER_SEQUENCE];
    for (uint32_t i = 0; i < b->info->rows; i++) {
        if (sources[i] == source && (uint64_t)sequences[i] >= sequence) {
            *row = i;
            return (uint64_t)sequences[i] == sequence ? FOUND_ROW : FOUND_TOO_LATE;
        }
    }
    return FOUND_NOT_YET;
}

static enum status look_at_block(enum found *found, uint64_t *arrival, struct segment *s,
                                 size_t index, uint32_t source, uint64_t sequence,
                                 struct err *err) {
    struct block b;
    uint32_t row = 0;
    enum status status = block_open(&b, s, index, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = block_numbers(&b, NUMBER_SOURCE, err);
    if (status == STATUS_OK) {
        status = block_numbers(&b, NUMBER_SEQUENCE, err);
    }
    if (status == STATUS_OK) {
        *found = look_at_rows(&row, &b, source, sequence);
    }
    if (status == STATUS_OK && *found == FOUND_ROW) {
        status = block_numbers(&b, NUMBER_ARRIVAL, err);
        if (status == STATUS_OK) {
            *arrival = (uint64_t)b.numbers[NUMBER_ARRIVAL][row];
        }
    }
    block_close(&b);
    return status;
}

static enum status look_at_segment(enum found *found, uint64_t *arrival, struct store *store,
                                   const struct segment_info *info, const struct row_name *name,
                                   struct err *err) {
    struct segment *s = NULL;
    enum status status = store_open_segment(&s, store, info, err);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t source = 0;
    while (source < s->name_count && !str_eq(s->names[source], name->source)) {
        source++;
    }
    *found = FOUND_NOT_YET;
    for (size_t i = 0; source < s->name_count && i < s->block_count && *found == FOUND_NOT_YET;
         i++) {
        status = look_at_block(found, arrival, s, i, source, name->sequence, err);
        if (status != STATUS_OK) {
            break;
        }
    }
    segment_close(&s);
    return status;
}

enum status store_find_row(uint64_t *arrival, struct store *s, const struct row_name *name,
                           uint64_t from, uint64_t to, size_t *hint, struct err *err) {
    size_t count = s->chain.segment_count;
    for (size_t i = 0; i < count; i++) {
        size_t at = (*hint + i) % count;
        const struct segment_info *info = &s->chain.segments[at];
        enum found found = FOUND_NOT_YET;
        if (info->arrival_last < from || info->arrival_first >= to) {
            continue;
        }
        enum status status = look_at_segment(&found, arrival, s, info, name, err);
        if (status != STATUS_OK) {
            return status;
        }
        if (found == FOUND_ROW) {
            *hint = at;
            return STATUS_OK;
        }
    }
    return err_set(err, STATUS_NOT_FOUND, "the store has no event %.*s-%llu", STR_ARG(name->source),
                   (unsigned long long)name->sequence);
}
