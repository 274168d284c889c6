/*
 * FortiGate (FortiOS 5 to 7, also FortiProxy) key=value logs: traffic, utm, event. Source: Fortinet
 * "FortiOS Log Message Reference". eventtime is UTC in seconds (6.0) or nanoseconds (6.2 and
 * later); without it date + time in the device's zone (tz, or the zone of the input). Every key
 * stays as fortigate.<key>; the table says which have an ECS twin.
 *
 * Only action=deny of a traffic log is a denial: close, timeout, client-rst, server-rst, ip-conn
 * and start are sessions that the policy let through.
 */
#include "fortigate_cef.h"
#include "mem.h"
#include "net_fields.h"
#include "num.h"
#include "parse_time.h"

enum role {
    ROLE_DATE,
    ROLE_TIME,
    ROLE_EVENTTIME,
    ROLE_ITIME, /* when an analyser received it: better than nothing */
    ROLE_TZ,
    ROLE_TYPE,
    ROLE_SUBTYPE,
    ROLE_LOGID,
    ROLE_DEVICE,
    ROLE_SERIAL,
    ROLE_ACTION,
    ROLE_STATUS,
    ROLE_SOURCE,
    ROLE_DESTINATION,
    ROLE_SOURCE_ROLE,
    ROLE_DESTINATION_ROLE,
    ROLE_PROTO,
    ROLE_DURATION,
    ROLE_DIRECTION,
    ROLE_TRANSDISP,
    ROLE_TRANSIP,
    ROLE_TRANSPORT,
    ROLE_REMOTE,
    ROLE_UI,    /* "https(192.0.2.1)": where an administrator works from */
    ROLE_LEASE, /* event logs of the DHCP server: ip= with mac= and hostname= */
    ROLE_MAC,
    ROLE_URL,
    ROLE_HOSTNAME,
    ROLE_LEVEL,
    ROLE_ATTACK,
    ROLE_POLICY,
    ROLE_USER,
    ROLE_UNAUTH_USER, /* seen by a portal or an agent, not logged in */
    ROLE_SCALAR       /* and above: plain copy, scalar_fields[role - ROLE_SCALAR] */
};

/* Keys whose value is copied as it is: key and field, twice below for both tables. */
#define SCALARS(X)                                                                                 \
    X("srcport", FIELD_SOURCE_PORT)                                                                \
    X("src_port", FIELD_SOURCE_PORT)                                                               \
    X("dstport", FIELD_DESTINATION_PORT)                                                           \
    X("dst_port", FIELD_DESTINATION_PORT)                                                          \
    X("srcintf", FIELD_OBSERVER_INGRESS_INTERFACE)                                                 \
    X("src_int", FIELD_OBSERVER_INGRESS_INTERFACE)                                                 \
    X("dstintf", FIELD_OBSERVER_EGRESS_INTERFACE)                                                  \
    X("dst_int", FIELD_OBSERVER_EGRESS_INTERFACE)                                                  \
    X("srcmac", FIELD_SOURCE_MAC)                                                                  \
    X("dstmac", FIELD_DESTINATION_MAC)                                                             \
    X("sentbyte", FIELD_SOURCE_BYTES)                                                              \
    X("sent", FIELD_SOURCE_BYTES)                                                                  \
    X("rcvdbyte", FIELD_DESTINATION_BYTES)                                                         \
    X("rcvd", FIELD_DESTINATION_BYTES)                                                             \
    X("sentpkt", FIELD_SOURCE_PACKETS)                                                             \
    X("rcvdpkt", FIELD_DESTINATION_PACKETS)                                                        \
    X("sessionid", FIELD_SESSION_ID)                                                               \
    X("policyname", FIELD_RULE_NAME)                                                               \
    X("catdesc", FIELD_RULE_CATEGORY)                                                              \
    X("service", FIELD_NETWORK_PROTOCOL)                                                           \
    X("app", FIELD_NETWORK_APPLICATION)                                                            \
    X("reason", FIELD_EVENT_REASON)                                                                \
    X("msg", FIELD_MESSAGE)                                                                        \
    X("qname", FIELD_DNS_QUESTION_NAME)                                                            \
    X("qtype", FIELD_DNS_QUESTION_TYPE)                                                            \
    X("qclass", FIELD_DNS_QUESTION_CLASS)                                                          \
    X("agent", FIELD_USER_AGENT)                                                                   \
    X("referralurl", FIELD_HTTP_REFERRER)                                                          \
    X("httpmethod", FIELD_HTTP_METHOD)                                                             \
    X("filename", FIELD_FILE_NAME)                                                                 \
    X("tranip", FIELD_DESTINATION_NAT_IP)                                                          \
    X("tranport", FIELD_DESTINATION_NAT_PORT)

