#include "binxml_value.h"

#include <stdio.h>

#include "bytes.h"
#include "charset.h"
#include "civil.h"
#include "num.h"

#define FILETIME_UNIX_EPOCH INT64_C(116444736000000000) /* 1970 in 100 ns since 1601 */
enum { TICKS_PER_SECOND = 10000000, DAYS_PER_400_YEARS = 146097 };

/* Four UTF-16 units at once while they are ASCII; returns how many units were written. */
static size_t append_ascii_run(char *out, const uint8_t *ptr, size_t unit_count) {
    size_t i = 0;
    for (; i + 4 <= unit_count; i += 4) {
        uint64_t x = bytes_le64(ptr + 2 * i);
        if ((x & UINT64_C(0xff80ff80ff80ff80)) != 0) {
            break;
        }
        x = (x | x >> 8) & UINT64_C(0x0000ffff0000ffff);
        bytes_put_le32(out + i, (uint32_t)(x | x >> 16));
    }
    return i;
}

static size_t put_utf8(char *out, uint32_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The character at unit *i, which moves behind it. */
static uint32_t take_utf16(const uint8_t *ptr, size_t *i, size_t unit_count) {
    uint32_t unit = bytes_le16(ptr + 2 * (*i)++);
    if ((unit & 0xf800) != 0xd800) {
        return unit;
    }
    if (unit < 0xdc00 && *i < unit_count) {
        uint32_t low = bytes_le16(ptr + 2 * *i);
        if ((low & 0xfc00) == 0xdc00) {
            (*i)++;
            return 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff));
        }
    }
    return 0xfffd;
}

void binxml_utf16_append(struct buf *out, const uint8_t *ptr, size_t unit_count) {
    char *to = buf_reserve(out, unit_count * 3 + 4);
    size_t at = 0;
    size_t i = 0;
    while (i < unit_count) {
        size_t run = append_ascii_run(to + at, ptr + 2 * i, unit_count - i);
        i += run;
        at += run;
        if (i < unit_count) {
            at += put_utf8(to + at, take_utf16(ptr, &i, unit_count));
        }
    }
    out->len += at;
}

static void append_string(struct buf *out, struct binxml_value v) {
    size_t units = v.size / 2u;
    while (units > 0 && bytes_le16(v.ptr + 2 * (units - 1)) == 0) {
        units--;
    }
    binxml_utf16_append(out, v.ptr, units);
}

/* The code page is not in the file: UTF-8 or the Japanese encodings where the bytes fit, else
 * Latin-1. */
static void append_ansi(struct buf *out, struct binxml_value v) {
    size_t len = v.size;
    while (len > 0 && v.ptr[len - 1] == 0) {
        len--;
    }
    struct str text = str_make((const char *)v.ptr, len);
    bool certain;
    enum text_charset charset = text_detect(text, TEXT_CP932, &certain);
    if (utf8_is_valid(text)) {
        buf_add(out, text);
    } else if (charset != TEXT_UTF8) {
        struct text_converter converter = {0};
        (void)text_to_utf8(&converter, out, text, charset);
        text_converter_fini(&converter);
    } else {
        char *to = buf_reserve(out, 2 * len);
        size_t at = 0;
        for (size_t i = 0; i < len; i++) {
            at += put_utf8(to + at, v.ptr[i]);
        }
        out->len += at;
    }
}

static void append_hex_bytes(struct buf *out, const uint8_t *ptr, size_t size) {
    static const char digits[] = "0123456789ABCDEF";
    char *to = buf_reserve(out, 2 * size);
    for (size_t i = 0; i < size; i++) {
        to[2 * i] = digits[ptr[i] >> 4];
        to[2 * i + 1] = digits[ptr[i] & 15];
    }
    out->len += 2 * size;
}

/* Little-endian integer of 1 to 8 bytes. */
static uint64_t read_unsigned(struct binxml_value v) {
    uint64_t x = 0;
    for (size_t i = v.size; i > 0; i--) {
        x = x << 8 | v.ptr[i - 1];
    }
    return x;
}

static int64_t read_signed(struct binxml_value v) {
    uint64_t x = read_unsigned(v);
    unsigned unused_bits = 64 - 8u * v.size;
    return (int64_t)(x << unused_bits) >> unused_bits;
}

