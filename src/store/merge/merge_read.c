#include "merge_read.h"

#include "block.h"
#include "i18n.h"
#include "segment.h"

enum { BATCH_BYTES = 2 << 20 };

/* --- bytes --- */

static enum status check_extent(const struct segment *s, uint64_t offset, uint64_t len,
                                const uint8_t *expected, struct err *err) {
    uint8_t hash[SHA256_BYTES];
    sha256_of(hash, str_make((const char *)s->map.bytes + offset, (size_t)len));
    return memcmp(hash, expected, SHA256_BYTES) == 0
               ? STATUS_OK
               : segment_damaged(s, err, _("the SHA-256 of a part differs"));
}

static enum status check_bytes(const struct segment *s, const struct segment_info *info,
                               struct err *err) {
    if (s->map.size_bytes != info->file_bytes || s->row_count != info->rows ||
        !segment_has_footer(s, info->footer_sha256)) {
        return segment_damaged(s, err, _("it is not the one that its checkpoint names"));
    }
    enum status status = check_extent(s, s->shared_offset, s->shared_len, s->shared_sha256, err);
    for (size_t i = 0; i < s->stripe_count && status == STATUS_OK; i++) {
        const struct segment_stripe *t = &s->stripes[i];
        status = check_extent(s, t->offset, t->len, t->sha256, err);
    }
    return status;
}

/* --- rows --- */

struct walk {
    struct batch batch;
    merge_visit_fn *visit;
    void *ctx;
};

static enum status give(struct walk *w, struct err *err) {
    enum status status = w->batch.row_count > 0 ? w->visit(&w->batch, w->ctx, err) : STATUS_OK;
    batch_clear(&w->batch);
    return status;
}

static enum status read_block(struct walk *w, struct segment *s, size_t index, struct err *err) {
    static const struct block_wants wants = {.raw = true, .all_fields = true};
    struct block b;
    enum status status = block_open(&b, s, index, err);
    if (status != STATUS_OK) {
        return status;
    }
    for (uint32_t row = 0; row < b.info->rows && status == STATUS_OK; row++) {
        status = block_take_row(&w->batch, &b, row, &wants, err);
        if (status == STATUS_OK && w->batch.raw.len + w->batch.text.len >= BATCH_BYTES) {
            status = give(w, err);
        }
    }
    block_close(&b);
    return status == STATUS_OK ? give(w, err) : status;
}

enum status merge_read(const char *path, const struct segment_info *info, merge_visit_fn *visit,
                       void *ctx, struct err *err) {
    struct segment *s = NULL;
    enum status status = segment_open(&s, path, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct walk w = {.visit = visit, .ctx = ctx};
    batch_init(&w.batch);
    status = check_bytes(s, info, err);
    for (size_t i = 0; i < s->block_count && status == STATUS_OK; i++) {
        status = read_block(&w, s, i, err);
    }
    batch_fini(&w.batch);
    segment_close(&s);
    return status;
}
