/* konseki rules list: what a collection of rules holds. */
#include <stdio.h>

#include "commands.h"
#include "file_io.h"
#include "i18n.h"
#include "json_member.h"
#include "mem.h"
#include "report_navigator.h"
#include "rule_choice.h"
#include "rule_counts.h"
#include "rule_filter.h"
#include "rule_options.h"
#include "subcommands.h"

enum { COLUMN_COUNT = 8 };

struct list_options {
    struct rule_options from; /* placeholders */
    struct rule_choice choice;
    const char *level;
    struct rule_filter filter; /* what choice and level say */
    const char *count_by;
    const char *navigator;   /* file of the layer; NULL: none */
    enum rule_count_key key; /* of count_by */
    enum output_format format;
    bool help;
};

/* "windows/process_creation", "linux//auditd": product/category/service without empty ends. */
static void add_source(struct buf *out, const struct sigma_rule_info *rule) {
    buf_add(out, rule->product);
    if (rule->category.len + rule->service.len > 0) {
        buf_putc(out, '/');
        buf_add(out, rule->category);
    }
    if (rule->service.len > 0) {
        buf_putc(out, '/');
        buf_add(out, rule->service);
    }
}

static void add_json(struct buf *out, const struct known_rule *rule) {
    const struct sigma_rule_info *info = &rule->info;
    buf_putc(out, '{');
    json_member_text(out, STR("id"), info->id);
    json_member_text(out, STR("title"), info->title);
    json_member_text(out, STR("level"), sigma_level_name(info->level));
    json_member_text(out, STR("status"), info->status);
    buf_add(out, STR(",\"logsource\":{"));
    json_member_some_text(out, STR("product"), info->product);
    json_member_some_text(out, STR("category"), info->category);
    json_member_some_text(out, STR("service"), info->service);
    buf_putc(out, '}');
    json_member_texts(out, STR("tags"), info->tags, info->tag_count);
    json_member_text(out, STR("path"), info->path);
    json_member_text(out, STR("runs"), known_rule_runs_name(rule->runs));
    json_member_some_text(out, STR("why"), rule->why);
    json_member_some_text(out, STR("needs"), rule->needs);
    json_member_some_text(out, STR("correlation"), info->correlation);
    buf_add(out, STR("}\n"));
}

static bool write_row(struct output *table, struct buf *text, const struct known_rule *rule) {
    const struct sigma_rule_info *info = &rule->info;
    buf_clear(text);
    add_source(text, info);
    size_t source_len = text->len;
    for (size_t i = 0; i < info->tag_count; i++) {
        buf_add(text, i > 0 ? STR(" ") : STR_EMPTY);
        buf_add(text, info->tags[i]);
    }
    struct str both = buf_str(text);
    const struct str cells[COLUMN_COUNT] = {
        sigma_level_name(info->level), info->status, known_rule_runs_name(rule->runs),
        str_head(both, source_len),    info->title,  info->id,
        str_skip(both, source_len),    info->path};
    return output_row(table, cells);
}

static bool list_rules(const struct list_options *options, const struct known_rules *known) {
    static const struct str headers[COLUMN_COUNT] = {
        STR_INIT("level"), STR_INIT("status"), STR_INIT("runs"), STR_INIT("source"),
        STR_INIT("title"), STR_INIT("id"),     STR_INIT("tags"), STR_INIT("path")};
    struct buf text = BUF_INIT;
    struct output *table =
        options->format == OUTPUT_JSONL
            ? NULL
            : output_create(stdout, options->format, headers, COLUMN_COUNT, output_terminal_width(),
                            options->format == OUTPUT_CSV);
    bool go_on = true;
    for (size_t i = 0; i < known->count && go_on; i++) {
        if (!rule_filter_passes(&options->filter, &known->items[i].info)) {
            continue;
        }
        if (table != NULL) {
            go_on = write_row(table, &text, &known->items[i]);
        } else {
            buf_clear(&text);
            add_json(&text, &known->items[i]);
            go_on = output_write(stdout, buf_str(&text));
        }
    }
    buf_fini(&text);
    return table == NULL || output_destroy(&table);
}

