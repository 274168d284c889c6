#include "sigma_ranks.h"

#include <string.h>

#include "check.h"
#include "mem.h"

enum { FIRST_CAPACITY = 32, FEW = SIGMA_RANK_BLOCK / 4 };

void sigma_ranks_fini(struct sigma_ranks *ranks) {
    for (size_t i = 0; i < ranks->block_count; i++) {
        mem_free(ranks->blocks[i].numbers);
    }
    mem_free(ranks->blocks);
    memset(ranks, 0, sizeof *ranks);
}

size_t sigma_ranks_lower_bound(const double *numbers, size_t count, double number) {
    size_t from = 0;
    while (count > 0) {
        size_t half = count / 2;
        if (numbers[from + half] < number) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from;
}

/* --- blocks --- */

/* The first block whose last number is not below; block_count if there is none. */
static size_t find_block(const struct sigma_ranks *ranks, double number) {
    size_t from = 0;
    for (size_t count = ranks->block_count; count > 0;) {
        size_t half = count / 2;
        const struct sigma_rank_block *b = &ranks->blocks[from + half];
        if (b->numbers[b->count - 1] < number) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from;
}

static void reserve(struct sigma_ranks *ranks, struct sigma_rank_block *block, uint32_t wanted) {
    uint32_t capacity = block->capacity == 0 ? FIRST_CAPACITY : block->capacity;
    while (capacity < wanted) {
        capacity *= 2;
    }
    if (capacity > block->capacity) {
        block->numbers = mem_realloc(block->numbers, capacity, sizeof *block->numbers);
        ranks->bytes += (capacity - block->capacity) * sizeof *block->numbers;
        block->capacity = capacity;
    }
}

static struct sigma_rank_block *insert_block(struct sigma_ranks *ranks, size_t at) {
    size_t before = ranks->block_capacity;
    MEM_GROW(ranks->blocks, ranks->block_capacity, ranks->block_count + 1);
    ranks->bytes += (ranks->block_capacity - before) * sizeof *ranks->blocks;
    struct sigma_rank_block *block = &ranks->blocks[at];
    memmove(block + 1, block, (ranks->block_count - at) * sizeof *block);
    ranks->block_count++;
    *block = (struct sigma_rank_block){NULL, 0, 0};
    return block;
}

static void remove_block(struct sigma_ranks *ranks, size_t at) {
    struct sigma_rank_block *block = &ranks->blocks[at];
    mem_free(block->numbers);
    ranks->bytes -= block->capacity * sizeof *block->numbers;
    ranks->block_count--;
    memmove(block, block + 1, (ranks->block_count - at) * sizeof *block);
}

/* The upper half of a full block becomes the next one. */
static void split(struct sigma_ranks *ranks, size_t at) {
    struct sigma_rank_block *upper = insert_block(ranks, at + 1);
    struct sigma_rank_block *lower = &ranks->blocks[at];
    uint32_t moved = lower->count / 2;
    reserve(ranks, upper, moved);
    lower->count -= moved;
    upper->count = moved;
    memcpy(upper->numbers, lower->numbers + lower->count, moved * sizeof *upper->numbers);
}

/* Joins a block with the next one where both fit into half a block: many blocks with few numbers
 * would cost more memory than the numbers. */
static void join(struct sigma_ranks *ranks, size_t at) {
    if (at + 1 >= ranks->block_count) {
        return;
    }
    struct sigma_rank_block *lower = &ranks->blocks[at];
    const struct sigma_rank_block *upper = lower + 1;
    uint32_t both = lower->count + upper->count;
    if (both <= SIGMA_RANK_BLOCK / 2) {
        reserve(ranks, lower, both);
        memcpy(lower->numbers + lower->count, upper->numbers,
               upper->count * sizeof *upper->numbers);
        lower->count = both;
        remove_block(ranks, at + 1);
    }
}

/* --- numbers --- */

void sigma_ranks_add(struct sigma_ranks *ranks, double number) {
    size_t at = find_block(ranks, number);
    if (at == ranks->block_count) {
        at = at > 0 ? at - 1 : 0;
    }
    if (ranks->block_count == 0) {
        (void)insert_block(ranks, 0);
    } else if (ranks->blocks[at].count == SIGMA_RANK_BLOCK) {
        split(ranks, at);
        const struct sigma_rank_block *lower = &ranks->blocks[at];
        at += lower->numbers[lower->count - 1] < number ? 1 : 0;
    }
    struct sigma_rank_block *block = &ranks->blocks[at];
    reserve(ranks, block, block->count + 1);
    size_t place = sigma_ranks_lower_bound(block->numbers, block->count, number);
    memmove(block->numbers + place + 1, block->numbers + place,
            (block->count - place) * sizeof number);
    block->numbers[place] = number;
    block->count++;
    ranks->count++;
}

void sigma_ranks_remove(struct sigma_ranks *ranks, double number) {
    size_t at = find_block(ranks, number);
    CHECK(at < ranks->block_count);
    struct sigma_rank_block *block = &ranks->blocks[at];
    size_t place = sigma_ranks_lower_bound(block->numbers, block->count, number);
    CHECK(place < block->count);
    block->count--;
    ranks->count--;
    memmove(block->numbers + place, block->numbers + place + 1,
            (block->count - place) * sizeof number);
    if (block->count == 0) {
        remove_block(ranks, at);
    } else if (block->count < FEW) {
        join(ranks, at);
        join(ranks, at > 0 ? at - 1 : 0);
    }
}

double sigma_ranks_at(const struct sigma_ranks *ranks, size_t place) {
    size_t at = 0;
    CHECK(place < ranks->count);
    while (place >= ranks->blocks[at].count) {
        place -= ranks->blocks[at].count;
        at++;
    }
    return ranks->blocks[at].numbers[place];
}
