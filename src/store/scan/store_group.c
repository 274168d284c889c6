/*
 * Groups of a scan's rows. A few threads share the segments stripe by stripe: a thread stays with
 * its segment, begins the largest that nobody has begun, and then helps where most is left.
 *
 * Threads: `lock` guards the struct grouping and the sink. Each worker has its own cursor, groups
 * and batch.
 */
#include <pthread.h>

#include "check.h"
#include "heap.h"
#include "i18n.h"
#include "mem.h"
#include "segment_groups.h"
#include "store_path.h"
#include "store_scan_priv.h"

enum { BATCH_ROWS = 4096, MAX_THREADS = 64, HELP_STRIPES = 2 };

/* Memory that groups usually take: so much by row, and no more than that. */
enum { ROW_BYTES = 16, USUAL_BYTES = 64 << 20 };

struct shared_segment {
    const struct chosen_segment *chosen;
    uint32_t next_stripe;
    bool is_begun;
};

/* One run. */
struct grouping {
    struct store_scan *scan;
    const struct store_group_spec *spec;
    struct store_group_sink *sink;
    const atomic_bool *cancel;
    atomic_bool stop;
    uint64_t memory_bytes; /* of one worker; 0: any */
    pthread_mutex_t lock;
    struct shared_segment *segments;
    size_t segment_count;
    enum status status; /* the first that is not OK */
    struct err err;
};

struct worker {
    struct grouping *run;
    struct shared_segment *segment; /* NULL: none yet */
    bool began;                     /* the segment: it counts what nobody reads of it */
    bool is_open;
    struct segment_cursor cursor;
    struct segment_groups *groups;
    struct batch batch; /* rows that could not be grouped */
    uint64_t rows_matched;
    uint64_t without_key;
    struct err err;
};

/* --- what comes out --- */

static enum status give_rows(struct worker *w) {
    struct grouping *g = w->run;
    enum status status = STATUS_OK;
    if (w->batch.row_count > 0) {
        pthread_mutex_lock(&g->lock);
        status = g->sink->rows(&w->batch, g->sink->ctx, &w->err);
        pthread_mutex_unlock(&g->lock);
        batch_clear(&w->batch);
    }
    return status;
}

static enum status give_groups(struct worker *w) {
    struct grouping *g = w->run;
    pthread_mutex_lock(&g->lock);
    enum status status = segment_groups_give(w->groups, g->sink->groups, g->sink->ctx, &w->err);
    pthread_mutex_unlock(&g->lock);
    segment_groups_destroy(&w->groups);
    return status;
}

/* The rows of the block that were left over. */
static enum status take_left(struct worker *w) {
    struct segment_cursor *c = &w->cursor;
    enum status status = STATUS_OK;
    block_rewind(&c->block);
    for (uint32_t row = 0; row < c->block.info->rows && status == STATUS_OK; row++) {
        if ((c->selected[row / 64] >> (row % 64) & 1) != 0) {
            status = block_take_row(&w->batch, &c->block, row, &c->query->wants, &w->err);
        }
        if (status == STATUS_OK && w->batch.row_count >= BATCH_ROWS) {
            status = give_rows(w);
        }
    }
    return status;
}

/* --- blocks --- */

static uint64_t count_rows(const struct segment_cursor *c) {
    uint64_t rows = 0;
    for (size_t i = 0; i < SEGMENT_BLOCK_ROWS / 64; i++) {
        rows += (uint64_t)__builtin_popcountll(c->selected[i]);
    }
    return rows;
}

static enum status make_groups(struct worker *w) {
    const struct store_group_spec *spec = w->run->spec;
    bool has_values = spec->key_count + spec->sum_count + spec->set_count > 0;
    enum status status = has_values ? segment_templates(w->cursor.segment, &w->err) : STATUS_OK;
    if (status == STATUS_OK) {
        w->groups = segment_groups_create(spec, w->cursor.segment);
    }
    return status;
}

static enum status group_block(struct worker *w) {
    struct segment_cursor *c = &w->cursor;
    struct grouping *g = w->run;
    uint64_t matched = count_rows(c);
    w->rows_matched += matched;
    if (matched == 0) {
        return STATUS_OK;
    }
    enum status status = w->groups == NULL ? make_groups(w) : STATUS_OK;
    if (status == STATUS_OK) {
        status = segment_groups_add(w->groups, &c->block, c->selected, &w->without_key, &w->err);
    }
    if (status == STATUS_OK && count_rows(c) > 0) {
        status = take_left(w);
    }
    bool early = status == STATUS_OK && g->memory_bytes > 0 &&
                 segment_groups_bytes(w->groups) > g->memory_bytes;
    return early ? give_groups(w) : status;
}

