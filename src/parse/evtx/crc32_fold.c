#include "crc32_fold.h"

#include "check.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <pthread.h>

#define WITH_CLMUL __attribute__((target("pclmul,sse4.1")))

static pthread_once_t asked_once = PTHREAD_ONCE_INIT;
static bool has_instruction;

static void ask_processor(void) {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    has_instruction =
        __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_PCLMUL) != 0 && (c & bit_SSE4_1) != 0;
}

bool crc32_fold_works(void) {
    (void)pthread_once(&asked_once, ask_processor);
    return has_instruction;
}

WITH_CLMUL static inline __m128i load(const uint8_t *bytes) {
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

/* The 128 bits moved on by the distance that the two factors stand for, then the next bytes. */
WITH_CLMUL static inline __m128i fold(__m128i x, __m128i factors, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(x, factors, 0x00);
    __m128i high = _mm_clmulepi64_si128(x, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

WITH_CLMUL void crc32_fold(uint8_t out[CRC32_FOLDED_BYTES], uint32_t reg, const uint8_t *bytes,
                           size_t size) {
    CHECK(size >= CRC32_FOLD_BYTES && size % CRC32_FOLD_BYTES == 0);
    /* x^(512+32) and x^(512-32), x^(128+32) and x^(128-32) modulo the polynomial */
    const __m128i by_64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    const __m128i by_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    __m128i a = _mm_xor_si128(load(bytes), _mm_cvtsi32_si128((int)reg));
    __m128i b = load(bytes + 16);
    __m128i c = load(bytes + 32);
    __m128i d = load(bytes + 48);
    for (const uint8_t *p = bytes + 64; p < bytes + size; p += 64) {
        a = fold(a, by_64, load(p));
        b = fold(b, by_64, load(p + 16));
        c = fold(c, by_64, load(p + 32));
        d = fold(d, by_64, load(p + 48));
    }
    a = fold(fold(fold(a, by_16, b), by_16, c), by_16, d);
    _mm_storeu_si128((__m128i *)(void *)out, a);
}

#else

bool crc32_fold_works(void) {
    return false;
}

void crc32_fold(uint8_t out[CRC32_FOLDED_BYTES], uint32_t reg, const uint8_t *bytes, size_t size) {
    (void)out, (void)reg, (void)bytes, (void)size;
    CHECK(false);
}

#endif
