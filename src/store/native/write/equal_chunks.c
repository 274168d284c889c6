#include "equal_chunks.h"

#include "mem.h"

enum { FIRST_SLOTS = 256 };

void equal_chunks_fini(struct equal_chunks *c) {
    mem_free(c->slots);
    *c = (struct equal_chunks){.slots = NULL};
}

size_t equal_chunks_memory(const struct equal_chunks *c) {
    return c->slot_count * sizeof *c->slots;
}

/* Where the chunk is, or the free slot where it would go. */
static struct known_chunk *find_slot(const struct equal_chunks *c, uint64_t hash,
                                     size_t plain_len) {
    uint32_t at = (uint32_t)hash & (c->slot_count - 1);
    while (c->slots[at].ref.stored_len != 0 &&
           (c->slots[at].hash != hash || c->slots[at].ref.plain_len != plain_len)) {
        at = (at + 1) & (c->slot_count - 1);
    }
    return &c->slots[at];
}

static void grow(struct equal_chunks *c) {
    struct equal_chunks old = *c;
    c->slot_count = old.slot_count == 0 ? FIRST_SLOTS : old.slot_count * 2;
    c->slots = mem_calloc(c->slot_count, sizeof *c->slots);
    for (uint32_t i = 0; i < old.slot_count; i++) {
        if (old.slots[i].ref.stored_len != 0) {
            *find_slot(c, old.slots[i].hash, old.slots[i].ref.plain_len) = old.slots[i];
        }
    }
    mem_free(old.slots);
}

const struct chunk_ref *equal_chunks_find(const struct equal_chunks *c, uint64_t hash,
                                          size_t plain_len) {
    if (c->slot_count == 0) {
        return NULL;
    }
    const struct known_chunk *known = find_slot(c, hash, plain_len);
    return known->ref.stored_len == 0 ? NULL : &known->ref;
}

void equal_chunks_add(struct equal_chunks *c, uint64_t hash, const struct chunk_ref *ref) {
    if (c->count >= c->slot_count / 2) {
        grow(c);
    }
    struct known_chunk *slot = find_slot(c, hash, ref->plain_len);
    c->count += slot->ref.stored_len == 0;
    *slot = (struct known_chunk){hash, *ref};
}
