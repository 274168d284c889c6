#include "rule_watch.h"

#include "mem.h"
#include "sigma_correlator.h"

enum { WATERMARK_MINUTES = 5 };

struct rule_watch {
    struct rule_watch_options options;
    struct sigma_matcher *matcher;       /* NULL: no rules */
    struct sigma_correlator *correlator; /* NULL: no correlations */
    struct buf origin;                   /* of the row: source NUL file, or source NUL NUL peer */
    enum status correlated;              /* of hits told by the correlator */
    struct err correlated_err;
    struct rule_tuning *tuning; /* NULL: none */
    struct buf found_lines;     /* hits to announce after the commit, each ended by LF */
    bool in_transaction;        /* of the findings file */
    uint64_t hits;
    uint64_t suppressed;
    struct sigma_correlator_counts correlation; /* of correlators that are finished */
};

struct hit_context {
    struct rule_watch *watch;
    const struct batch *batch;
    const struct row *row;
    enum status status;
    struct err *err;
};

/* --- correlations --- */

static enum status need_transaction(struct rule_watch *watch, struct err *err) {
    if (watch->in_transaction) {
        return STATUS_OK;
    }
    enum status status = findings_db_begin(watch->options.db, err);
    watch->in_transaction = status == STATUS_OK;
    return status;
}

static void keep_correlation(const struct sigma_correlation_hit *hit, void *ctx) {
    struct rule_watch *watch = ctx;
    struct sigma_hit tuned = {.rule = hit->rule};
    struct str why = rule_tuning_reason(
        watch->tuning, rule_tuning_apply_group(watch->tuning, &tuned, hit->group_fields,
                                               hit->group_values, hit->group_count));
    const struct rule_hit rule = {.rule_id = tuned.rule->id,
                                  .title = tuned.rule->title,
                                  .path = tuned.rule->path,
                                  .level = (enum finding_level)tuned.rule->level,
                                  .tags = tuned.rule->tags,
                                  .tag_count = tuned.rule->tag_count,
                                  .suppressed_by = why};
    if (watch->correlated != STATUS_OK) {
        return;
    }
    watch->correlated = need_transaction(watch, &watch->correlated_err);
    if (watch->correlated == STATUS_OK) {
        watch->correlated =
            findings_db_add_correlation_hit(watch->options.db, &rule, hit, &watch->correlated_err);
    }
    if (hit->version == 1) {
        *(why.len == 0 ? &watch->hits : &watch->suppressed) += 1;
    }
    if (watch->options.found != NULL && why.len == 0) {
        correlation_hit_format(&watch->found_lines, &rule, hit);
        buf_putc(&watch->found_lines, '\n');
    }
}

static void open_correlator(struct rule_watch *watch) {
    const struct sigma_correlator_options options = {.rules = watch->options.rules,
                                                     .is_live = watch->options.is_live,
                                                     .hit = keep_correlation,
                                                     .ctx = watch};
    watch->correlator = sigma_correlator_create(&options);
    if (watch->correlator != NULL) {
        sigma_matcher_feed(watch->matcher, sigma_correlator_take, watch->correlator);
    }
}

/* Hits of rules that follow are those of this row. */
static enum status begin_row(struct rule_watch *watch, const struct batch *batch,
                             const struct row *row, struct err *err) {
    if (watch->correlator == NULL) {
        return STATUS_OK;
    }
    bool is_peer = row->line == 0 && row->record_id == 0;
    if ((row->flags & ROW_TIME_RECEIVED) != 0 &&
        !is_peer) { /* the time of the import says nothing */
        sigma_correlator_timeless_event(watch->correlator);
        return STATUS_OK;
    }
    buf_clear(&watch->origin);
    buf_add(&watch->origin, intern_text(&batch->names, row->source));
    if (row->origin != INTERN_NONE) {
        buf_append(&watch->origin, "\0", is_peer ? 2 : 1);
        buf_add(&watch->origin, intern_text(&batch->names, row->origin));
    }
    const struct sigma_event_place place = {.origin = buf_str(&watch->origin),
                                            .record = row->sequence,
                                            .line = row->line,
                                            .idx = row->idx};
    return sigma_correlator_event(watch->correlator, row->time_ns, &place, err);
}

/* What was told while the correlator worked: its own failure, else that of keeping a hit. */
static enum status told(struct rule_watch *watch, enum status status, struct err *err) {
    if (status == STATUS_OK && watch->correlated != STATUS_OK) {
        *err = watch->correlated_err;
        return watch->correlated;
    }
    return status;
}

static enum status advance(struct rule_watch *watch, struct err *err) {
    int64_t wait_ns = watch->options.watermark_ns > 0 ? watch->options.watermark_ns
                                                      : WATERMARK_MINUTES * NS_PER_MINUTE;
    if (watch->correlator == NULL || !watch->options.is_live) {
        return STATUS_OK;
    }
    int64_t newest_ns = sigma_correlator_newest(watch->correlator);
    if (newest_ns < INT64_MIN + wait_ns) {
        return STATUS_OK;
    }
    return told(watch, sigma_correlator_advance(watch->correlator, newest_ns - wait_ns, err), err);
}

enum status rule_watch_finish(struct rule_watch *watch, struct err *err) {
    enum status status = STATUS_OK;
    if (watch->correlator != NULL) {
        status = told(watch, sigma_correlator_finish(watch->correlator, err), err);
        watch->correlation = rule_watch_correlation(watch);
        sigma_matcher_feed(watch->matcher, NULL, NULL);
        sigma_correlator_destroy(&watch->correlator);
    }
    return status;
}

