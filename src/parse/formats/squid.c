/*
 * Squid access logs (http://www.squid-cache.org/Doc/config/logformat/):
 *   native    ts elapsed client result/status bytes [upload] method url user hier/peer mime
 *             ["referer" "user agent" ["x-forwarded-for"]]
 *   combined  client ident user [time] "method url version" status bytes "referer" "user agent"
 *             result:hier
 *   upload    combined + "x-forwarded-for" upload-bytes elapsed-ms server-address
 *   tagged    ts client xff="..." un=... method url version st= in= out= tr= ua="..." ref="..."
 *             result:hier/peer
 * The time is that of the end of the request; event.start = end - elapsed. Quotes in a user agent
 * are not always escaped, so combined lines are read from both ends towards it.
 */
#include "kv.h"
#include "net_fields.h"
#include "num.h"
#include "parse_time.h"

struct squid_record {
    enum dataset dataset;
    struct str client;
    struct str user;
    struct str method;
    struct str url;
    struct str version;
    struct str status;
    struct str reply_bytes;
    struct str request_bytes;
    struct str elapsed_ms;
    struct str referrer;
    struct str agent;
    struct str result;
    struct str hierarchy;
    struct str peer;
    struct str mime;
    struct str forwarded;
    int64_t time_ns; /* TIME_NONE: `time` is to be resolved */
    struct read_time time;
    bool cut; /* the line ends too early */
};

static bool take_word(struct str *out, struct str *rest) {
    return str_word_next(out, rest);
}

static bool is_number(struct str s) {
    uint64_t value = 0;
    return num_parse_u64(&value, s);
}

/* TCP_MISS, NONE_NONE, ICAP_MOD ...: capitals, digits and '_'. */
static bool is_result_code(struct str s) {
    bool ok = s.len >= 3 && s.ptr[0] >= 'A' && s.ptr[0] <= 'Z';
    for (size_t i = 0; ok && i < s.len; i++) {
        char c = s.ptr[i];
        ok = (c >= 'A' && c <= 'Z') || ascii_is_digit(c) || c == '_';
    }
    return ok;
}

static bool split_at(struct str *left, struct str *right, struct str s, char separator) {
    size_t n = str_find_char(s, separator);
    if (n == STR_NONE) {
        return false;
    }
    *left = str_head(s, n);
    *right = str_skip(s, n + 1);
    return true;
}

/* "1772407773.837": ten digits or so, a dot, three digits. */
static bool take_epoch(int64_t *out_ns, struct str *rest) {
    struct str s = *rest;
    struct str word;
    bool ok = s.len > 12 && ascii_is_digit(s.ptr[0]) && take_word(&word, &s) && word.len >= 12 &&
              word.len <= 21 && str_find_char(word, '.') != STR_NONE &&
              time_read_epoch(out_ns, word);
    if (ok) {
        *rest = s;
    }
    return ok;
}

