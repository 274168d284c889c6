/* konseki scan: detection straight from files, nothing stored. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "i18n.h"
#include "mem.h"
#include "scan.h"
#include "scan_output.h"
#include "site.h"

enum { FLUSH_BYTES = 1 << 18 };

struct command_line {
    const char **rules; /* room for every argument */
    size_t rule_count;
    const char *site;
    const char *zone;
    enum scan_format format;
    enum sigma_level level;
    bool recover;
};

struct printer {
    enum scan_format format;
    struct buf out;
};

static void print_usage(FILE *out) {
    fprintf(out, "%s\n",
            _("usage: konseki scan [--rules DIR]... [--format table|jsonl|csv] [--level L]\n"
              "                    [--site SITE.conf] [--tz ZONE] [--recover] PATH...\n"
              "  --rules DIR   Sigma rules: a folder or a file; may be repeated\n"
              "  --level L     hits of at least this level: informational, low, medium, high,\n"
              "                critical\n"
              "  --site FILE   site file: its time zone is used for times without one\n"
              "  --tz ZONE     the same by name (Asia/Tokyo, +09:00)\n"
              "  --recover     also records in the slack space of EVTX chunks"));
}

static void flush(struct printer *p) {
    if (p->out.len > 0) {
        (void)fwrite(p->out.ptr, 1, p->out.len, stdout);
        buf_clear(&p->out);
    }
}

static void print_hit(const struct scan_hit *hit, void *ctx) {
    struct printer *p = ctx;
    scan_output_hit(&p->out, p->format, hit);
    if (p->out.len > FLUSH_BYTES) {
        flush(p);
    }
}

static void print_failure(const char *path, const struct err *err, void *ctx) {
    (void)ctx;
    fprintf(stderr, "konseki scan: %s: %s\n", path, err->message);
}

static void report_rule(const struct sigma_rule_info *rule, struct str why, void *ctx) {
    if (why.len > 0) {
        *(size_t *)ctx += 1;
        fprintf(stderr, _("konseki scan: rule refused: %.*s: %.*s\n"), STR_ARG(rule->path),
                STR_ARG(why));
    }
}

/* --- options --- */

static bool read_format(struct command_line *c, const char *word) {
    static const char *const words[] = {"table", "jsonl", "csv"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0) {
            c->format = (enum scan_format)i;
            return true;
        }
    }
    return false;
}

static bool read_option(struct command_line *c, int option) {
    switch (option) {
    case 'R':
        c->rules[c->rule_count++] = optarg;
        return true;
    case 'f':
        return read_format(c, optarg);
    case 'l':
        return sigma_level_parse(&c->level, str_from_c(optarg));
    case 's':
        c->site = optarg;
        return true;
    case 'z':
        c->zone = optarg;
        return true;
    case 'r':
        c->recover = true;
        return true;
    default:
        return false;
    }
}

/* The exit code if the command ends here, else -1. */
static int read_options(struct command_line *c, int argc, char **argv) {
    static const struct option options[] = {
        {"rules", required_argument, NULL, 'R'}, {"format", required_argument, NULL, 'f'},
        {"level", required_argument, NULL, 'l'}, {"site", required_argument, NULL, 's'},
        {"tz", required_argument, NULL, 'z'},    {"recover", no_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            print_usage(stdout);
            return EXIT_DONE;
        }
        if (!read_option(c, option)) {
            print_usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (optind == argc) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    return -1;
}

/* --- the scan --- */

static enum status open_zone(struct scan_options *scan, const struct command_line *c,
                             const struct site *site, struct err *err) {
    scan->zone = site != NULL ? site_zone(site) : zone_utc();
    scan->zone_is_guess = site == NULL && c->zone == NULL;
    return c->zone == NULL ? STATUS_OK : zone_open(&scan->zone, str_from_c(c->zone), err);
}

static void print_summary(const struct scan_counts *n, size_t rules, int64_t elapsed_ns) {
    double seconds = (double)elapsed_ns / 1e9;
    fprintf(stderr, _("%llu hits in %llu events of %llu files with %zu rules, %.1f s\n"),
            (unsigned long long)n->hits, (unsigned long long)n->events,
            (unsigned long long)n->files, rules, seconds);
    if (n->damaged > 0) {
        fprintf(stderr, _("%llu damaged events were not looked at\n"),
                (unsigned long long)n->damaged);
    }
}

static int run(const struct command_line *c, const struct sigma_rules *rules,
               const struct site *site, const char *const *paths, size_t path_count) {
    struct printer printer = {.format = c->format};
    struct scan_options scan = {.rules = rules,
                                .least_level = c->level,
                                .recover_slack = c->recover,
                                .hit = print_hit,
                                .failed = print_failure,
                                .ctx = &printer};
    struct scan_counts counts;
    struct err err = ERR_INIT;
    int64_t from_ns = clock_mono_ns();
    if (open_zone(&scan, c, site, &err) != STATUS_OK) {
        fprintf(stderr, "konseki scan: %s\n", err.message);
        return EXIT_USAGE;
    }
    scan_output_header(&printer.out, c->format);
    scan_paths(&scan, paths, path_count, &counts);
    flush(&printer);
    buf_fini(&printer.out);
    print_summary(&counts, rules != NULL ? sigma_rules_count(rules) : 0, clock_mono_ns() - from_ns);
    return counts.unreadable > 0 ? EXIT_UNREADABLE : EXIT_DONE;
}

static enum status load(const struct command_line *c, struct sigma_rules **rules,
                        struct site **site, struct err *err) {
    size_t refused = 0;
    enum status s = STATUS_OK;
    if (c->rule_count == 0) {
        fprintf(stderr, "%s\n",
                _("konseki scan: no --rules given, and scan has no built-in rules yet"));
    } else {
        s = sigma_rules_load(rules, c->rules, c->rule_count, report_rule, &refused, err);
    }
    return s == STATUS_OK && c->site != NULL ? site_load(site, c->site, err) : s;
}

int cmd_scan(int argc, char **argv) {
    struct command_line c = {.format = isatty(STDOUT_FILENO) ? SCAN_TABLE : SCAN_JSONL};
    struct sigma_rules *rules = NULL;
    struct site *site = NULL;
    struct err err = ERR_INIT;
    c.rules = mem_calloc((size_t)argc, sizeof *c.rules);
    int code = read_options(&c, argc, argv);
    if (code < 0 && load(&c, &rules, &site, &err) != STATUS_OK) {
        fprintf(stderr, "konseki scan: %s\n", err.message);
        code = EXIT_USAGE;
    }
    if (code < 0) {
        code = run(&c, rules, site, (const char *const *)(argv + optind), (size_t)(argc - optind));
    }
    sigma_rules_free(&rules);
    site_free(&site);
    mem_free(c.rules);
    return code;
}
