/*
 * gaps: what is missing. Records of one channel and computer in one file are put in the order of
 * their numbers: numbers that are not there, clocks that went back; and in the order of time: long
 * silence. Then logs that were cleared, and EVTX files that were cut short.
 */
#include <stdlib.h>

#include "evtx_shape.h"
#include "intern.h"
#include "mem.h"
#include "triage_cells.h"
#include "triage_fields.h"

enum {
    RECORDS_MAX = 1 << 22, /* of one file */
    SERIES_MAX = 1 << 16,
    DEFAULT_FACTOR = 100,
    USUAL_LEAST = 20, /* intervals, before there is a usual one */
};
#define CLOCK_BACK_NS    (60 * NS_PER_SECOND)
#define SILENCE_LEAST_NS (600 * NS_PER_SECOND)

struct record {
    uint64_t number; /* EventRecordID; else the line */
    int64_t time_ns; /* TIME_NONE: none */
    uint32_t series;
    bool is_line;
};

struct gaps {
    struct triage_out *out;
    struct triage_fields fields;
    struct triage_host host;
    size_t channel, id, user, of_channel;
    uint64_t factor;
    uint64_t min_missing;
    struct triage_cells cells;
    /* of the file */
    struct intern series; /* channel, NUL, computer */
    struct buf name;
    struct record *records;
    size_t count;
    size_t capacity;
    struct evtx_shape shape;
};

/* A row of the listing. */
struct gap {
    struct str kind;
    uint32_t series; /* INTERN_NONE: of the file */
    uint64_t after;  /* 0: none */
    uint64_t before;
    uint64_t missing;
    int64_t from_ns;
    int64_t to_ns;
    struct str note;
};

static enum status gaps_open(void **state, struct triage_out *out,
                             const struct triage_options *options, struct err *err) {
    (void)err; /* no option can be wrong */
    struct gaps *g = mem_calloc(1, sizeof *g);
    g->out = out;
    g->factor = options->factor > 0 ? options->factor : DEFAULT_FACTOR;
    g->min_missing = options->min_missing > 0 ? options->min_missing : 1;
    triage_columns(out, STR("kind file channel computer after# before# missing# from to seconds# "
                            "note"));
    triage_host_add(&g->host, &g->fields);
    g->channel = triage_fields_add(&g->fields, FIELD_WINLOG_CHANNEL);
    g->id = triage_fields_add(&g->fields, FIELD_WINLOG_EVENT_ID);
    g->user = triage_fields_add_name(&g->fields, STR("SubjectUserName"));
    g->of_channel = triage_fields_add_name(&g->fields, STR("EventData.Channel"));
    *state = g;
    return STATUS_OK;
}

/* --- rows --- */

static void number_cell(struct triage_cells *cells, uint64_t number) {
    if (number > 0) {
        triage_cell_number(cells, number);
    } else {
        triage_cell(cells, STR_EMPTY);
    }
}

static void write_gap(struct gaps *g, struct str file, const struct gap *gap) {
    struct triage_cells *cells = &g->cells;
    struct str name = gap->series == INTERN_NONE ? STR_EMPTY : intern_text(&g->series, gap->series);
    size_t nul = str_find_char(name, '\0');
    triage_cell(cells, gap->kind);
    triage_cell(cells, file);
    triage_cell(cells, nul == STR_NONE ? STR_EMPTY : str_head(name, nul));
    triage_cell(cells, nul == STR_NONE ? STR_EMPTY : str_skip(name, nul + 1));
    number_cell(cells, gap->after);
    number_cell(cells, gap->before);
    number_cell(cells, gap->missing);
    triage_cell_time(cells, gap->from_ns);
    triage_cell_time(cells, gap->to_ns);
    if (gap->from_ns != TIME_NONE && gap->to_ns != TIME_NONE) {
        triage_cell_seconds(cells, gap->to_ns - gap->from_ns);
    } else {
        triage_cell(cells, STR_EMPTY);
    }
    triage_cell(cells, gap->note);
    triage_cells_write(cells, g->out);
}

