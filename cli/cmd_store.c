/* konseki store: how big it is (stat), and all merges now (compact). */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "cpu.h"
#include "i18n.h"
#include "options.h"
#include "store.h"
#include "store_forecast.h"

/* --- stat --- */

enum stat_column {
    STAT_STREAM,
    STAT_EVENTS,
    STAT_DERIVED,
    STAT_UNSEALED,
    STAT_RAW_BYTES,
    STAT_DISK_BYTES,
    STAT_INDEX_BYTES,
    STAT_ARCHIVED_BYTES,
    STAT_SEGMENTS,
    STAT_MERGED,
    STAT_ARCHIVED,
    STAT_SEALED_TO,
    STAT_OLDEST,
    STAT_NEWEST,
    STAT_COLUMN_COUNT
};

static const struct str stat_names[STAT_COLUMN_COUNT] = {
    STR_INIT("stream"),      STR_INIT("events"),         STR_INIT("derived"),
    STR_INIT("unsealed"),    STR_INIT("raw_bytes"),      STR_INIT("disk_bytes"),
    STR_INIT("index_bytes"), STR_INIT("archived_bytes"), STR_INIT("segments"),
    STR_INIT("merged"),      STR_INIT("archived"),       STR_INIT("sealed_to"),
    STR_INIT("oldest"),      STR_INIT("newest")};

enum { CELL_BYTES = CIVIL_RFC3339_BYTES };

struct stat_row {
    struct str cells[STAT_COLUMN_COUNT];
    char texts[STAT_COLUMN_COUNT][CELL_BYTES];
};

static void set_number(struct stat_row *row, enum stat_column column, uint64_t value) {
    int len = snprintf(row->texts[column], CELL_BYTES, "%llu", (unsigned long long)value);
    row->cells[column] = str_make(row->texts[column], (size_t)len);
}

static void set_time(struct stat_row *row, enum stat_column column, int64_t ns) {
    size_t len = ns == TIME_NONE ? 0 : civil_format_rfc3339(row->texts[column], ns);
    row->cells[column] = str_make(row->texts[column], len);
}

static void fill_row(struct stat_row *row, struct str name, const struct store_stat *s) {
    row->cells[STAT_STREAM] = name;
    set_number(row, STAT_EVENTS, s->events);
    set_number(row, STAT_DERIVED, s->derived);
    set_number(row, STAT_UNSEALED, s->unsealed);
    set_number(row, STAT_RAW_BYTES, s->raw_bytes);
    set_number(row, STAT_DISK_BYTES, s->disk_bytes);
    set_number(row, STAT_INDEX_BYTES, s->index_bytes);
    set_number(row, STAT_ARCHIVED_BYTES, s->archived_bytes);
    set_number(row, STAT_SEGMENTS, s->segments);
    set_number(row, STAT_MERGED, s->merged);
    set_number(row, STAT_ARCHIVED, s->archived);
    set_number(row, STAT_SEALED_TO, s->sealed_to);
    set_time(row, STAT_OLDEST, s->oldest_ns);
    set_time(row, STAT_NEWEST, s->newest_ns);
}

static bool print_json(const struct stat_row *row) {
    struct output_json_entry entries[STAT_COLUMN_COUNT];
    size_t count = 0;
    for (int i = 0; i < STAT_COLUMN_COUNT; i++) {
        if (row->cells[i].len > 0) { /* an empty store has no oldest event */
            bool text = i == STAT_STREAM || i == STAT_OLDEST || i == STAT_NEWEST;
            entries[count++] = (struct output_json_entry){.name = stat_names[i],
                                                          .text = row->cells[i],
                                                          .type = text ? JSON_STRING : JSON_NUMBER};
        }
    }
    struct buf line = BUF_INIT;
    output_json(&line, entries, count);
    buf_putc(&line, '\n');
    bool good = output_write(stdout, buf_str(&line));
    buf_fini(&line);
    return good;
}

static bool print_row(struct output *rows, struct str name, const struct store_stat *stat) {
    struct stat_row row;
    fill_row(&row, name, stat);
    return rows != NULL ? output_row(rows, row.cells) : print_json(&row);
}

static int print_stat(struct store *store, enum output_format format, uint64_t disk_bytes) {
    struct output *rows = NULL;
    if (format != OUTPUT_JSONL) {
        rows = output_create(stdout, format, stat_names, STAT_COLUMN_COUNT, output_terminal_width(),
                             false);
    }
    bool go_on = true;
    struct store_stat stat;
    for (int d = 0; d < DATASET_COUNT && go_on; d++) {
        store_get_stat(store, (enum dataset)d, &stat);
        if (stat.events + stat.derived > 0) {
            struct str name = dataset_info((enum dataset)d)->name;
            go_on = print_row(rows, name.len > 0 ? name : STR("unknown"), &stat);
        }
    }
    store_get_stat(store, DATASET_COUNT, &stat);
    stat.disk_bytes = disk_bytes;
    if (go_on) {
        (void)print_row(rows, STR("total"), &stat);
    }
    bool written = rows != NULL ? output_destroy(&rows) : output_finish(stdout);
    return written ? EXIT_DONE : EXIT_STORE;
}

static int tell(const struct err *err) {
    fprintf(stderr, "konseki: %s\n", err->message);
    return EXIT_STORE;
}

