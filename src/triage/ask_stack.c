/* stack KIND: what is rare among many: groups with few hosts and few events first. */
#include "mem.h"
#include "num.h"
#include "script_parts.h"
#include "stack_text.h"
#include "tally.h"
#include "triage_cells.h"
#include "triage_fields.h"

enum { STACK_TEXTS = 4, SOURCES_MAX = 32, NO_PLACE = 255 };

static const struct stack_kind {
    struct str name;
    struct str columns;
} kinds[] = {
#define STACK_KIND(kind, columns) {STR_INIT(kind), STR_INIT(columns)},
#include "stacks.def"
};

static const struct stack_source {
    struct str kind;
    struct str channel;
    uint32_t id;
    struct str host;
    struct str texts[STACK_TEXTS];
} sources[] = {
#define STACK_SOURCE(kind, channel, id, host, a, b, c, d)                                          \
    {STR_INIT(kind),                                                                               \
     STR_INIT(channel),                                                                            \
     id,                                                                                           \
     STR_INIT(host),                                                                               \
     {STR_INIT(a), STR_INIT(b), STR_INIT(c), STR_INIT(d)}},
#include "stacks.def"
};

enum { KIND_COUNT = sizeof kinds / sizeof *kinds, SOURCE_COUNT = sizeof sources / sizeof *sources };

/* A place where the texts stand. */
struct source {
    struct str channel; /* empty: other logs */
    uint32_t id;        /* 0: any */
    uint8_t host;       /* place of the field; NO_PLACE: the machine */
    size_t text_count;
    uint8_t places[TALLY_KEYS]; /* NO_PLACE: nothing */
    enum stack_way ways[TALLY_KEYS];
};

struct stack {
    struct triage_out *out;
    struct triage_fields fields;
    struct triage_host host;
    size_t id, channel;
    struct source sources[SOURCES_MAX];
    size_t source_count;
    bool is_by_fields;
    struct tally tally;
    struct buf columns;
    struct buf texts; /* scratch */
    /* kind scripts: long ones stand in several events */
    bool is_of_scripts;
    struct script_parts parts;
    size_t script, script_path, script_id, part_number, part_total;
};

/* --- opening --- */

static uint8_t add_text(struct stack *s, struct source *to, struct str spec) {
    enum stack_way way = stack_way_take(&spec);
    to->ways[to->text_count] = way;
    return spec.len == 0 ? (uint8_t)NO_PLACE : (uint8_t)triage_fields_add_name(&s->fields, spec);
}

static void add_source(struct stack *s, const struct stack_source *from, size_t text_count) {
    struct source *to = &s->sources[s->source_count++];
    to->channel = from->channel;
    to->id = from->id;
    to->host = from->host.len > 0 ? (uint8_t)triage_fields_add_name(&s->fields, from->host)
                                  : (uint8_t)NO_PLACE;
    while (to->text_count < text_count) {
        to->places[to->text_count] = add_text(s, to, from->texts[to->text_count]);
        to->text_count++;
    }
}

static size_t word_count(struct str words) {
    struct str word;
    size_t count = 0;
    while (str_word_next(&word, &words)) {
        count++;
    }
    return count;
}

static bool open_kind(struct stack *s, struct str name) {
    for (size_t k = 0; k < KIND_COUNT; k++) {
        if (!str_eq(kinds[k].name, name)) {
            continue;
        }
        buf_add(&s->columns, kinds[k].columns);
        for (size_t i = 0; i < SOURCE_COUNT && s->source_count < SOURCES_MAX; i++) {
            if (str_eq(sources[i].kind, name)) {
                add_source(s, &sources[i], word_count(kinds[k].columns));
            }
        }
        return true;
    }
    return false;
}

