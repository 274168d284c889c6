#include "timeline.h"

#include <stdio.h>

#include "mem.h"
#include "summary.h"
#include "timeline_findings.h"

enum { MARKS_SHOWN_MAX = 8 };

struct story {
    const struct timeline_options *options;
    struct timeline_findings findings;
    size_t next_finding;
    struct timeline_stats *stats;
    timeline_visit_fn *visit;
    void *ctx;
    struct buf summary;
    struct buf id;
    struct buf scratch;
};

/* --- the filter --- */

static void append_quoted(struct buf *out, struct str text) {
    buf_putc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\') {
            buf_putc(out, '\\');
        }
        buf_putc(out, text.ptr[i]);
    }
    buf_putc(out, '"');
}

static void append_address(struct buf *out, struct str text) {
    buf_add(out, STR("ip:"));
    append_quoted(out, text);
    buf_add(out, STR(" OR ("));
    append_quoted(out, text);
    buf_add(out, STR(" AND /(?<![0-9a-f:.])"));
    for (size_t i = 0; i < text.len; i++) {
        buf_add(out, text.ptr[i] == '.' ? STR("\\.") : str_make(text.ptr + i, 1));
    }
    buf_add(out, STR("(?![0-9a-f]|[.:][0-9a-f])/i)")); /* "10.1.2.3." may end a sentence */
}

/* Appends the filter (query language) for the entities. */
static void append_filter(struct buf *out, const struct str *entities, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct ip ip;
        struct ip_network network;
        buf_add(out, i > 0 ? STR(" OR (") : STR("("));
        if (ip_parse(&ip, entities[i])) {
            append_address(out, entities[i]);
        } else if (ip_network_parse(&network, entities[i])) {
            buf_add(out, STR("ip:"));
            append_quoted(out, entities[i]);
        } else {
            append_quoted(out, entities[i]);
        }
        buf_putc(out, ')');
    }
}

/* --- telling --- */

static bool tell(struct story *s, const struct timeline_entry *entry) {
    uint64_t told = s->stats->events + s->stats->findings;
    if (s->options->limit > 0 && told >= s->options->limit) {
        s->stats->limited = true;
        return false;
    }
    s->stats->events += entry->kind == TIMELINE_EVENT;
    s->stats->findings += entry->kind == TIMELINE_FINDING;
    return s->visit(entry, s->ctx);
}

/* Findings that begin before the time. */
static bool tell_findings(struct story *s, int64_t before_ns) {
    bool go_on = true;
    while (go_on && s->next_finding < s->findings.count &&
           s->findings.items[s->next_finding].first_ns <= before_ns) {
        const struct timeline_finding *f = &s->findings.items[s->next_finding++];
        struct timeline_entry entry = {.kind = TIMELINE_FINDING,
                                       .time_ns = f->first_ns,
                                       .last_ns = f->last_ns,
                                       .count = f->count,
                                       .id = f->id,
                                       .source = f->analysis,
                                       .dataset = STR_EMPTY,
                                       .action = f->level,
                                       .summary = f->reason,
                                       .origin = STR_EMPTY};
        go_on = tell(s, &entry);
    }
    return go_on;
}

static bool tell_event(const struct batch *batch, const struct row *row, void *ctx) {
    struct story *s = ctx;
    struct str marks[MARKS_SHOWN_MAX];
    if (!tell_findings(s, row->time_ns)) {
        return false;
    }
    struct str source = intern_text(&batch->names, row->source);
    buf_clear(&s->id);
    buf_printf(&s->id, "%.*s-%llu", STR_ARG(source), (unsigned long long)row->sequence);
    buf_clear(&s->summary);
    summary_append(&s->summary, batch, row, &s->scratch);
    struct timeline_entry entry = {
        .kind = TIMELINE_EVENT,
        .time_ns = row->time_ns,
        .last_ns = TIME_NONE,
        .id = buf_str(&s->id),
        .source = source,
        .dataset = dataset_info((enum dataset)row->dataset)->name,
        .action = STR_EMPTY,
        .summary = buf_str(&s->summary),
        .origin = row->origin == INTERN_NONE ? STR_EMPTY : intern_text(&batch->names, row->origin),
        .line = row->line,
        .marks = marks,
        .mark_count =
            timeline_findings_marks(&s->findings, buf_str(&s->id), marks, MARKS_SHOWN_MAX)};
    if (!batch_find(&entry.action, batch, row, FIELD_EVENT_ACTION)) {
        entry.action = STR_EMPTY;
    }
    return tell(s, &entry);
}

/* --- the run --- */

static enum status parse_filter(struct query **out, const struct timeline_options *options,
                                struct err *err) {
    struct buf text = BUF_INIT;
    struct query_error error;
    append_filter(&text, options->entities, options->entity_count);
    buf_add(&text, STR(" | sort @timestamp"));
    enum status status = query_parse(out, buf_str(&text), options->settings, &error);
    buf_fini(&text);
    return status == STATUS_OK ? status : err_set(err, status, "%s", error.message);
}

static enum status run_query(struct story *s, const struct query *query, struct err *err) {
    const struct timeline_options *o = s->options;
    struct query_run_options run = {.from_ns = o->from_ns,
                                    .to_ns = o->to_ns,
                                    .limit = o->limit,
                                    .memory_bytes = o->memory_bytes,
                                    .want_raw = true};
    run.field_count = summary_fields(&run.fields); /* event.action is one of them */
    struct query_run_stats stats;
    enum status status = query_run(query, o->store, &run, &stats, tell_event, s, err);
    s->stats->limited |= stats.limited;
    if (status == STATUS_OK && !s->stats->limited) {
        (void)tell_findings(s, INT64_MAX);
    }
    return status;
}

enum status timeline_run(const struct timeline_options *options, struct timeline_stats *stats,
                         timeline_visit_fn *visit, void *ctx, struct err *err) {
    *stats = (struct timeline_stats){0};
    struct story s = {.options = options, .stats = stats, .visit = visit, .ctx = ctx};
    struct query *query = NULL;
    enum status status = parse_filter(&query, options, err);
    if (status == STATUS_OK && options->findings != NULL) {
        status = timeline_findings_load(&s.findings, options, err);
    }
    if (status == STATUS_OK) {
        status = run_query(&s, query, err);
    }
    query_free(&query);
    timeline_findings_fini(&s.findings);
    buf_fini(&s.summary);
    buf_fini(&s.id);
    buf_fini(&s.scratch);
    return status;
}
