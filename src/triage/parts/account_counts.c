#include "account_counts.h"

#include "mem.h"
#include "triage_names.h"

void account_counts_init(struct account_counts *a, bool with_machines, bool by_hour) {
    *a = (struct account_counts){.with_machines = with_machines, .by_hour = by_hour};
    logon_reader_init(&a->logons);
    change_reader_init(&a->changes);
    tally_init(&a->edges, EDGE_KEYS);
    tally_init(&a->hours, HOUR_KEYS);
    tally_init(&a->marks, MARK_KEYS);
}

void account_counts_fini(struct account_counts *a) {
    logon_reader_fini(&a->logons);
    change_reader_fini(&a->changes);
    tally_fini(&a->edges);
    tally_fini(&a->hours);
    tally_fini(&a->marks);
    privileged_fini(&a->privileged);
    mem_free(a->edge_counts);
    mem_free(a->hour_counts);
    buf_fini(&a->account);
    buf_fini(&a->source);
    buf_fini(&a->other);
}

/* --- names --- */

static struct str lower(struct buf *out, struct str text) {
    buf_clear(out);
    for (size_t i = 0; i < text.len; i++) {
        buf_putc(out, ascii_lower(text.ptr[i]));
    }
    return buf_str(out);
}

/* Those that Windows itself logs on, whatever the language of their names. */
static bool is_of_system(struct str user, struct str sid) {
    static const struct str sids[] = {STR_INIT("S-1-5-18"), STR_INIT("S-1-5-19"),
                                      STR_INIT("S-1-5-20")};
    static const struct str names[] = {STR_INIT("SYSTEM"), STR_INIT("LOCAL SERVICE"),
                                       STR_INIT("NETWORK SERVICE")};
    for (size_t i = 0; i < sizeof sids / sizeof *sids; i++) {
        if (str_eq_ci(sid, sids[i]) || str_eq_ci(user, names[i])) {
            return true;
        }
    }
    return str_starts_ci(sid, STR("S-1-5-90-")) || str_starts_ci(sid, STR("S-1-5-96-")) ||
           str_starts_ci(user, STR("DWM-")) || str_starts_ci(user, STR("UMFD-"));
}

static bool is_counted(const struct account_counts *a, struct str user, struct str sid) {
    return user.len > 0 &&
           (a->with_machines || (!str_ends(user, STR("$")) && !is_of_system(user, sid)));
}

static bool is_local(struct str machine) {
    return str_eq(machine, STR("127.0.0.1")) || str_eq(machine, STR("::1")) ||
           str_eq_ci(machine, STR("localhost")) || str_eq_ci(machine, STR("LOCAL"));
}

/* Where the logon came from: the address, else the name; of 4648 the computer that tells. */
static struct str source_of(const struct logon *logon, bool is_explicit) {
    struct str address = logon->parts[LOGON_ADDRESS];
    struct str host = logon->parts[LOGON_HOST];
    if (is_explicit) {
        return logon->parts[LOGON_COMPUTER];
    }
    if (address.len > 0 && !is_local(address)) {
        return address;
    }
    return is_local(host) ? STR_EMPTY : host;
}

static struct str computer_of(const struct logon *logon, bool is_explicit) {
    struct str target = logon->parts[LOGON_TARGET];
    bool is_elsewhere = is_explicit && target.len > 0 && !is_local(target);
    return is_elsewhere ? target : logon->parts[LOGON_COMPUTER];
}

/* --- counting --- */

static enum account_class class_of(const struct logon *logon) {
    struct str result = logon->parts[LOGON_RESULT];
    uint32_t id = triage_event_id(logon->parts[LOGON_EVENT_ID]);
    if (str_eq(result, STR("failure"))) {
        return ACCOUNT_FAILURE;
    }
    if (str_eq(result, STR("explicit"))) {
        return ACCOUNT_EXPLICIT;
    }
    if (!str_eq(result, STR("success"))) {
        return ACCOUNT_CLASSES; /* the end of a session, a reconnection */
    }
    return id == 4768 || id == 4769 || id == 4776 ? ACCOUNT_VALIDATED : ACCOUNT_SUCCESS;
}

static void count(struct account_count **counts, size_t *capacity, const struct tally *tally,
                  uint32_t group, enum account_class class) {
    if (group == TALLY_NONE) {
        return;
    }
    size_t before = *capacity;
    MEM_GROW(*counts, *capacity, (size_t)tally->count);
    memset(*counts + before, 0, (*capacity - before) * sizeof **counts);
    (*counts)[group].of[class]++;
}

static void mark(struct account_counts *a, struct str kind, struct str text, int64_t time_ns) {
    const struct str key[MARK_KEYS] = {kind, buf_str(&a->account), text};
    if (text.len > 0 && !a->by_hour) {
        (void)tally_add(&a->marks, key, STR_EMPTY, time_ns);
    }
}

