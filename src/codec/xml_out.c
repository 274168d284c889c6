#include "xml_out.h"

#include "utf8.h"

/* What a byte below 0x80 becomes; NULL: itself. */
static const char *escape(unsigned char c, bool attribute) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return attribute ? "&quot;" : NULL;
    case '\r':
        return "&#13;";
    case '\n':
        return "&#10;";
    case '\t':
        return attribute ? "&#9;" : NULL;
    default:
        return c < 0x20 ? "\xef\xbf\xbd" : NULL;
    }
}

/* U+FFFE and U+FFFF are UTF-8 but no XML characters. */
static bool is_noncharacter(struct str s) {
    return str_starts(s, STR("\xef\xbf\xbe")) || str_starts(s, STR("\xef\xbf\xbf"));
}

/* Appends what stands at text[at]; returns the offset behind it. */
static size_t add_one(struct buf *out, struct str text, size_t at, bool attribute) {
    struct str rest = str_skip(text, at);
    const char *replacement = escape((unsigned char)rest.ptr[0], attribute);
    if (replacement != NULL) {
        buf_add(out, str_from_c(replacement));
        return at + 1;
    }
    size_t bad;
    size_t len = utf8_length(&bad, rest);
    if (len == 0 || is_noncharacter(rest)) {
        buf_add(out, UTF8_REPLACEMENT);
        return at + (len == 0 ? bad : len);
    }
    buf_append(out, rest.ptr, len);
    return at + len;
}

static bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x80 && c != '&' && c != '<' && c != '>' && c != '"';
}

static void add_text(struct buf *out, struct str text, bool attribute) {
    size_t at = 0;
    while (at < text.len) {
        size_t start = at;
        while (at < text.len && is_plain((unsigned char)text.ptr[at])) {
            at++;
        }
        buf_append(out, text.ptr + start, at - start);
        if (at < text.len) {
            at = add_one(out, text, at, attribute);
        }
    }
}

void xml_out_text(struct buf *out, struct str text) {
    add_text(out, text, false);
}

void xml_out_attribute(struct buf *out, struct str text) {
    add_text(out, text, true);
}

static bool is_name_byte(unsigned char c, bool first) {
    return c >= 0x80 || ascii_is_alpha((char)c) || c == '_' || c == ':' ||
           (!first && (ascii_is_digit((char)c) || c == '-' || c == '.'));
}

void xml_out_name(struct buf *out, struct str name) {
    if (name.len == 0) {
        buf_putc(out, '_');
    }
    for (size_t at = 0; at < name.len;) {
        size_t bad;
        size_t len = utf8_length(&bad, str_skip(name, at));
        if (len == 0 || !is_name_byte((unsigned char)name.ptr[at], at == 0)) {
            buf_putc(out, '_');
            at += len == 0 ? bad : len;
        } else {
            buf_append(out, name.ptr + at, len);
            at += len;
        }
    }
}