static void append_signed(struct buf *out, struct binxml_value v) {
    out->len += num_format_i64(buf_reserve(out, 20), read_signed(v));
}

static void append_unsigned(struct buf *out, struct binxml_value v) {
    out->len += num_format_u64(buf_reserve(out, 20), read_unsigned(v));
}

static void append_hex(struct buf *out, struct binxml_value v) {
    static const char digits[] = "0123456789abcdef";
    uint64_t x = read_unsigned(v);
    char text[18];
    size_t at = sizeof text;
    do {
        text[--at] = digits[x & 15];
        x >>= 4;
    } while (x != 0);
    text[--at] = 'x';
    text[--at] = '0';
    buf_append(out, text + at, sizeof text - at);
}

/* The shortest decimal text that reads back as the same number. */
static void append_shortest(struct buf *out, double real) {
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        double back;
        int len = snprintf(text, sizeof text, "%.*g", digits, real);
        bool exact = num_parse_double(&back, str_make(text, (size_t)len)) &&
                     memcmp(&back, &real, sizeof real) == 0;
        if (exact || digits == 17) {
            buf_append(out, text, (size_t)len);
            return;
        }
    }
}

static void append_real(struct buf *out, struct binxml_value v) {
    if (v.size == 4) {
        float single;
        uint32_t bits = bytes_le32(v.ptr);
        memcpy(&single, &bits, sizeof single);
        buf_printf(out, "%.9g", (double)single);
        return;
    }
    double real;
    uint64_t bits = bytes_le64(v.ptr);
    memcpy(&real, &bits, sizeof real);
    append_shortest(out, real);
}

static void append_bool(struct buf *out, struct binxml_value v) {
    buf_add(out, read_unsigned(v) != 0 ? STR("true") : STR("false"));
}

static void append_guid(struct buf *out, struct binxml_value v) {
    static const uint8_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    buf_putc(out, '{');
    for (size_t i = 0; i < sizeof order; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            buf_putc(out, '-');
        }
        append_hex_bytes(out, v.ptr + order[i], 1);
    }
    buf_putc(out, '}');
}

/* FILETIME reaches beyond what int64 ns can hold: the calendar repeats every 400 years, so the
 * date is computed in 1700..2099 and moved by whole cycles. */
static void append_filetime(struct buf *out, struct binxml_value v) {
    uint64_t ticks = bytes_le64(v.ptr);
    int64_t days = (int64_t)(ticks / TICKS_PER_SECOND / 86400);
    int64_t in_day = (int64_t)(ticks % (UINT64_C(86400) * TICKS_PER_SECOND));
    int64_t cycles = days / DAYS_PER_400_YEARS;
    days %= DAYS_PER_400_YEARS;
    if (days < 36159) { /* before 1700 */
        days += DAYS_PER_400_YEARS;
        cycles--;
    }
    struct civil c = civil_from_ns((days - 134774) * NS_PER_DAY + in_day * 100);
    buf_printf(out, "%04lld-%02d-%02dT%02d:%02d:%02d.%09dZ", (long long)(c.year + 400 * cycles),
               c.month, c.day, c.hour, c.minute, c.second, c.nanosecond);
}

static void append_systemtime(struct buf *out, struct binxml_value v) {
    const uint8_t *p = v.ptr;
    buf_printf(out, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", bytes_le16(p), bytes_le16(p + 2),
               bytes_le16(p + 6), bytes_le16(p + 8), bytes_le16(p + 10), bytes_le16(p + 12),
               bytes_le16(p + 14));
}

/* [MS-DTYP] 2.4.2: revision, count, 48-bit big-endian authority, sub-authorities. */
static void append_sid(struct buf *out, struct binxml_value v) {
    size_t count = v.size >= 8 ? v.ptr[1] : 0;
    if (v.size < 8 || v.size < 8 + 4 * count) {
        append_hex_bytes(out, v.ptr, v.size);
        return;
    }
    uint64_t authority = 0;
    for (size_t i = 2; i < 8; i++) {
        authority = authority << 8 | v.ptr[i];
    }
    buf_add(out, STR("S-"));
    out->len += num_format_u64(buf_reserve(out, 20), v.ptr[0]);
    buf_putc(out, '-');
    out->len += num_format_u64(buf_reserve(out, 20), authority);
    for (size_t i = 0; i < count; i++) {
        buf_putc(out, '-');
        out->len += num_format_u64(buf_reserve(out, 20), bytes_le32(v.ptr + 8 + 4 * i));
    }
}

