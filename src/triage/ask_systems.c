/* systems: one row a machine: its system, zone and last uptime, how often it started and stopped.
 */
#include "mem.h"
#include "system_facts.h"
#include "tally.h"
#include "triage_cells.h"

/* The value that was true last. */
struct latest {
    uint32_t text; /* id in texts */
    int64_t time_ns;
};

static const struct role {
    struct str name;
    struct str channel;
    uint32_t first_id;
    uint32_t last_id;
} roles[] = {
#define SYSTEM_ROLE(name, channel, first, last) {STR_INIT(name), STR_INIT(channel), first, last},
#include "system_roles.def"
};

enum { ROLE_COUNT = sizeof roles / sizeof *roles };

struct machine {
    unsigned roles; /* bit r: an event of roles[r] was seen */
    uint64_t counts[SYSTEM_FACT_COUNT];
    struct latest latest[SYSTEM_FACT_COUNT];
};

enum { TEXTS_MAX = 1 << 18 };

struct systems {
    struct triage_out *out;
    struct system_facts facts;
    struct tally computers;   /* all events */
    struct machine *machines; /* by group */
    size_t capacity;
    struct intern texts;
};

static enum status systems_open(void **state, struct triage_out *out,
                                const struct triage_options *options, struct err *err) {
    (void)options, (void)err; /* there are none */
    struct systems *s = mem_calloc(1, sizeof *s);
    s->out = out;
    triage_columns(out, STR("computer events# os time_zone uptime_seconds# boots# shutdowns# "
                            "unexpected# clock_changes# roles first last"));
    system_facts_init(&s->facts);
    tally_init(&s->computers, 1);
    *state = s;
    return STATUS_OK;
}

static void note_latest(struct systems *s, struct latest *latest, struct str text,
                        int64_t time_ns) {
    bool is_newer = text.len > 0 && (latest->text == 0 || time_ns >= latest->time_ns);
    if (is_newer && s->texts.count == TEXTS_MAX) {
        s->out->dropped++;
    } else if (is_newer) {
        latest->text = intern_add(&s->texts, text) + 1;
        latest->time_ns = time_ns;
    }
}

static void note_fact(struct systems *s, uint32_t group, const struct system_fact *fact,
                      int64_t time_ns) {
    struct machine *machine = &s->machines[group];
    machine->counts[fact->kind]++;
    note_latest(s, &machine->latest[fact->kind], fact->value, time_ns);
    note_latest(s, &machine->latest[SYSTEM_ZONE], fact->zone, time_ns);
}

static unsigned roles_of(const struct system_facts *facts) {
    struct str channel = triage_field(&facts->fields, facts->channel);
    unsigned found = 0;
    for (size_t r = 0; r < ROLE_COUNT; r++) {
        if (str_eq(channel, roles[r].channel)) {
            uint32_t id = triage_event_id(triage_field(&facts->fields, facts->id));
            found |= id >= roles[r].first_id && id <= roles[r].last_id ? 1U << r : 0U;
        }
    }
    return found;
}

static void write_roles(struct triage_cells *cells, unsigned found) {
    struct str before = STR_EMPTY;
    for (size_t r = 0; r < ROLE_COUNT; r++) {
        if ((found >> r & 1) != 0 && !str_eq(roles[r].name, before)) {
            buf_add(&cells->text, before.len > 0 ? STR(", ") : STR_EMPTY);
            buf_add(&cells->text, roles[r].name);
            before = roles[r].name;
        }
    }
    triage_cell_end(cells);
}

static void systems_event(void *state, const struct triage_event *event) {
    struct systems *s = state;
    struct system_fact fact;
    bool is_fact = system_facts_read(&fact, &s->facts, event);
    uint32_t before = s->computers.count;
    uint32_t group = fact.computer.len > 0 ? tally_add(&s->computers, &fact.computer, STR_EMPTY,
                                                       triage_time(event->row))
                                           : TALLY_NONE;
    if (s->computers.count > before) {
        MEM_GROW(s->machines, s->capacity, s->computers.count);
        s->machines[before] = (struct machine){0};
    }
    if (group != TALLY_NONE) {
        s->machines[group].roles |= roles_of(&s->facts);
    }
    if (is_fact && group != TALLY_NONE) {
        note_fact(s, group, &fact, triage_time(event->row));
    }
}

static struct str latest_text(const struct systems *s, const struct machine *machine,
                              enum system_fact_kind kind) {
    uint32_t text = machine->latest[kind].text;
    return text == 0 ? STR_EMPTY : intern_text(&s->texts, text - 1);
}

static void write_machine(const struct systems *s, struct triage_cells *cells, uint32_t group) {
    const struct machine *m = &s->machines[group];
    const struct tally_group *seen = &s->computers.groups[group];
    triage_cell(cells, tally_key(&s->computers, group, 0));
    triage_cell_number(cells, seen->count);
    struct str version = latest_text(s, m, SYSTEM_BOOT);
    triage_cell(cells, version.len > 0 ? version : latest_text(s, m, SYSTEM_VERSION));
    triage_cell(cells, latest_text(s, m, SYSTEM_ZONE));
    triage_cell(cells, latest_text(s, m, SYSTEM_UPTIME));
    triage_cell_number(cells, m->counts[SYSTEM_BOOT]);
    triage_cell_number(cells, m->counts[SYSTEM_SHUTDOWN]);
    uint64_t unexpected = m->counts[SYSTEM_UNEXPECTED];
    uint64_t unclean = m->counts[SYSTEM_UNCLEAN]; /* of the same restarts */
    triage_cell_number(cells, unexpected > unclean ? unexpected : unclean);
    triage_cell_number(cells, m->counts[SYSTEM_CLOCK]);
    write_roles(cells, m->roles);
    triage_cell_time(cells, seen->first_ns);
    triage_cell_time(cells, seen->last_ns);
    triage_cells_write(cells, s->out);
}

static void systems_end(void *state) {
    struct systems *s = state;
    struct triage_cells cells = {0};
    uint32_t *sorted = tally_sorted(&s->computers, TALLY_BY_KEY);
    for (uint32_t i = 0; i < s->computers.count && !s->out->is_stopped; i++) {
        write_machine(s, &cells, sorted[i]);
    }
    s->out->dropped += s->computers.dropped;
    mem_free(sorted);
    triage_cells_fini(&cells);
}

static void systems_close(void *state) {
    struct systems *s = state;
    system_facts_fini(&s->facts);
    tally_fini(&s->computers);
    intern_fini(&s->texts);
    mem_free(s->machines);
    mem_free(s);
}

const struct triage_question triage_systems = {
    .open = systems_open, .event = systems_event, .end = systems_end, .close = systems_close};
