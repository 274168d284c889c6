/*
 * Cisco ASA, FTD, PIX and FWSM: "%ASA-severity-id: text". The templates are
 * tables/asa_messages.def.
 *
 * Sides. "Built outbound" and "Teardown" print the side with the lower security level first, so
 * the client of an outbound connection stands second. A teardown has no direction: it is taken
 * from its Built by the connection number; where that was not seen, the side with the lower port is
 * the server if that port is a well-known one, else the printed order holds. Teardown counts both
 * directions in one number: network.bytes, never source.bytes.
 */
#include "ftd_event.h"

#include <assert.h>

#include "mem.h"
#include "net_fields.h"
#include "num.h"
#include "parse_time.h"
#include "pattern.h"

enum asa_verdict { ASA_ALLOWED, ASA_DENIED, ASA_INFO, ASA_LOGIN, ASA_REFUSED };

struct asa_message {
    uint32_t id;
    enum asa_verdict verdict;
    const char *action;
    const char *reason;
    const char *pattern;
};

static const struct asa_message messages[] = {
#define ASA(id, verdict, action, reason, pattern) {id, ASA_##verdict, action, reason, pattern},
#include "asa_messages.def"
};

enum { MESSAGE_COUNT = sizeof messages / sizeof *messages, CONNECTION_SLOTS = 1 << 15 };

/* Directions of connections that were built, by number; a newer one takes a slot over. */
struct connection {
    uint32_t number;
    uint8_t state; /* 0 free, 1 inbound, 2 outbound */
};

enum { ID_SLOTS = 1024 };

struct state {
    struct connection *connections; /* CONNECTION_SLOTS of them, from the first Built on */
    uint8_t first[ID_SLOTS];        /* by id modulo: the first row of `messages` with such an id */
};

static_assert(MESSAGE_COUNT <= UINT8_MAX, "rows fit state.first");

static void *state_create(void) {
    struct state *state = mem_calloc(1, sizeof *state);
    memset(state->first, MESSAGE_COUNT, sizeof state->first);
    for (size_t i = MESSAGE_COUNT; i-- > 0;) {
        state->first[messages[i].id % ID_SLOTS] = (uint8_t)i;
    }
    return state;
}

static void state_destroy(void *opaque) {
    struct state *state = opaque;
    mem_free(state->connections);
    mem_free(state);
}

/* --- the head: "%ASA-6-302013: ", "%FTD-6-430003: ", "%ASA-session-6-302013: " --- */

struct head {
    struct str severity;
    struct str id;
    uint32_t number;
    struct str text;
};

static size_t find_mark(struct str body) {
    static const struct str marks[] = {STR_INIT("%ASA-"), STR_INIT("%FTD-"), STR_INIT("%PIX-"),
                                       STR_INIT("%FWSM-"), STR_INIT("%NGIPS-")};
    enum { SEARCH_BYTES = 96 };
    struct str start = str_head(body, SEARCH_BYTES);
    size_t percent = str_find_char(start, '%');
    for (size_t i = 0; percent != STR_NONE && i < sizeof marks / sizeof *marks; i++) {
        if (str_starts(str_skip(body, percent), marks[i])) {
            return percent;
        }
    }
    return STR_NONE;
}

static bool read_head(struct head *head, struct str body) {
    struct str rest = str_skip(body, str_find_char(body, '-') + 1);
    if (rest.len > 0 && ascii_is_alpha(rest.ptr[0])) { /* "session-", "vpn-" ... */
        rest = str_skip(rest, str_find_char(rest, '-') + 1);
    }
    rest = rest.len > 0 && rest.ptr[0] == '-' ? str_skip(rest, 1) : rest;
    uint64_t number = 0;
    size_t colon = 2;
    while (colon < rest.len && rest.ptr[colon] != ':' && rest.ptr[colon] != ' ') {
        colon++;
    }
    if (rest.len < 9 || rest.ptr[0] < '0' || rest.ptr[0] > '7' || rest.ptr[1] != '-' ||
        colon >= rest.len || colon > 9 ||
        !num_parse_u64(&number, str_make(rest.ptr + 2, colon - 2))) {
        return false;
    }
    head->severity = str_head(rest, 1);
    head->id = str_make(rest.ptr + 2, colon - 2);
    head->number = (uint32_t)number;
    head->text = str_trim(str_skip(rest, colon + 1));
    return true;
}

/* --- who is the source --- */

