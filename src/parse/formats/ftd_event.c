/*
 * Source: "Cisco Secure Firewall Threat Defense Syslog Messages", security event fields. Values may
 * hold commas, so a value ends where ", Key: " begins. Bytes are per direction, unlike the ASA's.
 */
#include "ftd_event.h"

#include "net_fields.h"
#include "num.h"
#include "parse_time.h"

static const struct {
    struct str key;
    uint32_t field;
} plain[] = {
    {STR_INIT("SrcPort"), FIELD_SOURCE_PORT},
    {STR_INIT("DstPort"), FIELD_DESTINATION_PORT},
    {STR_INIT("IngressInterface"), FIELD_OBSERVER_INGRESS_INTERFACE},
    {STR_INIT("EgressInterface"), FIELD_OBSERVER_EGRESS_INTERFACE},
    {STR_INIT("IngressZone"), FIELD_OBSERVER_INGRESS_ZONE},
    {STR_INIT("EgressZone"), FIELD_OBSERVER_EGRESS_ZONE},
    {STR_INIT("AccessControlRuleName"), FIELD_RULE_NAME},
    {STR_INIT("AccessControlRuleReason"), FIELD_EVENT_REASON},
    {STR_INIT("ConnectionID"), FIELD_SESSION_ID},
    {STR_INIT("InitiatorBytes"), FIELD_SOURCE_BYTES},
    {STR_INIT("ResponderBytes"), FIELD_DESTINATION_BYTES},
    {STR_INIT("InitiatorPackets"), FIELD_SOURCE_PACKETS},
    {STR_INIT("ResponderPackets"), FIELD_DESTINATION_PACKETS},
    {STR_INIT("ApplicationProtocol"), FIELD_NETWORK_PROTOCOL},
    {STR_INIT("WebApplication"), FIELD_NETWORK_APPLICATION},
    {STR_INIT("UserAgent"), FIELD_USER_AGENT},
    {STR_INIT("User"), FIELD_USER_NAME},
    {STR_INIT("DNSQuery"), FIELD_DNS_QUESTION_NAME},
    {STR_INIT("FileName"), FIELD_FILE_NAME},
    {STR_INIT("NAT_InitiatorIP"), FIELD_SOURCE_NAT_IP},
    {STR_INIT("NAT_ResponderIP"), FIELD_DESTINATION_NAT_IP},
};

/* Length of a key that is followed by ": " (or ':' at the end); 0 if there is none. */
static size_t key_size(struct str s) {
    size_t n = 0;
    while (n < s.len && (ascii_is_alnum(s.ptr[n]) || s.ptr[n] == '_' ||
                         (s.ptr[n] == ' ' && n > 0 && n < 24))) { /* "Prefilter Policy" */
        n++;
    }
    bool colon = n > 0 && n < s.len && s.ptr[n] == ':';
    return colon && (n + 1 == s.len || s.ptr[n + 1] == ' ') ? n : 0;
}

static bool next_pair(struct str *key, struct str *value, struct str *rest) {
    struct str s = str_trim(*rest);
    size_t n = key_size(s);
    if (n == 0) {
        return false;
    }
    *key = str_head(s, n);
    s = str_skip(s, n + 1);
    size_t end = 0;
    while (end < s.len &&
           !(str_starts(str_skip(s, end), STR(", ")) && key_size(str_skip(s, end + 2)) > 0)) {
        end++;
    }
    *value = str_trim(str_head(s, end));
    *rest = str_skip(s, end + 2);
    return true;
}

/* "Allow", "Trust", "Monitor" let it through; "Block", "Block with reset" ... do not. */
static void add_action(struct batch *batch, struct str action) {
    batch_add(batch, FIELD_EVENT_ACTION, action);
    bool denied = str_find_ci(action, STR("block")) != STR_NONE ||
                  str_find_ci(action, STR("drop")) != STR_NONE;
    net_add_verdict(batch, denied ? VERDICT_DENIED : VERDICT_ALLOWED);
}

static void add_time(struct parse_context *context, struct batch *batch, struct str value) {
    struct read_time time;
    struct str text = value;
    if (!time_take_iso(&time, &text)) {
        return;
    }
    batch_add(batch, FIELD_EVENT_START, value);
    if (context->envelope->time_ns == TIME_NONE) {
        (void)time_set_row(context, batch, &time);
    }
}

static void add_other(struct batch *batch, struct str key, struct str value) {
    uint64_t seconds = 0;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (str_eq(key, plain[i].key)) {
            batch_add(batch, plain[i].field, value);
            return;
        }
    }
    if (str_eq(key, STR("Protocol"))) {
        net_add_protocol(batch, value);
    } else if (str_eq(key, STR("URL"))) {
        net_add_url(batch, value, false);
    } else if (str_eq(key, STR("ConnectionDuration")) && num_parse_u64(&seconds, value) &&
               seconds < UINT64_C(1000000000)) {
        batch_add_i64(batch, FIELD_EVENT_DURATION, (int64_t)seconds * NS_PER_SECOND);
    }
}

bool ftd_event_add(struct parse_context *context, struct batch *batch, struct str text) {
    struct str key;
    struct str value;
    bool source = false;
    bool destination = false;
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "network");
    while (next_pair(&key, &value, &text)) {
        if (value.len == 0) {
            continue;
        }
        if (str_eq(key, STR("SrcIP"))) {
            net_add_address(batch, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, value);
            source = net_is_ip(value);
        } else if (str_eq(key, STR("DstIP"))) {
            net_add_address(batch, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, value);
            destination = net_is_ip(value);
        } else if (str_eq(key, STR("AccessControlRuleAction"))) {
            add_action(batch, value);
        } else if (str_eq(key, STR("FirstPacketSecond"))) {
            add_time(context, batch, value);
        } else {
            add_other(batch, key, value);
        }
    }
    return source && destination;
}
