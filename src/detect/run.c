#include "run.h"

#include "identity.h"
#include "mem.h"
#include "num.h"
#include "web_request.h"

enum { NEEDED_MAX = 8 };

/* One analysis in a run. */
struct instance {
    const struct analysis *analysis;
    void *state;
    uint64_t datasets;
    uint32_t needed[NEEDED_MAX];
    size_t needed_count;
    int32_t feed_from;
    int32_t evaluate_from;
    int32_t evaluate_to;
};

/* What event() emitted about one key on the open day. */
struct day_draft {
    uint32_t instance;
    struct finding_draft draft; /* texts in the day's arena */
    struct evidence_list events;
};

/* Rows of one source that one analysis saw on the open day. */
struct coverage_count {
    uint32_t instance;
    uint32_t source;  /* in names */
    uint32_t dataset; /* of the latest row that lacked a field */
    uint64_t rows;
    uint64_t present[NEEDED_MAX];
};

struct analysis_run {
    struct run_options options;
    struct analysis_context context;
    struct identity *identity;
    struct instance *instances;
    size_t instance_count;
    uint32_t *fields;
    size_t field_count;
    size_t field_capacity;
    uint64_t datasets;
    struct intern names; /* sources and origins of evidence, for the run's life */

    int32_t open_day;
    struct arena day_arena;
    struct intern draft_keys; /* of the open day */
    struct day_draft *drafts;
    size_t draft_capacity;
    struct coverage_count *coverage; /* of the open day */
    size_t coverage_count;
    size_t coverage_capacity;
    /* By source (in names) and instance: the index in `coverage` + 1, 0 = none yet. */
    uint32_t *coverage_at;
    size_t coverage_at_capacity;
    struct web_request_memo *web;

    uint32_t current; /* instance whose callback runs */
    struct err *err;  /* of the evaluation that runs */
    enum status status;
    uint64_t rows_fed;
    uint64_t draft_count;
    struct buf scratch;
    char computer[64];
};

/* --- set-up --- */

static void add_field(struct analysis_run *run, uint32_t field) {
    for (size_t i = 0; i < run->field_count; i++) {
        if (run->fields[i] == field) {
            return;
        }
    }
    MEM_GROW(run->fields, run->field_capacity, run->field_count + 1);
    run->fields[run->field_count++] = field;
}

static uint64_t family_datasets(struct str families) {
    uint64_t mask = 0;
    struct str word;
    while (str_word_next(&word, &families)) {
        for (unsigned d = 1; d < DATASET_COUNT; d++) {
            if (str_eq(dataset_info((enum dataset)d)->family, word)) {
                mask |= UINT64_C(1) << d;
            }
        }
    }
    return mask;
}

static void set_up_instance(struct analysis_run *run, struct instance *instance,
                            const struct analysis *analysis) {
    instance->analysis = analysis;
    instance->datasets = family_datasets(str_from_c(analysis->families));
    run->datasets |= instance->datasets;
    for (const struct analysis_field *f = analysis->fields; f->name; f++) {
        uint32_t field = schema_field(str_from_c(f->name));
        add_field(run, field);
        if (f->needed && instance->needed_count < NEEDED_MAX) {
            instance->needed[instance->needed_count++] = field;
        }
    }
}

struct analysis_run *run_create(const struct run_options *options) {
    static const uint32_t always[] = {
        FIELD_WINLOG_EVENT_ID, FIELD_WINLOG_COMPUTER, FIELD_DHCP_LEASE_IP,  FIELD_CLIENT_IP,
        FIELD_CLIENT_MAC,      FIELD_CLIENT_DOMAIN,   FIELD_CLIENT_ADDRESS, FIELD_EVENT_ACTION};
    struct analysis_run *run = mem_calloc(1, sizeof *run);
    size_t count = 0;
    while (options->analyses[count]) {
        count++;
    }
    run->options = *options;
    run->identity = identity_create(options->site);
    run->web = web_request_memo_create();
    run->instances = mem_calloc(count + 1, sizeof *run->instances);
    run->instance_count = count;
    run->open_day = INT32_MIN;
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        add_field(run, always[i]);
    }
    run->datasets = UINT64_C(1) << DATASET_ISC_DHCPD;
    run->context = (struct analysis_context){options->site, options->iocs,
                                             site_params(options->site), run->identity, run};
    for (size_t i = 0; i < count; i++) {
        set_up_instance(run, &run->instances[i], options->analyses[i]);
    }
    return run;
}

