/* konseki store: how big it is (stat), and all merges now (compact). */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "act.h"
#include "clock.h"
#include "commands.h"
#include "cpu.h"
#include "i18n.h"
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

/* All but the stream and the two times. */
static const uint64_t stat_numbers = ((UINT64_C(1) << STAT_OLDEST) - 1) & ~UINT64_C(1);

static bool print_row(struct listing *list, struct str name, const struct store_stat *s) {
    struct buf texts[STAT_COLUMN_COUNT] = {BUF_INIT};
    const struct str cells[STAT_COLUMN_COUNT] = {
        [STAT_STREAM] = name,
        [STAT_EVENTS] = listing_number(&texts[STAT_EVENTS], s->events),
        [STAT_DERIVED] = listing_number(&texts[STAT_DERIVED], s->derived),
        [STAT_UNSEALED] = listing_number(&texts[STAT_UNSEALED], s->unsealed),
        [STAT_RAW_BYTES] = listing_number(&texts[STAT_RAW_BYTES], s->raw_bytes),
        [STAT_DISK_BYTES] = listing_number(&texts[STAT_DISK_BYTES], s->disk_bytes),
        [STAT_INDEX_BYTES] = listing_number(&texts[STAT_INDEX_BYTES], s->index_bytes),
        [STAT_ARCHIVED_BYTES] = listing_number(&texts[STAT_ARCHIVED_BYTES], s->archived_bytes),
        [STAT_SEGMENTS] = listing_number(&texts[STAT_SEGMENTS], s->segments),
        [STAT_MERGED] = listing_number(&texts[STAT_MERGED], s->merged),
        [STAT_ARCHIVED] = listing_number(&texts[STAT_ARCHIVED], s->archived),
        [STAT_SEALED_TO] = listing_number(&texts[STAT_SEALED_TO], s->sealed_to),
        [STAT_OLDEST] = listing_time(&texts[STAT_OLDEST], s->oldest_ns),
        [STAT_NEWEST] = listing_time(&texts[STAT_NEWEST], s->newest_ns)};
    bool good = listing_row(list, cells);
    for (size_t i = 0; i < STAT_COLUMN_COUNT; i++) {
        buf_fini(&texts[i]);
    }
    return good;
}

/* A row for each stream that has events, then the total. */
static int print_stat(struct store *store, enum output_format format, uint64_t disk_bytes) {
    struct listing list = {
        .format = format, .names = stat_names, .count = STAT_COLUMN_COUNT, .numbers = stat_numbers};
    bool go_on = true;
    struct store_stat stat;
    listing_begin(&list);
    for (int d = 0; d < DATASET_COUNT && go_on; d++) {
        store_get_stat(store, (enum dataset)d, &stat);
        if (stat.events + stat.derived > 0) {
            struct str name = dataset_info((enum dataset)d)->name;
            go_on = print_row(&list, name.len > 0 ? name : STR("unknown"), &stat);
        }
    }
    store_get_stat(store, DATASET_COUNT, &stat);
    stat.disk_bytes = disk_bytes;
    if (go_on) {
        (void)print_row(&list, STR("total"), &stat);
    }
    return listing_end(&list);
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
    int code = status == STATUS_OK ? print_stat(store, format, disk_bytes) : act_fail(status, &err);
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
    if (!act_open(&store, path, &err)) {
        return act_fail(STATUS_ENVIRONMENT, &err);
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
        output_error(NULL, &err);
        return EXIT_NEGATIVE;
    }
    return status != STATUS_OK ? act_fail(status, &err) : (written ? EXIT_DONE : EXIT_STORE);
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
