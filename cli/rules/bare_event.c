#include "bare_event.h"

#include "bare_windows.h"
#include "mem.h"

enum { JSON_DEPTH = 64 };

/* --- JSON to values --- */

static void add_value(struct bare_event *e, struct sigma_event_value value) {
    MEM_GROW(e->values, e->capacity, e->count + 1);
    e->values[e->count++] = value;
}

static struct str text_of(json_object *value) {
    if (json_object_is_type(value, json_type_string)) {
        return str_make(json_object_get_string(value), (size_t)json_object_get_string_len(value));
    }
    return str_from_c(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

static void add_object(struct bare_event *e, struct str name, json_object *object) {
    json_object_object_foreach(object, key, value) {
        struct str full = name.len == 0 ? str_from_c(key)
                                        : arena_printf(&e->arena, "%.*s.%s", STR_ARG(name), key);
        bare_event_add(e, full, value);
    }
}

/* A structure is a field itself too (its JSON text), so that it exists and is not null. */
void bare_event_add(struct bare_event *e, struct str name, json_object *value) {
    if (value == NULL) {
        add_value(e, (struct sigma_event_value){.name = name, .is_null = true});
    } else if (json_object_is_type(value, json_type_object)) {
        add_value(e, (struct sigma_event_value){
                         .name = name, .text = text_of(value), .is_structure = true});
        add_object(e, name, value);
    } else if (json_object_is_type(value, json_type_array)) {
        size_t count = json_object_array_length(value);
        if (count == 0) {
            add_value(e, (struct sigma_event_value){
                             .name = name, .text = STR("[]"), .is_structure = true});
        }
        for (size_t i = 0; i < count; i++) {
            bare_event_add(e, name, json_object_array_get_idx(value, i));
        }
    } else {
        add_value(e, (struct sigma_event_value){.name = name, .text = text_of(value)});
    }
}

static bool is_wrapper_key(const char *key) {
    static const char *const keys[] = {"file", "idx", "line", "record_id", "offset", "event"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* {"file","idx","event":{...}}: the event inside; any other object is the event itself. */
static json_object *unwrap(json_object *object) {
    json_object *event = NULL;
    json_object_object_foreach(object, key, value) {
        if (!is_wrapper_key(key)) {
            return object;
        }
        if (strcmp(key, "event") == 0) {
            event = value;
        }
    }
    return json_object_is_type(event, json_type_object) ? event : object;
}

void bare_event_read(struct bare_event *event, json_object *object) {
    event->count = 0;
    arena_reset(&event->arena);
    object = unwrap(object);
    add_object(event, STR_EMPTY, object);
    bare_windows_add(event, object);
}

void bare_event_fini(struct bare_event *event) {
    mem_free(event->values);
    arena_fini(&event->arena);
}

/* --- text to objects --- */

static json_object *parse(struct str text) {
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH);
    json_object *value = NULL;
    if (tokener != NULL && text.len < INT32_MAX) {
        value = json_tokener_parse_ex(tokener, text.ptr, (int)text.len);
        if (value == NULL && json_tokener_get_error(tokener) == json_tokener_continue) {
            value = json_tokener_parse_ex(tokener, "\n", 1); /* a number at the very end */
        }
        if (value != NULL &&
            str_trim(str_skip(text, json_tokener_get_parse_end(tokener))).len > 0) {
            json_object_put(value);
            value = NULL;
        }
    }
    json_tokener_free(tokener);
    return value;
}

static void give(json_object *value, bare_event_fn *fn, void *ctx) {
    fn(json_object_is_type(value, json_type_object) ? value : NULL, ctx);
}

static bool each_item(struct str text, bare_event_fn *fn, void *ctx) {
    json_object *array = parse(text);
    bool is_array = json_object_is_type(array, json_type_array);
    size_t count = is_array ? json_object_array_length(array) : 0;
    for (size_t i = 0; i < count; i++) {
        give(json_object_array_get_idx(array, i), fn, ctx);
    }
    json_object_put(array);
    return is_array;
}

void bare_event_each(struct str text, bare_event_fn *fn, void *ctx) {
    text = str_starts(text, STR("\xEF\xBB\xBF")) ? str_skip(text, 3) : text;
    struct str trimmed = str_trim(text);
    if (trimmed.len > 0 && trimmed.ptr[0] == '[' && each_item(trimmed, fn, ctx)) {
        return;
    }
    struct str line;
    while (str_split_next(&line, &text, '\n')) {
        line = str_trim(line);
        if (line.len > 0) {
            json_object *value = parse(line);
            give(value, fn, ctx);
            json_object_put(value);
        }
    }
}
