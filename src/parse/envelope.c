#include "envelope.h"

#include "num.h"

static bool take_priority(int *priority, struct str *rest) {
    if (rest->len < 3 || rest->ptr[0] != '<') {
        return false;
    }
    int value = 0;
    size_t n = 1;
    while (n < rest->len && n <= 3 && ascii_is_digit(rest->ptr[n])) {
        value = value * 10 + (rest->ptr[n] - '0');
        n++;
    }
    if (n == 1 || n >= rest->len || rest->ptr[n] != '>' || value > 191) {
        return false;
    }
    *priority = value;
    *rest = str_skip(*rest, n + 1);
    return true;
}

static struct str skip_blanks(struct str s) {
    size_t n = 0;
    while (n < s.len && s.ptr[n] == ' ') {
        n++;
    }
    return str_skip(s, n);
}

/* The next word and the one blank behind it; "-" becomes empty. */
static bool take_header_word(struct str *out, struct str *rest) {
    size_t n = str_find_char(*rest, ' ');
    *out = str_head(*rest, n);
    *rest = str_skip(*rest, n == STR_NONE ? rest->len : n + 1);
    if (out->len == 0) {
        return false;
    }
    if (str_eq(*out, STR("-"))) {
        *out = STR_EMPTY;
    }
    return true;
}

/* "-" or one or more [id name="value" ...]; in values \" \\ \] are escapes (RFC 5424 6.3.3). */
static bool take_structured(struct str *out, struct str *rest) {
    const char *p = rest->ptr;
    size_t i = 0;
    if (rest->len > 0 && p[0] == '-' && (rest->len == 1 || p[1] == ' ')) {
        *out = STR_EMPTY;
        *rest = str_skip(*rest, 2);
        return true;
    }
    while (i < rest->len && p[i] == '[') {
        bool quoted = false;
        for (i++; i < rest->len && (quoted || p[i] != ']'); i++) {
            if (quoted && p[i] == '\\') {
                i++;
            } else if (p[i] == '"') {
                quoted = !quoted;
            }
        }
        if (i >= rest->len) {
            return false;
        }
        i++;
    }
    if (i == 0 || (i < rest->len && p[i] != ' ')) {
        return false;
    }
    *out = str_head(*rest, i);
    *rest = str_skip(*rest, i + 1);
    return true;
}

static void set_time(struct envelope_text *out, const struct parse_settings *settings,
                     struct year_memory *years, const struct read_time *time) {
    out->envelope.time_ns = time_resolve(settings, years, time, &out->flags);
    if (out->envelope.time_ns == TIME_NONE) {
        out->flags = 0;
    }
}

/* Behind the PRI: "1 TIMESTAMP HOST APP PROCID MSGID SD [MSG]". */
static bool parse_5424(struct envelope_text *out, const struct parse_settings *settings,
                       struct year_memory *years, struct str rest) {
    if (rest.len < 3 || rest.ptr[0] < '1' || rest.ptr[0] > '9' || rest.ptr[1] != ' ') {
        return false;
    }
    struct envelope *e = &out->envelope;
    struct str stamp;
    struct read_time time = {0};
    rest = str_skip(rest, 2);
    if (!take_header_word(&stamp, &rest) || !take_header_word(&e->host, &rest) ||
        !take_header_word(&e->app, &rest) || !take_header_word(&e->pid, &rest) ||
        !take_header_word(&e->msgid, &rest)) {
        return false;
    }
    if (stamp.len > 0 && (!time_take_iso(&time, &stamp) || stamp.len > 0)) {
        return false;
    }
    (void)take_structured(&out->structured, &rest); /* broken: it stays in the body */
    if (time.civil.year != 0) {
        set_time(out, settings, years, &time);
    }
    out->body = str_starts(rest, STR("\xEF\xBB\xBF")) ? str_skip(rest, 3) : rest;
    return true;
}

static bool is_tag_char(char c) {
    return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == '(' ||
           c == ')';
}

