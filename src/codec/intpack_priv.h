/* What the forms of packed arrays share. Coded numbers are offsets from the base, `width` bytes. */
#ifndef KONSEKI_INTPACK_PRIV_H
#define KONSEKI_INTPACK_PRIV_H

#include "buf.h"

static inline unsigned intpack_bits(uint64_t value) {
    return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}
/* Bytes that hold the number. */
unsigned intpack_width(uint64_t widest);
void intpack_put_planes(struct buf *out, const uint64_t *coded, size_t count, unsigned width);
/* Each number is `base` more than its planes say. */
void intpack_get_planes(uint64_t *numbers, size_t count, const uint8_t *planes, unsigned width,
                        uint64_t base);

/* The number from which on the most of those not below `floor` are each one above the largest
 * before: where codes of a dictionary in the order of first use go on. */
uint64_t intpack_first_next(const uint64_t *coded, size_t count, uint64_t floor);

/* What ESCAPE and RECENT have in common: a byte a number, of which two stand for numbers that a
 * byte does not tell. */
enum {
    INTPACK_NEXT = 254, /* the next one that was not met before, counted up from a start */
    INTPACK_OTHER = 255 /* any: it is in the planes behind the bytes */
};
struct intpack_bytes {
    uint64_t next;
    const uint8_t *bytes; /* count of them; borrowed */
    uint64_t *rest;       /* the others, in order, each `rest_base` more than stored; mem_free */
};
bool intpack_take_bytes(struct intpack_bytes *out, size_t count, unsigned width, struct str body,
                        uint64_t rest_base);

/* Encoders: false if the form does not pay. Decoders: false if the body is malformed; the numbers
 * that come out have the base added. */
bool intpack_escape_encode(struct buf *out, const uint64_t *coded, size_t count, unsigned width);
bool intpack_escape_decode(uint64_t *numbers, size_t count, unsigned width, struct str body,
                           uint64_t base);
/* False also if a number is not below the limit. */
bool intpack_escape_small(uint32_t *numbers, size_t count, unsigned width, struct str body,
                          uint32_t base, uint32_t limit);
bool intpack_recent_encode(struct buf *out, const uint64_t *coded, size_t count, unsigned width);
bool intpack_recent_decode(uint64_t *numbers, size_t count, unsigned width, struct str body,
                           uint64_t base);
bool intpack_recent_small(uint32_t *numbers, size_t count, unsigned width, struct str body,
                          uint32_t base, uint32_t limit);
void intpack_bits_encode(struct buf *out, const uint64_t *coded, size_t count);
bool intpack_bits_decode(uint64_t *numbers, size_t count, struct str body, uint64_t base);
bool intpack_bits_small(uint32_t *numbers, size_t count, struct str body, uint32_t base,
                        uint32_t limit);

#endif