/* --- an event --- */

/* INTERN_NONE: one too many. */
static uint32_t series_of(struct gaps *g, const struct triage_event *event) {
    struct str dataset = dataset_info((enum dataset)event->row->dataset)->name;
    buf_clear(&g->name);
    buf_add(&g->name, event->is_windows ? triage_field(&g->fields, g->channel) : dataset);
    buf_putc(&g->name, '\0');
    buf_add(&g->name, triage_host_of(&g->host, &g->fields, event));
    return g->series.count < SERIES_MAX ? intern_add(&g->series, buf_str(&g->name))
                                        : intern_find(&g->series, buf_str(&g->name));
}

/* Security 1102 and System 104: a log was emptied. */
static void see_cleared(struct gaps *g, const struct triage_event *event, uint32_t series) {
    uint32_t id = event->is_windows ? triage_event_id(triage_field(&g->fields, g->id)) : 0;
    struct str channel = triage_field(&g->fields, g->channel);
    bool is_cleared = (id == 1102 && str_eq_ci(channel, STR("Security"))) ||
                      (id == 104 && str_eq_ci(channel, STR("System")));
    if (!is_cleared) {
        return;
    }
    struct buf note = BUF_INIT;
    struct str of = triage_field(&g->fields, g->of_channel);
    struct str user = triage_field(&g->fields, g->user);
    buf_printf(&note, "%.*s: %.*s", STR_ARG(id == 1102 ? channel : of), STR_ARG(user));
    write_gap(g, event->file,
              &(struct gap){.kind = STR("cleared"),
                            .series = series,
                            .after = event->row->record_id,
                            .from_ns = triage_time(event->row),
                            .to_ns = TIME_NONE,
                            .note = buf_str(&note)});
    buf_fini(&note);
}

static void gaps_other(void *state, const struct triage_event *row) {
    struct gaps *g = state;
    evtx_shape_see(&g->shape, row);
}

static void gaps_event(void *state, const struct triage_event *event) {
    struct gaps *g = state;
    const struct row *row = event->row;
    evtx_shape_see(&g->shape, event);
    if (g->count == RECORDS_MAX) {
        g->out->dropped++;
        return;
    }
    triage_fields_read(&g->fields, event->batch, row);
    uint32_t series = series_of(g, event);
    if (series == INTERN_NONE) {
        g->out->dropped++;
        return;
    }
    see_cleared(g, event, series);
    MEM_GROW(g->records, g->capacity, g->count + 1);
    g->records[g->count++] =
        (struct record){.number = row->record_id > 0 ? row->record_id : row->line,
                        .time_ns = triage_time(row),
                        .series = series,
                        .is_line = row->record_id == 0};
}

/* --- a series --- */