struct sigma_correlator_counts rule_watch_correlation(const struct rule_watch *watch) {
    struct sigma_correlator_counts sum = watch->correlation;
    if (watch->correlator != NULL) {
        struct sigma_correlator_counts now = sigma_correlator_counts(watch->correlator);
        sum.events += now.events;
        sum.hits += now.hits;
        sum.evicted += now.evicted;
        sum.late += now.late;
        sum.timeless += now.timeless;
        sum.without_group += now.without_group;
        sum.without_value += now.without_value;
        sum.spilled_bytes += now.spilled_bytes;
    }
    return sum;
}

/* --- life --- */

struct rule_watch *rule_watch_create(const struct rule_watch_options *options) {
    struct rule_watch *watch = mem_calloc(1, sizeof *watch);
    watch->options = *options;
    if (options->rules != NULL) {
        watch->matcher = sigma_matcher_create(options->rules);
        watch->tuning = rule_tuning_create(options->site);
        open_correlator(watch);
    }
    return watch;
}

enum status rule_watch_set_rules(struct rule_watch *watch, const struct sigma_rules *rules,
                                 struct err *err) {
    enum status status = rule_watch_finish(watch, err); /* it looks at the old set */
    if (status == STATUS_OK) { /* others write to the findings file between our commits */
        status = rule_watch_commit(watch, err);
    }
    sigma_matcher_destroy(&watch->matcher);
    rule_tuning_destroy(&watch->tuning);
    watch->options.rules = rules;
    watch->matcher = sigma_matcher_create(rules);
    watch->tuning = rule_tuning_create(watch->options.site);
    open_correlator(watch);
    return status;
}

void rule_watch_destroy(struct rule_watch **watch) {
    struct rule_watch *gone = *watch;
    if (gone == NULL) {
        return;
    }
    if (gone->in_transaction) {
        findings_db_rollback(gone->options.db);
    }
    sigma_matcher_destroy(&gone->matcher);
    sigma_correlator_destroy(&gone->correlator);
    buf_fini(&gone->origin);
    rule_tuning_destroy(&gone->tuning);
    buf_fini(&gone->found_lines);
    mem_free(gone);
    *watch = NULL;
}

static void keep_hit(const struct sigma_hit *matched, void *ctx) {
    struct hit_context *context = ctx;
    struct rule_watch *watch = context->watch;
    if (context->status != STATUS_OK) {
        return;
    }
    struct sigma_hit tuned = *matched;
    const struct sigma_hit *hit = &tuned;
    struct str why = rule_tuning_reason(
        watch->tuning, rule_tuning_apply(watch->tuning, &tuned, context->batch, context->row));
    struct rule_hit kept = {.rule_id = hit->rule->id,
                            .title = hit->rule->title,
                            .path = hit->rule->path,
                            .level = (enum finding_level)hit->rule->level,
                            .tags = hit->rule->tags,
                            .tag_count = hit->rule->tag_count,
                            .fields = hit->fields,
                            .field_count = hit->field_count,
                            .suppressed_by = why};
    context->status = need_transaction(watch, context->err);
    if (context->status == STATUS_OK) {
        context->status = findings_db_add_rule_hit(watch->options.db, &kept, context->batch,
                                                   context->row, context->err);
        *(why.len == 0 ? &watch->hits : &watch->suppressed) += 1;
    }
    if (watch->options.found != NULL && why.len == 0) {
        rule_hit_format(&watch->found_lines, &kept, context->batch, context->row);
        buf_putc(&watch->found_lines, '\n');
    }
}

/* Rows that carry no event a rule could speak about. */
static bool is_matchable(const struct row *row) {
    return (row->flags & (ROW_BLANK | ROW_META | ROW_DAMAGED | ROW_DERIVED)) == 0;
}

enum status rule_watch_batch(struct rule_watch *watch, const struct batch *batch, struct err *err) {
    struct hit_context context = {watch, batch, NULL, STATUS_OK, err};
    if (watch->matcher == NULL) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < batch->row_count && context.status == STATUS_OK; i++) {
        context.row = &batch->rows[i];
        if (!is_matchable(context.row)) {
            continue;
        }
        context.status = begin_row(watch, batch, context.row, err);
        if (context.status == STATUS_OK) {
            sigma_match_row(watch->matcher, batch, context.row, keep_hit, &context);
        }
    }
    return context.status;
}

static void announce(struct rule_watch *watch) {
    struct str rest = buf_str(&watch->found_lines);
    struct str line;
    while (str_split_next(&line, &rest, '\n')) {
        watch->options.found(line, watch->options.found_ctx);
    }
    buf_clear(&watch->found_lines);
}

enum status rule_watch_commit(struct rule_watch *watch, struct err *err) {
    enum status status = advance(watch, err);
    if (status == STATUS_OK && watch->in_transaction) {
        status = findings_db_commit(watch->options.db, err);
        watch->in_transaction = false;
    }
    if (status == STATUS_OK && watch->options.found != NULL) {
        announce(watch);
    }
    return status;
}

uint64_t rule_watch_hits(const struct rule_watch *watch) {
    return watch->hits;
}

uint64_t rule_watch_suppressed(const struct rule_watch *watch) {
    return watch->suppressed;
}
