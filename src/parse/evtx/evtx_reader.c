#include "evtx.h"

#include "binxml_value.h"
#include "bytes.h"
#include "crc32.h"
#include "event_decode.h"
#include "evtx_chunk.h"
#include "mem.h"
#include "windows_ecs.h"

enum {
    FILE_HEADER_BYTES = 4096,
    META_ROW_BYTES = 1 << 20,
    HEADER_FLAG_DIRTY = 1,
    HEADER_SUMMED_BYTES = 120,
    SEARCH_BYTES = 16 * EVTX_CHUNK_BYTES /* for a chunk behind a damaged file header */
};

struct evtx_reader {
    const uint8_t *bytes;
    size_t size;
    struct evtx_options options;
    struct event_decoder *decoder;
    size_t done; /* bytes that are in rows already */
    size_t at;   /* where the next chunk is looked for */
    bool dirty;
    uint32_t idx;
    struct evtx_counts counts;
};

static bool has_file_magic(const uint8_t *bytes, size_t size) {
    return size >= 8 && memcmp(bytes, "ElfFile", 8) == 0;
}

/* Offset of the next chunk signature at or after `from`, or `end`. */
static size_t find_chunk(const uint8_t *bytes, size_t from, size_t end) {
    while (from + EVTX_CHUNK_HEADER_BYTES <= end) {
        const uint8_t *hit = memchr(bytes + from, 'E', end - from);
        if (hit == NULL) {
            return end;
        }
        from = (size_t)(hit - bytes);
        if (evtx_chunk_has_magic(hit, end - from)) {
            return from;
        }
        from++;
    }
    return end;
}

bool evtx_is_file(const uint8_t *bytes, size_t size_bytes) {
    if (has_file_magic(bytes, size_bytes)) {
        return true;
    }
    size_t limit = size_bytes < SEARCH_BYTES ? size_bytes : (size_t)SEARCH_BYTES;
    size_t first = size_bytes > FILE_HEADER_BYTES ? (size_t)FILE_HEADER_BYTES : 0;
    return evtx_chunk_has_magic(bytes, size_bytes) ||
           evtx_chunk_has_magic(bytes + first, size_bytes - first) ||
           (limit > 0 && bytes[0] == 0 && find_chunk(bytes, 0, limit) < limit);
}

bool evtx_has_chunk(const uint8_t *bytes, size_t size_bytes) {
    return find_chunk(bytes, 0, size_bytes) < size_bytes;
}

struct evtx_reader *evtx_reader_open(const uint8_t *bytes, size_t size_bytes,
                                     const struct evtx_options *options) {
    struct evtx_reader *r = mem_calloc(1, sizeof *r);
    r->bytes = bytes;
    r->size = size_bytes;
    r->options = *options;
    r->decoder = event_decoder_create();
    bool whole_header = has_file_magic(bytes, size_bytes) && size_bytes >= FILE_HEADER_BYTES;
    r->dirty = whole_header && (bytes_le32(bytes + 120) & HEADER_FLAG_DIRTY) != 0;
    r->counts.has_header = whole_header;
    r->counts.is_dirty = r->dirty;
    r->counts.header_chunks = whole_header ? bytes_le16(bytes + 42) : 0;
    r->counts.bad_header =
        whole_header && crc32_update(0, bytes, HEADER_SUMMED_BYTES) != bytes_le32(bytes + 124);
    return r;
}

void evtx_reader_close(struct evtx_reader **reader) {
    if (*reader != NULL) {
        event_decoder_destroy(&(*reader)->decoder);
        mem_free(*reader);
        *reader = NULL;
    }
}

struct evtx_counts evtx_reader_counts(const struct evtx_reader *reader) {
    return reader->counts;
}

static size_t chunk_size(const struct evtx_reader *r, size_t at) {
    size_t rest = r->size - at;
    return rest < EVTX_CHUNK_BYTES ? rest : (size_t)EVTX_CHUNK_BYTES;
}

/* A chunk that lost its signature: a whole record where the first one of a chunk is. */
static bool has_first_record(const struct evtx_reader *r, size_t at) {
    struct evtx_chunk chunk;
    struct evtx_record record;
    if (r->size - at <= EVTX_CHUNK_HEADER_BYTES + EVTX_RECORD_MIN_BYTES) {
        return false;
    }
    evtx_chunk_begin(&chunk, r->bytes + at, chunk_size(r, at), false);
    return evtx_chunk_next(&record, &chunk) && record.off == EVTX_CHUNK_HEADER_BYTES &&
           record.fault == NULL;
}

/* Offset of the next chunk at or after `from` (the end of another), or the file's size. */
static size_t next_chunk(const struct evtx_reader *r, size_t from) {
    size_t signature = find_chunk(r->bytes, from, r->size);
    size_t at = from < FILE_HEADER_BYTES ? (size_t)FILE_HEADER_BYTES : from;
    for (; at < signature; at += EVTX_CHUNK_BYTES) {
        if (has_first_record(r, at)) {
            return at;
        }
    }
    return signature;
}

/* Offset of the next chunk that holds a record, or the file's size. */
static size_t next_chunk_with_records(const struct evtx_reader *r, size_t from) {
    size_t at = from;
    while ((at = next_chunk(r, at)) < r->size) {
        struct evtx_chunk chunk;
        struct evtx_record record;
        evtx_chunk_begin(&chunk, r->bytes + at, chunk_size(r, at), r->options.recover_slack);
        if (evtx_chunk_next(&record, &chunk)) {
            return at;
        }
        at += chunk.size;
    }
    return r->size;
}