static int run_stat(const char *path, enum output_format format) {
    struct store *store = NULL;
    struct err err = ERR_INIT;
    uint64_t disk_bytes = 0;
    struct store_options options = {.path = path, .mode = STORE_READ};
    enum status status = store_open(&store, &options, &err);
    if (status == STATUS_OK) {
        status = store_disk_bytes(&disk_bytes, path, &err);
    }
    int code = status == STATUS_OK ? print_stat(store, format, disk_bytes) : tell(&err);
    store_close(&store);
    return code;
}

/* --- compact --- */

static volatile sig_atomic_t stop_wanted;

static void want_stop(int number) {
    (void)number;
    stop_wanted = 1;
}

static bool show_progress(uint64_t done, uint64_t total, void *ctx) {
    const bool *visible = ctx;
    if (*visible) {
        fputc('\r', stderr);
        fprintf(stderr, _("konseki: merged %llu of %llu MB"), (unsigned long long)(done >> 20),
                (unsigned long long)(total >> 20));
    }
    return stop_wanted == 0;
}

static void print_compacted(enum output_format format, const struct store_compact_result *r,
                            uint64_t ms) {
    if (format == OUTPUT_TABLE) {
        printf(_("%llu merges of %llu MB (raw): %llu segments became %llu, %llu bytes became %llu,"
                 " in %llu ms\n"),
               (unsigned long long)r->merges, (unsigned long long)(r->raw_bytes >> 20),
               (unsigned long long)r->segments_before, (unsigned long long)r->segments_after,
               (unsigned long long)r->disk_bytes_before, (unsigned long long)r->disk_bytes_after,
               (unsigned long long)ms);
        return;
    }
    if (format == OUTPUT_CSV) {
        puts("merges,raw_bytes,segments_before,segments_after,disk_bytes_before,disk_bytes_after,"
             "ms");
    }
    printf(format == OUTPUT_CSV ? "%llu,%llu,%llu,%llu,%llu,%llu,%llu\n"
                                : "{\"merges\":%llu,\"raw_bytes\":%llu,\"segments_before\":%llu,"
                                  "\"segments_after\":%llu,\"disk_bytes_before\":%llu,"
                                  "\"disk_bytes_after\":%llu,\"ms\":%llu}\n",
           (unsigned long long)r->merges, (unsigned long long)r->raw_bytes,
           (unsigned long long)r->segments_before, (unsigned long long)r->segments_after,
           (unsigned long long)r->disk_bytes_before, (unsigned long long)r->disk_bytes_after,
           (unsigned long long)ms);
}

static int run_compact(const char *path, enum output_format format, uint64_t threads) {
    struct store *store = NULL;
    struct err err = ERR_INIT;
    struct store_options options = {
        .path = path, .mode = STORE_BULK, .writer_name = "konseki " KONSEKI_VERSION};
    if (store_open(&store, &options, &err) != STATUS_OK) {
        return tell(&err);
    }
    bool visible = isatty(STDERR_FILENO) == 1;
    struct store_compact_options work = {.threads = (unsigned)(threads < 2 ? threads : 2),
                                         .progress = show_progress,
                                         .ctx = &visible};
    struct store_compact_result result;
    (void)signal(SIGINT, want_stop);
    (void)signal(SIGTERM, want_stop);
    int64_t start = clock_mono_ns();
    enum status status = store_compact(store, &work, &result, &err);
    uint64_t ms = (uint64_t)(clock_mono_ns() - start) / 1000000;
    if (visible) {
        fputc('\n', stderr);
    }
    store_close(&store);
    print_compacted(format, &result, ms);
    bool written = output_finish(stdout);
    if (status == STATUS_CANCELLED) {
        fprintf(stderr, "konseki: %s\n", err.message);
        return EXIT_NEGATIVE;
    }
    return status != STATUS_OK ? tell(&err) : (written ? EXIT_DONE : EXIT_STORE);
}

int cmd_store(int argc, char **argv) {
    const char *store = NULL;
    const char *lang = NULL;
    uint64_t threads = cpu_count();
    uint64_t days = 0;
    uint64_t reserve = 0;
    enum output_format format = options_default_format();
    struct positionals rest;
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &store, NULL},       {"format", OPTION_FORMAT, &format, NULL},
        {"threads", OPTION_NUMBER, &threads, NULL}, {"days", OPTION_NUMBER, &days, NULL},
        {"reserve", OPTION_SIZE, &reserve, NULL},   {"lang", OPTION_LANG, &lang, NULL}};
    if (!options_parse(&rest, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        return EXIT_USAGE;
    }
    bool compact = rest.count == 1 && strcmp(rest.items[0], "compact") == 0;
    bool stat = rest.count == 1 && strcmp(rest.items[0], "stat") == 0;
    bool forecast = rest.count == 1 && strcmp(rest.items[0], "forecast") == 0;
    if (store == NULL || (!compact && !stat && !forecast) || threads == 0 || days > 3650) {
        fprintf(stderr, "%s\n",
                _("konseki: usage: konseki store stat|compact|forecast --store DIR"
                  " [--format table|jsonl|csv] [--threads 1|2] [--days N] [--reserve SIZE]"));
        return EXIT_USAGE;
    }
    if (forecast) {
        return store_forecast_print(store, format, days, reserve);
    }
    return compact ? run_compact(store, format, threads) : run_stat(store, format);
}
