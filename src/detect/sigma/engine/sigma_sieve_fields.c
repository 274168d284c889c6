#include "sigma_sieve_fields.h"

#include "mem.h"
#include "windows_names.h"

/* Attributes of rows have names of their own in rules: not among a row's values. */
static const struct str attribute_names[] = {STR_INIT("EventRecordID"),
                                             STR_INIT("TimeCreated_SystemTime")};

static void add(struct sigma_sieve_fields *out, uint32_t slot, uint32_t field, bool last_part) {
    if (field == FIELD_NONE || schema_is_attribute(field)) {
        return;
    }
    struct str name = schema_name(field); /* one text a field */
    for (size_t i = out->count; i > 0 && out->items[i - 1].slot == slot; i--) {
        if (out->items[i - 1].name.ptr == name.ptr && out->items[i - 1].last_part == last_part) {
            return;
        }
    }
    MEM_GROW(out->items, out->capacity, out->count + 1);
    out->items[out->count++] = (struct sigma_sieve_field){slot, name, false, last_part};
}

static void add_mapped(struct sigma_sieve_fields *out, const struct sigma_mapping *mapping,
                       uint32_t slot, struct str name) {
    for (size_t i = 0; i < mapping->field_count; i++) {
        struct str rest = str_from_c(mapping->fields[i].fields);
        struct str field;
        enum sigma_meaning meaning;
        bool is_meant = str_eq(str_from_c(mapping->fields[i].name), name);
        while (is_meant && sigma_field_row_next(&field, &meaning, &rest)) {
            add(out, slot, schema_field(field), meaning == SIGMA_MEANS_LAST_PART);
        }
    }
}

/* "zeek.conn.proto": what devices call a field, behind the dataset's name. */
static void add_of_datasets(struct sigma_sieve_fields *out, uint32_t slot, struct str name,
                            uint64_t datasets) {
    struct buf full = BUF_INIT;
    for (int d = DATASET_UNKNOWN + 1; d < DATASET_COUNT; d++) {
        if ((datasets >> d & 1) == 0) {
            continue;
        }
        buf_clear(&full);
        buf_printf(&full, "%.*s.%.*s", STR_ARG(dataset_info((enum dataset)d)->name), STR_ARG(name));
        add(out, slot, schema_field(buf_str(&full)), false);
    }
    buf_fini(&full);
}

/* Keywords look at every part of an event of Windows. */
static void add_keywords(struct sigma_sieve_fields *out) {
    static const struct str patterns[] = {STR_INIT("winlog.event_data.*"),
                                          STR_INIT("winlog.system.*")};
    struct str part;
    for (uint32_t field = 0; field < FIELD_STATIC_COUNT; field++) {
        if (windows_part_of(&part, field) != WINDOWS_NO_PART) {
            add(out, SIGMA_KEYWORD_SLOT, field, false);
        }
    }
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        MEM_GROW(out->items, out->capacity, out->count + 1);
        out->items[out->count++] =
            (struct sigma_sieve_field){SIGMA_KEYWORD_SLOT, patterns[i], true, false};
    }
}

static bool is_opaque(struct str name) {
    bool is_attribute = false;
    for (size_t i = 0; i < sizeof attribute_names / sizeof *attribute_names; i++) {
        is_attribute = is_attribute || str_eq(name, attribute_names[i]);
    }
    return is_attribute;
}

void sigma_sieve_fields_init(struct sigma_sieve_fields *out, const struct sigma_rules *rules,
                             uint64_t datasets) {
    out->is_opaque = mem_calloc(rules->slot_count + 1, sizeof *out->is_opaque);
    if (rules->slots[SIGMA_KEYWORD_SLOT].is_used) {
        add_keywords(out);
    }
    for (uint32_t slot = SIGMA_KEYWORD_SLOT + 1; slot < rules->slot_count; slot++) {
        struct str name = rules->slots[slot].name;
        out->is_opaque[slot] =
            is_opaque(name) || sigma_mapping_composed(rules->mapping, name) != NULL;
        if (out->is_opaque[slot]) {
            continue;
        }
        add(out, slot, schema_field(name), false);
        add(out, slot, windows_field(name), false);
        add(out, slot, windows_system_field(name), false);
        add_of_datasets(out, slot, name, datasets);
        add_mapped(out, rules->mapping, slot, name);
    }
}

void sigma_sieve_fields_fini(struct sigma_sieve_fields *fields) {
    mem_free(fields->items);
    mem_free(fields->is_opaque);
    *fields = (struct sigma_sieve_fields){.items = NULL};
}
