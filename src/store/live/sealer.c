#include "sealer.h"

#include <pthread.h>

#include "check.h"
#include "mem.h"
#include "segment_builder.h"
#include "segment_file.h"
#include "store_path.h"

enum { GROWTH_PART = 4 /* a stripe that is packed leaves so much of its memory, about */ };

/* A stripe on its way into its segment, or with the last one the segment on its way to the disk. */
struct sealing {
    struct segment_draft *draft;
    enum dataset dataset;
    bool is_last;
    uint64_t number; /* of the segment, if it is the last stripe */
    size_t bytes;    /* of memory that it gives back */
};

/* Rows of a dataset on their way. */
struct seal_lane {
    struct segment_builder *builder; /* NULL until a row comes */
    size_t builder_bytes;            /* of memory, as last asked */
    struct segment_draft *draft;     /* earlier stripes of the segment; NULL: none */
    size_t draft_bytes;              /* of memory, about: known when a stripe goes there */
    bool is_busy;                    /* the worker has or will have the draft; under the lock */
};

struct sealer {
    char *dir;
    uint64_t *next_number;
    struct seal_lane lanes[DATASET_COUNT];
    size_t memory; /* of all lanes */
    bool threaded;

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* of anything below */
    struct sealing queue[SEALER_IN_FLIGHT];
    size_t queued;          /* the first ones are the oldest */
    bool is_busy;           /* the worker holds one that is not in the queue any more */
    bool is_over;           /* the worker shall end */
    size_t bytes_in_flight; /* of memory: queued and with the worker */
    struct segment_info *done;
    size_t done_count;
    size_t done_capacity;
    struct err failed; /* first failure */
};

/* --- finishing one --- */

/* Encodes, and writes what is whole; no lock held. */
static enum status pack_draft(const struct sealer *s, struct segment_info *info,
                              struct sealing *sealing, struct err *err) {
    if (!sealing->is_last) {
        segment_draft_pack(sealing->draft);
        return STATUS_OK;
    }
    struct buf bytes = BUF_INIT;
    struct buf path = BUF_INIT;
    segment_draft_finish(&bytes, info, &sealing->draft);
    info->number = sealing->number;
    enum status status =
        segment_file_write(store_path_segment(&path, s->dir, info->number), buf_str(&bytes), err);
    buf_fini(&path);
    buf_fini(&bytes);
    return status;
}

/* Under the lock, or without a worker. */
static void keep_result(struct sealer *s, const struct sealing *sealing,
                        const struct segment_info *info, enum status status,
                        const struct err *err) {
    s->lanes[sealing->dataset].is_busy = false;
    s->lanes[sealing->dataset].draft = sealing->draft; /* NULL if it was the last stripe */
    if (status == STATUS_OK && sealing->is_last) {
        MEM_GROW(s->done, s->done_capacity, s->done_count + 1);
        s->done[s->done_count++] = *info;
    } else if (status != STATUS_OK && s->failed.status == STATUS_OK) {
        s->failed = *err;
        s->failed.status = status;
    }
}

