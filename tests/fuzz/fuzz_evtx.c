/*
 * EVTX: reads any bytes as an event log file and checks what a reader promises: the raw bytes of
 * all rows are the input, records lie inside their container, records render as XML.
 *
 * The first byte says what the others are, so that small inputs reach far: 0 a whole file, 1 what
 * follows the header of a chunk, 2 the BinXML of one record (modulo 3).
 */
#include "bytes.h"
#include "check.h"
#include "evtx.h"
#include "evtx_chunk.h"
#include "windows_render.h"

enum { RENDERED_ROWS = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t check_rows(const struct batch *batch, const uint8_t *data, size_t at,
                         struct buf *xml) {
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct row *row = &batch->rows[i];
        struct str raw = batch_raw(batch, row);
        CHECK(raw.len == 0 || memcmp(raw.ptr, data + at, raw.len) == 0);
        at += raw.len;
        CHECK(row->container_back <= i && row->time_ns != TIME_NONE);
        const struct row *owner = row - row->container_back;
        CHECK(row->container_off <= owner->raw_len &&
              row->container_len <= owner->raw_len - row->container_off);
        if (i < RENDERED_ROWS) {
            buf_clear(xml);
            windows_render_xml(xml, batch, row);
            CHECK(xml->len > 0);
        }
    }
    return at;
}

static void read_file(const uint8_t *data, size_t size, bool recover) {
    struct batch batch;
    struct buf xml = BUF_INIT;
    batch_init(&batch);
    struct evtx_options options = {.recover_slack = recover};
    struct evtx_reader *reader = evtx_reader_open(data, size, &options);
    struct windows_reader_stamp stamp = {1, intern_add(&batch.names, STR("fuzz")), INTERN_NONE};
    size_t at = 0;
    while (evtx_reader_next(reader, &batch, &stamp)) {
        at = check_rows(&batch, data, at, &xml);
        batch_clear(&batch);
        stamp.source = intern_add(&batch.names, STR("fuzz"));
    }
    CHECK(at == size);
    evtx_reader_close(&reader);
    buf_fini(&xml);
    batch_fini(&batch);
}

/* A chunk around the bytes; `record`: with the frame of one record too. */
static size_t wrap(uint8_t *chunk, const uint8_t *data, size_t size, bool record) {
    size_t room = EVTX_CHUNK_BYTES - EVTX_CHUNK_HEADER_BYTES - EVTX_RECORD_MIN_BYTES;
    size = size < room ? size : room;
    size_t at = EVTX_CHUNK_HEADER_BYTES;
    memset(chunk, 0, EVTX_CHUNK_BYTES);
    memcpy(chunk, "ElfChnk", 8);
    memcpy(chunk + at + (record ? EVTX_RECORD_HEADER_BYTES : 0), data, size);
    size_t end = at + size;
    if (record) {
        uint32_t length = (uint32_t)(size + EVTX_RECORD_MIN_BYTES);
        bytes_put_le32(chunk + at, 0x2a2a);
        bytes_put_le32(chunk + at + 4, length);
        bytes_put_le64(chunk + at + 8, 1);
        bytes_put_le32(chunk + at + length - 4, length);
        end = at + length;
    }
    bytes_put_le32(chunk + 48, (uint32_t)end);
    return EVTX_CHUNK_BYTES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t chunk[EVTX_CHUNK_BYTES];
    int kind = size > 0 ? data[0] % 3 : 0;
    data += size > 0 ? 1 : 0;
    size -= size > 0 ? 1 : 0;
    if (kind != 0) {
        size = wrap(chunk, data, size, kind == 2);
        data = chunk;
    }
    read_file(data, size, false);
    read_file(data, size, true);
    return 0;
}
