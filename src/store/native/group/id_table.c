#include "id_table.h"

#include "mem.h"

enum { FIRST_SLOTS = 256, FEW_SLOTS = 16384 };

void id_table_fini(struct id_table *t) {
    mem_free(t->slots);
    *t = (struct id_table){.slots = NULL};
}

void id_table_grow(struct id_table *t) {
    size_t factor = t->slot_count < FEW_SLOTS ? 8 : 2;
    size_t slot_count = t->slot_count == 0 ? FIRST_SLOTS : t->slot_count * factor;
    struct id_slot *slots = mem_calloc(slot_count, sizeof *slots);
    for (size_t i = 0; i < t->slot_count; i++) {
        if (t->slots[i].id_plus_1 != 0) {
            size_t at = (size_t)hash_u64(t->slots[i].key) & (slot_count - 1);
            while (slots[at].id_plus_1 != 0) {
                at = (at + 1) & (slot_count - 1);
            }
            slots[at] = t->slots[i];
        }
    }
    mem_free(t->slots);
    t->slots = slots;
    t->slot_count = slot_count;
}