static bool is_cancelled(const struct grouping *g) {
    return g->cancel != NULL && atomic_load(g->cancel);
}

static enum status group_stripe(struct worker *w, uint32_t stripe) {
    enum status status = STATUS_OK;
    bool more = true;
    segment_cursor_stripe(&w->cursor, stripe);
    while (status == STATUS_OK && more && !atomic_load(&w->run->stop)) {
        status = segment_cursor_block(&more, &w->cursor, &w->err);
        if (status == STATUS_OK && more) {
            status = group_block(w);
        }
        if (status == STATUS_OK && is_cancelled(w->run)) {
            status = STATUS_CANCELLED;
        }
    }
    return status;
}

/* --- segments --- */

static enum status open_segment(struct worker *w, const char *path) {
    const struct chosen_segment *chosen = w->segment->chosen;
    enum status status =
        segment_cursor_open(&w->cursor, path, &w->run->scan->query, chosen->stripes, &w->err);
    w->is_open = status == STATUS_OK;
    if (w->is_open) {
        w->cursor.segment->reads_few = true;
    }
    w->cursor.lacks_derived = chosen->info->derived == 0;
    if (status == STATUS_OK && w->cursor.segment->stripe_count != chosen->info->stripe_count) {
        status = segment_damaged(w->cursor.segment, &w->err, _("the number of stripes is wrong"));
    }
    if (status == STATUS_OK && w->began && !w->cursor.excluded) {
        w->cursor.blocks_pruned +=
            w->cursor.segment->stripes[chosen_first_stripe(chosen)].first_block;
    } else if (status == STATUS_OK && !w->began) {
        w->cursor.blocks_pruned = 0;
    }
    return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
}

/* Gives what the worker has of its segment, and closes it. */
static enum status leave_segment(struct worker *w) {
    enum status status = STATUS_OK;
    if (w->groups != NULL) {
        status = give_groups(w);
    }
    if (status == STATUS_OK) {
        status = give_rows(w);
    }
    if (w->is_open) {
        struct store_scan_stats *stats = &w->run->scan->stats;
        pthread_mutex_lock(&w->run->lock);
        if (w->began) {
            const struct segment_info *info = w->segment->chosen->info;
            stats->blocks_total += w->cursor.segment->block_count - scan_known_blocks(info);
        }
        stats->blocks_pruned += w->cursor.blocks_pruned;
        stats->bytes_read += w->cursor.segment->bytes_read;
        pthread_mutex_unlock(&w->run->lock);
        segment_cursor_close(&w->cursor);
        w->is_open = false;
    }
    return status;
}

/* No row of the segment can match: nobody has to look at its other stripes. */
static void exclude_segment(struct worker *w) {
    struct store_scan_stats *stats = &w->run->scan->stats;
    pthread_mutex_lock(&w->run->lock);
    if (w->segment->next_stripe < w->segment->chosen->info->stripe_count) {
        w->segment->next_stripe = w->segment->chosen->info->stripe_count;
    }
    stats->pruned_by_dictionary += w->began;
    stats->segments_pruned += w->began;
    pthread_mutex_unlock(&w->run->lock);
}

static uint32_t stripes_left(const struct shared_segment *s) {
    return s->chosen->info->stripe_count - s->next_stripe;
}

/* The segment to go on with: the own one, the largest of those not begun, or the one with most
 * left. NULL: nothing is left. */
static struct shared_segment *choose_segment(const struct worker *w) {
    const struct grouping *g = w->run;
    if (w->segment != NULL && stripes_left(w->segment) > 0) {
        return w->segment;
    }
    struct shared_segment *best = NULL;
    for (size_t i = 0; i < g->segment_count; i++) {
        struct shared_segment *s = &g->segments[i];
        bool can = stripes_left(s) > 0 && (!s->is_begun || stripes_left(s) >= HELP_STRIPES);
        bool better = best == NULL || (best->is_begun && !s->is_begun) ||
                      (best->is_begun == s->is_begun &&
                       (s->is_begun ? stripes_left(s) > stripes_left(best)
                                    : s->chosen->info->rows > best->chosen->info->rows));
        best = can && better ? s : best;
    }
    return best;
}

