/*
 * Numbers of a fixed count of bits, for numbers that zstd hardly makes smaller than that: reading
 * them is a few shifts each, eight times as fast as reading a frame. Those that need more bits are
 * put right afterwards.
 *
 * Body: byte bits (0..32), byte width of the excess in bytes (0..8), u gaps, words, gaps, excess.
 *
 * Words: the numbers are dealt to 32 lanes, number i to lane i % 32; each lane is a stream of its
 * numbers' low bits, low bits first, in le32 words. The first words of all lanes come first, then
 * all second ones: so the same shift does 32 numbers, and the compiler makes wide instructions of
 * it (the layout of FastLanes, Afroozeh and Boncz, VLDB 2023, with one group of any length).
 *
 * Gaps: a byte each; 255 goes on by 255 numbers, another one by so many, to a number whose excess
 * over `bits` bits comes next. The excess stands in planes of bytes.
 */
#include <endian.h>

#include "intpack_priv.h"
#include "mem.h"
#include "wire.h"

enum { LANES = 32, WORD_BITS = 32, LANE_BYTES = LANES * 4, GO_ON = 255, MAX_EXCESS = 8 };

static size_t row_count(size_t count) {
    return (count + LANES - 1) / LANES;
}

static size_t word_bytes(size_t count, unsigned bits) {
    return (row_count(count) * bits + WORD_BITS - 1) / WORD_BITS * LANE_BYTES;
}

static uint32_t low_bits(unsigned bits) {
    return bits < WORD_BITS ? (UINT32_C(1) << bits) - 1 : UINT32_MAX;
}

/* --- encoding --- */

/* How many bits take the least bytes. */
static unsigned best_bits(const uint64_t *coded, size_t count) {
    size_t of_bits[64 + 1] = {0};
    unsigned widest = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned bits = intpack_bits(coded[i]);
        of_bits[bits]++;
        widest = bits > widest ? bits : widest;
    }
    unsigned best = WORD_BITS;
    size_t least = SIZE_MAX;
    size_t above = 0;
    for (unsigned bits = widest + 1; bits-- > 0;) {
        size_t bytes = word_bytes(count, bits) + above * (1 + (widest - bits + 7) / 8);
        if (bits <= WORD_BITS && bytes < least) {
            least = bytes;
            best = bits;
        }
        above += of_bits[bits];
    }
    return best;
}

static void put_words(struct buf *out, const uint64_t *coded, size_t count, unsigned bits) {
    size_t bytes = word_bytes(count, bits);
    uint8_t *words = (uint8_t *)buf_reserve(out, bytes + 1);
    memset(words, 0, bytes);
    for (size_t i = 0; i < count; i++) {
        size_t at = i / LANES * bits;
        uint64_t low = (coded[i] & low_bits(bits)) << (at % WORD_BITS); /* of two words */
        uint8_t *word = words + at / WORD_BITS * LANE_BYTES + i % LANES * 4;
        for (; low != 0; low >>= WORD_BITS, word += LANE_BYTES) {
            for (unsigned byte = 0; byte < 4; byte++) {
                word[byte] |= (uint8_t)(low >> (8 * byte));
            }
        }
    }
    out->len += bytes;
}

/* Gaps to the numbers of more bits; their excess goes to `excess`. Returns how many. */
static size_t put_gaps(struct buf *out, uint64_t *excess, const uint64_t *coded, size_t count,
                       unsigned bits) {
    size_t found = 0;
    size_t last = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t high = coded[i] >> bits;
        if (high == 0) {
            continue;
        }
        for (; i - last >= GO_ON; last += GO_ON) {
            buf_putc(out, (char)GO_ON);
        }
        buf_putc(out, (char)(i - last));
        last = i;
        excess[found++] = high;
    }
    return found;
}

void intpack_bits_encode(struct buf *out, const uint64_t *coded, size_t count) {
    unsigned bits = best_bits(coded, count);
    struct buf gaps = BUF_INIT;
    uint64_t *excess = mem_alloc((count + 1) * sizeof *excess);
    size_t found = put_gaps(&gaps, excess, coded, count, bits);
    uint64_t widest = 0;
    for (size_t i = 0; i < found; i++) {
        widest |= excess[i];
    }
    unsigned width = intpack_width(widest);
    buf_putc(out, (char)bits);
    buf_putc(out, (char)width);
    wire_put_u64(out, gaps.len);
    put_words(out, coded, count, bits);
    buf_add(out, buf_str(&gaps));
    intpack_put_planes(out, excess, found, width);
    mem_free(excess);
    buf_fini(&gaps);
}

/* --- decoding --- */

/* A body taken apart; borrowed. */
struct packed {
    unsigned bits;
    unsigned width;
    const char *words;
    struct str gaps;
    size_t excess_count;
    const uint8_t *excess;
};

static bool take_apart(struct packed *out, size_t count, struct str body) {
    struct wire w = wire_make(body.ptr, body.len);
    struct str head = wire_bytes(&w, 2);
    uint64_t gaps = wire_u64(&w);
    if (w.failed || (uint8_t)head.ptr[0] > WORD_BITS || (uint8_t)head.ptr[1] > MAX_EXCESS ||
        gaps > body.len) {
        return false;
    }
    *out = (struct packed){.bits = (uint8_t)head.ptr[0], .width = (uint8_t)head.ptr[1]};
    out->words = wire_bytes(&w, word_bytes(count, out->bits)).ptr;
    out->gaps = wire_bytes(&w, (size_t)gaps);
    for (size_t i = 0; i < out->gaps.len; i++) {
        out->excess_count += (uint8_t)out->gaps.ptr[i] != GO_ON;
    }
    out->excess = (const uint8_t *)w.at;
    return !w.failed && wire_left(&w) == out->excess_count * out->width;
}

