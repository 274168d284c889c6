#include "draft_source.h"

#include <json-c/json.h>

#include "num.h"
#include "path_glob.h"

enum { JSON_DEPTH = 32 };

/* The event, and the best source so far. */
struct search {
    struct draft_source *out;
    struct arena *arena;
    const struct sigma_event_value *values;
    size_t count;
    struct str channel;
    struct str event_id;
    unsigned best; /* rank of what is in `out`; 0: nothing */
};

struct str draft_value(const struct sigma_event_value *values, size_t count, struct str name) {
    for (size_t i = 0; i < count; i++) {
        if (str_eq(values[i].name, name) && !values[i].is_null && !values[i].is_structure) {
            return values[i].text;
        }
    }
    return STR_EMPTY;
}

/* --- the mapping's JSON --- */

static struct str text_of(json_object *value) {
    return json_object_is_type(value, json_type_string)
               ? str_make(json_object_get_string(value), (size_t)json_object_get_string_len(value))
               : STR_EMPTY;
}

static json_object *member(json_object *object, const char *name) {
    json_object *value = NULL;
    return json_object_is_type(object, json_type_object) &&
                   json_object_object_get_ex(object, name, &value)
               ? value
               : NULL;
}

static size_t list_count(json_object *list) {
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

static struct str list_text(json_object *list, size_t i) {
    return i < list_count(list) ? text_of(json_object_array_get_idx(list, i)) : STR_EMPTY;
}

static bool list_has(json_object *list, struct str text) {
    for (size_t i = 0; i < list_count(list); i++) {
        if (str_eq_ci(list_text(list, i), text)) {
            return true;
        }
    }
    return false;
}

/* --- does a way fit the event? --- */

/* "12 13-14": is the id one of them? *count: how many there are. */
static bool has_id(size_t *count, struct str ids, struct str event_id) {
    uint64_t wanted;
    struct str part;
    bool is_there = false;
    bool is_number = num_parse_u64(&wanted, event_id);
    *count = 0;
    while (str_split_next(&part, &ids, ' ')) {
        uint64_t first, last;
        size_t dash = str_find_char(part, '-');
        if (!num_parse_u64(&first, str_head(part, dash))) {
            continue;
        }
        last = first;
        if (dash != STR_NONE && !num_parse_u64(&last, str_skip(part, dash + 1))) {
            last = first;
        }
        *count += last >= first && last - first < 100000 ? (size_t)(last - first) + 1 : 1;
        is_there = is_there || (is_number && wanted >= first && wanted <= last);
    }
    return is_there;
}

static bool condition_holds(const struct search *s, json_object *condition) {
    struct str value = draft_value(s->values, s->count, text_of(member(condition, "field")));
    json_object *wanted = member(condition, "values");
    for (size_t i = 0; value.len > 0 && i < list_count(wanted); i++) {
        struct str pattern = list_text(wanted, i);
        if (str_eq(pattern, STR("*")) || path_glob_match(NULL, pattern, value)) {
            return true;
        }
    }
    return false;
}

static bool conditions_hold(const struct search *s, json_object *when) {
    for (size_t i = 0; i < list_count(when); i++) {
        if (!condition_holds(s, json_object_array_get_idx(when, i))) {
            return false;
        }
    }
    return true;
}

/* 0: it is not of this way. The more particular the higher: few event ids, many conditions. */
static unsigned rank_way(const struct search *s, json_object *way) {
    json_object *channels = member(way, "channels");
    struct str ids = text_of(member(way, "event_ids"));
    struct str provider = text_of(member(way, "provider"));
    size_t conditions = list_count(member(way, "when"));
    size_t id_count = 0;
    bool has_channel = s->channel.len > 0;
    if (has_channel != (list_count(channels) > 0) ||
        (has_channel && !list_has(channels, s->channel)) ||
        !conditions_hold(s, member(way, "when"))) {
        return 0;
    }
    if (!has_channel) {
        return conditions > 0 ? 10 + (unsigned)conditions : 0;
    }
    if (ids.len > 0 && !has_id(&id_count, ids, s->event_id)) {
        return 0;
    }
    if (provider.len > 0 &&
        !str_eq_ci(provider, draft_value(s->values, s->count, STR("Provider_Name")))) {
        return 0;
    }
    unsigned of_ids = id_count > 0 && id_count < 900 ? 1000 - (unsigned)id_count : 0;
    return 1 + (unsigned)conditions + of_ids;
}

/* --- taking what was found --- */

/* The first name of the list that is one; "-" means that the source is for rules without. */
static struct str first_name(struct arena *arena, json_object *list) {
    struct str name = list_text(list, 0);
    return name.len == 0 || str_eq(name, STR("-")) ? STR_EMPTY : arena_str(arena, name);
}

static void take_renames(struct search *s, json_object *renames) {
    struct draft_source *out = s->out;
    for (size_t i = 0; i < list_count(renames) && out->rename_count < DRAFT_RENAMES_MAX; i++) {
        json_object *rename = json_object_array_get_idx(renames, i);
        struct str event_name = list_text(member(rename, "fields"), 0);
        if (event_name.len > 0 && list_count(member(rename, "values")) == 0) {
            out->renames[out->rename_count++] =
                (struct draft_rename){arena_str(s->arena, text_of(member(rename, "name"))),
                                      arena_str(s->arena, event_name)};
        }
    }
}

static void consider_source(struct search *s, json_object *source) {
    json_object *ways = member(source, "ways");
    for (size_t i = 0; i < list_count(ways); i++) {
        json_object *way = json_object_array_get_idx(ways, i);
        unsigned rank = rank_way(s, way);
        struct str category = first_name(s->arena, member(source, "category"));
        rank = rank > 0 && category.len > 0 ? rank + 1 : rank;
        if (rank <= s->best) {
            continue;
        }
        s->best = rank;
        *s->out = (struct draft_source){
            .product = first_name(s->arena, member(source, "product")),
            .category = category,
            .service = first_name(s->arena, member(source, "service")),
            .names_event_id = text_of(member(way, "event_ids")).len > 0,
            .names_channel = true,
        };
        take_renames(s, member(way, "rename"));
    }
}

static void consider_service(struct search *s, json_object *service) {
    if (s->best == 0 && s->channel.len > 0 && list_has(member(service, "channels"), s->channel)) {
        s->best = 1;
        *s->out =
            (struct draft_source){.product = STR("windows"),
                                  .service = arena_str(s->arena, text_of(member(service, "name"))),
                                  .names_channel = true};
    }
}

static void consider_line(struct search *s, struct str line) {
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH);
    json_object *object = tokener != NULL && line.len < INT32_MAX
                              ? json_tokener_parse_ex(tokener, line.ptr, (int)line.len)
                              : NULL;
    struct str kind = text_of(member(object, "kind"));
    if (str_eq(kind, STR("source"))) {
        consider_source(s, object);
    } else if (str_eq(kind, STR("windows-service"))) {
        consider_service(s, object);
    }
    json_object_put(object);
    json_tokener_free(tokener);
}

bool draft_source_find(struct draft_source *out, struct arena *arena, struct str mapping,
                       const struct sigma_event_value *values, size_t count) {
    struct search s = {.out = out, .arena = arena, .values = values, .count = count};
    struct str line;
    s.channel = draft_value(values, count, STR("Channel"));
    s.event_id = draft_value(values, count, STR("EventID"));
    *out = (struct draft_source){.product = STR_EMPTY};
    while (str_split_next(&line, &mapping, '\n')) {
        if (line.len > 0) {
            consider_line(&s, line);
        }
    }
    if (s.best == 0 && s.channel.len > 0) {
        s.best = 1;
        out->product = STR("windows");
    }
    return s.best > 0;
}
