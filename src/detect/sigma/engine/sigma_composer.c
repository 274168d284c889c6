#include "sigma_composer.h"

#include "mem.h"

static void add_field(struct sigma_composer *c, const struct sigma_rules *rules, uint32_t slot,
                      const struct sigma_composed *how) {
    struct sigma_composer_field field = {.slot = slot, .how = how};
    field.part_slots = mem_calloc(how->parts.count + 1, sizeof *field.part_slots);
    for (size_t i = 0; i < how->parts.count; i++) {
        field.part_slots[i] = sigma_set_slot(rules, how->parts.items[i]);
    }
    MEM_GROW(c->fields, c->capacity, c->count + 1);
    c->fields[c->count++] = field;
}

void sigma_composer_init(struct sigma_composer *composer, const struct sigma_rules *rules) {
    *composer = (struct sigma_composer){.fields = NULL};
    for (uint32_t slot = 0; slot < rules->slot_count; slot++) {
        const struct sigma_composed *how =
            sigma_mapping_composed(rules->mapping, rules->slots[slot].name);
        if (how != NULL) {
            add_field(composer, rules, slot, how);
        }
    }
}

void sigma_composer_fini(struct sigma_composer *composer) {
    for (size_t i = 0; i < composer->count; i++) {
        mem_free(composer->fields[i].part_slots);
        buf_fini(&composer->fields[i].text);
    }
    mem_free(composer->fields);
    buf_fini(&composer->scratch);
    *composer = (struct sigma_composer){.fields = NULL};
}