static inline uint32_t word_at(const char *words, unsigned lane) {
    uint32_t word;
    memcpy(&word, words + lane * sizeof word, sizeof word);
    return le32toh(word);
}

/* The low bits of the 32 numbers of a row, each plus `base`. */
static inline void unpack_row(uint32_t *restrict out, const char *restrict words, size_t row,
                              unsigned bits, uint32_t base) {
    size_t at = row * bits;
    unsigned shift = at % WORD_BITS;
    uint32_t mask = low_bits(bits);
    words += at / WORD_BITS * LANE_BYTES;
    if (shift + bits <= WORD_BITS) {
        for (unsigned lane = 0; lane < LANES; lane++) {
            out[lane] = base + (word_at(words, lane) >> shift & mask);
        }
        return;
    }
    const char *next = words + LANE_BYTES;
    for (unsigned lane = 0; lane < LANES; lane++) {
        uint32_t number = word_at(words, lane) >> shift | word_at(next, lane)
                                                              << (WORD_BITS - shift);
        out[lane] = base + (number & mask);
    }
}

/* Goes to the next number with excess: *at is its place; false at the end, or if it is none. */
static inline bool next_excess(size_t *at, size_t *gap, const struct packed *p, size_t count) {
    while (*gap < p->gaps.len) {
        uint8_t by = (uint8_t)p->gaps.ptr[(*gap)++];
        *at += by;
        if (by != GO_ON) {
            return *at < count;
        }
    }
    return false;
}

/* The excess of all numbers that have some (mem_free). */
static uint64_t *unpack_excess(const struct packed *p) {
    uint64_t *excess = mem_alloc((p->excess_count + 1) * sizeof *excess);
    intpack_get_planes(excess, p->excess_count, p->excess, p->width, 0);
    return excess;
}

static void fill(uint64_t *numbers, size_t count, uint64_t base) {
    for (size_t i = 0; i < count; i++) {
        numbers[i] = base;
    }
}

/* The low bits of all numbers, each plus `base`. */
static void unpack_words(uint64_t *restrict numbers, const struct packed *p, size_t count,
                         uint64_t base) {
    uint32_t row[LANES] = {0};
    size_t whole = count / LANES * LANES;
    if (p->bits == 0) { /* most are alike: few have an excess */
        fill(numbers, count, base);
        return;
    }
    for (size_t i = 0; i < whole; i += LANES) {
        unpack_row(row, p->words, i / LANES, p->bits, 0);
        for (size_t k = 0; k < LANES; k++) {
            numbers[i + k] = base + row[k];
        }
    }
    if (whole < count) {
        unpack_row(row, p->words, whole / LANES, p->bits, 0);
    }
    for (size_t i = whole; i < count; i++) {
        numbers[i] = base + row[i - whole];
    }
}

bool intpack_bits_decode(uint64_t *numbers, size_t count, struct str body, uint64_t base) {
    struct packed p;
    if (!take_apart(&p, count, body)) {
        return false;
    }
    unpack_words(numbers, &p, count, base);
    uint64_t *excess = unpack_excess(&p);
    size_t found = 0;
    for (size_t at = 0, gap = 0; next_excess(&at, &gap, &p, count); found++) {
        numbers[at] += excess[found] << p.bits;
    }
    mem_free(excess);
    return found == p.excess_count;
}

static void fill_small(uint32_t *numbers, size_t count, uint32_t base) {
    for (size_t i = 0; i < count; i++) {
        numbers[i] = base;
    }
}

/* As small numbers. */
static void unpack_small(uint32_t *restrict numbers, const struct packed *p, size_t count,
                         uint32_t base) {
    uint32_t row[LANES];
    size_t whole = count / LANES * LANES;
    if (p->bits == 0) {
        fill_small(numbers, count, base);
        return;
    }
    for (size_t i = 0; i < whole; i += LANES) {
        unpack_row(numbers + i, p->words, i / LANES, p->bits, base);
    }
    if (whole < count) {
        unpack_row(row, p->words, whole / LANES, p->bits, base);
        memcpy(numbers + whole, row, (count - whole) * sizeof *row);
    }
}

static bool none_reaches(const uint32_t *numbers, size_t count, uint64_t limit) {
    uint32_t widest = 0;
    for (size_t i = 0; i < count; i++) {
        widest = numbers[i] > widest ? numbers[i] : widest;
    }
    return widest < limit;
}

/* Are they all below the limit? `bits` and `base` mostly tell. */
static bool are_below(const uint32_t *numbers, size_t count, unsigned bits, uint32_t base,
                      uint64_t limit) {
    uint64_t most = (uint64_t)base + low_bits(bits);
    if (most < limit) {
        return true;
    }
    if (most > INT32_MAX) {
        return none_reaches(numbers, count, limit);
    }
    int32_t widest = 0; /* signed ones are compared faster */
    for (size_t i = 0; i < count; i++) {
        widest = (int32_t)numbers[i] > widest ? (int32_t)numbers[i] : widest;
    }
    return (uint64_t)widest < limit;
}

bool intpack_bits_small(uint32_t *numbers, size_t count, struct str body, uint32_t base,
                        uint32_t limit) {
    struct packed p;
    if (!take_apart(&p, count, body)) {
        return false;
    }
    unpack_small(numbers, &p, count, base);
    bool good = count == 0 || are_below(numbers, count, p.bits, base, limit);
    uint64_t *excess = unpack_excess(&p);
    size_t found = 0;
    for (size_t at = 0, gap = 0; good && next_excess(&at, &gap, &p, count); found++) {
        uint64_t number = numbers[at] + (excess[found] << p.bits);
        good = number < limit;
        numbers[at] = (uint32_t)number;
    }
    mem_free(excess);
    return good && found == p.excess_count;
}
