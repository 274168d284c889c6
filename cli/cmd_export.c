/* konseki export: events in open formats, files as they came (docs/manual/export.md). */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "clock.h"
#include "commands.h"
#include "export_parquet.h"
#include "export_text.h"
#include "export_tree.h"
#include "i18n.h"
#include "mem.h"
#include "num.h"
#include "offline.h"
#include "options.h"

/* Everything, derived events too: what an import needs to make the same store again. */
#define QUERY_OF_ALL "* OR event.kind:derived"
/* Columns of CSV when none are named. */
#define CSV_FIELDS                                                                                 \
    "@timestamp, event.created, event.id, event.dataset, konseki.source, log.file.path, "          \
    "konseki.line, host.name, user.name, source.ip, source.port, destination.ip, "                 \
    "destination.port, event.code, event.action, event.outcome, url.full, message, event.original"

enum export_format { FORMAT_JSONL, FORMAT_CSV, FORMAT_RAW, FORMAT_PARQUET, FORMAT_COUNT };

struct export {
    /* options */
    const char *store_path;
    const char *out;
    const char *format_name;
    const char *from;
    const char *to;
    const char *fields;
    const char *split;
    const char *duckdb;
    const char *tz;
    const char *lang;
    bool bom;
    bool plain;
    /* what they mean */
    enum export_format format;
    enum export_split split_kind;
    uint64_t part_bytes;
    const char *query_text; /* as given; NULL: everything */
    int64_t from_ns;
    int64_t to_ns;
    const struct zone *zone;
    /* the run: one of the three is in use */
    struct query *query;
    const struct query_output *output;
    struct store *store;
    struct export_text *text;
    struct export_parts *parts;
    struct export_tree *tree;
    struct export_parquet *parquet;
    uint64_t events;
    struct err err; /* of a row that could not be written */
};

/* Set by the first SIGINT or SIGTERM: the export stops and removes what it began. */
static volatile sig_atomic_t interrupted;

static void note_signal(int number) {
    interrupted = number;
}

static void catch_signals(void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* --- options --- */

static int usage(const char *problem) {
    fprintf(stderr, "konseki: %s\n", problem);
    fputs(_("usage: konseki export --store DIR --out PATH [--format jsonl|csv|raw|parquet] "
            "[--from T] [--to T] [--fields A,B,...] [--split day|SIZE] [--plain] [--bom] "
            "[--duckdb-library FILE] [--tz ZONE] [--lang ja|en] ['QUERY']\n"
            "  konseki export --store DIR --out events.jsonl.zst\n"
            "  konseki export --store DIR --out proxy.csv --fields '@timestamp,source.ip,url.full' "
            "'event.dataset:squid'\n"
            "  konseki export --store DIR --out files --format raw\n"),
          stderr);
    return EXIT_USAGE;
}

static bool parse_options(struct export *e, struct positionals *words, int argc, char **argv) {
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &e->store_path, NULL},
        {"out", OPTION_TEXT, &e->out, NULL},
        {"format", OPTION_TEXT, &e->format_name, NULL},
        {"from", OPTION_TEXT, &e->from, NULL},
        {"to", OPTION_TEXT, &e->to, NULL},
        {"fields", OPTION_TEXT, &e->fields, NULL},
        {"split", OPTION_TEXT, &e->split, NULL},
        {"plain", OPTION_FLAG, &e->plain, NULL},
        {"bom", OPTION_FLAG, &e->bom, NULL},
        {"duckdb-library", OPTION_TEXT, &e->duckdb, NULL},
        {"tz", OPTION_TEXT, &e->tz, NULL},
        {"lang", OPTION_LANG, &e->lang, NULL},
    };
    return options_parse(words, specs, sizeof specs / sizeof *specs, argc, argv);
}

/* By --format, else by the ending of --out, else jsonl. */
static bool choose_format(struct export *e) {
    static const struct str names[FORMAT_COUNT] = {
        [FORMAT_JSONL] = STR_INIT("jsonl"),
        [FORMAT_CSV] = STR_INIT("csv"),
        [FORMAT_RAW] = STR_INIT("raw"),
        [FORMAT_PARQUET] = STR_INIT("parquet"),
    };
    struct str name = str_from_c(e->format_name != NULL ? e->format_name : e->out);
    if (e->format_name == NULL) {
        name = str_ends(name, STR(".zst")) ? str_head(name, name.len - 4) : name;
        size_t dot = str_rfind_char(name, '.');
        name = dot == STR_NONE ? STR_EMPTY : str_skip(name, dot + 1);
    }
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (str_eq(name, names[i])) {
            e->format = (enum export_format)i;
            return true;
        }
    }
    e->format = FORMAT_JSONL;
    return e->format_name == NULL;
}

