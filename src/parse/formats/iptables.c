/*
 * Linux netfilter LOG target (kernel lines of iptables and nftables): "PREFIX IN=eth0 OUT= MAC=..
 * SRC=.. DST=.. LEN=.. PROTO=TCP SPT=.. DPT=.. SYN URGP=0". What was done stands only in the
 * administrator's prefix, so words like DROP or ACCEPT are searched there. MAC is destination (6
 * bytes), source (6), type (2). An ICMP error carries the packet it is about in brackets.
 */
#include "kv.h"
#include "net_fields.h"
#include "parser.h"

struct packet {
    struct str prefix;
    struct str in;
    struct str out;
    struct str mac;
    struct str source;
    struct str destination;
    struct str protocol;
    struct str source_port;
    struct str destination_port;
    struct str length;
    bool cut;
};

/* Where "IN=" begins: at the start or behind a prefix ("FW:IN="). */
static size_t find_start(struct str body) {
    enum { PREFIX_MAX = 128 };
    size_t at = str_find(str_head(body, PREFIX_MAX + 3), STR("IN="));
    return at != STR_NONE && str_find(str_skip(body, at), STR(" OUT=")) != STR_NONE ? at : STR_NONE;
}

static void set_part(struct packet *p, const struct kv *pair) {
    const struct {
        struct str key;
        struct str *to;
    } parts[] = {{STR("IN"), &p->in},           {STR("OUT"), &p->out},
                 {STR("MAC"), &p->mac},         {STR("SRC"), &p->source},
                 {STR("DST"), &p->destination}, {STR("PROTO"), &p->protocol},
                 {STR("SPT"), &p->source_port}, {STR("DPT"), &p->destination_port},
                 {STR("LEN"), &p->length}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (str_eq(parts[i].key, pair->key) && parts[i].to->len == 0) {
            *parts[i].to = pair->value;
        }
    }
}

static void read_packet(struct packet *p, struct str rest) {
    struct kv pair;
    while (kv_next(&pair, &rest)) {
        if (pair.key.len > 0 && pair.key.ptr[0] == '[') {
            break; /* the packet inside an ICMP error */
        }
        if (pair.has_value) {
            set_part(p, &pair);
        }
    }
    bool ports = str_eq(p->protocol, STR("TCP")) || str_eq(p->protocol, STR("UDP"));
    p->cut = p->protocol.len == 0 || !net_is_ip(p->destination) ||
             (ports && p->destination_port.len == 0);
}

static enum verdict find_verdict(struct str prefix, struct str *word) {
    static const struct {
        struct str text;
        enum verdict verdict;
    } words[] = {{STR_INIT("DROP"), VERDICT_DENIED},   {STR_INIT("REJECT"), VERDICT_DENIED},
                 {STR_INIT("DENY"), VERDICT_DENIED},   {STR_INIT("DENIED"), VERDICT_DENIED},
                 {STR_INIT("BLOCK"), VERDICT_DENIED},  {STR_INIT("ACCEPT"), VERDICT_ALLOWED},
                 {STR_INIT("ALLOW"), VERDICT_ALLOWED}, {STR_INIT("PERMIT"), VERDICT_ALLOWED},
                 {STR_INIT("PASS"), VERDICT_ALLOWED}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t at = str_find_ci(prefix, words[i].text);
        if (at != STR_NONE) {
            *word = str_make(prefix.ptr + at, words[i].text.len);
            return words[i].verdict;
        }
    }
    return VERDICT_NONE;
}

static void add_mac(struct batch *batch, struct str mac) {
    enum { MAC_BYTES = 17 };
    if (mac.len >= 2 * MAC_BYTES + 1 && mac.ptr[MAC_BYTES] == ':') {
        batch_add(batch, FIELD_DESTINATION_MAC, str_head(mac, MAC_BYTES));
        batch_add(batch, FIELD_SOURCE_MAC, str_make(mac.ptr + MAC_BYTES + 1, MAC_BYTES));
    }
}

static void add_text(struct batch *batch, uint32_t field, struct str s) {
    if (s.len > 0) {
        batch_add(batch, field, s);
    }
}

static void add_fields(struct batch *batch, const struct packet *p) {
    struct str word = STR_EMPTY;
    enum verdict verdict = find_verdict(p->prefix, &word);
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "network");
    add_text(batch, FIELD_RULE_NAME, p->prefix);
    add_text(batch, FIELD_EVENT_ACTION, word);
    net_add_verdict(batch, verdict);
    net_add_address(batch, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, p->source);
    net_add_address(batch, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, p->destination);
    net_add_number(batch, FIELD_SOURCE_PORT, p->source_port);
    net_add_number(batch, FIELD_DESTINATION_PORT, p->destination_port);
    net_add_protocol(batch, p->protocol);
    net_add_number(batch, FIELD_SOURCE_BYTES, p->length);
    add_text(batch, FIELD_OBSERVER_INGRESS_INTERFACE, p->in);
    add_text(batch, FIELD_OBSERVER_EGRESS_INTERFACE, p->out);
    add_mac(batch, p->mac);
    if (p->in.len > 0 && p->out.len == 0) {
        batch_add_constant(batch, FIELD_NETWORK_DIRECTION, "ingress");
    } else if (p->in.len == 0 && p->out.len > 0) {
        batch_add_constant(batch, FIELD_NETWORK_DIRECTION, "egress");
    }
}

/* "[6268792.473229] IPT-DROP-IN: " without uptime and colon. */
static struct str clean_prefix(struct str s) {
    s = str_trim(s);
    if (str_starts(s, STR("kernel:"))) {
        s = str_trim(str_skip(s, STR("kernel:").len));
    }
    size_t close = s.len > 0 && s.ptr[0] == '[' ? str_find_char(s, ']') : STR_NONE;
    if (close != STR_NONE) {
        s = str_trim(str_skip(s, close + 1));
    }
    return s.len > 0 && s.ptr[s.len - 1] == ':' ? str_head(s, s.len - 1) : s;
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    (void)context;
    struct packet p = {.in = STR_EMPTY,
                       .out = STR_EMPTY,
                       .mac = STR_EMPTY,
                       .source = STR_EMPTY,
                       .destination = STR_EMPTY,
                       .protocol = STR_EMPTY,
                       .source_port = STR_EMPTY,
                       .destination_port = STR_EMPTY,
                       .length = STR_EMPTY};
    size_t at = find_start(str_head(body, 2048));
    if (at == STR_NONE) {
        return PARSE_NO;
    }
    read_packet(&p, str_skip(body, at));
    if (!net_is_ip(p.source)) {
        return PARSE_NO;
    }
    p.prefix = clean_prefix(str_head(body, at));
    add_fields(batch, &p);
    return p.cut ? PARSE_DAMAGED : PARSE_YES;
}

const struct parser iptables_parser = {
    .name = "iptables", .dataset = DATASET_IPTABLES, .parse = parse};
