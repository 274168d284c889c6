#include "windows_ecs.h"

#include <pthread.h>

#include "ip.h"
#include "mem.h"
#include "num.h"
#include "windows_names.h"

enum channel {
    CHANNEL_OTHER,
    CHANNEL_SECURITY,
    CHANNEL_SYSTEM,
    CHANNEL_SYSMON,
    CHANNEL_TASKS,
    CHANNEL_RDP_SESSION,
    CHANNEL_RDP_CONNECTION,
    CHANNEL_POWERSHELL,
    CHANNEL_DEFENDER,
    CHANNEL_PRINT
};

static const struct {
    struct str name;
    enum channel channel;
} channels[] = {
    {STR_INIT("Security"), CHANNEL_SECURITY},
    {STR_INIT("System"), CHANNEL_SYSTEM},
    {STR_INIT("Microsoft-Windows-Sysmon/Operational"), CHANNEL_SYSMON},
    {STR_INIT("Microsoft-Windows-TaskScheduler/Operational"), CHANNEL_TASKS},
    {STR_INIT("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"),
     CHANNEL_RDP_SESSION},
    {STR_INIT("Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational"),
     CHANNEL_RDP_CONNECTION},
    {STR_INIT("Microsoft-Windows-PowerShell/Operational"), CHANNEL_POWERSHELL},
    {STR_INIT("PowerShellCore/Operational"), CHANNEL_POWERSHELL},
    {STR_INIT("Microsoft-Windows-Windows Defender/Operational"), CHANNEL_DEFENDER},
    {STR_INIT("Microsoft-Windows-PrintService/Operational"), CHANNEL_PRINT},
};

enum users { USERS_NONE, USERS_SUBJECT, USERS_TARGET, USERS_BOTH, USERS_USER, USERS_ACCOUNT };

struct event_meaning {
    uint16_t channel; /* enum channel */
    uint16_t id;
    const char *category;
    const char *action;
    enum users users;
};

static const struct event_meaning events[] = {
#define WINDOWS_EVENT(channel, id, category, action, users)                                        \
    {CHANNEL_##channel, id, category, action, USERS_##users},
#include "windows_ecs.def"
};

enum how {
    HOW_COPY,    /* unless empty or "-" */
    HOW_ADDRESS, /* if it is an address; ::ffff:a.b.c.d without its prefix */
    HOW_PORT,    /* if it is a number over 0 */
    HOW_BASENAME /* what follows the last \ or / */
};

struct field_meaning {
    uint16_t channel; /* CHANNEL_OTHER: any */
    uint16_t id;
    struct str native;
    uint32_t field;
    enum how how;
};

static const struct field_meaning fields[] = {
#define WINDOWS_FIELD(native, field, how) {CHANNEL_OTHER, 0, STR_INIT(native), field, HOW_##how},
#define WINDOWS_EVENT_FIELD(channel, id, native, field, how)                                       \
    {CHANNEL_##channel, id, STR_INIT(native), field, HOW_##how},
#include "windows_ecs.def"
};

/* Body fields that name users. */
enum user_part {
    PART_SUBJECT_NAME,
    PART_SUBJECT_DOMAIN,
    PART_SUBJECT_SID,
    PART_TARGET_NAME,
    PART_TARGET_DOMAIN,
    PART_TARGET_SID,
    PART_USER,
    PART_PARAM1,
    PART_PARAM2,
    PART_COUNT
};

static const struct {
    struct str native;
    enum user_part part;
} user_parts[] = {
    {STR_INIT("SubjectUserName"), PART_SUBJECT_NAME},
    {STR_INIT("SubjectDomainName"), PART_SUBJECT_DOMAIN},
    {STR_INIT("SubjectUserSid"), PART_SUBJECT_SID},
    {STR_INIT("TargetUserName"), PART_TARGET_NAME},
    {STR_INIT("TargetDomainName"), PART_TARGET_DOMAIN},
    {STR_INIT("TargetUserSid"), PART_TARGET_SID},
    {STR_INIT("TargetSid"), PART_TARGET_SID},
    {STR_INIT("User"), PART_USER},
    {STR_INIT("UserName"), PART_USER},
    {STR_INIT("UserContext"), PART_USER},
    {STR_INIT("AccountName"), PART_USER},
    {STR_INIT("Param1"), PART_PARAM1},
    {STR_INIT("Param2"), PART_PARAM2},
};

enum { USER_PART_COUNT = sizeof user_parts / sizeof *user_parts };

enum { FIELD_COUNT = sizeof fields / sizeof *fields, NO_VALUE = UINT32_MAX };

/* What a field id means here: 0 or an index + 1. */
struct role {
    uint8_t meaning; /* first in `fields`, the others follow by next_meaning */
    uint8_t user;    /* enum user_part */
};

/* By field id, below role_count. Filled once, never freed. */
static struct role *roles;
static uint32_t role_count;
static uint8_t next_meaning[FIELD_COUNT]; /* further meaning of the same native field */
static pthread_once_t roles_once = PTHREAD_ONCE_INIT;

static void fill_roles(void) {
    _Static_assert(FIELD_COUNT < 255, "meanings are numbered in a byte");
    uint32_t ids[FIELD_COUNT];
    uint32_t user_ids[USER_PART_COUNT];
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        ids[i] = windows_body_field(fields[i].native);
    }
    for (size_t i = 0; i < USER_PART_COUNT; i++) {
        user_ids[i] = windows_body_field(user_parts[i].native);
    }
    role_count = schema_count();
    roles = mem_calloc(role_count, sizeof *roles);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        next_meaning[i] = roles[ids[i]].meaning;
        roles[ids[i]].meaning = (uint8_t)(i + 1);
    }
    for (size_t i = 0; i < USER_PART_COUNT; i++) {
        roles[user_ids[i]].user = (uint8_t)(user_parts[i].part + 1);
    }
}

