#include "sigma_encode.h"

#include <utf8proc.h>

#include "sigma_text.h"

static void put_unit(struct buf *out, uint32_t unit, bool big_endian) {
    char bytes[2] = {(char)(unit & 0xff), (char)(unit >> 8)};
    buf_putc(out, bytes[big_endian ? 1 : 0]);
    buf_putc(out, bytes[big_endian ? 0 : 1]);
}

bool sigma_encode_utf16(struct buf *text, bool big_endian) {
    struct buf out = BUF_INIT;
    struct str s = buf_str(text);
    for (size_t i = 0; i < s.len;) {
        utf8proc_int32_t code;
        if (sigma_is_token(s.ptr[i])) {
            buf_putc(&out, s.ptr[i++]);
            continue;
        }
        utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + i,
                                                (utf8proc_ssize_t)(s.len - i), &code);
        if (len <= 0) {
            buf_fini(&out);
            return false;
        }
        if (code >= 0x10000) {
            uint32_t rest = (uint32_t)code - 0x10000;
            put_unit(&out, 0xD800 + (rest >> 10), big_endian);
            put_unit(&out, 0xDC00 + (rest & 0x3ff), big_endian);
        } else {
            put_unit(&out, (uint32_t)code, big_endian);
        }
        i += (size_t)len;
    }
    buf_fini(text);
    *text = out;
    return true;
}

void sigma_encode_base64(struct buf *out, struct str bytes) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t group = 0;
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        for (size_t j = 0; j < 3; j++) {
            group = group << 8 | (j < have ? (unsigned char)bytes.ptr[i + j] : 0);
        }
        for (size_t j = 0; j < 4; j++) {
            buf_putc(out, j <= have ? digits[group >> (18 - 6 * j) & 63] : '=');
        }
    }
}

void sigma_encode_base64_offset(struct buf *out, struct str bytes, size_t shift) {
    static const size_t skipped[3] = {0, 2, 3}; /* digits that hold bits of what stands before */
    static const size_t dropped[3] = {0, 3, 2}; /* padding and the digit before it */
    struct buf padded = BUF_INIT;
    struct buf text = BUF_INIT;
    buf_append(&padded, "  ", shift);
    buf_add(&padded, bytes);
    sigma_encode_base64(&text, buf_str(&padded));
    size_t end = text.len - dropped[padded.len % 3];
    if (bytes.len > 0 && end > skipped[shift]) {
        buf_append(out, text.ptr + skipped[shift], end - skipped[shift]);
    }
    buf_fini(&text);
    buf_fini(&padded);
}
