/*
 * Access logs of web servers in the common and the combined format (Apache httpd "Log Files",
 * nginx ngx_http_log_module):
 *   client ident user [time] "METHOD target HTTP/1.1" status bytes ["referer" "user agent" ...]
 *   the same with the virtual host before it (vhost_combined)
 * What follows the agent is the server's own and left out. A request line that is no HTTP (a TLS
 * hello, a bare word) is kept in url.original. Proxies' logs of this shape are squid's.
 */
#include "net_fields.h"
#include "num.h"
#include "parse_time.h"

struct access {
    struct str host;
    struct str client;
    struct str user;
    struct str request;
    struct str status;
    struct str bytes;
    struct str referrer;
    struct str agent;
    struct read_time time;
};

/* The next "quoted" text, with \" inside allowed. */
static bool take_quoted(struct str *out, struct str *rest) {
    struct str s = str_skip(*rest, rest->len > 0 && rest->ptr[0] == ' ');
    size_t n = 1;
    if (s.len == 0 || s.ptr[0] != '"') {
        return false;
    }
    while (n < s.len && s.ptr[n] != '"') {
        n += s.ptr[n] == '\\' ? 2 : 1;
    }
    if (n >= s.len) {
        return false;
    }
    *out = str_make(s.ptr + 1, n - 1);
    *rest = str_skip(s, n + 1);
    return true;
}

static bool is_status(struct str s) {
    return s.len == 3 && s.ptr[0] >= '1' && s.ptr[0] <= '5' && ascii_is_digit(s.ptr[1]) &&
           ascii_is_digit(s.ptr[2]);
}

static bool is_size(struct str s) {
    uint64_t bytes;
    return str_eq(s, STR("-")) || num_parse_u64(&bytes, s);
}

static bool is_code(struct str s) {
    bool ok = s.len >= 3 && s.ptr[0] >= 'A' && s.ptr[0] <= 'Z';
    for (size_t i = 0; ok && i < s.len; i++) {
        ok = (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') || s.ptr[i] == '_';
    }
    return ok;
}

/* RESULT:HIERARCHY, which Squid writes behind the agent. */
static bool is_of_squid(struct str rest) {
    struct str word;
    while (str_word_next(&word, &rest)) {
        size_t colon = str_find_char(word, ':');
        if (colon != STR_NONE && is_code(str_head(word, colon)) &&
            is_code(str_head(str_skip(word, colon + 1),
                             str_find_char(str_skip(word, colon + 1), '/')))) {
            return true;
        }
    }
    return false;
}

/* client ident user [ */
static bool take_client(struct access *a, struct str *rest) {
    struct str s = *rest;
    struct str ident;
    struct str first;
    if (!str_word_next(&first, &s) || !str_word_next(&a->client, &s)) {
        return false;
    }
    if (net_is_ip(a->client)) { /* behind the virtual host */
        a->host = first;
    } else {
        ident = a->client;
        a->client = first;
        s = *rest;
        (void)str_word_next(&first, &s);
    }
    if (!str_word_next(&ident, &s) || !str_word_next(&a->user, &s) || s.len < 2 ||
        s.ptr[0] != ' ' || s.ptr[1] != '[') {
        return false;
    }
    *rest = str_skip(s, 1);
    return true;
}

static bool take_line(struct access *a, struct str body) {
    if (!take_client(a, &body) || !time_take_clf(&a->time, &body) ||
        !take_quoted(&a->request, &body) || !str_word_next(&a->status, &body) ||
        !is_status(a->status) || !str_word_next(&a->bytes, &body) || !is_size(a->bytes)) {
        return false;
    }
    if (take_quoted(&a->referrer, &body)) {
        (void)take_quoted(&a->agent, &body);
    }
    return !is_of_squid(body);
}

static void add_text(struct batch *batch, uint32_t field, struct str s) {
    if (s.len > 0 && !str_eq(s, STR("-"))) {
        batch_add(batch, field, s);
    }
}

/* "/a/b.php?x=1" or "http://host/a" */
static void add_target(struct batch *batch, struct str target) {
    add_text(batch, FIELD_URL_ORIGINAL, target);
    if (target.len == 0 || target.ptr[0] != '/') {
        net_add_url(batch, target, false);
        return;
    }
    size_t question = str_find_char(target, '?');
    add_text(batch, FIELD_URL_PATH, str_head(target, question));
    if (question != STR_NONE) {
        add_text(batch, FIELD_URL_QUERY, str_skip(target, question + 1));
    }
}

static void add_request(struct batch *batch, struct str request) {
    size_t first = str_find_char(request, ' ');
    size_t last = str_rfind_char(request, ' ');
    struct str version = last == STR_NONE ? STR_EMPTY : str_skip(request, last + 1);
    if (first == STR_NONE) {
        add_text(batch, FIELD_URL_ORIGINAL, request);
        return;
    }
    struct str target = str_skip(request, first + 1);
    add_text(batch, FIELD_HTTP_METHOD, str_head(request, first));
    if (str_starts(version, STR("HTTP/"))) {
        add_text(batch, FIELD_HTTP_VERSION, str_skip(version, 5));
        target = last > first ? str_make(target.ptr, last - first - 1) : STR_EMPTY;
    }
    add_target(batch, target);
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    struct access a = {.host = STR_EMPTY, .referrer = STR_EMPTY, .agent = STR_EMPTY};
    if (body.len < 40 || !take_line(&a, body) || !time_set_row(context, batch, &a.time)) {
        return PARSE_NO;
    }
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "web");
    net_add_address(batch, FIELD_SOURCE_IP, FIELD_SOURCE_DOMAIN, a.client);
    add_text(batch, FIELD_URL_DOMAIN, str_head(a.host, str_find_char(a.host, ':')));
    add_text(batch, FIELD_USER_NAME, a.user);
    add_request(batch, a.request);
    net_add_number(batch, FIELD_HTTP_STATUS, a.status);
    net_add_number(batch, FIELD_HTTP_RESPONSE_BYTES, a.bytes);
    add_text(batch, FIELD_HTTP_REFERRER, a.referrer);
    add_text(batch, FIELD_USER_AGENT, a.agent);
    return PARSE_YES;
}

const struct parser web_access_parser = {
    .name = "web_access", .dataset = DATASET_WEB_ACCESS, .parse = parse};
