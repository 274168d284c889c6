#include "json_text.h"

#include "bytescan.h"

static bool read_hex4(uint32_t *out, struct str s) {
    uint32_t value = 0;
    if (s.len < 4) {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        int digit = ascii_hex_value(s.ptr[i]);
        if (digit < 0) {
            return false;
        }
        value = value << 4 | (uint32_t)digit;
    }
    *out = value;
    return true;
}

static void put_utf8(struct buf *out, uint32_t c) {
    if (c < 0x80) {
        buf_putc(out, (char)c);
        return;
    }
    if (c < 0x800) {
        buf_putc(out, (char)(0xC0 | c >> 6));
    } else if (c < 0x10000) {
        buf_putc(out, (char)(0xE0 | c >> 12));
        buf_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
    } else {
        buf_putc(out, (char)(0xF0 | c >> 18));
        buf_putc(out, (char)(0x80 | (c >> 12 & 0x3F)));
        buf_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
    }
    buf_putc(out, (char)(0x80 | (c & 0x3F)));
}

/* "XXXX" behind \u, and the low half of a pair: bytes used, 0 if these are no digits. */
static size_t decode_unicode(struct buf *out, struct str s) {
    uint32_t c = 0;
    uint32_t low = 0;
    if (!read_hex4(&c, s)) {
        return 0;
    }
    bool high = c >= 0xD800 && c < 0xDC00;
    struct str next = str_skip(s, 4);
    if (high && str_starts(next, STR("\\u")) && read_hex4(&low, str_skip(next, 2)) &&
        low >= 0xDC00 && low < 0xE000) {
        put_utf8(out, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
        return 10;
    }
    put_utf8(out, c >= 0xD800 && c < 0xE000 ? 0xFFFD : c);
    return 4;
}

char json_simple_escape(char c) {
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case '"':
    case '\\':
    case '/':
        return c;
    default:
        return '\0';
    }
}

/* Copies up to the next backslash; the room behind `to` is eight bytes more than the text needs. */
static size_t copy_plain(char *to, struct str s) {
    const uint64_t backslashes = bytescan_broadcast('\\');
    size_t n = 0;
    for (; n + 8 <= s.len; n += 8) {
        memcpy(to + n, s.ptr + n, 8);
        uint64_t marks = bytescan_zero_marks(bytes_le64(s.ptr + n) ^ backslashes);
        if (marks != 0) {
            return n + ((size_t)__builtin_ctzll(marks) >> 3);
        }
    }
    for (; n < s.len && s.ptr[n] != '\\'; n++) {
        to[n] = s.ptr[n];
    }
    return n;
}

bool json_text_decode(struct buf *out, struct str s) {
    bool good = true;
    /* No escape is shorter than what it stands for. */
    (void)buf_reserve(out, s.len + 8);
    while (s.len > 0) {
        size_t n = copy_plain(out->ptr + out->len, s);
        out->len += n;
        if (n + 1 >= s.len) {
            buf_add(out, str_skip(s, n));
            return good && n >= s.len;
        }
        char c = s.ptr[n + 1];
        s = str_skip(s, n + 2);
        size_t used = c == 'u' ? decode_unicode(out, s) : 0;
        char plain = json_simple_escape(c);
        if (plain != '\0') {
            buf_putc(out, plain);
        } else if (used == 0) {
            buf_putc(out, '\\');
            buf_putc(out, c);
            good = false;
        }
        s = str_skip(s, used);
    }
    return good;
}
