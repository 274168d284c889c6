/* logons: who logged on, or tried to, from where, how; facts only. */
#include "mem.h"
#include "privileged.h"
#include "sshd_line.h"
#include "tally.h"
#include "triage_cells.h"
#include "triage_fields.h"
#include "triage_names.h"

enum logon_part {
    PART_USER,
    PART_DOMAIN,
    PART_TYPE,
    PART_HOST,
    PART_ADDRESS,
    PART_PACKAGE,
    PART_NTLM,
    PART_PROCESS,
    PART_KEY,
    PART_STATUS,
    PART_SUBSTATUS,
    PART_BY,
    PART_BY_DOMAIN,
    PART_TARGET,
    PART_COUNT
};

enum result {
    RESULT_SUCCESS,
    RESULT_FAILURE,
    RESULT_EXPLICIT,
    RESULT_RECONNECT,
    RESULT_DISCONNECT,
    RESULT_BY_STATUS
};

static const struct str result_words[] = {STR_INIT("success"), STR_INIT("failure"),
                                          STR_INIT("explicit"), STR_INIT("reconnect"),
                                          STR_INIT("disconnect")};

static const struct logon_event {
    struct str channel;
    uint32_t id;
    enum result result;
    struct str parts[PART_COUNT];
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

/* What a group is. */
enum key {
    KEY_RESULT,
    KEY_EVENT,
    KEY_USER,
    KEY_DOMAIN,
    KEY_TYPE,
    KEY_HOST,
    KEY_ADDRESS,
    KEY_COMPUTER,
    KEY_PACKAGE,
    KEY_NTLM,
    KEY_PROCESS,
    KEY_KEY,
    KEY_STATUS,
    KEY_BY,
    KEY_TARGET,
    KEY_COUNT
};

struct logons {
    struct triage_out *out;
    struct triage_fields fields;
    struct triage_host host;
    uint8_t places[LOGON_EVENT_COUNT][PART_COUNT];                       /* NO_PLACE: none */
    size_t id, channel, logon_id, privileged_id;                         /* Windows */
    size_t category, outcome, user, address, code, action, app, message; /* others */
    size_t audit_type, audit_program;
    struct tally tally;
    struct privileged privileged;
    struct buf by; /* scratch */
};

static enum status logons_open(void **state, struct triage_out *out,
                               const struct triage_options *options, struct err *err) {
    (void)options, (void)err; /* there are none */
    struct logons *l = mem_calloc(1, sizeof *l);
    struct triage_fields *f = &l->fields;
    l->out = out;
    triage_columns(out, STR("count# privileged# result event user domain logon_type type_name "
                            "source_host source_ip computer package ntlm logon_process key_length "
                            "status reason by target first last"));
    triage_host_add(&l->host, f);
    for (size_t i = 0; i < LOGON_EVENT_COUNT; i++) {
        for (size_t k = 0; k < PART_COUNT; k++) {
            struct str name = logon_events[i].parts[k];
            l->places[i][k] =
                name.len > 0 ? (uint8_t)triage_fields_add_name(f, name) : (uint8_t)NO_PLACE;
        }
    }
    l->id = triage_fields_add(f, FIELD_WINLOG_EVENT_ID);
    l->channel = triage_fields_add(f, FIELD_WINLOG_CHANNEL);
    l->logon_id = triage_fields_add_name(f, STR("TargetLogonId"));
    l->privileged_id = triage_fields_add_name(f, STR("SubjectLogonId"));
    l->category = triage_fields_add(f, FIELD_EVENT_CATEGORY);
    l->outcome = triage_fields_add(f, FIELD_EVENT_OUTCOME);
    l->user = triage_fields_add(f, FIELD_USER_NAME);
    l->address = triage_fields_add(f, FIELD_SOURCE_IP);
    l->code = triage_fields_add(f, FIELD_EVENT_CODE);
    l->action = triage_fields_add(f, FIELD_EVENT_ACTION);
    l->app = triage_fields_add(f, FIELD_SYSLOG_APPNAME);
    l->message = triage_fields_add(f, FIELD_MESSAGE);
    l->audit_type = triage_fields_add_name(f, STR("auditd.type"));
    l->audit_program = triage_fields_add_name(f, STR("auditd.exe"));
    tally_init(&l->tally, KEY_COUNT);
    *state = l;
    return STATUS_OK;
}

/* --- Windows --- */

static struct str part(const struct logons *l, size_t event, enum logon_part k) {
    uint8_t place = l->places[event][k];
    return place == NO_PLACE ? STR_EMPTY : str_trim(triage_field(&l->fields, place));
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

static struct str who(struct logons *l, struct str domain, struct str name) {
    buf_clear(&l->by);
    if (domain.len > 0 && name.len > 0) {
        buf_add(&l->by, domain);
        buf_putc(&l->by, '\\');
    }
    buf_add(&l->by, name);
    return buf_str(&l->by);
}

static void fill_windows(struct str *key, struct logons *l, size_t at) {
    const struct logon_event *known = &logon_events[at];
    struct str status = part(l, at, PART_STATUS);
    struct str substatus = part(l, at, PART_SUBSTATUS);
    enum result result = known->result;
    if (result == RESULT_BY_STATUS) {
        result = is_zero(status) ? RESULT_SUCCESS : RESULT_FAILURE;
    }
    key[KEY_RESULT] = result_words[result];
    key[KEY_USER] = part(l, at, PART_USER);
    key[KEY_DOMAIN] = part(l, at, PART_DOMAIN);
    key[KEY_TYPE] = part(l, at, PART_TYPE);
    key[KEY_HOST] = part(l, at, PART_HOST);
    key[KEY_ADDRESS] = plain_address(part(l, at, PART_ADDRESS));
    key[KEY_PACKAGE] = part(l, at, PART_PACKAGE);
    key[KEY_NTLM] = part(l, at, PART_NTLM);
    key[KEY_PROCESS] = part(l, at, PART_PROCESS);
    key[KEY_KEY] = part(l, at, PART_KEY);
    key[KEY_STATUS] = is_zero(substatus) ? status : substatus;
    key[KEY_BY] = who(l, part(l, at, PART_BY_DOMAIN), part(l, at, PART_BY));
    key[KEY_TARGET] = part(l, at, PART_TARGET);
}

static size_t find_event(struct str channel, uint32_t id) {
    for (size_t i = 0; i < LOGON_EVENT_COUNT; i++) {
        if (logon_events[i].id == id && str_eq_ci(logon_events[i].channel, channel)) {
            return i;
        }
    }
    return LOGON_EVENT_COUNT;
}

static void windows_event(struct logons *l, const struct triage_event *event) {
    struct str computer = triage_host_of(&l->host, &l->fields, event);
    struct str channel = triage_field(&l->fields, l->channel);
    struct str id_text = triage_field(&l->fields, l->id);
    uint32_t id = triage_event_id(id_text);
    bool is_security = str_eq_ci(channel, STR("Security"));
    if (id == 4672 && is_security) {
        privileged_add(&l->privileged, computer, triage_field(&l->fields, l->privileged_id));
        return;
    }
    size_t at = find_event(channel, id);
    if (at == LOGON_EVENT_COUNT) {
        return;
    }
    struct str key[KEY_COUNT] = {[KEY_EVENT] = id_text, [KEY_COMPUTER] = computer};
    fill_windows(key, l, at);
    uint32_t group = tally_add(&l->tally, key, computer, triage_time(event->row));
    if (id == 4624 && is_security && group != TALLY_NONE) {
        privileged_add_logon(&l->privileged, computer, triage_field(&l->fields, l->logon_id),
                             group);
    }
}

/* --- other logs --- */

static bool fill_sshd(struct str *key, const struct logons *l) {
    struct sshd_logon logon;
    if (!str_starts(triage_field(&l->fields, l->app), STR("sshd")) ||
        !sshd_line_parse(&logon, triage_field(&l->fields, l->message))) {
        return false;
    }
    key[KEY_RESULT] = result_words[logon.is_success ? RESULT_SUCCESS : RESULT_FAILURE];
    key[KEY_EVENT] = STR("sshd");
    key[KEY_USER] = logon.user;
    key[KEY_ADDRESS] = logon.address;
    key[KEY_PACKAGE] = logon.method;
    return true;
}

/* The audit daemon of Linux: USER_AUTH (who it is was asked), USER_LOGIN (a session began or not).
 */
static bool fill_audit(struct str *key, const struct logons *l) {
    struct str type = triage_field(&l->fields, l->audit_type);
    if (!str_eq(type, STR("USER_LOGIN")) && !str_eq(type, STR("USER_AUTH"))) {
        return false;
    }
    key[KEY_RESULT] = triage_field(&l->fields, l->outcome);
    key[KEY_EVENT] = type;
    key[KEY_USER] = triage_field(&l->fields, l->user);
    key[KEY_ADDRESS] = triage_field(&l->fields, l->address);
    key[KEY_PROCESS] = triage_field(&l->fields, l->audit_program);
    return true;
}

static bool fill_ecs(struct str *key, const struct logons *l) {
    if (!str_eq(triage_field(&l->fields, l->category), STR("authentication"))) {
        return false;
    }
    struct str code = triage_field(&l->fields, l->code);
    key[KEY_RESULT] = triage_field(&l->fields, l->outcome);
    key[KEY_EVENT] = code.len > 0 ? code : triage_field(&l->fields, l->action);
    key[KEY_USER] = triage_field(&l->fields, l->user);
    key[KEY_ADDRESS] = triage_field(&l->fields, l->address);
    return true;
}

static void other_event(struct logons *l, const struct triage_event *event) {
    struct str host = triage_host_of(&l->host, &l->fields, event);
    struct str key[KEY_COUNT] = {[KEY_COMPUTER] = host};
    if (fill_ecs(key, l) || fill_sshd(key, l) || fill_audit(key, l)) {
        (void)tally_add(&l->tally, key, host, triage_time(event->row));
    }
}

static void logons_event(void *state, const struct triage_event *event) {
    struct logons *l = state;
    triage_fields_read(&l->fields, event->batch, event->row);
    if (event->is_windows) {
        windows_event(l, event);
    } else {
        other_event(l, event);
    }
}

/* --- the listing --- */

static struct str reason_of(struct str event, struct str status) {
    uint32_t id = triage_event_id(event);
    bool is_kerberos = id == 4768 || id == 4769 || id == 4771;
    return is_kerberos ? triage_kdc_status(status) : triage_logon_status(status);
}

static void write_group(const struct logons *l, struct triage_cells *cells, uint32_t at,
                        uint64_t privileged) {
    const struct tally_group *group = &l->tally.groups[at];
    triage_cell_number(cells, group->count);
    triage_cell_number(cells, privileged);
    for (size_t k = 0; k < KEY_COUNT; k++) {
        struct str text = tally_key(&l->tally, at, k);
        triage_cell(cells, text);
        if (k == KEY_TYPE) {
            triage_cell(cells, triage_logon_type(text));
        } else if (k == KEY_STATUS) {
            triage_cell(cells, reason_of(tally_key(&l->tally, at, KEY_EVENT), text));
        }
    }
    triage_cell_time(cells, group->first_ns);
    triage_cell_time(cells, group->last_ns);
    triage_cells_write(cells, l->out);
}

static void logons_end(void *state) {
    struct logons *l = state;
    struct triage_cells cells = {0};
    uint64_t *privileged = mem_calloc((size_t)l->tally.count + 1, sizeof *privileged);
    uint32_t *sorted = tally_sorted(&l->tally, TALLY_MOST_FIRST);
    privileged_count(&l->privileged, privileged);
    for (uint32_t i = 0; i < l->tally.count && !l->out->is_stopped; i++) {
        write_group(l, &cells, sorted[i], privileged[sorted[i]]);
    }
    l->out->dropped += l->tally.dropped + l->privileged.dropped;
    mem_free(sorted);
    mem_free(privileged);
    triage_cells_fini(&cells);
}

static void logons_close(void *state) {
    struct logons *l = state;
    triage_fields_fini(&l->fields);
    tally_fini(&l->tally);
    privileged_fini(&l->privileged);
    buf_fini(&l->by);
    mem_free(l);
}

const struct triage_question triage_logons = {
    .open = logons_open, .event = logons_event, .end = logons_end, .close = logons_close};
