/* konseki hunt: where in the store do indicators stand? (docs/manual/hunt.md) */
#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "commands.h"
#include "i18n.h"
#include "ioc_filter.h"
#include "ioc_scan.h"
#include "json_member.h"
#include "json_out.h"
#include "mem.h"
#include "offline.h"
#include "options.h"
#include "search_explain.h"
#include "store.h"

enum { HIT_CELLS = 8, SUMMARY_CELLS = 6 };

/* What is known of one indicator. */
struct tally {
    uint64_t events;
    int64_t first_ns;
    int64_t last_ns;
};

struct hunting {
    /* options */
    const char *store_path;
    struct option_list lists;
    const char *from;
    const char *to;
    const char *tz;
    const char *lang;
    enum output_format format;
    uint64_t limit;
    bool summary;
    bool explain;
    bool bom;
    bool help;
    /* the run */
    int64_t from_ns;
    int64_t to_ns;
    struct search_times times;
    const struct zone *zone;
    struct store *store;
    struct ioc_set *iocs;
    struct tally *tallies; /* by indicator */
    struct output *rows;   /* table, csv */
    const struct batch *batch;
    const struct row *row;
    const struct ioc **found; /* in the row, each once */
    size_t found_count;
    size_t found_capacity;
    uint64_t events;
    uint64_t hits;
    bool closed;  /* the reader went away */
    bool reached; /* the limit */
    struct buf line;
    struct buf scratch;
    struct buf cells[HIT_CELLS];
};

static const struct str hit_headers[HIT_CELLS] = {
    STR_INIT("@timestamp"),    STR_INIT("indicator"), STR_INIT("kind"),
    STR_INIT("match"),         STR_INIT("event.id"),  STR_INIT("event.dataset"),
    STR_INIT("log.file.path"), STR_INIT("comment")};
static const struct str summary_headers[SUMMARY_CELLS] = {
    STR_INIT("indicator"), STR_INIT("kind"), STR_INIT("events"),
    STR_INIT("first"),     STR_INIT("last"), STR_INIT("comment")};

/* --- output --- */

static void append_time(const struct hunting *h, struct buf *out, int64_t ns) {
    char text[CIVIL_RFC3339_BYTES];
    if (ns == TIME_NONE) {
        return;
    }
    if (h->format == OUTPUT_TABLE) {
        output_append_local_time(out, ns, h->zone);
    } else {
        buf_append(out, text, civil_format_rfc3339(text, ns));
    }
}

static void append_indicator(struct buf *out, const struct ioc *ioc) {
    buf_add(out, STR("{\"indicator\":{\"value\":"));
    json_out_string(out, ioc->value);
    json_member_text(out, STR("kind"), str_from_c(ioc_kind_name(ioc->kind)));
    json_member_some_text(out, STR("comment"), ioc->comment);
    json_member_text(out, STR("file"), ioc->file);
    buf_printf(out, ",\"line\":%u}", ioc->line);
}

static struct str attribute(struct hunting *h, uint32_t field) {
    struct str text;
    return batch_get(&text, h->batch, h->row, field, &h->scratch) ? text : STR_EMPTY;
}

static bool write_hit_json(struct hunting *h, const struct ioc *ioc, struct str match) {
    static const struct {
        struct str name;
        uint32_t field;
    } members[] = {{STR_INIT("id"), FIELD_EVENT_ID},
                   {STR_INIT("dataset"), FIELD_EVENT_DATASET},
                   {STR_INIT("source"), FIELD_SOURCE},
                   {STR_INIT("file"), FIELD_ORIGIN}};
    buf_clear(&h->line);
    append_indicator(&h->line, ioc);
    if (h->row->time_ns != TIME_NONE) {
        buf_add(&h->line, STR(",\"@timestamp\":\""));
        append_time(h, &h->line, h->row->time_ns);
        buf_putc(&h->line, '"');
    }
    json_member_text(&h->line, STR("match"), match);
    buf_add(&h->line, STR(",\"event\":{\"line\":"));
    buf_printf(&h->line, "%u", h->row->line);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        json_member_some_text(&h->line, members[i].name, attribute(h, members[i].field));
    }
    buf_add(&h->line, STR("}}\n"));
    return output_write(stdout, buf_str(&h->line));
}

