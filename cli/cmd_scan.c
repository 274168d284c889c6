/* konseki scan: detection straight from files, nothing stored. */
#include <limits.h>
#include <stdio.h>

#include "clock.h"
#include "commands.h"
#include "cpu.h"
#include "i18n.h"
#include "mem.h"
#include "options.h"
#include "output.h"
#include "report_writer.h"
#include "rule_cache.h"
#include "rule_options.h"
#include "scan_correlation.h"
#include "scan_filters.h"
#include "scan_health.h"
#include "scan_live.h"
#include "scan_messages.h"
#include "scan_output.h"
#include "scan_progress.h"
#include "site.h"

struct command_line {
    struct rule_options rules;
    struct rule_cache_options cache;
    const char *site;
    const char *zone;
    const char *level;
    struct scan_filter_options filter;
    struct scan_output_options output;
    struct scan_notes notes;
    const char *password;
    uint64_t unpack_limit;
    uint64_t threads;
    struct scan_health health;
    struct option_list live_roots;
    struct scan_live live;
    bool recover;
    bool carve;
    bool dedup;
    bool quiet;
    bool suppressed;
    bool help;
};

static void print_usage(FILE *out) {
    static const struct {
        const char *name;
        const char *argument;
        const char *what;
    } rows[] = {
#define SCAN_OPTION(name, kind, member, argument, what) {name, argument, what},
#include "scan_options.def"
    };
    fprintf(out, "%s\n", _("usage: konseki scan [OPTION]... PATH..."));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fprintf(out, "  --%s %s\n        %s\n", rows[i].name, rows[i].argument, _(rows[i].what));
    }
    fprintf(out, "%s\n", _("forms of --format and --out:"));
    for (enum report_form form = 0; form < REPORT_FORM_COUNT; form++) {
        fprintf(out, "  %.*s\n        %s\n", STR_ARG(report_form_name(form)),
                _(report_form_what(form)));
    }
    options_print_manual(out, "scan");
}

struct print_context {
    struct scan_output *output;
    struct scan_notes *notes;
    struct scan_health *health;
    struct scan_live *live;
    struct scan_progress progress;
};

static bool print_hit(const struct scan_hit *hit, void *ctx) {
    struct print_context *print = ctx;
    scan_progress_clear(&print->progress);
    return scan_output_hit(print->output, hit);
}

static bool print_correlation(const struct scan_correlation *correlation, void *ctx) {
    struct print_context *print = ctx;
    scan_progress_clear(&print->progress);
    return scan_correlation_write(print->output, correlation);
}

static void show_progress(const struct scan_counts *counts,
                          const struct file_rows_progress *how_far, void *ctx) {
    struct print_context *print = ctx;
    scan_progress_show(&print->progress, counts, how_far);
}

static void print_failure(const char *path, const struct err *err, void *ctx) {
    (void)path; /* the message names it */
    struct print_context *print = ctx;
    scan_progress_clear(&print->progress);
    scan_notes_failed(print->notes, str_from_c(err->message));
    output_error("scan", err);
}

static void tell_health(const char *path, const struct parse_input_health *found, void *ctx) {
    struct print_context *print = ctx;
    scan_progress_clear(&print->progress);
    scan_health_tell(print->health, path, found);
}

static void see_batch(const struct batch *batch, struct str file, void *ctx) {
    const struct print_context *print = ctx;
    scan_live_batch(print->live, batch, file);
}

static void warn(const char *text, void *ctx) {
    (void)ctx;
    fprintf(stderr, "konseki scan: %s\n", text);
}

static void report_rule(const struct sigma_rule_info *rule, struct str why, void *ctx) {
    scan_notes_rule(ctx, rule, why);
    if (why.len > 0) {
        scan_message_refused(rule, why);
    }
}

