#include "segment_builder.h"

#include "check.h"
#include "mem.h"
#include "segment_writer.h"

struct segment_builder {
    enum dataset dataset;
    enum segment_effort effort;
    struct cutter *cutter;
    struct stripe stripe;
    struct segment_writer *writer; /* NULL: no full stripe yet */
};

/* A segment in the making: packed stripes are in the writer, the last one is not encoded yet. */
struct segment_draft {
    enum dataset dataset;
    enum segment_effort effort;
    struct stripe stripe;
    struct segment_writer *writer;
};

struct segment_builder *segment_builder_create(enum dataset dataset, enum segment_effort effort) {
    struct segment_builder *b = mem_calloc(1, sizeof *b);
    b->dataset = dataset;
    b->effort = effort;
    b->cutter = cutter_create();
    if (effort == EFFORT_DEEP) {
        cutter_be_patient(b->cutter);
    }
    return b;
}

void segment_builder_destroy(struct segment_builder **builder) {
    struct segment_builder *b = *builder;
    if (b == NULL) {
        return;
    }
    cutter_destroy(&b->cutter);
    stripe_fini(&b->stripe);
    segment_writer_destroy(&b->writer);
    mem_free(b);
    *builder = NULL;
}

static void put_stripe(struct segment_builder *b) {
    if (b->writer == NULL) {
        b->writer = segment_writer_create(b->dataset, b->effort);
    }
    segment_writer_add(b->writer, &b->stripe);
    stripe_clear(&b->stripe, NULL);
    cutter_begin_stripe(b->cutter);
}

/* An empty segment begins: the cutter may number anew. */
static void begin_segment(struct segment_builder *b) {
    cutter_begin_segment(b->cutter);
    stripe_clear(&b->stripe, b->cutter);
}

void segment_builder_add(struct segment_builder *b, const struct batch *batch,
                         const struct row *row) {
    stripe_add(&b->stripe, b->cutter, batch, row);
    if (b->effort == EFFORT_DEEP && stripe_is_full(&b->stripe)) {
        put_stripe(b);
    }
}

uint64_t segment_builder_rows(const struct segment_builder *b) {
    return b->stripe.row_count + (b->writer == NULL ? 0 : b->writer->info.rows);
}

size_t segment_builder_memory(const struct segment_builder *b) {
    return stripe_memory(&b->stripe) + (b->writer == NULL ? 0 : segment_writer_memory(b->writer));
}

bool segment_builder_is_full(const struct segment_builder *b) {
    return stripe_is_full(&b->stripe) ||
           (b->writer != NULL && b->stripe.row_count == 0 && segment_writer_is_full(b->writer));
}

void segment_builder_finish(struct buf *out, struct segment_info *info, struct segment_builder *b) {
    CHECK(segment_builder_rows(b) > 0);
    if (b->stripe.row_count > 0) {
        put_stripe(b);
    }
    segment_writer_end(out, info, b->writer);
    segment_writer_destroy(&b->writer);
    begin_segment(b);
}

/* --- drafts --- */

static struct segment_draft *create_draft(struct segment_builder *b) {
    struct segment_draft *d = mem_calloc(1, sizeof *d);
    d->dataset = b->dataset;
    d->effort = b->effort;
    d->writer = b->writer;
    b->writer = NULL;
    return d;
}

void segment_builder_take(struct segment_draft **d, struct segment_builder *b, bool last) {
    if (*d == NULL && segment_builder_rows(b) > 0) {
        *d = create_draft(b);
    }
    if (b->stripe.row_count > 0) {
        CHECK((*d)->stripe.row_count == 0); /* packed before the next one comes */
        stripe_plan(&b->stripe, b->effort == EFFORT_DEEP);
        stripe_move(&(*d)->stripe, &b->stripe);
    }
    if (last) {
        begin_segment(b);
    } else {
        cutter_begin_stripe(b->cutter);
    }
}

void segment_draft_pack(struct segment_draft *d) {
    if (d->writer == NULL) {
        d->writer = segment_writer_create(d->dataset, d->effort);
    }
    if (d->stripe.row_count > 0) {
        segment_writer_add(d->writer, &d->stripe);
    }
    stripe_fini(&d->stripe);
    segment_writer_rest(d->writer);
}

bool segment_draft_is_nearly_full(const struct segment_draft *d) {
    return d->writer != NULL && segment_writer_is_nearly_full(d->writer);
}

size_t segment_draft_memory(const struct segment_draft *d) {
    return stripe_memory(&d->stripe) + (d->writer == NULL ? 0 : segment_writer_memory(d->writer));
}

void segment_draft_finish(struct buf *out, struct segment_info *info, struct segment_draft **d) {
    segment_draft_pack(*d);
    segment_writer_end(out, info, (*d)->writer);
    segment_draft_destroy(d);
}

void segment_draft_destroy(struct segment_draft **d) {
    if (*d != NULL) {
        stripe_fini(&(*d)->stripe);
        segment_writer_destroy(&(*d)->writer);
        mem_free(*d);
        *d = NULL;
    }
}
