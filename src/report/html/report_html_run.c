/* The head of the page: what was looked at, levels, time. */
#include <math.h>

#include "html_out.h"
#include "i18n.h"
#include "report_html_parts.h"
#include "report_text.h"
#include "report_timeline.h"

static void open_row(struct buf *out, const char *name) {
    buf_add(out, STR("<tr>"));
    html_out_element(out, "th", NULL, str_from_c(name));
    buf_add(out, STR("<td>"));
}

static void close_row(struct buf *out) {
    buf_add(out, STR("</td></tr>\n"));
}

static void count_row(struct buf *out, const char *name, uint64_t count) {
    open_row(out, name);
    report_text_count(out, count);
    close_row(out);
}

static void span_row(struct buf *out, const char *name, const struct report_stats *stats,
                     int64_t first_ns, int64_t last_ns) {
    if (first_ns == TIME_NONE) {
        return;
    }
    open_row(out, name);
    report_text_time(out, first_ns, stats->zone);
    buf_add(out, STR(" \u2013 "));
    report_text_time(out, last_ns, stats->zone);
    close_row(out);
}

enum { SUBTITLE_INPUTS = 4 };

void report_html_subtitle(struct buf *out, const struct report_stats *stats,
                          const struct report_run *run) {
    buf_add(out, STR("<p class=\"dim\">"));
    for (size_t i = 0; i < run->input_count && i < SUBTITLE_INPUTS; i++) {
        html_out_element(out, "code", NULL, str_from_c(run->inputs[i]));
        buf_add(out, STR(" "));
    }
    buf_add(out, run->input_count > SUBTITLE_INPUTS ? STR("\u2026 ") : STR_EMPTY);
    if (stats->first_ns != TIME_NONE) {
        buf_add(out, STR("\u00b7 "));
        html_out_c(out, _("Time of the hits"));
        buf_add(out, STR(": "));
        report_text_time(out, stats->first_ns, stats->zone);
        buf_add(out, STR(" \u2013 "));
        report_text_time(out, stats->last_ns, stats->zone);
    }
    buf_add(out, STR("</p>\n"));
}

static void add_sources(struct buf *out, const struct report_run *run) {
    open_row(out, _("Events by format"));
    for (size_t i = 0; i < run->source_count; i++) {
        buf_add(out, i > 0 ? STR(", ") : STR_EMPTY);
        html_out_text(out, str_eq(run->sources[i].name, STR("?"))
                               ? str_from_c(_("(no known format)"))
                               : run->sources[i].name);
        buf_putc(out, ' ');
        report_text_count(out, run->sources[i].events);
    }
    close_row(out);
}

static void add_inputs(struct buf *out, const struct report_run *run) {
    open_row(out, _("Inputs"));
    for (size_t i = 0; i < run->input_count; i++) {
        buf_add(out, i > 0 ? STR("<br>") : STR_EMPTY);
        html_out_element(out, "code", NULL, str_from_c(run->inputs[i]));
    }
    close_row(out);
}

/* A list that is folded away: refused rules, unreadable inputs. */
static void add_notes(struct buf *out, const char *title, const struct str *notes, size_t count,
                      uint64_t all) {
    if (all == 0) {
        return;
    }
    buf_add(out, STR("<details class=\"warn\"><summary>"));
    html_out_c(out, title);
    buf_add(out, STR(": "));
    report_text_count(out, all);
    buf_add(out, STR("</summary><ul>\n"));
    for (size_t i = 0; i < count; i++) {
        html_out_element(out, "li", "mono", notes[i]);
        buf_putc(out, '\n');
    }
    if (all > count) {
        buf_add(out, STR("<li>"));
        buf_printf(out, _("... and %llu more"), (unsigned long long)(all - count));
        buf_add(out, STR("</li>"));
    }
    buf_add(out, STR("</ul></details>\n"));
}

