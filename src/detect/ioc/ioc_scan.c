#include "ioc_scan.h"

enum { SHORTEST_V4 = 7, LONGEST_V4 = 15, SHORTEST_HASH = 32, PATH_BYTES = 2048 };

/* One text that is looked through. */
struct scan {
    const struct ioc_set *set;
    struct str text;
    ioc_hit_fn *hit; /* NULL: only whether something may be there */
    void *ctx;
    bool found;
};

static bool is_host_byte(char c) {
    return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

static void report(struct scan *s, const struct ioc *ioc, struct str text) {
    if (ioc != NULL) {
        s->found = true;
        if (s->hit != NULL) {
            s->hit(ioc, text, s->ctx);
        }
    }
}

/* --- what stands in a run of bytes that names consist of --- */

static void find_hashes(struct scan *s, struct str run) {
    size_t start = 0;
    for (size_t i = 0; i <= run.len; i++) {
        if (i < run.len && ascii_is_alnum(run.ptr[i])) {
            continue;
        }
        struct str word = str_head(str_skip(run, start), i - start);
        if (word.len == 32 || word.len == 40 || word.len == 64) {
            report(s, ioc_find_text(s->set, IOC_HASH, word), word);
        }
        start = i + 1;
    }
}

static struct str trim_dots(struct str s) {
    while (s.len > 0 && !ascii_is_alnum(s.ptr[0]) && (unsigned char)s.ptr[0] < 0x80) {
        s = str_skip(s, 1);
    }
    while (s.len > 0 && !ascii_is_alnum(s.ptr[s.len - 1]) &&
           (unsigned char)s.ptr[s.len - 1] < 0x80) {
        s.len--;
    }
    return s;
}

static bool is_v4_byte(char c) {
    return ascii_is_digit(c) || c == '.';
}

/* Dotted quads, apart from letters and underscores. */
static void find_v4(struct scan *s, struct str run) {
    for (size_t i = 0; i < run.len;) {
        size_t start = i;
        while (i < run.len && is_v4_byte(run.ptr[i])) {
            i++;
        }
        bool apart =
            (start == 0 || run.ptr[start - 1] == '-') && (i == run.len || run.ptr[i] == '-');
        struct str quad = trim_dots(str_head(str_skip(run, start), i - start));
        struct ip address;
        if (apart && quad.len >= SHORTEST_V4 && quad.len <= LONGEST_V4 &&
            ip_parse(&address, quad)) {
            report(s, ioc_find_ip(s->set, &address), quad);
        }
        i += i == start;
    }
}

/* The path behind a host that ends at `at`, in `out`: without port, up to what ends a URL in a log;
 * "\/" is a slash. *doubtful: it may go on. */
static struct str path_behind(char out[PATH_BYTES], struct str text, size_t at, bool *doubtful) {
    static const struct str ends = STR_INIT("\"'<>|`\\");
    size_t len = 0;
    *doubtful = true;
    if (at < text.len && text.ptr[at] == ':') {
        do {
            at++;
        } while (at < text.len && ascii_is_digit(text.ptr[at]));
    }
    for (; at < text.len && len < PATH_BYTES; at++) {
        char c = text.ptr[at];
        bool escaped = c == '\\' && at + 1 < text.len && text.ptr[at + 1] == '/';
        if (escaped) {
            continue;
        }
        if ((unsigned char)c <= ' ' || c == 0x7f || str_find_char(ends, c) != STR_NONE) {
            *doubtful = c != ' ' && c != '"';
            break;
        }
        out[len++] = c;
    }
    return str_make(out, len);
}

static void find_url(struct scan *s, struct str host) {
    char path[PATH_BYTES];
    if (!ioc_has_url_host(s->set, host)) {
        return;
    }
    size_t end = (size_t)(host.ptr + host.len - s->text.ptr);
    bool doubtful;
    struct str behind = path_behind(path, s->text, end, &doubtful);
    if (s->hit == NULL && (doubtful || behind.len == 0)) {
        s->found = true; /* it may stand elsewhere in the row */
        return;
    }
    report(s, ioc_find_url(s->set, host, behind), host);
}

static bool is_mailbox_byte(char c) {
    return is_host_byte(c) || c == '+' || c == '=' || c == '%' || c == '\'' || c == '&' || c == '#';
}

static void find_mail(struct scan *s, struct str host) {
    size_t at = (size_t)(host.ptr - s->text.ptr);
    if (!ioc_has_mail_host(s->set, host)) {
        return;
    }
    if (s->hit == NULL) {
        s->found = true;
        return;
    }
    size_t start = at;
    while (start > 1 && is_mailbox_byte(s->text.ptr[start - 2])) {
        start--;
    }
    if (start > 0 && start < at && s->text.ptr[at - 1] == '@') {
        struct str address = str_head(str_skip(s->text, start - 1), at - start + 1 + host.len);
        report(s, ioc_find_text(s->set, IOC_MAIL, address), address);
    }
}

static void find_host(struct scan *s, struct str run) {
    struct str host = trim_dots(run);
    if (str_find_char(host, '.') == STR_NONE) {
        return;
    }
    if (ascii_is_digit(host.ptr[0]) || ascii_is_digit(host.ptr[host.len - 1])) {
        find_v4(s, host);
    }
    if (!ascii_is_digit(host.ptr[host.len - 1])) {
        report(s, ioc_find_domain(s->set, host), host);
        find_mail(s, host);
    }
    find_url(s, host);
}

static bool is_hex(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        if (ascii_hex_value(s.ptr[i]) < 0) {
            return false;
        }
    }
    return true;
}