/* "sshd[123]: " or "kernel: "; leaves *rest alone if there is no such thing. */
static void take_tag(struct envelope *e, struct str *rest) {
    enum { TAG_MAX = 64, PID_MAX = 32 };
    struct str s = *rest;
    size_t n = 0;
    while (n < s.len && n < TAG_MAX && is_tag_char(s.ptr[n])) {
        n++;
    }
    bool starts_well = n > 0 && (ascii_is_alpha(s.ptr[0]) || s.ptr[0] == '(' || s.ptr[0] == '/');
    if (!starts_well || n >= s.len) {
        return;
    }
    struct str tag = str_head(s, n);
    struct str pid = STR_EMPTY;
    s = str_skip(s, n);
    if (s.ptr[0] == '[') {
        size_t close = str_find_char(str_head(s, PID_MAX), ']');
        if (close == STR_NONE) {
            return;
        }
        pid = str_make(s.ptr + 1, close - 1);
        s = str_skip(s, close + 1);
    }
    if (s.len == 0 || s.ptr[0] != ':' || (s.len > 1 && s.ptr[1] != ' ')) {
        return;
    }
    e->app = tag;
    e->pid = pid;
    *rest = str_skip(s, 2);
}

/* A Cisco device counts its messages: "123: ", and marks an unsynchronised clock: "*Mar  1". */
static struct str skip_cisco_prefix(struct str s) {
    size_t n = 0;
    if (s.len > 1 && s.ptr[0] == ':' && ascii_is_alpha(s.ptr[1])) { /* "<166>:Oct  5 ..." */
        return str_skip(s, 1);
    }
    while (n < s.len && n < 12 && ascii_is_digit(s.ptr[n])) {
        n++;
    }
    if (n > 0 && n + 1 < s.len && s.ptr[n] == ':' && s.ptr[n + 1] == ' ') {
        s = str_skip(s, n + 2);
    }
    bool mark = s.len > 1 && (s.ptr[0] == '*' || s.ptr[0] == '.') && ascii_is_alpha(s.ptr[1]);
    return mark ? str_skip(s, 1) : s;
}

/* " JST" before a colon (Cisco "show timezone"). */
static struct str skip_zone_name(struct str s) {
    size_t n = 1;
    while (n < s.len && n < 7 && s.ptr[n] >= 'A' && s.ptr[n] <= 'Z') {
        n++;
    }
    bool name = s.len > 0 && s.ptr[0] == ' ' && n >= 4 && n < s.len && s.ptr[n] == ':';
    return name ? str_skip(s, n) : s;
}

/* What follows the time: ": message" without host, or "host [tag:] message". */
static void take_host(struct envelope_text *out, struct str rest) {
    rest = skip_zone_name(rest);
    if (rest.len > 0 && rest.ptr[0] == ':') {
        out->body = skip_blanks(str_skip(rest, 1));
        return;
    }
    rest = skip_blanks(rest);
    out->body = rest;
    size_t n = str_find_char(rest, ' ');
    struct str word = str_head(rest, n);
    bool no_host = word.len == 0 || word.ptr[word.len - 1] == ':' || word.ptr[0] == '[' ||
                   word.ptr[0] == '%' || str_find_char(word, '=') != STR_NONE;
    if (no_host) {
        return;
    }
    out->envelope.host = word;
    out->body_with_host = rest;
    out->body = n == STR_NONE ? STR_EMPTY : skip_blanks(str_skip(rest, n));
    if (str_starts(out->body, STR(": "))) { /* Cisco ASA: "host : %ASA-6-..." */
        out->body = str_skip(out->body, 2);
    }
}

/* "host tag: ..." or "host tag[pid]: ..." stands behind a time. */
static bool has_host_and_tag(struct str rest) {
    struct envelope_text probe = {.envelope = {.host = STR_EMPTY, .app = STR_EMPTY}};
    take_host(&probe, rest);
    take_tag(&probe.envelope, &probe.body);
    return probe.envelope.host.len > 0 && probe.envelope.app.len > 0;
}