static uint32_t connection_number(const struct pattern_slots *slots) {
    uint64_t number = 0;
    struct str text = pattern_get(slots, 'n');
    return text.ptr != NULL && num_parse_u64(&number, text) && number <= UINT32_MAX
               ? (uint32_t)number
               : 0;
}

static void remember(struct state *state, uint32_t number, bool outbound) {
    if (number == 0) {
        return;
    }
    if (state->connections == NULL) {
        state->connections = mem_calloc(CONNECTION_SLOTS, sizeof *state->connections);
    }
    state->connections[number % CONNECTION_SLOTS] =
        (struct connection){.number = number, .state = outbound ? 2 : 1};
}

static uint64_t port_of(const struct pattern_slots *slots, char place) {
    uint64_t port = 0;
    struct str text = pattern_get(slots, place);
    return text.ptr != NULL && num_parse_u64(&port, text) ? port : UINT64_MAX;
}

/* True if the first side is the server. Sets *direction when it is known. */
static bool first_is_server(struct state *state, uint32_t id, const struct pattern_slots *slots,
                            const char **direction) {
    struct str word = pattern_get(slots, 'd');
    uint32_t number = connection_number(slots);
    if (word.ptr != NULL) {
        bool outbound = str_eq(word, STR("outbound"));
        remember(state, number, outbound);
        *direction = outbound ? "outbound" : "inbound";
        return outbound;
    }
    const struct connection *known =
        state->connections != NULL ? &state->connections[number % CONNECTION_SLOTS] : NULL;
    if (known != NULL && number != 0 && known->number == number && known->state != 0) {
        *direction = known->state == 2 ? "outbound" : "inbound";
        return known->state == 2;
    }
    if (id != 302014 && id != 302016) {
        return false; /* ICMP has no ports */
    }
    uint64_t first = port_of(slots, 'p');
    uint64_t second = port_of(slots, 'q');
    return first < 1024 && second >= 1024;
}

static void swap_places(struct pattern_slots *slots, char a, char b) {
    struct str kept = slots->text[a - 'A'];
    slots->text[a - 'A'] = slots->text[b - 'A'];
    slots->text[b - 'A'] = kept;
}

static void turn_sides(struct pattern_slots *slots) {
    swap_places(slots, 'i', 'j');
    swap_places(slots, 'a', 'b');
    swap_places(slots, 'p', 'q');
    swap_places(slots, 'A', 'B');
    swap_places(slots, 'P', 'Q');
}

/* --- fields --- */

/* "443(LOCAL\user)": what stands before the parenthesis; the user goes to *user. */
static struct str cut_user(struct str s, struct str *user) {
    size_t open = str_find_char(s, '(');
    if (open == STR_NONE) {
        return s;
    }
    struct str inner = str_skip(s, open + 1);
    inner = str_head(inner, str_find_char(inner, ')'));
    if (inner.len > 0 && str_find_char(inner, '/') == STR_NONE) {
        *user = inner;
    }
    struct str head = str_head(s, open);
    return head.len > 0 && head.ptr[head.len - 1] == ')' ? str_head(head, head.len - 1) : head;
}

/* The first number of "4666 FIN Timeout from Pika"; the rest is the reason. */
static struct str cut_number(struct str s, struct str *rest) {
    size_t n = 0;
    while (n < s.len && ascii_is_digit(s.ptr[n])) {
        n++;
    }
    *rest = str_trim(str_skip(s, n));
    return str_head(s, n);
}

static void add_place(struct batch *batch, uint32_t field, const struct pattern_slots *slots,
                      char place) {
    struct str text = pattern_get(slots, place);
    if (text.ptr != NULL && text.len > 0) {
        batch_add(batch, field, text);
    }
}

static void add_user(struct batch *batch, struct str user) {
    size_t slash = str_rfind_char(user, '\\');
    if (slash != STR_NONE) {
        batch_add(batch, FIELD_USER_DOMAIN, str_head(user, slash));
        user = str_skip(user, slash + 1);
    }
    if (user.len > 0 && !str_eq(user, STR("*****"))) {
        batch_add(batch, FIELD_USER_NAME, user);
    }
}

static void add_side(struct batch *batch, struct pattern_slots *slots, char place, uint32_t ip,
                     uint32_t name, struct str *user) {
    struct str text = pattern_get(slots, place);
    if (text.ptr != NULL) {
        text = cut_user(text, user);
        while (text.len > 0 && (text.ptr[text.len - 1] == '.' || text.ptr[text.len - 1] == ',')) {
            text.len--;
        }
        struct str rest;
        if (ip == name) {
            net_add_number(batch, ip, cut_number(text, &rest));
        } else {
            net_add_address(batch, ip, name, text);
        }
    }
}

