#include "tree_walk.h"

#include "kept.h"
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

static enum status take_rows(struct walk *w, const struct batch *batch, struct err *err) {
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
            status = take_rows(w, &batch, err);
        }
    }
    store_scan_close(&scan);
    batch_fini(&batch);
    return status == STATUS_OK ? pass_kept(w, to, err) : status;
}

enum status tree_walk(struct store *s, uint64_t from, uint64_t to, tree_part_fn *part, void *ctx,
                      struct err *err) {
    struct walk w = {.store = s, .at = from, .part = part, .ctx = ctx};
    enum status status = kept_open(&w.kept, s->path, &s->chain, false, err);
    if (status == STATUS_OK) {
        w.next_kept = kept_find(&w.kept, from);
        status = walk_rows(&w, to, err);
    }
    kept_close(&w.kept);
    return status;
}
