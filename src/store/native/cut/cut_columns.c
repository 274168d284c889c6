#include "cut_priv.h"

#include "hash.h"
#include "mem.h"

void cut_forget_columns(struct cutter *c) {
    c->column_count = 0;
    if (c->slots != NULL) {
        memset(c->slots, 0, c->slot_count * sizeof *c->slots);
    }
    for (int which = 0; which < 2; which++) {
        if (c->field_columns[which] != NULL) {
            memset(c->field_columns[which], 0,
                   c->field_capacity[which] * sizeof *c->field_columns[which]);
        }
    }
}

static void rebuild_slots(struct cutter *c) {
    c->slot_count = c->slot_count == 0 ? 256 : c->slot_count * 2;
    mem_free(c->slots);
    c->slots = mem_calloc(c->slot_count, sizeof *c->slots);
    for (size_t i = 0; i < c->column_count; i++) {
        uint32_t at = (uint32_t)c->columns[i].key & (c->slot_count - 1);
        while (c->slots[at] != 0) {
            at = (at + 1) & (c->slot_count - 1);
        }
        c->slots[at] = (uint32_t)i + 1;
    }
}

uint32_t cut_find_column(struct cutter *c, enum column_kind kind, uint32_t field, uint64_t detail) {
    uint64_t key =
        hash_u64(detail << 34 ^ (uint64_t)field << 2 ^ (uint64_t)kind ^ hash_u64(detail >> 30));
    if (c->column_count * 2 >= c->slot_count) {
        rebuild_slots(c);
    }
    uint32_t at = (uint32_t)key & (c->slot_count - 1);
    for (; c->slots[at] != 0; at = (at + 1) & (c->slot_count - 1)) {
        const struct cut_column *column = &c->columns[c->slots[at] - 1];
        if (column->key == key && column->kind == kind && column->field == field) {
            return c->slots[at] - 1;
        }
    }
    if (c->column_count >= c->max_gap_columns * 2 - GAP_SHARED_COLUMNS && detail != UINT64_MAX) {
        /* Too many: any column can hold any variable, so the rest shares one a kind. */
        return cut_find_column(c, kind, FIELD_NONE, UINT64_MAX);
    }
    MEM_GROW(c->columns, c->column_capacity, c->column_count + 1);
    c->columns[c->column_count] = (struct cut_column){key, kind, field};
    c->slots[at] = (uint32_t)++c->column_count;
    return c->slots[at] - 1;
}

uint32_t cut_field_column(struct cutter *c, enum column_kind kind, uint32_t field) {
    size_t which = kind == COLUMN_OF_EXTRA;
    if (field >= c->field_capacity[which]) {
        size_t wanted = mem_next_capacity(c->field_capacity[which], (size_t)field + 1);
        uint32_t *grown = mem_realloc(c->field_columns[which], wanted, sizeof *grown);
        memset(grown + c->field_capacity[which], 0,
               (wanted - c->field_capacity[which]) * sizeof *grown);
        c->field_columns[which] = grown;
        c->field_capacity[which] = wanted;
    }
    uint32_t *known = &c->field_columns[which][field];
    if (*known == 0) {
        *known = cut_find_column(c, kind, field, 0) + 1;
    }
    return *known - 1;
}