/* "0:10:06" or "0h:42m:14s" (also with days: "1d 2h:3m:4s"). */
static bool read_duration(int64_t *out_ns, struct str s) {
    int64_t total = 0;
    int64_t part = 0;
    bool digits = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (ascii_is_digit(c)) {
            part = part * 10 + (c - '0');
            digits = true;
        } else if (c == ':') {
            total = (total + part) * 60;
            part = 0;
        } else if (c == 'd') {
            total = (total + part) * 24;
            part = 0;
        } else if (c != 'h' && c != 'm' && c != 's' && c != ' ') {
            return false;
        }
        if (part > 100000000 || total > INT64_C(10000000000)) {
            return false;
        }
    }
    *out_ns = (total + part) * NS_PER_SECOND;
    return digits && *out_ns >= 0 && total + part < INT64_C(9000000000);
}

static void add_session(struct batch *batch, const struct pattern_slots *slots) {
    int64_t duration = 0;
    struct str reason = pattern_get(slots, 'r');
    struct str bytes = pattern_get(slots, 'y');
    if (pattern_get(slots, 'D').ptr != NULL && read_duration(&duration, pattern_get(slots, 'D'))) {
        batch_add_i64(batch, FIELD_EVENT_DURATION, duration);
    }
    if (bytes.ptr != NULL) {
        net_add_number(batch, FIELD_NETWORK_BYTES, cut_number(bytes, &reason));
    }
    if (reason.ptr != NULL && reason.len > 0) {
        batch_add(batch, FIELD_EVENT_REASON, reason);
    }
    add_place(batch, FIELD_SESSION_ID, slots, 'n');
    struct str sent = pattern_get(slots, 'Y');
    struct str received = pattern_get(slots, 'Z');
    if (sent.ptr != NULL) { /* VPN session: the device's transmit is the client's receive */
        net_add_number(batch, FIELD_DESTINATION_BYTES, sent);
        net_add_number(batch, FIELD_SOURCE_BYTES, received);
    }
}

static void add_sides(struct batch *batch, struct pattern_slots *slots) {
    struct str user = pattern_get(slots, 'u');
    struct str peer_user = STR_EMPTY;
    user = user.ptr != NULL ? user : STR_EMPTY;
    add_side(batch, slots, 'a', FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, &user);
    add_side(batch, slots, 'p', FIELD_SOURCE_PORT, FIELD_SOURCE_PORT, &user);
    add_side(batch, slots, 'b', FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, &peer_user);
    add_side(batch, slots, 'q', FIELD_DESTINATION_PORT, FIELD_DESTINATION_PORT, &peer_user);
    add_side(batch, slots, 'A', FIELD_SOURCE_NAT_IP, FIELD_SOURCE_ADDRESS, &user);
    add_side(batch, slots, 'P', FIELD_SOURCE_NAT_PORT, FIELD_SOURCE_NAT_PORT, &user);
    add_side(batch, slots, 'B', FIELD_DESTINATION_NAT_IP, FIELD_DESTINATION_ADDRESS, &peer_user);
    add_side(batch, slots, 'Q', FIELD_DESTINATION_NAT_PORT, FIELD_DESTINATION_NAT_PORT, &peer_user);
    add_place(batch, FIELD_OBSERVER_INGRESS_INTERFACE, slots, 'i');
    add_place(batch, FIELD_OBSERVER_EGRESS_INTERFACE, slots, 'j');
    add_user(batch, user.len > 0 ? user : peer_user);
}

static void add_literal(struct batch *batch, uint32_t field, const char *literal) {
    if (literal[0] != '\0') {
        batch_add_constant(batch, field, literal);
    }
}

static const char *transport_of(uint32_t number) {
    switch (number) {
    case 106001:
    case 106015:
    case 302013:
    case 302014:
    case 419002:
        return "tcp";
    case 106006:
    case 106007:
    case 302015:
    case 302016:
        return "udp";
    case 302020:
    case 302021:
    case 313001:
    case 313004:
    case 313009:
        return "icmp";
    case 302017:
    case 302018:
        return "gre";
    default:
        return "";
    }
}

