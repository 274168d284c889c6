#include "evtx_shape.h"

#include "bytes.h"

enum {
    HEADER_BYTES = 4096,
    HEADER_NEXT = 24,
    HEADER_FLAGS = 120,
    FLAG_DIRTY = 1,
    CHUNK_FIRST_NUMBER = 24,
    CHUNK_LAST_NUMBER = 32,
    CHUNK_HEADER_BYTES = 512
};

static void see_header(struct evtx_shape *shape, const uint8_t *bytes) {
    shape->has_header = true;
    shape->is_dirty = (bytes_le32(bytes + HEADER_FLAGS) & FLAG_DIRTY) != 0;
    shape->next_number = bytes_le64(bytes + HEADER_NEXT);
}

static void see_chunk(struct evtx_shape *shape, const uint8_t *bytes) {
    uint64_t first = bytes_le64(bytes + CHUNK_FIRST_NUMBER);
    uint64_t last = bytes_le64(bytes + CHUNK_LAST_NUMBER);
    if (first == 0 || last < first || last == UINT64_MAX) {
        return; /* without records */
    }
    bool is_least = shape->chunks == 0 || first < shape->first_number;
    shape->first_number = is_least ? first : shape->first_number;
    shape->last_number = last > shape->last_number ? last : shape->last_number;
    shape->chunks++;
}

void evtx_shape_see(struct evtx_shape *shape, const struct triage_event *row) {
    struct str raw = batch_raw(row->batch, row->row);
    if (raw.len >= HEADER_BYTES && str_starts(raw, str_make("ElfFile", 8))) {
        see_header(shape, (const uint8_t *)raw.ptr);
        raw = str_skip(raw, HEADER_BYTES);
    }
    if (raw.len >= CHUNK_HEADER_BYTES && str_starts(raw, str_make("ElfChnk", 8))) {
        see_chunk(shape, (const uint8_t *)raw.ptr);
    }
}

uint64_t evtx_shape_cut_off(const struct evtx_shape *shape) {
    bool is_witness = shape->has_header && !shape->is_dirty && shape->chunks > 0;
    return is_witness && shape->next_number > shape->last_number + 1
               ? shape->next_number - shape->last_number - 1
               : 0;
}