#define SCALAR_FIELD(key, field) field,
static const uint32_t scalar_fields[] = {SCALARS(SCALAR_FIELD)};

#define SCALAR_KEY(key, field) STR_INIT(key),
static const struct str scalar_keys[] = {SCALARS(SCALAR_KEY)};

static const struct kv_role special_roles[] = {
    {STR_INIT("date"), ROLE_DATE},
    {STR_INIT("time"), ROLE_TIME},
    {STR_INIT("eventtime"), ROLE_EVENTTIME},
    {STR_INIT("itime"), ROLE_ITIME},
    {STR_INIT("timestamp"), ROLE_ITIME},
    {STR_INIT("tz"), ROLE_TZ},
    {STR_INIT("timezone"), ROLE_TZ},
    {STR_INIT("type"), ROLE_TYPE},
    {STR_INIT("subtype"), ROLE_SUBTYPE},
    {STR_INIT("logid"), ROLE_LOGID},
    {STR_INIT("log_id"), ROLE_LOGID},
    {STR_INIT("devname"), ROLE_DEVICE},
    {STR_INIT("devid"), ROLE_SERIAL},
    {STR_INIT("device_id"), ROLE_SERIAL},
    {STR_INIT("action"), ROLE_ACTION},
    {STR_INIT("status"), ROLE_STATUS},
    {STR_INIT("srcip"), ROLE_SOURCE},
    {STR_INIT("src"), ROLE_SOURCE},
    {STR_INIT("dstip"), ROLE_DESTINATION},
    {STR_INIT("dst"), ROLE_DESTINATION},
    {STR_INIT("srcintfrole"), ROLE_SOURCE_ROLE},
    {STR_INIT("dstintfrole"), ROLE_DESTINATION_ROLE},
    {STR_INIT("proto"), ROLE_PROTO},
    {STR_INIT("duration"), ROLE_DURATION},
    {STR_INIT("direction"), ROLE_DIRECTION},
    {STR_INIT("trandisp"), ROLE_TRANSDISP},
    {STR_INIT("transip"), ROLE_TRANSIP},
    {STR_INIT("transport"), ROLE_TRANSPORT},
    {STR_INIT("remip"), ROLE_REMOTE},
    {STR_INIT("userip"), ROLE_REMOTE},
    {STR_INIT("ui"), ROLE_UI},
    {STR_INIT("ip"), ROLE_LEASE},
    {STR_INIT("mac"), ROLE_MAC},
    {STR_INIT("url"), ROLE_URL},
    {STR_INIT("hostname"), ROLE_HOSTNAME},
    {STR_INIT("policyid"), ROLE_POLICY},
    {STR_INIT("user"), ROLE_USER},
    {STR_INIT("unauthuser"), ROLE_UNAUTH_USER},
    {STR_INIT("level"), ROLE_LEVEL},
    {STR_INIT("pri"), ROLE_LEVEL},
    {STR_INIT("attack"), ROLE_ATTACK},
    {STR_INIT("virus"), ROLE_ATTACK},
};

enum {
    SPECIAL_COUNT = sizeof special_roles / sizeof *special_roles,
    SCALAR_COUNT = sizeof scalar_keys / sizeof *scalar_keys
};

struct state {
    bool seen; /* a whole record in this input */
    struct kv_names names;
    struct kv_role roles[SPECIAL_COUNT + SCALAR_COUNT];
};

static void *state_create(void) {
    struct state *state = mem_calloc(1, sizeof *state);
    memcpy(state->roles, special_roles, sizeof special_roles);
    for (size_t i = 0; i < SCALAR_COUNT; i++) {
        state->roles[SPECIAL_COUNT + i] =
            (struct kv_role){scalar_keys[i], (uint8_t)(ROLE_SCALAR + i)};
    }
    kv_names_init(&state->names, STR("fortigate"), state->roles, SPECIAL_COUNT + SCALAR_COUNT);
    return state;
}

static void state_destroy(void *opaque) {
    struct state *state = opaque;
    kv_names_fini(&state->names);
    mem_free(state);
}

/* What the record said so far, by role. */
struct record {
    struct str values[ROLE_SCALAR];
    bool broken;   /* cut or glued */
    bool has_vdom; /* vd= */
};