static void add_verdict(struct batch *batch, const struct asa_message *message) {
    bool login = message->verdict == ASA_LOGIN || message->verdict == ASA_REFUSED;
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, login ? "authentication" : "network");
    if (login) {
        batch_add_constant(batch, FIELD_EVENT_TYPE, "info");
        batch_add_constant(batch, FIELD_EVENT_OUTCOME,
                           message->verdict == ASA_LOGIN ? "success" : "failure");
        return;
    }
    net_add_verdict(batch, message->verdict == ASA_ALLOWED  ? VERDICT_ALLOWED
                           : message->verdict == ASA_DENIED ? VERDICT_DENIED
                                                            : VERDICT_INFO);
}

static void add_message(struct state *state, struct batch *batch, const struct asa_message *message,
                        struct pattern_slots *slots) {
    const char *direction = "";
    bool connection = message->id >= 302013 && message->id <= 302021;
    if (connection && first_is_server(state, message->id, slots, &direction)) {
        turn_sides(slots);
    }
    add_literal(batch, FIELD_EVENT_ACTION, message->action);
    if (message->id == 106100 && message->verdict == ASA_ALLOWED) {
        batch_add_constant(batch, FIELD_EVENT_ACTION, "permitted");
    }
    add_literal(batch, FIELD_EVENT_REASON, message->reason);
    add_verdict(batch, message);
    add_literal(batch, FIELD_NETWORK_DIRECTION, direction);
    add_literal(batch, FIELD_NETWORK_TRANSPORT, transport_of(message->id));
    if (pattern_get(slots, 't').ptr != NULL) {
        net_add_protocol(batch, pattern_get(slots, 't'));
    }
    add_sides(batch, slots);
    add_session(batch, slots);
    add_place(batch, FIELD_RULE_NAME, slots, 'g');
    add_place(batch, FIELD_NETWORK_PROTOCOL, slots, 's');
    add_place(batch, FIELD_PROCESS_COMMAND, slots, 'c');
    add_place(batch, FIELD_FILE_PATH, slots, 'F');
    add_place(batch, FIELD_SERVER_IP, slots, 'S');
    add_place(batch, FIELD_CLIENT_IP, slots, 'N');
    if (pattern_get(slots, 'U').ptr != NULL) {
        net_add_url(batch, pattern_get(slots, 'U'), false);
    }
}

/* False if the id is known but the text has none of its forms. */
static bool read_message(struct state *state, struct batch *batch, const struct head *head) {
    bool known = false;
    for (size_t i = state->first[head->number % ID_SLOTS]; i < MESSAGE_COUNT; i++) {
        if (messages[i].id != head->number) {
            continue;
        }
        known = true;
        struct pattern_slots slots = {0};
        if (pattern_match(&slots, messages[i].pattern, head->text)) {
            add_message(state, batch, &messages[i], &slots);
            return true;
        }
    }
    struct pattern_slots slots = {0};
    if (!known && pattern_match(&slots, "Group <%g> User <%u> IP <%a> %*", head->text)) {
        add_sides(batch, &slots); /* all other messages of remote access */
    }
    if (!known) {
        batch_add_constant(batch, FIELD_EVENT_TYPE, "info");
    }
    return !known;
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    struct head head;
    size_t mark = find_mark(body);
    if (mark == STR_NONE) {
        return PARSE_NO;
    }
    if (!read_head(&head, str_skip(body, mark))) {
        batch_add(batch, FIELD_MESSAGE, body);
        return PARSE_DAMAGED;
    }
    struct read_time time;
    if (mark > 0 && time_take_bsd(&time, &body)) { /* a relay's header before the device's own */
        (void)time_set_row(context, batch, &time);
    }
    batch_add_constant(batch, FIELD_OBSERVER_VENDOR, "Cisco");
    batch_add(batch, FIELD_EVENT_CODE, head.id);
    batch_add(batch, FIELD_EVENT_SEVERITY, head.severity);
    batch_add(batch, FIELD_MESSAGE, head.text);
    bool security_event = head.number >= 430001 && head.number <= 430005;
    bool whole = security_event ? ftd_event_add(context, batch, head.text)
                                : read_message(context->state, batch, &head);
    return whole ? PARSE_YES : PARSE_DAMAGED;
}

const struct parser asa_parser = {.name = "asa",
                                  .dataset = DATASET_ASA,
                                  .parse = parse,
                                  .state_create = state_create,
                                  .state_destroy = state_destroy};
