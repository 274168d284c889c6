/*
 * The cutter on any rows: what it makes of a row must give the row back. Input: rows, each of
 *   charset and number of values, length of the raw bytes, raw bytes, then three bytes a value:
 *   field and transform, start, length of its slice.
 * A row may be repeated, so that shapes are replayed and relations learned.
 */
#include <stdlib.h>

#include "cut_print.h"
#include "schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_values(struct batch *b, const uint8_t *choice, unsigned count, size_t raw_len) {
    for (unsigned i = 0; i < count; i++, choice += 3) {
        size_t start = raw_len == 0 ? 0 : choice[1] % raw_len;
        struct str slice = str_make(b->raw.ptr + start, choice[2] % (raw_len - start + 1));
        uint32_t field = FIELD_EVENT_KIND + choice[0] % 16;
        switch (choice[0] >> 6) {
        case 0:
            batch_add(b, field, str_make("0123456789", choice[2] % 11));
            break;
        case 1:
            batch_add_decoded(b, field, str_head(slice, slice.len / 2), slice, TRANSFORM_JSON);
            break;
        case 2:
            batch_add_i64(b, field, (int64_t)choice[1] * 1000000000);
            break;
        default:
            batch_add(b, field, slice);
            break;
        }
    }
}

/* Takes one row's description off the input; false at the end. */
static bool read_row(struct batch *b, const uint8_t **data, size_t *size, int64_t time_ns) {
    if (*size < 2) {
        return false;
    }
    unsigned values = (*data)[0] & 15;
    uint8_t charset = (uint8_t)(((*data)[0] >> 4) % 7);
    size_t len = (*data)[1];
    *data += 2;
    *size -= 2;
    if (*size < len + (size_t)values * 3) {
        return false;
    }
    batch_clear(b);
    buf_append(&b->raw, *data, len);
    struct row *row = batch_row_begin(b, 0, len);
    row->charset = charset;
    row->time_ns = time_ns;
    row->receive_ns = time_ns;
    add_values(b, *data + len, values, len);
    *data += len + (size_t)values * 3;
    *size -= len + (size_t)values * 3;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct cut_printer printer; /* large; keeps nothing of a row */
    struct cutter *cutter = cutter_create();
    struct batch b;
    batch_init(&b);
    int64_t time_ns = INT64_C(1772377204391600352);
    for (unsigned n = 0; read_row(&b, &data, &size, time_ns); n++) {
        for (unsigned again = 0; again < 20; again++) {
            struct cut cut;
            cutter_row(&cut, cutter, &b, &b.rows[0]);
            if (!cut_prints_row(&printer, cutter, &cut, &b, &b.rows[0])) {
                abort();
            }
        }
        if (n % 5 == 4) {
            cutter_begin_segment(cutter);
        }
        time_ns += (int64_t)n * 1234567890;
    }
    batch_fini(&b);
    cutter_destroy(&cutter);
    return 0;
}