static void close_day_tables(struct analysis_run *run) {
    for (uint32_t i = 0; i < run->draft_keys.count; i++) {
        evidence_list_fini(&run->drafts[i].events);
    }
    intern_clear(&run->draft_keys);
    run->coverage_count = 0;
    if (run->coverage_at != NULL) {
        memset(run->coverage_at, 0, run->coverage_at_capacity * sizeof *run->coverage_at);
    }
    arena_reset(&run->day_arena);
}

static void drop_states(struct analysis_run *run) {
    for (size_t i = 0; i < run->instance_count; i++) {
        struct instance *instance = &run->instances[i];
        if (instance->state && instance->analysis->destroy) {
            instance->analysis->destroy(instance->state);
        }
        instance->state = NULL;
    }
}

void run_destroy(struct analysis_run **out) {
    struct analysis_run *run = *out;
    *out = NULL;
    if (!run) {
        return;
    }
    drop_states(run);
    close_day_tables(run);
    identity_destroy(&run->identity);
    web_request_memo_destroy(&run->web);
    intern_fini(&run->names);
    intern_fini(&run->draft_keys);
    arena_fini(&run->day_arena);
    buf_fini(&run->scratch);
    mem_free(run->drafts);
    mem_free(run->coverage);
    mem_free(run->coverage_at);
    mem_free(run->fields);
    mem_free(run->instances);
    mem_free(run);
}

const uint32_t *run_fields(const struct analysis_run *run, size_t *count) {
    *count = run->field_count;
    return run->fields;
}

uint64_t run_datasets(const struct analysis_run *run) {
    return run->datasets;
}

int run_max_lookback(const struct analysis_run *run) {
    int most = 0;
    for (size_t i = 0; i < run->instance_count; i++) {
        int days = run->instances[i].analysis->lookback_days;
        most = days > most ? days : most;
    }
    return most + IDENTITY_LEASE_DAYS; /* leases are learned from what is fed */
}

static enum status clear_parts(struct analysis_run *run, const struct analysis *analysis,
                               int32_t first, int32_t last, struct err *err) {
    switch (run->options.mode) {
    case RUN_ALL:
        return parts_clear(run->options.db, analysis, first, last, err);
    case RUN_CHOSEN:
        return parts_clear_said(run->options.db, analysis, first, last, err);
    case RUN_PROBE:
        break;
    }
    return STATUS_OK;
}

