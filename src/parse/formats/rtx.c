/*
 * YAMAHA RTX/NVR/FWX routers. Sources: YAMAHA "syslog" command reference and the forms of
 * docs/formats/parsers.md:
 *   PP[01] Rejected at IN(2000) filter: TCP 203.0.113.5:51234 > 192.0.2.1:22
 *   LAN1(port1) Rejected at IN(N) filter: 00:a0:de:.. > ..  IP 10.0.0.1 > 10.0.0.2   (MAC filter)
 *   [INSPECT] PP[01][out][101] TCP 192.168.0.2:3210 > 198.51.100.1:80 (2016/02/23 10:59:24)
 *   [DHCPD] LAN1(port1) Extends 192.168.1.155: ac:44:f2:5a:d7:20
 *   [IKE] ... · IP Tunnel[1] Up · Login succeeded for SSH: 10.0.0.1 user · other texts
 *
 * The payload often has neither time nor host; `show log` puts "2026/10/06 12:00:00: " before it.
 * INSPECT is written when the session ends; the time in parentheses is its start. IPv6 addresses
 * are followed by ".port". No byte counts.
 */
#include "mem.h"
#include "net_fields.h"
#include "num.h"
#include "parse_time.h"
#include "pattern.h"

struct state {
    bool sure; /* a record that only a YAMAHA device writes was seen in this input */
};

static void *state_create(void) {
    return mem_calloc(1, sizeof(struct state));
}

static void state_destroy(void *opaque) {
    mem_free(opaque);
}

/* "LAN2", "PP[01]", "TUNNEL[1]", "LAN1(port1)", "LAN1.1", "VLAN1", "BRIDGE1", "WAN1", "ONU1". */
static bool is_interface(struct str s) {
    static const struct str starts[] = {
        STR_INIT("LAN"),         STR_INIT("PP["),    STR_INIT("TUNNEL["), STR_INIT("VLAN"),
        STR_INIT("WAN"),         STR_INIT("BRIDGE"), STR_INIT("MOBILE"),  STR_INIT("ONU"),
        STR_INIT("PPANONYMOUS"), STR_INIT("PP ["),   STR_INIT("PP("),     STR_INIT("LOOPBACK")};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (str_starts(s, starts[i])) {
            return s.len <= 24;
        }
    }
    return false;
}

static bool is_port(struct str s) {
    uint64_t port = 0;
    return s.len <= 5 && num_parse_u64(&port, s) && port <= 65535;
}

/* "10.0.0.1:80", "2001:db8::1.80", "10.0.0.1" */
static void split_endpoint(struct str *address, struct str *port, struct str s) {
    *address = s;
    *port = STR_EMPTY;
    size_t colon = str_rfind_char(s, ':');
    size_t dot = str_rfind_char(s, '.');
    bool v6 = colon != STR_NONE && str_find_char(s, ':') != colon;
    size_t cut = v6 ? dot : colon;
    if (cut != STR_NONE && (!v6 || dot > colon) && is_port(str_skip(s, cut + 1))) {
        *address = str_head(s, cut);
        *port = str_skip(s, cut + 1);
    }
}

static bool add_endpoints(struct batch *batch, struct str source, struct str destination) {
    struct str address;
    struct str port;
    split_endpoint(&address, &port, source);
    if (!net_is_ip(address)) {
        return false;
    }
    batch_add(batch, FIELD_SOURCE_IP, address);
    net_add_number(batch, FIELD_SOURCE_PORT, port);
    split_endpoint(&address, &port, destination);
    if (!net_is_ip(address)) {
        return false;
    }
    batch_add(batch, FIELD_DESTINATION_IP, address);
    net_add_number(batch, FIELD_DESTINATION_PORT, port);
    return true;
}

/* "TCP 10.0.0.1:1 > 10.0.0.2:80", "ICMP 10.0.0.1 > 10.0.0.2 : echo request" */
static bool add_flow(struct batch *batch, struct str flow) {
    struct str protocol;
    struct str source;
    struct str arrow;
    struct str destination;
    if (!str_word_next(&protocol, &flow) || !str_word_next(&source, &flow) ||
        !str_word_next(&arrow, &flow) || !str_eq(arrow, STR(">")) ||
        !str_word_next(&destination, &flow)) {
        return false;
    }
    net_add_protocol(batch, protocol);
    return add_endpoints(batch, source, destination);
}

