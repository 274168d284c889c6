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

/* What was collected: full stripes are in the writer, the last one is not encoded yet. */
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

struct segment_draft *segment_builder_take(struct segment_builder *b) {
    if (segment_builder_rows(b) == 0) {
        return NULL;
    }
    struct segment_draft *d = mem_calloc(1, sizeof *d);
    d->dataset = b->dataset;
    d->effort = b->effort;
    d->writer = b->writer;
    b->writer = NULL;
    stripe_plan(&b->stripe, b->effort == EFFORT_DEEP);
    stripe_move(&d->stripe, &b->stripe);
    begin_segment(b);
    return d;
}

void segment_draft_finish(struct buf *out, struct segment_info *info, struct segment_draft **d) {
    struct segment_draft *draft = *d;
    if (draft->writer == NULL) {
        draft->writer = segment_writer_create(draft->dataset, draft->effort);
    }
    if (draft->stripe.row_count > 0) {
        segment_writer_add(draft->writer, &draft->stripe);
    }
    segment_writer_end(out, info, draft->writer);
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
