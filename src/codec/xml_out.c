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

/* Characters beyond ASCII that may begin a name (XML 1.0, production 4); those that may only follow
 * are left out: they are rare and '_' does for them. */
static const struct {
    uint32_t first;
    uint32_t last;
} name_ranges[] = {{0xc0, 0xd6},     {0xd8, 0xf6},     {0xf8, 0x2ff},    {0x370, 0x37d},
                   {0x37f, 0x1fff},  {0x200c, 0x200d}, {0x2070, 0x218f}, {0x2c00, 0x2fef},
                   {0x3001, 0xd7ff}, {0xf900, 0xfdcf}, {0xfdf0, 0xfffd}, {0x10000, 0xeffff}};

/* The code of a well-formed character of len bytes, len > 1. */
static uint32_t character_code(struct str s, size_t len) {
    uint32_t code = (unsigned char)s.ptr[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        code = code << 6 | ((unsigned char)s.ptr[i] & 0x3f);
    }
    return code;
}

/* True if the character of len bytes that s begins with may stand in a name. */
static bool is_name_character(struct str s, size_t len, bool first) {
    char c = s.ptr[0];
    if (len == 1) {
        return ascii_is_alpha(c) || c == '_' || c == ':' ||
               (!first && (ascii_is_digit(c) || c == '-' || c == '.'));
    }
    uint32_t code = character_code(s, len);
    for (size_t i = 0; i < sizeof name_ranges / sizeof *name_ranges; i++) {
        if (code >= name_ranges[i].first && code <= name_ranges[i].last) {
            return true;
        }
    }
    return false;
}

void xml_out_name(struct buf *out, struct str name) {
    if (name.len == 0) {
        buf_putc(out, '_');
    }
    for (size_t at = 0; at < name.len;) {
        size_t bad;
        struct str rest = str_skip(name, at);
        size_t len = utf8_length(&bad, rest);
        if (len == 0 || !is_name_character(rest, len, at == 0)) {
            buf_putc(out, '_');
            at += len == 0 ? bad : len;
        } else {
            buf_append(out, rest.ptr, len);
            at += len;
        }
    }
}
