#include "sigma_binding.h"

#include "mem.h"
#include "windows_names.h"

void sigma_binding_destroy(struct sigma_binding **binding) {
    struct sigma_binding *b = *binding;
    if (b == NULL) {
        return;
    }
    for (size_t d = 0; d < DATASET_COUNT; d++) {
        for (size_t f = 0; f < b->datasets[d].capacity; f++) {
            sigma_ids_fini(&b->datasets[d].fields[f].slots);
            sigma_ids_fini(&b->datasets[d].fields[f].last_part_slots);
        }
        mem_free(b->datasets[d].fields);
    }
    for (size_t i = 0; i < SIGMA_ATTRIBUTE_COUNT; i++) {
        buf_fini(&b->attributes[i].text);
    }
    mem_free(b);
    *binding = NULL;
}

struct sigma_binding *sigma_binding_of(struct sigma_matcher *m) {
    struct sigma_binding **place = sigma_matcher_binding(m);
    if (*place == NULL) {
        struct sigma_binding *b = mem_calloc(1, sizeof *b);
        b->attributes[0] = (struct sigma_attribute){"EventRecordID", FIELD_RECORD_ID, 0, BUF_INIT};
        b->attributes[1] =
            (struct sigma_attribute){"TimeCreated_SystemTime", FIELD_TIMESTAMP, 0, BUF_INIT};
        for (size_t i = 0; i < SIGMA_ATTRIBUTE_COUNT; i++) {
            b->attributes[i].slot =
                sigma_set_slot(sigma_matcher_rules(m), str_from_c(b->attributes[i].name));
        }
        *place = b;
    }
    return *place;
}

/* --- working out a field --- */

static void bind_name(const struct sigma_rules *rules, struct sigma_ids *slots, struct str name) {
    uint32_t slot = sigma_set_slot(rules, name);
    for (size_t i = 0; i < slots->count; i++) {
        if (slots->ids[i] == slot) {
            return;
        }
    }
    if (slot != INTERN_NONE && slot != SIGMA_KEYWORD_SLOT) {
        sigma_ids_add(slots, slot);
    }
}

static void bind_windows(const struct sigma_rules *rules, struct sigma_bound_field *bound,
                         uint32_t field) {
    struct buf name = BUF_INIT;
    if (windows_flat_name(&name, field)) {
        bound->is_native = true;
        bind_name(rules, &bound->slots, buf_str(&name));
    }
    if (!str_eq(buf_str(&name), schema_name(field))) {
        bind_name(rules, &bound->slots, schema_name(field));
    }
    buf_fini(&name);
}

static void bind_other(const struct sigma_rules *rules, struct sigma_bound_field *bound,
                       uint32_t field, const struct dataset_info *info) {
    struct str name = schema_name(field);
    bound->is_native = true;
    bind_name(rules, &bound->slots, name);
    if (str_starts(name, info->name) && name.len > info->name.len &&
        name.ptr[info->name.len] == '.') {
        bind_name(rules, &bound->slots, str_skip(name, info->name.len + 1));
    }
}

/* What the mapping calls the field in rows of the family. */
static void bind_mapped(const struct sigma_rules *rules, struct sigma_bound_field *bound,
                        uint32_t field, const struct dataset_info *info) {
    struct str name = schema_name(field);
    for (size_t i = 0; i < rules->mapping->field_count; i++) {
        const struct sigma_field_row *row = &rules->mapping->fields[i];
        enum sigma_meaning meaning = sigma_field_row_is_of(row, info->name, info->family)
                                         ? sigma_field_row_means(row, name)
                                         : SIGMA_NOT_MEANT;
        if (meaning != SIGMA_NOT_MEANT) {
            bool last = meaning == SIGMA_MEANS_LAST_PART;
            bind_name(rules, last ? &bound->last_part_slots : &bound->slots, str_from_c(row->name));
        }
    }
}

const struct sigma_bound_field *sigma_binding_learn(struct sigma_binding *binding,
                                                    const struct sigma_rules *rules,
                                                    const struct sigma_origin *origin,
                                                    uint32_t field) {
    struct sigma_bound_dataset *d = &binding->datasets[origin->dataset];
    if (field >= d->capacity) {
        size_t before = d->capacity;
        MEM_GROW(d->fields, d->capacity, (size_t)field + 1);
        memset(d->fields + before, 0, (d->capacity - before) * sizeof *d->fields);
    }
    struct sigma_bound_field *bound = &d->fields[field];
    bound->is_known = true;
    if (origin->is_windows) {
        bind_windows(rules, bound, field);
    } else {
        bind_other(rules, bound, field, dataset_info(origin->dataset));
    }
    bind_mapped(rules, bound, field, dataset_info(origin->dataset));
    return bound;
}