/* The bytes of the run's begin that belong to an escape which `before` begins: up to two readings;
 * 0: none. */
static void escape_lengths(size_t lengths[2], char before, struct str run) {
    lengths[0] = lengths[1] = 0;
    if (before == '%' && run.len > 2 && is_hex(str_head(run, 2))) {
        lengths[0] = 2;
    } else if (before == '\\') {
        lengths[0] = 1;
        lengths[1] =
            run.ptr[0] == 'u' && run.len > 5 && is_hex(str_head(str_skip(run, 1), 4)) ? 5 : 0;
    }
}

/* Asks for all readings of the run. */
static void find_in_run(struct scan *s, size_t start, size_t end,
                        void (*find)(struct scan *s, struct str run)) {
    struct str run = str_head(str_skip(s->text, start), end - start);
    size_t lengths[2] = {0, 0};
    find(s, run);
    if (start > 0) {
        escape_lengths(lengths, s->text.ptr[start - 1], run);
    }
    for (size_t i = 0; i < 2 && lengths[i] > 0; i++) {
        find(s, str_skip(run, lengths[i]));
    }
}

/* --- IPv6 --- */

static bool is_v6_byte(char c) {
    return ascii_hex_value(c) >= 0 || c == ':' || c == '.';
}

static void find_v6(struct scan *s) {
    struct str text = s->text;
    size_t done = 0;
    for (size_t at = str_find_char(text, ':'); at != STR_NONE && !(s->found && s->hit == NULL);) {
        size_t start = at;
        size_t end = at;
        size_t colons = 0;
        while (start > done && is_v6_byte(text.ptr[start - 1])) {
            start--;
        }
        while (end < text.len && is_v6_byte(text.ptr[end])) {
            colons += text.ptr[end++] == ':';
        }
        struct str run = str_head(str_skip(text, start), end - start);
        while (run.len > 0 && run.ptr[run.len - 1] == '.') {
            run.len--;
        }
        struct ip address;
        bool apart = (start == 0 || !ascii_is_alnum(text.ptr[start - 1])) &&
                     (end == text.len || !ascii_is_alnum(text.ptr[end]));
        if (apart && colons > 1 && ip_parse(&address, run) && !ip_is_v4(&address)) {
            report(s, ioc_find_ip(s->set, &address), run);
        }
        done = end;
        size_t next = str_find_char(str_skip(text, end), ':');
        at = next == STR_NONE ? STR_NONE : end + next;
    }
}

/* --- texts and rows --- */

static bool is_done(const struct scan *s) {
    return s->found && s->hit == NULL;
}

/* The run of host bytes around `at`, not before `from`. */
static size_t run_start(struct str text, size_t at, size_t from) {
    while (at > from && is_host_byte(text.ptr[at - 1])) {
        at--;
    }
    return at;
}

