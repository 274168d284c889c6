#include "rule_watch.h"

#include "mem.h"

struct rule_watch {
    struct rule_watch_options options;
    struct sigma_matcher *matcher; /* NULL: no rules */
    struct rule_tuning *tuning;    /* NULL: none */
    struct buf found_lines;        /* hits to announce after the commit, each ended by LF */
    bool in_transaction;           /* of the findings file */
    uint64_t hits;
    uint64_t suppressed;
};

struct hit_context {
    struct rule_watch *watch;
    const struct batch *batch;
    const struct row *row;
    enum status status;
    struct err *err;
};

struct rule_watch *rule_watch_create(const struct rule_watch_options *options) {
    struct rule_watch *watch = mem_calloc(1, sizeof *watch);
    watch->options = *options;
    if (options->rules != NULL) {
        watch->matcher = sigma_matcher_create(options->rules);
        watch->tuning = rule_tuning_create(options->site);
    }
    return watch;
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
    if (!watch->in_transaction) {
        context->status = findings_db_begin(watch->options.db, context->err);
        watch->in_transaction = context->status == STATUS_OK;
    }
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
        if (is_matchable(context.row)) {
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
    enum status status = STATUS_OK;
    if (watch->in_transaction) {
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
