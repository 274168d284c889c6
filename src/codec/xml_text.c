#include "xml_text.h"

#include "num.h"

enum { REFERENCE_LIMIT_BYTES = 12 }; /* "&#x0010ffff;" */

static bool is_xml_character(uint64_t c) {
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xd800) ||
           (c >= 0xe000 && c < 0xfffe) || (c >= 0x10000 && c < 0x110000);
}

static void add_utf8(struct buf *out, uint32_t c) {
    if (c < 0x80) {
        buf_putc(out, (char)c);
        return;
    }
    if (c < 0x800) {
        buf_putc(out, (char)(0xc0 | c >> 6));
    } else {
        if (c < 0x10000) {
            buf_putc(out, (char)(0xe0 | c >> 12));
        } else {
            buf_putc(out, (char)(0xf0 | c >> 18));
            buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
        }
        buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
    }
    buf_putc(out, (char)(0x80 | (c & 0x3f)));
}

/* `name` is what stands between & and ; */
static bool add_reference(struct buf *out, struct str name) {
    static const struct {
        struct str name;
        char text;
    } entities[] = {{STR_INIT("lt"), '<'},
                    {STR_INIT("gt"), '>'},
                    {STR_INIT("amp"), '&'},
                    {STR_INIT("quot"), '"'},
                    {STR_INIT("apos"), '\''}};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        if (str_eq(name, entities[i].name)) {
            buf_putc(out, entities[i].text);
            return true;
        }
    }
    uint64_t c;
    bool number = str_starts(name, STR("#x"))
                      ? num_parse_hex(&c, str_skip(name, 2))
                      : str_starts(name, STR("#")) && num_parse_u64(&c, str_skip(name, 1));
    if (!number || !is_xml_character(c)) {
        return false;
    }
    add_utf8(out, (uint32_t)c);
    return true;
}

bool xml_text_decode(struct buf *out, struct str s) {
    bool good = true;
    size_t at;
    while ((at = str_find_char(s, '&')) != STR_NONE) {
        buf_append(out, s.ptr, at);
        s = str_skip(s, at);
        size_t end = str_find_char(str_head(s, REFERENCE_LIMIT_BYTES), ';');
        if (end != STR_NONE && add_reference(out, str_make(s.ptr + 1, end - 1))) {
            s = str_skip(s, end + 1);
        } else {
            good = false;
            buf_putc(out, '&');
            s = str_skip(s, 1);
        }
    }
    buf_add(out, s);
    return good;
}
