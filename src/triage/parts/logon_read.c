#include "logon_read.h"

#include "mem.h"
#include "sshd_line.h"

/* The fields of a Windows event, in the order of LOGON_EVENT. */
enum field {
    FIELD_USER,
    FIELD_DOMAIN,
    FIELD_TYPE,
    FIELD_HOST,
    FIELD_ADDRESS,
    FIELD_PACKAGE,
    FIELD_NTLM,
    FIELD_PROCESS,
    FIELD_KEY,
    FIELD_STATUS,
    FIELD_SUBSTATUS,
    FIELD_BY,
    FIELD_BY_DOMAIN,
    FIELD_TARGET,
    FIELD_ALL
};

enum result {
    RESULT_SUCCESS,
    RESULT_FAILURE,
    RESULT_EXPLICIT,
    RESULT_RECONNECT,
    RESULT_DISCONNECT,
    RESULT_LOGOFF,
    RESULT_BY_STATUS
};

static const struct str result_words[] = {STR_INIT("success"),    STR_INIT("failure"),
                                          STR_INIT("explicit"),   STR_INIT("reconnect"),
                                          STR_INIT("disconnect"), STR_INIT("logoff")};

static const struct logon_event {
    struct str channel;
    uint32_t id;
    enum result result;
    struct str fields[FIELD_ALL];
} logon_events[] = {
#define LOGON_EVENT(channel, id, result, user, domain, type, host, address, package, ntlm,         \
                    process, key, status, substatus, by, by_domain, target)                        \
    {STR_INIT(channel),                                                                            \
     id,                                                                                           \
     RESULT_##result,                                                                              \
     {STR_INIT(user), STR_INIT(domain), STR_INIT(type), STR_INIT(host), STR_INIT(address),         \
      STR_INIT(package), STR_INIT(ntlm), STR_INIT(process), STR_INIT(key), STR_INIT(status),       \
      STR_INIT(substatus), STR_INIT(by), STR_INIT(by_domain), STR_INIT(target)}},
#include "logon_events.def"
};

enum { LOGON_EVENT_COUNT = sizeof logon_events / sizeof *logon_events, NO_PLACE = 255 };

static void add_windows_fields(struct logon_reader *r) {
    r->places = mem_calloc(LOGON_EVENT_COUNT, sizeof *r->places);
    for (size_t i = 0; i < LOGON_EVENT_COUNT; i++) {
        for (size_t k = 0; k < FIELD_ALL; k++) {
            struct str name = logon_events[i].fields[k];
            r->places[i][k] = name.len > 0 ? (uint8_t)triage_fields_add_name(&r->fields, name)
                                           : (uint8_t)NO_PLACE;
        }
    }
}

void logon_reader_init(struct logon_reader *r) {
    *r = (struct logon_reader){0};
    struct triage_fields *f = &r->fields;
    triage_host_add(&r->host, f);
    add_windows_fields(r);
    r->id = triage_fields_add(f, FIELD_WINLOG_EVENT_ID);
    r->channel = triage_fields_add(f, FIELD_WINLOG_CHANNEL);
    r->logon_id = triage_fields_add_name(f, STR("TargetLogonId"));
    r->privileged_id = triage_fields_add_name(f, STR("SubjectLogonId"));
    r->by_user = triage_fields_add_name(f, STR("SubjectUserName"));
    r->by_domain = triage_fields_add_name(f, STR("SubjectDomainName"));
    r->sid = triage_fields_add_name(f, STR("TargetUserSid"));
    r->preauth = triage_fields_add_name(f, STR("PreAuthType"));
    r->category = triage_fields_add(f, FIELD_EVENT_CATEGORY);
    r->outcome = triage_fields_add(f, FIELD_EVENT_OUTCOME);
    r->user = triage_fields_add(f, FIELD_USER_NAME);
    r->address = triage_fields_add(f, FIELD_SOURCE_IP);
    r->code = triage_fields_add(f, FIELD_EVENT_CODE);
    r->action = triage_fields_add(f, FIELD_EVENT_ACTION);
    r->app = triage_fields_add(f, FIELD_SYSLOG_APPNAME);
    r->message = triage_fields_add(f, FIELD_MESSAGE);
    r->audit_type = triage_fields_add_name(f, STR("auditd.type"));
    r->audit_program = triage_fields_add_name(f, STR("auditd.exe"));
}

