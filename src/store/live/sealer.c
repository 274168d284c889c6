#include "sealer.h"

#include <pthread.h>

#include "check.h"
#include "mem.h"
#include "segment_builder.h"
#include "segment_file.h"
#include "store_path.h"

/* A segment on its way to the disk. */
struct sealing {
    struct segment_draft *draft;
    uint64_t number;
    size_t bytes; /* of memory */
};

struct sealer {
    char *dir;
    uint64_t *next_number;
    struct segment_builder *builders[DATASET_COUNT]; /* NULL until a row comes */
    size_t builder_memory;                           /* of all of them */
    size_t builder_bytes[DATASET_COUNT];             /* of each, as last asked */
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

/* Encodes and writes; no lock held. */
static enum status write_draft(const struct sealer *s, struct segment_info *info,
                               struct sealing *sealing, struct err *err) {
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
static void keep_result(struct sealer *s, const struct segment_info *info, enum status status,
                        const struct err *err) {
    if (status == STATUS_OK) {
        MEM_GROW(s->done, s->done_capacity, s->done_count + 1);
        s->done[s->done_count++] = *info;
    } else if (s->failed.status == STATUS_OK) {
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
        bool skip = s->failed.status != STATUS_OK; /* nothing is written after a failure */
        pthread_mutex_unlock(&s->lock);
        struct segment_info info = {0};
        struct err err = ERR_INIT;
        enum status status = STATUS_OK;
        if (skip) {
            segment_draft_destroy(&next.draft);
        } else {
            status = write_draft(s, &info, &next, &err);
        }
        pthread_mutex_lock(&s->lock);
        if (!skip) {
            keep_result(s, &info, status, &err);
        }
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
        segment_builder_destroy(&s->builders[d]);
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
    s->queue[s->queued++] = *sealing;
    s->bytes_in_flight += sealing->bytes;
    pthread_cond_broadcast(&s->changed);
    enum status status = told_failure(s, err);
    pthread_mutex_unlock(&s->lock);
    return status;
}

static enum status finish_builder(struct sealer *s, enum dataset dataset, struct err *err) {
    struct segment_builder *b = s->builders[dataset];
    struct sealing sealing = {.bytes = segment_builder_memory(b)};
    sealing.draft = segment_builder_take(b);
    s->builder_memory -= s->builder_bytes[dataset];
    s->builder_bytes[dataset] = segment_builder_memory(b);
    s->builder_memory += s->builder_bytes[dataset];
    CHECK(sealing.draft != NULL);
    sealing.number = (*s->next_number)++;
    if (s->threaded) {
        return hand_to_worker(s, &sealing, err);
    }
    struct segment_info info = {0};
    struct err local = ERR_INIT;
    enum status status = write_draft(s, &info, &sealing, &local);
    keep_result(s, &info, status, &local);
    return told_failure(s, err);
}

enum status sealer_add(struct sealer *s, const struct batch *batch, const struct row *row,
                       struct err *err) {
    enum dataset dataset = dataset_home((enum dataset)row->dataset);
    struct segment_builder **b = &s->builders[dataset];
    if (*b == NULL) {
        *b = segment_builder_create(dataset, EFFORT_FAST);
    }
    segment_builder_add(*b, batch, row);
    return segment_builder_is_full(*b) ? finish_builder(s, dataset, err) : STATUS_OK;
}

static enum dataset biggest(struct sealer *s) {
    enum dataset best = DATASET_COUNT;
    size_t most = 0;
    for (int d = 0; d < DATASET_COUNT; d++) {
        const struct segment_builder *b = s->builders[d];
        if (b != NULL && segment_builder_rows(b) > 0 && s->builder_bytes[d] >= most) {
            most = s->builder_bytes[d];
            best = (enum dataset)d;
        }
    }
    return best;
}

static void measure(struct sealer *s) {
    s->builder_memory = 0;
    for (int d = 0; d < DATASET_COUNT; d++) {
        s->builder_bytes[d] = s->builders[d] != NULL ? segment_builder_memory(s->builders[d]) : 0;
        s->builder_memory += s->builder_bytes[d];
    }
}

/* Waits until drafts in flight and builders together need less than `limit`, or nothing is in
 * flight. */
static void wait_for_memory(struct sealer *s, size_t limit) {
    if (!s->threaded) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    while (s->queued + s->is_busy > 0 && s->builder_memory + s->bytes_in_flight > limit) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
}

enum status sealer_spill(struct sealer *s, size_t limit, struct err *err) {
    enum status status = STATUS_OK;
    measure(s);
    while (status == STATUS_OK && (limit == 0 || s->builder_memory > limit)) {
        enum dataset dataset = biggest(s);
        if (dataset == DATASET_COUNT) {
            break; /* what is left is what the builders have learned */
        }
        status = finish_builder(s, dataset, err);
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
