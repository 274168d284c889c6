/*
 * BIND query log (BIND 9 Administrator Reference Manual, "query log"):
 *   [02-Mar-2026 00:00:39.134 ][queries: ][info: ]client [@0x7f..] 10.0.0.1#1946 (name)[: view v]:
 *   query: name IN A +E(0)K (10.10.1.53)
 * The file channel's time is local, or ISO 8601 ("print-time iso8601-utc": with Z). Flags: +
 * recursion asked for, - not; S signed, E(n) EDNS version, T TCP, D DNSSEC OK, C checking disabled,
 * V or K cookie. The address in parentheses is the server's. Refusals ("query (cache) 'x/A/IN'
 * denied") and answers (responselog of BIND 9.18: "answer: name IN A +EDC (10.0.0.2) -> NOERROR")
 * are read too.
 */
#include "net_fields.h"
#include "num.h"
#include "parse_time.h"

struct query {
    struct str client;
    struct str port;
    struct str name;
    struct str class_name;
    struct str type;
    struct str flags;
    struct str server;
    struct str code; /* of an answer */
    bool answer;
    bool denied;
    bool cut;
};

static bool take_prefix(struct str *rest, struct str prefix) {
    if (!str_starts(*rest, prefix)) {
        return false;
    }
    *rest = str_skip(*rest, prefix.len);
    return true;
}

/* "queries: info: " in any of its forms (print-category, print-severity). */
static void skip_channel_words(struct str *rest) {
    static const struct str words[] = {STR_INIT("queries: "), STR_INIT("security: "),
                                       STR_INIT("info: "), STR_INIT("query-errors: ")};
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            again |= take_prefix(rest, words[i]);
        }
    }
}

/* "10.0.0.1#1946" */
static bool take_client(struct query *q, struct str *rest) {
    struct str word;
    struct str s = *rest;
    if (s.len > 1 && s.ptr[0] == '@' && !str_word_next(&word, &s)) {
        return false;
    }
    if (!str_word_next(&word, &s)) {
        return false;
    }
    size_t hash = str_find_char(word, '#');
    if (hash == STR_NONE) {
        return false;
    }
    q->client = str_head(word, hash);
    q->port = str_skip(word, hash + 1);
    q->port = str_head(q->port, str_find_char(q->port, '/')); /* "#53/key name": TSIG */
    if (q->port.len > 0 && q->port.ptr[q->port.len - 1] == ':') {
        q->port.len--;
    }
    *rest = s;
    return net_is_ip(q->client);
}

/* "name IN A +E(0)K (10.10.1.53)" */
static void read_question(struct query *q, struct str s) {
    struct str server;
    bool whole = str_word_next(&q->name, &s) && str_word_next(&q->class_name, &s) &&
                 str_word_next(&q->type, &s);
    if (!whole) {
        q->cut = true;
        return;
    }
    q->cut |= !str_word_next(&q->flags, &s); /* a name alone was logged before BIND 9.2 */
    q->cut |= q->flags.len > 0 && q->flags.ptr[0] != '+' && q->flags.ptr[0] != '-';
    bool open = str_find_char(q->flags, '(') != STR_NONE;
    q->cut |= open && str_find_char(q->flags, ')') == STR_NONE;
    if (str_word_next(&server, &s) && server.ptr[0] == '(') {
        bool closed = server.ptr[server.len - 1] == ')';
        q->cut |= !closed;
        q->server = str_make(server.ptr + 1, server.len - (closed ? 2 : 1));
    }
}

/* "'example.com/A/IN' denied" */
static bool read_denial(struct query *q, struct str s) {
    size_t end = str_find(s, STR("' denied"));
    size_t start = str_find_char(s, '\'');
    if (end == STR_NONE || start == STR_NONE || start >= end) {
        return false;
    }
    struct str question = str_make(s.ptr + start + 1, end - start - 1);
    size_t last = str_rfind_char(question, '/');
    size_t middle = last == STR_NONE ? STR_NONE : str_rfind_char(str_head(question, last), '/');
    if (middle == STR_NONE) {
        return false;
    }
    q->name = str_head(question, middle);
    q->type = str_make(question.ptr + middle + 1, last - middle - 1);
    q->class_name = str_skip(question, last + 1);
    q->denied = true;
    return true;
}

