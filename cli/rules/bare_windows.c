#include "bare_windows.h"

#include <string.h>

/* --- shapes --- */

static json_object *member(json_object *object, const char *name) {
    json_object *value = NULL;
    return json_object_is_type(object, json_type_object) &&
                   json_object_object_get_ex(object, name, &value)
               ? value
               : NULL;
}

static json_object *any_member(json_object *object, const char *const *names) {
    json_object *value = NULL;
    for (; *names != NULL && value == NULL; names++) {
        value = member(object, *names);
    }
    return value;
}

static const char *const text_keys[] = {"#text", "Value", "value", NULL};
static const char *const attribute_keys[] = {"#attributes", "_attributes", "attributes", NULL};
static const char *const body_keys[] = {"EventData", "UserData", "event_data", "user_data", NULL};

static bool is_one_of(const char *key, const char *const *names) {
    while (*names != NULL && strcmp(*names, key) != 0) {
        names++;
    }
    return *names != NULL;
}

/* A name without its spaces: "Threat Name" is ThreatName in records. */
static struct str without_spaces(struct bare_event *event, const char *key) {
    struct str name = arena_str(&event->arena, str_from_c(key));
    char *to = arena_alloc(&event->arena, name.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        to[len] = name.ptr[i];
        len += name.ptr[i] != ' ';
    }
    return str_make(to, len);
}

/* --- System: text and attributes of its elements --- */

static void add_attribute(struct bare_event *event, const char *element, const char *name,
                          json_object *value) {
    name += name[0] == '@' ? 1 : 0;
    struct str full = strcmp(name, element) == 0
                          ? str_from_c(element)
                          : arena_printf(&event->arena, "%s_%s", element, name);
    bare_event_add(event, full, value);
}

static void add_element(struct bare_event *event, const char *name, json_object *element) {
    if (!json_object_is_type(element, json_type_object)) {
        bare_event_add(event, str_from_c(name), element);
        return;
    }
    json_object *attributes = any_member(element, attribute_keys);
    json_object_object_foreach(element, key, value) {
        if (is_one_of(key, text_keys)) {
            bare_event_add(event, str_from_c(name), value);
        } else if (value != attributes || value == NULL) {
            add_attribute(event, name, key, value);
        }
    }
    if (json_object_is_type(attributes, json_type_object)) {
        json_object_object_foreach(attributes, attribute, text) {
            add_attribute(event, name, attribute, text);
        }
    }
}

/* --- the body --- */

/* {"@Name": "Image", "#text": "..."}, or a text without a name. */
static void add_data(struct bare_event *event, json_object *item) {
    static const char *const name_keys[] = {"@Name", "Name", "name", NULL};
    json_object *attributes = any_member(item, attribute_keys);
    json_object *name = any_member(attributes != NULL ? attributes : item, name_keys);
    json_object *text = any_member(item, text_keys);
    bool is_named = json_object_is_type(name, json_type_string);
    struct str key = is_named ? without_spaces(event, json_object_get_string(name)) : STR("Data");
    if (is_named || text != NULL) {
        bare_event_add(event, key, text);
    } else {
        bare_event_add(event, key, item);
    }
}

static void add_data_list(struct bare_event *event, json_object *data) {
    if (!json_object_is_type(data, json_type_array)) {
        add_data(event, data);
        return;
    }
    for (size_t i = 0; i < json_object_array_length(data); i++) {
        add_data(event, json_object_array_get_idx(data, i));
    }
}

/* Elements inside elements (UserData) go by the innermost name; the depth is that of the parser. */
static void add_body(struct bare_event *event, json_object *body) {
    if (!json_object_is_type(body, json_type_object)) {
        return;
    }
    json_object_object_foreach(body, key, value) {
        if (strcmp(key, "Data") == 0) {
            add_data_list(event, value);
        } else if (json_object_is_type(value, json_type_object) &&
                   any_member(value, text_keys) == NULL) {
            add_body(event, value);
        } else if (key[0] != '#' && key[0] != '@') {
            json_object *text = any_member(value, text_keys);
            bare_event_add(event, without_spaces(event, key), text != NULL ? text : value);
        }
    }
}

static void add_bodies(struct bare_event *event, json_object *object) {
    for (const char *const *key = body_keys; *key != NULL; key++) {
        add_body(event, member(object, *key));
    }
}

/* --- flat --- */

/* What Winlogbeat called them before version 7. */
static void add_old_names(struct bare_event *event, json_object *object) {
    static const char *const names[][2] = {
        {"log_name", "Channel"}, {"event_id", "EventID"}, {"source_name", "Provider_Name"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_object *value = member(object, names[i][0]);
        if (value != NULL) {
            bare_event_add(event, str_from_c(names[i][1]), value);
        }
    }
}

static void add_without_spaces(struct bare_event *event, json_object *object) {
    json_object_object_foreach(object, key, value) {
        if (strchr(key, ' ') != NULL) {
            bare_event_add(event, without_spaces(event, key), value);
        }
    }
}

void bare_windows_add(struct bare_event *event, json_object *object) {
    json_object *inner = member(object, "Event");
    json_object *system = member(inner != NULL ? inner : object, "System");
    if (json_object_is_type(system, json_type_object)) {
        json_object_object_foreach(system, name, element) {
            add_element(event, name, element);
        }
        add_bodies(event, inner != NULL ? inner : object);
    } else if (member(object, "Channel") != NULL) {
        add_bodies(event, object);
        add_without_spaces(event, object);
    } else if (member(object, "log_name") != NULL && member(object, "event_data") != NULL) {
        add_old_names(event, object);
        add_bodies(event, object);
    }
}