/* The next "quoted" text, with \" inside allowed. */
static bool take_quoted(struct str *out, struct str *rest) {
    struct str s = *rest;
    while (s.len > 0 && s.ptr[0] == ' ') {
        s = str_skip(s, 1);
    }
    if (s.len == 0 || s.ptr[0] != '"') {
        return false;
    }
    size_t n = 1;
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

/* --- native --- */

/* A record that was glued to this one: "TCP_MISS/200 " of a second one. */
static bool holds_native_record(struct str s) {
    struct str word;
    struct str result;
    struct str status;
    while (take_word(&word, &s)) {
        if (split_at(&result, &status, word, '/') && result.len > 3 && is_result_code(result) &&
            status.len == 3 && is_number(status)) {
            return true;
        }
    }
    return false;
}

/* `body` is what stands behind the time. */
static bool parse_native(struct squid_record *r, struct str body) {
    struct str word;
    if (!take_word(&r->elapsed_ms, &body) ||
        !is_number(str_skip(r->elapsed_ms, r->elapsed_ms.ptr[0] == '-' ? 1 : 0)) ||
        !take_word(&r->client, &body) || !take_word(&word, &body) ||
        !split_at(&r->result, &r->status, word, '/') || !is_result_code(r->result) ||
        !is_number(r->status)) {
        return false;
    }
    r->dataset = DATASET_SQUID_NATIVE;
    r->cut = true;
    if (!take_word(&r->reply_bytes, &body) || !take_word(&r->method, &body)) {
        return true;
    }
    if (is_number(r->method)) { /* an own logformat with %>st behind %<st */
        r->request_bytes = r->method;
        r->method = STR_EMPTY;
        (void)take_word(&r->method, &body);
    }
    if (!take_word(&r->url, &body) || !take_word(&r->user, &body) || !take_word(&word, &body) ||
        !split_at(&r->hierarchy, &r->peer, word, '/')) {
        return true;
    }
    if (body.len > 1 && body.ptr[0] == ' ' && body.ptr[1] != '"') {
        (void)take_word(&r->mime, &body);
    }
    if (take_quoted(&r->referrer, &body) && take_quoted(&r->agent, &body)) {
        (void)take_quoted(&r->forwarded, &body);
    }
    r->cut = holds_native_record(body);
    return true;
}

/* --- combined --- */

/* The last word of *rest, which is cut off. */
static bool take_last_word(struct str *out, struct str *rest) {
    struct str s = *rest;
    while (s.len > 0 && s.ptr[s.len - 1] == ' ') {
        s.len--;
    }
    size_t blank = str_rfind_char(s, ' ');
    *out = blank == STR_NONE ? s : str_skip(s, blank + 1);
    *rest = str_head(s, s.len - out->len);
    return out->len > 0;
}

static bool is_result_and_hierarchy(struct squid_record *r, struct str word) {
    struct str result;
    struct str rest;
    if (!split_at(&result, &rest, word, ':') || !is_result_code(result)) {
        return false;
    }
    struct str hierarchy = rest;
    struct str peer = STR_EMPTY;
    (void)split_at(&hierarchy, &peer, rest, '/');
    if (!is_result_code(hierarchy)) {
        return false;
    }
    r->result = result;
    r->hierarchy = hierarchy;
    r->peer = peer;
    return true;
}

/* `"forwarded" upload elapsed server` at the end of *rest. */
static bool take_upload_tail(struct squid_record *r, struct str *rest) {
    struct str s = *rest;
    if (!take_last_word(&r->peer, &s) || !take_last_word(&r->elapsed_ms, &s) ||
        !is_number(r->elapsed_ms) || !take_last_word(&r->request_bytes, &s) ||
        !is_number(r->request_bytes)) {
        return false;
    }
    s = str_trim(s);
    if (s.len < 2 || s.ptr[s.len - 1] != '"') {
        return false;
    }
    size_t open = str_rfind_char(str_head(s, s.len - 1), '"');
    if (open == STR_NONE) {
        return false;
    }
    r->forwarded = str_make(s.ptr + open + 1, s.len - open - 2);
    *rest = str_head(s, open);
    return true;
}

/* `result:hier` and, for the upload form, what stands behind it. */
static bool take_combined_tail(struct squid_record *r, struct str *rest) {
    struct str s = *rest;
    struct str word;
    struct str upload_peer = STR_EMPTY;
    r->dataset = DATASET_SQUID_COMBINED;
    if (take_last_word(&word, &s) && is_result_and_hierarchy(r, word)) {
        *rest = s;
        return true;
    }
    s = *rest;
    if (!take_upload_tail(r, &s)) {
        return false;
    }
    upload_peer = r->peer;
    if (!take_last_word(&word, &s) || !is_result_and_hierarchy(r, word)) {
        return false;
    }
    r->peer = upload_peer;
    r->dataset = DATASET_SQUID_UPLOAD;
    *rest = s;
    return true;
}

/* A record that was glued to this one: a request line and a status stand inside. */
static bool holds_record(struct str s) {
    size_t at = str_find(s, STR(" HTTP/"));
    return at != STR_NONE && str_find(str_skip(s, at), STR("\" ")) != STR_NONE;
}

/* `"referer" "user agent"`: the agent may hold bare quotes. */
static bool split_referrer_and_agent(struct squid_record *r, struct str s) {
    s = str_trim(s);
    if (!take_quoted(&r->referrer, &s)) {
        return false;
    }
    s = str_trim(s);
    if (s.len < 2 || s.ptr[0] != '"' || s.ptr[s.len - 1] != '"') {
        return false;
    }
    r->agent = str_make(s.ptr + 1, s.len - 2);
    return !holds_record(r->agent);
}

/* "METHOD url HTTP/1.1": blanks in the url are not escaped by every client. */
static bool split_request(struct squid_record *r, struct str request) {
    size_t first = str_find_char(request, ' ');
    if (first == STR_NONE) {
        return false;
    }
    r->method = str_head(request, first);
    struct str rest = str_skip(request, first + 1);
    size_t last = str_rfind_char(rest, ' ');
    struct str version = last == STR_NONE ? STR_EMPTY : str_skip(rest, last + 1);
    if (str_starts(version, STR("HTTP/")) || str_starts(version, STR("ICY/"))) {
        r->version = str_skip(version, str_find_char(version, '/') + 1);
        rest = str_head(rest, last);
    }
    r->url = rest;
    return true;
}

/* A glued or cut line has a second time in it or lacks its end: Squid's own if it says so. */
static bool looks_like_proxy_request(const struct squid_record *r) {
    return str_eq(r->method, STR("CONNECT")) || str_find(r->url, STR("://")) != STR_NONE;
}

static bool parse_combined(struct squid_record *r, struct str body) {
    struct str ident;
    struct str request;
    if (!take_word(&r->client, &body) || !take_word(&ident, &body) || !take_word(&r->user, &body) ||
        body.len < 28 || body.ptr[1] != '[') {
        return false;
    }
    body = str_skip(body, 1);
    if (!time_take_clf(&r->time, &body) || !take_quoted(&request, &body) ||
        !split_request(r, request) || !take_word(&r->status, &body) || !is_number(r->status) ||
        !take_word(&r->reply_bytes, &body)) {
        return false;
    }
    r->time_ns = TIME_NONE;
    if (!take_combined_tail(r, &body)) {
        r->dataset = DATASET_SQUID_COMBINED;
        r->cut = true;
        return looks_like_proxy_request(r);
    }
    r->cut = !split_referrer_and_agent(r, body);
    return true;
}

/* --- tagged --- */

static void set_tag(struct squid_record *r, const struct kv *pair) {
    const struct {
        struct str key;
        struct str *to;
    } tags[] = {
        {STR("xff"), &r->forwarded},    {STR("un"), &r->user},         {STR("st"), &r->status},
        {STR("in"), &r->request_bytes}, {STR("out"), &r->reply_bytes}, {STR("tr"), &r->elapsed_ms},
        {STR("ua"), &r->agent},         {STR("ref"), &r->referrer},    {STR("mt"), &r->mime}};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (str_eq(tags[i].key, pair->key)) {
            *tags[i].to = pair->value;
        }
    }
}

