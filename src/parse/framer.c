#include "framer.h"

#include <string.h>

enum { OPEN_QUOTES_MAX = 16 };
enum { DEFAULT_LIMIT_BYTES = 1 << 20, SMALLEST_LIMIT_BYTES = 16, SAMPLE_BYTES = 4096 };

/* UTF-16 without BOM: at least 4 units, and in most units of the sample the same half is zero. */
static enum text_charset detect_utf16(const uint8_t *bytes, size_t size) {
    if (size >= 2 && bytes[0] == 0xFF && bytes[1] == 0xFE) {
        return TEXT_UTF16LE;
    }
    if (size >= 2 && bytes[0] == 0xFE && bytes[1] == 0xFF) {
        return TEXT_UTF16BE;
    }
    size_t units = (size < SAMPLE_BYTES ? size : SAMPLE_BYTES) / 2;
    size_t low_zero = 0;
    size_t high_zero = 0;
    for (size_t i = 0; i < units; i++) {
        low_zero += bytes[2 * i] == 0 && bytes[2 * i + 1] != 0;
        high_zero += bytes[2 * i + 1] == 0 && bytes[2 * i] != 0;
    }
    if (units >= 4 && high_zero * 2 > units && low_zero * 16 < units) {
        return TEXT_UTF16LE;
    }
    if (units >= 4 && low_zero * 2 > units && high_zero * 16 < units) {
        return TEXT_UTF16BE;
    }
    return TEXT_UTF8;
}

void framer_init(struct framer *f, const uint8_t *bytes, size_t size_bytes, size_t limit_bytes) {
    size_t limit = limit_bytes == 0 ? DEFAULT_LIMIT_BYTES : limit_bytes;
    *f = (struct framer){.bytes = bytes,
                         .size_bytes = size_bytes,
                         .limit_bytes = limit < SMALLEST_LIMIT_BYTES ? SMALLEST_LIMIT_BYTES : limit,
                         .charset = detect_utf16(bytes, size_bytes),
                         .line = 1};
    f->limit_bytes -= f->limit_bytes % 2;
}

void framer_window(struct framer *f, const uint8_t *bytes, size_t size_bytes, bool more_follows) {
    f->bytes = bytes;
    f->size_bytes = size_bytes;
    f->pos = 0;
    f->more_follows = more_follows;
}

/* Length up to and with the LF within `max` bytes; 0 if there is none. */
static size_t find_line_end(const struct framer *f, const uint8_t *p, size_t max) {
    if (f->charset == TEXT_UTF8) {
        const uint8_t *lf = memchr(p, '\n', max);
        return lf == NULL ? 0 : (size_t)(lf - p) + 1;
    }
    size_t low = f->charset == TEXT_UTF16LE ? 0 : 1;
    for (size_t i = 0; i + 1 < max; i += 2) {
        if (p[i + low] == '\n' && p[i + 1 - low] == 0) {
            return i + 2;
        }
    }
    return 0;
}

/* The same for a table: a line end between quotes is none. Doubled quotes need no care. */
static size_t find_record_end(const struct framer *f, const uint8_t *p, size_t max) {
    size_t unit = f->charset == TEXT_UTF8 ? 1 : 2;
    size_t low = f->charset == TEXT_UTF16BE ? 1 : 0;
    bool quoted = false;
    for (size_t i = 0; i + unit <= max; i += unit) {
        bool is_ascii = unit == 1 || p[i + 1 - low] == 0;
        if (is_ascii && p[i + low] == '"') {
            quoted = !quoted;
        } else if (is_ascii && p[i + low] == '\n' && !quoted) {
            return i + unit;
        }
    }
    return 0;
}

/* A quote that nobody closes would take all lines up to the limit with it: its line ends at its
 * line end, and after some of them quotes are no longer looked at. */
static size_t find_end(struct framer *f, const uint8_t *p, size_t max) {
    bool is_table = f->form == FRAMER_TABLE && !f->inside && f->open_quotes < OPEN_QUOTES_MAX;
    size_t end = is_table ? find_record_end(f, p, max) : 0;
    bool may_go_on = f->more_follows && max < f->limit_bytes;
    if (end > 0 || (is_table && may_go_on)) {
        return end;
    }
    end = find_line_end(f, p, max);
    f->open_quotes += is_table && end > 0 ? 1 : 0;
    return end;
}

static uint32_t count_lines(const struct framer *f, const uint8_t *p, size_t len) {
    uint32_t lines = 0;
    if (f->form != FRAMER_TABLE) {
        return 1;
    }
    while (len > 0) {
        size_t end = find_line_end(f, p, len);
        lines++;
        if (end == 0) {
            break;
        }
        p += end;
        len -= end;
    }
    return lines;
}

/* A cut inside a UTF-8 character moves before it (if it is one). */
static size_t avoid_cut(const struct framer *f, const uint8_t *p, size_t len) {
    size_t back = 0;
    if (f->charset != TEXT_UTF8) {
        return len;
    }
    while (back < 3 && (p[len - back] & 0xC0) == 0x80) {
        back++;
    }
    return (p[len - back] & 0xC0) == 0xC0 ? len - back : len;
}

static size_t mark_size(const struct framer *f, const uint8_t *p, size_t len) {
    if (f->charset == TEXT_UTF8) {
        return len >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF ? 3 : 0;
    }
    bool le = p[0] == 0xFF && len >= 2 && p[1] == 0xFE;
    bool be = p[0] == 0xFE && len >= 2 && p[1] == 0xFF;
    return le || be ? 2 : 0;
}

/* Bytes of text when line ends (LF, any CRs before it) at the end of p[0..len) are left out. */
static size_t text_size(const struct framer *f, const uint8_t *p, size_t len) {
    size_t unit = f->charset == TEXT_UTF8 ? 1 : 2;
    size_t low = f->charset == TEXT_UTF16BE ? 1 : 0;
    for (bool lf = true; len >= unit; lf = false) {
        uint8_t c = p[len - unit + low];
        bool high_zero = unit == 1 || p[len - 1 - low] == 0;
        if (!high_zero || (c != '\r' && !(lf && c == '\n'))) {
            break;
        }
        len -= unit;
    }
    return len;
}

bool framer_next(struct framer *f, struct frame *out) {
    size_t left = f->size_bytes - f->pos;
    if (left == 0) {
        return false;
    }
    const uint8_t *p = f->bytes + f->pos;
    size_t max = left < f->limit_bytes ? left : f->limit_bytes;
    size_t len = find_end(f, p, max);
    bool goes_on = len == 0 && left > max;
    if (len == 0 && !goes_on && f->more_follows) {
        return false;
    }
    if (len == 0) {
        len = goes_on ? avoid_cut(f, p, max) : left;
    }
    *out = (struct frame){.off = f->pos,
                          .len = len,
                          .line = f->line,
                          .part = goes_on || f->inside,
                          .first = !f->inside};
    out->text_off = f->begun ? 0 : mark_size(f, p, len);
    f->begun = true;
    size_t end = goes_on ? len : text_size(f, p, len);
    out->text_len = end > out->text_off ? end - out->text_off : 0;
    uint32_t lines = goes_on ? 0 : count_lines(f, p, len);
    f->line = f->line < UINT32_MAX - lines ? f->line + lines : UINT32_MAX;
    f->inside = goes_on;
    f->pos += len;
    return true;
}
