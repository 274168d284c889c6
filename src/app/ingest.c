#include "ingest.h"

#include "mail_join.h"
#include "mem.h"

struct ingest {
    struct ingest_options options;
    struct sigma_matcher *matcher;
    struct mail_join *mails;
    struct batch derived;
    struct buf found_lines; /* hits to announce after the commit, each ended by LF */
    bool in_transaction;    /* of the findings file */
    struct ingest_counts counts;
};

struct hit_context {
    struct ingest *ingest;
    const struct batch *batch;
    const struct row *row;
    enum status status;
    struct err *err;
};

struct ingest *ingest_create(const struct ingest_options *options) {
    struct ingest *ingest = mem_calloc(1, sizeof *ingest);
    ingest->options = *options;
    ingest->mails = mail_join_create(&(struct mail_join_options){.live = options->live});
    batch_init(&ingest->derived);
    if (options->rules != NULL) {
        ingest->matcher = sigma_matcher_create(options->rules);
    }
    return ingest;
}

void ingest_destroy(struct ingest **ingest) {
    struct ingest *gone = *ingest;
    if (gone == NULL) {
        return;
    }
    if (gone->in_transaction) {
        findings_db_rollback(gone->options.db);
    }
    sigma_matcher_destroy(&gone->matcher);
    mail_join_destroy(&gone->mails);
    batch_fini(&gone->derived);
    buf_fini(&gone->found_lines);
    mem_free(gone);
    *ingest = NULL;
}

static void keep_hit(const struct sigma_hit *hit, void *ctx) {
    struct hit_context *context = ctx;
    struct ingest *ingest = context->ingest;
    if (context->status != STATUS_OK) {
        return;
    }
    struct rule_hit kept = {.rule_id = hit->rule->id,
                            .title = hit->rule->title,
                            .path = hit->rule->path,
                            .level = (enum finding_level)hit->rule->level,
                            .tags = hit->rule->tags,
                            .tag_count = hit->rule->tag_count,
                            .fields = hit->fields,
                            .field_count = hit->field_count};
    if (!ingest->in_transaction) {
        context->status = findings_db_begin(ingest->options.db, context->err);
        ingest->in_transaction = context->status == STATUS_OK;
    }
    if (context->status == STATUS_OK) {
        context->status = findings_db_add_rule_hit(ingest->options.db, &kept, context->batch,
                                                   context->row, context->err);
        ingest->counts.rule_hits++;
    }
    if (ingest->options.found != NULL) {
        rule_hit_format(&ingest->found_lines, &kept, context->batch, context->row);
        buf_putc(&ingest->found_lines, '\n');
    }
}

/* Rows that carry no event a rule could speak about. */
static bool is_matchable(const struct row *row) {
    return (row->flags & (ROW_BLANK | ROW_META | ROW_DAMAGED | ROW_DERIVED)) == 0;
}

static enum status match_rules(struct ingest *ingest, const struct batch *batch, struct err *err) {
    struct hit_context context = {ingest, batch, NULL, STATUS_OK, err};
    if (ingest->matcher == NULL) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < batch->row_count && context.status == STATUS_OK; i++) {
        context.row = &batch->rows[i];
        if (is_matchable(context.row)) {
            sigma_match_row(ingest->matcher, batch, context.row, keep_hit, &context);
        }
    }
    return context.status;
}

static enum status append_derived(struct ingest *ingest, struct err *err) {
    if (ingest->derived.row_count == 0) {
        return STATUS_OK;
    }
    ingest->counts.derived += ingest->derived.row_count;
    enum status status = store_append(ingest->options.store, &ingest->derived, err);
    batch_clear(&ingest->derived);
    return status;
}

enum status ingest_batch(struct ingest *ingest, struct batch *batch, struct err *err) {
    enum status status = store_append(ingest->options.store, batch, err);
    if (status != STATUS_OK) {
        return status;
    }
    ingest->counts.events += batch->row_count;
    ingest->counts.raw_bytes += batch->raw.len;
    mail_join_feed(ingest->mails, batch, &ingest->derived);
    status = append_derived(ingest, err);
    return status == STATUS_OK ? match_rules(ingest, batch, err) : status;
}

enum status ingest_flush(struct ingest *ingest, struct err *err) {
    mail_join_flush(ingest->mails, &ingest->derived);
    return append_derived(ingest, err);
}

static void announce(struct ingest *ingest) {
    struct str rest = buf_str(&ingest->found_lines);
    struct str line;
    while (str_split_next(&line, &rest, '\n')) {
        ingest->options.found(line, ingest->options.found_ctx);
    }
    buf_clear(&ingest->found_lines);
}

enum status ingest_commit(struct ingest *ingest, struct err *err) {
    enum status status = store_commit(ingest->options.store, err);
    if (status == STATUS_OK && ingest->in_transaction) {
        status = findings_db_commit(ingest->options.db, err);
        ingest->in_transaction = false;
    }
    if (status == STATUS_OK && ingest->options.found != NULL) {
        announce(ingest);
    }
    return status;
}

const struct ingest_counts *ingest_get_counts(const struct ingest *ingest) {
    return &ingest->counts;
}
