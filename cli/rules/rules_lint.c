/* konseki rules lint: rule files against the specification's schemas and advice. */
#include <stdio.h>

#include "commands.h"
#include "i18n.h"
#include "json_out.h"
#include "rule_options.h"
#include "sigma_lint.h"
#include "subcommands.h"

struct lint_output {
    enum output_format format;
    bool hints;
    struct buf line;
    bool is_written;
};

static void add_message(struct buf *out, const struct sigma_lint_finding *f) {
    buf_add(out, str_from_c(f->message));
    if (f->detail.len > 0) {
        buf_add(out, STR(": "));
        buf_add(out, str_head(f->detail, 300));
    }
}

static void format_json(struct buf *out, const struct sigma_lint_finding *f, struct str message) {
    buf_add(out, STR("{\"path\":"));
    json_out_string(out, f->path);
    buf_printf(out, ",\"line\":%zu,\"severity\":\"%s\",\"check\":\"%s\",\"message\":", f->line,
               sigma_lint_severity_name(f->severity), f->check);
    json_out_string(out, message);
    buf_add(out, STR("}\n"));
}

static void format_line(struct buf *out, const struct sigma_lint_finding *f, struct str message) {
    output_append_visible(out, f->path);
    buf_printf(out, ":%zu: %s [%s] ", f->line, sigma_lint_severity_name(f->severity), f->check);
    output_append_visible(out, message);
    buf_putc(out, '\n');
}

static void print_finding(const struct sigma_lint_finding *finding, void *ctx) {
    struct lint_output *output = ctx;
    struct buf message = BUF_INIT;
    if (finding->severity == SIGMA_LINT_HINT && !output->hints) {
        return;
    }
    add_message(&message, finding);
    buf_clear(&output->line);
    if (output->format == OUTPUT_JSONL) {
        format_json(&output->line, finding, buf_str(&message));
    } else {
        format_line(&output->line, finding, buf_str(&message));
    }
    output->is_written = output->is_written && output_write(stdout, buf_str(&output->line));
    buf_fini(&message);
}

static int lint(struct sigma_lint_options *options, struct lint_output *output) {
    struct sigma_lint_counts counts;
    struct err err = ERR_INIT;
    options->found = print_finding;
    options->ctx = output;
    enum status s = sigma_lint(&counts, options, &err);
    bool is_written = output_finish(stdout) && output->is_written;
    fprintf(stderr, _("%zu files, %zu documents: %zu errors, %zu warnings, %zu hints\n"),
            counts.files, counts.documents, counts.by_severity[SIGMA_LINT_ERROR],
            counts.by_severity[SIGMA_LINT_WARNING], counts.by_severity[SIGMA_LINT_HINT]);
    if (s != STATUS_OK) {
        output_error("rules lint", &err);
        return s == STATUS_BAD_INPUT ? EXIT_USAGE : EXIT_UNREADABLE;
    }
    if (counts.files == 0) {
        subcommand_tell_no_rules("lint", 0);
    }
    if (!is_written) {
        return EXIT_STORE;
    }
    return counts.by_severity[SIGMA_LINT_ERROR] > 0 ? EXIT_NEGATIVE : EXIT_DONE;
}

int rules_lint(int argc, char **argv) {
    struct lint_output output = {.format = options_default_format(), .is_written = true};
    struct rule_options from = {0};
    bool help = false;
    const struct option_spec specs[] = {{"format", OPTION_LINES, &output.format, NULL},
                                        {"hints", OPTION_FLAG, &output.hints, NULL},
                                        RULE_OPTION_PLACEHOLDERS(from),
                                        {"help", OPTION_FLAG, &help, NULL}};
    struct positionals paths;
    int code = EXIT_USAGE;
    bool parsed = options_parse(&paths, specs, sizeof specs / sizeof specs[0], argc, argv);
    if (parsed && (help || paths.count == 0)) {
        code = subcommand_usage("lint", help);
    } else if (parsed) {
        struct sigma_lint_options options = {.paths = (const char *const *)paths.items,
                                             .path_count = (size_t)paths.count,
                                             .placeholders = from.placeholders.items,
                                             .placeholder_count = from.placeholders.count};
        code = lint(&options, &output);
    }
    buf_fini(&output.line);
    rule_options_fini(&from);
    return code;
}