static void *work(void *ctx) {
    struct sealer *s = ctx;
    pthread_mutex_lock(&s->lock);
    while (!s->is_over) {
        if (s->queued == 0) {
            pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        struct sealing next = s->queue[0];
        memmove(s->queue, s->queue + 1, --s->queued * sizeof *s->queue);
        s->is_busy = true;
        struct err err = s->failed; /* nothing is written after a failure */
        enum status status = s->failed.status;
        pthread_mutex_unlock(&s->lock);
        struct segment_info info = {0};
        if (status != STATUS_OK) {
            segment_draft_destroy(&next.draft);
        } else {
            status = pack_draft(s, &info, &next, &err);
        }
        pthread_mutex_lock(&s->lock);
        keep_result(s, &next, &info, status, &err);
        s->is_busy = false;
        s->bytes_in_flight -= next.bytes;
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* --- life --- */

struct sealer *sealer_create(const char *dir, uint64_t *next_number, bool threaded) {
    struct sealer *s = mem_calloc(1, sizeof *s);
    s->dir = mem_strdup(dir, strlen(dir));
    s->next_number = next_number;
    if (threaded) {
        (void)pthread_mutex_init(&s->lock, NULL); /* cannot fail with these attributes (glibc) */
        (void)pthread_cond_init(&s->changed, NULL);
        s->threaded = pthread_create(&s->thread, NULL, work, s) == 0; /* else without a worker */
    }
    return s;
}

static void stop_worker(struct sealer *s) {
    pthread_mutex_lock(&s->lock);
    s->is_over = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    for (size_t i = 0; i < s->queued; i++) {
        segment_draft_destroy(&s->queue[i].draft);
    }
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->lock);
}

void sealer_destroy(struct sealer **sealer) {
    struct sealer *s = *sealer;
    if (s == NULL) {
        return;
    }
    if (s->threaded) {
        stop_worker(s);
    }
    for (int d = 0; d < DATASET_COUNT; d++) {
        segment_builder_destroy(&s->lanes[d].builder);
        segment_draft_destroy(&s->lanes[d].draft);
    }
    mem_free(s->done);
    mem_free(s->dir);
    mem_free(s);
    *sealer = NULL;
}

/* --- handing over --- */

static enum status told_failure(const struct sealer *s, struct err *err) {
    if (s->failed.status != STATUS_OK && err != NULL) {
        *err = s->failed;
    }
    return s->failed.status;
}

static enum status hand_to_worker(struct sealer *s, const struct sealing *sealing,
                                  struct err *err) {
    pthread_mutex_lock(&s->lock);
    while (s->queued + s->is_busy >= SEALER_IN_FLIGHT) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    s->lanes[sealing->dataset].is_busy = true;
    s->queue[s->queued++] = *sealing;
    s->bytes_in_flight += sealing->bytes;
    pthread_cond_broadcast(&s->changed);
    enum status status = told_failure(s, err);
    pthread_mutex_unlock(&s->lock);
    return status;
}

/* Takes the draft that has the stripes of before, when the worker has done with it. */
static struct segment_draft *take_draft(struct sealer *s, struct seal_lane *lane) {
    if (s->threaded) {
        pthread_mutex_lock(&s->lock);
        while (lane->is_busy) {
            pthread_cond_wait(&s->changed, &s->lock);
        }
        pthread_mutex_unlock(&s->lock);
    }
    struct segment_draft *draft = lane->draft;
    lane->draft = NULL;
    return draft;
}

static void measure_lane(struct sealer *s, struct seal_lane *lane) {
    s->memory -= lane->builder_bytes;
    lane->builder_bytes = lane->builder != NULL ? segment_builder_memory(lane->builder) : 0;
    s->memory += lane->builder_bytes;
}

static void set_draft_bytes(struct sealer *s, struct seal_lane *lane, size_t bytes) {
    s->memory += bytes - lane->draft_bytes;
    lane->draft_bytes = bytes;
}

/* What a dataset's builder has goes into its segment, which ends with it if `end`. */
static enum status seal_stripe(struct sealer *s, enum dataset dataset, bool end, struct err *err) {
    struct seal_lane *lane = &s->lanes[dataset];
    struct sealing sealing = {.dataset = dataset, .draft = take_draft(s, lane)};
    size_t before = sealing.draft == NULL ? 0 : segment_draft_memory(sealing.draft);
    sealing.is_last = end || (sealing.draft != NULL && segment_draft_is_nearly_full(sealing.draft));
    segment_builder_take(&sealing.draft, lane->builder, sealing.is_last);
    if (sealing.draft == NULL) { /* earlier stripes were lost after a failure */
        set_draft_bytes(s, lane, 0);
        return sealer_wait(s, err);
    }
    size_t stripe_bytes = segment_draft_memory(sealing.draft) - before;
    measure_lane(s, lane);
    set_draft_bytes(s, lane, sealing.is_last ? 0 : before + stripe_bytes / GROWTH_PART);
    sealing.bytes = stripe_bytes + (sealing.is_last ? before : 0);
    if (sealing.is_last) {
        sealing.number = (*s->next_number)++;
    }
    if (s->threaded) {
        return hand_to_worker(s, &sealing, err);
    }
    struct segment_info info = {0};
    struct err local = ERR_INIT;
    enum status status = pack_draft(s, &info, &sealing, &local);
    keep_result(s, &sealing, &info, status, &local);
    return told_failure(s, err);
}

enum status sealer_add(struct sealer *s, const struct batch *batch, const struct row *row,
                       struct err *err) {
    enum dataset dataset = dataset_home((enum dataset)row->dataset);
    struct segment_builder **b = &s->lanes[dataset].builder;
    if (*b == NULL) {
        *b = segment_builder_create(dataset, EFFORT_FAST);
    }
    segment_builder_add(*b, batch, row);
    return segment_builder_is_full(*b) ? seal_stripe(s, dataset, false, err) : STATUS_OK;
}

/* The dataset with the most memory that a segment takes; DATASET_COUNT if there is none. */
static enum dataset biggest(const struct sealer *s) {
    enum dataset best = DATASET_COUNT;
    size_t most = 0;
    for (int d = 0; d < DATASET_COUNT; d++) {
        const struct seal_lane *lane = &s->lanes[d];
        size_t bytes = lane->builder_bytes + lane->draft_bytes;
        bool has_rows = lane->builder != NULL && segment_builder_rows(lane->builder) > 0;
        if ((has_rows || lane->draft_bytes > 0) && bytes >= most) {
            most = bytes;
            best = (enum dataset)d;
        }
    }
    return best;
}

static void measure(struct sealer *s) {
    for (int d = 0; d < DATASET_COUNT; d++) {
        measure_lane(s, &s->lanes[d]);
    }
}

/* Waits until drafts in flight and builders together need less than `limit`, or nothing is in
 * flight. */
static void wait_for_memory(struct sealer *s, size_t limit) {
    if (!s->threaded) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    while (s->queued + s->is_busy > 0 && s->memory + s->bytes_in_flight > limit) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
}

enum status sealer_spill(struct sealer *s, size_t limit, struct err *err) {
    enum status status = STATUS_OK;
    measure(s);
    while (status == STATUS_OK && (limit == 0 || s->memory > limit)) {
        enum dataset dataset = biggest(s);
        if (dataset == DATASET_COUNT) {
            break; /* what is left is what the builders have learned */
        }
        const struct seal_lane *lane = &s->lanes[dataset];
        bool end = limit == 0 || lane->draft_bytes >= lane->builder_bytes;
        status = seal_stripe(s, dataset, end, err);
    }
    if (limit > 0) {
        wait_for_memory(s, limit);
    }
    return status;
}

enum status sealer_wait(struct sealer *s, struct err *err) {
    if (!s->threaded) {
        return told_failure(s, err);
    }
    pthread_mutex_lock(&s->lock);
    while (s->queued > 0 || s->is_busy) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    enum status status = told_failure(s, err);
    pthread_mutex_unlock(&s->lock);
    return status;
}

struct segment_info *sealer_steal(struct sealer *s, size_t *count) {
    struct segment_info *out = s->done;
    *count = s->done_count;
    s->done = NULL;
    s->done_count = 0;
    s->done_capacity = 0;
    return out;
}
