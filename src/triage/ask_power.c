/* power: when machines started, stopped, slept, changed their clock or name, in the order of time.
 */
#include <stdlib.h>

#include "mem.h"
#include "system_facts.h"
#include "triage_cells.h"

enum { FACTS_MAX = 1 << 18, TEXT_BYTES_MAX = 1 << 26 };

/* A row of the listing; texts are ids in `names`. */
struct fact_row {
    int64_t time_ns;
    uint32_t computer;
    uint32_t value;
    uint32_t file;
    uint32_t event;
    enum system_fact_kind kind;
    uint32_t idx;
    uint32_t line;
    uint64_t record_id;
};

struct power {
    struct triage_out *out;
    struct system_facts facts;
    struct intern names;
    struct fact_row *rows;
    size_t count;
    size_t capacity;
    size_t text_bytes;
};

static enum status power_open(void **state, struct triage_out *out,
                              const struct triage_options *options, struct err *err) {
    (void)options, (void)err; /* there are none */
    struct power *p = mem_calloc(1, sizeof *p);
    p->out = out;
    triage_columns(out, STR("time computer fact value event file idx# line# record_id#"));
    system_facts_init(&p->facts);
    *state = p;
    return STATUS_OK;
}

static void power_event(void *state, const struct triage_event *event) {
    struct power *p = state;
    struct system_fact fact;
    if (!system_facts_read(&fact, &p->facts, event)) {
        return;
    }
    if (p->count == FACTS_MAX || p->text_bytes > TEXT_BYTES_MAX) {
        p->out->dropped++;
        return;
    }
    p->text_bytes += fact.value.len + fact.computer.len;
    MEM_GROW(p->rows, p->capacity, p->count + 1);
    p->rows[p->count++] = (struct fact_row){.time_ns = triage_time(event->row),
                                            .computer = intern_add(&p->names, fact.computer),
                                            .value = intern_add(&p->names, fact.value),
                                            .file = intern_add(&p->names, event->file),
                                            .event = intern_add(&p->names, fact.event),
                                            .kind = fact.kind,
                                            .idx = event->row->idx,
                                            .line = event->row->line,
                                            .record_id = event->row->record_id};
}

static int by_time(const void *x, const void *y) {
    const struct fact_row *a = x;
    const struct fact_row *b = y;
    if (a->time_ns != b->time_ns) {
        return a->time_ns < b->time_ns ? -1 : 1;
    }
    if (a->record_id != b->record_id) {
        return a->record_id < b->record_id ? -1 : 1;
    }
    return a->file < b->file ? -1 : a->file > b->file;
}

static void power_end(void *state) {
    struct power *p = state;
    struct triage_cells cells = {0};
    if (p->count > 0) {
        qsort(p->rows, p->count, sizeof *p->rows, by_time);
    }
    for (size_t i = 0; i < p->count && !p->out->is_stopped; i++) {
        const struct fact_row *r = &p->rows[i];
        const struct row place = {.idx = r->idx, .line = r->line, .record_id = r->record_id};
        const struct triage_event event = {.row = &place, .file = intern_text(&p->names, r->file)};
        triage_cell_time(&cells, r->time_ns);
        triage_cell(&cells, intern_text(&p->names, r->computer));
        triage_cell(&cells, system_fact_word(r->kind));
        triage_cell(&cells, intern_text(&p->names, r->value));
        triage_cell(&cells, intern_text(&p->names, r->event));
        triage_cell_place(&cells, &event);
        triage_cells_write(&cells, p->out);
    }
    triage_cells_fini(&cells);
}

static void power_close(void *state) {
    struct power *p = state;
    system_facts_fini(&p->facts);
    intern_fini(&p->names);
    mem_free(p->rows);
    mem_free(p);
}

const struct triage_question triage_power = {
    .open = power_open, .event = power_event, .end = power_end, .close = power_close};
