/* konseki rules tuning: the site file's sections about rules, and whether they act. */
#include <stdio.h>

#include "clock.h"
#include "commands.h"
#include "i18n.h"
#include "json_out.h"
#include "known_rules.h"
#include "mem.h"
#include "options.h"
#include "rule_tuning.h"
#include "subcommands.h"

enum { COLUMN_COUNT = 8, DAYS_SOON = 30 };

struct tuning_options {
    struct option_list rules; /* empty: nobody asks whether the sections name a rule */
    const char *site;
    enum output_format format;
    bool help;
};

/* One section, with what is to be said of it. */
struct tuning_row {
    const struct site_rule *section;
    struct buf about; /* "rule 1234, title PsExec*" */
    struct buf match;
    struct buf until;
    struct buf state;
    size_t rule_count; /* accepted rules that it names */
    int64_t days_left;
    bool acts;
};

static void add_texts(struct buf *out, const char *what, const struct str *texts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        buf_add(out, out->len > 0 ? STR(", ") : STR_EMPTY);
        buf_printf(out, "%s %.*s", i == 0 ? what : "or", STR_ARG(texts[i]));
    }
}

static void describe(struct tuning_row *row) {
    const struct site_rule *section = row->section;
    add_texts(&row->about, "rule", section->ids, section->id_count);
    add_texts(&row->about, "tag", section->tags, section->tag_count);
    add_texts(&row->about, "title", section->titles, section->title_count);
    for (size_t i = 0; i < section->match_count; i++) {
        buf_add(&row->match, i > 0 ? STR(" ") : STR_EMPTY);
        buf_add(&row->match, site_rule_field(section, i));
    }
    if (section->action == SITE_RULE_LEVEL) {
        buf_add(&row->about, STR(": "));
        buf_add(&row->about, sigma_level_name(section->level));
    }
}

static size_t count_rules(const struct site_rule *section, const struct known_rules *known) {
    size_t count = 0;
    for (size_t i = 0; i < known->count; i++) {
        count += known->items[i].why.len == 0 && site_rule_names(section, &known->items[i].info);
    }
    return count;
}

static void judge(struct tuning_row *row, const struct site *site, bool has_rules) {
    const struct site_rule *section = row->section;
    int64_t now_ns = clock_wall_ns();
    bool is_expired = rule_tuning_is_expired(section, now_ns);
    row->acts = !is_expired && (row->rule_count > 0 || !has_rules);
    row->days_left = section->until_ns == INT64_MAX ? INT64_MAX
                     : is_expired                   ? 0
                                  : (section->until_ns - now_ns + NS_PER_DAY - 1) / NS_PER_DAY;
    rule_tuning_add_day(&row->until, site, section);
    if (is_expired) {
        buf_add(&row->state, STR("expired"));
    } else if (has_rules && row->rule_count == 0) {
        buf_add(&row->state, STR("names no known rule"));
    } else if (row->days_left <= DAYS_SOON) {
        buf_printf(&row->state, "expires in %lld days", (long long)row->days_left);
    } else {
        buf_add(&row->state, STR("active"));
    }
}

/* --- output --- */

static void add_json_text(struct buf *out, const char *name, struct str text) {
    buf_printf(out, ",\"%s\":", name);
    json_out_string(out, text);
}

static bool write_json(struct buf *out, const struct tuning_row *row, bool has_rules) {
    const struct site_rule *section = row->section;
    buf_clear(out);
    buf_printf(out, "{\"line\":%u", section->line);
    add_json_text(out, "action", site_rule_action_name(section->action));
    add_json_text(out, "about", buf_str(&row->about));
    if (section->action == SITE_RULE_LEVEL) {
        add_json_text(out, "level", sigma_level_name(section->level));
    }
    buf_add(out, STR(",\"match\":["));
    for (size_t i = 0; i < section->match_count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        json_out_string(out, site_rule_field(section, i));
    }
    buf_putc(out, ']');
    add_json_text(out, "owner", section->owner);
    add_json_text(out, "reason", section->reason);
    add_json_text(out, "until", buf_str(&row->until));
    add_json_text(out, "state", buf_str(&row->state));
    buf_printf(out, ",\"acts\":%s", row->acts ? "true" : "false");
    if (row->days_left != INT64_MAX) {
        buf_printf(out, ",\"days_left\":%lld", (long long)row->days_left);
    }
    if (has_rules) {
        buf_printf(out, ",\"rules\":%zu", row->rule_count);
    }
    buf_add(out, STR("}\n"));
    return output_write(stdout, buf_str(out));
}

