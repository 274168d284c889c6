/*
 * Arrays of 64-bit integers as few bytes that zstd can squeeze further (docs/formats/segment.md,
 * "Packed array"). Most forms lay the coded numbers out in byte planes (all low bytes first),
 * because neighbours in a plane are alike; a common power of ten is divided out.
 *
 * Bytes: form, power of ten, width in bytes (0..8), zigzag varint base, [u body length,] body. The
 * count is not stored: the caller knows it.
 *
 * Reading is in two steps: intpack_view finds the array's end without unpacking it (a constant is
 * known at once, one number of an offset array is read in place), intpack_unpack gives all numbers.
 * Nothing read is trusted. Threads: pure.
 */
#ifndef KONSEKI_INTPACK_H
#define KONSEKI_INTPACK_H

#include "buf.h"
#include "wire.h"

/* Stored: never renumber. */
enum intpack_form {
    INTPACK_CONSTANT = 0,
    INTPACK_OFFSET = 1,     /* from the base, the smallest */
    INTPACK_DIFFERENCE = 2, /* zigzag, to the number before */
    INTPACK_SECOND = 3,     /* zigzag, between two differences */
    INTPACK_ESCAPE = 4,     /* offsets: one byte, or 255 and the rest in planes of their own */
    INTPACK_RECENT = 5,     /* rank among the numbers met last, or new ones in planes */
    INTPACK_BITS = 6,       /* offsets of a few bits each; not for zstd, but fast */
    INTPACK_STEPS = 7,      /* differences likewise */
    INTPACK_FORM_COUNT
};

/* The cheapest form by a rough estimate. */
void intpack_encode(struct buf *out, const int64_t *values, size_t count);
/* A given form; false (nothing appended) if it cannot hold the numbers or is sure not to pay. */
bool intpack_encode_as(struct buf *out, const int64_t *values, size_t count,
                       enum intpack_form form);

struct intpack_view {
    enum intpack_form form;
    unsigned width;
    uint64_t factor;
    int64_t base;
    size_t count;
    struct str body; /* borrowed */
};

/* Takes one array of `count` numbers off the wire; false (and the wire failed) if its head is
 * malformed. */
bool intpack_view(struct intpack_view *out, size_t count, struct wire *w);
/* False if the body is malformed. */
bool intpack_unpack(int64_t *values, const struct intpack_view *view);
/* Numbers that are codes: false also if one of them is not below `limit`. */
bool intpack_unpack_small(uint32_t *values, const struct intpack_view *view, uint32_t limit);
/* True if *out is number `at` (< count), false if only unpacking tells. */
bool intpack_peek(int64_t *out, const struct intpack_view *view, size_t at);

/* The numbers [from, from + count) of those that are there; false (nothing is put out) if the form
 * tells them only after all before them were unpacked. Those before are gone through: who needs
 * many ranges unpacks all. */
bool intpack_unpack_range(int64_t *values, const struct intpack_view *view, size_t from,
                          size_t count);

/* View and unpack in one. */
bool intpack_decode(int64_t *values, size_t count, struct wire *w);

#endif
