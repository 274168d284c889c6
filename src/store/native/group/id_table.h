/*
 * A table from 64-bit keys to small dense ids (0, 1, 2 ... in the order in which keys come), with a
 * number of the user's beside each. Keys may be hostile: their hash is mixed, and what a segment
 * can put in is bounded by its rows.
 *
 * Threads: one. Cost: about 5 ns while the table is in the cache.
 */
#ifndef KONSEKI_ID_TABLE_H
#define KONSEKI_ID_TABLE_H

#include "hash.h"

struct id_slot {
    uint64_t key;
    uint32_t id_plus_1; /* 0: free */
    uint32_t value;     /* the user's; 0 when the key is new */
};

/* All zero is an empty table. */
struct id_table {
    struct id_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    uint32_t count;
};

void id_table_fini(struct id_table *t);
void id_table_grow(struct id_table *t);

/* The slot of the key, valid until the next one is added. A new key gets the id `count` (before);
 * the user may give it another one. */
static inline struct id_slot *id_table_add(struct id_table *t, uint64_t key) {
    if ((size_t)t->count * 3 >= t->slot_count * 2) { /* a third stays free */
        id_table_grow(t);
    }
    size_t mask = t->slot_count - 1;
    size_t at = (size_t)hash_u64(key) & mask;
    while (t->slots[at].id_plus_1 != 0 && t->slots[at].key != key) {
        at = (at + 1) & mask;
    }
    struct id_slot *slot = &t->slots[at];
    if (slot->id_plus_1 == 0) {
        slot->key = key;
        slot->id_plus_1 = ++t->count;
    }
    return slot;
}

static inline void id_table_prefetch(const struct id_table *t, uint64_t key) {
    if (t->slot_count > 0) {
        __builtin_prefetch(&t->slots[(size_t)hash_u64(key) & (t->slot_count - 1)]);
    }
}

static inline size_t id_table_bytes(const struct id_table *t) {
    return t->slot_count * sizeof *t->slots;
}

#endif