static bool write_hit_cells(struct hunting *h, const struct ioc *ioc, struct str match) {
    static const uint32_t fields[] = {FIELD_EVENT_ID, FIELD_EVENT_DATASET, FIELD_ORIGIN};
    struct str cells[HIT_CELLS];
    for (size_t i = 0; i < HIT_CELLS; i++) {
        buf_clear(&h->cells[i]);
    }
    append_time(h, &h->cells[0], h->row->time_ns);
    buf_add(&h->cells[1], ioc->value);
    buf_add(&h->cells[2], str_from_c(ioc_kind_name(ioc->kind)));
    buf_add(&h->cells[3], match);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        buf_add(&h->cells[4 + i], attribute(h, fields[i]));
    }
    buf_add(&h->cells[7], ioc->comment);
    for (size_t i = 0; i < HIT_CELLS; i++) {
        cells[i] = buf_str(&h->cells[i]);
    }
    return output_row(h->rows, cells);
}

static bool write_summary_json(struct hunting *h, const struct ioc *ioc, const struct tally *t) {
    buf_clear(&h->line);
    append_indicator(&h->line, ioc);
    buf_printf(&h->line, ",\"events\":%" PRIu64 ",\"first\":\"", t->events);
    append_time(h, &h->line, t->first_ns);
    buf_add(&h->line, STR("\",\"last\":\""));
    append_time(h, &h->line, t->last_ns);
    buf_add(&h->line, STR("\"}\n"));
    return output_write(stdout, buf_str(&h->line));
}

static bool write_summary_cells(struct hunting *h, const struct ioc *ioc, const struct tally *t) {
    struct str cells[SUMMARY_CELLS];
    for (size_t i = 0; i < SUMMARY_CELLS; i++) {
        buf_clear(&h->cells[i]);
    }
    buf_add(&h->cells[0], ioc->value);
    buf_add(&h->cells[1], str_from_c(ioc_kind_name(ioc->kind)));
    buf_printf(&h->cells[2], "%" PRIu64, t->events);
    append_time(h, &h->cells[3], t->first_ns);
    append_time(h, &h->cells[4], t->last_ns);
    buf_add(&h->cells[5], ioc->comment);
    for (size_t i = 0; i < SUMMARY_CELLS; i++) {
        cells[i] = buf_str(&h->cells[i]);
    }
    return output_row(h->rows, cells);
}

static void write_summary(struct hunting *h) {
    for (size_t i = 0; i < ioc_set_count(h->iocs) && !h->closed; i++) {
        const struct ioc *ioc = ioc_set_get(h->iocs, i);
        const struct tally *t = &h->tallies[i];
        if (t->events > 0) {
            h->closed = h->format == OUTPUT_JSONL ? !write_summary_json(h, ioc, t)
                                                  : !write_summary_cells(h, ioc, t);
        }
    }
}

/* --- hits --- */

static void count_hit(struct hunting *h, const struct ioc *ioc) {
    struct tally *t = &h->tallies[ioc - ioc_set_get(h->iocs, 0)];
    int64_t ns = h->row->time_ns;
    t->first_ns = t->events == 0 || ns < t->first_ns ? ns : t->first_ns;
    t->last_ns = t->events == 0 || ns > t->last_ns ? ns : t->last_ns;
    t->events++;
    h->hits++;
}

static void take_hit(const struct ioc *ioc, struct str match, void *ctx) {
    struct hunting *h = ctx;
    for (size_t i = 0; i < h->found_count; i++) {
        if (h->found[i] == ioc) {
            return;
        }
    }
    if (h->closed) {
        return;
    }
    MEM_GROW(h->found, h->found_capacity, h->found_count + 1);
    h->found[h->found_count++] = ioc;
    count_hit(h, ioc);
    if (!h->summary) {
        h->closed = h->format == OUTPUT_JSONL ? !write_hit_json(h, ioc, match)
                                              : !write_hit_cells(h, ioc, match);
    }
}