static enum channel find_channel(struct str name) {
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        if (str_eq(channels[i].name, name)) {
            return channels[i].channel;
        }
    }
    return CHANNEL_OTHER;
}

static const struct event_meaning *find_event(enum channel channel, uint64_t id) {
    if (channel == CHANNEL_OTHER) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (events[i].id == id && events[i].channel == channel) {
            return &events[i];
        }
    }
    return NULL;
}

/* Values of a row by index: adding a value moves the texts of others. */
static struct str text_at(const struct batch *batch, uint32_t index) {
    const struct row *row = &batch->rows[batch->row_count - 1];
    return batch_value_text(batch, &batch->values[row->first_value + index]);
}

static bool says_nothing(struct str text) {
    return text.len == 0 || str_eq(text, STR("-"));
}

static void add_address(struct batch *batch, uint32_t field, struct str text) {
    struct ip address;
    struct str v4 = str_starts_ci(text, STR("::ffff:")) ? str_skip(text, 7) : text;
    if (ip_parse(&address, v4)) {
        batch_add(batch, field, v4);
    } else if (ip_parse(&address, text)) {
        batch_add(batch, field, text);
    }
}

static void add_port(struct batch *batch, uint32_t field, struct str text) {
    uint64_t port;
    if (num_parse_u64(&port, text) && port > 0 && port < 65536) {
        batch_add(batch, field, text);
    }
}

static void add_basename(struct batch *batch, uint32_t field, struct str text) {
    size_t back = str_rfind_char(text, '\\');
    size_t slash = str_rfind_char(text, '/');
    size_t from = back == STR_NONE ? 0 : back + 1;
    from = slash != STR_NONE && slash + 1 > from ? slash + 1 : from;
    if (from < text.len) {
        batch_add(batch, field, str_skip(text, from));
    }
}

static void add_meaning(struct batch *batch, const struct field_meaning *meaning, struct str text) {
    if (says_nothing(text)) {
        return;
    }
    switch (meaning->how) {
    case HOW_COPY:
        batch_add(batch, meaning->field, text);
        break;
    case HOW_ADDRESS:
        add_address(batch, meaning->field, text);
        break;
    case HOW_PORT:
        add_port(batch, meaning->field, text);
        break;
    case HOW_BASENAME:
        add_basename(batch, meaning->field, text);
        break;
    }
}

/* A part of a user's name, unless it says nothing. */
static void add_part(struct batch *batch, uint32_t field, const uint32_t *parts,
                     enum user_part part) {
    if (parts[part] == NO_VALUE) {
        return;
    }
    struct str text = text_at(batch, parts[part]);
    if (!says_nothing(text)) {
        batch_add(batch, field, text);
    }
}

/* user@REALM of Kerberos events without the realm. */
static void add_target(struct batch *batch, const uint32_t *parts, uint32_t field) {
    if (parts[PART_TARGET_NAME] == NO_VALUE) {
        return;
    }
    struct str text = text_at(batch, parts[PART_TARGET_NAME]);
    size_t at = str_find_char(text, '@');
    text = at != STR_NONE && at > 0 ? str_head(text, at) : text;
    if (!says_nothing(text)) {
        batch_add(batch, field, text);
    }
}

/* DOMAIN\name in one field. */
static void add_user(struct batch *batch, const uint32_t *parts) {
    if (parts[PART_USER] == NO_VALUE) {
        return;
    }
    struct str text = text_at(batch, parts[PART_USER]);
    size_t at = str_find_char(text, '\\');
    struct str name = at == STR_NONE ? text : str_skip(text, at + 1);
    if (says_nothing(name)) {
        return;
    }
    batch_add(batch, FIELD_USER_NAME, name);
    if (at != STR_NONE && at > 0) {
        batch_add(batch, FIELD_USER_DOMAIN, str_head(text_at(batch, parts[PART_USER]), at));
    }
}

