/*
 * Numbers that return: each is the place in a list of the numbers met last (0 = the one before);
 * 254 stands for the next number that was not met before, counted up from a start; 255 for any
 * other, which comes from planes behind the ranks. A number that was met moves to the front.
 *
 * Body: u start, count ranks, then planes of the other numbers.
 */
#include "intpack_priv.h"
#include "mem.h"
#include "wire.h"

enum { LIST = 64, NEXT = 254, OTHER = 255 };

/* The numbers met last, the latest first. */
struct recent {
    uint64_t numbers[LIST];
    unsigned count;
};

static void move_to_front(struct recent *r, unsigned rank, uint64_t number) {
    if (rank > 16) {
        memmove(r->numbers + 1, r->numbers, rank * sizeof *r->numbers);
    } else { /* most moves are short: calling memmove costs more */
        for (unsigned i = rank; i > 0; i--) {
            r->numbers[i] = r->numbers[i - 1];
        }
    }
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
    return OTHER;
}

/* Puts the number to the front, wherever it came from. */
static void meet(struct recent *r, unsigned rank, uint64_t number) {
    if (rank >= NEXT) {
        push(r, number);
    } else {
        move_to_front(r, rank, number);
    }
}

bool intpack_recent_encode(struct buf *out, const uint64_t *coded, size_t count, unsigned width) {
    struct recent recent = {.count = 0};
    uint64_t next = intpack_first_next(coded, count, 0);
    uint64_t *rest = mem_alloc((count + 1) * sizeof *rest);
    size_t other = 0;
    wire_put_u64(out, next);
    uint8_t *ranks = (uint8_t *)buf_reserve(out, count);
    for (size_t i = 0; i < count; i++) {
        unsigned rank = rank_of(&recent, coded[i]);
        if (rank == OTHER && coded[i] == next) {
            rank = NEXT;
            next++;
        } else if (rank == OTHER) {
            rest[other++] = coded[i];
        }
        ranks[i] = (uint8_t)rank;
        meet(&recent, rank, coded[i]);
    }
    bool pays = width >= 2 && other < count / 2 + count / 4;
    if (pays) {
        out->len += count;
        intpack_put_planes(out, rest, other, width);
    }
    mem_free(rest);
    return pays;
}

bool intpack_recent_decode(uint64_t *numbers, size_t count, unsigned width, struct str body,
                           uint64_t base) {
    struct wire w = wire_make(body.ptr, body.len);
    uint64_t next = wire_u64(&w);
    struct str ranks = wire_bytes(&w, count);
    size_t other = 0;
    for (size_t i = 0; i < ranks.len; i++) {
        other += (uint8_t)ranks.ptr[i] == OTHER;
    }
    if (w.failed || wire_left(&w) != other * width) {
        return false;
    }
    struct recent recent = {.count = 0};
    uint64_t *rest = mem_alloc((other + 1) * sizeof *rest);
    intpack_get_planes(rest, other, w.at, width, 0);
    bool good = true;
    for (size_t i = 0, at = 0; i < count && good; i++) {
        unsigned rank = (uint8_t)ranks.ptr[i];
        good = rank >= NEXT || rank < recent.count;
        if (good) {
            uint64_t coded = rank == OTHER  ? rest[at++]
                             : rank == NEXT ? next++
                                            : recent.numbers[rank];
            meet(&recent, rank, coded);
            numbers[i] = base + coded;
        }
    }
    mem_free(rest);
    return good;
}
