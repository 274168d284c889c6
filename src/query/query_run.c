/* Runs a query: opens a scan with what the stages need, pushes its rows through them. */
#include <inttypes.h>

#include "clock.h"
#include "columnar.h"
#include "mem.h"
#include "stage.h"

#define DEFAULT_MEMORY_BYTES (UINT64_C(256) << 20)

/* --- what stages share --- */

enum status stage_emit(struct stage *stage, const struct batch *batch, const struct row *row,
                       struct err *err) {
    if (stage->next != NULL) {
        return stage->next->impl->push(stage->next, batch, row, err);
    }
    struct stage_run *run = stage->run;
    if (run->limit > 0 && run->stats->rows_out >= run->limit) {
        run->stats->limited = true;
        return STATUS_CANCELLED;
    }
    run->stats->rows_out++;
    return run->row(batch, row, run->row_ctx) ? STATUS_OK : STATUS_CANCELLED;
}

enum status stage_check_memory(const struct stage *stage, uint64_t used_bytes, struct err *err) {
    if (used_bytes <= stage->run->memory_bytes) {
        return STATUS_OK;
    }
    return err_set(err, STATUS_BAD_INPUT,
                   _("| %.*s would hold more than %" PRIu64
                     " MiB in memory; narrow the filter or the time, put head behind it, or raise "
                     "--memory"),
                   STR_ARG(stage->spec->name), stage->run->memory_bytes >> 20);
}

/* One row more than the limit, so that it is seen that there are more. */
uint64_t stage_rows_wanted(const struct stage *stage) {
    const struct stage *next = stage->next;
    while (next != NULL && next->impl == &stage_fields) {
        next = next->next;
    }
    if (next != NULL) {
        return next->impl == &stage_head ? next->spec->count : 0;
    }
    return stage->run->limit > 0 ? stage->run->limit + 1 : 0;
}

void kept_add(struct kept_rows *kept, const struct batch *batch, const struct row *row,
              bool with_raw) {
    batch_copy_row(&kept->batch, batch, row, with_raw);
}

uint64_t kept_bytes(const struct kept_rows *kept) {
    const struct batch *b = &kept->batch;
    return (uint64_t)b->raw.len + b->text.len + b->row_count * sizeof *b->rows +
           b->value_count * sizeof *b->values;
}

/* --- the chain --- */

static const struct stage_impl *const impls[] = {
    [STAGE_WHERE] = &stage_where, [STAGE_FIELDS] = &stage_fields, [STAGE_HEAD] = &stage_head,
    [STAGE_TAIL] = &stage_tail,   [STAGE_SORT] = &stage_sort,     [STAGE_DEDUP] = &stage_dedup,
    [STAGE_STATS] = &stage_stats,
};

/* The first stage of the chain does nothing: it takes the rows of the scan. */
struct chain {
    struct stage stages[QUERY_MAX_STAGES + 1];
    size_t count;
};

static void chain_init(struct chain *chain, const struct query *query, struct stage_run *run) {
    static const struct stage_spec source = {.kind = STAGE_FIELDS, .name = STR_INIT("search")};
    chain->count = query->stage_count + 1;
    for (size_t i = 0; i < chain->count; i++) {
        struct stage *stage = &chain->stages[i];
        const struct stage_spec *spec = i == 0 ? &source : &query->stages[i - 1];
        *stage = (struct stage){.impl = impls[spec->kind],
                                .spec = spec,
                                .run = run,
                                .next = i + 1 < chain->count ? stage + 1 : NULL};
        stage->state = stage->impl->create == NULL ? NULL : stage->impl->create(stage);
    }
}

static void chain_fini(struct chain *chain) {
    for (size_t i = 0; i < chain->count; i++) {
        if (chain->stages[i].impl->destroy != NULL) {
            chain->stages[i].impl->destroy(chain->stages[i].state);
        }
    }
}

static enum status chain_finish(struct chain *chain, struct err *err) {
    for (size_t i = 0; i < chain->count; i++) {
        struct stage *stage = &chain->stages[i];
        enum status status =
            stage->impl->finish == NULL ? STATUS_OK : stage->impl->finish(stage, err);
        if (status != STATUS_OK && status != STATUS_CANCELLED) {
            return status;
        }
    }
    return STATUS_OK;
}

/* --- what to read --- */

