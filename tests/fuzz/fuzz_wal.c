/* The batches of a write-ahead log: what decodes must encode to something that decodes alike. */
#include "batch_wire.h"
#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct batch b;
    struct batch again;
    batch_init(&b);
    batch_init(&again);
    if (batch_wire_decode(&b, str_make((const char *)data, size))) {
        struct buf bytes = BUF_INIT;
        batch_wire_encode(&bytes, &b);
        CHECK(batch_wire_decode(&again, buf_str(&bytes)));
        CHECK(again.row_count == b.row_count && again.value_count == b.value_count);
        for (size_t i = 0; i < b.row_count; i++) {
            CHECK(str_eq(batch_raw(&b, &b.rows[i]), batch_raw(&again, &again.rows[i])));
        }
        buf_fini(&bytes);
    }
    batch_fini(&again);
    batch_fini(&b);
    return 0;
}
