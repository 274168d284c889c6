#include "num.h"

#include <stdlib.h>

bool num_parse_u64(uint64_t *out, struct str s) {
    if (s.len == 0 || s.len > 20) {
        return false;
    }
    uint64_t value = 0;
    if (s.len < 20) { /* no overflow */
        for (size_t i = 0; i < s.len; i++) {
            unsigned digit = (unsigned)(unsigned char)s.ptr[i] - '0';
            if (digit > 9) {
                return false;
            }
            value = value * 10 + digit;
        }
        *out = value;
        return true;
    }
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(unsigned char)s.ptr[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

bool num_parse_i64(int64_t *out, struct str s) {
    bool negative = s.len > 0 && s.ptr[0] == '-';
    uint64_t magnitude;
    if (!num_parse_u64(&magnitude, negative ? str_skip(s, 1) : s)) {
        return false;
    }
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    if (magnitude > limit) {
        return false;
    }
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

bool num_parse_hex(uint64_t *out, struct str s) {
    if (s.len == 0 || s.len > 16) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        int digit = ascii_hex_value(s.ptr[i]);
        if (digit < 0) {
            return false;
        }
        value = value << 4 | (unsigned)digit;
    }
    *out = value;
    return true;
}

static bool is_number_byte(char c) {
    return ascii_is_digit(c) || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
}

bool num_parse_double(double *out, struct str s) {
    char text[64];
    if (s.len == 0 || s.len >= sizeof text) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!is_number_byte(s.ptr[i])) {
            return false;
        }
        text[i] = s.ptr[i];
    }
    text[s.len] = '\0';
    char *end = NULL;
    double value = strtod(text, &end); /* LC_NUMERIC stays "C": the program never sets it */
    if (end != text + s.len) {
        return false;
    }
    *out = value;
    return true;
}

/* Splits "12.5MiB" into its number and its suffix. */
static bool split_unit(double *number, struct str *unit, struct str s) {
    size_t digits = 0;
    while (digits < s.len && (ascii_is_digit(s.ptr[digits]) || s.ptr[digits] == '.')) {
        digits++;
    }
    *unit = str_trim(str_skip(s, digits));
    return num_parse_double(number, str_head(s, digits));
}

bool num_parse_size(uint64_t *out, struct str s) {
    static const char letters[] = "kmgt";
    double number;
    struct str unit;
    if (!split_unit(&number, &unit, s)) {
        return false;
    }
    double factor = 1;
    if (unit.len > 0 && ascii_lower(unit.ptr[0]) != 'b') {
        const char *letter = strchr(letters, ascii_lower(unit.ptr[0]));
        if (letter == NULL) {
            return false;
        }
        for (const char *c = letters; c <= letter; c++) {
            factor *= 1024;
        }
        unit = str_skip(unit, 1);
    }
    if (unit.len > 0 && !str_eq_ci(unit, STR("b")) && !str_eq_ci(unit, STR("ib"))) {
        return false;
    }
    if (number * factor > 9e18) {
        return false;
    }
    *out = (uint64_t)(number * factor);
    return true;
}

bool num_parse_duration(int64_t *out_ns, struct str s) {
    static const struct {
        struct str name;
        double seconds;
    } units[] = {{STR_INIT(""), 1},       {STR_INIT("ns"), 1e-9},   {STR_INIT("us"), 1e-6},
                 {STR_INIT("ms"), 1e-3},  {STR_INIT("s"), 1},       {STR_INIT("m"), 60},
                 {STR_INIT("min"), 60},   {STR_INIT("h"), 3600},    {STR_INIT("d"), 86400},
                 {STR_INIT("w"), 604800}, {STR_INIT("M"), 2592000}, {STR_INIT("y"), 31536000}};
    double number;
    struct str unit;
    if (!split_unit(&number, &unit, s)) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        double ns = number * units[i].seconds * 1e9;
        if (str_eq(unit, units[i].name) && ns < 9.2e18) {
            *out_ns = (int64_t)ns;
            return true;
        }
    }
    return false;
}

size_t num_format_u64(char *out, uint64_t value) {
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (size_t i = 0; i < count; i++) {
        out[i] = digits[count - 1 - i];
    }
    return count;
}

size_t num_format_i64(char *out, int64_t value) {
    if (value >= 0) {
        return num_format_u64(out, (uint64_t)value);
    }
    out[0] = '-';
    return 1 + num_format_u64(out + 1, 0 - (uint64_t)value);
}
