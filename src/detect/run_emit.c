/*
 * What analyses say (analysis.h): drafts from event() are joined by key on the open day, drafts
 * from evaluate() are written at once; events become evidence.
 */
#include "mem.h"
#include "num.h"
#include "run_priv.h"

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

static struct run_draft *find_draft(struct analysis_run *run, struct str key) {
    struct arena *arena = &run->day_arena;
    uint32_t known = run->draft_keys.count;
    buf_clear(&run->scratch);
    buf_printf(&run->scratch, "%u\n", run->current);
    buf_add(&run->scratch, key);
    uint32_t id = intern_add(&run->draft_keys, buf_str(&run->scratch));
    if (id == known) {
        MEM_GROW(run->drafts, run->draft_capacity, (size_t)id + 1);
        run->drafts[id] = (struct run_draft){.instance = run->current};
        run->drafts[id].draft =
            (struct finding_draft){.key = arena_str(arena, key), .suppressed_by = STR_EMPTY};
        run->drafts[id].draft.suppress = true;
    }
    return &run->drafts[id];
}

void analysis_emit_event(const struct analysis_context *context, const struct analysis_event *event,
                         const struct finding_draft *draft) {
    struct analysis_run *run = context->run;
    const struct run_instance *instance = &run->instances[run->current];
    if (event->day < instance->evaluate_from || event->day > instance->evaluate_to) {
        return;
    }
    struct arena *arena = &run->day_arena;
    struct run_draft *kept = find_draft(run, draft->key);
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

void run_write_part(struct analysis_run *run, const struct analysis *analysis, int32_t day,
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
    const struct run_instance *instance = &run->instances[run->current];
    if (day >= instance->evaluate_from && day <= instance->evaluate_to && draft->event_count > 0) {
        run_write_part(run, instance->analysis, day, draft);
    }
}

void analysis_cover(const struct analysis_context *context, int32_t day,
                    const struct coverage_note *note) {
    struct analysis_run *run = context->run;
    const struct run_instance *instance = &run->instances[run->current];
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
