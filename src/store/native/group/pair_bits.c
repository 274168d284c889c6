#include "pair_bits.h"

#include "mem.h"

enum { WORD_BITS = 64, FIRST_SHIFT = 6 };

void pair_bits_fini(struct pair_bits *b) {
    mem_free(b->words);
    *b = (struct pair_bits){.words = NULL};
}

static size_t word_count(unsigned shift, uint32_t numbers) {
    return (size_t)((((uint64_t)numbers << shift) + WORD_BITS - 1) / WORD_BITS);
}

size_t pair_bits_bytes(const struct pair_bits *b) {
    return b->words == NULL ? 0 : word_count(b->shift, b->numbers) * sizeof *b->words;
}

bool pair_bits_reserve(struct pair_bits *b, uint32_t groups, uint32_t numbers) {
    unsigned shift = b->words == NULL ? FIRST_SHIFT : b->shift;
    while ((uint64_t)groups > UINT64_C(1) << shift) {
        shift++;
    }
    if (b->words != NULL && shift == b->shift && numbers == b->numbers) {
        return true;
    }
    if ((uint64_t)numbers << shift > PAIR_BITS_MAX) { /* 32 bits, shifted by 32 at most */
        return false;
    }
    uint64_t *words = mem_calloc(word_count(shift, numbers) + 1, sizeof *words);
    uint64_t at = 0;
    uint32_t group;
    uint32_t number;
    while (pair_bits_next(&at, &group, &number, b)) {
        uint64_t bit = ((uint64_t)number << shift) + group;
        words[bit / WORD_BITS] |= UINT64_C(1) << (bit % WORD_BITS);
    }
    mem_free(b->words);
    *b = (struct pair_bits){words, shift, numbers, b->count};
    return true;
}

void pair_bits_add(struct pair_bits *b, const uint32_t *groups, const uint32_t *numbers,
                   uint32_t count) {
    uint64_t *words = b->words; /* locals: words could be part of *b for the compiler */
    unsigned shift = b->shift;
    uint64_t added = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bit = ((uint64_t)numbers[i] << shift) + groups[i];
        uint64_t word = words[bit / WORD_BITS];
        added += ~word >> (bit % WORD_BITS) & 1;
        words[bit / WORD_BITS] = word | UINT64_C(1) << (bit % WORD_BITS);
    }
    b->count += added;
}

bool pair_bits_next(uint64_t *at, uint32_t *group, uint32_t *number, const struct pair_bits *b) {
    size_t count = b->words == NULL ? 0 : word_count(b->shift, b->numbers);
    size_t word = (size_t)(*at / WORD_BITS);
    uint64_t left = word < count ? b->words[word] & UINT64_MAX << (*at % WORD_BITS) : 0;
    while (left == 0 && ++word < count) {
        left = b->words[word];
    }
    if (word >= count || left == 0) {
        return false;
    }
    uint64_t bit = (uint64_t)word * WORD_BITS + (unsigned)__builtin_ctzll(left);
    *at = bit + 1;
    *group = (uint32_t)(bit & ((UINT64_C(1) << b->shift) - 1));
    *number = (uint32_t)(bit >> b->shift);
    return true;
}
