/*
 * Juniper ScreenOS (NetScreen, SSG, ISG): "NetScreen device_id=X  [Root]system-level-number(kind):
 * text". Source: Juniper "ScreenOS Message Log Reference Guide". A traffic record is key=value with
 * blanks in keys ("src zone=", "src-xlated ip=") and in bare values ("service=", "reason=" to the
 * end), so a value ends where the next known key begins. Other records are a text that ends in
 * "(2014-05-23 10:58:17)", the device's time.
 *
 * A traffic record is written when the session ends: time = start_time + duration.
 */
#include "net_fields.h"
#include "num.h"
#include "parse_time.h"
#include "pattern.h"

enum key {
    KEY_START_TIME,
    KEY_DURATION,
    KEY_POLICY_ID,
    KEY_SERVICE,
    KEY_PROTO,
    KEY_SRC_ZONE,
    KEY_DST_ZONE,
    KEY_ACTION,
    KEY_SENT,
    KEY_RCVD,
    KEY_SRC,
    KEY_DST,
    KEY_SRC_PORT,
    KEY_DST_PORT,
    KEY_ICMP_TYPE,
    KEY_ICMP_CODE,
    KEY_SRC_XLATED,
    KEY_DST_XLATED,
    KEY_PORT, /* of the *-xlated before it */
    KEY_SESSION_ID,
    KEY_REASON,
    KEY_COUNT
};

/* As written, and the native field name. */
static const struct {
    struct str text;
    struct str native;
} keys[KEY_COUNT] = {
    [KEY_START_TIME] = {STR_INIT("start_time="), STR_INIT("screenos.start_time")},
    [KEY_DURATION] = {STR_INIT("duration="), STR_INIT("screenos.duration")},
    [KEY_POLICY_ID] = {STR_INIT("policy_id="), STR_INIT("screenos.policy_id")},
    [KEY_SERVICE] = {STR_INIT("service="), STR_INIT("screenos.service")},
    [KEY_PROTO] = {STR_INIT("proto="), STR_INIT("screenos.proto")},
    [KEY_SRC_ZONE] = {STR_INIT("src zone="), STR_INIT("screenos.src_zone")},
    [KEY_DST_ZONE] = {STR_INIT("dst zone="), STR_INIT("screenos.dst_zone")},
    [KEY_ACTION] = {STR_INIT("action="), STR_INIT("screenos.action")},
    [KEY_SENT] = {STR_INIT("sent="), STR_INIT("screenos.sent")},
    [KEY_RCVD] = {STR_INIT("rcvd="), STR_INIT("screenos.rcvd")},
    [KEY_SRC] = {STR_INIT("src="), STR_INIT("screenos.src")},
    [KEY_DST] = {STR_INIT("dst="), STR_INIT("screenos.dst")},
    [KEY_SRC_PORT] = {STR_INIT("src_port="), STR_INIT("screenos.src_port")},
    [KEY_DST_PORT] = {STR_INIT("dst_port="), STR_INIT("screenos.dst_port")},
    [KEY_ICMP_TYPE] = {STR_INIT("icmp type="), STR_INIT("screenos.icmp_type")},
    [KEY_ICMP_CODE] = {STR_INIT("icmp code="), STR_INIT("screenos.icmp_code")},
    [KEY_SRC_XLATED] = {STR_INIT("src-xlated ip="), STR_INIT("screenos.src_xlated_ip")},
    [KEY_DST_XLATED] = {STR_INIT("dst-xlated ip="), STR_INIT("screenos.dst_xlated_ip")},
    [KEY_PORT] = {STR_INIT("port="), STR_INIT("screenos.xlated_port")},
    [KEY_SESSION_ID] = {STR_INIT("session_id="), STR_INIT("screenos.session_id")},
    [KEY_REASON] = {STR_INIT("reason="), STR_INIT("screenos.reason")},
};

struct record {
    struct str values[KEY_COUNT];
    struct str src_xlated_port;
    struct str dst_xlated_port;
};

static enum key key_at(struct str s) {
    for (int k = 0; k < KEY_COUNT; k++) {
        if (str_starts(s, keys[k].text)) {
            return (enum key)k;
        }
    }
    return KEY_COUNT;
}

/* Where the next key begins (behind a blank), or the end. */
static size_t find_next_key(struct str s) {
    size_t start = 1;
    if (s.len > 0 && s.ptr[0] == '"') { /* blanks in quotes end nothing */
        size_t close = str_find_char(str_skip(s, 1), '"');
        start = close == STR_NONE ? 1 : close + 2;
    }
    for (size_t i = start; i < s.len; i++) {
        if (s.ptr[i - 1] == ' ' && key_at(str_skip(s, i)) != KEY_COUNT) {
            return i;
        }
    }
    return s.len;
}

static struct str unquote(struct str s) {
    s = str_trim(s);
    bool quoted = s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"';
    return quoted ? str_make(s.ptr + 1, s.len - 2) : s;
}

