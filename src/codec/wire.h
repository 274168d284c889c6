/*
 * Bytes of our own formats: LEB128 varints (7 bits a byte, low first), zigzag for signed numbers,
 * length-prefixed texts, fixed little-endian words.
 *
 * Reading: a struct wire walks over bytes that are not trusted. A read past the end, or a varint
 * over 64 bits, sets `failed`, and every later read gives 0 or an empty text; callers check
 * `failed` once at the end of a group, and every count before they allocate by it.
 */
#ifndef KONSEKI_WIRE_H
#define KONSEKI_WIRE_H

#include "buf.h"
#include "bytes.h"

struct wire {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct wire wire_make(const void *bytes, size_t len) {
    const uint8_t *at = bytes;
    return (struct wire){at, at + len, false};
}

static inline size_t wire_left(const struct wire *w) {
    return (size_t)(w->end - w->at);
}

void wire_put_long(struct buf *out, uint64_t value); /* any value; wire_put_u64 is the way in */
void wire_put_fixed32(struct buf *out, uint32_t value);
void wire_put_fixed64(struct buf *out, uint64_t value);
void wire_put_str(struct buf *out, struct str s);

static inline void wire_put_u64(struct buf *out, uint64_t value) {
    if (value < 0x80) {
        buf_putc(out, (char)(uint8_t)value);
    } else {
        wire_put_long(out, value);
    }
}

static inline uint64_t wire_zigzag(int64_t value) {
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static inline int64_t wire_unzigzag(uint64_t value) {
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static inline void wire_put_i64(struct buf *out, int64_t value) {
    wire_put_u64(out, wire_zigzag(value));
}

uint64_t wire_long(struct wire *w); /* any value; wire_u64 is the way in */

static inline uint64_t wire_u64(struct wire *w) {
    return w->at < w->end && *w->at < 0x80 ? *w->at++ : wire_long(w);
}

static inline void wire_fail(struct wire *w) {
    w->failed = true;
    w->at = w->end;
}

/* A varint that must be at most `max`, else the wire fails. */
static inline uint64_t wire_count(struct wire *w, uint64_t max) {
    uint64_t value = wire_u64(w);
    if (value <= max) {
        return value;
    }
    wire_fail(w);
    return 0;
}

uint64_t wire_fixed64(struct wire *w);
/* `len` bytes, borrowed; empty when they are not there. */
static inline struct str wire_bytes(struct wire *w, uint64_t len) {
    if (len > wire_left(w)) {
        wire_fail(w);
        return STR_EMPTY;
    }
    struct str s = {(const char *)w->at, (size_t)len};
    w->at += len;
    return s;
}

static inline struct str wire_str(struct wire *w) {
    return wire_bytes(w, wire_u64(w));
}

static inline int64_t wire_i64(struct wire *w) {
    return wire_unzigzag(wire_u64(w));
}

#endif
