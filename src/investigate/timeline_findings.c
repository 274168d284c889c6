#include "timeline_findings.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "ip.h"
#include "mem.h"

enum { MARKS_MAX = 500000, MARK_ID_BYTES = 12 };

struct load {
    struct timeline_findings *findings;
    const struct timeline_options *options;
};

void timeline_findings_fini(struct timeline_findings *f) {
    arena_fini(&f->arena);
    intern_fini(&f->event_ids);
    mem_free(f->items);
    mem_free(f->first_mark);
    mem_free(f->marks);
}

/* --- JSON --- */

static struct str text_of(struct json_object *object, const char *key) {
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_string)) {
        return STR_EMPTY;
    }
    return str_make(json_object_get_string(value), (size_t)json_object_get_string_len(value));
}

static int64_t time_of(struct json_object *object, const char *key) {
    int64_t ns = TIME_NONE;
    bool has_zone;
    (void)civil_parse_rfc3339(&ns, &has_zone, text_of(object, key));
    return ns;
}

static struct json_object *member(struct json_object *object, const char *key,
                                  enum json_type type) {
    struct json_object *value = NULL;
    return json_object_object_get_ex(object, key, &value) && json_object_is_type(value, type)
               ? value
               : NULL;
}

/* --- marks --- */

static void add_mark(struct timeline_findings *f, struct str event_id, struct str text) {
    if (event_id.len == 0 || f->mark_count >= MARKS_MAX) {
        return;
    }
    uint32_t count = f->event_ids.count;
    uint32_t id = intern_add(&f->event_ids, event_id);
    MEM_GROW(f->first_mark, f->first_capacity, (size_t)id + 1);
    if (id == count) {
        f->first_mark[id] = 0;
    }
    MEM_GROW(f->marks, f->mark_capacity, f->mark_count + 1);
    f->marks[f->mark_count++] = (struct timeline_mark){text, f->first_mark[id]};
    f->first_mark[id] = (uint32_t)f->mark_count;
}

size_t timeline_findings_marks(const struct timeline_findings *f, struct str event_id,
                               struct str *out, size_t max) {
    uint32_t id = intern_find(&f->event_ids, event_id);
    size_t count = 0;
    for (uint32_t at = id == INTERN_NONE ? 0 : f->first_mark[id]; at > 0 && count < max;
         at = f->marks[at - 1].next) {
        out[count++] = f->marks[at - 1].text;
    }
    return count;
}

static void mark_evidence(struct timeline_findings *f, struct json_object *object,
                          struct str text) {
    struct json_object *events = member(object, "events", json_type_array);
    size_t count = events == NULL ? 0 : json_object_array_length(events);
    for (size_t i = 0; i < count; i++) {
        add_mark(f, text_of(json_object_array_get_idx(events, i), "id"), text);
    }
}

/* --- which findings are about the entities --- */

/* An address in a network that was asked for? */
static bool is_in_network(struct str entity, struct str value) {
    struct ip_network network;
    struct ip ip;
    return memchr(entity.ptr, '/', entity.len) != NULL && ip_network_parse(&network, entity) &&
           ip_parse(&ip, value) && ip_network_has(&network, &ip);
}

/* "tanaka" is also meant by tanaka@corp.example and CORP\\tanaka, "evil.example" by
 * www.evil.example. */
static bool is_entity(const struct timeline_options *options, struct str value) {
    for (size_t i = 0; i < options->entity_count; i++) {
        struct str entity = options->entities[i];
        bool domain = value.len > entity.len && str_ends_ci(value, entity) &&
                      memchr("@.\\", value.ptr[value.len - entity.len - 1], 3) != NULL;
        bool account = value.len > entity.len && str_starts_ci(value, entity) &&
                       memchr("@.", value.ptr[entity.len], 2) != NULL;
        if (str_eq_ci(entity, value) || domain || account || is_in_network(entity, value)) {
            return true;
        }
    }
    return false;
}

static bool is_about(const struct timeline_options *options, struct json_object *object) {
    struct json_object *entities = member(object, "entities", json_type_object);
    if (entities == NULL) {
        return false;
    }
    json_object_object_foreach(entities, key, values) {
        (void)key;
        size_t count =
            json_object_is_type(values, json_type_array) ? json_object_array_length(values) : 0;
        for (size_t i = 0; i < count; i++) {
            struct json_object *value = json_object_array_get_idx(values, i);
            const char *text = json_object_get_string(value);
            if (text != NULL && is_entity(options, str_from_c(text))) {
                return true;
            }
        }
    }
    return false;
}

/* --- loading --- */

static void take_finding(struct load *load, struct json_object *object) {
    struct timeline_findings *f = load->findings;
    struct arena *arena = &f->arena;
    struct json_object *reason = member(object, "reason", json_type_object);
    struct str id = text_of(object, "id");
    struct str analysis = arena_str(arena, text_of(object, "analysis"));
    mark_evidence(
        f, object,
        arena_printf(arena, "%.*s %.*s", STR_ARG(analysis), STR_ARG(str_head(id, MARK_ID_BYTES))));
    int64_t first = time_of(object, "first");
    const struct timeline_options *o = load->options;
    if (first == TIME_NONE || first < o->from_ns || first >= o->to_ns || !is_about(o, object)) {
        return;
    }
    struct json_object *count = member(object, "count", json_type_int);
    MEM_GROW(f->items, f->capacity, f->count + 1);
    f->items[f->count++] = (struct timeline_finding){
        .first_ns = first,
        .last_ns = time_of(object, "last"),
        .count = count == NULL ? 0 : (uint64_t)json_object_get_int64(count),
        .id = arena_str(arena, id),
        .analysis = analysis,
        .level = arena_str(arena, text_of(object, "level")),
        .reason = reason == NULL ? STR_EMPTY
                                 : arena_str(arena, text_of(reason, o->japanese ? "ja" : "en"))};
}

static void take_rule_hit(struct load *load, struct json_object *object) {
    struct timeline_findings *f = load->findings;
    struct json_object *rule = member(object, "rule", json_type_object);
    struct json_object *event = member(object, "event", json_type_object);
    if (rule != NULL && event != NULL) {
        add_mark(f, text_of(event, "id"),
                 arena_printf(&f->arena, "sigma: %.*s", STR_ARG(text_of(rule, "title"))));
    }
}

static bool take_object(struct str kind, struct str json, void *ctx) {
    struct load *load = ctx;
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *object = NULL;
    if (tokener != NULL && json.len < INT32_MAX) {
        object = json_tokener_parse_ex(tokener, json.ptr, (int)json.len);
    }
    if (object != NULL && str_eq(kind, STR("finding"))) {
        take_finding(load, object);
    } else if (object != NULL && str_eq(kind, STR("rule"))) {
        take_rule_hit(load, object);
    }
    json_object_put(object);
    if (tokener != NULL) {
        json_tokener_free(tokener);
    }
    return true;
}

static int compare_findings(const void *left, const void *right) {
    const struct timeline_finding *a = left;
    const struct timeline_finding *b = right;
    if (a->first_ns != b->first_ns) {
        return a->first_ns < b->first_ns ? -1 : 1;
    }
    return str_compare(a->id, b->id);
}

enum status timeline_findings_load(struct timeline_findings *f,
                                   const struct timeline_options *options, struct err *err) {
    struct load load = {f, options};
    struct findings_query all = {.id = STR_EMPTY, .analysis = STR_EMPTY};
    enum status status = findings_db_visit(options->findings, &all, take_object, &load, err);
    if (f->count > 1) {
        qsort(f->items, f->count, sizeof *f->items, compare_findings);
    }
    return status;
}
