/*
 * Scans: which segments can match, and their rows merged by arrival number.
 *
 * Segments are sorted by their first arrival. What the chain and the token filters say leaves most
 * of them out before anything is opened. The others are sources (scan_pool.h): all whose arrival
 * ranges overlap where the merge stands, and a few more to be read ahead.
 */
#include <stdlib.h>

#include "clock.h"
#include "cpu.h"
#include "mem.h"
#include "scan_unsealed.h"
#include "store_scan_priv.h"
#include "token_filter.h"

enum {
    FIRST_ROWS = 128, /* a first batch comes soon: many a search wants few rows */
    MORE_TIMES = 8,
    MOST_ROWS = 8192,
    MOST_BYTES = 8 << 20,
    INDEXED_STRIPES = 4 /* a thread, where the index of words was asked */
};

/* --- what is looked for --- */

static uint64_t datasets_of(const struct store_scan_options *o) {
    uint64_t datasets = 0;
    for (int d = 0; d < DATASET_COUNT; d++) {
        bool wanted = o->datasets == 0 || (o->datasets >> d & 1) != 0;
        bool may = o->filter == NULL || expr_may_match_dataset(o->filter, (enum dataset)d);
        datasets |= wanted && may ? UINT64_C(1) << d : 0;
    }
    return datasets;
}

static void set_query(struct store_scan *scan, const struct store_scan_options *o) {
    struct scan_query *q = &scan->query;
    *q = (struct scan_query){.from_ns = o->from_ns,
                             .to_ns = o->to_ns,
                             .arrival_from = o->arrival_from,
                             .arrival_to = o->arrival_to,
                             .datasets = datasets_of(o),
                             .derived = o->include_derived,
                             .screen = o->screen};
    if (o->filter != NULL) {
        expr_time_bounds(o->filter, &q->from_ns, &q->to_ns);
        q->derived = q->derived || expr_wants_derived(o->filter);
        scan->plan = filter_plan_create(o->filter);
        q->filter = scan->plan;
    }
    q->wants.raw = o->want_raw;
    q->wants.all_fields = o->all_fields;
    q->wants.field_count = schema_count();
    scan->wanted_fields = mem_calloc(q->wants.field_count + 1, 1);
    q->wants.fields = scan->wanted_fields;
    for (size_t i = 0; i < o->field_count; i++) {
        if (o->fields[i] < q->wants.field_count) {
            scan->wanted_fields[o->fields[i]] = 1;
        }
    }
}

/* --- segments that can match --- */

static bool range_can_match(const struct scan_query *q, const struct segment_info *s) {
    return s->time_max >= q->from_ns && (s->time_min < q->to_ns || q->to_ns == INT64_MAX) &&
           s->arrival_last >= q->arrival_from && s->arrival_first < q->arrival_to &&
           (q->derived || s->derived < s->rows);
}

/* Derived rows may be of another dataset than their segment. */
static bool dataset_can_match(const struct scan_query *q, const struct segment_info *s) {
    return scan_query_has_dataset(q, s->dataset) || (q->derived && s->derived > 0);
}

/* Looks at the index of the segment's words only: *stripes becomes those that can match (a bit
 * each). A damaged index prunes nothing: the rows are still right, and verify reports it.
 */
static enum status ask_filters(uint32_t *stripes, const struct store_scan *scan, const char *path,
                               const struct segment_info *info, struct err *err) {
    struct file_reader file;
    enum status status = file_reader_open(&file, path, err);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
    }
    uint32_t left = 0;
    if (filter_plan_stripes(&left, scan->plan, info, &file) == STATUS_OK) {
        *stripes = left;
    }
    file_reader_close(&file);
    return STATUS_OK;
}