static void take_rows(struct hunting *h, const struct batch *batch) {
    struct buf text = BUF_INIT; /* not `scratch`: the hits are parts of it */
    h->batch = batch;
    for (size_t i = 0; i < batch->row_count && !h->closed && !h->reached; i++) {
        h->row = &batch->rows[i];
        h->found_count = 0;
        ioc_scan_row(h->iocs, batch, h->row, &text, take_hit, h);
        h->events += h->found_count > 0;
        h->reached = h->limit > 0 && h->events >= h->limit;
    }
    buf_fini(&text);
}

static enum status scan(struct hunting *h, struct query_run_stats *stats, struct err *err) {
    static const uint32_t fields[] = {FIELD_URL_DOMAIN, FIELD_URL_PATH, FIELD_URL_QUERY,
                                      FIELD_USER_AGENT};
    struct expr_set *set = expr_set_create();
    struct store_scan_options options = STORE_SCAN_ALL;
    struct store_scan *scan = NULL;
    struct batch batch;
    bool more = true;
    options.filter = ioc_filter_text(set, h->iocs);
    options.from_ns = h->from_ns;
    options.to_ns = h->to_ns;
    options.want_raw = true;
    options.fields = fields;
    options.field_count = sizeof fields / sizeof *fields;
    batch_init(&batch);
    enum status status = store_scan_open(&scan, h->store, &options, err);
    while (status == STATUS_OK && more && !h->closed && !h->reached) {
        status = store_scan_next(scan, &batch, &more, err);
        if (status == STATUS_OK) {
            take_rows(h, &batch);
        }
    }
    if (scan != NULL) {
        store_scan_stop(scan);
        stats->scan = *store_scan_get_stats(scan);
        store_scan_close(&scan);
    }
    batch_fini(&batch);
    expr_set_destroy(&set);
    return status;
}

/* --- the command --- */

static void print_usage(FILE *out) {
    fputs(
        _("usage: konseki hunt --store DIR [--ioc PATH]... [OPTIONS]\n"
          "  --store DIR    the store\n"
          "  --ioc PATH     indicators: a file or a folder (repeat for more); default: those that\n"
          "                 the store knows\n"
          "  --from T       events from this time on\n"
          "  --to T         and before this time\n"
          "  --tz ZONE      zone of --from and --to; default: the site's\n"
          "  --summary      one line an indicator: how many events, first, last\n"
          "  --limit N      stop after N events\n"
          "  --format F     table, jsonl or csv\n"
          "  --bom          csv begins with a byte order mark\n"
          "  --explain      what was looked at, and for how long: JSON on stderr\n"
          "  --lang L       ja or en\n"
          "Finds addresses, domains, URLs, hashes, mail addresses and user agents in the text of\n"
          "all events, whatever their format.\n"),
        out);
}

static bool take_arguments(struct hunting *h, int argc, char **argv) {
    struct positionals rest;
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &h->store_path, NULL},
        {"ioc", OPTION_LIST, &h->lists, NULL},
        {"from", OPTION_TEXT, &h->from, NULL},
        {"to", OPTION_TEXT, &h->to, NULL},
        {"tz", OPTION_TEXT, &h->tz, NULL},
        {"summary", OPTION_FLAG, &h->summary, NULL},
        {"limit", OPTION_NUMBER, &h->limit, NULL},
        {"format", OPTION_FORMAT, &h->format, NULL},
        {"bom", OPTION_FLAG, &h->bom, NULL},
        {"explain", OPTION_FLAG, &h->explain, NULL},
        {"lang", OPTION_LANG, &h->lang, NULL},
        {"help", OPTION_FLAG, &h->help, NULL},
    };
    if (!options_parse(&rest, specs, sizeof specs / sizeof *specs, argc, argv)) {
        return false;
    }
    if (!h->help && (h->store_path == NULL || rest.count > 0)) {
        print_usage(stderr);
        return false;
    }
    return h->help || (options_zone(&h->zone, h->tz, h->store_path) &&
                       (h->from == NULL || options_time(&h->from_ns, "from", h->from, h->zone)) &&
                       (h->to == NULL || options_time(&h->to_ns, "to", h->to, h->zone)));
}

