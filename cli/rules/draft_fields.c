#include "draft_fields.h"

#include "draft_words.h"
#include "ip.h"

enum draft_kind {
    KIND_VALUE,   /* the whole value */
    KIND_PROGRAM, /* the last part of a path */
    KIND_KEY,     /* the last two parts of a path */
    KIND_WORDS    /* switches and words of a command or script */
};

/* Fields that identify, the best first; names as rules use them. */
static const struct known_field {
    const char *name;
    enum draft_kind kind;
} known_fields[] = {
    {"Image", KIND_PROGRAM},
    {"OriginalFileName", KIND_VALUE},
    {"CommandLine", KIND_WORDS},
    {"ParentImage", KIND_PROGRAM},
    {"TargetObject", KIND_KEY},
    {"TargetFilename", KIND_PROGRAM},
    {"ImageLoaded", KIND_PROGRAM},
    {"SourceImage", KIND_PROGRAM},
    {"TargetImage", KIND_PROGRAM},
    {"GrantedAccess", KIND_VALUE},
    {"PipeName", KIND_VALUE},
    {"QueryName", KIND_VALUE},
    {"DestinationHostname", KIND_VALUE},
    {"DestinationPort", KIND_VALUE},
    {"ScriptBlockText", KIND_WORDS},
    {"Payload", KIND_WORDS},
    {"HostApplication", KIND_WORDS},
    {"ServiceName", KIND_VALUE},
    {"ImagePath", KIND_WORDS},
    {"ServiceFileName", KIND_WORDS},
    {"TaskName", KIND_KEY},
    {"ShareName", KIND_VALUE},
    {"RelativeTargetName", KIND_VALUE},
    {"ObjectName", KIND_KEY},
    {"ObjectType", KIND_VALUE},
    {"AccessMask", KIND_VALUE},
    {"ProcessName", KIND_PROGRAM},
    {"Application", KIND_PROGRAM},
    {"LogonType", KIND_VALUE},
    {"LogonProcessName", KIND_VALUE},
    {"AuthenticationPackageName", KIND_VALUE},
    {"TicketEncryptionType", KIND_VALUE},
    {"TicketOptions", KIND_VALUE},
    {"Status", KIND_VALUE},
    {"SubStatus", KIND_VALUE},
    {"Signature", KIND_VALUE},
    {"ThreatName", KIND_VALUE},
    {"Details", KIND_VALUE},
    {"EventType", KIND_VALUE},
    {"eventName", KIND_VALUE},
    {"eventSource", KIND_VALUE},
    {"eventType", KIND_VALUE},
    {"operationName", KIND_VALUE},
    {"OperationName", KIND_VALUE},
    {"Operation", KIND_VALUE},
    {"Workload", KIND_VALUE},
    {"protoPayload.methodName", KIND_VALUE},
    {"action", KIND_VALUE},
    {"Data", KIND_WORDS},
};

enum {
    KNOWN_COUNT = sizeof known_fields / sizeof known_fields[0],
    REST_MAX = 3,
    VALUE_MAX = 120,
    SHORT_CODE = 12
};

/* --- what differs each time --- */

static bool name_has(struct str name, const char *const *parts) {
    for (; *parts != NULL; parts++) {
        if (str_find_ci(name, str_from_c(*parts)) != STR_NONE) {
            return true;
        }
    }
    return false;
}

static bool is_volatile_name(struct str name) {
    static const char *const parts[] = {
        "guid",     "time",    "date",        "hash",    "processid", "threadid", "logonid",
        "recordid", "address", "user",        "account", "sid",       "computer", "host",
        "domain",   "version", "keywords",    "opcode",  "port",      "session",  "activity",
        "uuid",     "request", "correlation", NULL};
    static const struct str names[] = {STR_INIT("Channel"),
                                       STR_INIT("EventID"),
                                       STR_INIT("Level"),
                                       STR_INIT("Task"),
                                       STR_INIT("Provider_Name"),
                                       STR_INIT("RuleName"),
                                       STR_INIT("CurrentDirectory"),
                                       STR_INIT("Company"),
                                       STR_INIT("Product"),
                                       STR_INIT("Description"),
                                       STR_INIT("id"),
                                       STR_INIT("EventID_Qualifiers")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_eq(name, names[i])) {
            return true;
        }
    }
    return str_starts(name, STR("EventData.")) || name_has(name, parts);
}