/* *stripes: those that can match, by the index of words, of a segment that is not pruned yet. */
static enum status find_online_stripes(uint32_t *stripes, struct store_scan *scan,
                                       const struct segment_info *s, struct err *err) {
    struct buf name = BUF_INIT;
    const char *path = store_segment_path(&name, scan->store, s);
    enum status status = STATUS_OK;
    if (path == NULL) {
        store_note_missing(scan->store, s);
        scan->stats.missing++;
    } else {
        *stripes = (UINT32_C(1) << s->stripe_count) - 1;
        if (scan->plan != NULL && filter_plan_has_words(scan->plan)) {
            status = ask_filters(stripes, scan, path, s, err);
            scan->stats.pruned_by_filter += *stripes == 0;
        }
    }
    buf_fini(&name);
    return status;
}

/* *stripes: those that can match, a bit each. */
static enum status find_stripes(uint32_t *stripes, struct store_scan *scan,
                                const struct segment_info *s, struct err *err) {
    *stripes = 0;
    if (!range_can_match(&scan->query, s)) {
        scan->stats.pruned_by_range++;
        return STATUS_OK;
    }
    if (!dataset_can_match(&scan->query, s)) {
        scan->stats.pruned_by_dataset++;
        return STATUS_OK;
    }
    return find_online_stripes(stripes, scan, s, err);
}

static int compare_segments(const void *a, const void *b) {
    const struct chosen_segment *x = a;
    const struct chosen_segment *y = b;
    return x->info->arrival_first < y->info->arrival_first
               ? -1
               : x->info->arrival_first > y->info->arrival_first;
}

static enum status choose_segments(struct store_scan *scan, struct err *err) {
    const struct chain *chain = &scan->store->chain;
    scan->segments = mem_calloc(chain->segment_count + 1, sizeof *scan->segments);
    scan->stats.segments_total = chain->segment_count;
    uint64_t missing = 0;
    for (size_t i = 0; i < chain->segment_count; i++) {
        const struct segment_info *s = &chain->segments[i];
        uint32_t stripes;
        enum status status = find_stripes(&stripes, scan, s, err);
        if (status != STATUS_OK) {
            return status;
        }
        scan->stats.blocks_total += scan_known_blocks(s);
        if (stripes != 0) {
            scan->segments[scan->segment_count++] = (struct chosen_segment){s, stripes};
        } else if (scan->stats.missing > missing) {
            missing = scan->stats.missing;
            scan->stats.blocks_pruned += scan_known_blocks(s);
        } else {
            scan->stats.segments_pruned++;
            scan->stats.blocks_pruned += scan_known_blocks(s);
        }
    }
    qsort(scan->segments, scan->segment_count, sizeof *scan->segments, compare_segments);
    return STATUS_OK;
}

unsigned store_scan_threads(const struct store_scan *scan, unsigned wanted) {
    size_t stripes = 0;
    for (size_t i = 0; i < scan->segment_count; i++) {
        stripes += (size_t)__builtin_popcount(scan->segments[i].stripes);
    }
    bool is_pruned = scan->plan != NULL && filter_plan_has_words(scan->plan);
    size_t most = is_pruned ? stripes / INDEXED_STRIPES : stripes;
    unsigned threads = wanted > 0 ? wanted : cpu_count();
    threads = threads > most ? (unsigned)most : threads;
    return threads > 0 ? threads : 1;
}

enum status store_scan_open(struct store_scan **out, struct store *store,
                            const struct store_scan_options *options, struct err *err) {
    struct store_scan *scan = mem_calloc(1, sizeof *scan);
    int64_t start_ns = clock_mono_ns();
    scan->store = store;
    scan->ordered = options->ordered;
    scan->rows_wanted = FIRST_ROWS;
    set_query(scan, options);
    enum status status = choose_segments(scan, err);
    if (status != STATUS_OK) {
        store_scan_close(&scan);
        return status;
    }
    scan_unsealed(&scan->tail, store, &scan->query, options->filter);
    unsigned threads = scan->segment_count > 1 ? store_scan_threads(scan, options->threads) : 1;
    scan->pool = scan_pool_create(&scan->query, threads, options->cancel);
    scan->stats.threads = scan_pool_threads(scan->pool);
    scan->stats.open_ns = (uint64_t)(clock_mono_ns() - start_ns);
    *out = scan;
    return STATUS_OK;
}

