/* konseki search: finds events in a store (docs/manual/search.md). */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "clock.h"
#include "commands.h"
#include "event_json.h"
#include "expr.h"
#include "i18n.h"
#include "mem.h"
#include "offline.h"
#include "options.h"
#include "search_explain.h"
#include "summary.h"

enum { DEFAULT_LIMIT = 100, MAX_THREADS = 64, EVENT_CELL_COUNT = 7, TABLE_CELL_COUNT = 3 };

struct search {
    /* options */
    const char *store_path;
    const char *from;
    const char *to;
    uint64_t limit;
    bool has_limit;
    enum output_format format;
    bool is_raw;
    bool with_original;
    bool explain;
    bool bom;
    uint64_t memory_bytes;
    uint64_t threads;
    const char *lang;
    const char *tz;
    /* the run */
    struct search_times times;
    const struct zone *zone;
    struct query *query;
    struct store *store;
    const struct query_output *output;
    struct event_json *json;
    struct output *rows;   /* table, csv */
    struct intern written; /* --raw: containers that are out already */
    struct buf line;
    struct buf scratch;
    struct buf cells[EVENT_CELL_COUNT];
    struct err err; /* of a row that could not be written */
};

/* --- jsonl --- */

static bool write_json(const struct batch *batch, const struct row *row, void *ctx) {
    struct search *s = ctx;
    buf_clear(&s->line);
    if (s->output->shape == QUERY_EVENTS) {
        event_json_append(&s->line, s->json, batch, row, s->with_original);
    } else {
        event_json_append_columns(&s->line, s->json, s->output, batch, row);
    }
    buf_putc(&s->line, '\n');
    return output_write(stdout, buf_str(&s->line));
}

/* --- raw --- */

/* An EVTX record's evidence is the chunk it lies in: written once, where its first record stands.
 */
static bool write_container(struct search *s, const struct batch *batch, const struct row *row) {
    struct str source = intern_text(&batch->names, row->source);
    uint64_t sequence = row->sequence - row->container_back;
    buf_clear(&s->scratch);
    buf_add(&s->scratch, source);
    buf_printf(&s->scratch, "-%" PRIu64, sequence);
    uint32_t count = s->written.count;
    if (intern_add(&s->written, buf_str(&s->scratch)) != count) {
        return true;
    }
    bool is_owner = (row->flags & ROW_IN_CONTAINER) == 0;
    if (is_owner) {
        return output_write(stdout, batch_raw(batch, row));
    }
    buf_clear(&s->line);
    return store_read_raw(s->store, source, sequence, &s->line, &s->err) == STATUS_OK &&
           output_write(stdout, buf_str(&s->line));
}

static bool write_raw(const struct batch *batch, const struct row *row, void *ctx) {
    if ((row->flags & ROW_DERIVED) != 0) {
        return true; /* has no bytes of its own */
    }
    if ((row->flags & ROW_IN_CONTAINER) != 0 || row->dataset == DATASET_WINDOWS_EVTX) {
        return write_container(ctx, batch, row);
    }
    return output_write(stdout, batch_raw(batch, row));
}

/* --- table and csv --- */

/* The table shows the first three and the last; csv all, so that a row leads to its evidence. */
static const struct str event_headers[] = {STR_INIT("@timestamp"),    STR_INIT("konseki.source"),
                                           STR_INIT("event.dataset"), STR_INIT("event.id"),
                                           STR_INIT("log.file.path"), STR_INIT("konseki.line"),
                                           STR_INIT("summary")};

/* The headers or cells of the format, in `out`; returns how many. */
static size_t pick_cells(struct str *out, enum output_format format, const struct str *all) {
    size_t count = 0;
    for (size_t i = 0; i < EVENT_CELL_COUNT; i++) {
        bool in_table = i < TABLE_CELL_COUNT || i == EVENT_CELL_COUNT - 1;
        if (format == OUTPUT_CSV || in_table) {
            out[count++] = all[i];
        }
    }
    return count;
}

static void append_time(struct search *s, struct buf *out, int64_t ns) {
    char text[CIVIL_RFC3339_BYTES];
    if (ns == TIME_NONE) {
        return;
    }
    if (s->format == OUTPUT_TABLE) {
        output_append_local_time(out, ns, s->zone);
    } else {
        buf_append(out, text, civil_format_rfc3339(text, ns));
    }
}

