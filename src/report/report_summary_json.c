/* The summary as one JSON object. */
#include "json_member.h"
#include "report_json.h"
#include "report_summary.h"

enum { ROWS = 20 };

/* Left out where there is none. */
static void add_time(struct buf *out, struct str name, int64_t ns) {
    if (ns != TIME_NONE) {
        report_json_time(out, name, ns);
    }
}

static void add_levels(struct buf *out, struct str name, const uint64_t *counts) {
    json_member(out, name);
    buf_putc(out, '{');
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        json_member_number(out, sigma_level_name((enum sigma_level)level), counts[level]);
    }
    buf_putc(out, '}');
}

static void add_row(struct buf *out, const struct report_tally_row *row) {
    buf_putc(out, '{');
    json_member_text(out, STR("name"), row->name);
    json_member_number(out, STR("hits"), row->total);
    add_levels(out, STR("levels"), row->counts);
    add_time(out, STR("first"), row->first_ns);
    add_time(out, STR("last"), row->last_ns);
    json_member(out, STR("tactics"));
    buf_putc(out, '{');
    for (size_t t = 0; t < ATTACK_TACTICS; t++) {
        if (row->tactics[t] > 0) {
            json_member_number(out, attack_tactic_name(t), row->tactics[t]);
        }
    }
    buf_add(out, STR("}}"));
}

enum order { BY_HITS, WORST_FIRST };

static void add_tally(struct buf *out, struct str name, const struct report_tally *tally,
                      enum order order, size_t rows) {
    uint32_t top[REPORT_TOP_MAX];
    size_t n = order == WORST_FIRST ? report_tally_worst(top, rows, tally)
                                    : report_tally_top(top, rows, tally, REPORT_LEVELS);
    json_member(out, name);
    buf_putc(out, '{');
    json_member_number(out, STR("distinct"), tally->names.count);
    json_member(out, STR("top"));
    buf_putc(out, '[');
    for (size_t i = 0; i < n; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        add_row(out, &tally->rows[top[i]]);
    }
    buf_add(out, STR("]}"));
}

static void add_rule(struct buf *out, const struct report_rule_row *row) {
    buf_putc(out, '{');
    json_member_text(out, STR("id"), row->rule->id);
    json_member_text(out, STR("title"), row->rule->title);
    json_member_text(out, STR("level"), sigma_level_name(row->level));
    json_member_number(out, STR("hits"), row->count);
    add_time(out, STR("first"), row->first_ns);
    add_time(out, STR("last"), row->last_ns);
    buf_putc(out, '}');
}

/* The worst level first; of each those with the most hits. */
static void add_rules(struct buf *out, const struct report_stats *stats, size_t rows) {
    size_t top[REPORT_TOP_MAX];
    size_t told = 0;
    json_member(out, STR("top_rules"));
    buf_putc(out, '[');
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        size_t n = report_rules_top(top, rows, stats, level);
        for (size_t i = 0; i < n; i++) {
            buf_add(out, told++ > 0 ? STR(",") : STR_EMPTY);
            add_rule(out, &stats->rules[top[i]]);
        }
    }
    buf_putc(out, ']');
}

/* {"high":{"day":"2026-11-21","hits":7}}, of levels with hits that have a time */
static void add_busiest_days(struct buf *out, const struct report_stats *stats) {
    json_member(out, STR("busiest_days"));
    buf_putc(out, '{');
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        uint32_t day;
        if (report_tally_top(&day, 1, &stats->days, level) == 0) {
            continue;
        }
        const struct report_tally_row *row = &stats->days.rows[day];
        json_member(out, sigma_level_name((enum sigma_level)level));
        buf_putc(out, '{');
        json_member_text(out, STR("day"), row->name);
        json_member_number(out, STR("hits"), row->counts[level]);
        buf_putc(out, '}');
    }
    buf_putc(out, '}');
}

static void add_sources(struct buf *out, struct str name, const struct report_source_count *sources,
                        size_t count) {
    json_member(out, name);
    buf_putc(out, '{');
    for (size_t i = 0; i < count; i++) {
        json_member_number(out, sources[i].name, sources[i].events);
    }
    buf_putc(out, '}');
}

void report_summary_json(struct buf *out, const struct report_stats *stats,
                         const struct report_run *run) {
    buf_add(out, STR("{\"summary\":{"));
    json_member_number(out, STR("hits"), stats->total);
    add_levels(out, STR("levels"), stats->counts);
    add_levels(out, STR("rules_hit"), stats->rule_counts);
    json_member_number(out, STR("events"), run->events);
    json_member_number(out, STR("events_with_hits"), run->events_with_hits);
    json_member_number(out, STR("damaged"), run->damaged);
    json_member_number(out, STR("suppressed"), run->suppressed);
    json_member_number(out, STR("filtered"), run->filtered);
    json_member_number(out, STR("copies"), run->copies);
    json_member_number(out, STR("files"), run->files);
    json_member_number(out, STR("files_with_hits"), stats->files.names.count);
    json_member_number(out, STR("unreadable"), run->unreadable);
    json_member_number(out, STR("bytes"), run->bytes);
    json_member_number(out, STR("rules"), run->rules);
    json_member_number(out, STR("rules_refused"), run->refused);
    add_time(out, STR("first_event"), run->first_ns);
    add_time(out, STR("last_event"), run->last_ns);
    add_time(out, STR("first_hit"), stats->first_ns);
    add_time(out, STR("last_hit"), stats->last_ns);
    json_member_number(out, STR("hits_without_time"), stats->timeless);
    json_member(out, STR("elapsed_s"));
    buf_printf(out, "%.3f", (double)run->elapsed_ns / (double)NS_PER_SECOND);
    json_member_bool(out, STR("interrupted"), run->is_interrupted);
    add_sources(out, STR("sources"), run->sources, run->source_count);
    add_sources(out, STR("rules_without_source"), run->blind, run->blind_count);
    size_t most = run->top < REPORT_TOP_MAX ? run->top : REPORT_TOP_MAX;
    size_t rows = most > 0 ? most : ROWS;
    add_tally(out, STR("hosts"), &stats->hosts, WORST_FIRST, rows);
    add_tally(out, STR("users"), &stats->users, WORST_FIRST, rows);
    add_tally(out, STR("channels"), &stats->channels, BY_HITS, rows);
    add_tally(out, STR("days"), &stats->days, BY_HITS, rows);
    add_busiest_days(out, stats);
    add_rules(out, stats, rows);
    buf_add(out, STR("}}\n"));
}
