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

enum order { BY_HITS, WORST_FIRST };

static void add_tally(struct buf *out, const char *name, const struct report_tally *tally,
                      enum order order) {
    uint32_t top[TOP];
    size_t n = order == WORST_FIRST ? report_tally_worst(top, TOP, tally)
                                    : report_tally_top(top, TOP, tally, REPORT_LEVELS);
    buf_printf(out, ",\"%s\":{\"distinct\":%u,\"top\":[", name, tally->names.count);
    for (size_t i = 0; i < n; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        add_row(out, &tally->rows[top[i]]);
    }
    buf_add(out, STR("]}"));
}

static void add_rule(struct buf *out, const struct report_rule_row *row) {
    buf_add(out, STR("{\"id\":"));
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

/* The worst level first; of each those with the most hits. */
static void add_rules(struct buf *out, const struct report_stats *stats) {
    size_t top[TOP];
    size_t told = 0;
    buf_add(out, STR(",\"top_rules\":["));
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        size_t n = report_rules_top(top, TOP, stats, level);
        for (size_t i = 0; i < n; i++) {
            buf_add(out, told++ > 0 ? STR(",") : STR_EMPTY);
            add_rule(out, &stats->rules[top[i]]);
        }
    }
    buf_putc(out, ']');
}

/* {"high":{"day":"2026-11-21","hits":7}}, of levels with hits that have a time */
static void add_busiest_days(struct buf *out, const struct report_stats *stats) {
    bool is_first = true;
    buf_add(out, STR(",\"busiest_days\":{"));
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        uint32_t day;
        if (report_tally_top(&day, 1, &stats->days, level) == 0) {
            continue;
        }
        const struct report_tally_row *row = &stats->days.rows[day];
        buf_printf(out, "%s\"%.*s\":{\"day\":", is_first ? "" : ",",
                   STR_ARG(sigma_level_name((enum sigma_level)level)));
        json_out_string(out, row->name);
        add_number(out, "hits", row->counts[level]);
        buf_putc(out, '}');
        is_first = false;
    }
    buf_putc(out, '}');
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
    add_tally(out, "hosts", &stats->hosts, WORST_FIRST);
    add_tally(out, "users", &stats->users, WORST_FIRST);
    add_tally(out, "channels", &stats->channels, BY_HITS);
    add_tally(out, "days", &stats->days, BY_HITS);
    add_busiest_days(out, stats);
    add_rules(out, stats);
    buf_add(out, STR("}}\n"));
}
