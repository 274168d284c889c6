/* metrics KIND: how many events of each kind, from when to when, on how many hosts. */
#include "mem.h"
#include "tally.h"
#include "triage_cells.h"
#include "triage_fields.h"
#include "triage_names.h"

enum kind { KIND_EVENTS, KIND_CHANNELS, KIND_COMPUTERS, KIND_DATASETS, KIND_COUNT };

static const struct {
    struct str word;
    struct str columns;
    size_t keys;
} kinds[KIND_COUNT] = {
    [KIND_EVENTS] = {STR_INIT("events"),
                     STR_INIT("count# percent# event title channel provider dataset hosts# first "
                              "last"),
                     4},
    [KIND_CHANNELS] = {STR_INIT("channels"),
                       STR_INIT("count# percent# channel dataset hosts# first last"), 2},
    [KIND_COMPUTERS] = {STR_INIT("computers"), STR_INIT("count# percent# computer first last"), 1},
    [KIND_DATASETS] = {STR_INIT("datasets"), STR_INIT("count# percent# dataset hosts# first last"),
                       1},
};

struct metrics {
    enum kind kind;
    struct triage_out *out;
    struct triage_fields fields;
    struct triage_host host;
    size_t id, channel, provider, code, action;
    struct tally tally;
    uint64_t events;
};

static bool find_kind(enum kind *out, struct str word) {
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (str_eq(kinds[i].word, word)) {
            *out = (enum kind)i;
            return true;
        }
    }
    return false;
}

static enum status metrics_open(void **state, struct triage_out *out,
                                const struct triage_options *options, struct err *err) {
    enum kind kind;
    if (!find_kind(&kind, options->kind)) {
        return err_set(err, STATUS_BAD_INPUT,
                       "metrics: \"%.*s\": expected events | channels | computers | datasets",
                       STR_ARG(options->kind));
    }
    struct metrics *m = mem_calloc(1, sizeof *m);
    m->kind = kind;
    m->out = out;
    triage_columns(out, kinds[kind].columns);
    triage_host_add(&m->host, &m->fields);
    m->id = triage_fields_add(&m->fields, FIELD_WINLOG_EVENT_ID);
    m->channel = triage_fields_add(&m->fields, FIELD_WINLOG_CHANNEL);
    m->provider = triage_fields_add(&m->fields, FIELD_WINLOG_PROVIDER);
    m->code = triage_fields_add(&m->fields, FIELD_EVENT_CODE);
    m->action = triage_fields_add(&m->fields, FIELD_EVENT_ACTION);
    tally_init(&m->tally, kinds[kind].keys);
    *state = m;
    return STATUS_OK;
}

/* Windows: the event's number; else what the device calls it. */
static struct str event_name(const struct metrics *m, const struct triage_event *event) {
    if (event->is_windows) {
        return triage_field(&m->fields, m->id);
    }
    struct str code = triage_field(&m->fields, m->code);
    return code.len > 0 ? code : triage_field(&m->fields, m->action);
}

static void metrics_event(void *state, const struct triage_event *event) {
    struct metrics *m = state;
    triage_fields_read(&m->fields, event->batch, event->row);
    struct str dataset = dataset_info((enum dataset)event->row->dataset)->name;
    struct str host = triage_host_of(&m->host, &m->fields, event);
    struct str channel = triage_field(&m->fields, m->channel);
    struct str keys[4] = {host};
    if (m->kind == KIND_EVENTS) {
        keys[0] = event_name(m, event);
        keys[1] = channel;
        keys[2] = triage_field(&m->fields, m->provider);
        keys[3] = dataset;
    } else if (m->kind == KIND_CHANNELS) {
        keys[0] = channel;
        keys[1] = dataset;
    } else if (m->kind == KIND_DATASETS) {
        keys[0] = dataset;
    }
    m->events++;
    (void)tally_add(&m->tally, keys, host, triage_time(event->row));
}

static void write_group(const struct metrics *m, struct triage_cells *cells, uint32_t at) {
    const struct tally_group *group = &m->tally.groups[at];
    uint64_t thousandths = (group->count * 100000 + m->events / 2) / m->events;
    triage_cell_number(cells, group->count);
    buf_printf(&cells->text, "%llu.%03llu", (unsigned long long)(thousandths / 1000),
               (unsigned long long)(thousandths % 1000));
    triage_cell_end(cells);
    for (size_t i = 0; i < m->tally.key_count; i++) {
        triage_cell(cells, tally_key(&m->tally, at, i));
        if (m->kind == KIND_EVENTS && i == 0) {
            triage_cell(cells,
                        triage_event_title(tally_key(&m->tally, at, 2), tally_key(&m->tally, at, 1),
                                           tally_key(&m->tally, at, 0)));
        }
    }
    if (m->kind != KIND_COMPUTERS) {
        triage_cell_number(cells, group->hosts);
    }
    triage_cell_time(cells, group->first_ns);
    triage_cell_time(cells, group->last_ns);
    triage_cells_write(cells, m->out);
}

static void metrics_end(void *state) {
    struct metrics *m = state;
    struct triage_cells cells = {0};
    uint32_t *sorted = tally_sorted(&m->tally, TALLY_MOST_FIRST);
    for (uint32_t i = 0; i < m->tally.count && !m->out->is_stopped; i++) {
        write_group(m, &cells, sorted[i]);
    }
    m->out->dropped += m->tally.dropped;
    mem_free(sorted);
    triage_cells_fini(&cells);
}

static void metrics_close(void *state) {
    struct metrics *m = state;
    triage_fields_fini(&m->fields);
    tally_fini(&m->tally);
    mem_free(m);
}

const struct triage_question triage_metrics = {
    .open = metrics_open, .event = metrics_event, .end = metrics_end, .close = metrics_close};
