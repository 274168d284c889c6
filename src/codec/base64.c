#include "base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buf *out, struct str bytes) {
    char *to = buf_reserve(out, (bytes.len + 2) / 3 * 4);
    size_t n = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)(uint8_t)bytes.ptr[i] << 16;
        group |= left > 1 ? (uint32_t)(uint8_t)bytes.ptr[i + 1] << 8 : 0;
        group |= left > 2 ? (uint8_t)bytes.ptr[i + 2] : 0;
        to[n++] = alphabet[group >> 18];
        to[n++] = alphabet[group >> 12 & 63];
        to[n++] = left > 1 ? alphabet[group >> 6 & 63] : '=';
        to[n++] = left > 2 ? alphabet[group & 63] : '=';
    }
    out->len += n;
}

int base64_digit(char c) {
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (ascii_is_digit(c)) {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, of which the last `pad` are '='. */
static bool decode_group(struct buf *out, const char *four, size_t pad) {
    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        int d = i < 4 - pad ? base64_digit(four[i]) : 0;
        if (d < 0) {
            return false;
        }
        group = group << 6 | (uint32_t)d;
    }
    if ((pad == 1 && (group & 0xff) != 0) || (pad == 2 && (group & 0xffff) != 0)) {
        return false;
    }
    const char bytes[3] = {(char)(group >> 16), (char)(group >> 8), (char)group};
    buf_append(out, bytes, 3 - pad);
    return true;
}

bool base64_decode(struct buf *out, struct str text) {
    size_t before = out->len;
    bool good = text.len % 4 == 0;
    for (size_t i = 0; i < text.len && good; i += 4) {
        size_t pad = 0;
        if (i + 4 == text.len) {
            pad = text.ptr[i + 3] != '=' ? 0 : text.ptr[i + 2] != '=' ? 1 : 2;
        }
        good = decode_group(out, text.ptr + i, pad);
    }
    if (!good) {
        out->len = before;
    }
    return good;
}
