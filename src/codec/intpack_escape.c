/*
 * Small numbers in one byte each; 254 stands for the next number that was not met before, counted
 * up from a start; 255 for any other, which comes from planes behind the bytes. For codes of
 * dictionaries whose frequent entries have small codes and whose others stand in the order of
 * first use.
 *
 * Body: u start, count bytes, then planes of the other numbers (less 254).
 */
#include "intpack_priv.h"
#include "mem.h"
#include "wire.h"

enum { NEXT = 254, OTHER = 255 };

bool intpack_escape_encode(struct buf *out, const uint64_t *coded, size_t count, unsigned width) {
    uint64_t start = intpack_first_next(coded, count, NEXT);
    uint64_t next = start;
    uint64_t *rest = mem_alloc((count + 1) * sizeof *rest);
    size_t other = 0;
    wire_put_u64(out, start);
    uint8_t *bytes = (uint8_t *)buf_reserve(out, count);
    for (size_t i = 0; i < count; i++) {
        if (coded[i] < NEXT) {
            bytes[i] = (uint8_t)coded[i];
        } else if (coded[i] == next) {
            bytes[i] = NEXT;
            next++;
        } else {
            bytes[i] = OTHER;
            rest[other++] = coded[i] - NEXT;
        }
    }
    bool pays = width >= 2 && other < count / 2;
    if (pays) {
        out->len += count;
        intpack_put_planes(out, rest, other, width);
    }
    mem_free(rest);
    return pays;
}

/* The place of the first byte from `at` on that is NEXT or OTHER, or `count`. */
static size_t next_special(const uint8_t *bytes, size_t at, size_t count) {
    for (; at + 8 <= count; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        /* a byte is 254 or 255 if and only if all bits but its lowest are set */
        uint64_t ones = word | UINT64_C(0x0101010101010101);
        uint64_t zeros = ~ones;
        if (((zeros - UINT64_C(0x0101010101010101)) & ~zeros & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
    }
    while (at < count && bytes[at] < NEXT) {
        at++;
    }
    return at;
}

bool intpack_escape_decode(uint64_t *coded, size_t count, unsigned width, struct str body) {
    struct wire w = wire_make(body.ptr, body.len);
    uint64_t next = wire_u64(&w);
    struct str bytes = wire_bytes(&w, count);
    size_t other = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        other += (uint8_t)bytes.ptr[i] == OTHER;
    }
    if (w.failed || wire_left(&w) != other * width) {
        return false;
    }
    uint64_t *rest = mem_alloc((other + 1) * sizeof *rest);
    intpack_get_planes(rest, other, w.at, width);
    const uint8_t *from = (const uint8_t *)bytes.ptr;
    for (size_t i = 0; i < count; i++) { /* most are themselves: one wide copy */
        coded[i] = from[i];
    }
    size_t at = 0;
    for (size_t i = next_special(from, 0, count); i < count; i = next_special(from, i + 1, count)) {
        coded[i] = from[i] == NEXT ? next++ : rest[at++] + NEXT;
    }
    mem_free(rest);
    return true;
}
