#include "scan_view.h"

#include "mem.h"
#include "windows_names.h"

struct source {
    struct scan_view *view;
    const struct scan_hit *hit;
};

void scan_view_fini(struct scan_view *view) {
    arena_fini(&view->arena);
    arena_fini(&view->name_arena);
    mem_free(view->names);
    buf_fini(&view->scratch);
    buf_fini(&view->detail_names);
    buf_fini(&view->body);
}

/* --- fields --- */

static struct str line_text(const struct scan_hit *hit) {
    struct str line = batch_raw(hit->batch, hit->row);
    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) {
        line.len--;
    }
    return line;
}

static const struct scan_view_name *name_of(struct scan_view *view, uint32_t field) {
    if (field >= view->name_capacity) {
        size_t known = view->name_capacity;
        MEM_GROW(view->names, view->name_capacity, (size_t)field + 1);
        memset(view->names + known, 0, (view->name_capacity - known) * sizeof *view->names);
    }
    struct scan_view_name *name = &view->names[field];
    if (name->text.ptr == NULL) {
        buf_clear(&view->scratch);
        name->is_windows = windows_flat_name(&view->scratch, field);
        name->text = name->is_windows ? arena_str(&view->name_arena, buf_str(&view->scratch))
                                      : schema_name(field);
    }
    return name;
}

/* The text of an attribute (or the line itself), in the arena; false if there is none. */
static bool attribute(struct str *out, struct source *s, uint32_t field) {
    if (field == FIELD_EVENT_ORIGINAL) {
        *out = line_text(s->hit);
        return true;
    }
    buf_clear(&s->view->scratch);
    if (!batch_get(out, s->hit->batch, s->hit->row, field, &s->view->scratch)) {
        return false;
    }
    *out = arena_str(&s->view->arena, *out);
    return true;
}

static size_t add_values(struct report_field *out, struct source *s, uint32_t field) {
    const struct row *row = s->hit->row;
    struct str name = name_of(s->view, field)->text;
    size_t n = 0;
    if (schema_is_attribute(field)) {
        out[0].name = name;
        return attribute(&out[0].value, s, field);
    }
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &s->hit->batch->values[row->first_value + i];
        if (v->field == field) {
            out[n++] = (struct report_field){name, batch_value_text(s->hit->batch, v)};
        }
    }
    return n;
}

enum { PLACES_MAX = 8, PLACE_FIELDS = 4 };

static void add_place_field(struct report_field *fields, size_t *count, struct source *s,
                            struct str address_field, const char *part, struct str value) {
    if (value.len > 0) {
        struct str name =
            arena_printf(&s->view->arena, "%.*s.geo.%s", STR_ARG(address_field), part);
        fields[(*count)++] = (struct report_field){name, value};
    }
}

/* "IpAddress.geo.country" and the like for each public address of the event, as often as its own
 * fields name one; the copies that we made of them say nothing new. */
static size_t add_places(struct report_field *fields, struct source *s) {
    const struct row *row = s->hit->row;
    bool is_windows = str_eq(dataset_info((enum dataset)row->dataset)->family, STR("windows"));
    size_t places = 0;
    size_t n = 0;
    for (uint32_t i = 0; i < row->value_count && places < PLACES_MAX; i++) {
        const struct value *v = &s->hit->batch->values[row->first_value + i];
        struct geoip_place place;
        const struct scan_view_name *name = name_of(s->view, v->field);
        if ((is_windows && !name->is_windows) ||
            !geoip_find(&place, s->view->geoip, batch_value_text(s->hit->batch, v))) {
            continue;
        }
        struct str number =
            place.as_number == 0 ? STR_EMPTY : arena_printf(&s->view->arena, "%u", place.as_number);
        add_place_field(fields, &n, s, name->text, "country", place.country);
        add_place_field(fields, &n, s, name->text, "city", place.city);
        add_place_field(fields, &n, s, name->text, "asn", number);
        add_place_field(fields, &n, s, name->text, "as", place.as_name);
        places++;
    }
    return n;
}