static int compare_u64(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

static int by_number(const void *x, const void *y) {
    const struct record *a = x;
    const struct record *b = y;
    int c = compare_u64(a->series, b->series);
    c = c != 0 ? c : compare_u64(a->number, b->number);
    return c != 0 ? c : (a->time_ns < b->time_ns ? -1 : a->time_ns > b->time_ns);
}

static int by_time(const void *x, const void *y) {
    const struct record *a = x;
    const struct record *b = y;
    int c = a->time_ns < b->time_ns ? -1 : a->time_ns > b->time_ns;
    return c != 0 ? c : compare_u64(a->number, b->number);
}

static int compare_ns(const void *x, const void *y) {
    int64_t a = *(const int64_t *)x;
    int64_t b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

static void find_missing(struct gaps *g, struct str file, const struct record *r, size_t count) {
    for (size_t i = 1; i < count; i++) {
        uint64_t missing = r[i].number > r[i - 1].number ? r[i].number - r[i - 1].number - 1 : 0;
        if (!r[i].is_line && !r[i - 1].is_line && missing >= g->min_missing) {
            write_gap(g, file,
                      &(struct gap){STR("records"), r[i].series, r[i - 1].number, r[i].number,
                                    missing, r[i - 1].time_ns, r[i].time_ns, STR_EMPTY});
        }
        bool is_back = r[i].time_ns != TIME_NONE && r[i - 1].time_ns != TIME_NONE &&
                       r[i].number > r[i - 1].number && r[i].is_line == r[i - 1].is_line &&
                       r[i - 1].time_ns - r[i].time_ns >= CLOCK_BACK_NS;
        if (is_back) {
            write_gap(g, file,
                      &(struct gap){STR("clock"), r[i].series, r[i - 1].number, r[i].number, 0,
                                    r[i - 1].time_ns, r[i].time_ns, STR_EMPTY});
        }
    }
}

/* The median of the intervals of a second and more; 0 if there are too few. */
static int64_t usual_interval(const struct record *r, size_t count) {
    int64_t *intervals = mem_calloc(count + 1, sizeof *intervals);
    size_t n = 0;
    for (size_t i = 1; i < count; i++) {
        int64_t interval = r[i].time_ns - r[i - 1].time_ns;
        if (interval >= NS_PER_SECOND) {
            intervals[n++] = interval;
        }
    }
    qsort(intervals, n, sizeof *intervals, compare_ns);
    int64_t usual = n >= USUAL_LEAST ? intervals[n / 2] : 0;
    mem_free(intervals);
    return usual;
}

static void find_silence(struct gaps *g, struct str file, struct record *r, size_t count) {
    qsort(r, count, sizeof *r, by_time);
    while (count > 0 && r->time_ns == TIME_NONE) {
        r++;
        count--;
    }
    int64_t usual = usual_interval(r, count);
    if (usual == 0) {
        return;
    }
    int64_t least =
        g->factor < (uint64_t)(INT64_MAX / usual) ? (int64_t)g->factor * usual : INT64_MAX;
    least = least > SILENCE_LEAST_NS ? least : SILENCE_LEAST_NS;
    for (size_t i = 1; i < count; i++) {
        if (r[i].time_ns - r[i - 1].time_ns < least) {
            continue;
        }
        struct buf note = BUF_INIT;
        buf_printf(&note, "usual interval %lld s", (long long)(usual / NS_PER_SECOND));
        write_gap(g, file,
                  &(struct gap){STR("silence"), r[i].series, r[i - 1].number, r[i].number, 0,
                                r[i - 1].time_ns, r[i].time_ns, buf_str(&note)});
        buf_fini(&note);
    }
}

static void find_cut_off(struct gaps *g, struct str file) {
    uint64_t missing = evtx_shape_cut_off(&g->shape);
    if (missing > 0) {
        write_gap(g, file,
                  &(struct gap){STR("header"), INTERN_NONE, g->shape.last_number,
                                g->shape.next_number, missing, TIME_NONE, TIME_NONE, STR_EMPTY});
    }
}

static void gaps_end_file(void *state, struct str file) {
    struct gaps *g = state;
    if (g->count > 0) {
        qsort(g->records, g->count, sizeof *g->records, by_number);
    }
    for (size_t from = 0, to; from < g->count; from = to) {
        for (to = from; to < g->count && g->records[to].series == g->records[from].series;) {
            to++;
        }
        find_missing(g, file, g->records + from, to - from);
        find_silence(g, file, g->records + from, to - from);
    }
    find_cut_off(g, file);
    g->count = 0;
    g->shape = (struct evtx_shape){0};
    intern_clear(&g->series);
}

static void gaps_end(void *state) {
    (void)state; /* all rows are out */
}

static void gaps_close(void *state) {
    struct gaps *g = state;
    triage_fields_fini(&g->fields);
    triage_cells_fini(&g->cells);
    intern_fini(&g->series);
    buf_fini(&g->name);
    mem_free(g->records);
    mem_free(g);
}

const struct triage_question triage_gaps = {.open = gaps_open,
                                            .event = gaps_event,
                                            .other = gaps_other,
                                            .end_file = gaps_end_file,
                                            .end = gaps_end,
                                            .close = gaps_close};
