/*
 * Threads: `lock` guards all of struct pool but `options` and what it points to, and `changed` says
 * that something in it did. A job's news are the worker's until they are put into its queue, then
 * the teller's. No callback is called under the lock.
 *
 * A ring of jobs (one a file) goes round in the order of the walk:
 *   told <= claimed <= walked <= told + JOBS
 *   walked -> claimed by a worker -> ended by it -> told by the caller's thread.
 * The job being told is the oldest one claimed, and its worker may always put two news, so
 * somebody can always go on.
 */
#include "scan_threads.h"

#include <pthread.h>

#include "check.h"
#include "input_file.h"
#include "mem.h"

enum { JOBS = 256, NEWS_A_THREAD = 3, NEWS_OF_THE_TOLD = 2 };

enum news_kind { NEWS_BATCH, NEWS_FAILED, NEWS_HEALTH };

/* What a worker has to say, in the order of its file. */
struct news {
    struct news *next;
    enum news_kind kind;
    struct buf name; /* ends in NUL */
    struct batch batch;
    struct scan_findings findings;
    uint64_t done_bytes; /* of the file, before this batch */
    struct err err;
    struct parse_input_health health;
};

struct job {
    char *path;
    struct news *first;
    struct news *last;
    size_t waiting; /* news */
    bool is_ended;
    struct file_rows_counts counts;
};

struct pool {
    const struct scan_threads_options *options;
    const char *const *paths;
    size_t path_count;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job jobs[JOBS];
    size_t walked; /* jobs so far; job n is jobs[n % JOBS] */
    size_t claimed;
    size_t told;
    size_t waiting; /* news in all queues */
    bool is_walk_over;
    bool is_stopped; /* nobody wants more */
    struct news *spare;
    pthread_t walker;
    pthread_t workers[SCAN_THREADS_MAX];
    unsigned worker_count;
};

/* A worker at a job. */
struct reading_job {
    struct pool *pool;
    size_t number;
    struct sigma_matcher *matcher;
    uint64_t done_bytes;
};

static struct job *job_at(struct pool *pool, size_t number) {
    return &pool->jobs[number % JOBS];
}

static void wait_for_change(struct pool *pool) {
    CHECK(pthread_cond_wait(&pool->changed, &pool->lock) == 0);
}

static void lock(struct pool *pool) {
    CHECK(pthread_mutex_lock(&pool->lock) == 0);
}

/* Tells the others that something changed. */
static void unlock(struct pool *pool) {
    CHECK(pthread_cond_broadcast(&pool->changed) == 0);
    CHECK(pthread_mutex_unlock(&pool->lock) == 0);
}

/* --- news --- */

static void news_destroy(struct news *news) {
    buf_fini(&news->name);
    batch_fini(&news->batch);
    scan_findings_fini(&news->findings);
    mem_free(news);
}

static struct news *news_create(struct pool *pool, enum news_kind kind, struct str name) {
    CHECK(pthread_mutex_lock(&pool->lock) == 0);
    struct news *news = pool->spare;
    pool->spare = news != NULL ? news->next : NULL;
    CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    news = news != NULL ? news : mem_calloc(1, sizeof *news);
    news->next = NULL;
    news->kind = kind;
    buf_clear(&news->name);
    buf_add(&news->name, name);
    buf_putc(&news->name, '\0');
    return news;
}

static void append(struct pool *pool, struct job *job, struct news *news) {
    struct news **place = job->last != NULL ? &job->last->next : &job->first;
    *place = news;
    job->last = news;
    job->waiting++;
    pool->waiting++;
}

static struct news *take_first(struct pool *pool, struct job *job) {
    struct news *news = job->first;
    if (news != NULL) {
        job->first = news->next;
        job->last = job->first != NULL ? job->last : NULL;
        job->waiting--;
        pool->waiting--;
    }
    return news;
}

/* --- a worker --- */

static bool has_room(struct pool *pool, size_t number) {
    return pool->waiting < (size_t)NEWS_A_THREAD * pool->worker_count ||
           (number == pool->told && job_at(pool, number)->waiting < NEWS_OF_THE_TOLD);
}

/* False: nobody wants it any more. */
static bool put(const struct reading_job *reading, struct news *news) {
    struct pool *pool = reading->pool;
    lock(pool);
    while (!pool->is_stopped && !has_room(pool, reading->number)) {
        wait_for_change(pool);
    }
    append(pool, job_at(pool, reading->number), news);
    bool wanted = !pool->is_stopped;
    unlock(pool);
    return wanted;
}

