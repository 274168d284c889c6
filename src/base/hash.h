/* Fast non-cryptographic hash (XXH3-64) of bytes, for tables and filters. Stable across runs. */
#ifndef KONSEKI_HASH_H
#define KONSEKI_HASH_H

#include "str.h"

uint64_t hash_bytes(const void *bytes, size_t len);

static inline uint64_t hash_str(struct str s) {
    return hash_bytes(s.ptr, s.len);
}

/* Mixes an integer (finaliser of MurmurHash3, public domain constants). */
static inline uint64_t hash_u64(uint64_t x) {
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}

#endif
