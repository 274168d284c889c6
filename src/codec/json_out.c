#include "json_out.h"

#include "utf8.h"

/* 0: copy; 'u': as \u00XX; else the letter after the backslash. Bytes from 0x80 on are apart. */
static const unsigned char escape_class[256] = {
    ['\b'] = 'b',  ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"',
    ['\\'] = '\\', [0x00] = 'u', [0x01] = 'u', [0x02] = 'u', [0x03] = 'u', [0x04] = 'u',
    [0x05] = 'u',  [0x06] = 'u', [0x07] = 'u', [0x0b] = 'u', [0x0e] = 'u', [0x0f] = 'u',
    [0x10] = 'u',  [0x11] = 'u', [0x12] = 'u', [0x13] = 'u', [0x14] = 'u', [0x15] = 'u',
    [0x16] = 'u',  [0x17] = 'u', [0x18] = 'u', [0x19] = 'u', [0x1a] = 'u', [0x1b] = 'u',
    [0x1c] = 'u',  [0x1d] = 'u', [0x1e] = 'u', [0x1f] = 'u', [0x7f] = 'u'};

static void add_special(struct buf *out, unsigned char c) {
    static const char digits[] = "0123456789abcdef";
    char text[6] = {'\\', (char)escape_class[c], '0', '0', digits[c >> 4], digits[c & 15]};
    buf_append(out, text, escape_class[c] == 'u' ? 6 : 2);
}

/* The code point, if the character of `len` bytes steers a terminal (C1), ends a line for some
 * readers (U+2028) or hides or reorders text (U+200B, U+202E, U+FEFF); else 0. */
static unsigned steering_code(const char *character, size_t len) {
    const unsigned char *b = (const unsigned char *)character;
    if (len == 2) {
        unsigned code = (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
        return code < 0xa0 || code == 0x61c ? code : 0;
    }
    if (len != 3 || (b[0] != 0xe2 && b[0] != 0xef)) {
        return 0;
    }
    unsigned code = (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
    bool steers = (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                  (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
    return steers ? code : 0;
}

/* Appends the character above ASCII at text[at]; returns the offset behind it. */
static size_t add_wide(struct buf *out, struct str text, size_t at) {
    size_t bad;
    size_t len = utf8_length(&bad, str_skip(text, at));
    if (len == 0) {
        buf_add(out, UTF8_REPLACEMENT);
        return at + bad;
    }
    unsigned code = steering_code(text.ptr + at, len);
    if (code != 0) {
        buf_printf(out, "\\u%04x", code);
    } else {
        buf_append(out, text.ptr + at, len);
    }
    return at + len;
}

void json_out_escaped(struct buf *out, struct str text) {
    size_t at = 0;
    while (at < text.len) {
        size_t start = at;
        while (at < text.len && (unsigned char)text.ptr[at] < 0x80 &&
               escape_class[(unsigned char)text.ptr[at]] == 0) {
            at++;
        }
        buf_append(out, text.ptr + start, at - start);
        if (at == text.len) {
            return;
        }
        unsigned char c = (unsigned char)text.ptr[at];
        if (c < 0x80) {
            add_special(out, c);
            at++;
        } else {
            at = add_wide(out, text, at);
        }
    }
}

void json_out_string(struct buf *out, struct str text) {
    buf_putc(out, '"');
    json_out_escaped(out, text);
    buf_putc(out, '"');
}