static bool has(const struct record *record, enum role role) {
    return record->values[role].ptr != NULL;
}

static bool is(const struct record *record, enum role role, struct str text) {
    return has(record, role) && str_eq(record->values[role], text);
}

/* Bodies start with one of these keys, whatever the version. */
static bool may_be_ours(struct str body) {
    static const struct str starts[] = {
        STR_INIT("date="),  STR_INIT("logver="),    STR_INIT("devname="), STR_INIT("eventtime="),
        STR_INIT("itime="), STR_INIT("timestamp="), STR_INIT("logid="),   STR_INIT("devid="),
        STR_INIT("time="),  STR_INIT("type="),      STR_INIT("CEF:"),     STR_INIT("0|Fortinet|")};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (str_starts(body, starts[i])) {
            return true;
        }
    }
    return false;
}

/* \" and \\ in a quoted value, \= in CEF: the decoded text is kept beside the raw slice's place. */
static struct str unescape(char *scratch, size_t room, struct str s) {
    size_t n = 0;
    if (s.len > room) {
        return s;
    }
    for (size_t i = 0; i < s.len; i++) {
        bool escape = s.ptr[i] == '\\' && i + 1 < s.len &&
                      (s.ptr[i + 1] == '"' || s.ptr[i + 1] == '\\' || s.ptr[i + 1] == '=');
        i += escape;
        scratch[n++] = s.ptr[i];
    }
    return str_make(scratch, n);
}

static void add_pair(struct record *record, struct batch *batch, const struct kv *pair,
                     struct kv_name name) {
    char scratch[1024];
    record->has_vdom |= str_eq(pair->key, STR("vd"));
    struct str value = pair->escaped ? unescape(scratch, sizeof scratch, pair->value) : pair->value;
    if (name.role < ROLE_SCALAR) {
        /* A second date is the start of another record that was glued to this one. */
        record->broken |= name.role == ROLE_DATE && has(record, ROLE_DATE);
        record->values[name.role] = pair->value;
    }
    if (value.len == 0) {
        return;
    }
    if (name.field != FIELD_NONE) {
        batch_add(batch, name.field, value);
    }
    if (name.role != KV_NO_ROLE && name.role >= ROLE_SCALAR && !str_eq(value, STR("N/A"))) {
        batch_add(batch, scalar_fields[name.role - ROLE_SCALAR], value);
    }
}

/* "set format csv": commas between the pairs. */
static char find_separator(struct str body) {
    struct str first = str_head(body, str_find_char(body, ' '));
    size_t comma = str_find_char(first, ',');
    bool csv = comma != STR_NONE && str_find_char(str_skip(first, comma), '=') != STR_NONE;
    return csv ? ',' : ' ';
}

/* The next pair in either form. */
static bool next_pair(struct state *state, struct kv *pair, struct kv_name *name, struct str *rest,
                      char separator, bool cef) {
    if (!cef) {
        return kv_names_next(&state->names, pair, name, rest, separator);
    }
    if (!fortigate_cef_next(pair, rest)) {
        return false;
    }
    if (pair->has_value) {
        *name = kv_names_get(&state->names, pair->key);
    }
    return true;
}

static bool holds_bracket(struct str s) {
    return str_find_char(s, '<') != STR_NONE;
}

static void read_pairs(struct state *state, struct record *record, struct batch *batch,
                       struct str body) {
    struct kv pair;
    struct kv_name name = {.field = FIELD_NONE, .role = KV_NO_ROLE};
    struct str rest = body;
    bool cef = fortigate_cef_open(&rest, body);
    char separator = find_separator(rest);
    bool brackets = holds_bracket(body); /* a PRI: hardly ever, so asked once a record */
    kv_names_begin(&state->names);
    while (next_pair(state, &pair, &name, &rest, separator, cef)) {
        if (pair.has_value) {
            record->broken |= pair.unclosed;
            record->broken |= brackets && (holds_bracket(pair.key) ||
                                           (!pair.quoted && holds_bracket(pair.value)));
            add_pair(record, batch, &pair, name);
        } else {
            /* A word at the end was cut; one with a PRI in it glued to the next record. */
            record->broken |= rest.len == 0 || (brackets && holds_bracket(pair.key));
        }
    }
}

