#include "scan_pool.h"

#include <pthread.h>

#include "check.h"
#include "mem.h"

enum {
    FIRST_ROWS = 64, /* a first batch comes soon: many a search wants few rows */
    MORE_TIMES = 8,
    MOST_ROWS = 8192,
    MOST_BYTES = 4 << 20,
    MAX_THREADS = 64
};

enum source_state {
    SOURCE_ASKED,   /* in the queue of the pool */
    SOURCE_FILLING, /* a thread works on it */
    SOURCE_READY    /* `spare` holds the next rows; empty: no more, or `status` says why */
};

struct scan_source {
    struct scan_pool *pool;
    struct scan_source *next; /* in the queue */
    char *path;
    uint32_t stripes;
    struct segment_cursor cursor;
    bool is_open;
    size_t rows_wanted;
    struct batch given; /* the scan's thread reads it */
    struct batch spare;
    enum source_state state;
    bool finished; /* spare is the last batch */
    enum status status;
    struct err err;
};

struct scan_pool {
    const struct scan_query *query;
    const atomic_bool *cancel;
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t asked; /* a source was queued, or the pool ends */
    pthread_cond_t ready; /* a source was filled */
    struct scan_source *first;
    struct scan_source *last;
    pthread_t threads[MAX_THREADS];
    unsigned thread_count; /* 0: the scan's own thread fills */
};

/* --- filling --- */

static bool is_cancelled(const struct scan_pool *pool) {
    return atomic_load_explicit(&pool->stop, memory_order_relaxed) ||
           (pool->cancel != NULL && atomic_load_explicit(pool->cancel, memory_order_relaxed));
}

static bool is_full(const struct scan_source *s) {
    return s->spare.row_count >= s->rows_wanted ||
           s->spare.raw.len + s->spare.text.len >= MOST_BYTES;
}

/* Goes on by one row or one block. */
static enum status step(struct scan_source *s) {
    bool more = true;
    bool found = false;
    uint64_t arrival;
    enum status status = segment_cursor_step(&found, &arrival, &more, &s->cursor, &s->err);
    s->finished = status == STATUS_OK && !more;
    return status == STATUS_OK && found ? segment_cursor_take(&s->spare, &s->cursor, &s->err)
                                        : status;
}

/* Owns the source while it runs. */
static void fill(struct scan_source *s) {
    batch_clear(&s->spare);
    enum status status = STATUS_OK;
    if (!s->is_open) {
        status = segment_cursor_open(&s->cursor, s->path, s->pool->query, s->stripes, &s->err);
        s->is_open = status == STATUS_OK;
    }
    while (status == STATUS_OK && !s->finished && !is_full(s)) {
        status = is_cancelled(s->pool) ? STATUS_CANCELLED : step(s);
    }
    s->rows_wanted =
        s->rows_wanted * MORE_TIMES < MOST_ROWS ? s->rows_wanted * MORE_TIMES : MOST_ROWS;
    s->status = status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
}

static void *work(void *ctx) {
    struct scan_pool *pool = ctx;
    pthread_mutex_lock(&pool->lock);
    while (!atomic_load(&pool->stop)) {
        struct scan_source *s = pool->first;
        if (s == NULL) {
            pthread_cond_wait(&pool->asked, &pool->lock);
            continue;
        }
        pool->first = s->next;
        pool->last = pool->first == NULL ? NULL : pool->last;
        s->state = SOURCE_FILLING;
        pthread_mutex_unlock(&pool->lock);
        fill(s);
        pthread_mutex_lock(&pool->lock);
        s->state = SOURCE_READY;
        pthread_cond_broadcast(&pool->ready);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* --- the pool --- */

struct scan_pool *scan_pool_create(const struct scan_query *query, unsigned threads,
                                   const atomic_bool *cancel) {
    struct scan_pool *pool = mem_calloc(1, sizeof *pool);
    pool->query = query;
    pool->cancel = cancel;
    CHECK(pthread_mutex_init(&pool->lock, NULL) == 0);
    CHECK(pthread_cond_init(&pool->asked, NULL) == 0);
    CHECK(pthread_cond_init(&pool->ready, NULL) == 0);
    unsigned wanted = threads > MAX_THREADS ? MAX_THREADS : threads;
    for (unsigned i = 0; wanted > 1 && i < wanted; i++) {
        if (pthread_create(&pool->threads[i], NULL, work, pool) != 0) {
            break; /* with those that came, or with none */
        }
        pool->thread_count++;
    }
    return pool;
}

void scan_pool_destroy(struct scan_pool **out) {
    struct scan_pool *pool = *out;
    *out = NULL;
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stop, true);
    pthread_cond_broadcast(&pool->asked);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++) {
        (void)pthread_join(pool->threads[i], NULL);
    }
    (void)pthread_cond_destroy(&pool->ready);
    (void)pthread_cond_destroy(&pool->asked);
    (void)pthread_mutex_destroy(&pool->lock);
    mem_free(pool);
}