static void fill_event_cells(struct search *s, const struct batch *batch, const struct row *row) {
    static const uint32_t attributes[] = {FIELD_SOURCE, FIELD_EVENT_DATASET, FIELD_EVENT_ID,
                                          FIELD_ORIGIN, FIELD_LINE};
    struct str text;
    for (size_t i = 0; i < EVENT_CELL_COUNT; i++) {
        buf_clear(&s->cells[i]);
    }
    append_time(s, &s->cells[0], row->time_ns);
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (batch_get(&text, batch, row, attributes[i], &s->scratch)) {
            buf_add(&s->cells[i + 1], text);
        }
    }
    struct buf *summary = &s->cells[EVENT_CELL_COUNT - 1];
    if (s->with_original && row->raw_len > 0) {
        buf_add(summary, expr_search_text(batch, row, &s->scratch));
    } else {
        summary_append(summary, batch, row, &s->scratch);
    }
}

static bool write_event_cells(const struct batch *batch, const struct row *row, void *ctx) {
    struct search *s = ctx;
    struct str all[EVENT_CELL_COUNT];
    struct str cells[EVENT_CELL_COUNT];
    fill_event_cells(s, batch, row);
    for (size_t i = 0; i < EVENT_CELL_COUNT; i++) {
        all[i] = buf_str(&s->cells[i]);
    }
    (void)pick_cells(cells, s->format, all);
    return output_row(s->rows, cells);
}

/* All values of a field, joined by blanks, at the end of the line, which had `start` bytes. */
static void append_values(struct search *s, uint32_t field, size_t start, const struct batch *batch,
                          const struct row *row) {
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        if (v->field != field) {
            continue;
        }
        if (s->line.len > start) {
            buf_putc(&s->line, ' ');
        }
        buf_add(&s->line, batch_value_text(batch, v));
    }
}

/* All values of a column, joined by blanks, at the end of `line`. */
static void append_column(struct search *s, const struct query_column *column,
                          const struct batch *batch, const struct row *row) {
    struct str text;
    size_t start = s->line.len;
    for (size_t f = 0; f < column->field_count && s->line.len == start; f++) {
        uint32_t field = column->fields[f];
        if (field == FIELD_TIMESTAMP || field == FIELD_EVENT_CREATED) {
            append_time(s, &s->line, field == FIELD_TIMESTAMP ? row->time_ns : row->receive_ns);
        } else if (field == FIELD_EVENT_ORIGINAL) {
            buf_add(&s->line, expr_search_text(batch, row, &s->scratch));
        } else if (schema_is_attribute(field) && batch_get(&text, batch, row, field, &s->scratch)) {
            buf_add(&s->line, text);
        }
        append_values(s, field, start, batch, row);
    }
}

static bool write_column_cells(const struct batch *batch, const struct row *row, void *ctx) {
    struct search *s = ctx;
    size_t count = s->output->column_count;
    size_t *ends = mem_calloc(count + 1, sizeof *ends);
    struct str *cells = mem_calloc(count, sizeof *cells);
    buf_clear(&s->line);
    for (size_t c = 0; c < count; c++) {
        if (s->output->columns[c].is_pattern) {
            struct query_output one = {QUERY_COLUMNS, &s->output->columns[c], 1};
            event_json_append_columns(&s->line, s->json, &one, batch, row);
        } else {
            append_column(s, &s->output->columns[c], batch, row);
        }
        ends[c + 1] = s->line.len;
    }
    for (size_t c = 0; c < count; c++) {
        cells[c] = str_head(str_skip(buf_str(&s->line), ends[c]), ends[c + 1] - ends[c]);
    }
    bool good = output_row(s->rows, cells);
    mem_free(cells);
    mem_free(ends);
    return good;
}

static void create_rows(struct search *s) {
    int width = output_terminal_width();
    if (s->output->shape == QUERY_EVENTS) {
        struct str names[EVENT_CELL_COUNT];
        size_t count = pick_cells(names, s->format, event_headers);
        s->rows = output_create(stdout, s->format, names, count, width, s->bom);
        return;
    }
    struct str *headers = mem_calloc(s->output->column_count, sizeof *headers);
    for (size_t c = 0; c < s->output->column_count; c++) {
        headers[c] = s->output->columns[c].name;
    }
    s->rows = output_create(stdout, s->format, headers, s->output->column_count, width, s->bom);
    mem_free(headers);
}