/* Fields the stages read, without duplicates. */
struct projection {
    uint32_t *fields;
    size_t count;
    size_t capacity;
    bool all;
    bool raw;
};

static void project_field(struct projection *p, uint32_t field) {
    for (size_t i = 0; i < p->count; i++) {
        if (p->fields[i] == field) {
            return;
        }
    }
    MEM_GROW(p->fields, p->capacity, p->count + 1);
    p->fields[p->count++] = field;
    p->raw |= field == FIELD_EVENT_ORIGINAL;
}

static void project_column(struct projection *p, const struct query_column *column) {
    p->all |= column->is_pattern;
    for (size_t i = 0; i < column->field_count; i++) {
        project_field(p, column->fields[i]);
    }
}

static void project_stage(struct projection *p, const struct stage_spec *spec) {
    for (size_t i = 0; i < spec->column_count; i++) {
        project_column(p, &spec->columns[i]);
    }
    for (size_t i = 0; i < spec->key_count; i++) {
        project_column(p, &spec->keys[i].column);
    }
    for (size_t i = 0; i < spec->aggregate_count; i++) {
        if (spec->aggregates[i].has_column) {
            project_column(p, &spec->aggregates[i].column);
        }
    }
}

/* A `where` behind a pipe may test any field of a name or a pattern. */
static void project_where(struct projection *p, const struct query *query) {
    for (size_t i = 0; i < query->name_count; i++) {
        if (query->names[i].in_stage) {
            p->all = true;
        }
    }
    if (query->where_reads_text) { /* the text of rows without raw bytes is their values */
        p->raw = true;
        p->all = true;
    }
}

static void project(struct projection *p, const struct query *query,
                    const struct query_run_options *options) {
    p->raw = options->want_raw;
    p->all = query->output.shape == QUERY_EVENTS && options->fields == NULL;
    for (size_t i = 0; query->output.shape == QUERY_EVENTS && i < options->field_count; i++) {
        project_field(p, options->fields[i]);
    }
    size_t i = 0;
    for (; i < query->stage_count; i++) {
        project_stage(p, &query->stages[i]);
        if (query->stages[i].kind == STAGE_STATS) {
            break; /* what comes later reads the table */
        }
    }
    project_where(p, query);
}

/* Does the answer depend on the order in which rows come? */
static bool needs_order(const struct query *query) {
    for (size_t i = 0; i < query->stage_count; i++) {
        const struct stage_spec *spec = &query->stages[i];
        if (spec->kind != STAGE_STATS) {
            bool passes = spec->kind == STAGE_WHERE || spec->kind == STAGE_FIELDS;
            if (passes) {
                continue;
            }
            return true;
        }
        for (size_t k = 0; k < spec->aggregate_count; k++) {
            enum aggregate_fn fn = spec->aggregates[k].fn;
            if (fn == FN_FIRST || fn == FN_LAST || fn == FN_VALUES) {
                return true;
            }
        }
        return false;
    }
    return true;
}

/* --- the run --- */