static void add_matched(struct report_hit *out, struct source *s) {
    const struct sigma_hit *sigma = s->hit->sigma;
    /* no more than every value of the row once, and one a name that is an attribute */
    size_t room = sigma->field_count + s->hit->row->value_count;
    room += s->view->geoip != NULL ? PLACES_MAX * PLACE_FIELDS : 0;
    struct report_field *fields = arena_array(&s->view->arena, room, sizeof *fields);
    for (size_t i = 0; i < sigma->field_count; i++) {
        out->field_count += add_values(fields + out->field_count, s, sigma->fields[i]);
    }
    if (s->view->geoip != NULL) {
        out->field_count += add_places(fields + out->field_count, s);
    }
    out->fields = fields;
}

/* Windows events: their own fields, not our copies of them. Lines: all fields, or the line. */
static void add_all(struct report_hit *out, struct source *s) {
    const struct row *row = s->hit->row;
    const struct batch *batch = s->hit->batch;
    bool is_windows = str_eq(dataset_info((enum dataset)row->dataset)->family, STR("windows"));
    struct report_field *fields =
        arena_array(&s->view->arena, (size_t)row->value_count + 1, sizeof *fields);
    size_t n = 0;
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        const struct scan_view_name *name = name_of(s->view, v->field);
        if (!is_windows || name->is_windows) {
            fields[n++] = (struct report_field){name->text, batch_value_text(batch, v)};
        }
    }
    if (n == 0) {
        fields[n++] = (struct report_field){STR("event.original"), line_text(s->hit)};
    }
    out->all = fields;
    out->all_count = n;
}

/* --- who and where --- */

static struct str first_of(const struct scan_hit *hit, const uint32_t *fields, size_t count) {
    struct str text = STR_EMPTY;
    for (size_t i = 0; i < count; i++) {
        if (fields[i] != FIELD_NONE && batch_find(&text, hit->batch, hit->row, fields[i]) &&
            text.len > 0 && !str_eq(text, STR("-"))) {
            return text;
        }
    }
    return STR_EMPTY;
}

static void add_origin(struct report_hit *out, const struct scan_view *view,
                       const struct scan_hit *hit) {
    static const uint32_t computers[] = {FIELD_WINLOG_COMPUTER, FIELD_HOST_NAME,
                                         FIELD_SYSLOG_HOSTNAME, FIELD_OBSERVER_NAME};
    static const uint32_t users[] = {FIELD_USER_NAME, FIELD_USER_TARGET_NAME,
                                     FIELD_SOURCE_USER_NAME};
    const uint32_t processes[] = {windows_field_find(STR("Image")),
                                  windows_field_find(STR("NewProcessName")),
                                  windows_field_find(STR("ProcessName")),
                                  windows_field_find(STR("SourceImage")), FIELD_PROCESS_NAME};
    static const uint32_t ids[] = {FIELD_WINLOG_EVENT_ID, FIELD_EVENT_CODE};
    static const uint32_t channels[] = {FIELD_WINLOG_CHANNEL};
    static const uint32_t providers[] = {FIELD_WINLOG_PROVIDER, FIELD_EVENT_PROVIDER};
#define FIRST_OF(list) first_of(hit, list, sizeof(list) / sizeof *(list))
    out->computer = FIRST_OF(computers);
    out->user = FIRST_OF(users);
    out->process = FIRST_OF(processes);
    out->event_id = FIRST_OF(ids);
    out->channel = FIRST_OF(channels);
    out->provider = FIRST_OF(providers);
#undef FIRST_OF
    if (view->abbreviate && view->profiles != NULL) {
        out->channel = report_profiles_short(view->profiles, out->channel);
        out->provider = report_profiles_short(view->profiles, out->provider);
    }
}

/* --- details --- */

/* "3 (network)", where the profiles say in the table what it means. */
static void add_value(struct buf *out, const struct scan_view *view, struct str table,
                      struct str value) {
    struct str meaning =
        view->raw_values ? STR_EMPTY : report_profiles_meaning(view->profiles, table, value);
    buf_add(out, value);
    if (meaning.len > 0) {
        buf_printf(out, " (%.*s)", STR_ARG(meaning));
    }
}

