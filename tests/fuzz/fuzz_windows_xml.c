/* Windows events as XML: reads any bytes and checks that the raw bytes of all rows are the input
 * and that every row renders as XML. The first byte chooses a record limit. */
#include "check.h"
#include "windows_render.h"
#include "windows_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t check_rows(const struct batch *batch, const uint8_t *data, size_t at,
                         struct buf *xml) {
    for (size_t i = 0; i < batch->row_count; i++) {
        struct str raw = batch_raw(batch, &batch->rows[i]);
        CHECK(raw.len > 0 && memcmp(raw.ptr, data + at, raw.len) == 0);
        at += raw.len;
        CHECK(batch->rows[i].time_ns != TIME_NONE && batch->rows[i].line > 0);
        buf_clear(xml);
        windows_render_xml(xml, batch, &batch->rows[i]);
        CHECK(xml->len > 0);
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t limit = size > 0 && data[0] % 4 == 0 ? 64 : 0;
    struct batch batch;
    struct buf xml = BUF_INIT;
    batch_init(&batch);
    (void)windows_xml_is_file(data, size);
    struct windows_xml_reader *reader = windows_xml_reader_open(data, size, limit);
    struct windows_reader_stamp stamp = {1, intern_add(&batch.names, STR("fuzz")), INTERN_NONE};
    size_t at = 0;
    while (windows_xml_reader_next(reader, &batch, &stamp)) {
        at = check_rows(&batch, data, at, &xml);
        batch_clear(&batch);
        stamp.source = intern_add(&batch.names, STR("fuzz"));
    }
    CHECK(at == size);
    windows_xml_reader_close(&reader);
    buf_fini(&xml);
    batch_fini(&batch);
    return 0;
}
