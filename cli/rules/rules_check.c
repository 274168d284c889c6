/* konseki rules check: is every rule understood, and why not. */
#include <stdio.h>

#include "check_needs.h"
#include "check_runs.h"
#include "commands.h"
#include "i18n.h"
#include "json_out.h"
#include "rule_options.h"
#include "sigma.h"
#include "subcommands.h"

struct check {
    bool jsonl;
    bool needs_only;
    size_t accepted;
    size_t refused;
    size_t runs[SIGMA_RUNS_FULLY + 1];
    struct check_needs needs;
    struct buf out;
};

/* What a correlation refers to. */
static void add_refers_json(struct buf *out, const struct sigma_rule_info *rule) {
    buf_add(out, STR(",\"correlation\":"));
    json_out_string(out, rule->correlation);
    buf_add(out, STR(",\"refers_to\":["));
    for (size_t i = 0; i < rule->refer_count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        json_out_string(out, rule->refers_to[i]);
    }
    buf_putc(out, ']');
}

static void add_refers(struct buf *out, const struct sigma_rule_info *rule) {
    buf_add(out, STR(" ("));
    output_append_visible(out, rule->correlation);
    for (size_t i = 0; i < rule->refer_count; i++) {
        buf_add(out, i > 0 ? STR(", ") : STR(": "));
        output_append_visible(out, rule->refers_to[i]);
    }
    buf_putc(out, ')');
}

static void print_json(struct check *check, const struct sigma_rule_info *rule, struct str why) {
    struct buf *out = &check->out;
    buf_add(out, STR("{\"path\":"));
    json_out_string(out, rule->path);
    buf_add(out, STR(",\"id\":"));
    json_out_string(out, rule->id);
    buf_add(out, STR(",\"title\":"));
    json_out_string(out, rule->title);
    buf_printf(out, ",\"status\":\"%s\"", why.len == 0 ? "ok" : "refused");
    if (why.len > 0) {
        buf_add(out, STR(",\"why\":"));
        json_out_string(out, why);
    } else if (rule->runs != NULL) {
        check_runs_json(out, rule->runs);
    }
    if (rule->correlation.len > 0) {
        add_refers_json(out, rule);
    }
    if (rule->is_filter) {
        buf_add(out, STR(",\"filter\":true"));
    }
    if (why.len == 0 && rule->hint.len > 0) {
        buf_add(out, STR(",\"hint\":"));
        json_out_string(out, rule->hint);
    }
    buf_add(out, STR("}\n"));
}

static void print_line(struct check *check, const struct sigma_rule_info *rule, struct str why) {
    struct buf *out = &check->out;
    buf_add(out, why.len == 0 ? STR("ok       ") : STR("refused  "));
    output_append_visible(out, rule->path);
    buf_add(out, STR(": "));
    output_append_visible(out, why.len == 0 ? rule->title : why);
    if (rule->correlation.len > 0) {
        add_refers(out, rule);
    }
    if (why.len == 0 && rule->runs != NULL) {
        check_runs_text(out, rule->runs);
    }
    if (why.len == 0 && rule->hint.len > 0) {
        buf_add(out, STR(" ("));
        output_append_visible(out, rule->hint);
        buf_putc(out, ')');
    }
    buf_putc(out, '\n');
}

static void report(const struct sigma_rule_info *rule, struct str why, void *ctx) {
    struct check *check = ctx;
    *(why.len == 0 ? &check->accepted : &check->refused) += 1;
    if (why.len == 0 && rule->runs != NULL) {
        check->runs[rule->runs->how]++;
        check_needs_add(&check->needs, rule->runs);
    }
    buf_clear(&check->out);
    if (check->needs_only && why.len == 0) {
        return;
    }
    if (check->jsonl) {
        print_json(check, rule, why);
    } else {
        print_line(check, rule, why);
    }
    (void)output_write(stdout, buf_str(&check->out)); /* output_finish tells of a failure */
}

static void print_needs(struct check *check) {
    buf_clear(&check->out);
    if (!check->jsonl) {
        buf_printf(&check->out, "%s\n", _(" rules   only  what it takes"));
    }
    check_needs_print(&check->out, &check->needs, check->jsonl);
    (void)output_write(stdout, buf_str(&check->out)); /* output_finish tells of a failure */
}

static void print_summary(const struct check *check) {
    fprintf(stderr, _("%zu rules: %zu ok, %zu refused\n"), check->accepted + check->refused,
            check->accepted, check->refused);
    fprintf(stderr, _("can run: %zu in full, %zu in part; %zu cannot run\n"),
            check->runs[SIGMA_RUNS_FULLY], check->runs[SIGMA_RUNS_DEGRADED],
            check->runs[SIGMA_RUNS_NOT]);
}

static int check_rules(struct sigma_load_options *options, bool jsonl, bool needs_only) {
    struct check check = {.jsonl = jsonl, .needs_only = needs_only};
    struct sigma_rules *rules = NULL;
    struct err err = ERR_INIT;
    options->report = report;
    options->judge = true;
    options->ctx = &check;
    enum status s = sigma_rules_load(&rules, options, &err);
    sigma_rules_free(&rules);
    if (s == STATUS_OK && needs_only) {
        print_needs(&check);
    }
    buf_fini(&check.out);
    check_needs_fini(&check.needs);
    if (s != STATUS_OK) {
        output_error("rules check", &err);
        return EXIT_UNREADABLE;
    }
    if (check.accepted + check.refused == 0) {
        subcommand_tell_no_rules("check", 0);
    }
    print_summary(&check);
    return !output_finish(stdout) ? EXIT_STORE : check.refused > 0 ? EXIT_NEGATIVE : EXIT_DONE;
}

int rules_check(int argc, char **argv) {
    enum output_format format = options_default_format();
    bool help = false;
    bool needs = false;
    struct rule_options from = {0};
    const struct option_spec specs[] = {{"format", OPTION_LINES, &format, NULL},
                                        RULE_OPTION_PLACEHOLDERS(from),
                                        {"needs", OPTION_FLAG, &needs, NULL},
                                        {"help", OPTION_FLAG, &help, NULL}};
    struct positionals paths;
    if (!options_parse(&paths, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        return EXIT_USAGE;
    }
    if (help || paths.count == 0) {
        return subcommand_usage("check", help);
    }
    struct sigma_load_options options = rule_options_load(&from);
    options.paths = (const char *const *)paths.items;
    options.path_count = (size_t)paths.count;
    int code = check_rules(&options, format == OUTPUT_JSONL, needs);
    rule_options_fini(&from);
    return code;
}
