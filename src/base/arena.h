/*
 * Bump allocator: many small things that die together. Blocks grow from 1 to 64 KiB; arena_reset
 * keeps the last one. Returned memory lives until reset/fini; it is aligned to 16 bytes, but for
 * texts. No thread safety.
 */
#ifndef KONSEKI_ARENA_H
#define KONSEKI_ARENA_H

#include "str.h"

struct arena_block;

struct arena {
    struct arena_block *first;
    struct arena_block *current;
    size_t used; /* bytes used of the current block */
};

#define ARENA_INIT ((struct arena){NULL, NULL, 0})

void arena_fini(struct arena *a);
void arena_reset(struct arena *a);
/* Zero-filled. */
void *arena_alloc(struct arena *a, size_t size);
/* count * size checked for overflow; zero-filled. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* A copy of s that is followed by a NUL byte (not counted in len). */
struct str arena_str(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
