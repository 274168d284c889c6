/*
 * pivot: words for further search, from all events or (with rules) from those with hits: users,
 * computers, addresses, domains, hashes, processes, files, services, tasks, logon ids.
 */
#include "ip.h"
#include "mem.h"
#include "stack_text.h"
#include "tally.h"
#include "triage_cells.h"
#include "triage_fields.h"

static const struct pivot_field {
    struct str kind;
    struct str name;
    struct str way;
} pivot_fields[] = {
#define PIVOT(kind, field, way) {STR_INIT(kind), STR_INIT(field), STR_INIT(way)},
#include "pivots.def"
};

enum { PIVOT_COUNT = sizeof pivot_fields / sizeof *pivot_fields };

struct pivot {
    struct triage_out *out;
    struct triage_fields fields;
    struct triage_host host;
    size_t places[PIVOT_COUNT];
    bool
        is_own[PIVOT_COUNT]; /* a field of ours: not looked at in Windows events, they are copies */
    struct tally tally;
    struct buf text;
};

static enum status pivot_open(void **state, struct triage_out *out,
                              const struct triage_options *options, struct err *err) {
    (void)options, (void)err; /* there are none */
    struct pivot *p = mem_calloc(1, sizeof *p);
    p->out = out;
    triage_columns(out, STR("kind value count# hosts# first last field"));
    triage_host_add(&p->host, &p->fields);
    for (size_t i = 0; i < PIVOT_COUNT; i++) {
        p->places[i] = triage_fields_add_name(&p->fields, pivot_fields[i].name);
        p->is_own[i] = str_find_char(pivot_fields[i].name, '.') != STR_NONE;
    }
    tally_init(&p->tally, 3);
    *state = p;
    return STATUS_OK;
}

static void count(struct pivot *p, size_t at, struct str value, const struct triage_event *event) {
    struct str key[3] = {pivot_fields[at].kind, value, pivot_fields[at].name};
    if (value.len > 0 && !str_eq(value, STR("S-1-0-0"))) {
        (void)tally_add(&p->tally, key, triage_host_of(&p->host, &p->fields, event),
                        triage_time(event->row));
    }
}

/* "SHA1=B4E5...,MD5=4289...": each part in lower case; a bare one too. */
static void count_hashes(struct pivot *p, size_t at, struct str value,
                         const struct triage_event *event) {
    struct str part;
    while (str_split_next(&part, &value, ',')) {
        size_t equals = str_find_char(part, '=');
        buf_clear(&p->text);
        stack_text_add(&p->text, str_trim(str_skip(part, equals == STR_NONE ? 0 : equals + 1)),
                       STACK_LOWER);
        count(p, at, buf_str(&p->text), event);
    }
}

static void count_field(struct pivot *p, size_t at, const struct triage_event *event) {
    struct str value = triage_field(&p->fields, p->places[at]);
    struct str way_name = pivot_fields[at].way;
    struct ip ip;
    if (value.len == 0 || (event->is_windows && p->is_own[at])) {
        return;
    }
    if (str_eq(way_name, STR("hashes"))) {
        count_hashes(p, at, value, event);
        return;
    }
    bool is_address = str_eq(way_name, STR("address"));
    if (is_address && !ip_parse(&ip, value)) {
        return;
    }
    enum stack_way way = way_name.len == 0 ? STACK_PLAIN : is_address ? STACK_ADDRESS : STACK_LOWER;
    buf_clear(&p->text);
    stack_text_add(&p->text, value, way);
    count(p, at, buf_str(&p->text), event);
}

static void pivot_event(void *state, const struct triage_event *event) {
    struct pivot *p = state;
    triage_fields_read(&p->fields, event->batch, event->row);
    for (size_t i = 0; i < PIVOT_COUNT; i++) {
        count_field(p, i, event);
    }
}

static void pivot_end(void *state) {
    struct pivot *p = state;
    struct triage_cells cells = {0};
    uint32_t *sorted = tally_sorted(&p->tally, TALLY_BY_KEY);
    for (uint32_t i = 0; i < p->tally.count && !p->out->is_stopped; i++) {
        const struct tally_group *group = &p->tally.groups[sorted[i]];
        triage_cell(&cells, tally_key(&p->tally, sorted[i], 0));
        triage_cell(&cells, tally_key(&p->tally, sorted[i], 1));
        triage_cell_number(&cells, group->count);
        triage_cell_number(&cells, group->hosts);
        triage_cell_time(&cells, group->first_ns);
        triage_cell_time(&cells, group->last_ns);
        triage_cell(&cells, tally_key(&p->tally, sorted[i], 2));
        triage_cells_write(&cells, p->out);
    }
    p->out->dropped += p->tally.dropped;
    mem_free(sorted);
    triage_cells_fini(&cells);
}

static void pivot_close(void *state) {
    struct pivot *p = state;
    triage_fields_fini(&p->fields);
    tally_fini(&p->tally);
    buf_fini(&p->text);
    mem_free(p);
}

const struct triage_question triage_pivot = {
    .open = pivot_open, .event = pivot_event, .end = pivot_end, .close = pivot_close};