/* MAC filter: "aa:bb:cc:dd:ee:ff > 11:22:33:44:55:66 IP 10.0.0.1 > 10.0.0.2" */
static bool add_mac_flow(struct batch *batch, struct str flow) {
    enum { MAC_BYTES = 17 };
    struct str source;
    struct str arrow;
    struct str destination;
    struct str protocol;
    if (!str_word_next(&source, &flow) || source.len != MAC_BYTES || source.ptr[2] != ':' ||
        !str_word_next(&arrow, &flow) || !str_word_next(&destination, &flow) ||
        destination.len != MAC_BYTES) {
        return false;
    }
    batch_add(batch, FIELD_SOURCE_MAC, source);
    batch_add(batch, FIELD_DESTINATION_MAC, destination);
    bool ip = str_word_next(&protocol, &flow) && str_word_next(&source, &flow) &&
              str_word_next(&arrow, &flow) && str_eq(arrow, STR(">")) &&
              str_word_next(&destination, &flow);
    return !ip || add_endpoints(batch, source, destination);
}

static void add_interface(struct batch *batch, struct str name, struct str direction) {
    bool in = str_eq_ci(direction, STR("in"));
    batch_add(batch, in ? FIELD_OBSERVER_INGRESS_INTERFACE : FIELD_OBSERVER_EGRESS_INTERFACE, name);
    /* PP, TUNNEL and WAN interfaces face other networks; a LAN may face either side. */
    if (!str_starts(name, STR("LAN")) && !str_starts(name, STR("VLAN"))) {
        batch_add_constant(batch, FIELD_NETWORK_DIRECTION, in ? "inbound" : "outbound");
    }
}

/* "PP[01] Rejected at IN(2000) filter: ..." */
static bool read_filter(struct batch *batch, struct str body) {
    if (!is_interface(str_head(body, str_find_char(body, ' ')))) {
        return false;
    }
    struct pattern_slots slots = {0};
    if (!pattern_match(&slots, "%i %v at %d(%n) filter: %f", body)) {
        return false;
    }
    struct str verdict = pattern_get(&slots, 'v');
    bool rejected = str_eq(verdict, STR("Rejected"));
    if (!rejected && !str_eq(verdict, STR("Passed"))) {
        return false;
    }
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "network");
    batch_add(batch, FIELD_EVENT_ACTION, verdict);
    net_add_verdict(batch, rejected ? VERDICT_DENIED : VERDICT_ALLOWED);
    add_interface(batch, pattern_get(&slots, 'i'), pattern_get(&slots, 'd'));
    batch_add(batch, FIELD_RULE_ID, pattern_get(&slots, 'n'));
    return true;
}

/* "[INSPECT] PP[01][out][101] TCP a:p > b:q (2016/02/23 10:59:24)"; behind the marks: the flow. */
static bool read_inspect(struct parse_context *context, struct batch *batch, struct str body) {
    struct pattern_slots slots = {0};
    if (!pattern_match(&slots, "%i[out][%n] %f", body) &&
        !pattern_match(&slots, "%i[in][%n] %f", body)) {
        return false;
    }
    struct str name = pattern_get(&slots, 'i');
    bool out = str_starts(str_skip(body, name.len), STR("[out]"));
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "network");
    batch_add_constant(batch, FIELD_EVENT_ACTION, "INSPECT");
    net_add_verdict(batch, VERDICT_ALLOWED);
    add_interface(batch, name, out ? STR("out") : STR("in"));
    batch_add(batch, FIELD_RULE_ID, pattern_get(&slots, 'n'));
    struct str flow = pattern_get(&slots, 'f');
    size_t open = str_rfind_char(flow, '(');
    struct str start = str_skip(flow, open == STR_NONE ? flow.len : open + 1);
    struct read_time time;
    uint32_t flags = 0;
    bool timed = time_take_iso(&time, &start) && str_eq(start, STR(")"));
    int64_t ns = timed ? time_resolve(context->settings, context->years, &time, &flags) : TIME_NONE;
    if (ns != TIME_NONE) {
        char text[CIVIL_RFC3339_BYTES];
        batch_add(batch, FIELD_EVENT_START, str_make(text, civil_format_rfc3339(text, ns)));
    }
    return add_flow(batch, str_head(flow, open)) && ns != TIME_NONE;
}

