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

enum { LIST = 64 };

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
    return INTPACK_OTHER;
}

/* Puts the number to the front, wherever it came from. */
static void meet(struct recent *r, unsigned rank, uint64_t number) {
    if (rank >= INTPACK_NEXT) {
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
        if (rank == INTPACK_OTHER && coded[i] == next) {
            rank = INTPACK_NEXT;
            next++;
        } else if (rank == INTPACK_OTHER) {
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

/* --- decoding --- */

/* The list again, as it is read: numbers stay in their slots, only the order of the slots changes,
 * a byte each. */
struct read_list {
    uint64_t numbers[LIST]; /* by slot */
    uint64_t order[LIST / 8];
    unsigned count;
};

static void read_list_init(struct read_list *l) {
    l->count = 0;
    for (unsigned i = 0; i < LIST / 8; i++) {
        l->order[i] = UINT64_C(0x0706050403020100) + i * UINT64_C(0x0808080808080808);
    }
}

/* The slot at the rank, which moves to the front. */
static inline unsigned take_front(uint64_t *order, unsigned rank) {
    unsigned word = rank / 8;
    unsigned shift = 8 * (rank % 8);
    unsigned slot = (unsigned)(order[word] >> shift & 0xff);
    uint64_t carry = slot;
    for (unsigned i = 0; i < word; i++) {
        uint64_t next = order[i] >> 56;
        order[i] = order[i] << 8 | carry;
        carry = next;
    }
    uint64_t below = (UINT64_C(1) << shift) - 1;
    uint64_t above = ~(below << 8 | 0xff);
    order[word] = (order[word] & above) | (order[word] & below) << 8 | carry;
    return slot;
}

/* The number that a rank stands for; false: there is none. */
static inline bool read_rank(uint64_t *out, struct read_list *l, uint64_t *next,
                             const uint64_t **rest, unsigned rank) {
    if (rank < l->count) {
        *out = l->numbers[take_front(l->order, rank)];
        return true;
    }
    if (rank < INTPACK_NEXT) {
        return false;
    }
    *out = rank == INTPACK_NEXT ? (*next)++ : *(*rest)++;
    unsigned last = l->count < LIST ? l->count++ : LIST - 1;
    l->numbers[take_front(l->order, last)] = *out;
    return true;
}

/* Being read. */
struct reader {
    struct intpack_bytes body;
    const uint64_t *rest;
    struct read_list list;
};

static bool reader_init(struct reader *out, size_t count, unsigned width, struct str body) {
    if (!intpack_take_bytes(&out->body, count, width, body, 0)) {
        return false;
    }
    out->rest = out->body.rest;
    read_list_init(&out->list);
    return true;
}

static inline bool read_number(uint64_t *out, struct reader *r, size_t i) {
    return read_rank(out, &r->list, &r->body.next, &r->rest, r->body.bytes[i]);
}

bool intpack_recent_decode(uint64_t *numbers, size_t count, unsigned width, struct str body,
                           uint64_t base) {
    struct reader r;
    bool good = reader_init(&r, count, width, body);
    if (!good) {
        return false;
    }
    for (size_t i = 0; i < count && good; i++) {
        uint64_t coded = 0;
        good = read_number(&coded, &r, i);
        numbers[i] = base + coded;
    }
    mem_free(r.body.rest);
    return good;
}

bool intpack_recent_small(uint32_t *numbers, size_t count, unsigned width, struct str body,
                          uint32_t base, uint32_t limit) {
    struct reader r;
    bool good = reader_init(&r, count, width, body);
    if (!good) {
        return false;
    }
    for (size_t i = 0; i < count && good; i++) {
        uint64_t coded = 0;
        good = read_number(&coded, &r, i) && coded + base < limit && coded < limit;
        numbers[i] = base + (uint32_t)coded;
    }
    mem_free(r.body.rest);
    return good;
}
