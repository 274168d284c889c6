/* konseki import: files into the store (docs/manual/import.md). */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "correlation_note.h"
#include "i18n.h"
#include "import.h"
#include "json_out.h"
#include "mem.h"
#include "num.h"
#include "options.h"
#include "rule_options.h"

struct arguments {
    struct surroundings_options around;
    struct import_options import;
    struct option_list iocs;
    struct rule_options rules;
    uint64_t year;
    bool has_year;
    bool help;
    enum output_format format;
};

static void print_usage(FILE *out) {
    fputs(_("usage: konseki import --store DIR [OPTIONS] PATH...\n"
            "  --store DIR      the store; it is made if it is not there\n"
            "  --source KIND    read the files as this format (`konseki datasets`) instead of "
            "recognising it\n"
            "  --tz ZONE        zone of times that come without one, e.g. Asia/Tokyo\n"
            "  --year Y         year of times that come without one\n"
            "  --host NAME      host of files that name none\n"
            "  --ioc PATH       indicators: a file or a folder (repeat for more)\n"
            "  --rules PATH     Sigma rules: a file or a folder (repeat for more)\n"
            "  --placeholders FILE  values of the rules' placeholders (repeat for more)\n"
            "  --mapping FILE  where log sources are and what fields are called (repeat for more)\n"
            "  --site FILE      the site file\n"
            "  --again          also import content that was imported before\n"
            "  --recover        also records from the slack space of EVTX files\n"
            "  --no-analyses    store only; `konseki detect` looks for attacks later\n"
            "  --password P     of encrypted zip files\n"
            "  --unpack-limit SIZE  bytes that one packed file may unpack to; default 256GB\n"
            "  --format F       summary as table, jsonl or csv\n"),
          out);
}

static bool check_arguments(struct arguments *a, const struct positionals *paths) {
    if (a->has_year && (a->year < 1970 || a->year > 2261)) {
        fprintf(stderr, _("konseki: --year %" PRIu64 ": wants a year from 1970 to 2261\n"),
                a->year);
        return false;
    }
    if (a->around.store_path == NULL || paths->count == 0) {
        fputs(a->around.store_path == NULL ? _("konseki: import wants --store DIR\n")
                                           : _("konseki: import wants files or folders\n"),
              stderr);
        print_usage(stderr);
        return false;
    }
    a->around.mode = STORE_BULK;
    a->around.iocs = a->iocs.items;
    a->around.ioc_count = a->iocs.count;
    rule_options_surround(&a->around, &a->rules);
    a->import.year = (int)a->year;
    a->import.paths = (const char *const *)paths->items;
    a->import.path_count = (size_t)paths->count;
    return true;
}

static bool take_arguments(struct arguments *a, struct positionals *paths, int argc, char **argv) {
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &a->around.store_path, NULL},
        {"source", OPTION_TEXT, &a->import.kind, NULL},
        {"tz", OPTION_TEXT, &a->around.zone_name, NULL},
        {"year", OPTION_NUMBER, &a->year, &a->has_year},
        {"host", OPTION_TEXT, &a->import.host, NULL},
        {"ioc", OPTION_LIST, &a->iocs, NULL},
        RULE_OPTION_ROWS(a->rules),
        {"site", OPTION_TEXT, &a->around.site_path, NULL},
        {"again", OPTION_FLAG, &a->import.again, NULL},
        {"recover", OPTION_FLAG, &a->import.recover_slack, NULL},
        {"no-analyses", OPTION_FLAG, &a->import.no_analyses, NULL},
        {"password", OPTION_TEXT, &a->import.packed.password, NULL},
        {"unpack-limit", OPTION_SIZE, &a->import.packed.most_bytes, NULL},
        {"format", OPTION_FORMAT, &a->format, NULL},
        {"help", OPTION_FLAG, &a->help, NULL},
    };
    return options_parse(paths, specs, sizeof specs / sizeof *specs, argc, argv) &&
           (a->help || check_arguments(a, paths));
}

static const char *outcome_name(enum import_outcome outcome) {
    static const char *const names[] = {"imported", "known", "unreadable"};
    return names[outcome];
}

static void put_number(struct buf *line, const char *name, uint64_t value) {
    buf_printf(line, ",\"%s\":%" PRIu64, name, value);
}

