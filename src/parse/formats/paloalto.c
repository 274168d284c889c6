/*
 * Palo Alto Networks firewalls, CSV over syslog: TRAFFIC and THREAT records in full, other types
 * by type, time and serial number. Source: "PAN-OS Administrator's Guide, Syslog Field
 * Descriptions"; columns 1 to 31 are the same in both. New releases add columns at the end. Times
 * are the device's local time; PAN-OS 10 adds one with zone and milliseconds.
 */
#include "net_fields.h"
#include "num.h"
#include "parse_time.h"

enum { COLUMNS_MAX = 160 };

/* Columns, counted from 0. */
enum {
    COL_SERIAL = 2,
    COL_TYPE = 3,
    COL_SUBTYPE = 4,
    COL_TIME = 6,
    COL_COMMON_END = 31,
    /* TRAFFIC */
    COL_ACTION = 30,
    COL_ELAPSED = 36,
    COL_END_REASON = 46,
    COL_TRAFFIC_DEVICE = 52,
    /* THREAT */
    COL_MISC = 31,
    COL_THREAT = 32,
    COL_CATEGORY = 33,
    COL_SEVERITY = 34,
    COL_AGENT = 46,
    COL_FORWARDED = 48,
    COL_REFERRER = 49,
    COL_THREAT_DEVICE = 59,
    COL_METHOD = 63
};

struct columns {
    struct str text[COLUMNS_MAX];
    size_t count;
    bool unclosed;
};

/* A CSV field; in a quoted one doubled quotes stay as they are written. */
static struct str take_column(struct str *rest, bool *unclosed) {
    struct str s = *rest;
    if (s.len > 0 && s.ptr[0] == '"') {
        size_t n = 1;
        while (n < s.len && (s.ptr[n] != '"' || (n + 1 < s.len && s.ptr[n + 1] == '"'))) {
            n += s.ptr[n] == '"' ? 2 : 1;
        }
        *unclosed |= n >= s.len;
        n = n < s.len ? n : s.len;
        struct str tail = str_skip(s, n + 1);
        *rest = str_skip(tail, tail.len > 0 && tail.ptr[0] == ',' ? 1 : 0);
        return str_make(s.ptr + 1, n - 1);
    }
    size_t n = str_find_char(s, ',');
    *rest = str_skip(s, n == STR_NONE ? s.len : n + 1);
    return str_head(s, n);
}

static void split(struct columns *columns, struct str body) {
    columns->count = 0;
    columns->unclosed = false;
    while (body.len > 0 && columns->count < COLUMNS_MAX) {
        columns->text[columns->count++] = take_column(&body, &columns->unclosed);
    }
}

static struct str column(const struct columns *columns, size_t i) {
    return i < columns->count ? columns->text[i] : STR_EMPTY;
}

static bool is_traffic(const struct columns *columns) {
    return str_eq(column(columns, COL_TYPE), STR("TRAFFIC"));
}

static void add_user(struct batch *batch, uint32_t name, struct str user) {
    size_t slash = str_rfind_char(user, '\\');
    if (slash != STR_NONE && name == FIELD_USER_NAME) {
        batch_add(batch, FIELD_USER_DOMAIN, str_head(user, str_find_char(user, '\\')));
    }
    user = slash == STR_NONE ? user : str_skip(user, slash + 1);
    if (user.len > 0) {
        batch_add(batch, name, user);
    }
}

static void add_nat(struct batch *batch, uint32_t ip_field, uint32_t port_field, struct str ip,
                    struct str port) {
    if (net_is_ip(ip) && !str_eq(ip, STR("0.0.0.0"))) {
        batch_add(batch, ip_field, ip);
        net_add_number(batch, port_field, port);
    }
}

static void add_columns(struct batch *batch, const struct columns *columns, const uint32_t *fields,
                        size_t count) {
    for (size_t i = 0; i < count; i += 2) {
        struct str text = column(columns, fields[i]);
        if (text.len > 0) {
            batch_add(batch, fields[i + 1], text);
        }
    }
}

