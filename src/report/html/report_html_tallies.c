/* Tables of the page: hosts, users, channels, tactics per host. */
#include "html_out.h"
#include "i18n.h"
#include "report_html_parts.h"
#include "report_text.h"

enum { ROWS_MAX = 50, ROWS_OPEN = 10, MATRIX_ROWS = 50 };

static void add_more(struct buf *out, size_t shown, const struct report_tally *tally) {
    if (tally->names.count > shown || tally->others > 0) {
        buf_add(out, STR("<p class=\"dim\">"));
        buf_printf(out, _("... and %zu more"), tally->names.count - shown);
        buf_add(out, STR("</p>\n"));
    }
}

static void add_time(struct buf *out, const struct report_stats *stats, int64_t ns) {
    buf_add(out, STR("<td class=\"t\">"));
    report_text_time(out, ns, stats->zone);
    buf_add(out, STR("</td>"));
}

static void add_tally_head(struct buf *out, bool has_rules) {
    buf_add(out, STR("\n<table><tr><th></th>"));
    html_out_element(out, "th", "n", str_from_c(_("Hits")));
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        html_out_element(out, "th", "n", sigma_level_name((enum sigma_level)level));
    }
    if (has_rules) {
        html_out_element(out, "th", "n", str_from_c(_("Rules")));
    }
    html_out_element(out, "th", NULL, str_from_c(_("First hit")));
    html_out_element(out, "th", NULL, str_from_c(_("Last hit")));
    buf_add(out, STR("</tr>\n"));
}

static void add_tally_row(struct buf *out, const struct report_stats *stats,
                          const struct report_tally_row *row, bool has_rules) {
    buf_add(out, STR("<tr>"));
    html_out_element(out, "td", NULL, row->name);
    html_out_number(out, "td", row->total);
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        html_out_level(out, level, row->counts[level]);
    }
    if (has_rules) {
        html_out_number(out, "td", row->rules);
    }
    add_time(out, stats, row->first_ns);
    add_time(out, stats, row->last_ns);
    buf_add(out, STR("</tr>\n"));
}

/* The worst rows; those behind the first ones are folded away. */
static void add_tally(struct buf *out, const struct report_stats *stats,
                      const struct report_tally *tally, const char *title, bool has_rules) {
    uint32_t worst[ROWS_MAX];
    size_t n = report_tally_worst(worst, ROWS_MAX, tally);
    if (n == 0) {
        return;
    }
    html_out_element(out, "h2", NULL, str_from_c(title));
    add_tally_head(out, has_rules);
    for (size_t i = 0; i < n; i++) {
        if (i == ROWS_OPEN && n > ROWS_OPEN + 2) {
            buf_add(out, STR("</table>\n<details class=\"more\"><summary>"));
            buf_printf(out, _("... and %zu more"), tally->names.count - i);
            buf_add(out, STR("</summary>"));
            add_tally_head(out, has_rules);
        }
        add_tally_row(out, stats, &tally->rows[worst[i]], has_rules);
    }
    buf_add(out, STR("</table>\n"));
    add_more(out, n, tally);
    buf_add(out, n > ROWS_OPEN + 2 ? STR("</details>\n") : STR_EMPTY);
}

/* Only tactics that something was found for are columns. */
static void add_matrix(struct buf *out, const struct report_stats *stats) {
    uint32_t top[MATRIX_ROWS];
    size_t n = report_tally_worst(top, MATRIX_ROWS, &stats->hosts);
    bool is_any = false;
    for (size_t t = 0; t < ATTACK_TACTICS; t++) {
        is_any = is_any || stats->tactics[t] > 0;
    }
    if (n == 0 || !is_any) {
        return;
    }
    html_out_element(out, "h2", NULL, str_from_c(_("Tactics per host")));
    buf_add(out, STR("\n<table class=\"matrix\"><tr><th></th>"));
    for (size_t t = 0; t < ATTACK_TACTICS; t++) {
        if (stats->tactics[t] > 0) {
            html_out_element(out, "th", "n", attack_tactic_name(t));
        }
    }
    buf_add(out, STR("</tr>\n"));
    for (size_t i = 0; i < n; i++) {
        const struct report_tally_row *row = &stats->hosts.rows[top[i]];
        buf_add(out, STR("<tr>"));
        html_out_element(out, "td", NULL, row->name);
        for (size_t t = 0; t < ATTACK_TACTICS; t++) {
            if (stats->tactics[t] > 0) {
                html_out_number(out, "td", row->tactics[t]);
            }
        }
        buf_add(out, STR("</tr>\n"));
    }
    buf_add(out, STR("</table>\n"));
    add_more(out, n, &stats->hosts);
}

void report_html_who(struct buf *out, const struct report_stats *stats) {
    add_tally(out, stats, &stats->hosts, _("Hosts, the worst first"), true);
    add_tally(out, stats, &stats->users, _("Users, the worst first"), false);
}

void report_html_tallies(struct buf *out, const struct report_stats *stats) {
    add_matrix(out, stats);
    add_tally(out, stats, &stats->channels, _("Channels and formats"), false);
    add_tally(out, stats, &stats->files, _("Files with hits"), false);
}
