#include "report_summary.h"

#include "cell_text.h"
#include "civil.h"
#include "i18n.h"
#include "mem.h"
#include "report_text.h"
#include "report_timeline.h"

enum { RULE_ROWS = 5, SPARK_STEPS = 60, NAME_COLUMNS = 34, HOST_ROWS = 10 };

static void add_count(struct buf *out, uint64_t count, int width) {
    struct buf text = BUF_INIT;
    report_text_count(&text, count);
    buf_printf(out, "%*.*s", width, STR_ARG(buf_str(&text)));
    buf_fini(&text);
}

/* The text without anything that steers a terminal, filled or cut to the columns. */
static void add_padded(struct buf *out, struct str text, int columns) {
    struct buf visible = BUF_INIT;
    cell_text_visible(&visible, text);
    struct str rest = buf_str(&visible);
    int used = 0;
    while (rest.len > 0) {
        int32_t c;
        size_t length = cell_text_next(&c, rest);
        int width = cell_text_width(str_head(rest, length));
        if (used + width > columns) {
            break;
        }
        used += width;
        buf_add(out, str_head(rest, length));
        rest = str_skip(rest, length);
    }
    for (; used < columns; used++) {
        buf_putc(out, ' ');
    }
    buf_fini(&visible);
}

static void add_heading(struct buf *out, const char *text) {
    buf_printf(out, "\n%s\n", text);
}

/* --- parts of the text --- */

static void add_what(struct buf *out, const struct report_stats *stats,
                     const struct report_run *run) {
    if (run->rules == 0) {
        buf_add(out, str_from_c(_("No rule ran: that nothing was found says nothing.\n")));
    }
    if (run->first_ns != TIME_NONE) {
        buf_add(out, str_from_c(_("Events from ")));
        report_text_time(out, run->first_ns, stats->zone);
        buf_add(out, str_from_c(_(" to ")));
        report_text_time(out, run->last_ns, stats->zone);
        buf_putc(out, '\n');
    }
    if (stats->first_ns != TIME_NONE) {
        buf_add(out, str_from_c(_("Hits from ")));
        report_text_time(out, stats->first_ns, stats->zone);
        buf_add(out, str_from_c(_(" to ")));
        report_text_time(out, stats->last_ns, stats->zone);
        buf_putc(out, '\n');
    }
    if (stats->timeless > 0) {
        buf_printf(out, _("Hits in events without a time, in no count by time: %llu\n"),
                   (unsigned long long)stats->timeless);
    }
    buf_add(out, str_from_c(_("Events with hits: ")));
    report_text_count(out, run->events_with_hits);
    buf_add(out, str_from_c(_("; data reduction: ")));
    report_text_share(out, run->events - run->events_with_hits, run->events);
    buf_printf(out, _("\nFiles with hits: %u; without: %llu; unreadable: %llu\n"),
               stats->files.names.count,
               (unsigned long long)(run->files > stats->files.names.count
                                        ? run->files - stats->files.names.count
                                        : 0),
               (unsigned long long)run->unreadable);
    if (run->refused > 0) {
        buf_printf(out, _("Rules refused: %zu\n"), run->refused);
    }
}

static void add_levels(struct buf *out, const struct report_stats *stats) {
    add_heading(out, _("Level                hits        %    rules  busiest day"));
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        uint32_t day;
        add_padded(out, sigma_level_name((enum sigma_level)level), 14);
        add_count(out, stats->counts[level], 12);
        buf_printf(out, " %7.2f%%",
                   stats->total > 0 ? 100.0 * (double)stats->counts[level] / (double)stats->total
                                    : 0.0);
        add_count(out, stats->rule_counts[level], 9);
        if (report_tally_top(&day, 1, &stats->days, level) > 0) {
            const struct report_tally_row *row = &stats->days.rows[day];
            buf_printf(out, "  %.*s (", STR_ARG(row->name));
            report_text_count(out, row->counts[level]);
            buf_putc(out, ')');
        }
        buf_putc(out, '\n');
    }
    add_padded(out, str_from_c(_("all")), 14);
    add_count(out, stats->total, 12);
    buf_printf(out, "%*s", 9, "");
    add_count(out, stats->rule_count, 9);
    buf_putc(out, '\n');
}