static void add_common(struct batch *batch, const struct columns *c) {
    static const uint32_t fields[] = {11, FIELD_RULE_NAME,
                                      14, FIELD_NETWORK_APPLICATION,
                                      16, FIELD_OBSERVER_INGRESS_ZONE,
                                      17, FIELD_OBSERVER_EGRESS_ZONE,
                                      18, FIELD_OBSERVER_INGRESS_INTERFACE,
                                      19, FIELD_OBSERVER_EGRESS_INTERFACE,
                                      22, FIELD_SESSION_ID,
                                      24, FIELD_SOURCE_PORT,
                                      25, FIELD_DESTINATION_PORT};
    net_add_address(batch, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, column(c, 7));
    net_add_address(batch, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, column(c, 8));
    add_nat(batch, FIELD_SOURCE_NAT_IP, FIELD_SOURCE_NAT_PORT, column(c, 9), column(c, 26));
    add_nat(batch, FIELD_DESTINATION_NAT_IP, FIELD_DESTINATION_NAT_PORT, column(c, 10),
            column(c, 27));
    add_user(batch, FIELD_USER_NAME, column(c, 12));
    add_user(batch, FIELD_USER_TARGET_NAME, column(c, 13));
    add_columns(batch, c, fields, sizeof fields / sizeof *fields);
    net_add_protocol(batch, column(c, 29));
}

/* allow and alert let the packet through; the others are drops and resets. */
static enum verdict verdict_of(struct str action) {
    static const struct str allowed[] = {STR_INIT("allow"),
                                         STR_INIT("alert"),
                                         STR_INIT("continue"),
                                         STR_INIT("override"),
                                         STR_INIT("syncookie-sent"),
                                         STR_INIT("forward"),
                                         STR_INIT("wildfire-upload-success")};
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        if (str_eq(action, allowed[i])) {
            return VERDICT_ALLOWED;
        }
    }
    return VERDICT_DENIED;
}

static void add_traffic(struct batch *batch, const struct columns *c) {
    static const uint32_t fields[] = {31,
                                      FIELD_NETWORK_BYTES,
                                      32,
                                      FIELD_SOURCE_BYTES,
                                      33,
                                      FIELD_DESTINATION_BYTES,
                                      37,
                                      FIELD_RULE_CATEGORY,
                                      44,
                                      FIELD_SOURCE_PACKETS,
                                      45,
                                      FIELD_DESTINATION_PACKETS,
                                      COL_END_REASON,
                                      FIELD_EVENT_REASON,
                                      COL_TRAFFIC_DEVICE,
                                      FIELD_OBSERVER_NAME,
                                      COL_TRAFFIC_DEVICE,
                                      FIELD_HOST_NAME};
    uint64_t seconds = 0;
    add_columns(batch, c, fields, sizeof fields / sizeof *fields);
    if (num_parse_u64(&seconds, column(c, COL_ELAPSED)) && seconds < UINT64_C(1000000000)) {
        batch_add_i64(batch, FIELD_EVENT_DURATION, (int64_t)seconds * NS_PER_SECOND);
    }
}

static void add_threat(struct batch *batch, const struct columns *c) {
    static const uint32_t fields[] = {COL_CATEGORY,        FIELD_RULE_CATEGORY, COL_SEVERITY,
                                      FIELD_LOG_LEVEL,     COL_AGENT,           FIELD_USER_AGENT,
                                      COL_REFERRER,        FIELD_HTTP_REFERRER, COL_THREAT_DEVICE,
                                      FIELD_OBSERVER_NAME, COL_THREAT_DEVICE,   FIELD_HOST_NAME,
                                      COL_METHOD,          FIELD_HTTP_METHOD};
    struct str misc = column(c, COL_MISC);
    add_columns(batch, c, fields, sizeof fields / sizeof *fields);
    if (str_eq(column(c, COL_SUBTYPE), STR("url"))) {
        struct str host = str_head(misc, str_find_char(misc, '/'));
        struct str name;
        struct str port;
        net_split_port(&name, &port, host);
        batch_add(batch, FIELD_URL_FULL, misc);
        batch_add(batch, FIELD_URL_DOMAIN, name);
        net_add_number(batch, FIELD_URL_PORT, port);
        batch_add(batch, FIELD_URL_PATH, str_skip(misc, host.len));
    } else if (misc.len > 0) {
        batch_add(batch, FIELD_FILE_NAME, misc);
    }
    struct str threat = column(c, COL_THREAT);
    if (threat.len > 0) {
        batch_add(batch, FIELD_EVENT_REASON, threat);
    }
    if (net_is_ip(column(c, COL_FORWARDED))) {
        batch_add(batch, FIELD_NETWORK_FORWARDED_IP, column(c, COL_FORWARDED));
    }
}

