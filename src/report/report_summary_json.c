/* The summary as one JSON object. */
#include "json_out.h"
#include "report_summary.h"
#include "report_text.h"

enum { TOP = 20 };

static void add_number(struct buf *out, const char *name, uint64_t number) {
    buf_printf(out, ",\"%s\":%llu", name, (unsigned long long)number);
}

static void add_time(struct buf *out, const char *name, int64_t ns) {
    if (ns != TIME_NONE) {
        buf_printf(out, ",\"%s\":\"", name);
        report_text_time(out, ns, NULL);
        buf_putc(out, '"');
    }
}

static void add_levels(struct buf *out, const uint64_t *counts) {
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        struct str name = sigma_level_name((enum sigma_level)level);
        buf_printf(out, "%s\"%.*s\":%llu", level == REPORT_LEVELS - 1 ? "{" : ",", STR_ARG(name),
                   (unsigned long long)counts[level]);
    }
    buf_putc(out, '}');
}

static void add_row(struct buf *out, const struct report_tally_row *row) {
    buf_add(out, STR("{\"name\":"));
    json_out_string(out, row->name);
    add_number(out, "hits", row->total);
    buf_add(out, STR(",\"levels\":"));
    add_levels(out, row->counts);
    add_time(out, "first", row->first_ns);
    add_time(out, "last", row->last_ns);
    buf_add(out, STR(",\"tactics\":{"));
    bool is_first = true;
    for (size_t t = 0; t < ATTACK_TACTICS; t++) {
        if (row->tactics[t] > 0) {
            buf_printf(out, "%s\"%.*s\":%llu", is_first ? "" : ",", STR_ARG(attack_tactic_name(t)),
                       (unsigned long long)row->tactics[t]);
            is_first = false;
        }
    }
    buf_add(out, STR("}}"));
}

static void add_tally(struct buf *out, const char *name, const struct report_tally *tally) {
    uint32_t top[TOP];
    size_t n = report_tally_top(top, TOP, tally, REPORT_LEVELS);
    buf_printf(out, ",\"%s\":{\"distinct\":%u,\"top\":[", name, tally->names.count);
    for (size_t i = 0; i < n; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        add_row(out, &tally->rows[top[i]]);
    }
    buf_add(out, STR("]}"));
}

static void add_rules(struct buf *out, const struct report_stats *stats) {
    size_t top[TOP];
    size_t n = report_rules_top(top, TOP, stats, REPORT_LEVELS);
    buf_add(out, STR(",\"top_rules\":["));
    for (size_t i = 0; i < n; i++) {
        const struct report_rule_row *row = &stats->rules[top[i]];
        buf_add(out, i > 0 ? STR(",{\"id\":") : STR("{\"id\":"));
        json_out_string(out, row->rule->id);
        buf_add(out, STR(",\"title\":"));
        json_out_string(out, row->rule->title);
        buf_add(out, STR(",\"level\":"));
        json_out_string(out, sigma_level_name(row->level));
        add_number(out, "hits", row->count);
        add_time(out, "first", row->first_ns);
        add_time(out, "last", row->last_ns);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

static void add_sources(struct buf *out, const char *name,
                        const struct report_source_count *sources, size_t count) {
    buf_printf(out, ",\"%s\":{", name);
    for (size_t i = 0; i < count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        json_out_string(out, sources[i].name);
        buf_printf(out, ":%llu", (unsigned long long)sources[i].events);
    }
    buf_putc(out, '}');
}

void report_summary_json(struct buf *out, const struct report_stats *stats,
                         const struct report_run *run) {
    buf_printf(out, "{\"summary\":{\"hits\":%llu", (unsigned long long)stats->total);
    buf_add(out, STR(",\"levels\":"));
    add_levels(out, stats->counts);
    buf_add(out, STR(",\"rules_hit\":"));
    add_levels(out, stats->rule_counts);
    add_number(out, "events", run->events);
    add_number(out, "events_with_hits", run->events_with_hits);
    add_number(out, "damaged", run->damaged);
    add_number(out, "suppressed", run->suppressed);
    add_number(out, "filtered", run->filtered);
    add_number(out, "copies", run->copies);
    add_number(out, "files", run->files);
    add_number(out, "files_with_hits", stats->files.names.count);
    add_number(out, "unreadable", run->unreadable);
    add_number(out, "bytes", run->bytes);
    add_number(out, "rules", run->rules);
    add_number(out, "rules_refused", run->refused);
    add_time(out, "first_event", run->first_ns);
    add_time(out, "last_event", run->last_ns);
    add_time(out, "first_hit", stats->first_ns);
    add_time(out, "last_hit", stats->last_ns);
    add_number(out, "hits_without_time", stats->timeless);
    buf_printf(out, ",\"elapsed_s\":%.3f,\"interrupted\":%s", (double)run->elapsed_ns / 1e9,
               run->is_interrupted ? "true" : "false");
    add_sources(out, "sources", run->sources, run->source_count);
    add_sources(out, "rules_without_source", run->blind, run->blind_count);
    add_tally(out, "hosts", &stats->hosts);
    add_tally(out, "users", &stats->users);
    add_tally(out, "channels", &stats->channels);
    add_tally(out, "days", &stats->days);
    add_rules(out, stats);
    buf_add(out, STR("}}\n"));
}