struct str account_counts_hour(char *out, int64_t time_ns) {
    int64_t hour = 3600 * NS_PER_SECOND;
    int64_t since = time_ns % hour;
    return str_make(out, civil_format_rfc3339(out, time_ns - (since < 0 ? since + hour : since)));
}

static void count_hour(struct account_counts *a, enum account_class class, struct str source,
                       int64_t time_ns) {
    char text[CIVIL_RFC3339_BYTES];
    if (!a->by_hour || time_ns == TIME_NONE) {
        return;
    }
    const struct str key[HOUR_KEYS] = {account_counts_hour(text, time_ns), buf_str(&a->account)};
    uint32_t group = tally_add(&a->hours, key, source, time_ns);
    count(&a->hour_counts, &a->hour_capacity, &a->hours, group, class);
}

/* Tickets whose password can be guessed offline: of services with RC4, without preauthentication.
 */
static struct str sign_of_ticket(const struct logon *logon) {
    struct str service = logon->parts[LOGON_TARGET];
    uint32_t id = triage_event_id(logon->parts[LOGON_EVENT_ID]);
    bool is_of_user =
        service.len > 0 && !str_ends(service, STR("$")) && !str_eq_ci(service, STR("krbtgt"));
    if (id == 4769 && is_of_user && str_eq_ci(logon->parts[LOGON_PACKAGE], STR("0x17"))) {
        return STR("rc4-ticket");
    }
    return id == 4768 && str_eq(logon->preauth, STR("0")) ? STR("no-preauthentication") : STR_EMPTY;
}

static void add_logon(struct account_counts *a, const struct logon *logon, int64_t time_ns) {
    enum account_class class = class_of(logon);
    struct str user = logon_plain_user(logon->parts[LOGON_USER]);
    if (class == ACCOUNT_CLASSES || !is_counted(a, user, logon->sid)) {
        return;
    }
    bool is_explicit = class == ACCOUNT_EXPLICIT;
    struct str account = lower(&a->account, user);
    struct str source = lower(&a->source, source_of(logon, is_explicit));
    const struct str key[EDGE_KEYS] = {account, source,
                                       lower(&a->other, computer_of(logon, is_explicit))};
    uint32_t group = tally_add(&a->edges, key, STR_EMPTY, time_ns);
    count(&a->edge_counts, &a->edge_capacity, &a->edges, group, class);
    if (group != TALLY_NONE && str_eq(logon->parts[LOGON_EVENT_ID], STR("4624"))) {
        privileged_add_logon(&a->privileged, logon->parts[LOGON_COMPUTER], logon->logon_id, group);
    }
    count_hour(a, class, source, time_ns);
    mark(a, STR("domain"), lower(&a->other, logon->parts[LOGON_DOMAIN]), time_ns);
    if (class == ACCOUNT_VALIDATED) {
        mark(a, STR("sign"), sign_of_ticket(logon), time_ns);
    }
    mark(a, STR("type"), triage_logon_type(logon->parts[LOGON_TYPE]), time_ns);
}

static void add_change(struct account_counts *a, const struct change *change, int64_t time_ns) {
    struct str user = logon_plain_user(change->parts[CHANGE_BY]);
    if (is_counted(a, user, user)) {
        (void)lower(&a->account, user);
        mark(a, STR("by"), change->parts[CHANGE_WHAT], time_ns);
        mark(a, STR("sign"), change->parts[CHANGE_SIGN_WORD], time_ns);
    }
}

void account_counts_add(struct account_counts *a, const struct triage_event *event) {
    struct logon logon;
    struct change change;
    int64_t time_ns = triage_time(event->row);
    enum logon_kind kind = logon_read(&logon, &a->logons, event);
    if (kind == LOGON_PRIVILEGES) {
        privileged_add(&a->privileged, logon.parts[LOGON_COMPUTER], logon.logon_id);
    } else if (kind == LOGON_ATTEMPT) {
        add_logon(a, &logon, time_ns);
    } else if (!a->by_hour && change_read(&change, &a->changes, event)) {
        add_change(a, &change, time_ns);
    }
}

void account_counts_end(struct account_counts *a) {
    uint64_t *privileged = mem_calloc((size_t)a->edges.count + 1, sizeof *privileged);
    privileged_count(&a->privileged, privileged);
    for (uint32_t i = 0; i < a->edges.count; i++) {
        a->edge_counts[i].of[ACCOUNT_PRIVILEGED] = privileged[i];
    }
    mem_free(privileged);
}

uint64_t account_counts_dropped(const struct account_counts *a) {
    return a->edges.dropped + a->hours.dropped + a->marks.dropped + a->privileged.dropped;
}
