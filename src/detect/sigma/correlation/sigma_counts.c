#include "sigma_counts.h"

#include "check.h"
#include "mem.h"

enum { FIRST_PLACES = 1024 };

void sigma_counts_fini(struct sigma_counts *counts) {
    mem_free(counts->places);
    *counts = (struct sigma_counts){NULL, 0, 0};
}

/* The key's place, or the free one where it would go. */
static size_t find(const struct sigma_counts *c, uint64_t key) {
    size_t i = key & (c->place_count - 1);
    while (c->places[i].count != 0 && c->places[i].key != key) {
        i = (i + 1) & (c->place_count - 1);
    }
    return i;
}

static void grow(struct sigma_counts *c) {
    struct sigma_counts more = {
        .place_count = c->place_count == 0 ? FIRST_PLACES : c->place_count * 2, .used = c->used};
    more.places = mem_calloc(more.place_count, sizeof *more.places);
    for (size_t i = 0; i < c->place_count; i++) {
        if (c->places[i].count != 0) {
            more.places[find(&more, c->places[i].key)] = c->places[i];
        }
    }
    mem_free(c->places);
    *c = more;
}

uint32_t sigma_counts_add(struct sigma_counts *c, uint64_t key) {
    if (c->used * 4 >= c->place_count * 3) {
        grow(c);
    }
    struct sigma_count *place = &c->places[find(c, key)];
    c->used += place->count == 0;
    place->key = key;
    return ++place->count;
}

/* Closes the gap: keys behind it that would not be found any more move up. */
static void remove_at(struct sigma_counts *c, size_t gap) {
    size_t mask = c->place_count - 1;
    for (size_t i = (gap + 1) & mask; c->places[i].count != 0; i = (i + 1) & mask) {
        size_t home = c->places[i].key & mask;
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            c->places[gap] = c->places[i];
            gap = i;
        }
    }
    c->places[gap].count = 0;
    c->used--;
}

uint32_t sigma_counts_sub(struct sigma_counts *c, uint64_t key) {
    CHECK(c->place_count > 0);
    size_t at = find(c, key);
    CHECK(c->places[at].count > 0);
    uint32_t left = --c->places[at].count;
    if (left == 0) {
        remove_at(c, at);
    }
    return left;
}

uint32_t sigma_counts_get(const struct sigma_counts *c, uint64_t key) {
    return c->place_count == 0 ? 0 : c->places[find(c, key)].count;
}