static bool set_time(const struct record *record, struct parse_context *context,
                     struct batch *batch) {
    int64_t ns = 0;
    if (has(record, ROLE_EVENTTIME) && record->values[ROLE_EVENTTIME].len >= 10 &&
        time_read_epoch(&ns, record->values[ROLE_EVENTTIME])) {
        batch_row(batch)->time_ns = ns;
        return true;
    }
    if (!has(record, ROLE_DATE) || !has(record, ROLE_TIME)) {
        bool received = has(record, ROLE_ITIME) && record->values[ROLE_ITIME].len >= 10 &&
                        time_read_epoch(&ns, record->values[ROLE_ITIME]);
        batch_row(batch)->time_ns = received ? ns : batch_row(batch)->time_ns;
        return received;
    }
    struct read_time time = {0};
    struct str date = record->values[ROLE_DATE];
    struct str clock = record->values[ROLE_TIME];
    if (!time_take_date(&time, &date) || !time_take_clock(&time, &clock)) {
        return false;
    }
    time.has_zone =
        has(record, ROLE_TZ) && time_read_offset(&time.offset_ns, record->values[ROLE_TZ]);
    return time_set_row(context, batch, &time);
}

static bool is_one_of(struct str s, const struct str *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (str_eq(s, list[i])) {
            return true;
        }
    }
    return false;
}

static enum verdict find_verdict(const struct record *record) {
    static const struct str denials[] = {
        STR_INIT("deny"),         STR_INIT("denied"),        STR_INIT("blocked"),
        STR_INIT("block"),        STR_INIT("dropped"),       STR_INIT("drop"),
        STR_INIT("reset"),        STR_INIT("reset_client"),  STR_INIT("reset_server"),
        STR_INIT("drop_session"), STR_INIT("clear_session"), STR_INIT("quarantine"),
        STR_INIT("violation")};
    enum { DENIAL_COUNT = sizeof denials / sizeof *denials };
    /* FortiOS 5.0 wrote the action of a traffic log as status. */
    enum role role = has(record, ROLE_ACTION) ? ROLE_ACTION : ROLE_STATUS;
    if (!has(record, role) || is(record, ROLE_TYPE, STR("event"))) {
        return VERDICT_INFO;
    }
    if (is(record, ROLE_TYPE, STR("traffic"))) {
        return is_one_of(record->values[role], denials, 2) ? VERDICT_DENIED : VERDICT_ALLOWED;
    }
    return is_one_of(record->values[role], denials, DENIAL_COUNT) ? VERDICT_DENIED
                                                                  : VERDICT_ALLOWED;
}

static void add_outcome_of_event(const struct record *record, struct batch *batch) {
    static const struct str failures[] = {STR_INIT("failed"), STR_INIT("failure"), STR_INIT("fail"),
                                          STR_INIT("error")};
    struct str status = has(record, ROLE_STATUS) ? record->values[ROLE_STATUS] : STR_EMPTY;
    bool failed = is(record, ROLE_ACTION, STR("ssl-login-fail"));
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        failed |= str_eq_ci(status, failures[i]);
    }
    if (failed) {
        batch_add_constant(batch, FIELD_EVENT_OUTCOME, "failure");
    } else if (str_eq_ci(status, STR("success"))) {
        batch_add_constant(batch, FIELD_EVENT_OUTCOME, "success");
    }
}

/* From the roles of the interfaces, or what an IPS log says. */
static void add_direction(const struct record *record, struct batch *batch) {
    bool from_wan = is(record, ROLE_SOURCE_ROLE, STR("wan"));
    bool to_wan = is(record, ROLE_DESTINATION_ROLE, STR("wan"));
    bool from_known = from_wan || is(record, ROLE_SOURCE_ROLE, STR("lan")) ||
                      is(record, ROLE_SOURCE_ROLE, STR("dmz"));
    bool to_known = to_wan || is(record, ROLE_DESTINATION_ROLE, STR("lan")) ||
                    is(record, ROLE_DESTINATION_ROLE, STR("dmz"));
    if (from_known && to_known) {
        batch_add_constant(batch, FIELD_NETWORK_DIRECTION,
                           from_wan == to_wan ? (from_wan ? "external" : "internal")
                           : from_wan         ? "inbound"
                                              : "outbound");
    } else if (is(record, ROLE_DIRECTION, STR("outgoing"))) {
        batch_add_constant(batch, FIELD_NETWORK_DIRECTION, "outbound");
    } else if (is(record, ROLE_DIRECTION, STR("incoming"))) {
        batch_add_constant(batch, FIELD_NETWORK_DIRECTION, "inbound");
    }
}