static bool count_rules(const struct list_options *options, const struct known_rules *known) {
    struct rule_counts counts = {.key = options->key};
    for (size_t i = 0; i < known->count; i++) {
        if (rule_filter_passes(&options->filter, &known->items[i].info)) {
            rule_counts_add(&counts, &known->items[i].info);
        }
    }
    bool is_written = rule_counts_print(&counts, options->format);
    rule_counts_fini(&counts);
    return is_written;
}

/* What the accepted rules look for, as a layer of the ATT&CK Navigator. */
static enum status write_layer(const struct list_options *options, const struct known_rules *known,
                               struct err *err) {
    const struct sigma_rule_info **chosen = mem_calloc(known->count + 1, sizeof(*chosen));
    struct buf layer = BUF_INIT;
    size_t count = 0;
    for (size_t i = 0; i < known->count; i++) {
        if (known->items[i].why.len == 0 &&
            rule_filter_passes(&options->filter, &known->items[i].info)) {
            chosen[count++] = &known->items[i].info;
        }
    }
    report_navigator_rules(&layer, chosen, count);
    enum status s = file_replace(options->navigator, FILE_CREATE_NEW, buf_str(&layer), err);
    buf_fini(&layer);
    mem_free(chosen);
    return s;
}

static int print_all(const struct list_options *options, const struct known_rules *known) {
    struct err err = ERR_INIT;
    bool is_written =
        options->count_by != NULL ? count_rules(options, known) : list_rules(options, known);
    if (options->navigator != NULL && write_layer(options, known, &err) != STATUS_OK) {
        output_error("rules list", &err);
        is_written = false;
    }
    return output_finish(stdout) && is_written ? EXIT_DONE : EXIT_STORE;
}

static int list(const struct list_options *options, const struct positionals *paths) {
    struct known_rules known = {0};
    struct sigma_rules *rules = NULL;
    struct err err = ERR_INIT;
    int code = EXIT_UNREADABLE;
    struct sigma_load_options load = rule_options_load(&options->from);
    load.paths = (const char *const *)paths->items;
    load.path_count = (size_t)paths->count;
    load.report = known_rules_add;
    load.ctx = &known;
    load.judge = true;
    if (sigma_rules_load(&rules, &load, &err) != STATUS_OK) {
        output_error("rules list", &err);
    } else {
        if (known.count == 0) {
            subcommand_tell_no_rules("list", 0);
        }
        code = print_all(options, &known);
    }
    known_rules_fini(&known);
    sigma_rules_free(&rules);
    return code;
}

static bool words_are_known(struct list_options *options) {
    if (options->count_by != NULL && !rule_counts_parse(&options->key, options->count_by)) {
        return options_complain("count-by", options->count_by,
                                "level | status | product | category | tactic");
    }
    return rule_options_level(&options->filter.least_level, "level", options->level) &&
           rule_choice_read(&options->filter.wanted, &options->choice);
}

int rules_list(int argc, char **argv) {
    struct list_options options = {.format = options_default_format()};
    const struct option_spec specs[] = {
        RULE_OPTION_PLACEHOLDERS(options.from),
        {"format", OPTION_FORMAT, &options.format, NULL},
        {"level", OPTION_TEXT, &options.level, NULL},
        RULE_CHOICE_ROWS(options.choice),
        {"id", OPTION_TEXT, &options.filter.id, NULL},
        {"text", OPTION_TEXT, &options.filter.text, NULL},
        {"count-by", OPTION_TEXT, &options.count_by, NULL},
        {"navigator", OPTION_TEXT, &options.navigator, NULL},
        {"help", OPTION_FLAG, &options.help, NULL},
    };
    struct positionals paths;
    int code = EXIT_USAGE;
    if (!options_parse(&paths, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        code = EXIT_USAGE;
    } else if (options.help || paths.count == 0) {
        code = subcommand_usage("list", options.help);
    } else if (words_are_known(&options)) {
        code = list(&options, &paths);
    }
    rule_choice_fini(&options.choice);
    rule_options_fini(&options.from);
    return code;
}