/* --- notes on stderr --- */

static void note_unknown(struct str name, struct str nearest, void *ctx) {
    (void)ctx;
    struct buf shown = BUF_INIT;
    output_append_visible(&shown, name);
    if (nearest.len > 0) {
        fprintf(stderr, _("konseki: note: no event has a field \"%.*s\"; did you mean \"%.*s\"?\n"),
                STR_ARG(buf_str(&shown)), STR_ARG(nearest));
    } else {
        fprintf(stderr, _("konseki: note: no event has a field \"%.*s\"\n"),
                STR_ARG(buf_str(&shown)));
    }
    buf_fini(&shown);
}

static void write_notes(const struct search *s, const struct query_run_stats *stats) {
    if (stats->limited && !s->has_limit) {
        fprintf(stderr, _("konseki: note: the first %d rows; --limit 0 shows all\n"),
                DEFAULT_LIMIT);
    }
    if (stats->without_group > 0) {
        fprintf(stderr,
                _("konseki: note: %" PRIu64 " events have no value to group by and are left out\n"),
                stats->without_group);
    }
    if (stats->regex_given_up > 0) {
        fprintf(stderr,
                _("konseki: warning: a regular expression took too long on %" PRIu64
                  " values; they count as no match\n"),
                stats->regex_given_up);
    }
    if (stats->scan.rows_matched == 0) {
        query_unknown_fields(s->query, note_unknown, NULL);
    }
    if (s->explain) {
        search_explain(stats, &s->times);
    }
}

/* --- the command --- */

static int usage(const char *problem) {
    fprintf(stderr, "konseki: %s\n", problem);
    fputs(_("usage: konseki search --store DIR [--from T] [--to T] [--limit N] "
            "[--format table|jsonl|csv] [--raw] [--original] [--explain] [--memory SIZE] "
            "[--threads N] [--bom] "
            "[--tz ZONE] [--lang ja|en] 'QUERY'\n"
            "  konseki search --store DIR 'source.ip:10.0.0.0/8 AND NOT action:deny'\n"
            "  konseki search --store DIR 'failed password | count by source.ip | head 5'\n"),
          stderr);
    return EXIT_USAGE;
}

static bool parse_options(struct search *s, struct positionals *words, int argc, char **argv) {
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &s->store_path, NULL},
        {"from", OPTION_TEXT, &s->from, NULL},
        {"to", OPTION_TEXT, &s->to, NULL},
        {"limit", OPTION_NUMBER, &s->limit, &s->has_limit},
        {"format", OPTION_FORMAT, &s->format, NULL},
        {"raw", OPTION_FLAG, &s->is_raw, NULL},
        {"original", OPTION_FLAG, &s->with_original, NULL},
        {"explain", OPTION_FLAG, &s->explain, NULL},
        {"bom", OPTION_FLAG, &s->bom, NULL},
        {"memory", OPTION_SIZE, &s->memory_bytes, NULL},
        {"threads", OPTION_NUMBER, &s->threads, NULL},
        {"tz", OPTION_TEXT, &s->tz, NULL},
        {"lang", OPTION_LANG, &s->lang, NULL},
    };
    s->format = options_default_format();
    return options_parse(words, specs, sizeof specs / sizeof *specs, argc, argv);
}

static bool parse_query(struct search *s, const char *text) {
    struct query_settings settings = {.now_ns = clock_wall_ns(), .zone = s->zone};
    struct query_error error;
    struct str query = str_from_c(text);
    if (query_parse(&s->query, query, &settings, &error) == STATUS_OK) {
        s->output = query_get_output(s->query);
        return true;
    }
    struct buf message = BUF_INIT;
    query_error_format(&message, query, &error);
    fprintf(stderr, "konseki: %.*s", STR_ARG(buf_str(&message)));
    buf_fini(&message);
    return false;
}

/* --- stopping --- */

/* Set by the signal that asked to stop. A second one ends the program at once. */
static atomic_bool stop;
static volatile sig_atomic_t stop_signal;

static void ask_to_stop(int number) {
    stop_signal = number;
    atomic_store(&stop, true);
}