/* "2026-03-02T01:02:37.918+09:00", one of the last columns of PAN-OS 10. */
static bool find_precise_time(struct read_time *time, const struct columns *c) {
    for (size_t i = c->count; i > COL_COMMON_END; i--) {
        struct str text = c->text[i - 1];
        if (text.len >= 20 && text.ptr[10] == 'T' && time_take_iso(time, &text) && text.len == 0 &&
            time->has_zone) {
            return true;
        }
    }
    return false;
}

static bool set_time(struct parse_context *context, struct batch *batch, const struct columns *c) {
    struct read_time time;
    struct str text = column(c, COL_TIME);
    return (find_precise_time(&time, c) || (time_take_iso(&time, &text) && text.len == 0)) &&
           time_set_row(context, batch, &time);
}

static bool is_type(struct str s) {
    bool ok = s.len >= 3 && s.len <= 16;
    for (size_t i = 0; ok && i < s.len; i++) {
        ok = (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') || s.ptr[i] == '-';
    }
    return ok;
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    struct columns c;
    uint64_t serial = 0;
    if (body.len < 30 || !ascii_is_digit(body.ptr[0]) || body.ptr[1] != ',') {
        return PARSE_NO;
    }
    split(&c, body);
    if (c.count < 7 || !is_type(c.text[COL_TYPE]) ||
        !(num_parse_u64(&serial, c.text[COL_SERIAL]) || c.text[COL_SERIAL].len >= 8)) {
        return PARSE_NO;
    }
    bool threat = str_eq(c.text[COL_TYPE], STR("THREAT"));
    bool timed = set_time(context, batch, &c);
    if (!timed && !is_traffic(&c) && !threat) {
        return PARSE_NO;
    }
    batch_add_constant(batch, FIELD_OBSERVER_VENDOR, "Palo Alto Networks");
    batch_add(batch, FIELD_OBSERVER_SERIAL, c.text[COL_SERIAL]);
    batch_add(batch, FIELD_EVENT_CODE, c.text[COL_TYPE]);
    batch_add(batch, FIELD_EVENT_PROVIDER, c.text[COL_SUBTYPE]);
    if (!is_traffic(&c) && !threat) {
        net_add_verdict(batch, VERDICT_INFO);
        batch_add(batch, FIELD_MESSAGE, body);
        return PARSE_YES;
    }
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, threat ? "intrusion_detection" : "network");
    add_common(batch, &c);
    if (column(&c, COL_ACTION).len > 0) {
        batch_add(batch, FIELD_EVENT_ACTION, column(&c, COL_ACTION));
        net_add_verdict(batch, verdict_of(column(&c, COL_ACTION)));
    }
    if (threat) {
        add_threat(batch, &c);
    } else {
        add_traffic(batch, &c);
    }
    size_t least = threat ? COL_SEVERITY : COL_ELAPSED;
    bool whole = timed && c.count > least && !c.unclosed && net_is_ip(column(&c, 7));
    return whole ? PARSE_YES : PARSE_DAMAGED;
}

const struct parser paloalto_parser = {
    .name = "paloalto", .dataset = DATASET_PALOALTO, .parse = parse};