void logon_reader_fini(struct logon_reader *r) {
    triage_fields_fini(&r->fields);
    mem_free(r->places);
    buf_fini(&r->by);
}

struct str logon_plain_user(struct str user) {
    size_t slash = str_find_char(user, '\\');
    user = slash == STR_NONE ? user : str_skip(user, slash + 1);
    size_t sign = str_find_char(user, '@');
    return sign == STR_NONE || sign == 0 ? user : str_head(user, sign);
}

bool logon_is_of(struct str name, struct str user) {
    return user.len == 0 || str_eq_ci(logon_plain_user(name), logon_plain_user(user));
}

/* --- Windows --- */

static struct str value(const struct logon_reader *r, size_t event, enum field field) {
    uint8_t place = r->places[event][field];
    return place == NO_PLACE ? STR_EMPTY : str_trim(triage_field(&r->fields, place));
}

/* "::ffff:10.0.0.1" is 10.0.0.1. */
static struct str plain_address(struct str address) {
    return str_starts_ci(address, STR("::ffff:")) ? str_skip(address, 7) : address;
}

static bool is_zero(struct str status) {
    for (size_t i = str_starts_ci(status, STR("0x")) ? 2 : 0; i < status.len; i++) {
        if (status.ptr[i] != '0') {
            return false;
        }
    }
    return true;
}

static struct str who(struct logon_reader *r, struct str domain, struct str name) {
    buf_clear(&r->by);
    if (domain.len > 0 && name.len > 0) {
        buf_add(&r->by, domain);
        buf_putc(&r->by, '\\');
    }
    buf_add(&r->by, name);
    return buf_str(&r->by);
}

static void fill_windows(struct str *parts, struct logon_reader *r, size_t at) {
    struct str status = value(r, at, FIELD_STATUS);
    struct str substatus = value(r, at, FIELD_SUBSTATUS);
    enum result result = logon_events[at].result;
    if (result == RESULT_BY_STATUS) {
        result = is_zero(status) ? RESULT_SUCCESS : RESULT_FAILURE;
    }
    parts[LOGON_RESULT] = result_words[result];
    parts[LOGON_USER] = value(r, at, FIELD_USER);
    parts[LOGON_DOMAIN] = value(r, at, FIELD_DOMAIN);
    parts[LOGON_TYPE] = value(r, at, FIELD_TYPE);
    parts[LOGON_HOST] = value(r, at, FIELD_HOST);
    parts[LOGON_ADDRESS] = plain_address(value(r, at, FIELD_ADDRESS));
    parts[LOGON_PACKAGE] = value(r, at, FIELD_PACKAGE);
    parts[LOGON_NTLM] = value(r, at, FIELD_NTLM);
    parts[LOGON_PROCESS] = value(r, at, FIELD_PROCESS);
    parts[LOGON_KEY_LENGTH] = value(r, at, FIELD_KEY);
    parts[LOGON_STATUS] = is_zero(substatus) ? status : substatus;
    parts[LOGON_BY] = who(r, value(r, at, FIELD_BY_DOMAIN), value(r, at, FIELD_BY));
    parts[LOGON_TARGET] = value(r, at, FIELD_TARGET);
}

static size_t find_event(struct str channel, uint32_t id) {
    for (size_t i = 0; i < LOGON_EVENT_COUNT; i++) {
        if (logon_events[i].id == id && str_eq_ci(logon_events[i].channel, channel)) {
            return i;
        }
    }
    return LOGON_EVENT_COUNT;
}

