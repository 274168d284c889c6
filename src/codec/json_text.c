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

/* By what follows the backslash; 0: no escape of one byte. */
static const char simple_escapes[256] = {['n'] = '\n', ['t'] = '\t', ['r'] = '\r',  ['b'] = '\b',
                                         ['f'] = '\f', ['"'] = '"',  ['\\'] = '\\', ['/'] = '/'};

char json_simple_escape(char c) {
    return simple_escapes[(unsigned char)c];
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

/* Escapes of one byte that follow one another (line ends are two); what they take of `s`. */
static size_t decode_simple(char **to, struct str s) {
    size_t used = 0;
    while (used + 1 < s.len && s.ptr[used] == '\\') {
        char plain = simple_escapes[(unsigned char)s.ptr[used + 1]];
        if (plain == '\0') {
            break;
        }
        *(*to)++ = plain;
        used += 2;
    }
    return used;
}

/* At a backslash that is no escape of one byte: false if it is none at all. */
static bool decode_other(struct buf *out, struct str *s) {
    if (s->len < 2) {
        buf_add(out, *s);
        *s = STR_EMPTY;
        return false;
    }
    char c = s->ptr[1];
    *s = str_skip(*s, 2);
    size_t used = c == 'u' ? decode_unicode(out, *s) : 0;
    *s = str_skip(*s, used);
    if (used == 0) {
        buf_putc(out, '\\');
        buf_putc(out, c);
    }
    return used > 0;
}

bool json_text_decode(struct buf *out, struct str s) {
    bool good = true;
    /* No escape is shorter than what it stands for, so there is room for all that comes. */
    (void)buf_reserve(out, s.len + 8);
    while (s.len > 0) {
        char *to = out->ptr + out->len;
        size_t n = copy_plain(to, s);
        to += n;
        n += decode_simple(&to, str_skip(s, n));
        out->len = (size_t)(to - out->ptr);
        s = str_skip(s, n);
        if (s.len > 0 && s.ptr[0] == '\\') {
            good &= decode_other(out, &s);
        }
    }
    return good;
}
