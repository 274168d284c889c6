#include "windows_names.h"

#define SYSTEM_PREFIX "winlog.system."
#define BODY_PREFIX   "winlog.event_data."
#define FLAT_PREFIX   "EventData."

enum { NAME_LIMIT_BYTES = 512 };

static const struct {
    struct str flat;
    uint32_t field;
} system_names[] = {
#define WINDOWS_NAME(flat, field) {STR_INIT(flat), field},
#include "windows_names.def"
};

/* System parts that have no field of their own but are in the schema: a body field called like
 * one of them is written "EventData.<name>". */
static const struct str other_system_names[] = {
    STR_INIT("Provider_EventSourceName"), STR_INIT("EventID_Qualifiers"),
    STR_INIT("Execution_ProcessorID"),    STR_INIT("Execution_SessionID"),
    STR_INIT("Execution_KernelTime"),     STR_INIT("Execution_UserTime"),
    STR_INIT("Execution_ProcessorTime"),  STR_INIT("TimeCreated_RawTime"),
};

static bool is_other_system_name(struct str flat) {
    for (size_t i = 0; i < sizeof other_system_names / sizeof *other_system_names; i++) {
        if (str_eq(flat, other_system_names[i])) {
            return true;
        }
    }
    return false;
}

/* FIELD_NONE if it is not in the table. */
static uint32_t find_system(struct str flat) {
    for (size_t i = 0; i < sizeof system_names / sizeof *system_names; i++) {
        if (str_eq(flat, system_names[i].flat)) {
            return system_names[i].field;
        }
    }
    return FIELD_NONE;
}

typedef uint32_t lookup_fn(struct str name);

/* prefix + name without blanks, cut at the limit of names. */
static uint32_t look_up(lookup_fn *lookup, struct str prefix, struct str name) {
    char text[NAME_LIMIT_BYTES];
    size_t len = prefix.len;
    memcpy(text, prefix.ptr, prefix.len);
    for (size_t i = 0; i < name.len && len < sizeof text; i++) {
        if (name.ptr[i] != ' ') {
            text[len++] = name.ptr[i];
        }
    }
    return lookup(str_make(text, len));
}

static uint32_t resolve(lookup_fn *lookup, struct str flat) {
    uint32_t field = find_system(flat);
    if (field != FIELD_NONE) {
        return field;
    }
    if (is_other_system_name(flat)) {
        return look_up(lookup, STR(SYSTEM_PREFIX), flat);
    }
    if (str_starts(flat, STR(FLAT_PREFIX))) {
        flat = str_skip(flat, sizeof FLAT_PREFIX - 1);
    }
    return look_up(lookup, STR(BODY_PREFIX), flat);
}

uint32_t windows_field(struct str flat) {
    return resolve(schema_field, flat);
}

uint32_t windows_field_find(struct str flat) {
    return resolve(schema_find, flat);
}

uint32_t windows_system_field(struct str flat) {
    uint32_t field = find_system(flat);
    return field != FIELD_NONE ? field : look_up(schema_field, STR(SYSTEM_PREFIX), flat);
}

uint32_t windows_body_field(struct str name) {
    return look_up(schema_field, STR(BODY_PREFIX), name);
}

uint32_t windows_user_data_field(void) {
    return schema_field(STR("winlog.user_data.xml_name"));
}

enum windows_part windows_part_of(struct str *name, uint32_t field) {
    for (size_t i = 0; i < sizeof system_names / sizeof *system_names; i++) {
        if (system_names[i].field == field) {
            *name = system_names[i].flat;
            return WINDOWS_SYSTEM;
        }
    }
    if (field < FIELD_STATIC_COUNT) {
        return WINDOWS_NO_PART;
    }
    struct str full = schema_name(field);
    if (str_starts(full, STR(BODY_PREFIX))) {
        *name = str_skip(full, sizeof BODY_PREFIX - 1);
        return WINDOWS_BODY;
    }
    if (str_starts(full, STR(SYSTEM_PREFIX))) {
        *name = str_skip(full, sizeof SYSTEM_PREFIX - 1);
        return WINDOWS_SYSTEM;
    }
    return WINDOWS_NO_PART;
}

bool windows_flat_name(struct buf *out, uint32_t field) {
    struct str name;
    enum windows_part part = windows_part_of(&name, field);
    if (part == WINDOWS_NO_PART) {
        return false;
    }
    bool taken =
        part == WINDOWS_BODY && (find_system(name) != FIELD_NONE || is_other_system_name(name));
    if (taken) {
        buf_add(out, STR(FLAT_PREFIX));
    }
    buf_add(out, name);
    return true;
}