enum status run_window(struct analysis_run *run, int32_t first, int32_t last, struct err *err) {
    drop_states(run);
    close_day_tables(run);
    identity_clear(run->identity);
    run->open_day = INT32_MIN;
    for (size_t i = 0; i < run->instance_count; i++) {
        struct instance *instance = &run->instances[i];
        const struct analysis *a = instance->analysis;
        instance->feed_from = first - a->lookback_days;
        instance->evaluate_from = first;
        instance->evaluate_to = last + a->lookback_days;
        if (a->create) {
            instance->state = a->create(&run->context);
        }
        enum status status = clear_parts(run, a, first, instance->evaluate_to, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

void run_extend(struct analysis_run *run, int32_t day) {
    for (size_t i = 0; i < run->instance_count; i++) {
        struct instance *instance = &run->instances[i];
        instance->evaluate_to = day > instance->evaluate_to ? day : instance->evaluate_to;
    }
}

/* --- feeding --- */

static uint32_t event_code(const struct batch *batch, const struct row *row) {
    struct str text;
    uint64_t code;
    return batch_find(&text, batch, row, FIELD_WINLOG_EVENT_ID) && num_parse_u64(&code, text) &&
                   code < UINT32_MAX
               ? (uint32_t)code
               : 0;
}

static bool is_windows(const struct row *row) {
    return str_eq(dataset_info((enum dataset)row->dataset)->family, STR("windows"));
}

static bool wants_code(const struct analysis *analysis, uint32_t code) {
    if (!analysis->codes) {
        return true;
    }
    for (const uint32_t *c = analysis->codes; *c; c++) {
        if (*c == code) {
            return true;
        }
    }
    return false;
}

/* Rows that are no sound event of their own. */
static const uint32_t unfit = ROW_DAMAGED | ROW_BLANK | ROW_META | ROW_UNPARSED | ROW_CONTINUED;

static bool instance_wants(const struct instance *instance, const struct row *row, bool windows,
                           uint32_t code) {
    const struct analysis *a = instance->analysis;
    if (!(instance->datasets >> row->dataset & 1) ||
        ((row->flags & ROW_DERIVED) && !a->include_derived && !a->only_derived) ||
        (!(row->flags & ROW_DERIVED) && a->only_derived)) {
        return false;
    }
    return !windows || wants_code(a, code);
}

bool run_wants(const struct analysis_run *run, const struct batch *batch, const struct row *row) {
    if ((row->flags & unfit) || !(run->datasets >> row->dataset & 1)) {
        return false;
    }
    if (row->dataset == DATASET_ISC_DHCPD) {
        return true;
    }
    bool windows = is_windows(row);
    uint32_t code = windows ? event_code(batch, row) : 0;
    for (size_t i = 0; i < run->instance_count; i++) {
        if (instance_wants(&run->instances[i], row, windows, code)) {
            return true;
        }
    }
    return false;
}

/* Short name of the computer in lower case, in the run's own memory. */
static struct str short_computer(struct analysis_run *run, const struct batch *batch,
                                 const struct row *row) {
    struct str name;
    if (!batch_find(&name, batch, row, FIELD_WINLOG_COMPUTER)) {
        return STR_EMPTY;
    }
    name = str_head(name, str_find_char(name, '.'));
    name = str_head(name, sizeof run->computer);
    for (size_t i = 0; i < name.len; i++) {
        run->computer[i] = ascii_lower(name.ptr[i]);
    }
    return str_make(run->computer, name.len);
}

/* Source of a row; of a derived row that of its lines ("mx01" of "mx01/mail"). */
static struct str lines_source(const struct analysis_event *event) {
    struct str source = intern_text(&event->batch->names, event->row->source);
    size_t slash = str_rfind_char(source, '/');
    bool derived = (event->row->flags & ROW_DERIVED) != 0;
    return derived && slash != STR_NONE ? str_head(source, slash) : source;
}

/* Id of the row's source in the run's names. */
static uint32_t coverage_source(struct analysis_run *run, const struct analysis_event *event) {
    struct str source = event->computer.len > 0 ? event->computer : lines_source(event);
    return intern_add(&run->names, source);
}

static struct coverage_count *find_coverage(struct analysis_run *run, uint32_t instance,
                                            uint32_t source) {
    size_t old = run->coverage_at_capacity;
    size_t at = (size_t)source * run->instance_count + instance;
    MEM_GROW(run->coverage_at, run->coverage_at_capacity, at + 1);
    if (run->coverage_at_capacity > old) {
        memset(run->coverage_at + old, 0,
               (run->coverage_at_capacity - old) * sizeof *run->coverage_at);
    }
    if (run->coverage_at[at] == 0) {
        MEM_GROW(run->coverage, run->coverage_capacity, run->coverage_count + 1);
        run->coverage[run->coverage_count++] =
            (struct coverage_count){.instance = instance, .source = source};
        run->coverage_at[at] = (uint32_t)run->coverage_count;
    }
    return &run->coverage[run->coverage_at[at] - 1];
}

static void count_coverage(struct analysis_run *run, uint32_t index, uint32_t source,
                           const struct analysis_event *event) {
    const struct instance *instance = &run->instances[index];
    struct coverage_count *count = find_coverage(run, index, source);
    count->rows++;
    for (size_t i = 0; i < instance->needed_count; i++) {
        struct str value;
        if (batch_find(&value, event->batch, event->row, instance->needed[i])) {
            count->present[i]++;
        } else {
            count->dataset = event->row->dataset;
        }
    }
}

void run_feed(struct analysis_run *run, const struct batch *batch, const struct row *row) {
    const struct site *site = run->options.site;
    if (row->dataset == DATASET_ISC_DHCPD) {
        identity_learn(run->identity, batch, row);
    }
    struct analysis_event event = {
        .batch = batch, .row = row, .computer = STR_EMPTY, .web = run->web};
    web_request_memo_forget(run->web);
    int64_t local = zone_to_local(site_zone(site), row->time_ns);
    event.day = site_local_day(site, row->time_ns);
    event.second = (int32_t)((local - (int64_t)event.day * NS_PER_DAY) / NS_PER_SECOND);
    bool windows = is_windows(row);
    if (windows) {
        event.code = event_code(batch, row);
        event.computer = short_computer(run, batch, row);
    }
    run->open_day = event.day;
    run->rows_fed++;
    uint32_t source = INTERN_NONE;
    for (uint32_t i = 0; i < run->instance_count; i++) {
        struct instance *instance = &run->instances[i];
        if (event.day < instance->feed_from || event.day > instance->evaluate_to ||
            !instance_wants(instance, row, windows, event.code)) {
            continue;
        }
        run->current = i;
        source = source == INTERN_NONE ? coverage_source(run, &event) : source;
        count_coverage(run, i, source, &event);
        instance->analysis->event(instance->state, &run->context, &event);
    }
}

/* --- emission --- */

struct evidence analysis_evidence(const struct analysis_context *context,
                                  const struct analysis_event *event) {
    struct analysis_run *run = context->run;
    const struct row *row = event->row;
    const struct intern *names = &event->batch->names;
    return (struct evidence){
        .time_ns = row->time_ns,
        .record_id = row->record_id,
        .sequence = row->sequence,
        .source = intern_add(&run->names, intern_text(names, row->source)),
        .origin = row->origin == INTERN_NONE
                      ? INTERN_NONE
                      : intern_add(&run->names, intern_text(names, row->origin)),
        .line = row->line,
        .idx = row->idx,
    };
}

/* "source-sequence" into the evidence; false if it is no event id. */
static bool parse_member(struct evidence *out, struct analysis_run *run, struct str id) {
    size_t dash = str_rfind_char(id, '-');
    if (dash == STR_NONE || !num_parse_u64(&out->sequence, str_skip(id, dash + 1))) {
        return false;
    }
    out->source = intern_add(&run->names, str_head(id, dash));
    return true;
}

/* The next value of the field from *at on, empty if there is none; *at moves behind it. */
static struct str next_value(const struct analysis_event *event, uint32_t field, uint32_t *at) {
    const struct row *row = event->row;
    const struct value *values = event->batch->values + row->first_value;
    while (*at < row->value_count) {
        const struct value *v = &values[(*at)++];
        if (v->field == field) {
            return batch_value_text(event->batch, v);
        }
    }
    return STR_EMPTY;
}

size_t analysis_members(struct evidence *out, size_t max, const struct analysis_context *context,
                        const struct analysis_event *event) {
    struct analysis_run *run = context->run;
    uint32_t at[3] = {0, 0, 0};
    size_t count = 0;
    while (count < max) {
        struct evidence e = {.time_ns = event->row->time_ns, .origin = INTERN_NONE};
        struct str id = next_value(event, FIELD_MEMBER, &at[0]);
        struct str file = next_value(event, FIELD_MEMBER_FILE, &at[1]);
        struct str line = next_value(event, FIELD_MEMBER_LINE, &at[2]);
        uint64_t number;
        if (!parse_member(&e, run, id)) {
            break;
        }
        e.origin = file.len > 0 ? intern_add(&run->names, file) : INTERN_NONE;
        e.line = num_parse_u64(&number, line) && number <= UINT32_MAX ? (uint32_t)number : 0;
        out[count++] = e;
    }
    int64_t end;
    bool zone;
    if (count > 0 && civil_parse_rfc3339(&end, &zone, event_get(event, FIELD_EVENT_END))) {
        out[count - 1].time_ns = end;
    }
    return count;
}

static struct text2 keep_text2(struct arena *arena, struct text2 text) {
    return (struct text2){arena_str(arena, text.en), arena_str(arena, text.ja)};
}

static bool has_entity(const struct finding_draft *draft, const struct entity *entity) {
    for (size_t i = 0; i < draft->entity_count; i++) {
        if (draft->entities[i].key == entity->key &&
            str_eq(draft->entities[i].value, entity->value)) {
            return true;
        }
    }
    return false;
}

static void keep_entities(struct arena *arena, struct finding_draft *to,
                          const struct finding_draft *from) {
    size_t fresh = 0;
    for (size_t i = 0; i < from->entity_count; i++) {
        fresh += !has_entity(to, &from->entities[i]);
    }
    if (fresh == 0) {
        return;
    }
    struct entity *list = arena_array(arena, to->entity_count + fresh, sizeof *list);
    for (size_t i = 0; i < to->entity_count; i++) {
        list[i] = to->entities[i];
    }
    size_t used = to->entity_count;
    for (size_t i = 0; i < from->entity_count; i++) {
        if (!has_entity(to, &from->entities[i])) {
            list[used++] =
                (struct entity){from->entities[i].key, arena_str(arena, from->entities[i].value)};
        }
    }
    to->entities = list;
    to->entity_count = used;
}

static struct day_draft *find_draft(struct analysis_run *run, struct str key) {
    struct arena *arena = &run->day_arena;
    uint32_t known = run->draft_keys.count;
    buf_clear(&run->scratch);
    buf_printf(&run->scratch, "%u\n", run->current);
    buf_add(&run->scratch, key);
    uint32_t id = intern_add(&run->draft_keys, buf_str(&run->scratch));
    if (id == known) {
        MEM_GROW(run->drafts, run->draft_capacity, (size_t)id + 1);
        run->drafts[id] = (struct day_draft){.instance = run->current};
        run->drafts[id].draft =
            (struct finding_draft){.key = arena_str(arena, key), .suppressed_by = STR_EMPTY};
        run->drafts[id].draft.suppress = true;
    }
    return &run->drafts[id];
}

void analysis_emit_event(const struct analysis_context *context, const struct analysis_event *event,
                         const struct finding_draft *draft) {
    struct analysis_run *run = context->run;
    const struct instance *instance = &run->instances[run->current];
    if (event->day < instance->evaluate_from || event->day > instance->evaluate_to) {
        return;
    }
    struct arena *arena = &run->day_arena;
    struct day_draft *kept = find_draft(run, draft->key);
    struct finding_draft *to = &kept->draft;
    if (kept->events.count == 0 || draft->level >= to->level) {
        to->level = draft->level;
        to->reason = keep_text2(arena, draft->reason);
        to->evaluable = draft->evaluable;
        to->missing = keep_text2(arena, draft->missing);
    }
    if (draft->suppress) {
        to->suppressed_by = arena_str(arena, draft->suppressed_by);
    }
    to->suppress = to->suppress && draft->suppress;
    keep_entities(arena, to, draft);
    size_t limit = event->row->value_count + 1; /* a member is at least one value */
    struct evidence *members = mem_calloc(limit, sizeof *members);
    size_t count = 0;
    if (event->row->flags & ROW_DERIVED) {
        count = analysis_members(members, limit, context, event);
    }
    if (count == 0) {
        members[count++] = analysis_evidence(context, event);
    }
    for (size_t i = 0; i < count; i++) {
        evidence_list_add(&kept->events, &members[i]);
    }
    mem_free(members);
}

/* Writes one statement, explained or not. */
static void write_part(struct analysis_run *run, const struct analysis *analysis, int32_t day,
                       const struct finding_draft *draft) {
    if (run->options.mode == RUN_PROBE) {
        day_set_add(run->options.said, day);
        return;
    }
    struct finding_draft copy = *draft;
    struct buf why = BUF_INIT;
    if (!copy.suppress) {
        const struct site_allow *allow =
            site_find_allow(run->options.site, str_from_c(analysis->id), draft->entities,
                            draft->entity_count, draft->events[draft->event_count - 1].time_ns);
        copy.suppress = allow != NULL;
        if (allow) {
            buf_printf(&why, "%.*s: %.*s", STR_ARG(allow->owner), STR_ARG(allow->reason));
            copy.suppressed_by = buf_str(&why);
        }
    }
    if (run->status == STATUS_OK) {
        struct part part = {analysis, day, &copy, &run->names};
        run->status = parts_put(run->options.db, &part, run->err);
        run->draft_count++;
    }
    buf_fini(&why);
}

void analysis_emit(const struct analysis_context *context, int32_t day,
                   const struct finding_draft *draft) {
    struct analysis_run *run = context->run;
    const struct instance *instance = &run->instances[run->current];
    if (day >= instance->evaluate_from && day <= instance->evaluate_to && draft->event_count > 0) {
        write_part(run, instance->analysis, day, draft);
    }
}

void analysis_cover(const struct analysis_context *context, int32_t day,
                    const struct coverage_note *note) {
    struct analysis_run *run = context->run;
    const struct instance *instance = &run->instances[run->current];
    if (day < instance->evaluate_from || day > instance->evaluate_to || run->status != STATUS_OK ||
        run->options.mode != RUN_ALL) {
        return;
    }
    struct part_coverage coverage = {instance->analysis,
                                     note,
                                     0,
                                     day,
                                     site_day_start(run->options.site, day),
                                     site_day_start(run->options.site, day + 1)};
    run->status = parts_put_coverage(run->options.db, &coverage, run->err);
}

/* --- the day's end --- */

static const struct {
    const char *dataset;
    const char *field;
    const char *en;
    const char *ja;
} settings[] = {
#define SETTING(dataset, field, en, ja) {dataset, field, en, ja},
#include "settings.def"
};

/* The device setting that provides the field; empty if the table knows none. */
static struct text2 find_setting(struct str dataset, struct str field) {
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (str_eq(dataset, str_from_c(settings[i].dataset)) &&
            str_eq(field, str_from_c(settings[i].field))) {
            return (struct text2){str_from_c(settings[i].en), str_from_c(settings[i].ja)};
        }
    }
    return (struct text2){STR_EMPTY, STR_EMPTY};
}

static enum evaluable field_state(uint64_t present, uint64_t rows) {
    if (present == 0) {
        return EVALUABLE_NO;
    }
    return present * 100 < rows * 95 ? EVALUABLE_DEGRADED : EVALUABLE_FULL;
}

static void write_coverage(struct analysis_run *run, const struct coverage_count *count,
                           int32_t day) {
    const struct instance *instance = &run->instances[count->instance];
    if (day < instance->evaluate_from || day > instance->evaluate_to) {
        return;
    }
    struct coverage_note note = {intern_text(&run->names, count->source),
                                 EVALUABLE_FULL,
                                 {STR_EMPTY, STR_EMPTY},
                                 {STR_EMPTY, STR_EMPTY}};
    for (size_t i = 0; i < instance->needed_count; i++) {
        enum evaluable state = field_state(count->present[i], count->rows);
        if (state > note.state) {
            struct str field = schema_name(instance->needed[i]);
            note.state = state;
            note.missing = (struct text2){field, field};
            note.setting = find_setting(dataset_info((enum dataset)count->dataset)->name, field);
        }
    }
    struct part_coverage coverage = {instance->analysis,
                                     &note,
                                     count->rows,
                                     day,
                                     site_day_start(run->options.site, day),
                                     site_day_start(run->options.site, day + 1)};
    if (run->status == STATUS_OK) {
        run->status = parts_put_coverage(run->options.db, &coverage, run->err);
    }
}

static void write_day_draft(struct analysis_run *run, const struct day_draft *kept, int32_t day) {
    struct finding_draft draft = kept->draft;
    struct evidence events[EVIDENCE_HEAD + EVIDENCE_TAIL];
    draft.event_count = evidence_list_shown(&kept->events);
    for (size_t i = 0; i < draft.event_count; i++) {
        events[i] = *evidence_list_get(&kept->events, i);
    }
    draft.events = events;
    draft.count = kept->events.count;
    write_part(run, run->instances[kept->instance].analysis, day, &draft);
}

static void evaluate_instances(struct analysis_run *run, int32_t day) {
    for (uint32_t i = 0; i < run->instance_count; i++) {
        struct instance *instance = &run->instances[i];
        if (day < instance->evaluate_from || day > instance->evaluate_to) {
            continue;
        }
        run->current = i;
        if (instance->analysis->evaluate) {
            instance->analysis->evaluate(instance->state, &run->context, day);
        }
        if (instance->analysis->coverage) {
            instance->analysis->coverage(instance->state, &run->context, day);
        }
    }
}

enum status run_evaluate(struct analysis_run *run, int32_t day, struct err *err) {
    run->status = STATUS_OK;
    run->err = err;
    for (size_t i = 0; i < run->instance_count && run->status == STATUS_OK; i++) {
        const struct instance *instance = &run->instances[i];
        if (day >= instance->evaluate_from && day <= instance->evaluate_to) {
            run->status = clear_parts(run, instance->analysis, day, day, err);
        }
    }
    if (run->status == STATUS_OK && run->open_day == day) {
        for (uint32_t i = 0; i < run->draft_keys.count; i++) {
            write_day_draft(run, &run->drafts[i], day);
        }
        for (uint32_t i = 0; i < run->coverage_count && run->options.mode == RUN_ALL; i++) {
            write_coverage(run, &run->coverage[i], day);
        }
    }
    if (run->status == STATUS_OK) {
        evaluate_instances(run, day);
    }
    run->err = NULL;
    return run->status;
}

void run_close(struct analysis_run *run, int32_t day) {
    close_day_tables(run);
    for (size_t i = 0; i < run->instance_count; i++) {
        struct instance *instance = &run->instances[i];
        if (instance->analysis->evict) {
            instance->analysis->evict(instance->state, day + 1 - instance->analysis->lookback_days);
        }
    }
    identity_evict(run->identity, site_day_start(run->options.site, day - 2));
}

uint64_t run_rows_fed(const struct analysis_run *run) {
    return run->rows_fed;
}

uint64_t run_drafts(const struct analysis_run *run) {
    return run->draft_count;
}
