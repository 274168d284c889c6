#include "evtx_chunk.h"

#include "bytes.h"
#include "crc32.h"

#define RECORD_MAGIC 0x00002a2au

bool evtx_chunk_has_magic(const uint8_t *bytes, size_t size) {
    return size >= EVTX_CHUNK_HEADER_BYTES && memcmp(bytes, "ElfChnk", 8) == 0;
}

void evtx_chunk_begin(struct evtx_chunk *chunk, const uint8_t *bytes, size_t size,
                      bool recover_slack) {
    size_t free_off = size >= 52 ? bytes_le32(bytes + 48) : 0;
    bool usable = free_off >= EVTX_CHUNK_HEADER_BYTES && free_off <= EVTX_CHUNK_BYTES;
    if (!usable) {
        free_off = EVTX_CHUNK_BYTES; /* read as far as records go */
    }
    *chunk = (struct evtx_chunk){.bytes = bytes,
                                 .size = size,
                                 .free_off = free_off < size ? free_off : size,
                                 .at = EVTX_CHUNK_HEADER_BYTES,
                                 .has_free_off = usable,
                                 .recover_slack = recover_slack};
}

static bool is_record_at(const struct evtx_chunk *chunk, size_t at) {
    return at <= chunk->size && chunk->size - at >= EVTX_RECORD_HEADER_BYTES &&
           bytes_le32(chunk->bytes + at) == RECORD_MAGIC;
}

/* True if size and its copy at the end agree and fit. */
static bool is_whole(const struct evtx_chunk *chunk, size_t at) {
    size_t size = bytes_le32(chunk->bytes + at + 4);
    return size >= EVTX_RECORD_MIN_BYTES && size <= chunk->size - at &&
           bytes_le32(chunk->bytes + at + size - 4) == size;
}

/* Offset of the next record signature at or after `from` and before `end`, or `end`. */
static size_t find_record(const struct evtx_chunk *chunk, size_t from, size_t end) {
    while (from < end) {
        const uint8_t *hit = memchr(chunk->bytes + from, '*', end - from);
        if (hit == NULL) {
            return end;
        }
        from = (size_t)(hit - chunk->bytes);
        if (is_record_at(chunk, from)) {
            return from;
        }
        from++;
    }
    return end;
}

static void take(struct evtx_record *out, struct evtx_chunk *chunk, size_t at) {
    const uint8_t *p = chunk->bytes + at;
    size_t size = bytes_le32(p + 4);
    *out = (struct evtx_record){.off = at,
                                .len = size,
                                .body_end = at + size - 4,
                                .number = bytes_le64(p + 8),
                                .filetime = bytes_le64(p + 16),
                                .recovered = chunk->in_slack};
    if (!is_whole(chunk, at)) {
        bool fits = size >= EVTX_RECORD_MIN_BYTES && size <= chunk->size - at;
        size_t next = find_record(chunk, at + 4, chunk->in_slack ? chunk->size : chunk->free_off);
        out->fault = fits ? "the two sizes of the record differ" : "record size impossible";
        out->len = (next > at + 4 ? next : chunk->size) - at;
        if (fits && is_record_at(chunk, at + size)) {
            out->len = size; /* the first size leads to a record: only the copy is wrong */
        }
        out->body_end = at + out->len;
    }
    chunk->at = at + out->len;
    chunk->last_number = out->number;
    chunk->any = true;
}

static bool is_zero(const uint8_t *bytes, size_t size) {
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Bytes where a record should be but no signature is. */
static void take_gap(struct evtx_record *out, struct evtx_chunk *chunk, size_t end) {
    *out = (struct evtx_record){.off = chunk->at,
                                .len = end - chunk->at,
                                .body_end = chunk->at,
                                .fault = "no record signature"};
    chunk->at = end;
    chunk->any = true;
}

/* In slack: whole records only, found by their signature. */
static bool next_in_slack(struct evtx_record *out, struct evtx_chunk *chunk) {
    size_t at = chunk->at;
    while ((at = find_record(chunk, at, chunk->size)) < chunk->size) {
        if (is_whole(chunk, at)) {
            take(out, chunk, at);
            return true;
        }
        at++;
    }
    chunk->at = chunk->size;
    return false;
}

/* Written after the header was: goes on with the next number. */
static bool goes_on(const struct evtx_chunk *chunk) {
    return chunk->at >= chunk->free_off && is_record_at(chunk, chunk->at) &&
           is_whole(chunk, chunk->at) && chunk->any &&
           bytes_le64(chunk->bytes + chunk->at + 8) == chunk->last_number + 1;
}

bool evtx_chunk_next(struct evtx_record *out, struct evtx_chunk *chunk) {
    if (!chunk->in_slack) {
        size_t at = find_record(chunk, chunk->at, chunk->free_off);
        bool gap =
            chunk->at < chunk->free_off && !is_zero(chunk->bytes + chunk->at, at - chunk->at);
        if (gap && (at < chunk->free_off || chunk->has_free_off)) {
            take_gap(out, chunk, at);
            return true;
        }
        if (at < chunk->free_off) {
            take(out, chunk, at);
            return true;
        }
        if (goes_on(chunk)) {
            take(out, chunk, chunk->at);
            return true;
        }
        chunk->in_slack = true;
    }
    return chunk->recover_slack && next_in_slack(out, chunk);
}

bool evtx_chunk_is_intact(const struct evtx_chunk *chunk) {
    const uint8_t *p = chunk->bytes;
    size_t free_off = bytes_le32(p + 48);
    if (chunk->size < EVTX_CHUNK_BYTES || free_off < EVTX_CHUNK_HEADER_BYTES ||
        free_off > EVTX_CHUNK_BYTES) {
        return false;
    }
    uint32_t header = crc32_update(crc32_update(0, p, 120), p + 128, 384);
    uint32_t records =
        crc32_update(0, p + EVTX_CHUNK_HEADER_BYTES, free_off - EVTX_CHUNK_HEADER_BYTES);
    return header == bytes_le32(p + 124) && records == bytes_le32(p + 52);
}