static size_t run_end(struct str text, size_t at) {
    while (at < text.len && is_host_byte(text.ptr[at])) {
        at++;
    }
    return at;
}

/* Names and addresses stand around dots. */
static void find_hosts(struct scan *s) {
    struct str text = s->text;
    size_t done = 0;
    while (done < text.len && !is_done(s)) {
        size_t dot = str_find_char(str_skip(text, done), '.');
        if (dot == STR_NONE) {
            return;
        }
        size_t end = run_end(text, done + dot);
        find_in_run(s, run_start(text, done + dot, done), end, find_host);
        done = end;
    }
}

/* A run that is long enough has a byte at one of the places looked at. */
static void find_long_runs(struct scan *s) {
    struct str text = s->text;
    size_t done = 0;
    for (size_t at = SHORTEST_HASH - 1; at < text.len && !is_done(s);) {
        if (!is_host_byte(text.ptr[at])) {
            at += SHORTEST_HASH;
            continue;
        }
        size_t start = run_start(text, at, done);
        done = run_end(text, at);
        if (done - start >= SHORTEST_HASH) {
            find_in_run(s, start, done, find_hashes);
        }
        at = done + SHORTEST_HASH;
    }
}

static void scan_text(struct scan *s) {
    find_hosts(s);
    if (ioc_has_kind(s->set, IOC_HASH)) {
        find_long_runs(s);
    }
    if (ioc_has_v6(s->set)) {
        find_v6(s);
    }
}

bool ioc_scan_may(const struct ioc_set *set, struct str text) {
    struct scan s = {.set = set, .text = text};
    scan_text(&s);
    return s.found;
}

/* What names and addresses consist of. */
static bool is_v6_inner(char c) {
    return is_host_byte(c) || c == ':';
}

/* And what an escape begins with. */
static bool is_open(char c) {
    return is_host_byte(c) || c == '%' || c == '\\';
}

static bool is_v6_open(char c) {
    return is_open(c) || c == ':';
}

static bool may_name_one(const void *ctx, struct str text) {
    return ioc_scan_may(ctx, text);
}

struct expr_list ioc_scan_list(const struct ioc_set *set) {
    bool v6 = ioc_has_v6(set);
    bool hashes = ioc_has_kind(set, IOC_HASH);
    return (struct expr_list){.has = may_name_one,
                              .ctx = set,
                              .is_inner = v6 ? is_v6_inner : is_host_byte,
                              .is_open = v6 ? is_v6_open : is_open,
                              .marks = v6 ? STR(".:") : STR("."),
                              .unmarked_bytes = hashes ? SHORTEST_HASH : UINT32_MAX};
}

/* URLs whose host and path stand in fields of their own. */
static void scan_fields(struct scan *s, const struct batch *batch, const struct row *row,
                        struct buf *scratch) {
    struct str host;
    struct str text;
    if (ioc_has_kind(s->set, IOC_URL) && batch_find(&host, batch, row, FIELD_URL_DOMAIN) &&
        ioc_has_url_host(s->set, host)) {
        buf_clear(scratch);
        if (batch_find(&text, batch, row, FIELD_URL_PATH)) {
            buf_add(scratch, text);
        }
        if (batch_find(&text, batch, row, FIELD_URL_QUERY) && text.len > 0) {
            buf_add(scratch, text.ptr[0] == '?' ? STR_EMPTY : STR("?"));
            buf_add(scratch, text);
        }
        report(s, ioc_find_url(s->set, host, buf_str(scratch)), host);
    }
    if (ioc_has_kind(s->set, IOC_USER_AGENT) && batch_find(&text, batch, row, FIELD_USER_AGENT)) {
        report(s, ioc_find_text(s->set, IOC_USER_AGENT, text), text);
    }
}

void ioc_scan_row(const struct ioc_set *set, const struct batch *batch, const struct row *row,
                  struct buf *scratch, ioc_hit_fn *hit, void *ctx) {
    struct scan s = {.set = set, .hit = hit, .ctx = ctx};
    s.text = expr_search_text(batch, row, scratch);
    scan_text(&s);
    scan_fields(&s, batch, row, scratch);
}
