/*
 * All merges now. Threads: each merge runs in its own (`lock` guards what they tell when they are
 * done); the store itself is touched by the caller's thread only.
 */
#include <pthread.h>
#include <time.h>

#include "cpu.h"
#include "mem.h"
#include "merge.h"
#include "store_priv.h"

enum { MAX_THREADS = 2, WAIT_MS = 200 };

struct slot {
    struct store_merge *merge; /* NULL: idle */
    pthread_t thread;
    struct compaction *compaction;
    struct err err;
    bool is_done;
};

struct compaction {
    struct store *store;
    const struct store_compact_options *options;
    struct store_compact_result *result;
    uint64_t total_bytes;
    struct slot slots[MAX_THREADS];
    size_t slot_count;
    size_t busy;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_over; /* start nothing more */
    enum status status;
    struct err *err;
};

static void *run_merge(void *ctx) {
    struct slot *slot = ctx;
    (void)!store_merge_run(slot->merge, &slot->err); /* the merge keeps its status */
    struct compaction *c = slot->compaction;
    pthread_mutex_lock(&c->lock);
    slot->is_done = true;
    pthread_cond_broadcast(&c->done);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void fail(struct compaction *c, enum status status, const struct err *err) {
    if (c->status == STATUS_OK) {
        c->status = status;
        if (c->err != NULL && err != NULL) {
            *c->err = *err;
        }
    }
}

/* Starts what can be started. */
static void start(struct compaction *c) {
    for (size_t i = 0; i < c->slot_count && !c->is_over; i++) {
        struct slot *slot = &c->slots[i];
        if (slot->merge != NULL) {
            continue;
        }
        slot->merge = store_merge_begin(c->store, true);
        if (slot->merge == NULL) {
            return;
        }
        slot->is_done = false;
        slot->err = ERR_INIT;
        slot->compaction = c;
        c->busy++;
        if (pthread_create(&slot->thread, NULL, run_merge, slot) != 0) {
            struct err err = ERR_INIT;
            (void)err_set(&err, STATUS_ENVIRONMENT, "cannot start a thread");
            fail(c, STATUS_ENVIRONMENT, &err);
            c->is_over = true;
            c->busy--;
            (void)!store_merge_end(c->store, &slot->merge, NULL); /* nothing was written */
        }
    }
}

/* What a damaged segment says does not keep others from being merged; a full disk does. */
static void take_result(struct compaction *c, struct slot *slot) {
    enum status status = slot->merge->status;
    uint64_t bytes = 0;
    for (size_t i = 0; i < slot->merge->input_count; i++) {
        bytes += slot->merge->inputs[i].raw_bytes;
    }
    enum status taken = store_merge_end(c->store, &slot->merge, &slot->err);
    c->busy--;
    if (status == STATUS_OK) {
        status = taken;
    }
    if (status == STATUS_OK) {
        status = store_seal(c->store, &slot->err);
    }
    if (status != STATUS_OK) {
        fail(c, status, &slot->err);
        c->is_over = c->is_over || status != STATUS_DAMAGED;
        return;
    }
    c->result->merges++;
    c->result->raw_bytes += bytes;
}

static void tell_progress(struct compaction *c) {
    uint64_t done = c->result->raw_bytes;
    uint64_t total = c->total_bytes > done ? c->total_bytes : done;
    if (c->options->progress == NULL || c->is_over ||
        c->options->progress(done, total, c->options->ctx)) {
        return;
    }
    struct err err = ERR_INIT;
    fail(c, err_set(&err, STATUS_CANCELLED, "stopped; what was merged until now stays"), &err);
    c->is_over = true;
    for (size_t i = 0; i < c->slot_count; i++) {
        if (c->slots[i].merge != NULL) {
            store_merge_cancel(c->slots[i].merge);
        }
    }
}

/* Waits a while for any merge to be done. */
static void wait_a_while(struct compaction *c) {
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&c->lock);
    bool any = false;
    for (size_t i = 0; i < c->slot_count; i++) {
        any = any || (c->slots[i].merge != NULL && c->slots[i].is_done);
    }
    if (!any) {
        (void)pthread_cond_timedwait(&c->done, &c->lock, &until);
    }
    pthread_mutex_unlock(&c->lock);
}

static void collect(struct compaction *c) {
    for (size_t i = 0; i < c->slot_count; i++) {
        struct slot *slot = &c->slots[i];
        pthread_mutex_lock(&c->lock);
        bool done = slot->merge != NULL && slot->is_done;
        pthread_mutex_unlock(&c->lock);
        if (done) {
            (void)pthread_join(slot->thread, NULL);
            take_result(c, slot);
        }
    }
}

/* Without threads: for callers that must have everything happen in order. */
static void run_here(struct compaction *c) {
    struct slot slot = {.merge = NULL};
    while (!c->is_over && (slot.merge = store_merge_begin(c->store, true)) != NULL) {
        slot.err = ERR_INIT;
        c->busy++;
        (void)!store_merge_run(slot.merge, &slot.err); /* the merge keeps its status */
        take_result(c, &slot);
        tell_progress(c);
    }
}

static void run_threads(struct compaction *c) {
    (void)pthread_mutex_init(&c->lock, NULL); /* cannot fail with these attributes (glibc) */
    (void)pthread_cond_init(&c->done, NULL);
    start(c);
    while (c->busy > 0) {
        wait_a_while(c);
        collect(c);
        tell_progress(c);
        start(c);
    }
    (void)pthread_cond_destroy(&c->done);
    (void)pthread_mutex_destroy(&c->lock);
}

static void summarise(const struct store *s, uint64_t *segments, uint64_t *disk_bytes) {
    *segments = s->chain.segment_count;
    *disk_bytes = 0;
    for (size_t i = 0; i < s->chain.segment_count; i++) {
        *disk_bytes += s->chain.segments[i].file_bytes;
    }
}

enum status store_compact(struct store *s, const struct store_compact_options *options,
                          struct store_compact_result *result, struct err *err) {
    *result = (struct store_compact_result){0};
    enum status status = store_seal(s, err);
    if (status != STATUS_OK) {
        return status;
    }
    summarise(s, &result->segments_before, &result->disk_bytes_before);
    unsigned threads = options->threads < MAX_THREADS ? options->threads : MAX_THREADS;
    struct compaction c = {
        .store = s, .options = options, .result = result, .slot_count = threads, .err = err};
    for (size_t i = 0; i < s->chain.segment_count; i++) {
        const struct segment_info *info = &s->chain.segments[i];
        c.total_bytes += info->effort == EFFORT_FAST ? info->raw_bytes : 0;
    }
    if (threads == 0) {
        run_here(&c);
    } else {
        run_threads(&c);
    }
    summarise(s, &result->segments_after, &result->disk_bytes_after);
    return c.status;
}
