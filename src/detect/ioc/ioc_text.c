#include "ioc_text.h"

/* --- folding of pasted text --- */

/* Full-width forms U+FF01..U+FF5E, the ideographic full stop and space, as ASCII; 0: not one. */
static char fold_wide(const unsigned char *p, size_t left, size_t *len) {
    if (left < 3 || (p[0] != 0xef && p[0] != 0xe3)) {
        return 0;
    }
    unsigned code = (unsigned)(p[0] & 0x0f) << 12 | (unsigned)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    *len = 3;
    if (code >= 0xff01 && code <= 0xff5e) {
        return (char)(code - 0xff01 + '!');
    }
    return code == 0x3002 || code == 0xff61 ? '.' : code == 0x3000 ? ' ' : 0;
}

static void fold_width(struct buf *out, struct str text) {
    const unsigned char *p = (const unsigned char *)text.ptr;
    for (size_t i = 0; i < text.len;) {
        size_t len = 1;
        char c = fold_wide(p + i, text.len - i, &len);
        buf_putc(out, c ? c : text.ptr[i]);
        i += c ? len : 1;
    }
}

/* "[.]" and its relatives, as they are pasted so that nobody clicks them. */
static const struct {
    struct str from;
    struct str to;
} defanged[] = {{STR_INIT("[.]"), STR_INIT(".")},     {STR_INIT("(.)"), STR_INIT(".")},
                {STR_INIT("{.}"), STR_INIT(".")},     {STR_INIT("[dot]"), STR_INIT(".")},
                {STR_INIT("(dot)"), STR_INIT(".")},   {STR_INIT("[:]"), STR_INIT(":")},
                {STR_INIT("[://]"), STR_INIT("://")}, {STR_INIT("[/]"), STR_INIT("/")},
                {STR_INIT("[@]"), STR_INIT("@")},     {STR_INIT("[at]"), STR_INIT("@")},
                {STR_INIT("(at)"), STR_INIT("@")}};

/* Appends what a mark at the start of the text stands for; its length, 0 if there is none. */
static size_t take_mark(struct buf *out, struct str text) {
    for (size_t d = 0; d < sizeof defanged / sizeof defanged[0]; d++) {
        if (str_starts_ci(text, defanged[d].from)) {
            buf_add(out, defanged[d].to);
            return defanged[d].from.len;
        }
    }
    return 0;
}

static void refang(struct buf *out, struct str text) {
    size_t i = 0;
    if (str_starts_ci(text, STR("hxxp"))) {
        buf_add(out, STR("http"));
        i = 4;
    }
    while (i < text.len) {
        size_t taken = take_mark(out, str_skip(text, i));
        if (taken == 0) {
            buf_putc(out, text.ptr[i]);
            taken = 1;
        }
        i += taken;
    }
}

static struct str strip_quotes(struct str s) {
    s = str_trim(s);
    if (s.len >= 2 && (s.ptr[0] == '"' || s.ptr[0] == '\'') && s.ptr[s.len - 1] == s.ptr[0]) {
        return str_make(s.ptr + 1, s.len - 2);
    }
    return s;
}

/* The value up to a comma, tab or semicolon outside quotes; the rest is the comment. */
static void split_line(struct str line, struct str *value, struct str *comment) {
    size_t i = 0;
    bool quoted = line.len > 0 && line.ptr[0] == '"';
    if (quoted) {
        size_t end = str_find_char(str_skip(line, 1), '"');
        i = end == STR_NONE ? line.len : end + 2;
    }
    while (i < line.len && line.ptr[i] != ',' && line.ptr[i] != '\t' && line.ptr[i] != ';') {
        i++;
    }
    *value = strip_quotes(str_head(line, i));
    *comment = str_trim(str_skip(line, i + 1));
}

/* --- kinds --- */

static bool is_hash(struct str s) {
    if (s.len != 32 && s.len != 40 && s.len != 64) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (ascii_hex_value(s.ptr[i]) < 0) {
            return false;
        }
    }
    return true;
}

static bool is_label_byte(char c) {
    return ascii_is_alnum(c) || c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

/* Labels with a dot, the last one not all digits. */
static bool is_domain(struct str s) {
    size_t dot = str_rfind_char(s, '.');
    size_t label = 0;
    bool letters = false;
    if (s.len > 253 || dot == STR_NONE || dot + 1 >= s.len) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '.') {
            if (label == 0) {
                return false;
            }
            label = 0;
        } else if (!is_label_byte(s.ptr[i]) || ++label > 63) {
            return false;
        }
        letters = letters || (i > dot && !ascii_is_digit(s.ptr[i]));
    }
    return letters;
}

/* Without "*." or "." in front and "." behind. */
static struct str bare_domain(struct str s) {
    if (str_starts(s, STR("*."))) {
        s = str_skip(s, 2);
    } else if (str_starts(s, STR("."))) {
        s = str_skip(s, 1);
    }
    return str_ends(s, STR(".")) ? str_head(s, s.len - 1) : s;
}