static bool choose_split(struct export *e) {
    if (e->split == NULL) {
        return true;
    }
    struct str text = str_from_c(e->split);
    e->split_kind = str_eq(text, STR("day")) ? EXPORT_BY_DAY : EXPORT_BY_SIZE;
    return e->split_kind == EXPORT_BY_DAY ||
           (num_parse_size(&e->part_bytes, text) && e->part_bytes > 0);
}

/* What goes wrong together; NULL: nothing. */
static const char *find_conflict(const struct export *e) {
    bool is_text = e->format == FORMAT_JSONL || e->format == FORMAT_CSV;
    if (e->split_kind != EXPORT_WHOLE && !is_text) {
        return _("--split is for jsonl and csv");
    }
    if (e->bom && e->format != FORMAT_CSV) {
        return _("--bom is for csv");
    }
    if (e->plain && e->format != FORMAT_JSONL) {
        return _("--plain is for jsonl");
    }
    if (e->fields != NULL &&
        !(e->format == FORMAT_CSV || e->format == FORMAT_PARQUET || e->plain)) {
        return _("--fields is for csv, parquet and jsonl with --plain");
    }
    return NULL;
}

/* --- the query --- */

static bool parse_query(struct export *e) {
    struct query_settings settings = {.now_ns = clock_wall_ns(), .zone = e->zone};
    struct query_error error;
    struct buf text = BUF_INIT;
    const char *fields = e->fields == NULL && e->format == FORMAT_CSV ? CSV_FIELDS : e->fields;
    buf_printf(&text, "%s", e->query_text != NULL ? e->query_text : QUERY_OF_ALL);
    bool good = query_parse(&e->query, buf_str(&text), &settings, &error) == STATUS_OK;
    if (good && fields != NULL && query_get_output(e->query)->shape == QUERY_EVENTS) {
        query_free(&e->query);
        buf_printf(&text, " | fields %s", fields);
        good = query_parse(&e->query, buf_str(&text), &settings, &error) == STATUS_OK;
    }
    if (good) {
        e->output = query_get_output(e->query);
    } else {
        struct buf message = BUF_INIT;
        query_error_format(&message, buf_str(&text), &error);
        fprintf(stderr, "konseki: %.*s", STR_ARG(buf_str(&message)));
        buf_fini(&message);
    }
    buf_fini(&text);
    return good;
}

static bool wants_events(const struct export *e) {
    return e->format == FORMAT_RAW || (e->format == FORMAT_JSONL && !e->plain);
}

/* --- the run --- */

static bool take_row(const struct batch *batch, const struct row *row, void *ctx) {
    struct export *e = ctx;
    enum status status = STATUS_OK;
    if (interrupted != 0) {
        return false;
    }
    if (e->tree != NULL) {
        status = export_tree_add(e->tree, batch, row, &e->err);
    } else if (e->parquet != NULL) {
        status = export_parquet_add(e->parquet, batch, row, &e->err);
    } else {
        status = export_text_add(e->text, e->parts, batch, row, &e->err);
    }
    e->events += status == STATUS_OK;
    return status == STATUS_OK;
}

static enum status run_query(struct export *e, query_row_fn *row, struct err *err) {
    struct query_run_options options = {.from_ns = e->from_ns, .to_ns = e->to_ns, .want_raw = true};
    struct query_run_stats stats;
    if (e->format == FORMAT_RAW) { /* bytes only */
        options.fields = &(const uint32_t){FIELD_TIMESTAMP};
    }
    enum status status = query_run(e->query, e->store, &options, &stats, row, e, err);
    if (e->err.status != STATUS_OK) {
        *err = e->err;
        return e->err.status;
    }
    if (interrupted != 0) {
        return err_set(err, STATUS_CANCELLED, "the export was interrupted; nothing is left of it");
    }
    return status;
}

/* Parquet names its columns before the rows: the first of two passes learns them. */
static bool survey_row(const struct batch *batch, const struct row *row, void *ctx) {
    struct export *e = ctx;
    export_parquet_survey(e->parquet, batch, row);
    return interrupted == 0;
}

static enum status begin_parquet(struct export *e, struct err *err) {
    struct export_parquet_options options = {
        .path = e->out, .library = e->duckdb, .output = e->output};
    enum status status = export_parquet_create(&e->parquet, &options, err);
    if (status == STATUS_OK) {
        status = run_query(e, survey_row, err);
    }
    return status == STATUS_OK ? export_parquet_begin(e->parquet, err) : status;
}

static void begin_text(struct export *e) {
    struct export_text_options options = {.format = e->format == FORMAT_CSV ? EXPORT_CSV
                                                    : e->plain              ? EXPORT_PLAIN_JSONL
                                                                            : EXPORT_JSONL,
                                          .bom = e->bom,
                                          .output = e->output,
                                          .store = e->store,
                                          .store_path = e->store_path,
                                          .query = e->query_text,
                                          .from_ns = e->from_ns,
                                          .to_ns = e->to_ns,
                                          .zone = e->zone};
    e->text = export_text_create(&options);
    e->parts = export_parts_create(&(struct export_parts_options){.path = e->out,
                                                                  .split = e->split_kind,
                                                                  .part_bytes = e->part_bytes,
                                                                  .head = export_text_head,
                                                                  .tail = export_text_tail,
                                                                  .ctx = e->text});
}