static void read_pairs(struct record *record, struct str s) {
    enum key before = KEY_COUNT;
    while (s.len > 0) {
        enum key key = key_at(s);
        if (key == KEY_COUNT) {
            s = str_skip(s, find_next_key(s));
            continue;
        }
        s = str_skip(s, keys[key].text.len);
        size_t n = find_next_key(s);
        struct str value = unquote(str_head(s, n));
        s = str_skip(s, n);
        if (key == KEY_PORT) {
            *(before == KEY_DST_XLATED ? &record->dst_xlated_port : &record->src_xlated_port) =
                value;
        } else {
            record->values[key] = value;
        }
        before = key;
    }
}

static bool has(const struct record *record, enum key key) {
    return record->values[key].ptr != NULL && record->values[key].len > 0;
}

static void add_value(struct batch *batch, const struct record *record, enum key key,
                      uint32_t field) {
    if (has(record, key)) {
        batch_add(batch, field, record->values[key]);
    }
}

/* "Permit", "Deny", "Reject", "Tunnel(VPN name)", "Drop" */
static enum verdict verdict_of(struct str action) {
    bool denied = str_eq_ci(action, STR("Deny")) || str_eq_ci(action, STR("Reject")) ||
                  str_eq_ci(action, STR("Drop"));
    return denied ? VERDICT_DENIED : VERDICT_ALLOWED;
}

static void add_endpoints(struct batch *batch, const struct record *r) {
    static const struct {
        enum key key;
        uint32_t field;
    } plain[] = {{KEY_SRC_PORT, FIELD_SOURCE_PORT},
                 {KEY_DST_PORT, FIELD_DESTINATION_PORT},
                 {KEY_SRC_ZONE, FIELD_OBSERVER_INGRESS_ZONE},
                 {KEY_DST_ZONE, FIELD_OBSERVER_EGRESS_ZONE},
                 {KEY_SENT, FIELD_SOURCE_BYTES},
                 {KEY_RCVD, FIELD_DESTINATION_BYTES},
                 {KEY_SRC_XLATED, FIELD_SOURCE_NAT_IP},
                 {KEY_DST_XLATED, FIELD_DESTINATION_NAT_IP},
                 {KEY_POLICY_ID, FIELD_RULE_ID},
                 {KEY_SERVICE, FIELD_NETWORK_PROTOCOL},
                 {KEY_SESSION_ID, FIELD_SESSION_ID},
                 {KEY_REASON, FIELD_EVENT_REASON}};
    if (has(r, KEY_SRC)) {
        net_add_address(batch, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, r->values[KEY_SRC]);
    }
    if (has(r, KEY_DST)) {
        net_add_address(batch, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, r->values[KEY_DST]);
    }
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        add_value(batch, r, plain[i].key, plain[i].field);
    }
    if (r->src_xlated_port.ptr != NULL) {
        net_add_number(batch, FIELD_SOURCE_NAT_PORT, r->src_xlated_port);
    }
    if (r->dst_xlated_port.ptr != NULL) {
        net_add_number(batch, FIELD_DESTINATION_NAT_PORT, r->dst_xlated_port);
    }
}

static void add_times(struct parse_context *context, struct batch *batch, const struct record *r) {
    struct read_time time;
    struct str start = has(r, KEY_START_TIME) ? r->values[KEY_START_TIME] : STR_EMPTY;
    uint64_t seconds = 0;
    bool timed = time_take_iso(&time, &start) && time_set_row(context, batch, &time);
    bool lasted = has(r, KEY_DURATION) && num_parse_u64(&seconds, r->values[KEY_DURATION]) &&
                  seconds < UINT64_C(100000000);
    if (timed) {
        char text[CIVIL_RFC3339_BYTES];
        size_t len = civil_format_rfc3339(text, batch_row(batch)->time_ns);
        batch_add(batch, FIELD_EVENT_START, str_make(text, len));
    }
    if (lasted) {
        int64_t duration = (int64_t)seconds * NS_PER_SECOND;
        batch_add_i64(batch, FIELD_EVENT_DURATION, duration);
        batch_row(batch)->time_ns += timed ? duration : 0;
    }
}

static void add_traffic(struct parse_context *context, struct batch *batch,
                        const struct record *r) {
    for (int k = 0; k < KEY_COUNT; k++) {
        if (has(r, (enum key)k)) {
            batch_add(batch, schema_field(keys[k].native), r->values[k]);
        }
    }
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "network");
    add_value(batch, r, KEY_ACTION, FIELD_EVENT_ACTION);
    net_add_verdict(batch, has(r, KEY_ACTION) ? verdict_of(r->values[KEY_ACTION]) : VERDICT_INFO);
    if (has(r, KEY_PROTO)) {
        net_add_protocol(batch, r->values[KEY_PROTO]);
    }
    add_endpoints(batch, r);
    add_times(context, batch, r);
}

