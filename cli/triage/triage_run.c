#include "triage_run.h"

#include "commands.h"
#include "dump_row.h"
#include "i18n.h"
#include "listing.h"
#include "mem.h"

enum { HITS_MAX = 256, TIME_COLUMNS_MAX = 4, TIME_MS_BYTES = 23 };

struct running {
    const struct triage_run *run;
    void *state; /* of the question */
    struct triage_out out;
    struct listing list;
    uint64_t rows;   /* printed */
    uint64_t events; /* read */
    bool has_begun;
    struct sigma_matcher *matcher;
    const struct sigma_rule_info *hits[HITS_MAX];
    size_t hit_count;
    struct dump_writer *writer;
    struct buf line;
    struct buf times[TIME_COLUMNS_MAX]; /* of a row of a table */
    char *file;                         /* being read */
    uint32_t idx;
    bool is_windows[DATASET_COUNT];
};

/* --- the listing --- */

static void count_row(struct running *running, bool written) {
    running->rows++;
    bool enough = running->run->limit > 0 && running->rows >= running->run->limit;
    running->out.is_stopped = !written || enough;
}

/* People read milliseconds; programs get all nine digits. */
static void shorten_times(struct str *cells, const struct triage_out *out,
                          struct buf texts[TIME_COLUMNS_MAX]) {
    static const struct str times[] = {STR_INIT("time"), STR_INIT("first"), STR_INIT("last"),
                                       STR_INIT("from"), STR_INIT("to"),    STR_INIT("start"),
                                       STR_INIT("end")};
    size_t used = 0;
    for (size_t c = 0; c < out->column_count; c++) {
        for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
            if (cells[c].len == CIVIL_RFC3339_BYTES && used < TIME_COLUMNS_MAX &&
                str_eq(out->columns[c], times[i])) {
                buf_clear(&texts[used]);
                buf_append(&texts[used], cells[c].ptr, TIME_MS_BYTES);
                buf_putc(&texts[used], 'Z');
                cells[c] = buf_str(&texts[used++]);
            }
        }
    }
}

static void print_row(struct triage_out *out, const struct str *cells) {
    struct running *running = out->ctx;
    struct str shown[TRIAGE_COLUMNS];
    if (!running->has_begun) {
        running->has_begun = true;
        running->list.names = out->columns;
        running->list.count = out->column_count;
        running->list.numbers = out->numbers;
        listing_begin(&running->list);
    }
    if (running->run->format == OUTPUT_TABLE) {
        memcpy(shown, cells, out->column_count * sizeof *cells);
        shorten_times(shown, out, running->times);
        cells = shown;
    }
    count_row(running, listing_row(&running->list, cells));
}

static void print_event(struct triage_out *out, const struct triage_event *event) {
    struct running *running = out->ctx;
    struct dump_place place = {event->file, running->idx, 0};
    buf_clear(&running->line);
    dump_writer_row(running->writer, &running->line, event->batch, event->row, &place);
    count_row(running, output_write(stdout, buf_str(&running->line)));
}

/* --- the events --- */

static void keep_hit(const struct sigma_hit *hit, void *ctx) {
    struct running *running = ctx;
    if (hit->rule->level >= running->run->least_level && running->hit_count < HITS_MAX) {
        running->hits[running->hit_count++] = hit->rule;
    }
}

/* Is the event one that was asked for? */
static bool match(struct running *running, const struct batch *batch, const struct row *row) {
    const struct triage_run *run = running->run;
    bool is_bounded = run->from_ns != INT64_MIN || run->to_ns != INT64_MAX;
    bool has_time = (row->flags & ROW_TIME_RECEIVED) == 0;
    if (is_bounded && (!has_time || row->time_ns < run->from_ns || row->time_ns >= run->to_ns)) {
        return false;
    }
    running->hit_count = 0;
    if (running->matcher == NULL) {
        return true;
    }
    if ((row->flags & ROW_DAMAGED) == 0) {
        sigma_match_row(running->matcher, batch, row, keep_hit, running);
    }
    return run->question->wants_all_events || running->hit_count > 0;
}