/* RFC 3164 with its relatives. `has_priority` lowers what else is asked of the line. */
static bool parse_3164(struct envelope_text *out, const struct parse_settings *settings,
                       struct year_memory *years, struct str line, bool has_priority) {
    struct read_time time;
    struct str rest = has_priority ? skip_cisco_prefix(skip_blanks(line)) : line;
    /* Appliances write "<13>2026-03-02 08:00:00 host tag:" too: without a tag it is their text. */
    bool dated = has_priority && rest.len > 20 && rest.ptr[4] == '-' && rest.ptr[10] == ' ';
    bool iso = rest.len > 20 && (dated || rest.ptr[10] == 'T') && time_take_iso(&time, &rest);
    bool timed = iso || time_take_bsd(&time, &rest);
    if (timed && rest.len > 0 && rest.ptr[0] != ' ' && rest.ptr[0] != ':') {
        timed = false;
    }
    if (timed && iso && dated && !has_host_and_tag(rest)) {
        timed = false;
    }
    if (!timed) {
        out->body = line;
        if (has_priority) {
            take_tag(&out->envelope, &out->body);
        }
        return has_priority;
    }
    set_time(out, settings, years, &time);
    out->bsd = true;
    take_host(out, rest);
    take_tag(&out->envelope, &out->body);
    /* Many programs start their own lines with an ISO time: only a tag makes syslog of it. */
    return has_priority || !iso || (out->envelope.app.len > 0 && out->envelope.host.len > 0);
}

/* rsyslog: "message repeated 3 times: [ Failed password ...]" */
static void unwrap_repeat(struct envelope_text *out) {
    struct str s = out->body;
    if (!str_starts(s, STR("message repeated "))) {
        return;
    }
    s = str_skip(s, STR("message repeated ").len);
    size_t n = str_find_char(s, ' ');
    uint64_t count = 0;
    if (n == STR_NONE || !num_parse_u64(&count, str_head(s, n))) {
        return;
    }
    s = str_skip(s, n);
    if (str_starts(s, STR(" times: [ ")) && str_ends(s, STR("]"))) {
        out->repeat_count = count;
        s = str_skip(s, STR(" times: [ ").len);
        out->body = str_head(s, s.len - 1);
    }
}

/*
 * A relay that puts its own header before the one it got: "time relay time host tag: text". The
 * inner one is the device's. `before` is what was known of the years before this line: the relay's
 * time does not count.
 */
static void unwrap_relay(struct envelope_text *out, const struct parse_settings *settings,
                         const struct year_memory *before, struct year_memory *years) {
    struct str body = out->body;
    if (out->envelope.host.len == 0 || out->envelope.app.len > 0 || body.len < 17 ||
        (body.ptr[3] != ' ' && body.ptr[0] != '<' && body.ptr[10] != 'T')) {
        return;
    }
    int priority = -1;
    bool has_priority = take_priority(&priority, &body);
    struct envelope_text inner = *out;
    struct year_memory inner_years = *before;
    inner.envelope.host = STR_EMPTY;
    inner.envelope.time_ns = TIME_NONE;
    inner.flags = 0;
    bool present = parse_3164(&inner, settings, &inner_years, body, has_priority);
    if (present && inner.envelope.time_ns != TIME_NONE && inner.envelope.host.len > 0 &&
        inner.envelope.app.len > 0) {
        *out = inner;
        *years = inner_years;
    }
}

void envelope_parse(struct envelope_text *out, const struct parse_settings *settings,
                    struct year_memory *years, struct str line) {
    const struct envelope none = {.host = STR_EMPTY,
                                  .app = STR_EMPTY,
                                  .pid = STR_EMPTY,
                                  .msgid = STR_EMPTY,
                                  .priority = -1,
                                  .time_ns = TIME_NONE};
    const struct envelope_text empty = {
        .envelope = none, .body = line, .structured = STR_EMPTY, .body_with_host = STR_EMPTY};
    *out = empty;
    struct str rest = line;
    int priority = -1;
    bool has_priority = take_priority(&priority, &rest);
    struct year_memory before = *years;
    bool present = has_priority && parse_5424(out, settings, years, rest);
    if (!present) {
        *out = empty;
        present = parse_3164(out, settings, years, rest, has_priority);
        if (present) {
            unwrap_relay(out, settings, &before, years);
        }
    }
    if (!present) {
        *out = empty;
        return;
    }
    out->envelope.present = true;
    out->envelope.priority = priority;
    unwrap_repeat(out);
}
