#include "key_set.h"

#include "mem.h"

/* Sets grow by large steps: who has some hundred keys mostly has many. */
enum { FIRST_SLOTS = 1024, FEW_SLOTS = 1 << 16, FEW_FACTOR = 8, FACTOR = 4, AHEAD = 12 };

void key_set_fini(struct key_set *set) {
    mem_free(set->slots);
    mem_free(set->times);
    *set = (struct key_set){.slots = NULL};
}

size_t key_set_bytes(const struct key_set *set) {
    return set->slot_count * (sizeof *set->slots + (set->times != NULL ? sizeof *set->times : 0));
}

/* The slot of `entry` (key + 1), or the free one where it would go. */
static size_t find(const uint64_t *slots, size_t slot_count, uint64_t entry) {
    size_t at = (size_t)hash_u64(entry) & (slot_count - 1);
    while (slots[at] != entry && slots[at] != 0) {
        at = (at + 1) & (slot_count - 1);
    }
    return at;
}

static void grow(struct key_set *set, bool counted) {
    size_t factor = set->slot_count < FEW_SLOTS ? FEW_FACTOR : FACTOR;
    size_t slot_count = set->slot_count == 0 ? FIRST_SLOTS : set->slot_count * factor;
    uint64_t *slots = mem_calloc(slot_count, sizeof *slots);
    uint32_t *times = counted ? mem_calloc(slot_count, sizeof *times) : NULL;
    for (size_t i = 0; i < set->slot_count; i++) {
        if (set->slots[i] != 0) {
            size_t at = find(slots, slot_count, set->slots[i]);
            slots[at] = set->slots[i];
            if (counted) {
                times[at] = set->times[i];
            }
        }
    }
    mem_free(set->slots);
    mem_free(set->times);
    set->slots = slots;
    set->times = times;
    set->slot_count = slot_count;
}

static void add_all(struct key_set *set, const uint32_t *firsts, const uint32_t *seconds,
                    uint32_t count) {
    uint64_t *slots = set->slots; /* locals: slots could be part of *set for the compiler */
    size_t slot_count = set->slot_count;
    uint32_t *times = set->times;
    size_t added = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i + AHEAD < count) {
            uint64_t later = ((uint64_t)firsts[i + AHEAD] << 32) + seconds[i + AHEAD] + 1;
            __builtin_prefetch(&slots[(size_t)hash_u64(later) & (slot_count - 1)]);
        }
        uint64_t entry = ((uint64_t)firsts[i] << 32) + seconds[i] + 1;
        size_t at = find(slots, slot_count, entry);
        added += slots[at] == 0;
        slots[at] = entry;
        if (times != NULL) {
            times[at]++;
        }
    }
    set->count += added;
}

void key_set_add(struct key_set *set, const uint32_t *firsts, const uint32_t *seconds,
                 uint32_t count, bool counted) {
    while ((set->count + count) * 2 >= set->slot_count) { /* half stays free */
        grow(set, counted);
    }
    add_all(set, firsts, seconds, count);
}
