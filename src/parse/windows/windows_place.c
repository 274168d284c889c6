#include "windows_place.h"

enum { NAME_LIMIT_BYTES = 256 };

enum windows_place windows_child_place(enum windows_place place, struct str name) {
    switch (place) {
    case PLACE_ROOT:
        return str_eq(name, STR("Event")) ? PLACE_EVENT : PLACE_BODY;
    case PLACE_EVENT:
        return str_eq(name, STR("System"))          ? PLACE_SYSTEM
               : str_eq(name, STR("EventData"))     ? PLACE_EVENT_DATA
               : str_eq(name, STR("UserData"))      ? PLACE_USER_DATA
               : str_eq(name, STR("RenderingInfo")) ? PLACE_RENDERING
                                                    : PLACE_BODY;
    case PLACE_SYSTEM:
    case PLACE_RENDERING:
        return place;
    default:
        return PLACE_BODY;
    }
}

bool windows_keeps_empty(enum windows_place place) {
    return place == PLACE_EVENT_DATA || place == PLACE_USER_DATA || place == PLACE_BODY;
}

struct joined_name {
    char text[NAME_LIMIT_BYTES];
    size_t len;
};

static void join(struct joined_name *name, struct str part) {
    size_t room = sizeof name->text - name->len;
    size_t take = part.len < room ? part.len : room;
    memcpy(name->text + name->len, part.ptr, take);
    name->len += take;
}

static uint32_t rendering_field(struct str element) {
    if (str_eq(element, STR("Message"))) {
        return FIELD_MESSAGE;
    }
    struct joined_name name = {.len = 0};
    join(&name, STR("winlog.rendering_info."));
    join(&name, element);
    return schema_field(str_make(name.text, name.len));
}

uint32_t windows_leaf_field(enum windows_place place, struct str element) {
    switch (place) {
    case PLACE_SYSTEM:
        return windows_system_field(element);
    case PLACE_EVENT_DATA:
    case PLACE_USER_DATA:
    case PLACE_BODY:
        return windows_body_field(element);
    case PLACE_RENDERING:
        return rendering_field(element);
    default:
        return FIELD_NONE;
    }
}

uint32_t windows_attribute_field(enum windows_place place, struct str element,
                                 struct str attribute) {
    if (place != PLACE_SYSTEM || str_starts(attribute, STR("xmlns"))) {
        return FIELD_NONE;
    }
    struct joined_name name = {.len = 0};
    join(&name, element);
    join(&name, STR("_"));
    join(&name, attribute);
    return windows_system_field(str_make(name.text, name.len));
}
