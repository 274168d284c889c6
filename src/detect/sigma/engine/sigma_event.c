/*
 * Bare events: names are native, so a name is a slot. Events of Windows may also be written in ECS
 * as Winlogbeat does (winlog.channel ...), and rules may be (process.command_line): the mapping's
 * fields of Windows lead from the one to the other.
 */
#include "sigma_match.h"
#include "windows_names.h"

#define BODY_PREFIX STR("winlog.event_data.")

struct bare {
    struct sigma_matcher *matcher;
    const struct sigma_rules *rules;
    const struct sigma_event_value *values;
    size_t count;
    bool has_body; /* native values stand below winlog.event_data */
};

static struct str find_text(const struct sigma_event_value *values, size_t count, struct str name) {
    for (size_t i = 0; i < count; i++) {
        if (!values[i].is_null && str_eq(values[i].name, name)) {
            return values[i].text;
        }
    }
    return STR_EMPTY;
}

static struct str find_any(const struct sigma_event_value *values, size_t count, struct str native,
                           struct str ecs, struct str other) {
    struct str text = find_text(values, count, native);
    text = text.len == 0 ? find_text(values, count, ecs) : text;
    return text.len == 0 ? find_text(values, count, other) : text;
}

static struct sigma_origin origin_of(const struct sigma_event_value *values, size_t count) {
    struct sigma_origin origin = {.dataset = DATASET_UNKNOWN};
    struct str none = STR_EMPTY;
    origin.channel = find_any(values, count, STR("Channel"), STR("winlog.channel"), none);
    origin.event_id =
        find_any(values, count, STR("EventID"), STR("winlog.event_id"), STR("event.code"));
    origin.provider = find_any(values, count, STR("Provider_Name"), STR("winlog.provider_name"),
                               STR("event.provider"));
    origin.is_windows = origin.channel.len > 0;
    origin.is_untold = !origin.is_windows;
    return origin;
}

static void match_name(const struct bare *b, struct str name, struct str text, size_t place) {
    uint32_t slot = sigma_set_slot(b->rules, name);
    if (slot == INTERN_NONE || slot == SIGMA_KEYWORD_SLOT) {
        return;
    }
    if (b->values[place].is_null) {
        sigma_match_null(b->matcher, slot);
    } else {
        sigma_match_value(b->matcher, slot, text, (uint32_t)place);
    }
}

/* The full name of a native one is that of the event field: "winlog.event_data.Image". */
static bool is_native_of(struct str full, struct str name, struct buf *scratch) {
    uint32_t field = schema_find(full);
    buf_clear(scratch);
    if (str_starts(full, BODY_PREFIX)) {
        return str_eq(str_skip(full, BODY_PREFIX.len), name);
    }
    return field != FIELD_NONE && windows_flat_name(scratch, field) &&
           str_eq(buf_str(scratch), name);
}

/* The value under the names that rules in ECS have for it; without a body in the event, a value
 * in ECS under the native names that it may stand for. */
static void match_mapped(const struct bare *b, size_t place, struct buf *scratch) {
    const struct sigma_event_value *v = &b->values[place];
    const struct dataset_info *info = dataset_info(DATASET_WINDOWS_EVTX);
    for (size_t i = 0; i < b->rules->mapping->field_count; i++) {
        const struct sigma_field_row *row = &b->rules->mapping->fields[i];
        struct str ecs = str_from_c(row->name);
        bool reverse = !b->has_body && str_eq(v->name, ecs);
        if (row->families[0] == '*' || !sigma_field_row_is_of(row, info->name, info->family) ||
            (!reverse && sigma_set_slot(b->rules, ecs) == INTERN_NONE)) {
            continue;
        }
        struct str rest = str_from_c(row->fields);
        struct str full;
        enum sigma_meaning meaning;
        while (sigma_field_row_next(&full, &meaning, &rest)) {
            if (reverse && meaning == SIGMA_MEANS_VALUE && str_starts(full, BODY_PREFIX)) {
                match_name(b, str_skip(full, BODY_PREFIX.len), v->text, place);
            } else if (!reverse &&
                       (str_eq(full, v->name) || is_native_of(full, v->name, scratch))) {
                bool last = meaning == SIGMA_MEANS_LAST_PART;
                match_name(b, ecs, last ? sigma_last_part(v->text) : v->text, place);
            }
        }
    }
}

/* winlog.event_data.Image is Image and the other way round, winlog.event_id is EventID. */
static void match_flat(const struct bare *b, size_t place, struct buf *scratch) {
    struct str name = b->values[place].name;
    if (str_starts(name, BODY_PREFIX)) {
        match_name(b, str_skip(name, BODY_PREFIX.len), b->values[place].text, place);
        return;
    }
    uint32_t field = str_starts(name, STR("winlog.")) ? schema_find(name) : FIELD_NONE;
    buf_clear(scratch);
    if (b->has_body && field == FIELD_NONE) {
        buf_add(scratch, BODY_PREFIX);
        buf_add(scratch, name);
        match_name(b, buf_str(scratch), b->values[place].text, place);
        buf_clear(scratch);
    }
    if (field != FIELD_NONE && windows_flat_name(scratch, field)) {
        match_name(b, buf_str(scratch), b->values[place].text, place);
    }
}

static void match_windows(const struct bare *b) {
    struct buf scratch = BUF_INIT;
    for (size_t i = 0; i < b->count; i++) {
        match_flat(b, i, &scratch);
        match_mapped(b, i, &scratch);
    }
    buf_fini(&scratch);
}

static bool has_body(const struct sigma_event_value *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (str_starts(values[i].name, BODY_PREFIX)) {
            return true;
        }
    }
    return count > 0 && find_text(values, count, STR("Channel")).len > 0;
}

void sigma_match_event(struct sigma_matcher *matcher, const struct sigma_event_value *values,
                       size_t count, sigma_hit_fn *hit, void *ctx) {
    struct sigma_origin origin = origin_of(values, count);
    struct bare b = {matcher, sigma_matcher_rules(matcher), values, count, has_body(values, count)};
    sigma_match_begin(matcher, &origin);
    bool keywords = sigma_match_wants(matcher, SIGMA_KEYWORD_SLOT);
    for (size_t i = 0; i < count; i++) {
        const struct sigma_event_value *v = &values[i];
        match_name(&b, v->name, v->text, i);
        if (keywords && !v->is_null && !v->is_structure) {
            sigma_match_value(matcher, SIGMA_KEYWORD_SLOT, v->text, (uint32_t)i);
        }
    }
    if (origin.is_windows) {
        match_windows(&b);
    }
    sigma_match_end(matcher, hit, ctx);
}