static void print_json(const struct import_report *report) {
    struct buf line = BUF_INIT;
    buf_add(&line, STR("{\"path\":"));
    json_out_string(&line, report->path);
    buf_add(&line, STR(",\"kind\":"));
    json_out_string(&line, report->kind.len > 0 ? report->kind : STR("unknown"));
    buf_printf(&line, ",\"outcome\":\"%s\"", outcome_name(report->outcome));
    put_number(&line, "events", report->events);
    put_number(&line, "unparsed", report->unparsed);
    put_number(&line, "bytes", report->bytes);
    put_number(&line, "blank", report->blank);
    put_number(&line, "meta", report->meta);
    put_number(&line, "damaged", report->damaged);
    put_number(&line, "continued", report->continued);
    if (report->problem.len > 0) {
        buf_add(&line, STR(",\"problem\":"));
        json_out_string(&line, report->problem);
    }
    buf_add(&line, STR("}\n"));
    (void)fwrite(line.ptr, 1, line.len, stdout);
    buf_fini(&line);
}

static void print_row(struct output *table, const struct import_report *report) {
    char numbers[3][24];
    struct str kind = report->kind.len > 0 ? report->kind : STR("unknown");
    struct str cells[7] = {report->path, kind, str_from_c(outcome_name(report->outcome))};
    const uint64_t values[] = {report->events, report->unparsed, report->bytes};
    for (size_t i = 0; i < 3; i++) {
        cells[3 + i] = str_make(numbers[i], num_format_u64(numbers[i], values[i]));
    }
    cells[6] = report->problem;
    (void)output_row(table, cells);
}

struct printer {
    enum output_format format;
    struct output *table; /* table and csv */
};

static void print_report(const struct import_report *report, void *ctx) {
    const struct printer *printer = ctx;
    if (report->outcome == IMPORT_UNREADABLE) {
        fprintf(stderr, "konseki: %.*s\n", STR_ARG(report->problem));
    }
    if (printer->format == OUTPUT_JSONL) {
        print_json(report);
    } else {
        print_row(printer->table, report);
    }
}

static struct output *open_table(enum output_format format) {
    static const struct str headers[] = {
        STR_INIT("path"),     STR_INIT("kind"),  STR_INIT("outcome"), STR_INIT("events"),
        STR_INIT("unparsed"), STR_INIT("bytes"), STR_INIT("problem")};
    if (format == OUTPUT_JSONL) {
        return NULL;
    }
    return output_create(stdout, format, headers, sizeof headers / sizeof *headers,
                         output_terminal_width(), false);
}

static void print_totals(const struct import_totals *totals, bool analysed) {
    fprintf(stderr,
            _("%" PRIu64 " files, %" PRIu64 " events (%" PRIu64 " of no known format), %" PRIu64
              " bytes; %" PRIu64 " known already, %" PRIu64 " unreadable\n"),
            totals->files, totals->events, totals->unparsed, totals->bytes, totals->known,
            totals->unreadable);
    if (!analysed) {
        fprintf(stderr,
                _("analyses left out: `konseki detect` runs them; rule hits: %" PRIu64 "\n"),
                totals->rule_hits);
        return;
    }
    fprintf(stderr, _("findings: %" PRIu64 " new, %" PRIu64 " changed; rule hits: %" PRIu64 "\n"),
            totals->analyses.findings_new, totals->analyses.findings_updated, totals->rule_hits);
}

static void print_suppressed(const struct import_totals *totals) {
    correlation_note(&totals->correlation);
    if (totals->rule_hits_suppressed > 0) {
        fprintf(stderr, _("%llu hits suppressed by the site file\n"),
                (unsigned long long)totals->rule_hits_suppressed);
    }
}

static void warn(const char *text, void *ctx) {
    (void)ctx;
    fprintf(stderr, "konseki: %s\n", text);
}

static int exit_code(enum status status, const struct import_totals *totals) {
    if (status == STATUS_BAD_INPUT || status == STATUS_NOT_FOUND) {
        return EXIT_USAGE;
    }
    if (status != STATUS_OK) {
        return EXIT_STORE;
    }
    return totals->unreadable > 0 ? EXIT_UNREADABLE : EXIT_DONE;
}

static int run(struct arguments *a) {
    struct err err = ERR_INIT;
    struct surroundings around;
    struct import_totals totals = {0};
    enum status status = surroundings_open(&around, &a->around, warn, NULL, &err);
    if (status == STATUS_OK) {
        struct printer printer = {a->format, open_table(a->format)};
        status = import_run(&around, &a->import, print_report, &printer, &totals, &err);
        if (printer.table != NULL) {
            (void)output_destroy(&printer.table);
        }
        surroundings_close(&around);
    }
    (void)output_finish(stdout);
    if (status != STATUS_OK) {
        output_error(NULL, &err);
    } else {
        print_totals(&totals, !a->import.no_analyses);
        print_suppressed(&totals);
    }
    return exit_code(status, &totals);
}

int cmd_import(int argc, char **argv) {
    struct arguments a = {.format = options_default_format()};
    struct positionals paths;
    int code = EXIT_USAGE;
    if (take_arguments(&a, &paths, argc, argv)) {
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
