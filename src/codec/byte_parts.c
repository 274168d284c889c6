#include "byte_parts.h"

enum {
    STEP = 1024,     /* bytes: parts begin and end at multiples */
    PART_BITS = 80,  /* what a block takes by itself */
    SYMBOL_BITS = 4, /* what its table takes for each byte that occurs */
    MARGIN_BITS = 64 /* saved at least: matches of zstd do not reach as well over an edge */
};

struct histogram {
    uint32_t counts[256];
    uint32_t total;
};

static void count_bytes(struct histogram *h, struct str bytes) {
    for (size_t i = 0; i < bytes.len; i++) {
        h->counts[(uint8_t)bytes.ptr[i]]++;
    }
    h->total += (uint32_t)bytes.len;
}

/* log2 of x > 0, good to a hundredth. */
static float log2_of(uint32_t x) {
    unsigned bits = 31 - (unsigned)__builtin_clz(x);
    float f = (float)(x - (1U << bits)) / (float)(1U << bits);
    return (float)bits + f * (1.3437F - 0.3437F * f);
}

/* Bits of the bytes of one histogram, or of two put together, with a table of their own. */
static float bits_of(const struct histogram *a, const struct histogram *b) {
    uint32_t total = a->total + (b == NULL ? 0 : b->total);
    float bits = PART_BITS + (float)total * log2_of(total);
    for (int i = 0; i < 256; i++) {
        uint32_t n = a->counts[i] + (b == NULL ? 0 : b->counts[i]);
        if (n > 0) {
            bits += SYMBOL_BITS - (float)n * log2_of(n);
        }
    }
    return bits;
}

size_t byte_part(struct str bytes) {
    struct histogram part = {.total = 0};
    size_t at = bytes.len < STEP ? bytes.len : STEP;
    count_bytes(&part, str_make(bytes.ptr, at));
    float alone = bytes.len > STEP ? bits_of(&part, NULL) : 0;
    while (at < bytes.len) {
        struct histogram next = {.total = 0};
        size_t len = bytes.len - at < STEP ? bytes.len - at : STEP;
        count_bytes(&next, str_make(bytes.ptr + at, len));
        float together = bits_of(&part, &next);
        if (alone + bits_of(&next, NULL) + MARGIN_BITS < together) {
            return at;
        }
        count_bytes(&part, str_make(bytes.ptr + at, len));
        alone = together;
        at += len;
    }
    return at;
}