/* "LAN1(port1) Extends 192.168.1.155: ac:44:f2:5a:d7:20" */
static bool read_dhcpd(struct batch *batch, struct str body) {
    struct pattern_slots slots = {0};
    if (!pattern_match(&slots, "%i %v %a: %m", body) || !net_is_ip(pattern_get(&slots, 'a'))) {
        return true; /* other texts of the DHCP server */
    }
    batch_add(batch, FIELD_EVENT_ACTION, pattern_get(&slots, 'v'));
    batch_add(batch, FIELD_OBSERVER_INGRESS_INTERFACE, pattern_get(&slots, 'i'));
    batch_add(batch, FIELD_DHCP_LEASE_IP, pattern_get(&slots, 'a'));
    batch_add(batch, FIELD_CLIENT_IP, pattern_get(&slots, 'a'));
    struct str mac;
    struct str rest = pattern_get(&slots, 'm');
    if (str_word_next(&mac, &rest)) {
        batch_add(batch, FIELD_CLIENT_MAC, mac);
    }
    return true;
}

/* Administrators: "Login succeeded for SSH: 10.0.0.1 user", "'user' succeeded for ...". */
static bool read_login(struct batch *batch, struct str body) {
    struct pattern_slots slots = {0};
    bool success = pattern_match(&slots, "Login succeeded for %s: %a %u", body) ||
                   pattern_match(&slots, "Login succeeded for %s: %a", body);
    if (!success && !pattern_match(&slots, "Login failed for %s: %a %u", body) &&
        !pattern_match(&slots, "Login failed for %s: %a", body)) {
        return false;
    }
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "authentication");
    batch_add_constant(batch, FIELD_EVENT_ACTION, success ? "Login succeeded" : "Login failed");
    batch_add_constant(batch, FIELD_EVENT_OUTCOME, success ? "success" : "failure");
    batch_add(batch, FIELD_NETWORK_PROTOCOL, pattern_get(&slots, 's'));
    net_add_address(batch, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, pattern_get(&slots, 'a'));
    if (pattern_get(&slots, 'u').len > 0) {
        batch_add(batch, FIELD_USER_NAME, pattern_get(&slots, 'u'));
    }
    return true;
}

/* Parts of the firmware that name themselves in brackets. */
static bool is_module(struct str s) {
    static const struct str modules[] = {
        STR_INIT("INSPECT"), STR_INIT("DHCPD"), STR_INIT("DHCPC"),       STR_INIT("IKE"),
        STR_INIT("L2TP"),    STR_INIT("PPTP"),  STR_INIT("LUA"),         STR_INIT("SSHD"),
        STR_INIT("NTP"),     STR_INIT("SNTP"),  STR_INIT("SCHEDULE"),    STR_INIT("CONFIG"),
        STR_INIT("HTTPD"),   STR_INIT("EMFS"),  STR_INIT("MAIL_NOTIFY"), STR_INIT("DHCPv6"),
        STR_INIT("DNS"),     STR_INIT("YNO"),   STR_INIT("LAN_MONITOR"), STR_INIT("SWCTL"),
        STR_INIT("IPSEC"),   STR_INIT("USB"),   STR_INIT("OSPF"),        STR_INIT("BGP")};
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        if (str_eq(s, modules[i])) {
            return true;
        }
    }
    return false;
}

