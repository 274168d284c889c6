/* Finding one row by source and sequence number. */
#include "store.h"

enum status store_read_raw(struct store *store, struct str source, uint64_t sequence,
                           struct buf *out, struct err *err) {
    struct store_scan_options options = STORE_SCAN_ALL;
    options.want_raw = true;
    options.include_derived = true;
    struct store_scan *scan = NULL;
    enum status status = store_scan_open(&scan, store, &options, err);
    struct batch batch;
    batch_init(&batch);
    bool more = status == STATUS_OK;
    bool found = false;
    while (more && !found) {
        status = store_scan_next(scan, &batch, &more, err);
        for (size_t i = 0; i < batch.row_count && !found; i++) {
            const struct row *row = &batch.rows[i];
            found =
                row->sequence == sequence && str_eq(intern_text(&batch.names, row->source), source);
            if (found) {
                buf_add(out, batch_raw(&batch, row));
            }
        }
    }
    batch_fini(&batch);
    store_scan_close(&scan);
    if (status == STATUS_OK && !found) {
        status = err_set(err, STATUS_NOT_FOUND, "the store has no event %.*s-%llu", STR_ARG(source),
                         (unsigned long long)sequence);
    }
    return status;
}