static void add_nat(const struct record *record, struct batch *batch) {
    if (!has(record, ROLE_TRANSIP) || is(record, ROLE_TRANSDISP, STR("noop"))) {
        return;
    }
    bool destination = is(record, ROLE_TRANSDISP, STR("dnat"));
    net_add_address(batch, destination ? FIELD_DESTINATION_NAT_IP : FIELD_SOURCE_NAT_IP,
                    FIELD_SOURCE_ADDRESS, record->values[ROLE_TRANSIP]);
    if (has(record, ROLE_TRANSPORT)) {
        net_add_number(batch, destination ? FIELD_DESTINATION_NAT_PORT : FIELD_SOURCE_NAT_PORT,
                       record->values[ROLE_TRANSPORT]);
    }
}

static void add_value(const struct record *record, struct batch *batch, enum role role,
                      uint32_t field) {
    if (has(record, role) && record->values[role].len > 0) {
        batch_add(batch, field, record->values[role]);
    }
}

/* A log of the device's own DHCP server: hostname= is the client's name, not a web site. */
static bool is_lease(const struct record *record) {
    return is(record, ROLE_TYPE, STR("event")) && has(record, ROLE_LEASE) && has(record, ROLE_MAC);
}

static void add_lease(const struct record *record, struct batch *batch) {
    struct str address = record->values[ROLE_LEASE];
    if (net_is_ip(address)) {
        batch_add(batch, FIELD_DHCP_LEASE_IP, address);
        batch_add(batch, FIELD_CLIENT_IP, address);
    }
    add_value(record, batch, ROLE_MAC, FIELD_CLIENT_MAC);
    add_value(record, batch, ROLE_HOSTNAME, FIELD_CLIENT_DOMAIN);
}

static void add_web(const struct record *record, struct batch *batch) {
    bool named = has(record, ROLE_HOSTNAME) && record->values[ROLE_HOSTNAME].len > 0;
    if (named) {
        batch_add(batch, FIELD_URL_DOMAIN, record->values[ROLE_HOSTNAME]);
    }
    if (!has(record, ROLE_URL) || record->values[ROLE_URL].len == 0) {
        return;
    }
    char scratch[2048];
    struct str url = record->values[ROLE_URL];
    if (str_find_char(url, '\\') != STR_NONE) { /* else it stays a slice of the raw bytes */
        url = unescape(scratch, sizeof scratch, url);
    }
    if (url.ptr[0] == '/') {
        batch_add(batch, FIELD_URL_ORIGINAL, url);
        batch_add(batch, FIELD_URL_PATH, str_head(url, str_find_char(url, '?')));
    } else if (named) {
        batch_add(batch, FIELD_URL_FULL, url);
    } else {
        net_add_url(batch, url, false);
    }
}

static void add_duration(const struct record *record, struct batch *batch) {
    uint64_t seconds = 0;
    if (has(record, ROLE_DURATION) && num_parse_u64(&seconds, record->values[ROLE_DURATION]) &&
        seconds < UINT64_C(1000000000)) {
        batch_add_i64(batch, FIELD_EVENT_DURATION, (int64_t)seconds * NS_PER_SECOND);
    }
}

static void add_device(const struct record *record, struct batch *batch) {
    batch_add_constant(batch, FIELD_OBSERVER_VENDOR, "Fortinet");
    add_value(record, batch, ROLE_DEVICE, FIELD_OBSERVER_NAME);
    add_value(record, batch, ROLE_DEVICE, FIELD_HOST_NAME);
    add_value(record, batch, ROLE_SERIAL, FIELD_OBSERVER_SERIAL);
    add_value(record, batch, ROLE_LOGID, FIELD_EVENT_CODE);
    add_value(record, batch, ROLE_LEVEL, FIELD_LOG_LEVEL);
    add_value(record, batch, ROLE_POLICY, FIELD_RULE_ID);
}

/* "DOMAIN\\name" (the backslash doubled in quotes) or "name". */
static void add_user(const struct record *record, struct batch *batch) {
    enum role role = has(record, ROLE_USER) ? ROLE_USER : ROLE_UNAUTH_USER;
    struct str user = has(record, role) ? record->values[role] : STR_EMPTY;
    size_t last = str_rfind_char(user, '\\');
    if (last != STR_NONE) {
        batch_add(batch, FIELD_USER_DOMAIN, str_head(user, str_find_char(user, '\\')));
        user = str_skip(user, last + 1);
    }
    if (user.len > 0 && !str_eq(user, STR("N/A"))) {
        batch_add(batch, FIELD_USER_NAME, user);
    }
}

