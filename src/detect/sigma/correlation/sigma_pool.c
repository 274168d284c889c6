#include "sigma_pool.h"

#include <string.h>

#include "check.h"
#include "mem.h"

void sigma_pool_init(struct sigma_pool *pool, size_t item_bytes) {
    memset(pool, 0, sizeof *pool);
    pool->item_bytes = item_bytes;
}

void sigma_pool_fini(struct sigma_pool *pool) {
    for (size_t i = 0; i < pool->chunk_count; i++) {
        mem_free(pool->chunks[i]);
    }
    mem_free(pool->chunks);
    memset(pool, 0, sizeof *pool);
}

static void add_chunk(struct sigma_pool *pool) {
    MEM_GROW(pool->chunks, pool->chunk_capacity, pool->chunk_count + 1);
    pool->chunks[pool->chunk_count++] = mem_alloc(SIGMA_POOL_CHUNK * pool->item_bytes);
}

uint32_t sigma_pool_take(struct sigma_pool *pool) {
    uint32_t index = pool->first_free;
    if (index != 0) {
        memcpy(&pool->first_free, sigma_pool_at(pool, index), sizeof pool->first_free);
    } else {
        CHECK(pool->next_new < UINT32_MAX); /* the bound on memory is met long before */
        index = ++pool->next_new;
        if (index / SIGMA_POOL_CHUNK >= pool->chunk_count) {
            add_chunk(pool);
        }
    }
    memset(sigma_pool_at(pool, index), 0, pool->item_bytes);
    return index;
}

void sigma_pool_give(struct sigma_pool *pool, uint32_t index) {
    memcpy(sigma_pool_at(pool, index), &pool->first_free, sizeof pool->first_free);
    pool->first_free = index;
}