/* --- sources --- */

static void close_source(struct store_scan *scan, size_t i) {
    struct scan_source_stats stats;
    scan_source_end(&stats, &scan->sources[i].source);
    if (stats.blocks > 0) {
        scan->stats.blocks_total += stats.blocks - scan_known_blocks(scan->sources[i].info);
    }
    scan->stats.blocks_pruned += stats.blocks_pruned;
    scan->stats.bytes_read += stats.bytes_read;
    scan->stats.pruned_by_dictionary += stats.excluded;
    scan->stats.segments_pruned += stats.excluded;
    scan->source_count--;
    memmove(&scan->sources[i], &scan->sources[i + 1],
            (scan->source_count - i) * sizeof *scan->sources);
}

/* The arrival number of the source's next row, or the first it can have. */
static uint64_t next_arrival(const struct open_source *s) {
    return s->rows == NULL ? s->arrival_next : s->rows->rows[s->at].arrival;
}

static size_t earliest(const struct store_scan *scan) {
    size_t best = 0;
    for (size_t i = 1; scan->ordered && i < scan->source_count; i++) {
        if (next_arrival(&scan->sources[i]) < next_arrival(&scan->sources[best])) {
            best = i;
        }
    }
    return best;
}

static void add_source(struct store_scan *scan) {
    struct chosen_segment chosen = scan->segments[scan->next_segment++];
    struct buf name = BUF_INIT;
    const char *path = store_segment_path(&name, scan->store, chosen.info);
    MEM_GROW(scan->sources, scan->source_capacity, scan->source_count + 1);
    scan->sources[scan->source_count++] =
        (struct open_source){.source = scan_pool_add(scan->pool, path, chosen.stripes),
                             .info = chosen.info,
                             .arrival_next = chosen.info->arrival_first};
    buf_fini(&name);
}

/* Every segment that may hold a row before the earliest one is a source; and some more, that are
 * read ahead. */
static void add_due_sources(struct store_scan *scan) {
    size_t ahead = scan_pool_threads(scan->pool) > 1 ? scan_pool_threads(scan->pool) : 0;
    while (scan->next_segment < scan->segment_count) {
        const struct segment_info *next = scan->segments[scan->next_segment].info;
        size_t waiting = 0;
        for (size_t i = 0; i < scan->source_count; i++) {
            waiting += !scan->sources[i].is_started;
        }
        bool due =
            scan->source_count == 0 ||
            (scan->ordered && next->arrival_first < next_arrival(&scan->sources[earliest(scan)]));
        if (!due && waiting >= ahead) {
            break;
        }
        add_source(scan);
    }
}

/* Asks source i for rows; closes it if there are none. */
static enum status refill(struct store_scan *scan, size_t i, struct err *err) {
    struct open_source *s = &scan->sources[i];
    enum status status = scan_source_batch(&s->rows, s->source, err);
    s->at = 0;
    s->is_started = true;
    if (status == STATUS_OK && s->rows->row_count == 0) {
        close_source(scan, i);
    }
    return status;
}