/* One stripe, of the own segment or of another. *more false: nothing is left. */
static enum status work_on(struct worker *w, bool *more) {
    struct grouping *g = w->run;
    struct buf name = BUF_INIT;
    pthread_mutex_lock(&g->lock);
    struct shared_segment *next = choose_segment(w);
    uint32_t stripe = next == NULL ? 0 : next->next_stripe++;
    bool same = next == w->segment;
    const char *path =
        next == NULL ? NULL : store_segment_path(&name, g->scan->store, next->chosen->info);
    bool began = next != NULL && !next->is_begun;
    if (next != NULL) {
        next->is_begun = true;
    }
    pthread_mutex_unlock(&g->lock);
    *more = next != NULL;
    enum status status = STATUS_OK;
    if (next != NULL && !same) {
        status = leave_segment(w);
        w->segment = next;
        w->began = began;
    }
    if (status == STATUS_OK && next != NULL && !same) {
        status = open_segment(w, path);
        if (status == STATUS_OK && w->cursor.excluded) {
            exclude_segment(w);
        }
    }
    buf_fini(&name);
    bool reads = status == STATUS_OK && next != NULL && !w->cursor.excluded;
    return reads ? group_stripe(w, stripe) : status;
}

/* --- threads --- */

/* Of one worker. */
static size_t usual_bytes(const struct grouping *g) {
    uint64_t rows = 0;
    for (size_t i = 0; i < g->segment_count; i++) {
        rows += g->segments[i].chosen->info->rows;
    }
    return rows < USUAL_BYTES / ROW_BYTES ? (size_t)rows * ROW_BYTES : USUAL_BYTES;
}

static void *work(void *ctx) {
    struct worker *w = ctx;
    struct grouping *g = w->run;
    enum status status = STATUS_OK;
    bool more = true;
    heap_expect(usual_bytes(g));
    while (status == STATUS_OK && more && !atomic_load(&g->stop)) {
        status = work_on(w, &more);
    }
    if (status == STATUS_OK && !atomic_load(&g->stop)) {
        status = leave_segment(w);
    }
    if (w->is_open) {
        segment_cursor_close(&w->cursor);
    }
    segment_groups_destroy(&w->groups);
    pthread_mutex_lock(&g->lock);
    g->scan->stats.rows_matched += w->rows_matched;
    g->sink->without_key += w->without_key;
    if (status != STATUS_OK) {
        atomic_store(&g->stop, true);
        if (g->status == STATUS_OK) {
            g->status = status;
            g->err = w->err;
        }
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

static void worker_init(struct worker *w, struct grouping *run) {
    *w = (struct worker){.run = run, .err = ERR_INIT};
    batch_init(&w->batch);
}

/* The calling thread is one of them. */
static void run_workers(struct grouping *g, unsigned threads) {
    struct worker *workers = mem_calloc(threads, sizeof *workers);
    pthread_t handles[MAX_THREADS];
    unsigned started = 1;
    for (unsigned i = 0; i < threads; i++) {
        worker_init(&workers[i], g);
    }
    while (started < threads &&
           pthread_create(&handles[started], NULL, work, &workers[started]) == 0) {
        started++;
    }
    (void)work(&workers[0]);
    for (unsigned i = 1; i < started; i++) {
        (void)pthread_join(handles[i], NULL);
    }
    for (unsigned i = 0; i < threads; i++) {
        batch_fini(&workers[i].batch);
    }
    g->scan->stats.threads = started;
    mem_free(workers);
}

static void share_segments(struct grouping *g) {
    const struct store_scan *scan = g->scan;
    g->segments = mem_calloc(scan->segment_count + 1, sizeof *g->segments);
    g->segment_count = scan->segment_count;
    for (size_t i = 0; i < scan->segment_count; i++) {
        g->segments[i] = (struct shared_segment){
            .chosen = &scan->segments[i], .next_stripe = chosen_first_stripe(&scan->segments[i])};
    }
}

static enum status group_segments(struct grouping *g, unsigned wanted, struct err *err) {
    CHECK(pthread_mutex_init(&g->lock, NULL) == 0);
    share_segments(g);
    unsigned threads = store_scan_threads(g->scan, wanted);
    threads = threads > MAX_THREADS ? MAX_THREADS : threads;
    g->memory_bytes = g->spec->memory_bytes / threads;
    run_workers(g, threads);
    mem_free(g->segments);
    (void)pthread_mutex_destroy(&g->lock);
    if (g->status != STATUS_OK && err != NULL) {
        *err = g->err;
    }
    return g->status;
}

enum status store_group(struct store *store, const struct store_scan_options *options,
                        const struct store_group_spec *spec, struct store_group_sink *sink,
                        struct store_scan_stats *stats, struct err *err) {
    struct store_scan_options one = *options;
    struct grouping g = {.spec = spec, .sink = sink, .cancel = options->cancel};
    one.threads = 1;
    enum status status = store_scan_open(&g.scan, store, &one, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = group_segments(&g, options->threads, err);
    if (status == STATUS_OK && g.scan->tail.row_count > 0) {
        g.scan->stats.rows_matched += g.scan->tail.row_count;
        status = sink->rows(&g.scan->tail, sink->ctx, err);
    }
    *stats = g.scan->stats;
    store_scan_close(&g.scan);
    return status;
}