static bool take_tags(struct squid_record *r, struct str *rest) {
    struct kv pair;
    struct str s = *rest;
    bool any = false;
    while (kv_next(&pair, &s) && pair.has_value && pair.key.len <= 4) {
        set_tag(r, &pair);
        r->cut |= pair.unclosed;
        *rest = s;
        any = true;
    }
    return any;
}

/* `body` is what stands behind the time. */
static bool parse_tagged(struct squid_record *r, struct str body) {
    struct str word;
    if (!take_word(&r->client, &body) || !net_is_ip(r->client) || !take_tags(r, &body)) {
        return false;
    }
    r->dataset = DATASET_SQUID_UPLOAD;
    bool request = take_word(&r->method, &body) && take_word(&r->url, &body) &&
                   take_word(&word, &body) && str_starts(word, STR("HTTP/"));
    if (request) {
        r->version = str_skip(word, 5);
    }
    r->cut |= !request || !take_tags(r, &body) || !take_word(&word, &body) ||
              !is_result_and_hierarchy(r, word);
    return true;
}

/* --- fields --- */

static void add_text(struct batch *batch, uint32_t field, struct str s) {
    if (s.len > 0 && !str_eq(s, STR("-"))) {
        batch_add(batch, field, s);
    }
}

static void add_duration(const struct squid_record *r, struct batch *batch, int64_t end_ns) {
    uint64_t ms = 0;
    if (!num_parse_u64(&ms, r->elapsed_ms) || ms > UINT64_C(1000) * 86400 * 366) {
        return;
    }
    int64_t duration = (int64_t)ms * (NS_PER_SECOND / 1000);
    batch_add_i64(batch, FIELD_EVENT_DURATION, duration);
    char start[CIVIL_RFC3339_BYTES];
    size_t len = civil_format_rfc3339(start, end_ns - duration);
    batch_add(batch, FIELD_EVENT_START, str_make(start, len));
}

static void add_verdict(const struct squid_record *r, struct batch *batch) {
    bool denied = str_find(r->result, STR("DENIED")) != STR_NONE;
    bool nothing = str_starts(r->result, STR("NONE")) || str_starts(r->result, STR("TAG_NONE")) ||
                   r->result.len == 0;
    net_add_verdict(batch, denied ? VERDICT_DENIED : nothing ? VERDICT_INFO : VERDICT_ALLOWED);
}