static struct row *begin_row(struct evtx_reader *r, struct batch *batch, size_t raw_len,
                             const struct windows_reader_stamp *stamp) {
    size_t raw_off = batch->raw.len;
    buf_append(&batch->raw, r->bytes + r->done, raw_len);
    r->done += raw_len;
    struct row *row = batch_row_begin(batch, raw_off, raw_len);
    row->receive_ns = stamp->receive_ns;
    row->source = stamp->source;
    row->origin = stamp->origin;
    row->dataset = DATASET_WINDOWS_EVTX;
    row->charset = CHARSET_BINARY;
    return row;
}

/* Bytes without records up to `end`, in parts. */
static void add_meta_rows(struct evtx_reader *r, struct batch *batch, size_t end,
                          const struct windows_reader_stamp *stamp) {
    while (r->done < end && batch->raw.len < WINDOWS_BATCH_BYTES) {
        size_t len = end - r->done < META_ROW_BYTES ? end - r->done : (size_t)META_ROW_BYTES;
        struct row *row = begin_row(r, batch, len, stamp);
        row->time_ns = stamp->receive_ns;
        row->flags |= ROW_META | ROW_TIME_RECEIVED;
    }
}

static void add_error(struct batch *batch, size_t file_off, const char *what, size_t fault_off) {
    size_t start = batch->text.len;
    buf_printf(&batch->text, "record at offset %zu: %s", file_off, what);
    if (fault_off > 0) {
        buf_printf(&batch->text, " (at offset %zu)", fault_off);
    }
    batch_add(batch, FIELD_PARSE_ERROR, str_make(batch->text.ptr + start, batch->text.len - start));
}

static void finish_times(struct row *row, const struct evtx_record *record) {
    if (row->time_ns == TIME_NONE) {
        row->time_ns = binxml_filetime_ns(record->filetime);
    }
    if (row->time_ns == TIME_NONE) {
        row->time_ns = row->receive_ns;
        row->flags |= ROW_TIME_RECEIVED;
    }
}

/* Values of the record into the row that was begun for it. */
static void decode_record(struct evtx_reader *r, struct batch *batch, size_t chunk_off,
                          const struct evtx_record *record) {
    struct row *row = batch_row(batch);
    row->idx = r->idx++;
    row->record_id = record->number;
    row->flags |= record->recovered ? ROW_RECOVERED : 0;
    struct binxml_fault fault =
        event_decode(r->decoder, batch, record->off + EVTX_RECORD_HEADER_BYTES, record->body_end);
    if (record->fault != NULL) {
        fault = (struct binxml_fault){record->fault, 0};
    }
    row = batch_row(batch);
    finish_times(row, record);
    windows_ecs_add(batch);
    r->counts.records++;
    r->counts.recovered += record->recovered ? 1 : 0;
    if (fault.what != NULL) {
        batch_row(batch)->flags |= ROW_DAMAGED;
        r->counts.damaged++;
        r->counts.bad_slack += record->recovered ? 1 : 0;
        add_error(batch, chunk_off + record->off, fault.what,
                  fault.offset > 0 ? chunk_off + fault.offset : 0);
    }
}

/* The chunk at `at`: its first row takes all bytes up to the chunk's end and, within limits, up to
 * the next chunk with records. */
static void read_chunk(struct evtx_reader *r, struct batch *batch, size_t at,
                       const struct windows_reader_stamp *stamp) {
    struct evtx_chunk chunk;
    struct evtx_record record;
    evtx_chunk_begin(&chunk, r->bytes + at, chunk_size(r, at), r->options.recover_slack);
    event_decoder_begin_chunk(r->decoder, chunk.bytes, chunk.size);
    bool intact = evtx_chunk_is_intact(&chunk);
    r->counts.chunks++;
    r->counts.bad_chunks += intact ? 0 : 1;
    size_t end = at + chunk.size;
    r->at = next_chunk_with_records(r, end);
    size_t raw_end = r->at - end <= META_ROW_BYTES ? r->at : end;
    size_t raw_start = r->done;
    size_t owner = batch->row_count;
    while (evtx_chunk_next(&record, &chunk)) {
        bool first = batch->row_count == owner;
        struct row *row = begin_row(r, batch, first ? raw_end - r->done : 0, stamp);
        row->container_back = (uint32_t)(batch->row_count - 1 - owner);
        row->container_off = (uint32_t)(at + record.off - raw_start);
        row->container_len = (uint32_t)record.len;
        row->flags |= first ? 0 : ROW_IN_CONTAINER;
        decode_record(r, batch, at, &record);
        if (first && !intact && !r->dirty) {
            size_t start = batch->text.len;
            buf_printf(&batch->text, "chunk at offset %zu fails its checksum", at);
            batch_add(batch, FIELD_PARSE_ERROR,
                      str_make(batch->text.ptr + start, batch->text.len - start));
        }
    }
}

bool evtx_reader_next(struct evtx_reader *r, struct batch *batch,
                      const struct windows_reader_stamp *stamp) {
    event_decoder_begin_batch(r->decoder);
    size_t rows_before = batch->row_count;
    if (r->done == 0 && r->at == 0) {
        r->at = next_chunk_with_records(r, 0);
    }
    while (r->done < r->size && batch->row_count - rows_before < WINDOWS_BATCH_ROWS &&
           batch->raw.len < WINDOWS_BATCH_BYTES) {
        if (r->at - r->done > META_ROW_BYTES || r->at == r->size) {
            add_meta_rows(r, batch, r->at, stamp);
        } else {
            read_chunk(r, batch, r->at, stamp);
        }
    }
    return batch->row_count > rows_before;
}
