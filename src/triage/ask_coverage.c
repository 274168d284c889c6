/*
 * coverage: what rules see and what they do not: files and kinds of events without any hit, rules
 * that never hit.
 */
#include "mem.h"
#include "tally.h"
#include "triage_cells.h"
#include "triage_fields.h"
#include "triage_names.h"

enum list { LIST_FILES, LIST_EVENTS, LIST_RULES, LIST_COUNT };

static const struct str list_words[LIST_COUNT] = {STR_INIT("files"), STR_INIT("events"),
                                                  STR_INIT("rules")};

struct coverage {
    struct triage_out *out;
    const struct triage_options *options;
    enum list list;
    struct triage_fields fields;
    size_t id, channel, provider, code;
    struct tally tally; /* files: file; events: id, channel, provider, dataset */
    uint64_t *hits;     /* by group: events with a hit */
    size_t hit_capacity;
    struct tally rules; /* path and id of rules that hit */
    uint64_t file_events;
    uint64_t file_hits;
};

static enum status coverage_open(void **state, struct triage_out *out,
                                 const struct triage_options *options, struct err *err) {
    static const struct str columns[LIST_COUNT] = {
        STR_INIT("file events# with_hits#"),
        STR_INIT("event title channel provider dataset count# with_hits# first last"),
        STR_INIT("level title hits# source logsource id path first last needs")};
    size_t list = 0;
    while (list < LIST_COUNT && !str_eq(options->kind, list_words[list])) {
        list++;
    }
    if (list == LIST_COUNT || options->rule_count == 0) {
        return err_set(err, STATUS_BAD_INPUT,
                       "coverage: \"%.*s\": expected files | events | rules, and --rules",
                       STR_ARG(options->kind));
    }
    struct coverage *c = mem_calloc(1, sizeof *c);
    c->out = out;
    c->options = options;
    c->list = (enum list)list;
    triage_columns(out, columns[list]);
    c->id = triage_fields_add(&c->fields, FIELD_WINLOG_EVENT_ID);
    c->channel = triage_fields_add(&c->fields, FIELD_WINLOG_CHANNEL);
    c->provider = triage_fields_add(&c->fields, FIELD_WINLOG_PROVIDER);
    c->code = triage_fields_add(&c->fields, FIELD_EVENT_CODE);
    tally_init(&c->tally, 4);
    tally_init(&c->rules, 2);
    *state = c;
    return STATUS_OK;
}

static void count_event(struct coverage *c, const struct triage_event *event) {
    triage_fields_read(&c->fields, event->batch, event->row);
    size_t id = event->is_windows ? c->id : c->code;
    struct str key[4] = {triage_field(&c->fields, id), triage_field(&c->fields, c->channel),
                         triage_field(&c->fields, c->provider),
                         dataset_info((enum dataset)event->row->dataset)->name};
    uint32_t before = c->tally.count;
    uint32_t group = tally_add(&c->tally, key, STR_EMPTY, triage_time(event->row));
    if (group == TALLY_NONE) {
        return;
    }
    if (c->tally.count > before) {
        MEM_GROW(c->hits, c->hit_capacity, c->tally.count);
        c->hits[group] = 0;
    }
    c->hits[group] += event->hit_count > 0;
}

static void coverage_event(void *state, const struct triage_event *event) {
    struct coverage *c = state;
    c->file_events++;
    c->file_hits += event->hit_count > 0;
    if (c->list == LIST_EVENTS) {
        count_event(c, event);
    }
    for (size_t i = 0; c->list == LIST_RULES && i < event->hit_count; i++) {
        struct str key[2] = {event->hits[i]->path, event->hits[i]->id};
        (void)tally_add(&c->rules, key, STR_EMPTY, triage_time(event->row));
    }
}

static void coverage_end_file(void *state, struct str file) {
    struct coverage *c = state;
    struct triage_cells cells = {0};
    if (c->list == LIST_FILES && c->file_events > 0) {
        triage_cell(&cells, file);
        triage_cell_number(&cells, c->file_events);
        triage_cell_number(&cells, c->file_hits);
        triage_cells_write(&cells, c->out);
    }
    c->file_events = c->file_hits = 0;
    triage_cells_fini(&cells);
}