static void add_forwarded(struct batch *batch, struct str list) {
    struct str item;
    while (str_split_next(&item, &list, ',')) {
        item = str_trim(item);
        if (net_is_ip(item)) {
            batch_add(batch, FIELD_NETWORK_FORWARDED_IP, item);
        }
    }
}

static void add_peer(const struct squid_record *r, struct batch *batch) {
    bool direct = str_find(r->hierarchy, STR("DIRECT")) != STR_NONE;
    if (net_is_ip(r->peer)) {
        batch_add(batch, direct ? FIELD_DESTINATION_IP : FIELD_SERVER_IP, r->peer);
    } else if (direct) {
        add_text(batch, FIELD_DESTINATION_DOMAIN, r->peer);
    }
}

static void add_fields(const struct squid_record *r, struct batch *batch) {
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "web");
    add_text(batch, FIELD_EVENT_ACTION, r->result);
    add_verdict(r, batch);
    net_add_address(batch, FIELD_SOURCE_IP, FIELD_SOURCE_DOMAIN, r->client);
    add_text(batch, FIELD_USER_NAME, r->user);
    add_text(batch, FIELD_HTTP_METHOD, r->method);
    net_add_url(batch, r->url, str_eq(r->method, STR("CONNECT")));
    add_text(batch, FIELD_HTTP_VERSION, r->version);
    net_add_number(batch, FIELD_HTTP_STATUS, r->status);
    net_add_number(batch, FIELD_HTTP_RESPONSE_BYTES, r->reply_bytes);
    net_add_number(batch, FIELD_HTTP_REQUEST_BYTES, r->request_bytes);
    net_add_number(batch, FIELD_DESTINATION_BYTES, r->reply_bytes);
    net_add_number(batch, FIELD_SOURCE_BYTES, r->request_bytes);
    add_text(batch, FIELD_HTTP_REFERRER, r->referrer);
    add_text(batch, FIELD_USER_AGENT, r->agent);
    add_text(batch, FIELD_HTTP_MIME, r->mime);
    add_text(batch, FIELD_SQUID_RESULT, r->result);
    add_text(batch, FIELD_SQUID_HIERARCHY, r->hierarchy);
    add_forwarded(batch, r->forwarded);
    add_peer(r, batch);
}

/* Any of the forms; *r is clean. */
static bool parse_any(struct squid_record *r, struct str body) {
    const struct squid_record clean = *r;
    int64_t epoch_ns = TIME_NONE;
    struct str rest = body;
    bool epoch = take_epoch(&epoch_ns, &rest);
    if (epoch) {
        r->time_ns = epoch_ns;
        if (parse_native(r, rest)) {
            return true;
        }
        *r = clean;
    }
    if (parse_combined(r, body)) {
        return true;
    }
    *r = clean;
    r->time_ns = epoch_ns;
    return epoch && parse_tagged(r, rest);
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    static const struct squid_record empty = {.client = STR_INIT(""),
                                              .user = STR_INIT(""),
                                              .method = STR_INIT(""),
                                              .url = STR_INIT(""),
                                              .version = STR_INIT(""),
                                              .status = STR_INIT(""),
                                              .reply_bytes = STR_INIT(""),
                                              .request_bytes = STR_INIT(""),
                                              .elapsed_ms = STR_INIT(""),
                                              .referrer = STR_INIT(""),
                                              .agent = STR_INIT(""),
                                              .result = STR_INIT(""),
                                              .hierarchy = STR_INIT(""),
                                              .peer = STR_INIT(""),
                                              .mime = STR_INIT(""),
                                              .forwarded = STR_INIT(""),
                                              .time_ns = TIME_NONE};
    struct squid_record r = empty;
    if (body.len < 16) {
        return PARSE_NO;
    }
    if (!parse_any(&r, body)) {
        return PARSE_NO;
    }
    struct row *row = batch_row(batch);
    row->dataset = (uint16_t)r.dataset;
    if (r.time_ns != TIME_NONE) {
        row->time_ns = r.time_ns;
    } else if (!time_set_row(context, batch, &r.time)) {
        return PARSE_NO;
    }
    add_duration(&r, batch, batch_row(batch)->time_ns);
    add_fields(&r, batch);
    return r.cut ? PARSE_DAMAGED : PARSE_YES;
}

const struct parser squid_parser = {
    .name = "squid", .dataset = DATASET_SQUID_NATIVE, .parse = parse};
