/*
 * Looking for one of a few bytes in short texts, eight bytes a step (words as vectors: no machine
 * needs its own code). For long distances memchr is faster.
 *
 * The trick (Mycroft): in w ^ (c in all bytes) the bytes equal to c are zero, and
 * (v - 0x01..) & ~v & 0x80.. marks zero bytes. A mark above a true one may be false, the lowest is
 * always true, and only the lowest is used.
 */
#ifndef KONSEKI_BYTESCAN_H
#define KONSEKI_BYTESCAN_H

#include "bytes.h"
#include "str.h"

static inline uint64_t bytescan_broadcast(char c) {
    return UINT64_C(0x0101010101010101) * (unsigned char)c;
}

static inline uint64_t bytescan_zero_marks(uint64_t v) {
    return (v - UINT64_C(0x0101010101010101)) & ~v & UINT64_C(0x8080808080808080);
}

/* Offset of the first `a` or `b` in p[0..len), or len. */
static inline size_t bytescan_two(const char *p, size_t len, char a, char b) {
    const uint64_t all_a = bytescan_broadcast(a);
    const uint64_t all_b = bytescan_broadcast(b);
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t w = bytes_le64(p + i);
        uint64_t marks = bytescan_zero_marks(w ^ all_a) | bytescan_zero_marks(w ^ all_b);
        if (marks != 0) {
            return i + ((size_t)__builtin_ctzll(marks) >> 3);
        }
    }
    while (i < len && p[i] != a && p[i] != b) {
        i++;
    }
    return i;
}

#endif
