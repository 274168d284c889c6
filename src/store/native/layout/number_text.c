#include "number_text.h"

enum {
    MAX_SHAPE_DIGITS = 18, /* any so many digits fit int64 */
    MAX_PLAIN_DIGITS = 19
};

bool number_shape_of(struct number_shape *out, struct str text) {
    struct number_shape shape = {.len = (uint8_t)text.len};
    size_t digits = 0;
    if (text.len > sizeof shape.text) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        bool digit = ascii_is_digit(text.ptr[i]);
        digits += digit;
        shape.text[i] = digit ? '0' : text.ptr[i];
    }
    if (digits == 0 || digits > MAX_SHAPE_DIGITS) {
        return false;
    }
    *out = shape;
    return true;
}

bool number_parse_plain(int64_t *out, struct str text) {
    if (text.len == 0 || text.len > MAX_PLAIN_DIGITS || (text.ptr[0] == '0' && text.len > 1)) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(uint8_t)text.ptr[i] - '0';
        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = (int64_t)value;
    return value <= INT64_MAX; /* 19 digits fit uint64 */
}

static bool parse_shaped(int64_t *out, struct str text, struct str shape) {
    if (text.len != shape.len) {
        return false;
    }
    int64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(uint8_t)text.ptr[i] - '0';
        if (shape.ptr[i] == '0') {
            if (digit > 9) {
                return false;
            }
            value = value * 10 + (int64_t)digit;
        } else if (text.ptr[i] != shape.ptr[i]) {
            return false;
        }
    }
    *out = value;
    return true;
}

bool number_parse(int64_t *out, struct str text, struct str shape) {
    return shape.len == 0 ? number_parse_plain(out, text) : parse_shaped(out, text, shape);
}

static void print_plain(struct buf *out, uint64_t left) {
    char digits[20];
    size_t len = 0;
    do {
        digits[sizeof digits - ++len] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    buf_append(out, digits + sizeof digits - len, len);
}

/* Digits into the places of the shape's zeros, from the right. */
static void print_shaped(struct buf *out, uint64_t left, struct str shape) {
    char *at = buf_reserve(out, shape.len);
    for (size_t i = shape.len; i > 0; i--) {
        at[i - 1] = shape.ptr[i - 1];
        if (shape.ptr[i - 1] == '0') {
            at[i - 1] = (char)('0' + left % 10);
            left /= 10;
        }
    }
    out->len += shape.len;
}

void number_print(struct buf *out, int64_t number, struct str shape) {
    if (shape.len == 0) {
        print_plain(out, (uint64_t)number);
    } else {
        print_shaped(out, (uint64_t)number, shape);
    }
}

static bool is_letter(char c) {
    return ascii_is_alpha(c) || c == '_' || (uint8_t)c >= 0x80;
}

bool number_shape_is_zoned(struct str shape) {
    for (size_t i = 0; i < shape.len; i++) {
        bool digit = shape.ptr[i] == '0';
        bool beside = (i > 0 && is_letter(shape.ptr[i - 1])) ||
                      (i + 1 < shape.len && is_letter(shape.ptr[i + 1]));
        if ((digit && beside) || (!digit && is_letter(shape.ptr[i]))) {
            return false;
        }
    }
    return true;
}
