#include "wire.h"

void wire_put_long(struct buf *out, uint64_t value) {
    char *at = buf_reserve(out, 10);
    size_t len = 0;
    while (value >= 0x80) {
        at[len++] = (char)(uint8_t)(value | 0x80);
        value >>= 7;
    }
    at[len++] = (char)(uint8_t)value;
    out->len += len;
}

void wire_put_fixed32(struct buf *out, uint32_t value) {
    bytes_put_le32(buf_reserve(out, 4), value);
    out->len += 4;
}

void wire_put_fixed64(struct buf *out, uint64_t value) {
    bytes_put_le64(buf_reserve(out, 8), value);
    out->len += 8;
}

void wire_put_str(struct buf *out, struct str s) {
    wire_put_u64(out, s.len);
    buf_add(out, s);
}

static uint64_t fail(struct wire *w) {
    wire_fail(w);
    return 0;
}

uint64_t wire_long(struct wire *w) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && w->at < w->end; shift += 7) {
        uint8_t byte = *w->at++;
        if (shift == 63 && byte > 1) {
            return fail(w);
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    return fail(w);
}

uint64_t wire_fixed64(struct wire *w) {
    struct str s = wire_bytes(w, 8);
    return s.len == 8 ? bytes_le64(s.ptr) : 0;
}