/* Rules that ran but could not match: log sources of formats that are not read. */
static void add_blind(struct buf *out, const struct report_run *run) {
    uint64_t rules = 0;
    for (size_t i = 0; i < run->blind_count; i++) {
        rules += run->blind[i].events;
    }
    if (rules == 0) {
        return;
    }
    buf_add(out, STR("<details class=\"warn\"><summary>"));
    html_out_c(out, _("Rules for log sources that are not read: they cannot match"));
    buf_add(out, STR(": "));
    report_text_count(out, rules);
    buf_add(out, STR("</summary><table>\n"));
    for (size_t i = 0; i < run->blind_count; i++) {
        buf_add(out, STR("<tr>"));
        html_out_number(out, "td", run->blind[i].events);
        html_out_element(out, "td", NULL, run->blind[i].name);
        buf_add(out, STR("</tr>\n"));
    }
    buf_add(out, STR("</table></details>\n"));
}

static void add_facts(struct buf *out, const struct report_stats *stats,
                      const struct report_run *run) {
    buf_add(out, STR("<table class=\"facts\">\n"));
    add_inputs(out, run);
    open_row(out, _("Scanned at"));
    report_text_time(out, run->started_wall_ns, stats->zone);
    buf_printf(out, " (%.1f s, konseki %s)", (double)run->elapsed_ns / (double)NS_PER_SECOND,
               KONSEKI_VERSION);
    close_row(out);
    count_row(out, _("Files"), run->files);
    count_row(out, _("Files with hits"), stats->files.names.count);
    count_row(out, _("Events"), run->events);
    add_sources(out, run);
    span_row(out, _("Time of the events"), stats, run->first_ns, run->last_ns);
    span_row(out, _("Time of the hits"), stats, stats->first_ns, stats->last_ns);
    if (stats->timeless > 0) {
        count_row(out, _("Hits in events without a time, in no count by time"), stats->timeless);
    }
    count_row(out, _("Rules used"), run->rules);
    count_row(out, _("Damaged events, not looked at"), run->damaged);
    count_row(out, _("Suppressed by the site file"), run->suppressed);
    if (run->filtered > 0) {
        count_row(out, _("Events that were not asked for"), run->filtered);
    }
    if (run->copies > 0) {
        count_row(out, _("Copies of events in other files, left out"), run->copies);
    }
    open_row(out, _("Events with hits"));
    report_text_count(out, run->events_with_hits);
    buf_add(out, STR(" ("));
    html_out_c(out, _("data reduction"));
    buf_putc(out, ' ');
    report_text_share(out, run->events - run->events_with_hits, run->events);
    buf_putc(out, ')');
    close_row(out);
    buf_add(out, STR("</table>\n"));
}

void report_html_run(struct buf *out, const struct report_stats *stats,
                     const struct report_run *run) {
    if (run->is_interrupted) {
        html_out_element(out, "p", "warn",
                         str_from_c(_("The scan was interrupted: this is what was found so far.")));
    }
    if (run->rules == 0) {
        html_out_element(out, "p", "warn",
                         str_from_c(_("No rule ran: that nothing was found says nothing.")));
    }
    add_notes(out, _("Inputs that could not be read"), run->failures, run->failure_count,
              run->unreadable);
    add_notes(out, _("Rules refused: they did not run"), run->refusals, run->refusal_count,
              run->refused);
    add_blind(out, run);
    if (run->damaged > 0) {
        buf_add(out, STR("<p class=\"warn\">"));
        html_out_c(out, _("Damaged events, not looked at"));
        buf_add(out, STR(": "));
        report_text_count(out, run->damaged);
        buf_add(out, STR("</p>\n"));
    }
    buf_add(out, STR("<details class=\"more\"><summary>"));
    buf_printf(out, _("What was looked at: %llu files, %llu events"),
               (unsigned long long)run->files, (unsigned long long)run->events);
    buf_add(out, STR("</summary>\n"));
    add_facts(out, stats, run);
    buf_add(out, STR("</details>\n"));
}

void report_html_levels(struct buf *out, const struct report_stats *stats) {
    html_out_element(out, "h2", NULL, str_from_c(_("Hits by level")));
    buf_add(out, STR("\n<div class=\"cards\">\n"));
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        struct str name = sigma_level_name((enum sigma_level)level);
        buf_printf(out, "<div class=\"card %.*s\"><span class=\"level\">%.*s</span><b>",
                   STR_ARG(name), STR_ARG(name));
        report_text_count(out, stats->counts[level]);
        buf_add(out, STR("</b><span class=\"dim\">"));
        report_text_share(out, stats->counts[level], stats->total);
        buf_printf(out, _(", %llu rules"), (unsigned long long)stats->rule_counts[level]);
        buf_add(out, STR("</span></div>\n"));
    }
    buf_add(out, STR("</div>\n"));
}