static void add_users(struct batch *batch, enum users users, const uint32_t *parts) {
    switch (users) {
    case USERS_NONE:
        break;
    case USERS_BOTH:
        add_target(batch, parts, FIELD_USER_TARGET_NAME);
        __attribute__((fallthrough));
    case USERS_SUBJECT:
        add_part(batch, FIELD_USER_NAME, parts, PART_SUBJECT_NAME);
        add_part(batch, FIELD_USER_DOMAIN, parts, PART_SUBJECT_DOMAIN);
        add_part(batch, FIELD_USER_ID, parts, PART_SUBJECT_SID);
        break;
    case USERS_TARGET:
        add_target(batch, parts, FIELD_USER_NAME);
        add_part(batch, FIELD_USER_DOMAIN, parts, PART_TARGET_DOMAIN);
        add_part(batch, FIELD_USER_ID, parts, PART_TARGET_SID);
        break;
    case USERS_USER:
        add_user(batch, parts);
        break;
    case USERS_ACCOUNT:
        add_part(batch, FIELD_USER_NAME, parts, PART_PARAM1);
        add_part(batch, FIELD_USER_DOMAIN, parts, PART_PARAM2);
        break;
    }
}

/* The two audit bits of System/Keywords ("Audit Success" where a shipper rendered them). */
static const char *audit_outcome(struct str keywords) {
    uint64_t bits = 0;
    int64_t decimal;
    if (str_starts(keywords, STR("0x"))) {
        (void)num_parse_hex(&bits, str_skip(keywords, 2));
    } else if (num_parse_i64(&decimal, keywords)) {
        bits = (uint64_t)decimal;
    } else if (str_eq(keywords, STR("Audit Failure"))) {
        return "failure";
    } else if (str_eq(keywords, STR("Audit Success"))) {
        return "success";
    }
    return (bits >> 52 & 1) != 0 ? "failure" : (bits >> 53 & 1) != 0 ? "success" : NULL;
}

static void add_outcome(struct batch *batch, struct str keywords) {
    const char *outcome = audit_outcome(keywords);
    if (outcome != NULL && outcome[0] == 'f') {
        batch_add_constant(batch, FIELD_EVENT_OUTCOME, "failure");
    } else if (outcome != NULL) {
        batch_add_constant(batch, FIELD_EVENT_OUTCOME, "success");
    }
}

/* Copies of body fields; notes where the parts of users' names are. */
static void add_body_copies(struct batch *batch, uint32_t value_count, enum channel channel,
                            uint64_t event_id, uint32_t *parts) {
    const uint32_t first = batch_row(batch)->first_value;
    for (uint32_t i = 0; i < value_count; i++) {
        uint32_t field = batch->values[first + i].field;
        if (field < FIELD_STATIC_COUNT || field >= role_count) {
            continue;
        }
        if (roles[field].user != 0) {
            parts[roles[field].user - 1] = i;
        }
        for (size_t m = roles[field].meaning; m != 0; m = next_meaning[m - 1]) {
            const struct field_meaning *meaning = &fields[m - 1];
            if (meaning->channel == CHANNEL_OTHER ||
                (meaning->channel == channel && meaning->id == event_id)) {
                add_meaning(batch, meaning, text_at(batch, i));
            }
        }
    }
}

/* Values of the event itself that say what it is, by index; NO_VALUE: it has none. */
struct known {
    uint32_t event_id;
    uint32_t channel;
    uint32_t computer;
    uint32_t keywords;
};

static struct known find_known(const struct batch *batch, uint32_t value_count) {
    struct known found = {NO_VALUE, NO_VALUE, NO_VALUE, NO_VALUE};
    const struct value *values = batch->values + batch->rows[batch->row_count - 1].first_value;
    for (uint32_t i = value_count; i-- > 0;) { /* of several the first one stays */
        switch (values[i].field) {
        case FIELD_WINLOG_EVENT_ID:
            found.event_id = i;
            break;
        case FIELD_WINLOG_CHANNEL:
            found.channel = i;
            break;
        case FIELD_WINLOG_COMPUTER:
            found.computer = i;
            break;
        case FIELD_WINLOG_KEYWORDS:
            found.keywords = i;
            break;
        default:
            break;
        }
    }
    return found;
}

void windows_ecs_add(struct batch *batch) {
    (void)pthread_once(&roles_once, fill_roles);
    uint32_t value_count = batch_row(batch)->value_count;
    const struct known known = find_known(batch, value_count);
    uint64_t event_id = 0;
    enum channel channel = CHANNEL_OTHER;
    if (known.event_id != NO_VALUE) {
        (void)num_parse_u64(&event_id, text_at(batch, known.event_id));
        batch_add(batch, FIELD_EVENT_CODE, text_at(batch, known.event_id));
    }
    if (known.channel != NO_VALUE) {
        channel = find_channel(text_at(batch, known.channel));
    }
    if (known.computer != NO_VALUE && text_at(batch, known.computer).len > 0) {
        batch_add(batch, FIELD_HOST_NAME, text_at(batch, known.computer));
    }
    if (channel == CHANNEL_SECURITY && known.keywords != NO_VALUE) {
        add_outcome(batch, text_at(batch, known.keywords));
    }
    uint32_t parts[PART_COUNT];
    memset(parts, 0xff, sizeof parts);
    add_body_copies(batch, value_count, channel, event_id, parts);
    const struct event_meaning *event = find_event(channel, event_id);
    if (event != NULL) {
        add_users(batch, event->users, parts);
        batch_add_constant(batch, FIELD_EVENT_CATEGORY, event->category);
        batch_add_constant(batch, FIELD_EVENT_ACTION, event->action);
    }
}