static void add_endpoint(struct batch *batch, struct str text, uint32_t ip_field,
                         uint32_t port_field) {
    struct str host;
    struct str port;
    net_split_port(&host, &port, text);
    if (net_is_ip(host)) {
        batch_add(batch, ip_field, host);
        net_add_number(batch, port_field, port);
    }
}

/* "SYN flood! From 192.0.2.1:5 to 203.0.113.5:406, proto TCP (zone Untrust, int ethernet0/0)" */
static void add_screen_alarm(struct batch *batch, struct str text) {
    struct pattern_slots slots = {0};
    if (!pattern_match(&slots, "%n! From %a to %b, proto %t (zone %z int %i)%*", text)) {
        return;
    }
    struct str zone = pattern_get(&slots, 'z');
    zone.len -= str_ends(zone, STR(",")) ? 1 : 0;
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "intrusion_detection");
    batch_add(batch, FIELD_RULE_NAME, pattern_get(&slots, 'n'));
    add_endpoint(batch, pattern_get(&slots, 'a'), FIELD_SOURCE_IP, FIELD_SOURCE_PORT);
    add_endpoint(batch, pattern_get(&slots, 'b'), FIELD_DESTINATION_IP, FIELD_DESTINATION_PORT);
    net_add_protocol(batch, pattern_get(&slots, 't'));
    batch_add(batch, FIELD_OBSERVER_INGRESS_ZONE, zone);
    batch_add(batch, FIELD_OBSERVER_INGRESS_INTERFACE, str_trim(pattern_get(&slots, 'i')));
}

/* "... (2014-05-23 10:58:17)" */
static void add_text(struct parse_context *context, struct batch *batch, struct str text) {
    size_t open = str_rfind_char(text, '(');
    struct str tail = str_skip(text, open == STR_NONE ? text.len : open + 1);
    struct read_time time;
    if (time_take_iso(&time, &tail) && str_eq(tail, STR(")"))) {
        (void)time_set_row(context, batch, &time);
        text = str_trim(str_head(text, open));
    }
    batch_add(batch, FIELD_MESSAGE, text);
    add_screen_alarm(batch, text);
    net_add_verdict(batch, VERDICT_INFO);
}

/* "system-notification-00257(traffic)": level and number; true for traffic. */
static bool read_kind(struct batch *batch, struct str kind) {
    size_t paren = str_find_char(kind, '(');
    struct str head = str_head(kind, paren);
    size_t last = str_rfind_char(head, '-');
    size_t first = str_find_char(head, '-');
    if (last != STR_NONE && first < last) {
        batch_add(batch, FIELD_EVENT_CODE, str_skip(head, last + 1));
        batch_add(batch, FIELD_LOG_LEVEL, str_make(head.ptr + first + 1, last - first - 1));
    }
    return paren != STR_NONE && str_starts(str_skip(kind, paren), STR("(traffic)"));
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    const struct str mark = STR("NetScreen device_id=");
    enum { SEARCH_BYTES = 80 };
    size_t at = str_find(str_head(body, SEARCH_BYTES), mark);
    struct str device;
    if (at == STR_NONE) {
        return PARSE_NO;
    }
    struct str rest = str_skip(body, at + mark.len);
    size_t open = str_find_char(rest, '[');
    size_t close = open == STR_NONE ? STR_NONE : str_find_char(str_skip(rest, open), ']');
    struct str words = rest;
    if (!str_word_next(&device, &words)) {
        return PARSE_DAMAGED;
    }
    batch_add_constant(batch, FIELD_OBSERVER_VENDOR, "Juniper");
    batch_add(batch, FIELD_OBSERVER_SERIAL, device);
    struct str name = context->envelope->app;
    batch_add(batch, FIELD_OBSERVER_NAME, name.len > 0 ? name : device);
    if (context->envelope->host.len == 0) {
        batch_add(batch, FIELD_HOST_NAME, name.len > 0 ? name : device);
    }
    if (close == STR_NONE) {
        return PARSE_DAMAGED;
    }
    rest = str_skip(rest, open + close + 1);
    size_t colon = str_find_char(rest, ':');
    if (colon == STR_NONE) {
        return PARSE_DAMAGED;
    }
    bool traffic = read_kind(batch, str_head(rest, colon));
    struct str text = str_trim(str_skip(rest, colon + 1));
    if (!traffic) {
        add_text(context, batch, text);
        return PARSE_YES;
    }
    struct record record = {0};
    read_pairs(&record, text);
    add_traffic(context, batch, &record);
    bool whole = has(&record, KEY_SRC) && net_is_ip(record.values[KEY_SRC]) &&
                 has(&record, KEY_DST) && net_is_ip(record.values[KEY_DST]) &&
                 has(&record, KEY_ACTION);
    return whole ? PARSE_YES : PARSE_DAMAGED;
}

const struct parser screenos_parser = {
    .name = "screenos", .dataset = DATASET_SCREENOS, .parse = parse};