/* The exit code if the command ends here, else -1. */
static int read_options(struct command_line *c, struct positionals *paths, int argc, char **argv) {
    const struct option_spec specs[] = {
#define SCAN_OPTION(name, kind, member, argument, what) {name, OPTION_##kind, &c->member, NULL},
#include "scan_options.def"
    };
    if (!options_parse(paths, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        return EXIT_USAGE;
    }
    if (c->help) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (paths->count == 0 && c->live_roots.count == 0) {
        fprintf(stderr, "%s\n%s\n", _("usage: konseki scan [OPTION]... PATH..."),
                _("konseki scan: no file or folder to scan is given; --help lists the options"));
        return EXIT_USAGE;
    }
    return -1;
}

/* --- the scan --- */

static bool open_zone(struct scan_options *scan, const struct command_line *c,
                      const struct site *site) {
    scan->zone = site != NULL ? site_zone(site) : zone_utc();
    scan->zone_is_guess = site == NULL && c->zone == NULL;
    return c->zone == NULL || options_zone(&scan->zone, c->zone, NULL);
}

static unsigned thread_count(uint64_t asked) {
    return asked == 0 ? cpu_count() : asked < UINT_MAX ? (unsigned)asked : UINT_MAX;
}

/* What the command line asks of the scan. False with a message. */
static bool prepare(struct scan_options *scan, struct scan_filters *filters, struct command_line *c,
                    const struct site *site) {
    *scan = (struct scan_options){.only_suppressed = c->suppressed,
                                  .recover_slack = c->recover,
                                  .carve = c->carve,
                                  .packed = {c->password, c->unpack_limit},
                                  .no_copies = c->dedup,
                                  .threads = thread_count(c->threads),
                                  .interrupt = scan_interrupt_catch(),
                                  .hit = print_hit,
                                  .correlated = print_correlation,
                                  .failed = print_failure,
                                  .health = tell_health,
                                  .seen = c->live_roots.count > 0 ? see_batch : NULL};
    return rule_options_level(&scan->least_level, "level", c->level) && open_zone(scan, c, site) &&
           scan_filters_read(filters, &c->filter, scan->zone);
}

static bool scan_all(struct command_line *c, struct scan_options *scan, struct print_context *print,
                     struct scan_counts *counts) {
    int64_t from_ns = clock_mono_ns();
    int64_t started_ns = clock_wall_ns();
    const struct sigma_rules *rules = scan->rules;
    scan->ctx = print;
    scan_progress_begin(&print->progress, c->quiet);
    scan->progress = print->progress.is_shown ? show_progress : NULL;
    scan_paths(scan, c->live.paths, c->live.path_count, counts);
    scan_progress_clear(&print->progress);
    const struct scan_output_run end = {.counts = counts,
                                        .notes = &c->notes,
                                        .rules = rules != NULL ? sigma_rules_written(rules) : 0,
                                        .started_wall_ns = started_ns,
                                        .elapsed_ns = clock_mono_ns() - from_ns,
                                        .is_interrupted = counts->files.interrupted};
    scan_message_counts(counts, end.rules, end.elapsed_ns);
    scan_health_finish(&c->health);
    scan_live_tell(&c->live, scan->zone);
    return scan_output_close(&print->output, &end);
}

static int run(struct command_line *c, const struct sigma_rules *rules, const struct site *site) {
    struct scan_options scan;
    struct scan_counts counts;
    struct scan_filters filters;
    struct err err = ERR_INIT;
    if (!prepare(&scan, &filters, c, site)) {
        return EXIT_USAGE;
    }
    const struct scan_output_settings settings = {.options = &c->output,
                                                  .zone = scan.zone,
                                                  .inputs = c->live.inputs,
                                                  .input_count = c->live.input_count,
                                                  .others = c->rules.rules.items,
                                                  .other_count = c->rules.rules.count};
    struct print_context print = {.notes = &c->notes, .health = &c->health, .live = &c->live};
    enum status s = scan_output_open(&print.output, &settings, &err);
    if (s != STATUS_OK) {
        output_error("scan", &err);
        return s == STATUS_BAD_INPUT ? EXIT_USAGE : EXIT_STORE;
    }
    scan.files = &filters.files;
    scan_filters_find_last(&filters, &scan, c->live.paths, c->live.path_count);
    scan.rules = rules;
    scan.events = &filters.events;
    scan.wanted = &filters.rules;
    scan.tuning = rule_tuning_create(site);
    bool written = scan_all(c, &scan, &print, &counts);
    rule_tuning_tell(scan.tuning, c->site, warn, NULL);
    rule_tuning_destroy(&scan.tuning); /* hits may name rules of its making */
    if (!written) {
        return EXIT_STORE;
    }
    return counts.files.interrupted      ? (int)EXIT_INTERRUPTED
           : counts.files.unreadable > 0 ? EXIT_UNREADABLE
                                         : EXIT_DONE;
}

static enum status load(struct command_line *c, struct sigma_rules **rules, struct site **site,
                        struct err *err) {
    struct buf folder = BUF_INIT;
    enum status s = STATUS_OK;
    if (c->rules.rules.count == 0) {
        scan_message_no_rules(false);
    } else {
        struct sigma_load_options options = rule_options_load(&c->rules);
        options.cache_folder = rule_cache_folder(&folder, &c->cache);
        options.report = report_rule;
        options.ctx = &c->notes;
        s = sigma_rules_load(rules, &options, err);
        if (s == STATUS_OK && sigma_rules_count(*rules) == 0) {
            scan_message_no_rules(true);
        }
    }
    buf_fini(&folder);
    if (s == STATUS_OK && c->site != NULL) {
        s = site_load(site, c->site, err);
    }
    if (*site != NULL) {
        rule_tuning_warn(*site, *rules, c->site, warn, NULL);
    }
    return s;
}

int cmd_scan(int argc, char **argv) {
    struct command_line c = {.threads = 1};
    struct positionals paths;
    struct sigma_rules *rules = NULL;
    struct site *site = NULL;
    struct err err = ERR_INIT;
    int code = read_options(&c, &paths, argc, argv);
    scan_interrupt_while_loading();
    if (code < 0 && load(&c, &rules, &site, &err) != STATUS_OK) {
        output_error("scan", &err);
        code = EXIT_USAGE;
    }
    if (code < 0) {
        bool found = scan_live_open(&c.live, "scan", &c.live_roots, &paths);
        code = found ? run(&c, rules, site) : EXIT_USAGE;
    }
    sigma_rules_free(&rules);
    site_free(&site);
    scan_notes_fini(&c.notes);
    scan_output_options_fini(&c.output);
    scan_filter_options_fini(&c.filter);
    scan_live_fini(&c.live);
    mem_free(c.live_roots.items);
    rule_options_fini(&c.rules);
    return code;
}