static bool keep_batch(struct batch *batch, struct str file, void *ctx) {
    const struct reading_job *reading = ctx;
    const struct scan_threads_options *options = reading->pool->options;
    struct news *news = news_create(reading->pool, NEWS_BATCH, file);
    struct batch spare = news->batch;
    news->batch = *batch;
    *batch = spare;
    news->done_bytes = reading->done_bytes;
    scan_findings_match(&news->findings, reading->matcher, &news->batch, options->events,
                        options->feeds);
    return put(reading, news);
}

static void keep_failure(const char *path, const struct err *err, void *ctx) {
    const struct reading_job *reading = ctx;
    struct news *news = news_create(reading->pool, NEWS_FAILED, str_from_c(path));
    news->err = *err;
    (void)put(reading, news);
}

static void keep_health(const char *path, const struct parse_input_health *health, void *ctx) {
    const struct reading_job *reading = ctx;
    struct news *news = news_create(reading->pool, NEWS_HEALTH, str_from_c(path));
    news->health = *health;
    (void)put(reading, news);
}

static void keep_progress(const struct file_rows_progress *progress, void *ctx) {
    struct reading_job *reading = ctx;
    reading->done_bytes = progress->done_bytes;
}

static void read_job(struct reading_job *reading, const char *path) {
    const struct pool *pool = reading->pool;
    struct file_rows_options options = *pool->options->reading;
    struct file_rows_counts counts;
    options.keep = keep_batch;
    options.failed = keep_failure;
    options.health = options.health != NULL ? keep_health : NULL;
    options.progress = options.progress != NULL ? keep_progress : NULL;
    options.ctx = reading;
    file_rows_read(&options, &path, 1, &counts);
    job_at(reading->pool, reading->number)->counts = counts;
}

/* The number of a job that nobody has yet; false: there will be none. */
static bool claim(struct pool *pool, size_t *number) {
    lock(pool);
    while (!pool->is_stopped && pool->claimed == pool->walked && !pool->is_walk_over) {
        wait_for_change(pool);
    }
    bool found = !pool->is_stopped && pool->claimed < pool->walked;
    *number = found ? pool->claimed++ : 0;
    unlock(pool);
    return found;
}

static void end_job(struct pool *pool, size_t number) {
    lock(pool);
    job_at(pool, number)->is_ended = true;
    unlock(pool);
}

struct worker {
    struct pool *pool;
    struct sigma_matcher *matcher;
};

static void *work(void *ctx) {
    struct worker worker = *(struct worker *)ctx;
    struct reading_job reading = {.pool = worker.pool, .matcher = worker.matcher};
    mem_free(ctx);
    while (claim(worker.pool, &reading.number)) {
        reading.done_bytes = 0;
        read_job(&reading, job_at(worker.pool, reading.number)->path);
        end_job(worker.pool, reading.number);
    }
    return NULL;
}

/* --- the walk --- */

/* A place in the ring; NULL: nobody wants more. Comes back with the lock. */
static struct job *next_place(struct pool *pool) {
    lock(pool);
    while (!pool->is_stopped && pool->walked - pool->told == JOBS) {
        wait_for_change(pool);
    }
    if (pool->is_stopped) {
        return NULL;
    }
    struct job *job = job_at(pool, pool->walked);
    *job = (struct job){.path = NULL};
    return job;
}

static enum status add_job(const char *path, void *ctx) {
    struct pool *pool = ctx;
    struct job *job = next_place(pool);
    if (job != NULL) {
        job->path = mem_strdup(path, strlen(path));
        pool->walked++;
    }
    unlock(pool);
    return job != NULL ? STATUS_OK : STATUS_CANCELLED;
}

/* What the walk cannot read is a file like others: the worker that takes it finds the same. */
static void add_unreadable(const char *path, const struct err *err, void *ctx) {
    (void)err;
    (void)!add_job(path, ctx);
}

static void *walk(void *ctx) {
    struct pool *pool = ctx;
    for (size_t i = 0; i < pool->path_count; i++) {
        (void)!input_walk(pool->paths[i], add_job, add_unreadable, pool);
    }
    lock(pool);
    pool->is_walk_over = true;
    unlock(pool);
    return NULL;
}

/* --- telling --- */

struct telling {
    struct pool *pool;
    struct file_rows_counts *counts;
    struct file_rows_progress progress;
    uint64_t ended_bytes; /* of the files that were told */
};

/* False ends the reading. */
static bool tell(struct telling *t, const struct news *news) {
    const struct scan_threads_options *options = t->pool->options;
    const struct file_rows_options *reading = options->reading;
    struct str name = str_make(news->name.ptr, news->name.len - 1);
    bool wanted = true;
    switch (news->kind) {
    case NEWS_BATCH:
        wanted = options->rows(&news->batch, &news->findings, name, reading->ctx);
        t->progress.done_bytes = t->ended_bytes + news->done_bytes;
        break;
    case NEWS_FAILED:
        reading->failed(name.ptr, &news->err, reading->ctx);
        break;
    case NEWS_HEALTH:
        reading->health(name.ptr, &news->health, reading->ctx);
        break;
    }
    if (reading->progress != NULL) {
        reading->progress(&t->progress, reading->ctx);
    }
    t->counts->interrupted |= reading->interrupt != NULL && *reading->interrupt != 0;
    return wanted && !t->counts->interrupted;
}