/* Kinds of events with the fewest hits first, then the most frequent. */
static void list_events(struct coverage *c, struct triage_cells *cells) {
    uint32_t *sorted = tally_sorted(&c->tally, TALLY_MOST_FIRST);
    for (int with_hits = 0; with_hits < 2; with_hits++) {
        for (uint32_t i = 0; i < c->tally.count && !c->out->is_stopped; i++) {
            const struct tally_group *group = &c->tally.groups[sorted[i]];
            if ((c->hits[sorted[i]] > 0) != (with_hits == 1)) {
                continue;
            }
            struct str id = tally_key(&c->tally, sorted[i], 0);
            struct str channel = tally_key(&c->tally, sorted[i], 1);
            struct str provider = tally_key(&c->tally, sorted[i], 2);
            triage_cell(cells, id);
            triage_cell(cells, triage_event_title(provider, channel, id));
            triage_cell(cells, channel);
            triage_cell(cells, provider);
            triage_cell(cells, tally_key(&c->tally, sorted[i], 3));
            triage_cell_number(cells, group->count);
            triage_cell_number(cells, c->hits[sorted[i]]);
            triage_cell_time(cells, group->first_ns);
            triage_cell_time(cells, group->last_ns);
            triage_cells_write(cells, c->out);
        }
    }
    mem_free(sorted);
}

/* Why a rule cannot have hit, as far as the inputs tell. */
static struct str source_word(const struct coverage *c, const struct triage_rule *rule) {
    if (!rule->is_source_known) {
        return STR("not read");
    }
    bool is_absent = rule->number != SIZE_MAX && c->options->matcher != NULL &&
                     !sigma_matcher_saw_source(c->options->matcher, rule->number);
    return is_absent ? STR("absent") : STR_EMPTY;
}

static void write_rule(struct coverage *c, struct triage_cells *cells,
                       const struct triage_rule *rule, const struct tally_group *group) {
    triage_cell(cells, rule->level);
    triage_cell(cells, rule->title);
    triage_cell_number(cells, group->count);
    struct str source = source_word(c, rule);
    triage_cell(cells, source);
    triage_cell(cells, rule->logsource);
    triage_cell(cells, rule->id);
    triage_cell(cells, rule->path);
    triage_cell_time(cells, group->first_ns);
    triage_cell_time(cells, group->last_ns);
    triage_cell(cells, source.len > 0 ? rule->sources : STR_EMPTY);
    triage_cells_write(cells, c->out);
}

/* Every rule of --rules in the order of loading: those that never hit first. A group without events
 * is made for them. */
static void list_rules(struct coverage *c, struct triage_cells *cells) {
    for (int with_hits = 0; with_hits < 2; with_hits++) {
        for (size_t i = 0; i < c->options->rule_count && !c->out->is_stopped; i++) {
            const struct triage_rule *rule = &c->options->rules[i];
            struct str key[2] = {rule->path, rule->id};
            uint32_t at = tally_add_count(&c->rules, key, STR_EMPTY, TIME_NONE, 0);
            if (at != TALLY_NONE && (c->rules.groups[at].count > 0) == (with_hits == 1)) {
                write_rule(c, cells, rule, &c->rules.groups[at]);
            }
        }
    }
}

static void coverage_end(void *state) {
    struct coverage *c = state;
    struct triage_cells cells = {0};
    if (c->list == LIST_EVENTS) {
        list_events(c, &cells);
    } else if (c->list == LIST_RULES) {
        list_rules(c, &cells);
    }
    c->out->dropped += c->tally.dropped + c->rules.dropped;
    triage_cells_fini(&cells);
}

static void coverage_close(void *state) {
    struct coverage *c = state;
    triage_fields_fini(&c->fields);
    tally_fini(&c->tally);
    tally_fini(&c->rules);
    mem_free(c->hits);
    mem_free(c);
}

const struct triage_question triage_coverage = {.open = coverage_open,
                                                .event = coverage_event,
                                                .end_file = coverage_end_file,
                                                .end = coverage_end,
                                                .close = coverage_close,
                                                .wants_all_events = true};