static void add_spark(struct buf *out, const struct report_stats *stats, bool ascii) {
    static const char *const blocks[] = {" ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    static const char *const letters[] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    struct report_timeline line;
    report_timeline_make(&line, stats, SPARK_STEPS);
    if (line.count == 0) {
        return;
    }
    add_heading(out, _("Hits over time"));
    report_timeline_label(out, &line, 0);
    buf_add(out, STR(" |"));
    for (size_t i = 0; i < line.count; i++) {
        uint64_t height = line.totals[i] == 0 ? 0 : 1 + line.totals[i] * 7 / line.highest;
        buf_add(out, str_from_c((ascii ? letters : blocks)[height]));
    }
    buf_add(out, STR("| "));
    report_timeline_label(out, &line, line.count - 1);
    buf_printf(out, _(" (at most %llu a step)\n"), (unsigned long long)line.highest);
}

/* Rows of a list: as many as the run asks for, else as many as fit a screen. */
static size_t row_count(const struct report_run *run, size_t usual) {
    size_t most = run->top < REPORT_TOP_MAX ? run->top : REPORT_TOP_MAX;
    return most > 0 ? most : usual;
}

static void add_rules(struct buf *out, const struct report_stats *stats, size_t rows) {
    size_t top[REPORT_TOP_MAX];
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        size_t n = report_rules_top(top, rows, stats, level);
        for (size_t i = 0; i < n; i++) {
            const struct report_rule_row *row = &stats->rules[top[i]];
            if (i == 0) {
                buf_printf(out, _("\nTop rules, %.*s\n"),
                           STR_ARG(sigma_level_name((enum sigma_level)level)));
            }
            add_count(out, row->count, 10);
            buf_add(out, STR("  "));
            cell_text_visible(out, row->rule->title);
            buf_putc(out, '\n');
        }
    }
}

static void add_tally(struct buf *out, const struct report_tally *tally, size_t rows,
                      const char *heading) {
    uint32_t top[REPORT_TOP_MAX];
    size_t n = report_tally_worst(top, rows, tally);
    if (n == 0) {
        return;
    }
    buf_putc(out, '\n');
    add_padded(out, str_from_c(heading), NAME_COLUMNS);
    buf_add(out, STR("     hits crit high  med  low info\n"));
    for (size_t i = 0; i < n; i++) {
        const struct report_tally_row *row = &tally->rows[top[i]];
        add_padded(out, row->name, NAME_COLUMNS);
        add_count(out, row->total, 9);
        for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
            buf_printf(out, " %4llu", (unsigned long long)row->counts[level]);
        }
        buf_putc(out, '\n');
    }
    if (tally->names.count > n) {
        buf_printf(out, _("... and %zu more\n"), tally->names.count - n);
    }
}

/* Only tactics that some host has become columns. */
static void add_tactics(struct buf *out, const struct report_stats *stats, size_t rows) {
    uint32_t top[REPORT_TOP_MAX];
    size_t n = report_tally_worst(top, rows, &stats->hosts);
    bool is_any = false;
    for (size_t t = 0; t < ATTACK_TACTICS; t++) {
        is_any = is_any || stats->tactics[t] > 0;
    }
    if (n == 0 || !is_any) {
        return;
    }
    add_heading(out, _("Tactics per host, first and last hit"));
    for (size_t i = 0; i < n; i++) {
        const struct report_tally_row *row = &stats->hosts.rows[top[i]];
        add_padded(out, row->name, NAME_COLUMNS);
        report_text_time(out, row->first_ns, stats->zone);
        buf_add(out, STR(" - "));
        report_text_time(out, row->last_ns, stats->zone);
        buf_add(out, STR("\n   "));
        for (size_t t = 0; t < ATTACK_TACTICS; t++) {
            if (row->tactics[t] > 0) {
                buf_printf(out, " %.*s %llu;", STR_ARG(attack_tactic_name(t)),
                           (unsigned long long)row->tactics[t]);
            }
        }
        buf_putc(out, '\n');
    }
}

static void add_sources(struct buf *out, const struct report_run *run) {
    for (size_t i = 0; i < run->source_count; i++) {
        if (i == 0) {
            add_heading(out, _("Events by format"));
        }
        add_count(out, run->sources[i].events, 12);
        buf_add(out, STR("  "));
        cell_text_visible(out, str_eq(run->sources[i].name, STR("?"))
                                   ? str_from_c(_("(no known format)"))
                                   : run->sources[i].name);
        buf_putc(out, '\n');
    }
}

void report_summary_text(struct buf *out, const struct report_stats *stats,
                         const struct report_run *run, bool ascii) {
    add_what(out, stats, run);
    add_sources(out, run);
    if (stats->total > 0) {
        add_levels(out, stats);
        add_spark(out, stats, ascii);
        add_rules(out, stats, row_count(run, RULE_ROWS));
        add_tally(out, &stats->hosts, row_count(run, HOST_ROWS), _("Hosts, the worst first"));
        add_tally(out, &stats->users, row_count(run, HOST_ROWS), _("Users, the worst first"));
        add_tactics(out, stats, row_count(run, HOST_ROWS));
    }
}