/* Texts without brackets that say which product it is. */
static bool is_other_text(struct str body) {
    static const struct str starts[] = {STR_INIT("IP Tunnel["),
                                        STR_INIT("IP commencing"),
                                        STR_INIT("same message repeated"),
                                        STR_INIT("PPPOE["),
                                        STR_INIT("PPPoE"),
                                        STR_INIT("Configuration saved"),
                                        STR_INIT("Login "),
                                        STR_INIT("Logout from"),
                                        STR_INIT("Restart by"),
                                        STR_INIT("RTX"),
                                        STR_INIT("Previous EXEC"),
                                        STR_INIT("Power-on boot"),
                                        STR_INIT("Router is busy"),
                                        STR_INIT("Administrator ")};
    size_t n = str_find_char(body, ' ');
    struct str word = str_head(body, n);
    if (word.len > 0 && word.ptr[word.len - 1] == ':') {
        word.len--;
    }
    if (is_interface(word)) {
        return true;
    }
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (str_starts(body, starts[i])) {
            return true;
        }
    }
    return false;
}

static enum parse_result read_module(struct parse_context *context, struct batch *batch,
                                     struct str body) {
    size_t close = str_find_char(str_head(body, 16), ']');
    if (close == STR_NONE || !is_module(str_make(body.ptr + 1, close - 1))) {
        return PARSE_NO;
    }
    struct str module = str_make(body.ptr + 1, close - 1);
    struct str text = str_trim(str_skip(body, close + 1));
    bool certain = str_eq(module, STR("INSPECT")) || str_eq(module, STR("DHCPD"));
    const struct state *state = context->state;
    if (text.len == 0 || (!certain && !state->sure && !context->envelope->present)) {
        return PARSE_NO; /* "[DNS]" may be anybody's */
    }
    batch_add(batch, FIELD_EVENT_PROVIDER, module);
    batch_add(batch, FIELD_MESSAGE, body);
    bool ok = true;
    if (str_eq(module, STR("INSPECT"))) {
        ok = read_inspect(context, batch, text);
        if (!ok && str_find(text, STR("ttack")) != STR_NONE) {
            ok = true; /* intrusion detection says other things under the same name */
        }
    } else if (str_eq(module, STR("DHCPD"))) {
        ok = read_dhcpd(batch, text);
    } else {
        net_add_verdict(batch, VERDICT_INFO);
    }
    return ok ? PARSE_YES : PARSE_DAMAGED;
}

static enum parse_result read_body(struct parse_context *context, struct batch *batch,
                                   struct str body) {
    struct state *state = context->state;
    if (body.ptr[0] == '[') {
        enum parse_result result = read_module(context, batch, body);
        state->sure |= result == PARSE_YES;
        return result;
    }
    if (read_filter(batch, body)) {
        struct str flow = str_skip(body, str_find(body, STR("filter: ")) + 8);
        state->sure = true;
        batch_add(batch, FIELD_MESSAGE, body);
        return add_mac_flow(batch, flow) || add_flow(batch, flow) ? PARSE_YES : PARSE_DAMAGED;
    }
    if (!state->sure || context->envelope->app.len > 0 || !is_other_text(body)) {
        return PARSE_NO;
    }
    if (!read_login(batch, body)) {
        net_add_verdict(batch, VERDICT_INFO);
    }
    batch_add(batch, FIELD_MESSAGE, body);
    return PARSE_YES;
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    struct read_time time;
    struct str rest = body;
    bool timed = body.len > 20 && ascii_is_digit(body.ptr[0]) && time_take_iso(&time, &rest) &&
                 str_starts(rest, STR(": "));
    if (timed) { /* "show log" */
        body = str_skip(rest, 2);
    }
    if (body.len == 0) {
        return PARSE_NO;
    }
    enum parse_result result = read_body(context, batch, body);
    if (result == PARSE_NO) {
        return PARSE_NO;
    }
    if (timed) {
        (void)time_set_row(context, batch, &time);
    }
    batch_add_constant(batch, FIELD_OBSERVER_VENDOR, "YAMAHA");
    return result;
}

const struct parser rtx_parser = {.name = "rtx",
                                  .dataset = DATASET_RTX,
                                  .parse = parse,
                                  .state_create = state_create,
                                  .state_destroy = state_destroy};
