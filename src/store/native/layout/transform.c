#include "transform.h"

static void put_utf8(struct buf *out, uint32_t code) {
    if (code < 0x80) {
        buf_putc(out, (char)code);
    } else if (code < 0x800) {
        buf_putc(out, (char)(0xc0 | code >> 6));
        buf_putc(out, (char)(0x80 | (code & 63)));
    } else if (code < 0x10000) {
        buf_putc(out, (char)(0xe0 | code >> 12));
        buf_putc(out, (char)(0x80 | (code >> 6 & 63)));
        buf_putc(out, (char)(0x80 | (code & 63)));
    } else {
        buf_putc(out, (char)(0xf0 | code >> 18));
        buf_putc(out, (char)(0x80 | (code >> 12 & 63)));
        buf_putc(out, (char)(0x80 | (code >> 6 & 63)));
        buf_putc(out, (char)(0x80 | (code & 63)));
    }
}

/* Four hexadecimal digits. */
static bool take_hex4(uint32_t *out, struct str *rest) {
    if (rest->len < 4) {
        return false;
    }
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = ascii_hex_value(rest->ptr[i]);
        if (digit < 0) {
            return false;
        }
        value = value << 4 | (uint32_t)digit;
    }
    *out = value;
    *rest = str_skip(*rest, 4);
    return true;
}

/* What follows "\u": one code unit, or a surrogate pair. Lone surrogates become U+FFFD. */
static bool take_json_unicode(struct buf *out, struct str *rest) {
    uint32_t unit;
    if (!take_hex4(&unit, rest)) {
        return false;
    }
    if (unit >= 0xd800 && unit < 0xdc00 && str_starts(*rest, STR("\\u"))) {
        struct str low_rest = str_skip(*rest, 2);
        uint32_t low;
        if (take_hex4(&low, &low_rest) && low >= 0xdc00 && low < 0xe000) {
            *rest = low_rest;
            put_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            return true;
        }
    }
    put_utf8(out, unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit);
    return true;
}

static bool take_json_escape(struct buf *out, struct str *rest) {
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    if (rest->len == 0) {
        return false;
    }
    char c = rest->ptr[0];
    *rest = str_skip(*rest, 1);
    if (c == 'u') {
        return take_json_unicode(out, rest);
    }
    const char *at = c != '\0' ? strchr(from, c) : NULL;
    if (at == NULL) {
        return false;
    }
    buf_putc(out, to[at - from]);
    return true;
}

/* Decimal or hexadecimal digits of "&#...;". */
static bool parse_xml_number(uint32_t *out, struct str digits) {
    unsigned radix = 10;
    if (digits.len > 0 && (digits.ptr[0] == 'x' || digits.ptr[0] == 'X')) {
        radix = 16;
        digits = str_skip(digits, 1);
    }
    uint32_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = ascii_hex_value(digits.ptr[i]);
        if (digit < 0 || (unsigned)digit >= radix || value > 0x10ffff) {
            return false;
        }
        value = value * radix + (unsigned)digit;
    }
    *out = value;
    return digits.len > 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

static bool take_xml_reference(struct buf *out, struct str *rest) {
    size_t end = str_find_char(*rest, ';');
    if (end == STR_NONE || end > 12) {
        return false;
    }
    struct str name = str_head(*rest, end);
    *rest = str_skip(*rest, end + 1);
    uint32_t code;
    if (name.len > 1 && name.ptr[0] == '#') {
        if (!parse_xml_number(&code, str_skip(name, 1))) {
            return false;
        }
        put_utf8(out, code);
        return true;
    }
    static const struct {
        struct str name;
        char c;
    } known[] = {{STR_INIT("amp"), '&'},
                 {STR_INIT("lt"), '<'},
                 {STR_INIT("gt"), '>'},
                 {STR_INIT("quot"), '"'},
                 {STR_INIT("apos"), '\''}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_eq(name, known[i].name)) {
            buf_putc(out, known[i].c);
            return true;
        }
    }
    return false;
}

bool transform_decode(struct buf *out, struct str slice, enum transform transform) {
    if (transform == TRANSFORM_SAME || transform == TRANSFORM_NONE) {
        buf_add(out, slice);
        return true;
    }
    char mark = transform == TRANSFORM_JSON ? '\\' : '&';
    size_t start = out->len;
    struct str rest = slice;
    for (;;) {
        size_t at = str_find_char(rest, mark);
        if (at == STR_NONE) {
            buf_add(out, rest);
            return true;
        }
        buf_add(out, str_head(rest, at));
        rest = str_skip(rest, at + 1);
        bool good = transform == TRANSFORM_JSON ? take_json_escape(out, &rest)
                                                : take_xml_reference(out, &rest);
        if (!good) {
            out->len = start;
            return false;
        }
    }
}
