/*
 * ISC dhcpd (dhcpd(8), log of transactions):
 *   DHCPDISCOVER from MAC [(host)] via IF [: reason]
 *   DHCPOFFER on IP to MAC [(host)] via IF
 *   DHCPREQUEST for IP [(server)] from MAC [(host)] via IF [: reason]
 *   DHCPACK on IP to MAC [(host)] via IF     DHCPACK to IP (MAC) via IF (answer to an INFORM)
 *   DHCPNAK on IP to MAC via IF              DHCPRELEASE of IP from MAC [(host)] via IF (found)
 *   DHCPDECLINE of IP from MAC ...           DHCPINFORM from IP via IF
 * "via" names the interface or, for a relayed request, the relay's address. The lease time is not
 * logged. Other messages of dhcpd are left to the syslog parser.
 */
#include "net_fields.h"
#include "parser.h"

struct lease {
    struct str ip;
    struct str server;
    struct str mac;
    struct str host;
    struct str via;
    struct str rest;
};

static struct str skip_blanks(struct str s) {
    while (s.len > 0 && s.ptr[0] == ' ') {
        s = str_skip(s, 1);
    }
    return s;
}

/* "(text)" at the front; a client's own name may hold parentheses: up to ") via ". */
static bool take_parenthesis(struct str *out, struct str *rest) {
    struct str s = skip_blanks(*rest);
    bool open = s.len > 0 && s.ptr[0] == '(';
    size_t close = open ? str_find(s, STR(") via ")) : STR_NONE;
    size_t first = open ? str_find_char(s, ')') : STR_NONE;
    /* "(10.0.0.1) from ... via": the first one ended an address */
    close = close == STR_NONE || net_is_ip(str_make(s.ptr + 1, first - 1)) ? first : close;
    if (close == STR_NONE) {
        return false;
    }
    *out = str_make(s.ptr + 1, close - 1);
    *rest = str_skip(s, close + 1);
    return true;
}

static bool is_mac(struct str s) {
    bool ok = s.len == 17 || s.len == 23 || s.len == 26; /* Ethernet, EUI-64, with type */
    for (size_t i = 0; ok && i < s.len; i++) {
        ok = ascii_hex_value(s.ptr[i]) >= 0 || s.ptr[i] == ':';
    }
    return ok;
}

static void take_via(struct lease *lease, struct str value) {
    size_t n = value.len;
    while (n > 0 && (value.ptr[n - 1] == ':' || value.ptr[n - 1] == ',')) {
        n--;
    }
    lease->via = str_head(value, n);
}

/* "on", "for", "of", "to", "from", "via" each with what follows. */
static bool take_clause(struct lease *lease, struct str *rest) {
    struct str word;
    struct str value;
    struct str s = *rest;
    if (!str_word_next(&word, &s) || !str_word_next(&value, &s)) {
        return false;
    }
    if (str_eq(word, STR("via"))) {
        take_via(lease, value);
        lease->rest = skip_blanks(s);
        *rest = STR_EMPTY;
        return true;
    }
    bool known = str_eq(word, STR("on")) || str_eq(word, STR("for")) || str_eq(word, STR("of")) ||
                 str_eq(word, STR("to")) || str_eq(word, STR("from"));
    bool mac = is_mac(value);
    if (!known || (!mac && !net_is_ip(value))) {
        return false;
    }
    struct str extra = STR_EMPTY;
    bool has_extra = take_parenthesis(&extra, &s);
    if (mac) {
        lease->mac = value;
        lease->host = extra;
    } else {
        lease->ip = value;
        if (has_extra && is_mac(extra)) {
            lease->mac = extra;
        } else {
            lease->server = extra;
        }
    }
    *rest = s;
    return true;
}

/* Which of them end a conversation well or badly. */
static enum verdict verdict_of(struct str action) {
    if (str_eq(action, STR("DHCPNAK")) || str_eq(action, STR("DHCPDECLINE"))) {
        return VERDICT_DENIED;
    }
    return str_eq(action, STR("DHCPACK")) ? VERDICT_ALLOWED : VERDICT_INFO;
}

static void add_text(struct batch *batch, uint32_t field, struct str s) {
    if (s.len > 0) {
        batch_add(batch, field, s);
    }
}

static void add_fields(struct batch *batch, struct str action, const struct lease *lease) {
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "network");
    batch_add(batch, FIELD_EVENT_ACTION, action);
    net_add_verdict(batch, verdict_of(action));
    add_text(batch, FIELD_DHCP_LEASE_IP, lease->ip);
    add_text(batch, FIELD_CLIENT_IP, lease->ip);
    add_text(batch, FIELD_CLIENT_MAC, lease->mac);
    add_text(batch, FIELD_CLIENT_DOMAIN, lease->host);
    if (net_is_ip(lease->server)) {
        batch_add(batch, FIELD_SERVER_IP, lease->server);
    }
    if (net_is_ip(lease->via)) {
        batch_add(batch, FIELD_DHCP_RELAY, lease->via);
    } else {
        add_text(batch, FIELD_OBSERVER_INGRESS_INTERFACE, lease->via);
    }
    struct str reason = lease->rest;
    if (reason.len > 0 && reason.ptr[0] == ':') {
        reason = skip_blanks(str_skip(reason, 1));
    }
    add_text(batch, FIELD_EVENT_REASON, reason);
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    (void)context;
    struct lease lease = {.ip = STR_EMPTY,
                          .server = STR_EMPTY,
                          .mac = STR_EMPTY,
                          .host = STR_EMPTY,
                          .via = STR_EMPTY,
                          .rest = STR_EMPTY};
    struct str action;
    struct str rest = body;
    if (!str_starts(body, STR("DHCP")) || !str_word_next(&action, &rest)) {
        return PARSE_NO;
    }
    static const struct str actions[] = {
        STR_INIT("DHCPDISCOVER"), STR_INIT("DHCPOFFER"),  STR_INIT("DHCPREQUEST"),
        STR_INIT("DHCPACK"),      STR_INIT("DHCPNAK"),    STR_INIT("DHCPRELEASE"),
        STR_INIT("DHCPDECLINE"),  STR_INIT("DHCPINFORM"), STR_INIT("DHCPEXPIRE")};
    bool known = false;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        known |= str_eq(action, actions[i]);
    }
    if (!known) {
        return PARSE_NO;
    }
    bool ok = true;
    while (ok && str_trim(rest).len > 0) {
        ok = take_clause(&lease, &rest);
    }
    add_fields(batch, action, &lease);
    bool cut_address =
        lease.via.len > 0 && ascii_is_digit(lease.via.ptr[0]) && !net_is_ip(lease.via);
    bool whole = ok && !cut_address && (lease.ip.len > 0 || lease.mac.len > 0) &&
                 (lease.via.len > 0 || str_eq(action, STR("DHCPEXPIRE")));
    return whole ? PARSE_YES : PARSE_DAMAGED;
}

const struct parser isc_dhcpd_parser = {
    .name = "isc_dhcpd", .dataset = DATASET_ISC_DHCPD, .parse = parse};