static enum logon_kind read_windows(struct logon *out, struct logon_reader *r) {
    struct str channel = triage_field(&r->fields, r->channel);
    struct str id_text = triage_field(&r->fields, r->id);
    uint32_t id = triage_event_id(id_text);
    out->parts[LOGON_EVENT_ID] = id_text;
    if (id == 4672 && str_eq_ci(channel, STR("Security"))) {
        out->parts[LOGON_USER] = str_trim(triage_field(&r->fields, r->by_user));
        out->parts[LOGON_DOMAIN] = str_trim(triage_field(&r->fields, r->by_domain));
        out->logon_id = triage_field(&r->fields, r->privileged_id);
        return LOGON_PRIVILEGES;
    }
    size_t at = find_event(channel, id);
    if (at == LOGON_EVENT_COUNT) {
        return LOGON_NONE;
    }
    fill_windows(out->parts, r, at);
    if (str_eq_ci(channel, STR("Security"))) {
        out->logon_id = triage_field(&r->fields, r->logon_id);
        out->preauth = triage_field(&r->fields, r->preauth);
        out->sid = triage_field(&r->fields, r->sid);
    }
    return LOGON_ATTEMPT;
}

/* --- other logs --- */

static bool fill_sshd(struct str *parts, const struct logon_reader *r) {
    struct sshd_logon logon;
    if (!str_starts(triage_field(&r->fields, r->app), STR("sshd")) ||
        !sshd_line_parse(&logon, triage_field(&r->fields, r->message))) {
        return false;
    }
    parts[LOGON_RESULT] = result_words[logon.is_success ? RESULT_SUCCESS : RESULT_FAILURE];
    parts[LOGON_EVENT_ID] = STR("sshd");
    parts[LOGON_USER] = logon.user;
    parts[LOGON_ADDRESS] = logon.address;
    parts[LOGON_PACKAGE] = logon.method;
    return true;
}

/* The audit daemon of Linux: USER_AUTH (who it is was asked), USER_LOGIN (a session began or not).
 */
static bool fill_audit(struct str *parts, const struct logon_reader *r) {
    struct str type = triage_field(&r->fields, r->audit_type);
    if (!str_eq(type, STR("USER_LOGIN")) && !str_eq(type, STR("USER_AUTH"))) {
        return false;
    }
    parts[LOGON_RESULT] = triage_field(&r->fields, r->outcome);
    parts[LOGON_EVENT_ID] = type;
    parts[LOGON_USER] = triage_field(&r->fields, r->user);
    parts[LOGON_ADDRESS] = triage_field(&r->fields, r->address);
    parts[LOGON_PROCESS] = triage_field(&r->fields, r->audit_program);
    return true;
}

static bool fill_ecs(struct str *parts, const struct logon_reader *r) {
    if (!str_eq(triage_field(&r->fields, r->category), STR("authentication"))) {
        return false;
    }
    struct str code = triage_field(&r->fields, r->code);
    parts[LOGON_RESULT] = triage_field(&r->fields, r->outcome);
    parts[LOGON_EVENT_ID] = code.len > 0 ? code : triage_field(&r->fields, r->action);
    parts[LOGON_USER] = triage_field(&r->fields, r->user);
    parts[LOGON_ADDRESS] = triage_field(&r->fields, r->address);
    return true;
}

enum logon_kind logon_read(struct logon *out, struct logon_reader *r,
                           const struct triage_event *event) {
    *out = (struct logon){0};
    triage_fields_read(&r->fields, event->batch, event->row);
    out->parts[LOGON_COMPUTER] = triage_host_of(&r->host, &r->fields, event);
    if (event->is_windows) {
        return read_windows(out, r);
    }
    return fill_ecs(out->parts, r) || fill_sshd(out->parts, r) || fill_audit(out->parts, r)
               ? LOGON_ATTEMPT
               : LOGON_NONE;
}