/* "host[:port]" without the port. */
static struct str without_port(struct str s) {
    size_t colon = str_rfind_char(s, ':');
    if (colon == STR_NONE || colon + 1 == s.len || str_find_char(s, ':') != colon) {
        return s;
    }
    for (size_t i = colon + 1; i < s.len; i++) {
        if (!ascii_is_digit(s.ptr[i])) {
            return s;
        }
    }
    return str_head(s, colon);
}

/* "host/path" from a URL with or without scheme; the path may be empty. False: no host. */
static bool take_url(struct ioc_line *out, struct str text) {
    size_t scheme = str_find(text, STR("://"));
    struct str rest = scheme == STR_NONE ? text : str_skip(text, scheme + 3);
    size_t slash = 0;
    struct ip address;
    while (slash < rest.len && rest.ptr[slash] != '/' && rest.ptr[slash] != '?' &&
           rest.ptr[slash] != '#') {
        slash++;
    }
    struct str host = without_port(str_head(rest, slash));
    if (!is_domain(host) && !ip_parse(&address, host)) {
        return false;
    }
    out->kind = IOC_URL;
    out->value = rest;
    return true;
}

static bool take_network(struct ioc_line *out, struct str value) {
    bool dotted = str_find_char(value, '.') != STR_NONE || str_find_char(value, ':') != STR_NONE;
    if (!dotted || (!ip_network_parse(&out->network, value) &&
                    !ip_network_parse(&out->network, without_port(value)))) {
        return false;
    }
    out->kind = IOC_IP;
    out->value = without_port(value);
    return true;
}

static bool classify(struct ioc_line *out, struct str value, bool user_agents) {
    size_t at = str_rfind_char(value, '@');
    out->value = value;
    if (user_agents || str_starts_ci(value, STR("ua:"))) {
        out->kind = IOC_USER_AGENT;
        out->value = str_starts_ci(value, STR("ua:")) ? str_trim(str_skip(value, 3)) : value;
        return out->value.len > 0;
    }
    if (take_network(out, value)) {
        return true;
    }
    if (is_hash(value)) {
        out->kind = IOC_HASH;
        return true;
    }
    if (str_find(value, STR("://")) != STR_NONE || str_find_char(value, '/') != STR_NONE) {
        return take_url(out, value);
    }
    if (at != STR_NONE && at > 0 && is_domain(str_skip(value, at + 1))) {
        out->kind = IOC_MAIL;
        return true;
    }
    out->value = bare_domain(without_port(value));
    out->kind = IOC_DOMAIN;
    return is_domain(out->value);
}

static void read_comment(struct ioc_line *out, struct str comment) {
    size_t at = str_find_ci(comment, STR("last_seen="));
    bool has_zone;
    out->comment = comment;
    out->weak = str_find_ci(comment, STR("weak")) != STR_NONE;
    out->last_seen_ns = TIME_NONE;
    if (at != STR_NONE) {
        struct str date = str_head(str_skip(comment, at + 10), 10);
        if (!civil_parse_rfc3339(&out->last_seen_ns, &has_zone, date)) {
            out->last_seen_ns = TIME_NONE;
        }
    }
}

static bool is_header(struct str value) {
    static const struct str words[] = {STR_INIT("value"),  STR_INIT("indicator"), STR_INIT("ip"),
                                       STR_INIT("domain"), STR_INIT("url"),       STR_INIT("hash"),
                                       STR_INIT("address")};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_eq_ci(value, words[i])) {
            return true;
        }
    }
    return false;
}

static void lower(struct buf *text) {
    for (size_t i = 0; i < text->len; i++) {
        text->ptr[i] = ascii_lower(text->ptr[i]);
    }
}

enum ioc_line_result ioc_line_parse(struct ioc_line *out, struct buf *scratch, struct str line,
                                    bool user_agents) {
    struct str value;
    struct str comment;
    if (str_starts(line, STR("\xef\xbb\xbf"))) {
        line = str_skip(line, 3);
    }
    line = str_trim(line);
    if (line.len == 0 || line.ptr[0] == '#' || str_starts(line, STR("//"))) {
        return IOC_LINE_NOTHING;
    }
    buf_clear(scratch);
    struct buf narrow = BUF_INIT;
    fold_width(&narrow, line);
    split_line(str_trim(buf_str(&narrow)), &value, &comment);
    refang(scratch, value);
    size_t value_len = scratch->len;
    if (!user_agents && str_find_char(buf_str(scratch), '/') == STR_NONE) {
        lower(scratch); /* paths and user agents keep their case */
    }
    buf_add(scratch, comment);
    buf_fini(&narrow);
    value = str_make(scratch->ptr, value_len);
    comment = str_make(scratch->ptr + value_len, scratch->len - value_len);
    if (value_len == 0 || is_header(value)) {
        return IOC_LINE_NOTHING;
    }
    read_comment(out, comment);
    return classify(out, value, user_agents) ? IOC_LINE_OK : IOC_LINE_BAD;
}