/* Makes sure that source `*best` has the next row; false at the end of all sources. */
static enum status find_next(size_t *best, bool *found, struct store_scan *scan, struct err *err) {
    for (;;) {
        add_due_sources(scan);
        *found = scan->source_count > 0;
        if (!*found) {
            return STATUS_OK;
        }
        *best = earliest(scan);
        if (scan->sources[*best].rows != NULL) {
            return STATUS_OK;
        }
        enum status status = refill(scan, *best, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

/* --- rows --- */

static bool is_full(const struct store_scan *scan, const struct batch *batch) {
    return batch->row_count >= scan->rows_wanted || batch->raw.len + batch->text.len >= MOST_BYTES;
}

/* The arrival number up to which source `best` may go on alone. */
static uint64_t run_end(const struct store_scan *scan, size_t best) {
    uint64_t end = UINT64_MAX;
    if (!scan->ordered) {
        return end;
    }
    if (scan->next_segment < scan->segment_count) {
        end = scan->segments[scan->next_segment].info->arrival_first;
    }
    for (size_t i = 0; i < scan->source_count; i++) {
        uint64_t other = next_arrival(&scan->sources[i]);
        end = i != best && other < end ? other : end;
    }
    return end;
}

static void swap_batches(struct batch *a, struct batch *b) {
    struct batch old = *a;
    *a = *b;
    *b = old;
}

/* Takes rows of source `best` until another one comes first or the batch is full; all of them at
 * once where nothing comes between. */
static void take_run(struct store_scan *scan, size_t best, struct batch *batch) {
    struct open_source *s = &scan->sources[best];
    uint64_t end = run_end(scan, best);
    struct batch *rows = s->rows;
    uint64_t last = rows->rows[rows->row_count - 1].arrival;
    if (batch->row_count == 0 && s->at == 0 && (!scan->ordered || last < end)) {
        swap_batches(batch, rows);
        s->rows = NULL;
        s->arrival_next = last + 1;
        return;
    }
    do { /* the first one is nobody else's: where `end` is equal it is only a bound */
        batch_copy_row(batch, rows, &rows->rows[s->at++], scan->query.wants.raw);
    } while (s->at < rows->row_count && !is_full(scan, batch) && rows->rows[s->at].arrival < end);
    if (s->at == rows->row_count) {
        s->rows = NULL;
        s->arrival_next = last + 1;
    }
}

static void give_unsealed(struct store_scan *scan, struct batch *batch) {
    while (scan->tail_at < scan->tail.row_count && !is_full(scan, batch)) {
        batch_copy_row(batch, &scan->tail, &scan->tail.rows[scan->tail_at++],
                       scan->query.wants.raw);
    }
}

enum status store_scan_next(struct store_scan *scan, struct batch *batch, bool *more,
                            struct err *err) {
    enum status status = STATUS_OK;
    bool found = true;
    batch_clear(batch);
    while (status == STATUS_OK && found && !is_full(scan, batch)) {
        size_t best = 0;
        status = find_next(&best, &found, scan, err);
        if (status == STATUS_OK && found) {
            take_run(scan, best, batch);
        }
        if (!scan->ordered && batch->row_count > 0) {
            break; /* as the source gave it */
        }
    }
    if (status == STATUS_OK && !found) {
        give_unsealed(scan, batch);
    }
    scan->rows_wanted =
        scan->rows_wanted * MORE_TIMES < MOST_ROWS ? scan->rows_wanted * MORE_TIMES : MOST_ROWS;
    scan->stats.rows_matched += batch->row_count;
    *more = status == STATUS_OK && batch->row_count > 0;
    return status;
}

void store_scan_stop(struct store_scan *scan) {
    while (scan->source_count > 0) {
        close_source(scan, scan->source_count - 1);
    }
    scan->next_segment = scan->segment_count;
    scan->tail_at = scan->tail.row_count;
}

const struct store_scan_stats *store_scan_get_stats(const struct store_scan *scan) {
    return &scan->stats;
}

void store_scan_close(struct store_scan **scan) {
    struct store_scan *s = *scan;
    if (s == NULL) {
        return;
    }
    store_scan_stop(s);
    scan_pool_destroy(&s->pool);
    batch_fini(&s->tail);
    mem_free(s->sources);
    mem_free(s->segments);
    filter_plan_destroy(&s->plan);
    mem_free(s->wanted_fields);
    mem_free(s);
    *scan = NULL;
}
