/*
 * Numbers that return: each is the place in a list of the numbers met last (0 = the one before), or
 * 255 for one that is not in the list and comes from planes behind the ranks. A number that was met
 * moves to the front.
 *
 * Body: count ranks, then planes of the numbers that were not in the list.
 */
#include "buf.h"
#include "intpack_priv.h"
#include "mem.h"

enum { LIST = 64, NEW = 255 };

/* The numbers met last, the latest first. */
struct recent {
    uint64_t numbers[LIST];
    unsigned count;
};

static void move_to_front(struct recent *r, unsigned rank, uint64_t number) {
    memmove(r->numbers + 1, r->numbers, rank * sizeof *r->numbers);
    r->numbers[0] = number;
}

static void push(struct recent *r, uint64_t number) {
    if (r->count < LIST) {
        r->count++;
    }
    move_to_front(r, r->count - 1, number);
}

static unsigned rank_of(const struct recent *r, uint64_t number) {
    for (unsigned i = 0; i < r->count; i++) {
        if (r->numbers[i] == number) {
            return i;
        }
    }
    return NEW;
}

bool intpack_recent_encode(struct buf *out, const uint64_t *coded, size_t count, unsigned width) {
    struct recent recent = {.count = 0};
    uint64_t *fresh = mem_alloc((count + 1) * sizeof *fresh);
    uint8_t *ranks = (uint8_t *)buf_reserve(out, count);
    size_t fresh_count = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned rank = rank_of(&recent, coded[i]);
        ranks[i] = (uint8_t)rank;
        if (rank == NEW) {
            fresh[fresh_count++] = coded[i];
            push(&recent, coded[i]);
        } else {
            move_to_front(&recent, rank, coded[i]);
        }
    }
    bool pays = width >= 2 && fresh_count < count / 2 + count / 4;
    if (pays) {
        out->len += count;
        intpack_put_planes(out, fresh, fresh_count, width);
    }
    mem_free(fresh);
    return pays;
}

bool intpack_recent_decode(uint64_t *coded, size_t count, unsigned width, struct str body) {
    if (body.len < count) {
        return false;
    }
    const uint8_t *ranks = (const uint8_t *)body.ptr;
    size_t fresh_count = 0;
    for (size_t i = 0; i < count; i++) {
        fresh_count += ranks[i] == NEW;
    }
    if (body.len - count != fresh_count * width) {
        return false;
    }
    struct recent recent = {.count = 0};
    uint64_t *fresh = mem_alloc((fresh_count + 1) * sizeof *fresh);
    intpack_get_planes(fresh, fresh_count, ranks + count, width);
    bool good = true;
    for (size_t i = 0, at = 0; i < count && good; i++) {
        good = ranks[i] == NEW || ranks[i] < recent.count;
        if (good && ranks[i] == NEW) {
            push(&recent, fresh[at++]);
        } else if (good) {
            move_to_front(&recent, ranks[i], recent.numbers[ranks[i]]);
        }
        coded[i] = recent.numbers[0];
    }
    mem_free(fresh);
    return good;
}