static void warn(const char *file, uint32_t line, struct str value, void *ctx) {
    (void)ctx;
    struct buf shown = BUF_INIT;
    output_append_visible(&shown, str_head(value, 200));
    fprintf(stderr, _("konseki: no indicator: %s: line %u: '%.*s'\n"), file, line,
            STR_ARG(buf_str(&shown)));
    buf_fini(&shown);
}

static enum status load(struct hunting *h, struct err *err) {
    enum status status = STATUS_OK;
    h->iocs = ioc_set_create();
    for (size_t i = 0; i < h->lists.count && status == STATUS_OK; i++) {
        status = ioc_set_load(h->iocs, h->lists.items[i], warn, NULL, err);
    }
    if (h->lists.count == 0) {
        status = ioc_register_load(h->iocs, h->store_path, err);
    }
    h->tallies = mem_calloc(ioc_set_count(h->iocs) + 1, sizeof *h->tallies);
    return status;
}

static void create_rows(struct hunting *h) {
    if (h->format != OUTPUT_JSONL) {
        h->rows =
            output_create(stdout, h->format, h->summary ? summary_headers : hit_headers,
                          h->summary ? SUMMARY_CELLS : HIT_CELLS, output_terminal_width(), h->bom);
    }
}

static void tell(const struct hunting *h) {
    size_t found = 0;
    for (size_t i = 0; i < ioc_set_count(h->iocs); i++) {
        found += h->tallies[i].events > 0;
    }
    fprintf(stderr, _("indicators: %zu, found: %zu; events: %" PRIu64 ", places: %" PRIu64 "\n"),
            ioc_set_count(h->iocs), found, h->events, h->hits);
}

static int run(struct hunting *h) {
    struct err err = ERR_INIT;
    struct query_run_stats stats = {0};
    struct store_options options = {.path = h->store_path, .mode = STORE_READ};
    h->times.start_ns = clock_mono_ns();
    enum status status = load(h, &err);
    h->times.open_ns = clock_mono_ns();
    if (status == STATUS_OK) {
        status = store_open(&h->store, &options, &err);
    }
    h->times.run_ns = clock_mono_ns();
    if (status == STATUS_OK && ioc_set_count(h->iocs) > 0) {
        create_rows(h);
        status = scan(h, &stats, &err);
    }
    stats.scan_ns = (uint64_t)(clock_mono_ns() - h->times.run_ns);
    if (status != STATUS_OK) {
        (void)output_destroy(&h->rows);
        output_error(NULL, &err);
        return status == STATUS_BAD_INPUT ? EXIT_USAGE : EXIT_STORE;
    }
    if (h->summary) {
        write_summary(h);
    }
    bool written = h->rows != NULL ? output_destroy(&h->rows) : output_finish(stdout);
    h->times.end_ns = clock_mono_ns();
    stats.rows_out = h->events;
    tell(h);
    if (h->explain) {
        search_explain(&stats, &h->times);
    }
    bool lacks = offline_tell(h->store, h->format);
    return !written ? EXIT_STORE : lacks ? EXIT_UNREADABLE : EXIT_DONE;
}

int cmd_hunt(int argc, char **argv) {
    struct hunting h = {.from_ns = INT64_MIN, .to_ns = INT64_MAX};
    int code = EXIT_USAGE;
    h.format = options_default_format();
    if (take_arguments(&h, argc, argv)) {
        code = EXIT_DONE;
        if (h.help) {
            print_usage(stdout);
        } else {
            code = run(&h);
        }
    }
    store_close(&h.store);
    ioc_set_free(&h.iocs);
    mem_free(h.tallies);
    mem_free(h.found);
    mem_free(h.lists.items);
    buf_fini(&h.line);
    buf_fini(&h.scratch);
    for (size_t i = 0; i < HIT_CELLS; i++) {
        buf_fini(&h.cells[i]);
    }
    return code;
}
