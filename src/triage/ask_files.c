/* files: what each file holds: events, from when to when, of which channel and computer. */
#include "evtx_shape.h"
#include "mem.h"
#include "triage_cells.h"
#include "triage_fields.h"

/* The first text, and whether others came. */
struct only {
    struct buf text;
    bool is_set;
    bool is_several;
};

struct files {
    struct triage_out *out;
    struct triage_fields fields;
    struct triage_host host;
    size_t channel;
    struct triage_cells cells;
    /* of the file */
    uint64_t events, damaged, recovered, bytes;
    int64_t first_ns, last_ns;
    uint64_t first_id, last_id;
    struct only datasets, channels, computers;
    struct evtx_shape shape;
};

static void only_clear(struct only *only) {
    buf_clear(&only->text);
    only->is_set = only->is_several = false;
}

static void only_see(struct only *only, struct str text) {
    if (!only->is_set) {
        buf_add(&only->text, text);
        only->is_set = true;
    } else if (!only->is_several) {
        only->is_several = !str_eq(buf_str(&only->text), text);
    }
}

/* "text", or "text ..." */
static void only_cell(struct triage_cells *cells, const struct only *only) {
    buf_add(&cells->text, buf_str(&only->text));
    buf_add(&cells->text, only->is_several ? STR(" ...") : STR_EMPTY);
    triage_cell_end(cells);
}

static void start_file(struct files *f) {
    f->events = f->damaged = f->recovered = f->bytes = 0;
    f->first_ns = f->last_ns = TIME_NONE;
    f->first_id = f->last_id = 0;
    only_clear(&f->datasets);
    only_clear(&f->channels);
    only_clear(&f->computers);
    f->shape = (struct evtx_shape){0};
}

static enum status files_open(void **state, struct triage_out *out,
                              const struct triage_options *options, struct err *err) {
    (void)options, (void)err; /* there are none */
    struct files *f = mem_calloc(1, sizeof *f);
    f->out = out;
    triage_columns(out, STR("file events# bytes# dataset channel computer first last first_id# "
                            "last_id# damaged# recovered# state next_number# last_number#"));
    triage_host_add(&f->host, &f->fields);
    f->channel = triage_fields_add(&f->fields, FIELD_WINLOG_CHANNEL);
    start_file(f);
    *state = f;
    return STATUS_OK;
}

static void see_bytes(struct files *f, const struct triage_event *row) {
    if ((row->row->flags & ROW_IN_CONTAINER) == 0 || row->row->container_back == 0) {
        f->bytes += row->row->raw_len;
    }
    evtx_shape_see(&f->shape, row);
}

static void files_other(void *state, const struct triage_event *row) {
    see_bytes(state, row);
}

static void files_event(void *state, const struct triage_event *event) {
    struct files *f = state;
    int64_t time_ns = triage_time(event->row);
    uint64_t id = event->row->record_id;
    triage_fields_read(&f->fields, event->batch, event->row);
    see_bytes(f, event);
    f->events++;
    f->damaged += (event->row->flags & ROW_DAMAGED) != 0;
    f->recovered += (event->row->flags & ROW_RECOVERED) != 0;
    if (time_ns != TIME_NONE) {
        f->first_ns = f->first_ns == TIME_NONE || time_ns < f->first_ns ? time_ns : f->first_ns;
        f->last_ns = time_ns > f->last_ns ? time_ns : f->last_ns;
    }
    if (id != 0) {
        f->first_id = f->first_id == 0 || id < f->first_id ? id : f->first_id;
        f->last_id = id > f->last_id ? id : f->last_id;
    }
    only_see(&f->datasets, dataset_info((enum dataset)event->row->dataset)->name);
    only_see(&f->channels, triage_field(&f->fields, f->channel));
    only_see(&f->computers, triage_host_of(&f->host, &f->fields, event));
}

static void number_cell(struct triage_cells *cells, uint64_t number) {
    if (number > 0) {
        triage_cell_number(cells, number);
    } else {
        triage_cell(cells, STR_EMPTY);
    }
}

static void files_end_file(void *state, struct str file) {
    struct files *f = state;
    struct triage_cells *cells = &f->cells;
    triage_cell(cells, file);
    triage_cell_number(cells, f->events);
    triage_cell_number(cells, f->bytes);
    only_cell(cells, &f->datasets);
    only_cell(cells, &f->channels);
    only_cell(cells, &f->computers);
    triage_cell_time(cells, f->first_ns);
    triage_cell_time(cells, f->last_ns);
    number_cell(cells, f->first_id);
    number_cell(cells, f->last_id);
    triage_cell_number(cells, f->damaged);
    triage_cell_number(cells, f->recovered);
    if (f->shape.has_header) {
        triage_cell(cells, f->shape.is_dirty ? STR("dirty") : STR("clean"));
    } else {
        triage_cell(cells, STR_EMPTY);
    }
    number_cell(cells, f->shape.next_number);
    number_cell(cells, f->shape.last_number);
    triage_cells_write(cells, f->out);
    start_file(f);
}

static void files_end(void *state) {
    (void)state; /* all rows are out */
}

static void files_close(void *state) {
    struct files *f = state;
    triage_fields_fini(&f->fields);
    triage_cells_fini(&f->cells);
    buf_fini(&f->datasets.text);
    buf_fini(&f->channels.text);
    buf_fini(&f->computers.text);
    mem_free(f);
}

const struct triage_question triage_files = {.open = files_open,
                                             .event = files_event,
                                             .other = files_other,
                                             .end_file = files_end_file,
                                             .end = files_end,
                                             .close = files_close};