static enum status begin(struct export *e, struct err *err) {
    if (e->format == FORMAT_RAW) {
        struct export_tree_options options = {.path = e->out, .store = e->store};
        options.partial = e->query_text != NULL || e->from_ns != INT64_MIN || e->to_ns != INT64_MAX;
        return export_tree_create(&e->tree, &options, err);
    }
    if (e->format == FORMAT_PARQUET) {
        return begin_parquet(e, err);
    }
    begin_text(e);
    return STATUS_OK;
}

static enum status publish(struct export *e, struct err *err) {
    if (e->tree != NULL) {
        return export_tree_publish(e->tree, err);
    }
    return e->parquet != NULL ? export_parquet_publish(e->parquet, err)
                              : export_parts_publish(e->parts, err);
}

static void report(const struct export *e) {
    size_t files = e->tree != NULL    ? export_tree_count(e->tree) + 1
                   : e->parts != NULL ? export_parts_count(e->parts)
                                      : 1;
    uint64_t bytes = e->tree != NULL    ? export_tree_bytes(e->tree)
                     : e->parts != NULL ? export_parts_bytes(e->parts)
                                        : export_parquet_bytes(e->parquet);
    fprintf(stderr, _("%" PRIu64 " events exported into %zu files, %" PRIu64 " bytes\n"), e->events,
            files, bytes);
}

static int run(struct export *e) {
    struct err err = ERR_INIT;
    struct store_options options = {.path = e->store_path, .mode = STORE_READ};
    enum status status = store_open(&e->store, &options, &err);
    if (status == STATUS_OK) {
        catch_signals(note_signal);
        status = begin(e, &err);
        if (status == STATUS_OK) {
            status = run_query(e, take_row, &err);
        }
        if (status == STATUS_OK) {
            status = publish(e, &err);
        }
        if (status == STATUS_OK) { /* all is done: a signal that comes now is too late */
            catch_signals(SIG_IGN);
            interrupted = 0;
        }
    } else if (status == STATUS_BAD_INPUT) {
        status = STATUS_DAMAGED;
    }
    if (status != STATUS_OK) {
        output_error(NULL, &err);
        bool no_library = e->format == FORMAT_PARQUET && e->parquet == NULL && e->store != NULL;
        return status == STATUS_BAD_INPUT || no_library ? EXIT_USAGE : EXIT_STORE;
    }
    report(e);
    return offline_tell(e->store, OUTPUT_TABLE) ? EXIT_UNREADABLE : EXIT_DONE;
}

static int prepare(struct export *e, const struct positionals *words) {
    e->from_ns = INT64_MIN;
    e->to_ns = INT64_MAX;
    e->query_text = words->count == 1 ? words->items[0] : NULL;
    if (!choose_format(e)) {
        return usage(_("--format: expected jsonl, csv, raw or parquet"));
    }
    if (!choose_split(e)) {
        return usage(_("--split: expected day, or a size like 1GB"));
    }
    const char *conflict = find_conflict(e);
    if (conflict != NULL) {
        return usage(conflict);
    }
    if (!options_zone(&e->zone, e->tz, e->store_path) ||
        (e->from != NULL && !options_time(&e->from_ns, "from", e->from, e->zone)) ||
        (e->to != NULL && !options_time(&e->to_ns, "to", e->to, e->zone)) || !parse_query(e)) {
        return EXIT_USAGE;
    }
    if (wants_events(e) && e->output->shape != QUERY_EVENTS) {
        return usage(_("this format needs whole events: leave the stages that make columns out"));
    }
    return -1;
}

static void export_fini(struct export *e) {
    export_parts_destroy(&e->parts);
    export_text_destroy(&e->text);
    export_tree_destroy(&e->tree);
    export_parquet_destroy(&e->parquet);
    query_free(&e->query);
    store_close(&e->store);
}

int cmd_export(int argc, char **argv) {
    struct export e = {0};
    struct positionals words;
    if (!parse_options(&e, &words, argc, argv)) {
        return EXIT_USAGE;
    }
    if (e.store_path == NULL || e.out == NULL || e.out[0] == '\0') {
        return usage(_("export needs --store DIR and --out PATH"));
    }
    if (words.count > 1) {
        return usage(_("export takes one query: put it into quotation marks"));
    }
    int code = prepare(&e, &words);
    code = code < 0 ? run(&e) : code;
    export_fini(&e);
    if (interrupted != 0) { /* end as if nobody had caught it, now that all is tidy */
        catch_signals(SIG_DFL);
        (void)raise(interrupted);
    }
    return code;
}