static void append_binary(struct buf *out, struct binxml_value v) {
    append_hex_bytes(out, v.ptr, v.size);
}

/* min_size..max_size: what the type allows; item_size: of arrays, 0 = no fixed size. */
static const struct {
    void (*append)(struct buf *out, struct binxml_value v);
    uint16_t min_size;
    uint16_t max_size;
    uint16_t item_size;
} types[] = {
    [BINXML_STRING] = {append_string, 0, UINT16_MAX, 0},
    [BINXML_ANSI] = {append_ansi, 0, UINT16_MAX, 0},
    [BINXML_INT8] = {append_signed, 1, 8, 1},
    [BINXML_UINT8] = {append_unsigned, 1, 8, 1},
    [BINXML_INT16] = {append_signed, 1, 8, 2},
    [BINXML_UINT16] = {append_unsigned, 1, 8, 2},
    [BINXML_INT32] = {append_signed, 1, 8, 4},
    [BINXML_UINT32] = {append_unsigned, 1, 8, 4},
    [BINXML_INT64] = {append_signed, 1, 8, 8},
    [BINXML_UINT64] = {append_unsigned, 1, 8, 8},
    [BINXML_REAL32] = {append_real, 4, 4, 4},
    [BINXML_REAL64] = {append_real, 8, 8, 8},
    [BINXML_BOOL] = {append_bool, 1, 8, 4},
    [BINXML_BINARY] = {append_binary, 0, UINT16_MAX, 0},
    [BINXML_GUID] = {append_guid, 16, 16, 16},
    [BINXML_SIZE] = {append_hex, 1, 8, 8},
    [BINXML_FILETIME] = {append_filetime, 8, 8, 8},
    [BINXML_SYSTEMTIME] = {append_systemtime, 16, 16, 16},
    [BINXML_SID] = {append_sid, 0, UINT16_MAX, 0},
    [BINXML_HEX32] = {append_hex, 1, 8, 4},
    [BINXML_HEX64] = {append_hex, 1, 8, 8},
};

enum { TYPE_COUNT = sizeof types / sizeof *types };

void binxml_value_append(struct buf *out, struct binxml_value value) {
    if (value.size == 0 || value.type == BINXML_NULL) {
        return;
    }
    if (value.type >= TYPE_COUNT || types[value.type].append == NULL ||
        value.size < types[value.type].min_size || value.size > types[value.type].max_size) {
        append_hex_bytes(out, value.ptr, value.size);
        return;
    }
    types[value.type].append(out, value);
}

/* Length of the first string with its NUL; `unit` is the size of a character. */
static size_t string_size(const uint8_t *ptr, size_t size, size_t unit) {
    for (size_t at = 0; at + unit <= size; at += unit) {
        if (ptr[at] == 0 && (unit == 1 || ptr[at + 1] == 0)) {
            return at + unit;
        }
    }
    return size;
}

static size_t first_item_size(struct binxml_value array, uint8_t type) {
    if (type == BINXML_STRING || type == BINXML_ANSI) {
        return string_size(array.ptr, array.size, type == BINXML_STRING ? 2 : 1);
    }
    if (type == BINXML_SID && array.size >= 2) {
        return 8 + 4 * (size_t)array.ptr[1];
    }
    size_t fixed = type < TYPE_COUNT ? types[type].item_size : 0;
    return type == BINXML_SIZE && array.size % 8 != 0 ? 4 : fixed;
}

bool binxml_array_next(struct binxml_value *item, struct binxml_value *array) {
    if (array->size == 0) {
        return false;
    }
    uint8_t type = array->type & 0x7f;
    size_t size = first_item_size(*array, type);
    if (size == 0 || size > array->size) {
        size = array->size;
    }
    *item = (struct binxml_value){array->ptr, (uint16_t)size, type};
    array->ptr += size;
    array->size = (uint16_t)(array->size - size);
    return true;
}

int64_t binxml_filetime_ns(uint64_t filetime) {
    int64_t ticks = filetime > INT64_MAX ? INT64_MAX : (int64_t)filetime;
    ticks -= FILETIME_UNIX_EPOCH;
    int64_t ns;
    return __builtin_mul_overflow(ticks, 100, &ns) ? TIME_NONE : ns;
}