bool draft_is_volatile(struct str value) {
    struct ip address;
    size_t digits = 0, hex = 0;
    for (size_t i = 0; i < value.len; i++) {
        digits += ascii_is_digit(value.ptr[i]);
        hex += ascii_hex_value(value.ptr[i]) >= 0;
    }
    return value.len == 0 || str_eq(value, STR("-")) || ip_parse(&address, value) ||
           (digits > 5 && digits * 2 > value.len) || (hex > 15 && hex * 10 > value.len * 8) ||
           str_starts(value, STR("S-1-")) || str_starts(value, STR("{"));
}

size_t draft_hidden_bytes(struct str text, size_t at) {
    static const struct str marks[] = {STR_INIT("\xE2\x80\x8B"), STR_INIT("\xEF\xBB\xBF")};
    struct str rest = str_skip(text, at);
    unsigned char c = (unsigned char)rest.ptr[0];
    unsigned char last = rest.len > 2 ? (unsigned char)rest.ptr[2] : 0;
    if (c < 0x20 || c == 0x7f) {
        return 1;
    }
    if (c == 0xc2 && rest.len > 1 && (unsigned char)rest.ptr[1] < 0xa0) {
        return 2; /* C1 controls */
    }
    if (str_starts(rest, marks[0]) || str_starts(rest, marks[1])) {
        return 3;
    }
    bool is_direction = (str_starts(rest, STR("\xE2\x80")) &&
                         ((last >= 0x8c && last <= 0x8f) || (last >= 0xa8 && last <= 0xae))) ||
                        (str_starts(rest, STR("\xE2\x81")) && last >= 0xa6 && last <= 0xa9);
    return is_direction ? 3 : 0;
}

bool draft_is_plain(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (draft_hidden_bytes(text, i) > 0) {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_plain_name(struct str name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!ascii_is_alnum(c) && c != '_' && c != '-' && c != '.' && c != '@') {
            return false;
        }
    }
    return name.len > 0;
}

/* --- how a value is compared --- */

void draft_add_part(struct draft_item *item, struct str part) {
    if (item->part_count < DRAFT_PARTS_MAX && draft_is_plain(part)) {
        item->parts[item->part_count++] = part;
    }
}

/* From the `parts`-th separator from the end on: "\certutil.exe", "\Run\Updater". */
static struct str tail_of(struct str path, size_t parts) {
    size_t at = path.len;
    for (size_t i = path.len; i > 0 && parts > 0; i--) {
        if (path.ptr[i - 1] == '\\' || path.ptr[i - 1] == '/') {
            at = i - 1;
            parts--;
        }
    }
    return parts > 0 ? path : str_skip(path, at);
}

/* The command in a text of Windows PowerShell ("HostApplication=powershell -enc ..."), to the end
 * of its line; empty if there is none. */
static struct str host_application(struct str text) {
    static const struct str key = STR_INIT("HostApplication=");
    size_t at = str_find(text, key);
    struct str command = at == STR_NONE ? STR_EMPTY : str_skip(text, at + key.len);
    return str_trim(str_head(command, str_find_char(command, '\n')));
}

static bool fill(struct draft_item *item, struct str name, enum draft_kind kind, struct str value) {
    *item = (struct draft_item){.name = name};
    switch (kind) {
    case KIND_VALUE:
        if (value.len <= VALUE_MAX) {
            draft_add_part(item, value);
        }
        break;
    case KIND_PROGRAM:
    case KIND_KEY:
        item->comparison = DRAFT_ENDSWITH;
        draft_add_part(item, tail_of(value, kind == KIND_KEY ? 2 : 1));
        break;
    case KIND_WORDS:
        item->comparison = DRAFT_CONTAINS;
        draft_words(item, value, str_eq(name, STR("CommandLine")));
        break;
    }
    return item->part_count > 0;
}

