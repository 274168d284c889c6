/* konseki rules test: do the rules find what their test cases say? */
#include <stdio.h>

#include "case_report.h"
#include "commands.h"
#include "i18n.h"
#include "mem.h"
#include "rule_options.h"
#include "subcommands.h"

struct test_options {
    struct rule_options from; /* its rules empty: the rules lie below the paths of the cases */
    const char *junit;
    enum output_format format;
    bool require_tests;
    bool help;
};

static void run_cases(struct case_report *report, struct case_runner *runner,
                      const struct sigma_cases *cases) {
    struct case_result result = {0};
    for (size_t i = 0; i < cases->count; i++) {
        case_run(&result, runner, &cases->items[i]);
        case_report_add(report, &cases->items[i], &result);
    }
    buf_fini(&result.why);
}

static size_t tell_untested(struct case_report *report, const struct known_rules *known,
                            bool is_failure) {
    size_t untested = 0;
    for (size_t i = 0; i < known->count; i++) {
        const struct known_rule *rule = &known->items[i];
        if (rule->cases == 0 && rule->why.len == 0 && !rule->info.is_filter) {
            untested++;
            case_report_untested(report, rule, is_failure);
        }
    }
    return untested;
}

static int finish(const struct test_options *options, const struct case_report *report,
                  size_t untested) {
    struct err err = ERR_INIT;
    bool is_written = output_finish(stdout);
    fprintf(stderr, _("%llu passed, %llu failed; %zu rules without a test\n"),
            (unsigned long long)report->passed, (unsigned long long)report->failed, untested);
    if (options->junit != NULL && case_report_junit(report, options->junit, &err) != STATUS_OK) {
        output_error("rules test", &err);
        is_written = false;
    }
    if (!is_written) {
        return EXIT_STORE;
    }
    return report->failed > 0 ? EXIT_NEGATIVE : EXIT_DONE;
}

static int test_rules(const struct test_options *options, const struct sigma_load_options *load,
                      const struct sigma_cases *cases) {
    struct known_rules *known = load->ctx;
    struct sigma_rules *rules = NULL;
    struct err err = ERR_INIT;
    if (sigma_rules_load(&rules, load, &err) != STATUS_OK) {
        output_error("rules test", &err);
        return EXIT_UNREADABLE;
    }
    struct case_report report = {.is_jsonl = options->format == OUTPUT_JSONL};
    struct case_runner runner = {.load = load, .rules = rules, .known = known};
    run_cases(&report, &runner, cases);
    size_t untested = tell_untested(&report, known, options->require_tests);
    int code = finish(options, &report, untested);
    case_runner_fini(&runner);
    case_report_fini(&report);
    sigma_rules_free(&rules);
    return code;
}

static int test_paths(const struct test_options *options, const struct positionals *paths) {
    const char *const *where = (const char *const *)paths->items;
    struct sigma_cases cases = {0};
    struct known_rules known = {0};
    struct err err = ERR_INIT;
    struct sigma_load_options load = rule_options_load(&options->from);
    load.report = known_rules_add;
    load.ctx = &known;
    if (load.path_count == 0) {
        load.paths = where;
        load.path_count = (size_t)paths->count;
    }
    int code = EXIT_UNREADABLE;
    if (sigma_cases_load(&cases, where, (size_t)paths->count, &err) != STATUS_OK) {
        output_error("rules test", &err);
    } else if (cases.count == 0 && !options->require_tests) {
        fprintf(stderr, "%s\n",
                _("konseki rules test: no test case here (NAME.test.yml, or info.yml of "
                  "regression data)"));
        code = EXIT_USAGE;
    } else {
        code = test_rules(options, &load, &cases);
    }
    sigma_cases_fini(&cases);
    known_rules_fini(&known);
    return code;
}

int rules_test(int argc, char **argv) {
    struct test_options options = {.format = options_default_format()};
    const struct option_spec specs[] = {
        RULE_OPTION_ROWS(options.from),
        {"format", OPTION_LINES, &options.format, NULL},
        {"junit", OPTION_TEXT, &options.junit, NULL},
        {"require-tests", OPTION_FLAG, &options.require_tests, NULL},
        {"help", OPTION_FLAG, &options.help, NULL},
    };
    struct positionals paths;
    int code = EXIT_USAGE;
    if (!options_parse(&paths, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        code = EXIT_USAGE;
    } else if (options.help || paths.count == 0) {
        code = subcommand_usage("test", options.help);
    } else {
        code = test_paths(&options, &paths);
    }
    rule_options_fini(&options.from);
    return code;
}