unsigned scan_pool_threads(const struct scan_pool *pool) {
    return pool->thread_count > 0 ? pool->thread_count : 1;
}

static void ask(struct scan_source *s) {
    struct scan_pool *pool = s->pool;
    s->state = SOURCE_ASKED;
    if (pool->thread_count == 0) {
        return; /* filled when it is waited for */
    }
    pthread_mutex_lock(&pool->lock);
    s->next = NULL;
    if (pool->last == NULL) {
        pool->first = s;
    } else {
        pool->last->next = s;
    }
    pool->last = s;
    pthread_cond_signal(&pool->asked);
    pthread_mutex_unlock(&pool->lock);
}

struct scan_source *scan_pool_add(struct scan_pool *pool, const char *path, uint32_t stripes) {
    struct scan_source *s = mem_calloc(1, sizeof *s);
    s->pool = pool;
    s->path = mem_strdup(path, strlen(path));
    s->stripes = stripes;
    s->rows_wanted = FIRST_ROWS;
    s->err = ERR_INIT;
    batch_init(&s->given);
    batch_init(&s->spare);
    ask(s);
    return s;
}

static void wait_ready(struct scan_source *s) {
    struct scan_pool *pool = s->pool;
    if (pool->thread_count == 0) {
        if (s->state != SOURCE_READY) {
            fill(s);
            s->state = SOURCE_READY;
        }
        return;
    }
    pthread_mutex_lock(&pool->lock);
    while (s->state != SOURCE_READY) {
        pthread_cond_wait(&pool->ready, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

enum status scan_source_batch(struct batch **out, struct scan_source *s, struct err *err) {
    *out = &s->given;
    wait_ready(s);
    if (s->status != STATUS_OK) {
        if (err != NULL) {
            *err = s->err;
        }
        return s->status;
    }
    struct batch filled = s->spare;
    s->spare = s->given;
    s->given = filled;
    batch_clear(&s->spare);
    if (!s->finished) {
        ask(s);
    }
    return STATUS_OK;
}

/* Takes the source out of the queue, or waits until its thread is done with it. */
static void withdraw(struct scan_source *s) {
    struct scan_pool *pool = s->pool;
    if (pool->thread_count == 0) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    struct scan_source *before = NULL;
    for (struct scan_source *i = pool->first; i != NULL && i != s; i = i->next) {
        before = i;
    }
    if (s->state == SOURCE_ASKED) {
        *(before == NULL ? &pool->first : &before->next) = s->next;
        pool->last = pool->last == s ? before : pool->last;
    }
    while (s->state == SOURCE_FILLING) {
        pthread_cond_wait(&pool->ready, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

void scan_source_end(struct scan_source_stats *stats, struct scan_source **out) {
    struct scan_source *s = *out;
    *out = NULL;
    withdraw(s);
    *stats = (struct scan_source_stats){0};
    if (s->is_open) {
        const struct segment_cursor *c = &s->cursor;
        stats->blocks = c->segment->block_count;
        stats->blocks_pruned = c->blocks_pruned;
        stats->bytes_read = c->segment->bytes_read;
        stats->excluded = c->excluded;
        segment_cursor_close(&s->cursor);
    }
    batch_fini(&s->given);
    batch_fini(&s->spare);
    mem_free(s->path);
    mem_free(s);
}
