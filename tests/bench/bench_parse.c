/*
 * Speed of parse_input_next alone: bench_parse [--dump] [--tz ZONE] [--year Y] FILE...
 * Prints MB/s and events a second, and the share of each dataset. --dump prints every row with its
 * values instead (docs/formats/parsers.md shows the form; golden tests use the same).
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "input.h"
#include "input_file.h"
#include "num.h"

static void dump_row(const struct batch *batch, const struct row *row, struct buf *scratch) {
    static const uint32_t attributes[] = {FIELD_LINE, FIELD_EVENT_DATASET, FIELD_TIMESTAMP,
                                          FIELD_FLAGS};
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        struct str text;
        if (batch_get(&text, batch, row, attributes[i], scratch)) {
            printf("%.*s=%.*s\n", STR_ARG(schema_name(attributes[i])), STR_ARG(text));
        }
    }
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        static const char marks[] = " =jx";
        printf("  %.*s %c %.*s\n", STR_ARG(schema_name(v->field)), marks[v->transform & 3],
               STR_ARG(batch_value_text(batch, v)));
    }
    printf("\n");
}

/* CPU time: other programs on the machine do not count. */
static int64_t cpu_ns(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0) {
        return 0;
    }
    return (int64_t)t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

struct totals {
    uint64_t bytes;
    uint64_t values;
    uint64_t text_bytes;
    int64_t ns;
    struct parse_input_counts counts;
};

static void add_counts(struct parse_input_counts *to, const struct parse_input_counts *from) {
    to->events += from->events;
    to->unparsed += from->unparsed;
    to->blank += from->blank;
    to->meta += from->meta;
    to->damaged += from->damaged;
    to->continued += from->continued;
    for (int i = 0; i < DATASET_COUNT; i++) {
        to->by_dataset[i] += from->by_dataset[i];
    }
}

static int read_file(const char *path, const struct parse_settings *settings, bool dump,
                     struct totals *totals) {
    struct input_file file;
    struct err err = ERR_INIT;
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    struct parse_input_options options = {.source = STR("bench"),
                                          .origin = str_from_c(path),
                                          .host = STR_EMPTY,
                                          .settings = *settings,
                                          .receive_ns = settings->newest_ns};
    struct batch batch;
    struct buf scratch = BUF_INIT;
    batch_init(&batch);
    int64_t start = cpu_ns();
    struct parse_input *input = parse_input_open(file.bytes, file.size_bytes, &options);
    while (parse_input_next(input, &batch)) {
        for (size_t i = 0; dump && i < batch.row_count; i++) {
            dump_row(&batch, &batch.rows[i], &scratch);
        }
        totals->values += batch.value_count;
        totals->text_bytes += batch.text.len;
        batch_clear(&batch);
    }
    totals->ns += cpu_ns() - start;
    totals->bytes += file.size_bytes;
    add_counts(&totals->counts, parse_input_get_counts(input));
    parse_input_close(&input);
    buf_fini(&scratch);
    batch_fini(&batch);
    input_file_close(&file);
    return 0;
}

static void print_totals(const struct totals *t) {
    double seconds = (double)t->ns / 1e9;
    printf("%.1f MB in %.3f s of CPU: %.0f MB/s, %.0f events/s, %.1f values an event, %.1f %% of "
           "the raw "
           "bytes as made text\n",
           (double)t->bytes / 1e6, seconds, (double)t->bytes / 1e6 / seconds,
           (double)t->counts.events / seconds,
           (double)t->values / (double)(t->counts.events > 0 ? t->counts.events : 1),
           100.0 * (double)t->text_bytes / (double)(t->bytes > 0 ? t->bytes : 1));
    printf("events %llu unparsed %llu blank %llu meta %llu damaged %llu continued %llu\n",
           (unsigned long long)t->counts.events, (unsigned long long)t->counts.unparsed,
           (unsigned long long)t->counts.blank, (unsigned long long)t->counts.meta,
           (unsigned long long)t->counts.damaged, (unsigned long long)t->counts.continued);
    for (int i = 0; i < DATASET_COUNT; i++) {
        if (t->counts.by_dataset[i] > 0) {
            struct str name = dataset_info((enum dataset)i)->name;
            printf("  %-20.*s %llu\n", STR_ARG(name.len > 0 ? name : STR("(unknown)")),
                   (unsigned long long)t->counts.by_dataset[i]);
        }
    }
}

int main(int argc, char **argv) {
    struct parse_settings settings = {
        .zone = zone_utc(), .zone_is_guess = true, .newest_ns = clock_wall_ns()};
    struct totals totals = {0};
    struct err err = ERR_INIT;
    bool dump = false;
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        struct str arg = str_from_c(argv[i]);
        uint64_t year = 0;
        if (str_eq(arg, STR("--dump"))) {
            dump = true;
        } else if (str_eq(arg, STR("--tz")) && i + 1 < argc) {
            settings.zone_is_guess = false;
            if (zone_open(&settings.zone, str_from_c(argv[++i]), &err) != STATUS_OK) {
                fprintf(stderr, "%s\n", err.message);
                return 2;
            }
        } else if (str_eq(arg, STR("--year")) && i + 1 < argc) {
            if (num_parse_u64(&year, str_from_c(argv[++i])) && year < 2262) {
                settings.year = (int)year;
            }
        } else {
            failed |= read_file(argv[i], &settings, dump, &totals);
        }
    }
    if (!dump && totals.ns > 0) {
        print_totals(&totals);
    }
    return failed;
}
