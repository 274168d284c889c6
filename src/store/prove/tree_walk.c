#include "tree_walk.h"

#include "kept.h"
#include "row_window.h"
#include "store_priv.h"

struct walk {
    struct store *store;
    struct kept kept;
    size_t next_kept;
    uint64_t at; /* next row */
    tree_part_fn *part;
    void *ctx;
};

/* Why the row is not there. */
static enum status tell_missing(struct walk *w, struct err *err) {
    const struct chain *c = &w->store->chain;
    struct buf path = BUF_INIT;
    enum status status = STATUS_OK;
    const char *ignored;
    for (size_t i = 0; i < c->segment_count && status == STATUS_OK; i++) {
        const struct segment_info *s = &c->segments[i];
        if (s->place != 0 && s->arrival_first <= w->at && w->at <= s->arrival_last) {
            status = store_need_segment(&ignored, &path, w->store, s, err);
        }
    }
    buf_fini(&path);
    return status != STATUS_OK
               ? status
               : err_set(err, STATUS_DAMAGED, "row %llu is missing", (unsigned long long)w->at);
}

/* Kept subtrees up to row `to`. */
static enum status pass_kept(struct walk *w, uint64_t to, struct err *err) {
    while (w->at < to) {
        if (w->next_kept == w->kept.count) {
            return tell_missing(w, err);
        }
        struct kept_node n = kept_get(&w->kept, w->next_kept);
        uint64_t rows = UINT64_C(1) << n.level;
        if (n.first != w->at || rows > to - w->at) {
            return tell_missing(w, err);
        }
        struct tree_part part = {n.first, n.level, n.hash, NULL, NULL};
        w->part(&part, w->ctx);
        w->next_kept++;
        w->at += rows;
    }
    return STATUS_OK;
}

static enum status take_rows(const struct batch *batch, void *ctx, struct err *err) {
    struct walk *w = ctx;
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct row *row = &batch->rows[i];
        enum status status = pass_kept(w, row->arrival, err);
        if (status == STATUS_OK && row->arrival != w->at) {
            status = tell_missing(w, err);
        }
        if (status != STATUS_OK) {
            return status;
        }
        uint8_t leaf[SHA256_BYTES];
        store_leaf(leaf, batch, row);
        struct tree_part part = {row->arrival, 0, leaf, batch, row};
        w->part(&part, w->ctx);
        w->at++;
    }
    return STATUS_OK;
}

static enum status walk_rows(struct walk *w, uint64_t to, struct err *err) {
    struct store_scan_options o = STORE_SCAN_ALL;
    struct store_scan *scan = NULL;
    struct batch batch;
    bool more = true;
    o.want_raw = true;
    o.include_derived = true;
    o.arrival_from = w->at;
    o.arrival_to = to;
    batch_init(&batch);
    enum status status = store_scan_open(&scan, w->store, &o, err);
    while (status == STATUS_OK && more) {
        status = store_scan_next(scan, &batch, &more, err);
        if (status == STATUS_OK) {
            status = take_rows(&batch, w, err);
        }
    }
    store_scan_close(&scan);
    batch_fini(&batch);
    return status;
}

/* `window` NULL: by a scan. */
static enum status walk(struct walk *w, struct row_window *window, uint64_t to, struct err *err) {
    enum status status = kept_open(&w->kept, w->store->path, &w->store->chain, false, err);
    if (status == STATUS_OK) {
        w->next_kept = kept_find(&w->kept, w->at);
        status = window == NULL ? walk_rows(w, to, err)
                                : row_window_read(window, w->at, to, take_rows, w, err);
    }
    if (status == STATUS_OK) {
        status = pass_kept(w, to, err);
    }
    kept_close(&w->kept);
    return status;
}

enum status tree_walk(struct store *s, uint64_t from, uint64_t to, tree_part_fn *part, void *ctx,
                      struct err *err) {
    struct walk w = {.store = s, .at = from, .part = part, .ctx = ctx};
    return walk(&w, NULL, to, err);
}

enum status tree_walk_few(struct store *s, struct row_window *window, uint64_t from, uint64_t to,
                          tree_part_fn *part, void *ctx, struct err *err) {
    struct walk w = {.store = s, .at = from, .part = part, .ctx = ctx};
    return walk(&w, window, to, err);
}
