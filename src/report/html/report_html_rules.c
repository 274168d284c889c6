/* Rules of the page: each with what it says about itself, and its first hits. */
#include "html_out.h"
#include "i18n.h"
#include "report_copy.h"
#include "report_html_parts.h"
#include "report_text.h"

/* Of the rules to look at first at most so many are of one level. */
enum { RULES_MAX = 2000, FIRST_RULES = 20, LEVEL_RULES = 10 };

static void add_first_row(struct buf *out, const struct report_stats *stats, size_t place) {
    const struct report_rule_row *row = &stats->rules[place];
    buf_add(out, STR("<tr>"));
    html_out_level_name(out, "td", row->level);
    buf_printf(out, "<td><a href=\"#r%zu\">", place);
    html_out_text(out, row->rule->title);
    buf_add(out, STR("</a></td>"));
    html_out_number(out, "td", row->count);
    html_out_number(out, "td", row->hosts);
    buf_add(out, STR("<td class=\"t\">"));
    report_text_time(out, row->first_ns, stats->zone);
    buf_add(out, STR("</td><td class=\"t\">"));
    report_text_time(out, row->last_ns, stats->zone);
    buf_add(out, STR("</td></tr>\n"));
}

void report_html_first(struct buf *out, const struct report_stats *stats) {
    size_t top[FIRST_RULES];
    size_t left = FIRST_RULES;
    html_out_element(out, "h2", NULL, str_from_c(_("Rules to look at first")));
    buf_add(out, STR("\n<table><tr>"));
    html_out_element(out, "th", NULL, str_from_c(_("Level")));
    html_out_element(out, "th", NULL, str_from_c(_("Rule")));
    html_out_element(out, "th", "n", str_from_c(_("Hits")));
    html_out_element(out, "th", "n", str_from_c(_("Hosts")));
    html_out_element(out, "th", NULL, str_from_c(_("First hit")));
    html_out_element(out, "th", NULL, str_from_c(_("Last hit")));
    buf_add(out, STR("</tr>\n"));
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        size_t n = report_rules_top(top, left < LEVEL_RULES ? left : LEVEL_RULES, stats, level);
        for (size_t i = 0; i < n; i++) {
            add_first_row(out, stats, top[i]);
        }
        left -= n;
    }
    buf_add(out, STR("</table>\n"));
}

/* --- one rule --- */

static void add_row(struct buf *out, const char *name, struct str text) {
    if (text.len > 0) {
        buf_add(out, STR("<tr>"));
        html_out_element(out, "th", NULL, str_from_c(name));
        html_out_element(out, "td", NULL, text);
        buf_add(out, STR("</tr>\n"));
    }
}

/* Addresses stay text: a report must not lead its reader to a place that a rule names. */
static void add_list(struct buf *out, const char *name, const struct str *items, size_t count) {
    if (count == 0) {
        return;
    }
    buf_add(out, STR("<tr>"));
    html_out_element(out, "th", NULL, str_from_c(name));
    buf_add(out, STR("<td>"));
    for (size_t i = 0; i < count; i++) {
        buf_add(out, i > 0 ? STR("<br>") : STR_EMPTY);
        html_out_text(out, items[i]);
    }
    buf_add(out, STR("</td></tr>\n"));
}

static void add_attack(struct buf *out, const struct sigma_rule_info *rule) {
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < rule->tag_count; i++) {
        struct attack_tag tag = attack_tag_read(rule->tags[i]);
        buf_add(&text, text.len > 0 && tag.kind != ATTACK_OTHER_TAG ? STR("; ") : STR_EMPTY);
        if (tag.kind == ATTACK_TACTIC_TAG) {
            buf_add(&text, attack_tactic_name(tag.tactic));
        } else if (tag.kind == ATTACK_TECHNIQUE_TAG) {
            bool is_sub = tag.technique[5] == '.';
            buf_printf(&text, "%s (attack.mitre.org/techniques/%.5s%s%s)", tag.technique,
                       tag.technique, is_sub ? "/" : "", is_sub ? tag.technique + 6 : "");
        }
    }
    add_row(out, "ATT&CK", buf_str(&text));
    buf_fini(&text);
}

static void add_about(struct buf *out, const struct report_stats *stats,
                      const struct report_rule_row *row) {
    const struct sigma_rule_info *rule = row->rule;
    struct buf text = BUF_INIT;
    report_text_time(&text, row->first_ns, stats->zone);
    buf_add(&text, STR(" \u2013 "));
    report_text_time(&text, row->last_ns, stats->zone);
    buf_add(out, STR("<table>\n"));
    add_row(out, _("Description"), rule->description);
    add_row(out, _("First and last hit"), buf_str(&text));
    buf_clear(&text);
    report_text_count(&text, row->hosts);
    add_row(out, _("Hosts"), buf_str(&text));
    add_attack(out, rule);
    add_list(out, _("False positives"), rule->false_positives, rule->false_positive_count);
    add_list(out, _("References"), rule->references, rule->reference_count);
    add_row(out, _("Status"), rule->status);
    add_row(out, _("Author"), rule->author);
    add_row(out, _("Id"), rule->id);
    add_row(out, _("File"), rule->path);
    add_list(out, _("Tags"), rule->tags, rule->tag_count);
    buf_add(out, STR("</table>\n"));
    buf_fini(&text);
}

/* --- its hits --- */