static void finish_job(struct telling *t, struct job *job) {
    struct file_rows_counts *sum = t->counts;
    sum->files += job->counts.files;
    sum->left_out += job->counts.left_out;
    sum->unreadable += job->counts.unreadable;
    sum->bytes += job->counts.bytes;
    sum->interrupted |= job->counts.interrupted;
    if (t->pool->options->reading->progress != NULL) {
        t->ended_bytes += input_file_size(job->path);
        t->progress.done_bytes = t->ended_bytes;
    }
    mem_free(job->path);
    job->path = NULL;
}

enum step { STEP_NEWS, STEP_ENDED, STEP_OVER };

/* What is next to tell; waits for it. */
static enum step next_step(struct pool *pool, struct news **news) {
    enum step step = STEP_OVER;
    lock(pool);
    for (;;) {
        struct job *job = job_at(pool, pool->told);
        bool is_there = pool->told < pool->walked;
        *news = is_there ? take_first(pool, job) : NULL;
        if (*news != NULL || (is_there && job->is_ended) || (!is_there && pool->is_walk_over)) {
            step = *news != NULL ? STEP_NEWS : is_there ? STEP_ENDED : STEP_OVER;
            break;
        }
        wait_for_change(pool);
    }
    unlock(pool);
    return step;
}

static void give_back(struct pool *pool, struct news *news) {
    lock(pool);
    news->next = pool->spare;
    pool->spare = news;
    unlock(pool);
}

static void tell_all(struct telling *t) {
    struct news *news;
    bool wanted = true;
    for (enum step step; wanted && (step = next_step(t->pool, &news)) != STEP_OVER;) {
        if (step == STEP_NEWS) {
            wanted = tell(t, news);
            give_back(t->pool, news);
            continue;
        }
        finish_job(t, job_at(t->pool, t->pool->told));
        wanted = !t->counts->interrupted;
        lock(t->pool);
        t->pool->told++;
        unlock(t->pool);
    }
}

/* --- all together --- */

static bool start(struct pool *pool) {
    for (unsigned i = 0; i < pool->options->count; i++) {
        struct worker *worker = mem_calloc(1, sizeof *worker);
        *worker = (struct worker){pool, pool->options->matchers[i]};
        if (pthread_create(&pool->workers[i], NULL, work, worker) != 0) {
            mem_free(worker);
            break; /* with those that came */
        }
        lock(pool);
        pool->worker_count++;
        unlock(pool);
    }
    return pool->worker_count > 0 && pthread_create(&pool->walker, NULL, walk, pool) == 0;
}

static void stop(struct pool *pool, bool is_walking) {
    lock(pool);
    pool->is_stopped = true;
    unlock(pool);
    for (unsigned i = 0; i < pool->worker_count; i++) {
        CHECK(pthread_join(pool->workers[i], NULL) == 0);
    }
    if (is_walking) {
        CHECK(pthread_join(pool->walker, NULL) == 0);
    }
}

static void pool_destroy(struct pool *pool) {
    struct news *news;
    for (size_t i = 0; i < JOBS; i++) {
        while ((news = take_first(pool, &pool->jobs[i])) != NULL) {
            news_destroy(news);
        }
        mem_free(pool->jobs[i].path);
    }
    while ((news = pool->spare) != NULL) {
        pool->spare = news->next;
        news_destroy(news);
    }
    CHECK(pthread_cond_destroy(&pool->changed) == 0);
    CHECK(pthread_mutex_destroy(&pool->lock) == 0);
    mem_free(pool);
}

bool scan_threads_read(const struct scan_threads_options *options, const char *const *paths,
                       size_t path_count, struct file_rows_counts *counts) {
    struct pool *pool = mem_calloc(1, sizeof *pool);
    pool->options = options;
    pool->paths = paths;
    pool->path_count = path_count;
    CHECK(pthread_mutex_init(&pool->lock, NULL) == 0);
    CHECK(pthread_cond_init(&pool->changed, NULL) == 0);
    struct telling telling = {.pool = pool, .counts = counts};
    *counts = (struct file_rows_counts){0};
    bool started = start(pool);
    if (started) {
        if (options->reading->progress != NULL) {
            telling.progress.all_bytes = file_rows_size(paths, path_count);
        }
        tell_all(&telling);
    }
    stop(pool, started);
    pool_destroy(pool);
    return started;
}