/* "Status", or "Status@KerberosStatus": the table that says what its values mean has another name.
 */
static bool look_up(struct buf *out, struct str name, void *ctx) {
    const struct source *s = ctx;
    const struct row *row = s->hit->row;
    size_t at = str_find_char(name, '@');
    struct str field_name = str_head(name, at);
    struct str table = at == STR_NONE ? name : str_skip(name, at + 1);
    uint32_t field = windows_field_find(field_name);
    bool found = false;
    for (uint32_t i = 0; field != FIELD_NONE && i < row->value_count; i++) {
        const struct value *v = &s->hit->batch->values[row->first_value + i];
        if (v->field == field) {
            buf_add(out, found ? STR(", ") : STR_EMPTY);
            add_value(out, s->view, table, batch_value_text(s->hit->batch, v));
            found = true;
        }
    }
    buf_add(&s->view->detail_names, field_name);
    buf_add(&s->view->detail_names, STR(REPORT_PART_MARK));
    return found;
}

/* The rule looked at nothing but the channel, the event id and the like: these are columns of their
 * own, so the details are what else the event says. */
static void add_body(struct report_hit *out, struct source *s) {
    for (size_t i = 0; i < out->field_count; i++) {
        if (!report_field_is_of_system(out->fields[i].name)) {
            return;
        }
    }
    struct buf *text = &s->view->body; /* names of fields may need the scratch */
    buf_clear(text);
    for (uint32_t i = 0; i < s->hit->row->value_count; i++) {
        const struct value *v = &s->hit->batch->values[s->hit->row->first_value + i];
        const struct scan_view_name *name = name_of(s->view, v->field);
        if (name->is_windows && !report_field_is_of_system(name->text)) {
            buf_add(text, text->len > 0 ? STR(REPORT_PART_MARK) : STR_EMPTY);
            buf_printf(text, "%.*s: ", STR_ARG(name->text));
            buf_add(text, batch_value_text(s->hit->batch, v)); /* other events, other meanings */
            buf_add(&s->view->detail_names, name->text);
            buf_add(&s->view->detail_names, STR(REPORT_PART_MARK));
        }
    }
    out->details = arena_str(&s->view->arena, buf_str(text));
    out->detail_names = buf_str(&s->view->detail_names);
}

static void add_details(struct report_hit *out, struct source *s) {
    struct str channel = STR_EMPTY;
    (void)batch_find(&channel, s->hit->batch, s->hit->row, FIELD_WINLOG_CHANNEL);
    buf_clear(&s->view->scratch);
    buf_clear(&s->view->detail_names);
    if (report_profiles_details(&s->view->scratch, s->view->profiles, channel, out->event_id,
                                look_up, s)) {
        out->details = arena_str(&s->view->arena, buf_str(&s->view->scratch));
        out->detail_names = buf_str(&s->view->detail_names);
    } else {
        buf_clear(&s->view->detail_names);
        add_body(out, s);
    }
}

void scan_view_make(struct report_hit *out, struct scan_view *view, const struct scan_hit *hit) {
    const struct row *row = hit->row;
    struct source source = {view, hit};
    arena_reset(&view->arena);
    *out =
        (struct report_hit){.rule = hit->sigma->rule,
                            .level = hit->sigma->rule->level,
                            .time_ns = row->time_ns,
                            .place = {hit->file, row->time_ns, row->record_id, row->line, row->idx},
                            .dataset = dataset_info((enum dataset)row->dataset)->name,
                            .is_recovered = (row->flags & ROW_RECOVERED) != 0,
                            .is_time_received = (row->flags & ROW_TIME_RECEIVED) != 0};
    if (hit->suppressed_by != NULL) {
        out->suppressed_by =
            arena_printf(&view->arena, "%.*s: %.*s", STR_ARG(hit->suppressed_by->owner),
                         STR_ARG(hit->suppressed_by->reason));
    }
    add_origin(out, view, hit);
    add_matched(out, &source);
    if (view->wishes.details && view->profiles != NULL) {
        add_details(out, &source);
    }
    if (view->wishes.all_fields) {
        add_all(out, &source);
    }
}