static void add_fields(struct buf *out, const struct report_hit *hit) {
    const struct report_field *fields = hit->all_count > 0 ? hit->all : hit->fields;
    size_t count = hit->all_count > 0 ? hit->all_count : hit->field_count;
    if (count == 0) {
        return;
    }
    buf_add(out, STR("<details><summary class=\"dim\">"));
    html_out_c(out, _("fields"));
    buf_add(out, STR("</summary><table class=\"mono\">\n"));
    for (size_t i = 0; i < count; i++) {
        buf_add(out, STR("<tr>"));
        html_out_element(out, "th", NULL, fields[i].name);
        html_out_element(out, "td", NULL, fields[i].value);
        buf_add(out, STR("</tr>\n"));
    }
    buf_add(out, STR("</table></details>"));
}

/* The events of a correlation, the first and the last. */
static void add_members(struct buf *out, const struct report_stats *stats,
                        const struct report_correlation *c) {
    struct buf text = BUF_INIT;
    buf_add(out, STR("<details><summary class=\"dim\">"));
    html_out_c(out, _("events"));
    buf_add(out, STR("</summary><table class=\"mono\">\n"));
    for (size_t i = 0; i < c->event_count; i++) {
        const struct report_place *place = &c->events[i].place;
        buf_clear(&text);
        buf_add(&text, place->file);
        buf_putc(&text, place->line > 0 ? ':' : ' ');
        report_text_place(&text, place);
        buf_add(out, STR("<tr><td class=\"t\">"));
        report_text_time(out, place->time_ns, stats->zone);
        buf_add(out, STR("</td>"));
        html_out_element(out, "td", NULL, buf_str(&text));
        buf_clear(&text);
        report_text_member_rules(&text, c, &c->events[i]);
        html_out_element(out, "td", NULL, buf_str(&text));
        buf_clear(&text);
        report_text_member_values(&text, &c->events[i]);
        html_out_element(out, "td", NULL, buf_str(&text));
        buf_add(out, STR("</tr>\n"));
    }
    buf_add(out, STR("</table></details>"));
    buf_fini(&text);
}

static void add_sample(struct buf *out, const struct report_stats *stats,
                       const struct report_hit *hit) {
    struct buf text = BUF_INIT;
    buf_add(out, STR("<tr><td class=\"t\">"));
    report_text_time(out, hit->is_time_received ? TIME_NONE : hit->time_ns, stats->zone);
    buf_add(out, STR("</td>"));
    html_out_element(out, "td", NULL, hit->computer);
    html_out_element(out, "td", NULL, hit->user);
    buf_add(out, STR("<td>"));
    report_text_details(&text, hit, REPORT_SEPARATOR);
    html_out_element(out, "div", "mono", buf_str(&text));
    buf_clear(&text);
    buf_add(&text, hit->place.file);
    buf_putc(&text, hit->place.line > 0 ? ':' : ' ');
    report_text_place(&text, &hit->place);
    html_out_element(out, "div", "mono dim", buf_str(&text));
    if (hit->correlation != NULL) {
        add_members(out, stats, hit->correlation);
    } else {
        add_fields(out, hit);
    }
    buf_add(out, STR("</td></tr>\n"));
    buf_fini(&text);
}

static void add_samples(struct buf *out, const struct report_stats *stats,
                        const struct report_rule_row *row) {
    struct arena arena = ARENA_INIT;
    buf_add(out, STR("<table><tr>"));
    html_out_element(out, "th", NULL, str_from_c(_("Time")));
    html_out_element(out, "th", NULL, str_from_c(_("Host")));
    html_out_element(out, "th", NULL, str_from_c(_("User")));
    html_out_element(out, "th", NULL, str_from_c(_("What happened")));
    buf_add(out, STR("</tr>\n"));
    for (size_t i = 0; i < row->sample_count; i++) {
        struct report_hit hit;
        arena_reset(&arena);
        report_copy_read(&hit, buf_str(&row->samples[i].bytes), &arena);
        add_sample(out, stats, &hit);
    }
    buf_add(out, STR("</table>\n"));
    if (row->count > row->sample_count) {
        buf_add(out, STR("<p class=\"dim\">"));
        buf_printf(out, _("The first %zu of %llu hits."), row->sample_count,
                   (unsigned long long)row->count);
        buf_add(out, STR("</p>\n"));
    }
    arena_fini(&arena);
}

static void add_rule(struct buf *out, const struct report_stats *stats, size_t place) {
    const struct report_rule_row *row = &stats->rules[place];
    struct str level = sigma_level_name(row->level);
    buf_printf(
        out, "<details class=\"rule\" id=\"r%zu\"><summary><span class=\"level %.*s\">%.*s</span> ",
        place, STR_ARG(level), STR_ARG(level));
    html_out_text(out, row->rule->title);
    html_out_number(out, "span", row->count);
    buf_add(out, STR("</summary>\n"));
    add_about(out, stats, row);
    add_samples(out, stats, row);
    buf_add(out, STR("</details>\n"));
}

void report_html_rules(struct buf *out, const struct report_stats *stats) {
    size_t top[RULES_MAX];
    size_t shown = 0;
    html_out_element(out, "h2", NULL, str_from_c(_("Rules with hits")));
    buf_add(out, STR("\n<input id=\"find\" type=\"search\" placeholder=\""));
    html_out_c(out, _("Show rules and hits with this text"));
    buf_add(out, STR("\">\n"));
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        size_t n = report_rules_top(top, RULES_MAX - shown, stats, level);
        for (size_t i = 0; i < n; i++) {
            add_rule(out, stats, top[i]);
        }
        shown += n;
    }
    if (stats->rule_count > shown) {
        buf_add(out, STR("<p class=\"dim\">"));
        buf_printf(out, _("... and %zu more"), stats->rule_count - shown);
        buf_add(out, STR("</p>\n"));
    }
}