/* --- the timeline: one bar a step, levels on top of each other --- */

enum { CHART_WIDTH = 1200, CHART_HEIGHT = 200, AXIS_LABELS = 6 };

static void add_bar(struct buf *out, const struct report_timeline *line, size_t step) {
    double width = (double)CHART_WIDTH / (double)line->count;
    double top = CHART_HEIGHT;
    double total = (double)line->totals[step];
    double all = sqrt(total / (double)line->highest) * (CHART_HEIGHT - 10);
    buf_add(out, STR("<g><title>"));
    report_timeline_label(out, line, step);
    buf_printf(out, ": %llu</title>", (unsigned long long)line->totals[step]);
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        uint64_t n = line->counts[step][level];
        if (n == 0) {
            continue;
        }
        double height = (double)n * all / total;
        height = height < 1.0 ? 1.0 : height;
        top -= height;
        buf_printf(out,
                   "<rect class=\"%.*s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>",
                   STR_ARG(sigma_level_name((enum sigma_level)level)), (double)step * width, top,
                   width > 2.0 ? width - 1.0 : width, height);
    }
    buf_add(out, STR("</g>\n"));
}

/* When the first bar, those at equal distances, and the last one begin. */
static void add_axis(struct buf *out, const struct report_timeline *line) {
    size_t labels = line->count < AXIS_LABELS ? line->count : AXIS_LABELS;
    buf_add(out, STR("<div class=\"axis dim\">"));
    for (size_t i = 0; i < labels; i++) {
        size_t step = labels == 1 ? 0 : i * (line->count - 1) / (labels - 1);
        buf_add(out, STR("<span>"));
        report_timeline_label(out, line, step);
        buf_add(out, STR("</span>"));
    }
    buf_add(out, STR("</div>\n"));
}

void report_html_timeline(struct buf *out, const struct report_stats *stats) {
    struct report_timeline line;
    report_timeline_make(&line, stats, TIMELINE_STEPS);
    if (line.count == 0) {
        return; /* no hit has a time */
    }
    html_out_element(out, "h2", NULL, str_from_c(_("Hits over time")));
    buf_printf(out,
               "\n<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\">\n<title>",
               CHART_WIDTH, CHART_HEIGHT);
    html_out_c(out, _("Hits over time"));
    buf_add(out, STR("</title>\n"));
    for (size_t i = 0; i < line.count; i++) {
        if (line.totals[i] > 0) {
            add_bar(out, &line, i);
        }
    }
    buf_add(out, STR("</svg>\n"));
    add_axis(out, &line);
    buf_add(out, STR("<p class=\"dim\">"));
    buf_printf(out,
               _("A bar is %lld h, the highest has %llu hits; heights grow with the square "
                 "root, so that quiet days are seen beside busy ones."),
               (long long)line.step_hours, (unsigned long long)line.highest);
    buf_add(out, STR("</p>\n"));
}

void report_html_days(struct buf *out, const struct report_stats *stats) {
    uint32_t top[10];
    size_t n = report_tally_top(top, 10, &stats->days, REPORT_LEVELS);
    if (n == 0) {
        return;
    }
    html_out_element(out, "h2", NULL, str_from_c(_("Busiest days")));
    buf_add(out, STR("\n<table><tr>"));
    html_out_element(out, "th", NULL, str_from_c(_("Day")));
    html_out_element(out, "th", "n", str_from_c(_("Hits")));
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        html_out_element(out, "th", "n", sigma_level_name((enum sigma_level)level));
    }
    buf_add(out, STR("</tr>\n"));
    for (size_t i = 0; i < n; i++) {
        const struct report_tally_row *row = &stats->days.rows[top[i]];
        buf_add(out, STR("<tr>"));
        html_out_element(out, "td", "t", row->name);
        html_out_number(out, "td", row->total);
        for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
            html_out_level(out, level, row->counts[level]);
        }
        buf_add(out, STR("</tr>\n"));
    }
    buf_add(out, STR("</table>\n"));
}