/* What stands in the parentheses of "GUI(192.0.2.1)"; empty if it is no address. */
static struct str address_in(struct str ui) {
    size_t open = str_find_char(ui, '(');
    struct str inner = str_skip(ui, open == STR_NONE ? ui.len : open + 1);
    inner = str_head(inner, str_find_char(inner, ')'));
    return net_is_ip(inner) ? inner : STR_EMPTY;
}

static void add_endpoints(const struct record *record, struct batch *batch) {
    enum role source = has(record, ROLE_SOURCE) ? ROLE_SOURCE : ROLE_REMOTE;
    if (has(record, source)) {
        net_add_address(batch, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, record->values[source]);
    } else if (has(record, ROLE_UI)) {
        net_add_address(batch, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS,
                        address_in(record->values[ROLE_UI]));
    }
    if (has(record, ROLE_DESTINATION)) {
        net_add_address(batch, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS,
                        record->values[ROLE_DESTINATION]);
    }
}

static void add_ecs(const struct record *record, struct batch *batch) {
    add_device(record, batch);
    if (!is(record, ROLE_TYPE, STR("event"))) {
        batch_add_constant(batch, FIELD_EVENT_CATEGORY, "network");
    }
    if (is(record, ROLE_SUBTYPE, STR("ips")) || is(record, ROLE_SUBTYPE, STR("virus"))) {
        batch_add_constant(batch, FIELD_EVENT_CATEGORY, "intrusion_detection");
    }
    add_value(record, batch, has(record, ROLE_ACTION) ? ROLE_ACTION : ROLE_STATUS,
              FIELD_EVENT_ACTION);
    enum verdict verdict = find_verdict(record);
    net_add_verdict(batch, verdict);
    if (verdict == VERDICT_INFO) {
        add_outcome_of_event(record, batch);
    }
    add_endpoints(record, batch);
    if (has(record, ROLE_PROTO)) {
        net_add_protocol(batch, record->values[ROLE_PROTO]);
    }
    add_value(record, batch, ROLE_ATTACK, FIELD_RULE_NAME);
    add_user(record, batch);
    add_nat(record, batch);
    if (is_lease(record)) {
        add_lease(record, batch);
    } else {
        add_web(record, batch);
    }
    add_duration(record, batch);
    add_direction(record, batch);
}

/* What every session record has: without it the record was cut. */
static bool lacks_parts(const struct record *record) {
    if (!is(record, ROLE_TYPE, STR("traffic"))) {
        return false;
    }
    bool forward = is(record, ROLE_SUBTYPE, STR("forward"));
    bool session = forward || is(record, ROLE_SUBTYPE, STR("local")); /* FortiProxy has others */
    bool verdict = !session || has(record, ROLE_ACTION) || has(record, ROLE_STATUS);
    return !has(record, ROLE_SOURCE) || !has(record, ROLE_DESTINATION) || !verdict ||
           (forward && !has(record, ROLE_POLICY));
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    struct record record = {0};
    body = str_trim(body); /* some relays leave a blank before the first key */
    if (!may_be_ours(body)) {
        return PARSE_NO;
    }
    struct state *state = context->state;
    read_pairs(state, &record, batch, body);
    bool device = has(&record, ROLE_SERIAL) || has(&record, ROLE_DEVICE);
    bool numbered = has(&record, ROLE_LOGID) && (has(&record, ROLE_SUBTYPE) || device);
    /* Collectors that cut the head (date, device, logid) off leave these. */
    bool headless = has(&record, ROLE_SUBTYPE) && has(&record, ROLE_LEVEL) && record.has_vdom;
    bool whole = has(&record, ROLE_TYPE) && (numbered || headless);
    bool beginning = has(&record, ROLE_DATE) && (device || state->seen);
    state->seen |= whole;
    if (!whole && !beginning) {
        return PARSE_NO;
    }
    if (!set_time(&record, context, batch) && has(&record, ROLE_DATE)) {
        record.broken = true;
    }
    add_ecs(&record, batch);
    return record.broken || !whole || lacks_parts(&record) ? PARSE_DAMAGED : PARSE_YES;
}

const struct parser fortigate_parser = {.name = "fortigate",
                                        .dataset = DATASET_FORTIGATE,
                                        .parse = parse,
                                        .state_create = state_create,
                                        .state_destroy = state_destroy};
