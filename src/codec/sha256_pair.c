#include "sha256_pair.h"

#include <string.h>

#include "check.h"

void sha256_pair_init(uint32_t state[SHA256_WORDS]) {
    static const uint32_t first[SHA256_WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(state, first, sizeof first);
}

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <pthread.h>

#define WITH_SHA __attribute__((target("sha,sse4.1")))

enum { GROUPS = 16 /* of four rounds */ };

static const uint32_t constants[4 * GROUPS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static pthread_once_t asked_once = PTHREAD_ONCE_INIT;
static bool has_instructions;

static void ask_processor(void) {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    bool sse41 = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_1) != 0;
    has_instructions = sse41 && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

/* Once: a virtual machine answers CPUID in microseconds, as long as hashing ten records takes. */
bool sha256_pair_works(void) {
    (void)pthread_once(&asked_once, ask_processor);
    return has_instructions;
}

/* One message: its state as the instructions want it, and the last 16 words of the schedule. */
struct half {
    __m128i abef;
    __m128i cdgh;
    __m128i words[4];
};

WITH_SHA static inline void load_state(struct half *h, const uint32_t state[SHA256_WORDS]) {
    __m128i abcd = _mm_loadu_si128((const __m128i *)(const void *)state);
    __m128i efgh = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
    abcd = _mm_shuffle_epi32(abcd, 0xB1); /* b a d c, the highest word last */
    efgh = _mm_shuffle_epi32(efgh, 0x1B); /* h g f e */
    h->abef = _mm_alignr_epi8(abcd, efgh, 8);
    h->cdgh = _mm_blend_epi16(efgh, abcd, 0xF0);
}

WITH_SHA static inline void store_state(uint32_t state[SHA256_WORDS], const struct half *h) {
    __m128i feba = _mm_shuffle_epi32(h->abef, 0x1B);
    __m128i dchg = _mm_shuffle_epi32(h->cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

WITH_SHA static inline void load_words(struct half *h, const uint8_t *block) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    for (size_t i = 0; i < 4; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i));
        h->words[i] = _mm_shuffle_epi8(bytes, big_endian);
    }
}

/* Rounds 4 g to 4 g + 3, then the words that are used four groups later. */
WITH_SHA static inline void four_rounds(struct half *h, int g) {
    __m128i k = _mm_loadu_si128((const __m128i *)(const void *)(constants + 4 * g));
    __m128i *w = h->words;
    __m128i sum = _mm_add_epi32(w[g % 4], k);
    h->cdgh = _mm_sha256rnds2_epu32(h->cdgh, h->abef, sum);
    h->abef = _mm_sha256rnds2_epu32(h->abef, h->cdgh, _mm_shuffle_epi32(sum, 0x0E));
    if (g < GROUPS - 4) {
        __m128i sigma = _mm_sha256msg1_epu32(w[g % 4], w[(g + 1) % 4]);
        __m128i nine = _mm_alignr_epi8(w[(g + 3) % 4], w[(g + 2) % 4], 4);
        w[g % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(sigma, nine), w[(g + 3) % 4]);
    }
}

WITH_SHA static inline void add_state(struct half *h, const struct half *before) {
    h->abef = _mm_add_epi32(h->abef, before->abef);
    h->cdgh = _mm_add_epi32(h->cdgh, before->cdgh);
}

WITH_SHA void sha256_pair_blocks(uint32_t state_a[SHA256_WORDS], const uint8_t *a,
                                 uint32_t state_b[SHA256_WORDS], const uint8_t *b, size_t blocks) {
    struct half x;
    struct half y;
    load_state(&x, state_a);
    load_state(&y, state_b);
    for (size_t i = 0; i < blocks; i++) {
        struct half x_before = x;
        struct half y_before = y;
        load_words(&x, a + i * SHA256_BLOCK_BYTES);
        load_words(&y, b + i * SHA256_BLOCK_BYTES);
#pragma GCC unroll 16
        for (int g = 0; g < GROUPS; g++) { /* the two do not wait for each other */
            four_rounds(&x, g);
            four_rounds(&y, g);
        }
        add_state(&x, &x_before);
        add_state(&y, &y_before);
    }
    store_state(state_a, &x);
    store_state(state_b, &y);
}

#else

bool sha256_pair_works(void) {
    return false;
}

void sha256_pair_blocks(uint32_t state_a[SHA256_WORDS], const uint8_t *a,
                        uint32_t state_b[SHA256_WORDS], const uint8_t *b, size_t blocks) {
    (void)state_a;
    (void)a;
    (void)state_b;
    (void)b;
    (void)blocks;
    CHECK(false);
}

#endif
