#include "net_fields.h"

#include "bytescan.h"
#include "ip.h"
#include "num.h"

bool net_is_ip(struct str s) {
    if (s.len < 2 || s.len > IP_TEXT_BYTES) {
        return false;
    }
    char c = s.ptr[0];
    if (ascii_hex_value(c) < 0 && c != ':') {
        return false;
    }
    struct ip ip;
    return ip_parse(&ip, s);
}

void net_add_address(struct batch *batch, uint32_t ip_field, uint32_t name_field, struct str s) {
    if (s.len == 0 || str_eq(s, STR("-"))) {
        return;
    }
    if (!net_is_ip(s)) {
        batch_add(batch, name_field, s);
        return;
    }
    struct str v4 = str_starts_ci(s, STR("::ffff:")) ? str_skip(s, 7) : s;
    bool mapped = v4.len < s.len && str_find_char(v4, '.') != STR_NONE;
    batch_add(batch, ip_field, mapped ? v4 : s);
}

void net_add_number(struct batch *batch, uint32_t field, struct str s) {
    uint64_t value = 0;
    if (num_parse_u64(&value, s)) {
        batch_add(batch, field, s);
    }
}

/* Assigned Internet protocol numbers that firewalls show (IANA). */
static const struct {
    struct str number;
    const char *name;
} protocols[] = {
    {STR_INIT("6"), "tcp"},    {STR_INIT("17"), "udp"},       {STR_INIT("1"), "icmp"},
    {STR_INIT("2"), "igmp"},   {STR_INIT("47"), "gre"},       {STR_INIT("50"), "esp"},
    {STR_INIT("51"), "ah"},    {STR_INIT("58"), "ipv6-icmp"}, {STR_INIT("88"), "eigrp"},
    {STR_INIT("89"), "ospf"},  {STR_INIT("103"), "pim"},      {STR_INIT("112"), "vrrp"},
    {STR_INIT("132"), "sctp"}, {STR_INIT("41"), "ipv6"},      {STR_INIT("4"), "ipip"}};

void net_add_protocol(struct batch *batch, struct str s) {
    if (s.len == 0) {
        return;
    }
    bool number = ascii_is_digit(s.ptr[0]);
    if (str_eq_ci(s, STR("icmp6")) || str_eq_ci(s, STR("icmpv6"))) {
        s = STR("58"), number = true;
    }
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        bool same =
            number ? str_eq(s, protocols[i].number) : str_eq_ci(s, str_from_c(protocols[i].name));
        if (same) {
            batch_add_constant(batch, FIELD_NETWORK_TRANSPORT, protocols[i].name);
            batch_add(batch, FIELD_NETWORK_IANA_NUMBER, protocols[i].number);
            return;
        }
    }
    batch_add(batch, number ? FIELD_NETWORK_IANA_NUMBER : FIELD_NETWORK_TRANSPORT, s);
}

void net_split_port(struct str *host, struct str *port, struct str s) {
    *host = s;
    *port = STR_EMPTY;
    if (s.len > 0 && s.ptr[0] == '[') {
        size_t close = str_find_char(s, ']');
        if (close != STR_NONE) {
            *host = str_make(s.ptr + 1, close - 1);
            struct str tail = str_skip(s, close + 1);
            *port = tail.len > 0 && tail.ptr[0] == ':' ? str_skip(tail, 1) : STR_EMPTY;
        }
        return;
    }
    size_t first = str_find_char(s, ':');
    if (first != STR_NONE && str_find_char(str_skip(s, first + 1), ':') == STR_NONE) {
        *host = str_head(s, first);
        *port = str_skip(s, first + 1);
    }
}

static void add_default_port(struct batch *batch, struct str scheme) {
    if (str_eq_ci(scheme, STR("http"))) {
        batch_add_constant(batch, FIELD_URL_PORT, "80");
    } else if (str_eq_ci(scheme, STR("https"))) {
        batch_add_constant(batch, FIELD_URL_PORT, "443");
    } else if (str_eq_ci(scheme, STR("ftp"))) {
        batch_add_constant(batch, FIELD_URL_PORT, "21");
    }
}

static void add_authority(struct batch *batch, struct str authority, struct str scheme) {
    size_t at = str_rfind_char(authority, '@');
    struct str host;
    struct str port;
    net_split_port(&host, &port, at == STR_NONE ? authority : str_skip(authority, at + 1));
    if (host.len > 0) {
        batch_add(batch, FIELD_URL_DOMAIN, host);
    }
    if (port.len > 0) {
        net_add_number(batch, FIELD_URL_PORT, port);
    } else {
        add_default_port(batch, scheme);
    }
}

/* Length up to what ends an authority. */
static size_t authority_size(struct str s) {
    size_t n = 0;
    while (n < s.len && s.ptr[n] != '/' && s.ptr[n] != '?' && s.ptr[n] != '#') {
        n++;
    }
    return n;
}

void net_add_url(struct batch *batch, struct str url, bool is_connect) {
    if (url.len == 0 || str_eq(url, STR("-"))) {
        return;
    }
    batch_add(batch, FIELD_URL_FULL, url);
    if (is_connect) {
        add_authority(batch, url, STR_EMPTY);
        return;
    }
    size_t scheme_len = str_find(url, STR("://"));
    struct str rest = url;
    if (scheme_len != STR_NONE && scheme_len < 16) {
        batch_add(batch, FIELD_URL_SCHEME, str_head(url, scheme_len));
        rest = str_skip(url, scheme_len + 3);
        size_t len = authority_size(rest);
        add_authority(batch, str_head(rest, len), str_head(url, scheme_len));
        rest = str_skip(rest, len);
    } else if (url.ptr[0] != '/') {
        return; /* "error:transaction-end-before-headers" */
    }
    size_t path_len = bytescan_two(rest.ptr, rest.len, '?', '#');
    if (path_len > 0) {
        batch_add(batch, FIELD_URL_PATH, str_head(rest, path_len));
    }
    if (path_len + 1 < rest.len && rest.ptr[path_len] == '?') {
        struct str query = str_skip(rest, path_len + 1);
        batch_add(batch, FIELD_URL_QUERY, str_head(query, str_find_char(query, '#')));
    }
}

void net_add_verdict(struct batch *batch, enum verdict verdict) {
    switch (verdict) {
    case VERDICT_ALLOWED:
        batch_add_constant(batch, FIELD_EVENT_TYPE, "allowed");
        batch_add_constant(batch, FIELD_EVENT_OUTCOME, "success");
        break;
    case VERDICT_DENIED:
        batch_add_constant(batch, FIELD_EVENT_TYPE, "denied");
        batch_add_constant(batch, FIELD_EVENT_OUTCOME, "failure");
        break;
    case VERDICT_INFO:
        batch_add_constant(batch, FIELD_EVENT_TYPE, "info");
        break;
    case VERDICT_NONE:
        break;
    }
}