static bool write_row(struct output *table, struct buf *line, const struct tuning_row *row) {
    buf_clear(line);
    buf_printf(line, "%u", row->section->line);
    const struct str cells[COLUMN_COUNT] = {
        buf_str(line),        site_rule_action_name(row->section->action),
        buf_str(&row->state), buf_str(&row->until),
        buf_str(&row->about), buf_str(&row->match),
        row->section->owner,  row->section->reason};
    return output_row(table, cells);
}

static struct output *open_table(enum output_format format) {
    static const struct str headers[COLUMN_COUNT] = {
        STR_INIT("line"),  STR_INIT("action"), STR_INIT("state"), STR_INIT("until"),
        STR_INIT("about"), STR_INIT("match"),  STR_INIT("owner"), STR_INIT("reason")};
    return format == OUTPUT_JSONL ? NULL
                                  : output_create(stdout, format, headers, COLUMN_COUNT,
                                                  output_terminal_width(), format == OUTPUT_CSV);
}

static int list_sections(const struct tuning_options *options, const struct site *site,
                         const struct known_rules *known) {
    struct tuning_row row = {0};
    struct buf line = BUF_INIT;
    struct output *table = open_table(options->format);
    bool has_rules = options->rules.count > 0;
    bool all_act = true;
    bool go_on = true;
    for (size_t i = 0; i < site_rule_count(site) && go_on; i++) {
        struct buf *const parts[] = {&row.about, &row.match, &row.until, &row.state};
        for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
            buf_clear(parts[p]);
        }
        row.section = site_rule_at(site, i);
        row.rule_count = count_rules(row.section, known);
        describe(&row);
        judge(&row, site, has_rules);
        all_act = all_act && row.acts;
        go_on = table != NULL ? write_row(table, &line, &row) : write_json(&line, &row, has_rules);
    }
    bool is_written = table == NULL || output_destroy(&table);
    buf_fini(&row.about);
    buf_fini(&row.match);
    buf_fini(&row.until);
    buf_fini(&row.state);
    buf_fini(&line);
    if (!output_finish(stdout) || !is_written) {
        return EXIT_STORE;
    }
    return all_act ? EXIT_DONE : EXIT_NEGATIVE;
}

static int tuning(const struct tuning_options *options) {
    struct site *site = NULL;
    struct sigma_rules *rules = NULL;
    struct known_rules known = {0};
    struct err err = ERR_INIT;
    const struct sigma_load_options load = {.paths = options->rules.items,
                                            .path_count = options->rules.count,
                                            .report = known_rules_add,
                                            .ctx = &known};
    int code = EXIT_USAGE;
    if (site_load(&site, options->site, &err) != STATUS_OK) {
        output_error("rules tuning", &err);
    } else if (load.path_count > 0 && sigma_rules_load(&rules, &load, &err) != STATUS_OK) {
        output_error("rules tuning", &err);
        code = EXIT_UNREADABLE;
    } else {
        code = list_sections(options, site, &known);
    }
    known_rules_fini(&known);
    sigma_rules_free(&rules);
    site_free(&site);
    return code;
}

int rules_tuning(int argc, char **argv) {
    struct tuning_options options = {.format = options_default_format()};
    const struct option_spec specs[] = {
        {"site", OPTION_TEXT, &options.site, NULL},
        {"rules", OPTION_LIST, &options.rules, NULL},
        {"format", OPTION_FORMAT, &options.format, NULL},
        {"help", OPTION_FLAG, &options.help, NULL},
    };
    struct positionals paths;
    int code = EXIT_USAGE;
    if (!options_parse(&paths, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        code = EXIT_USAGE;
    } else if (options.help || options.site == NULL || paths.count > 0) {
        code = subcommand_usage("tuning", options.help);
    } else {
        code = tuning(&options);
    }
    mem_free(options.rules.items);
    return code;
}