static enum status push_batch(struct chain *chain, const struct batch *batch, struct err *err) {
    struct stage *first = &chain->stages[0];
    for (size_t i = 0; i < batch->row_count; i++) {
        enum status status = first->impl->push(first, batch, &batch->rows[i], err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status next_batch(struct batch *batch, bool *more, struct store_scan *scan,
                              struct query_run_stats *stats, struct err *err) {
    int64_t start_ns = clock_mono_ns();
    enum status status = store_scan_next(scan, batch, more, err);
    stats->scan_ns += (uint64_t)(clock_mono_ns() - start_ns);
    return status;
}

static bool is_cancelled(const struct query_run_options *options) {
    return options->cancel != NULL && atomic_load(options->cancel);
}

/* CANCELLED of a stage means that no more rows are wanted: the run is done then. */
static enum status pump(struct chain *chain, struct store_scan *scan,
                        const struct query_run_options *options, struct query_run_stats *stats,
                        struct err *err) {
    struct batch batch;
    batch_init(&batch);
    bool more = true;
    enum status wanted = STATUS_OK;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && wanted == STATUS_OK) {
        status = next_batch(&batch, &more, scan, stats, err);
        if (status == STATUS_OK && is_cancelled(options)) {
            status = STATUS_CANCELLED;
        }
        if (status != STATUS_OK || !more) {
            break;
        }
        wanted = push_batch(chain, &batch, err);
    }
    batch_fini(&batch);
    if (status != STATUS_OK) {
        return status;
    }
    return wanted == STATUS_OK || wanted == STATUS_CANCELLED ? chain_finish(chain, err) : wanted;
}

static enum status run_rows(struct chain *chain, struct store *store,
                            const struct store_scan_options *scan_options,
                            const struct query_run_options *options, struct query_run_stats *stats,
                            struct err *err) {
    struct store_scan *scan = NULL;
    enum status status = store_scan_open(&scan, store, scan_options, err);
    if (status == STATUS_OK) {
        status = pump(chain, scan, options, stats, err);
        store_scan_stop(scan);
        stats->scan = *store_scan_get_stats(scan);
        store_scan_close(&scan);
    }
    return status;
}

/* The aggregation is the first stage behind the one that takes the scan's rows. */
static enum status take_groups(const struct store_groups *groups, void *ctx, struct err *err) {
    struct chain *chain = ctx;
    return columnar_add(&chain->stages[1], groups, err);
}

static enum status take_rows(const struct batch *batch, void *ctx, struct err *err) {
    return push_batch(ctx, batch, err);
}

static enum status run_columns(struct chain *chain, struct store *store,
                               const struct store_scan_options *options,
                               const struct store_group_spec *spec, struct query_run_stats *stats,
                               struct err *err) {
    struct store_group_sink sink = {.groups = take_groups, .rows = take_rows, .ctx = chain};
    int64_t start_ns = clock_mono_ns();
    enum status status = store_group(store, options, spec, &sink, &stats->scan, err);
    stats->scan_ns = (uint64_t)(clock_mono_ns() - start_ns) - stats->scan.open_ns;
    stats->without_group += sink.without_key;
    return status == STATUS_OK ? chain_finish(chain, err) : status;
}

static enum status run_scan(struct chain *chain, const struct query *query, struct store *store,
                            const struct query_run_options *options, struct query_run_stats *stats,
                            struct err *err) {
    struct projection projection = {0};
    project(&projection, query, options);
    chain->stages[0].run->want_raw = projection.raw;
    struct store_scan_options scan_options = STORE_SCAN_ALL;
    scan_options.filter = query->filter;
    scan_options.from_ns = options->from_ns;
    scan_options.to_ns = options->to_ns;
    expr_time_bounds(query->filter, &scan_options.from_ns, &scan_options.to_ns);
    scan_options.fields = projection.fields;
    scan_options.field_count = projection.count;
    scan_options.all_fields = projection.all;
    scan_options.want_raw = projection.raw;
    scan_options.ordered = needs_order(query);
    scan_options.threads = options->threads;
    scan_options.cancel = options->cancel;
    int64_t start_ns = clock_mono_ns();
    struct store_group_spec groups = {.key_count = 0};
    bool columnar = query->stage_count > 0 && columnar_spec(&groups, &query->stages[0]);
    groups.memory_bytes = chain->stages[0].run->memory_bytes / 4; /* the rest is for the stage */
    enum status status = columnar ? run_columns(chain, store, &scan_options, &groups, stats, err)
                                  : run_rows(chain, store, &scan_options, options, stats, err);
    uint64_t store_ns = stats->scan_ns + stats->scan.open_ns;
    uint64_t all_ns = (uint64_t)(clock_mono_ns() - start_ns);
    stats->stage_ns = all_ns > store_ns ? all_ns - store_ns : 0;
    mem_free(projection.fields);
    return status;
}

enum status query_run(const struct query *query, struct store *store,
                      const struct query_run_options *options, struct query_run_stats *stats,
                      query_row_fn *row, void *ctx, struct err *err) {
    *stats = (struct query_run_stats){0};
    struct stage_run run = {.memory_bytes = options->memory_bytes > 0 ? options->memory_bytes
                                                                      : DEFAULT_MEMORY_BYTES,
                            .limit = options->limit,
                            .stats = stats,
                            .row = row,
                            .row_ctx = ctx};
    struct chain *chain = mem_calloc(1, sizeof *chain);
    uint64_t given_up = expr_regex_given_up();
    chain_init(chain, query, &run);
    enum status status = run_scan(chain, query, store, options, stats, err);
    stats->regex_given_up = expr_regex_given_up() - given_up;
    chain_fini(chain);
    mem_free(chain);
    return status;
}