/* --- which fields --- */

static struct str rule_name(const struct draft_source *source, struct str event_name) {
    for (size_t i = 0; i < source->rename_count; i++) {
        if (str_eq(source->renames[i].event_name, event_name)) {
            return source->renames[i].rule_name;
        }
    }
    return event_name;
}

static bool is_usable(const struct sigma_event_value *v) {
    return !v->is_null && !v->is_structure && v->text.len > 0 && is_plain_name(v->name) &&
           !str_eq(v->text, STR("-"));
}

static enum draft_kind kind_of(struct str name) {
    for (size_t k = 0; k < KNOWN_COUNT; k++) {
        if (str_eq(name, str_from_c(known_fields[k].name))) {
            return known_fields[k].kind;
        }
    }
    return KIND_VALUE;
}

static size_t choose_named(struct draft_item *items, const struct draft_source *source,
                           const struct sigma_event_value *values, size_t count, struct str only) {
    struct str name;
    size_t chosen = 0;
    while (chosen < DRAFT_ITEMS_MAX && str_split_next(&name, &only, ',')) {
        name = str_trim(name);
        struct str text = draft_value(values, count, name);
        struct str called = rule_name(source, name);
        if (text.len > 0 && is_plain_name(name) &&
            (fill(&items[chosen], called, kind_of(called), text) ||
             fill(&items[chosen], called, KIND_VALUE, text))) {
            chosen++;
        }
    }
    return chosen;
}

/* Of several values of one name the one that holds a command, else the first that tells. */
static bool fill_first(struct draft_item *item, const struct known_field *field,
                       const struct sigma_event_value *values, size_t count) {
    struct str name = values[0].name;
    struct str called = str_from_c(field->name);
    size_t same = 1;
    while (same < count && str_eq(values[same].name, name)) {
        same++;
    }
    for (size_t i = 0; i < same; i++) {
        *item = (struct draft_item){.name = called, .comparison = DRAFT_CONTAINS};
        draft_words(item, host_application(values[i].text), true);
        if (item->part_count > 0) {
            return true;
        }
    }
    for (size_t i = 0; i < same; i++) {
        if (fill(item, called, field->kind, values[i].text)) {
            return true;
        }
    }
    return false;
}

static size_t choose_known(struct draft_item *items, const struct draft_source *source,
                           const struct sigma_event_value *values, size_t count) {
    size_t chosen = 0;
    for (size_t k = 0; k < KNOWN_COUNT && chosen < DRAFT_ITEMS_MAX; k++) {
        for (size_t i = 0; i < count; i++) {
            struct str name = rule_name(source, values[i].name);
            if (is_usable(&values[i]) && str_eq(name, str_from_c(known_fields[k].name))) {
                bool is_volatile = values[i].text.len > SHORT_CODE &&
                                   known_fields[k].kind == KIND_VALUE &&
                                   draft_is_volatile(values[i].text);
                chosen += !is_volatile &&
                          fill_first(&items[chosen], &known_fields[k], &values[i], count - i);
                break;
            }
        }
    }
    return chosen;
}

static size_t choose_rest(struct draft_item *items, const struct draft_source *source,
                          const struct sigma_event_value *values, size_t count) {
    size_t chosen = 0;
    for (size_t i = 0; i < count && chosen < REST_MAX; i++) {
        bool is_again = i > 0 && str_eq(values[i].name, values[i - 1].name);
        if (is_usable(&values[i]) && !is_again && !is_volatile_name(values[i].name) &&
            !draft_is_volatile(values[i].text)) {
            chosen +=
                fill(&items[chosen], rule_name(source, values[i].name), KIND_VALUE, values[i].text);
        }
    }
    return chosen;
}

size_t draft_choose(struct draft_item *items, const struct draft_source *source,
                    const struct sigma_event_value *values, size_t count, struct str only) {
    if (only.len > 0) {
        return choose_named(items, source, values, count, only);
    }
    size_t chosen = choose_known(items, source, values, count);
    return chosen > 0 ? chosen : choose_rest(items, source, values, count);
}
