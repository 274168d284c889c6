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

bool intpack_escape_encode(struct buf *out, const uint64_t *coded, size_t count, unsigned width) {
    uint64_t start = intpack_first_next(coded, count, INTPACK_NEXT);
    uint64_t next = start;
    uint64_t *rest = mem_alloc((count + 1) * sizeof *rest);
    size_t other = 0;
    wire_put_u64(out, start);
    uint8_t *bytes = (uint8_t *)buf_reserve(out, count);
    for (size_t i = 0; i < count; i++) {
        if (coded[i] < INTPACK_NEXT) {
            bytes[i] = (uint8_t)coded[i];
        } else if (coded[i] == next) {
            bytes[i] = INTPACK_NEXT;
            next++;
        } else {
            bytes[i] = INTPACK_OTHER;
            rest[other++] = coded[i] - INTPACK_NEXT;
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

/* The place of the first byte from `at` on that is INTPACK_NEXT or INTPACK_OTHER, or `count`. */
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
    while (at < count && bytes[at] < INTPACK_NEXT) {
        at++;
    }
    return at;
}

/* Most numbers are their bytes: one wide copy, and then the others. */
bool intpack_escape_decode(uint64_t *numbers, size_t count, unsigned width, struct str body,
                           uint64_t base) {
    struct intpack_bytes e;
    if (!intpack_take_bytes(&e, count, width, body, INTPACK_NEXT)) {
        return false;
    }
    const uint8_t *bytes = e.bytes;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = base + bytes[i];
    }
    const uint64_t *rest = e.rest;
    for (size_t i = next_special(bytes, 0, count); i < count;
         i = next_special(bytes, i + 1, count)) {
        numbers[i] = base + (bytes[i] == INTPACK_NEXT ? e.next++ : *rest++);
    }
    mem_free(e.rest);
    return true;
}

bool intpack_escape_small(uint32_t *numbers, size_t count, unsigned width, struct str body,
                          uint32_t base, uint32_t limit) {
    struct intpack_bytes e;
    if (!intpack_take_bytes(&e, count, width, body, INTPACK_NEXT)) {
        return false;
    }
    const uint8_t *bytes = e.bytes;
    uint8_t widest = 0; /* of the bytes that are numbers */
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = bytes[i] < INTPACK_NEXT ? bytes[i] : 0;
        widest = byte > widest ? byte : widest;
        numbers[i] = base + bytes[i];
    }
    bool good = (uint64_t)base + widest < limit;
    const uint64_t *rest = e.rest;
    for (size_t i = next_special(bytes, 0, count); i < count && good;
         i = next_special(bytes, i + 1, count)) {
        uint64_t number = base + (bytes[i] == INTPACK_NEXT ? e.next++ : *rest++);
        good = number < limit;
        numbers[i] = (uint32_t)number;
    }
    mem_free(e.rest);
    return good;
}