static void watch_signals(void) {
    struct sigaction action = {.sa_handler = ask_to_stop,
                               .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* What shells show of a program that a signal ended. */
static int exit_stopped(void) {
    fputs(_("konseki: stopped; the output is not complete\n"), stderr);
    return 128 + (int)stop_signal;
}

/* --- the run --- */

static query_row_fn *choose_writer(struct search *s) {
    if (s->is_raw) {
        return write_raw;
    }
    if (s->format == OUTPUT_JSONL) {
        return write_json;
    }
    create_rows(s);
    return s->output->shape == QUERY_EVENTS ? write_event_cells : write_column_cells;
}

static int run(struct search *s, int64_t from_ns, int64_t to_ns) {
    struct query_run_options options = {.from_ns = from_ns,
                                        .to_ns = to_ns,
                                        .memory_bytes = s->memory_bytes,
                                        .want_raw = s->is_raw,
                                        .threads = s->threads > MAX_THREADS ? MAX_THREADS
                                                                            : (unsigned)s->threads,
                                        .cancel = &stop};
    options.limit = s->has_limit                             ? s->limit
                    : query_has_limit(s->query) || s->is_raw ? 0
                                                             : DEFAULT_LIMIT;
    if (s->is_raw) {
        options.field_count = 0;
        options.fields = &(const uint32_t){FIELD_TIMESTAMP};
    } else if (s->output->shape == QUERY_EVENTS) {
        options.want_raw = true; /* what has no fields is shown by its text */
        if (s->format != OUTPUT_JSONL) {
            options.field_count = summary_fields(&options.fields);
        }
    }
    struct query_run_stats stats;
    struct err err = ERR_INIT;
    query_row_fn *writer = choose_writer(s);
    watch_signals();
    s->times.run_ns = clock_mono_ns();
    enum status status = query_run(s->query, s->store, &options, &stats, writer, s, &err);
    bool written = s->rows != NULL ? output_destroy(&s->rows) : output_finish(stdout);
    s->times.end_ns = clock_mono_ns();
    if (status == STATUS_CANCELLED) {
        return exit_stopped();
    }
    if (status == STATUS_OK && s->err.status != STATUS_OK) {
        status = s->err.status;
        err = s->err;
    }
    if (status != STATUS_OK) {
        output_error(NULL, &err);
        return status == STATUS_BAD_INPUT ? EXIT_USAGE : EXIT_STORE;
    }
    write_notes(s, &stats);
    bool lacks = offline_tell(s->store, s->format);
    return !written ? EXIT_STORE : (lacks ? EXIT_UNREADABLE : EXIT_DONE);
}

static int search(struct search *s, const char *text) {
    int64_t from_ns = INT64_MIN;
    int64_t to_ns = INT64_MAX;
    struct err err = ERR_INIT;
    if (!options_zone(&s->zone, s->tz, s->store_path) ||
        (s->from != NULL && !options_time(&from_ns, "from", s->from, s->zone)) ||
        (s->to != NULL && !options_time(&to_ns, "to", s->to, s->zone)) || !parse_query(s, text)) {
        return EXIT_USAGE;
    }
    if (s->is_raw && s->output->shape != QUERY_EVENTS) {
        return usage(_("--raw needs events: leave the stages that make columns out"));
    }
    struct store_options store = {.path = s->store_path, .mode = STORE_READ};
    s->times.open_ns = clock_mono_ns();
    if (store_open(&s->store, &store, &err) != STATUS_OK) {
        output_error(NULL, &err);
        return EXIT_STORE;
    }
    return run(s, from_ns, to_ns);
}

static void search_fini(struct search *s) {
    query_free(&s->query);
    store_close(&s->store);
    event_json_destroy(&s->json);
    intern_fini(&s->written);
    buf_fini(&s->line);
    buf_fini(&s->scratch);
    for (size_t i = 0; i < EVENT_CELL_COUNT; i++) {
        buf_fini(&s->cells[i]);
    }
}

int cmd_search(int argc, char **argv) {
    struct search s = {0};
    struct positionals words;
    if (!parse_options(&s, &words, argc, argv)) {
        return EXIT_USAGE;
    }
    if (s.store_path == NULL) {
        return usage(_("search needs --store DIR"));
    }
    if (words.count != 1) {
        return usage(words.count == 0 ? _("search needs a query; '*' is everything")
                                      : _("search takes one query: put it into quotation marks"));
    }
    s.times.start_ns = clock_mono_ns();
    s.json = event_json_create();
    int code = search(&s, words.items[0]);
    search_fini(&s);
    return code;
}
