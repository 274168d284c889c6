/*
 * Many small objects of one size, addressed by index: 4 bytes instead of a pointer, and nothing
 * moves when the pool grows. Index 0 stands for "none". Freed objects are used again first. Not
 * thread-safe.
 */
#ifndef KONSEKI_SIGMA_POOL_H
#define KONSEKI_SIGMA_POOL_H

#include <stddef.h>
#include <stdint.h>

enum { SIGMA_POOL_CHUNK = 4096 };

struct sigma_pool {
    char **chunks;
    size_t chunk_count;
    size_t chunk_capacity;
    size_t item_bytes; /* at least 4 */
    uint32_t next_new; /* objects given out so far, freed ones too; 0 before the first */
    uint32_t first_free;
};

void sigma_pool_init(struct sigma_pool *pool, size_t item_bytes);
void sigma_pool_fini(struct sigma_pool *pool);
/* Zero-filled. The limit on memory is the caller's (sigma_pool_bytes). */
uint32_t sigma_pool_take(struct sigma_pool *pool);
void sigma_pool_give(struct sigma_pool *pool, uint32_t index);

static inline void *sigma_pool_at(const struct sigma_pool *pool, uint32_t index) {
    return pool->chunks[index / SIGMA_POOL_CHUNK] + (index % SIGMA_POOL_CHUNK) * pool->item_bytes;
}

#endif
