#include "unsealed.h"

#include "check.h"
#include "mem.h"

/* Numbers of names in the batch that is being added, as names of one dataset's batch. */
struct name_map {
    uint32_t *ids; /* per dataset and name; INTERN_NONE: not looked up yet */
    uint32_t count;
};

static size_t batch_bytes(const struct batch *b) {
    return b->raw.len + b->text.len + b->row_count * sizeof *b->rows +
           b->value_count * sizeof *b->values;
}

void unsealed_fini(struct unsealed *u) {
    for (int d = 0; d < DATASET_COUNT; d++) {
        struct batch *b = u->batches[d];
        if (b != NULL) {
            batch_fini(b);
            mem_free(b);
            u->batches[d] = NULL;
        }
    }
    u->bytes = 0;
}

static uint32_t map_name(struct name_map *map, struct batch *to, const struct batch *from,
                         enum dataset dataset, uint32_t name) {
    uint32_t *id = &map->ids[(size_t)dataset * map->count + name];
    if (*id == INTERN_NONE) {
        *id = intern_add(&to->names, intern_text(&from->names, name));
    }
    return *id;
}

static void copy_values(struct batch *to, const struct batch *from, const struct row *row,
                        uint32_t raw_shift) {
    MEM_GROW(to->values, to->value_capacity, to->value_count + row->value_count);
    for (uint32_t i = 0; i < row->value_count; i++) {
        struct value v = from->values[row->first_value + i];
        if (v.transform == TRANSFORM_SAME) {
            v.text_off += raw_shift;
        } else {
            v.raw_off += raw_shift;
            const char *text = from->text.ptr + v.text_off;
            v.text_off = (uint32_t)to->text.len;
            buf_append(&to->text, text, v.text_len);
        }
        to->values[to->value_count++] = v;
    }
}

static void add_row(struct unsealed *u, const struct batch *from, const struct row *row,
                    struct name_map *map) {
    enum dataset dataset = dataset_home((enum dataset)row->dataset);
    CHECK(row->dataset < DATASET_COUNT && batch_slices_are_own(from, row));
    if (u->batches[dataset] == NULL) {
        u->batches[dataset] = mem_calloc(1, sizeof **u->batches);
    }
    struct batch *to = u->batches[dataset];
    size_t before = batch_bytes(to);
    size_t raw_off = to->raw.len;
    buf_add(&to->raw, batch_raw(from, row));
    struct row *copy = batch_row_begin(to, raw_off, row->raw_len);
    uint32_t first_value = copy->first_value;
    *copy = *row;
    copy->raw_off = (uint32_t)raw_off;
    copy->first_value = first_value;
    copy->source = map_name(map, to, from, dataset, row->source);
    if (row->origin != INTERN_NONE) {
        copy->origin = map_name(map, to, from, dataset, row->origin);
    }
    copy_values(to, from, row, (uint32_t)raw_off - row->raw_off);
    u->bytes += batch_bytes(to) - before;
}

void unsealed_add(struct unsealed *u, const struct batch *batch) {
    struct name_map map = {.count = batch->names.count};
    size_t cells = (size_t)map.count * DATASET_COUNT;
    map.ids = mem_alloc((cells + 1) * sizeof *map.ids);
    memset(map.ids, 0xff, cells * sizeof *map.ids);
    for (size_t i = 0; i < batch->row_count; i++) {
        add_row(u, batch, &batch->rows[i], &map);
    }
    mem_free(map.ids);
}
