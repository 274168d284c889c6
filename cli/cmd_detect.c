/* konseki detect: rules and indicators over what is stored already (docs/manual/detect.md). */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "correlation_note.h"
#include "detect_stored.h"
#include "i18n.h"
#include "mem.h"
#include "offline.h"
#include "options.h"
#include "rule_options.h"

struct arguments {
    struct surroundings_options around;
    struct option_list iocs;
    struct rule_options rules;
    const char *from;
    const char *to;
    int64_t from_ns;
    int64_t to_ns;
    bool help;
};

static void print_usage(FILE *out) {
    fputs(_("usage: konseki detect --store DIR [OPTIONS]\n"
            "  --store DIR    the store\n"
            "  --rules PATH   Sigma rules: a file or a folder (repeat for more)\n"
            "  --placeholders FILE  values of the rules' placeholders (repeat for more)\n"
            "  --mapping FILE  where log sources are and what fields are called (repeat for more)\n"
            "  --ioc PATH     indicators: a file or a folder (repeat for more)\n"
            "  --site FILE    the site file\n"
            "  --from T       rules see events from this time on\n"
            "  --to T         and before this time\n"
            "  --tz ZONE      zone of --from and --to; default: the site's\n"
            "Looks again at what is stored: for new rules, new indicators, a changed site file. "
            "`konseki findings` shows the result.\n"),
          out);
}

static bool check_arguments(struct arguments *a, const struct positionals *rest) {
    const struct zone *zone;
    if (a->around.store_path == NULL || rest->count > 0) {
        print_usage(stderr);
        return false;
    }
    a->around.mode = STORE_BULK;
    a->around.no_create = true;
    a->around.iocs = a->iocs.items;
    a->around.ioc_count = a->iocs.count;
    rule_options_surround(&a->around, &a->rules);
    return options_zone(&zone, a->around.zone_name, a->around.store_path) &&
           (a->from == NULL || options_time(&a->from_ns, "from", a->from, zone)) &&
           (a->to == NULL || options_time(&a->to_ns, "to", a->to, zone));
}

static bool take_arguments(struct arguments *a, int argc, char **argv) {
    struct positionals rest;
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &a->around.store_path, NULL},
        RULE_OPTION_ROWS(a->rules),
        {"ioc", OPTION_LIST, &a->iocs, NULL},
        {"site", OPTION_TEXT, &a->around.site_path, NULL},
        {"tz", OPTION_TEXT, &a->around.zone_name, NULL},
        {"from", OPTION_TEXT, &a->from, NULL},
        {"to", OPTION_TEXT, &a->to, NULL},
        {"help", OPTION_FLAG, &a->help, NULL},
    };
    return options_parse(&rest, specs, sizeof specs / sizeof *specs, argc, argv) &&
           (a->help || check_arguments(a, &rest));
}

static void warn(const char *text, void *ctx) {
    (void)ctx;
    fprintf(stderr, "konseki: %s\n", text);
}

static void tell_hunt(const struct runner_hunt *hunt) {
    if (hunt->added > 0) {
        fprintf(stderr,
                _("indicators added: %zu; events that may name one: %" PRIu64
                  "; segments left out: %" PRIu64 " of %" PRIu64 "; days run whole again: %" PRIu64
                  "\n"),
                hunt->added, hunt->rows, hunt->segments_pruned, hunt->segments, hunt->days_again);
    }
}

static int run(const struct arguments *a) {
    struct err err = ERR_INIT;
    struct surroundings around;
    struct detect_stored_counts counts = {0};
    bool lacks = false;
    enum status status = surroundings_open(&around, &a->around, warn, NULL, &err);
    if (status == STATUS_OK) {
        status = detect_stored(&around, a->from_ns, a->to_ns, &counts, &err);
        lacks = offline_tell(around.store, OUTPUT_TABLE);
        surroundings_close(&around);
    }
    if (status != STATUS_OK) {
        output_error(NULL, &err);
        return status == STATUS_BAD_INPUT ? EXIT_USAGE : EXIT_STORE;
    }
    fprintf(stderr, _("rules saw %" PRIu64 " events; rule hits: %" PRIu64 "\n"), counts.events,
            counts.rule_hits);
    if (counts.rule_hits_suppressed > 0) {
        fprintf(stderr, _("%llu hits suppressed by the site file\n"),
                (unsigned long long)counts.rule_hits_suppressed);
    }
    correlation_note(&counts.correlation);
    tell_hunt(&counts.analyses.hunt);
    fprintf(stderr, _("findings: %" PRIu64 " new, %" PRIu64 " changed\n"),
            counts.analyses.findings_new, counts.analyses.findings_updated);
    return lacks ? EXIT_UNREADABLE : EXIT_DONE;
}

int cmd_detect(int argc, char **argv) {
    struct arguments a = {.from_ns = INT64_MIN, .to_ns = INT64_MAX};
    int code = EXIT_USAGE;
    if (take_arguments(&a, argc, argv)) {
        code = EXIT_DONE;
        if (a.help) {
            print_usage(stdout);
        } else {
            code = run(&a);
        }
    }
    mem_free(a.iocs.items);
    rule_options_fini(&a.rules);
    return code;
}
