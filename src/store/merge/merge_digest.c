#include "merge_digest.h"

#include <stdlib.h>

#include "mem.h"
#include "store_priv.h"
#include "wire.h"

void merge_digest_init(struct merge_digest *d) {
    *d = (struct merge_digest){.scratch = BUF_INIT};
    sha256_init(&d->hash);
}

static int compare_places(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* By field: a segment may give values of different fields back in another order. */
static void put_values(struct merge_digest *d, const struct batch *b, const struct row *row) {
    struct buf *out = &d->scratch;
    MEM_GROW(d->places, d->place_capacity, (size_t)row->value_count + 1);
    for (uint32_t i = 0; i < row->value_count; i++) {
        d->places[i] = (uint64_t)b->values[row->first_value + i].field << 32 | i;
    }
    qsort(d->places, row->value_count, sizeof *d->places, compare_places);
    wire_put_u64(out, row->value_count);
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + (uint32_t)d->places[i]];
        wire_put_u64(out, v->field);
        wire_put_str(out, batch_value_text(b, v));
    }
}

static void put_row(struct buf *out, const struct batch *b, const struct row *row) {
    uint8_t leaf[SHA256_BYTES]; /* source, sequence, receive time and raw bytes */
    store_leaf(leaf, b, row);
    buf_append(out, leaf, sizeof leaf);
    wire_put_i64(out, row->time_ns);
    wire_put_u64(out, row->arrival);
    wire_put_u64(out, row->record_id);
    wire_put_str(out, row->origin == INTERN_NONE ? STR_EMPTY : intern_text(&b->names, row->origin));
    wire_put_u64(out, row->line);
    wire_put_u64(out, row->idx);
    wire_put_u64(out, row->flags);
    wire_put_u64(out, row->container_back);
    wire_put_u64(out, row->container_off);
    wire_put_u64(out, row->container_len);
    wire_put_u64(out, row->dataset);
    wire_put_u64(out, row->charset);
}

void merge_digest_add(struct merge_digest *d, const struct batch *batch, const struct row *row) {
    buf_clear(&d->scratch);
    put_row(&d->scratch, batch, row);
    put_values(d, batch, row);
    sha256_add(&d->hash, d->scratch.ptr, d->scratch.len);
    d->rows++;
}

void merge_digest_finish(struct merge_digest *d, uint8_t out[SHA256_BYTES]) {
    sha256_finish(&d->hash, out);
    buf_fini(&d->scratch);
    mem_free(d->places);
}
