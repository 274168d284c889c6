/* konseki serve: the server in the foreground (docs/manual/serve.md). */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "correlation_note.h"
#include "i18n.h"
#include "mem.h"
#include "options.h"
#include "rule_options.h"
#include "serve.h"

struct arguments {
    const char *store;
    const char *site;
    const char *zone;
    const char *file; /* --config */
    struct option_list listen;
    struct rule_options rules;
    struct option_list iocs;
    bool help;
};

static void print_usage(FILE *out) {
    fputs(_("usage: konseki serve --store DIR [OPTIONS]\n"
            "  --store DIR     the store; it is made if it is not there\n"
            "  --config FILE   settings (docs/manual/config.md); options given here win\n"
            "  --listen URL    an input: syslog+udp://ADDRESS:PORT or syslog+tcp://ADDRESS:PORT "
            "(repeat for more)\n"
            "  --rules PATH    Sigma rules: a file or a folder (repeat for more)\n"
            "  --placeholders FILE  values of the rules' placeholders (repeat for more)\n"
            "  --mapping FILE  where log sources are and what fields are called (repeat for more)\n"
            "  --ioc PATH      indicators: a file or a folder (repeat for more)\n"
            "  --site FILE     the site file\n"
            "  --tz ZONE       zone of times that come without one, e.g. Asia/Tokyo\n"
            "Prints `ready` on standard error when all inputs listen, findings as JSON lines on "
            "standard output; SIGTERM ends it cleanly.\n"),
          out);
}

static bool take_arguments(struct arguments *a, int argc, char **argv) {
    struct positionals rest;
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &a->store, NULL},   {"config", OPTION_TEXT, &a->file, NULL},
        {"listen", OPTION_LIST, &a->listen, NULL}, RULE_OPTION_ROWS(a->rules),
        {"ioc", OPTION_LIST, &a->iocs, NULL},      {"site", OPTION_TEXT, &a->site, NULL},
        {"tz", OPTION_TEXT, &a->zone, NULL},       {"help", OPTION_FLAG, &a->help, NULL},
    };
    if (!options_parse(&rest, specs, sizeof specs / sizeof *specs, argc, argv)) {
        return false;
    }
    if (rest.count > 0) {
        fprintf(stderr, _("konseki: serve: unexpected '%s'\n"), rest.items[0]);
        return false;
    }
    return true;
}

static void set_text(struct config *config, enum config_id id, const char *value) {
    if (value != NULL) {
        config->values[id].text = value;
    }
}

static void add_items(struct config *config, enum config_id id, const struct option_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        config_add_item(config, id, list->items[i]);
    }
}

/* The file first, so that what was given on the command line wins. */
static enum status make_config(struct config *config, const struct arguments *a, struct err *err) {
    if (a->file != NULL) {
        enum status status = config_load(config, a->file, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    set_text(config, CONFIG_STORE, a->store);
    set_text(config, CONFIG_SITE, a->site);
    set_text(config, CONFIG_TIME_ZONE, a->zone);
    add_items(config, CONFIG_LISTEN, &a->listen);
    add_items(config, CONFIG_RULES, &a->rules.rules);
    add_items(config, CONFIG_PLACEHOLDERS, &a->rules.placeholders);
    add_items(config, CONFIG_MAPPING, &a->rules.mappings);
    add_items(config, CONFIG_IOC, &a->iocs);
    return STATUS_OK;
}

static void say_ready(void *ctx) {
    (void)ctx;
    fputs("ready\n", stderr);
    (void)fflush(stderr);
}

static void warn(const char *text, void *ctx) {
    (void)ctx;
    fprintf(stderr, "konseki: %s\n", text);
}

static void print_finding(struct str json_line, void *ctx) {
    (void)ctx;
    (void)fwrite(json_line.ptr, 1, json_line.len, stdout);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
}

static int exit_code(enum status status) {
    if (status == STATUS_OK) {
        return EXIT_DONE;
    }
    return status == STATUS_BAD_INPUT || status == STATUS_NOT_FOUND ? EXIT_USAGE : EXIT_STORE;
}

static void print_counts(const struct serve_counts *counts) {
    fprintf(stderr,
            _("received %" PRIu64 ", stored %" PRIu64 ", truncated %" PRIu64 "; %" PRIu64
              " commits, %" PRIu64 " seals; %" PRIu64 " findings, %" PRIu64 " rule hits\n"),
            counts->received, counts->stored, counts->truncated, counts->commits, counts->seals,
            counts->findings, counts->rule_hits);
    correlation_note(&counts->correlation);
}

static int run(const struct arguments *a) {
    struct config config;
    struct err err = ERR_INIT;
    struct serve_counts counts = {0};
    const struct serve_callbacks callbacks = {say_ready, warn, print_finding, NULL};
    config_init(&config);
    enum status status = make_config(&config, a, &err);
    if (status == STATUS_OK) {
        status = serve_run(&config, &callbacks, &counts, &err);
    }
    if (status != STATUS_OK) {
        output_error(NULL, &err);
    }
    if (status == STATUS_OK || counts.received > 0) { /* it did start */
        print_counts(&counts);
    }
    config_fini(&config);
    return exit_code(status);
}

int cmd_serve(int argc, char **argv) {
    struct arguments a = {0};
    int code = EXIT_USAGE;
    if (take_arguments(&a, argc, argv)) {
        code = EXIT_DONE;
        if (a.help) {
            print_usage(stdout);
        } else {
            code = run(&a);
        }
    }
    mem_free(a.listen.items);
    rule_options_fini(&a.rules);
    mem_free(a.iocs.items);
    return code;
}