static void see_row(struct running *running, const struct batch *batch, const struct row *row,
                    struct str file) {
    const struct triage_question *question = running->run->question;
    struct triage_event event = {.batch = batch,
                                 .row = row,
                                 .file = file,
                                 .is_windows = running->is_windows[row->dataset],
                                 .hits = running->hits};
    if (!file_rows_is_event(row)) {
        if (question->other != NULL) {
            question->other(running->state, &event);
        }
        return;
    }
    running->events++;
    if (match(running, batch, row)) {
        event.hit_count = running->hit_count;
        question->event(running->state, &event);
    }
    running->idx++;
}

static void end_file(struct running *running) {
    if (running->file != NULL && running->run->question->end_file != NULL) {
        running->run->question->end_file(running->state, str_from_c(running->file));
    }
    mem_free(running->file);
    running->file = NULL;
}

static void begin_file(struct running *running, struct str file) {
    if (running->file == NULL) {
        running->file = mem_strdup(file.ptr, file.len);
        running->idx = 0;
    }
}

/* Of the file; it may have had no row. */
static void see_end(struct str file, void *ctx) {
    struct running *running = ctx;
    if (!running->out.is_stopped) {
        begin_file(running, file);
    }
    end_file(running);
}

static bool see_batch(const struct batch *batch, struct str file, void *ctx) {
    struct running *running = ctx;
    begin_file(running, file);
    for (size_t i = 0; i < batch->row_count && !running->out.is_stopped; i++) {
        see_row(running, batch, &batch->rows[i], file);
    }
    return !running->out.is_stopped;
}

static void print_failure(const char *path, const struct err *err, void *ctx) {
    (void)path, (void)ctx; /* the message names it */
    output_error("triage", err);
}

/* --- the run --- */

static void read_files(struct running *running, const char *const *paths, size_t path_count,
                       struct file_rows_counts *counts) {
    const struct file_rows_options reading = {.zone = running->run->zone,
                                              .zone_is_guess = running->run->zone_is_guess,
                                              .recover_slack = running->run->recover_slack,
                                              .packed = running->run->packed,
                                              .rows = see_batch,
                                              .done = see_end,
                                              .failed = print_failure,
                                              .ctx = running};
    file_rows_read(&reading, paths, path_count, counts);
}

static int finish(struct running *running, const struct file_rows_counts *counts) {
    int code = EXIT_DONE;
    if (running->has_begun) {
        code = listing_end(&running->list);
    } else if (!output_finish(stdout)) {
        code = EXIT_STORE;
    }
    if (running->rows == 0) {
        fprintf(stderr, _("konseki triage: nothing to show: %llu events of %llu files were read\n"),
                (unsigned long long)running->events, (unsigned long long)counts->files);
    }
    if (running->out.dropped > 0) {
        fprintf(stderr, _("konseki triage: %llu events did not fit into memory: not counted\n"),
                (unsigned long long)running->out.dropped);
    }
    return code == EXIT_DONE && counts->unreadable > 0 ? EXIT_UNREADABLE : code;
}

static void prepare(struct running *running) {
    for (int d = 0; d < DATASET_COUNT; d++) {
        running->is_windows[d] = str_eq(dataset_info((enum dataset)d)->family, STR("windows"));
    }
    running->out.row = print_row;
    running->out.ctx = running;
    if (running->run->format == OUTPUT_JSONL && running->run->events_as_they_are) {
        running->out.event = print_event;
        running->writer = dump_writer_create(DUMP_FLAT);
    }
    if (running->run->rules != NULL) {
        running->matcher = sigma_matcher_create(running->run->rules);
    }
}

static void release(struct running *running) {
    sigma_matcher_destroy(&running->matcher);
    dump_writer_destroy(&running->writer);
    buf_fini(&running->line);
    for (size_t i = 0; i < TIME_COLUMNS_MAX; i++) {
        buf_fini(&running->times[i]);
    }
}

int triage_run(const struct triage_run *run, const char *const *paths, size_t path_count) {
    struct running running = {.run = run, .list = {.format = run->format}};
    struct err err = ERR_INIT;
    struct file_rows_counts counts;
    struct triage_options options = *run->options;
    prepare(&running);
    options.matcher = running.matcher;
    int code = EXIT_USAGE;
    if (run->question->open(&running.state, &running.out, &options, &err) == STATUS_OK) {
        read_files(&running, paths, path_count, &counts);
        run->question->end(running.state);
        run->question->close(running.state);
        code = finish(&running, &counts);
    } else {
        output_error("triage", &err);
    }
    release(&running);
    return code;
}