/* Where the parts of long scripts are named. */
static void open_scripts(struct stack *s) {
    s->is_of_scripts = true;
    s->script = triage_fields_add_name(&s->fields, STR("ScriptBlockText"));
    s->script_path = triage_fields_add_name(&s->fields, STR("Path"));
    s->script_id = triage_fields_add_name(&s->fields, STR("ScriptBlockId"));
    s->part_number = triage_fields_add_name(&s->fields, STR("MessageNumber"));
    s->part_total = triage_fields_add_name(&s->fields, STR("MessageTotal"));
}

/* --by: any event that has one of the fields. */
static bool open_fields(struct stack *s, const struct triage_options *options) {
    struct source *source = &s->sources[s->source_count++];
    source->host = NO_PLACE;
    for (size_t i = 0; i < options->field_count; i++) {
        struct str rest = str_from_c(options->fields[i]);
        struct str name;
        while (str_split_next(&name, &rest, ',')) {
            bool is_usable = name.len > 0 && str_find_char(name, ' ') == STR_NONE &&
                             str_find_char(name, '#') == STR_NONE;
            if (!is_usable || source->text_count == TALLY_KEYS) {
                return false;
            }
            buf_putc(&s->columns, ' ');
            buf_add(&s->columns, name);
            source->places[source->text_count] = add_text(s, source, name);
            source->text_count++;
        }
    }
    s->is_by_fields = true;
    return source->text_count > 0;
}

static enum status refuse(struct str kind, struct err *err) {
    return err_set(
        err, STATUS_BAD_INPUT,
        "stack: \"%.*s\": expected processes | services | tasks | users | dns | "
        "addresses | sources | user-agents | scripts | drivers, or by with 1 to %d names "
        "of fields (--by FIELD,FIELD)",
        STR_ARG(kind), TALLY_KEYS);
}

static void stack_close(void *state);

static enum status stack_open(void **state, struct triage_out *out,
                              const struct triage_options *options, struct err *err) {
    struct stack *s = mem_calloc(1, sizeof *s);
    s->out = out;
    triage_host_add(&s->host, &s->fields);
    s->id = triage_fields_add(&s->fields, FIELD_WINLOG_EVENT_ID);
    s->channel = triage_fields_add(&s->fields, FIELD_WINLOG_CHANNEL);
    buf_add(&s->columns, STR("hosts# count# first last "));
    bool is_good =
        str_eq(options->kind, STR("by")) ? open_fields(s, options) : open_kind(s, options->kind);
    tally_init(&s->tally, is_good ? s->sources[0].text_count : 1);
    if (!is_good) {
        stack_close(s);
        return refuse(options->kind, err);
    }
    if (str_eq(options->kind, STR("scripts"))) {
        open_scripts(s);
    }
    triage_columns(out, buf_str(&s->columns));
    *state = s;
    return STATUS_OK;
}

/* --- an event --- */

static bool is_source(const struct stack *s, const struct source *source,
                      const struct triage_event *event) {
    if (s->is_by_fields) {
        return true;
    }
    if (source->channel.len == 0) {
        return !event->is_windows && triage_field(&s->fields, source->places[0]).len > 0;
    }
    return event->is_windows && triage_event_id(triage_field(&s->fields, s->id)) == source->id &&
           str_eq_ci(triage_field(&s->fields, s->channel), source->channel);
}

static void count(struct stack *s, const struct source *source, const struct triage_event *event) {
    size_t ends[TALLY_KEYS];
    struct str key[TALLY_KEYS];
    bool is_empty = true;
    buf_clear(&s->texts);
    for (size_t i = 0; i < source->text_count; i++) {
        if (source->places[i] != NO_PLACE) {
            stack_text_add(&s->texts, triage_field(&s->fields, source->places[i]), source->ways[i]);
        }
        ends[i] = s->texts.len;
        is_empty = is_empty && s->texts.len == 0;
    }
    for (size_t i = 0, from = 0; i < source->text_count; from = ends[i++]) {
        key[i] = ends[i] > from ? str_make(s->texts.ptr + from, ends[i] - from) : STR_EMPTY;
    }
    struct str host = source->host == NO_PLACE ? triage_host_of(&s->host, &s->fields, event)
                                               : triage_field(&s->fields, source->host);
    if (!is_empty) {
        (void)tally_add(&s->tally, key, host, triage_time(event->row));
    }
}