static bool read_query(struct query *q, struct str rest) {
    if (!take_prefix(&rest, STR("client ")) || !take_client(q, &rest)) {
        return false;
    }
    q->cut = str_find(rest, STR(": client ")) != STR_NONE; /* another record is glued to it */
    size_t at = str_find(rest, STR("query: "));
    if (at != STR_NONE) {
        read_question(q, str_skip(rest, at + STR("query: ").len));
        return true;
    }
    at = str_find(rest, STR("answer: ")); /* "responselog": question -> code */
    if (at != STR_NONE) {
        struct str answer = str_skip(rest, at + STR("answer: ").len);
        read_question(q, answer);
        size_t arrow = str_find(answer, STR(" -> "));
        q->answer = true;
        q->cut |= arrow == STR_NONE;
        struct str code = arrow == STR_NONE ? STR_EMPTY : str_skip(answer, arrow + 4);
        (void)str_word_next(&q->code, &code);
        return true;
    }
    at = str_find(rest, STR("query"));
    return at != STR_NONE && read_denial(q, str_skip(rest, at));
}

static void add_text(struct batch *batch, uint32_t field, struct str s) {
    if (s.len > 0) {
        batch_add(batch, field, s);
    }
}

static void add_fields(struct batch *batch, const struct query *q) {
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "network");
    const char *action = q->denied ? "denied" : q->answer ? "answer" : "query";
    batch_add_constant(batch, FIELD_EVENT_ACTION, action);
    add_text(batch, FIELD_DNS_RESPONSE_CODE, q->code);
    net_add_verdict(batch, q->denied ? VERDICT_DENIED : VERDICT_INFO);
    batch_add_constant(batch, FIELD_NETWORK_PROTOCOL, "dns");
    add_text(batch, FIELD_SOURCE_IP, q->client);
    net_add_number(batch, FIELD_SOURCE_PORT, q->port);
    add_text(batch, FIELD_DNS_QUESTION_NAME, q->name);
    add_text(batch, FIELD_DNS_QUESTION_CLASS, q->class_name);
    add_text(batch, FIELD_DNS_QUESTION_TYPE, q->type);
    add_text(batch, FIELD_DNS_HEADER_FLAGS, q->flags);
    if (q->flags.len > 0) {
        bool tcp = str_find_char(q->flags, 'T') != STR_NONE;
        batch_add_constant(batch, FIELD_NETWORK_TRANSPORT, tcp ? "tcp" : "udp");
    }
    if (net_is_ip(q->server)) {
        batch_add(batch, FIELD_DESTINATION_IP, q->server);
        batch_add(batch, FIELD_SERVER_IP, q->server);
    }
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    struct query q = {.client = STR_EMPTY,
                      .port = STR_EMPTY,
                      .name = STR_EMPTY,
                      .class_name = STR_EMPTY,
                      .type = STR_EMPTY,
                      .flags = STR_EMPTY,
                      .server = STR_EMPTY,
                      .code = STR_EMPTY};
    struct read_time time;
    struct str rest = body;
    bool timed = body.len > 24 && ascii_is_digit(body.ptr[0]) &&
                 (time_take_dmy(&time, &rest) || time_take_iso(&time, &rest)) &&
                 take_prefix(&rest, STR(" "));
    skip_channel_words(&rest);
    if (!read_query(&q, rest)) {
        return PARSE_NO;
    }
    if (timed) {
        (void)time_set_row(context, batch, &time);
    }
    add_fields(batch, &q);
    return q.cut ? PARSE_DAMAGED : PARSE_YES;
}

const struct parser bind_query_parser = {
    .name = "bind_query", .dataset = DATASET_BIND_QUERY, .parse = parse};