/* May the event be counted as it is? The last part of a long script is, with the whole text. */
static bool join_script(struct stack *s, const struct triage_event *event) {
    struct str *values = s->fields.values;
    struct script_part part = {.computer = triage_host_of(&s->host, &s->fields, event),
                               .id = triage_field(&s->fields, s->script_id),
                               .path = triage_field(&s->fields, s->script_path),
                               .text = values[s->script],
                               .time_ns = triage_time(event->row)};
    struct str joined = STR_EMPTY;
    bool is_numbered = num_parse_u64(&part.number, triage_field(&s->fields, s->part_number)) &&
                       num_parse_u64(&part.total, triage_field(&s->fields, s->part_total));
    enum script_state script_state =
        is_numbered ? script_parts_add(&joined, &s->parts, &part) : SCRIPT_ALONE;
    if (script_state == SCRIPT_WHOLE) {
        values[s->script] = joined;
    }
    return script_state != SCRIPT_WAITS;
}

static void stack_event(void *state, const struct triage_event *event) {
    struct stack *s = state;
    triage_fields_read(&s->fields, event->batch, event->row);
    for (size_t i = 0; i < s->source_count; i++) {
        if (is_source(s, &s->sources[i], event)) {
            if (!s->is_of_scripts || join_script(s, event)) {
                count(s, &s->sources[i], event);
            }
            return;
        }
    }
}

/* Scripts whose last part never came. */
static void count_incomplete(struct stack *s) {
    struct str *values = s->fields.values;
    struct script_part part;
    struct buf text = BUF_INIT;
    for (size_t at = 0; script_parts_next(&part, &s->parts, &at);) {
        buf_clear(&text);
        buf_printf(&text, "%llu of %llu", (unsigned long long)part.number,
                   (unsigned long long)part.total);
        bool has_time = part.time_ns != TIME_NONE;
        const struct row row = {.time_ns = part.time_ns,
                                .flags = has_time ? 0 : (uint32_t)ROW_TIME_RECEIVED};
        const struct triage_event event = {.row = &row, .is_windows = true};
        memset(values, 0, s->fields.count * sizeof *values);
        values[s->host.places[0]] = part.computer;
        values[s->script] = part.text;
        values[s->script_path] = part.path;
        values[s->part_total] = buf_str(&text);
        count(s, &s->sources[0], &event);
    }
    buf_fini(&text);
}

/* --- the listing --- */

static void stack_end(void *state) {
    struct stack *s = state;
    struct triage_cells cells = {0};
    count_incomplete(s);
    uint32_t *sorted = tally_sorted(&s->tally, TALLY_RARE_FIRST);
    for (uint32_t i = 0; i < s->tally.count && !s->out->is_stopped; i++) {
        const struct tally_group *group = &s->tally.groups[sorted[i]];
        triage_cell_number(&cells, group->hosts);
        triage_cell_number(&cells, group->count);
        triage_cell_time(&cells, group->first_ns);
        triage_cell_time(&cells, group->last_ns);
        for (size_t k = 0; k < s->tally.key_count; k++) {
            triage_cell(&cells, tally_key(&s->tally, sorted[i], k));
        }
        triage_cells_write(&cells, s->out);
    }
    s->out->dropped += s->tally.dropped;
    mem_free(sorted);
    triage_cells_fini(&cells);
}

static void stack_close(void *state) {
    struct stack *s = state;
    triage_fields_fini(&s->fields);
    tally_fini(&s->tally);
    buf_fini(&s->columns);
    buf_fini(&s->texts);
    script_parts_fini(&s->parts);
    mem_free(s);
}

const struct triage_question triage_stack = {
    .open = stack_open, .event = stack_event, .end = stack_end, .close = stack_close};
