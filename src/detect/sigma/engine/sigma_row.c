/*
 * Rows of batches: which slots an event field fills follows from the row's dataset. Windows rows:
 * the field's native name. Others: the device's name for it. All: the field's own (ECS) name and
 * what the mapping calls it in rows of the dataset's family. Worked out once a field and dataset
 * and kept.
 */
#include "mem.h"
#include "sigma_match.h"
#include "windows_names.h"

struct bound_field {
    bool is_known;
    bool is_native; /* not a copy that we made: keywords look at it */
    struct sigma_ids slots;
    struct sigma_ids last_part_slots; /* these get what follows the last slash */
};

struct bound_dataset {
    struct bound_field *fields; /* by field id */
    size_t capacity;
};

/* Row attributes that rules may name as fields. */
struct attribute {
    const char *name;
    uint32_t field;
    uint32_t slot;
    struct buf text;
};

enum { ATTRIBUTE_COUNT = 2 };

struct sigma_binding {
    struct bound_dataset datasets[DATASET_COUNT];
    struct attribute attributes[ATTRIBUTE_COUNT];
};

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
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        buf_fini(&b->attributes[i].text);
    }
    mem_free(b);
    *binding = NULL;
}

static struct sigma_binding *binding_of(struct sigma_matcher *m) {
    struct sigma_binding **place = sigma_matcher_binding(m);
    if (*place == NULL) {
        struct sigma_binding *b = mem_calloc(1, sizeof *b);
        b->attributes[0] = (struct attribute){"EventRecordID", FIELD_RECORD_ID, 0, BUF_INIT};
        b->attributes[1] =
            (struct attribute){"TimeCreated_SystemTime", FIELD_TIMESTAMP, 0, BUF_INIT};
        for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
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

static void bind_windows(const struct sigma_rules *rules, struct bound_field *bound,
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

static void bind_other(const struct sigma_rules *rules, struct bound_field *bound, uint32_t field,
                       const struct dataset_info *info) {
    struct str name = schema_name(field);
    bound->is_native = true;
    bind_name(rules, &bound->slots, name);
    if (str_starts(name, info->name) && name.len > info->name.len &&
        name.ptr[info->name.len] == '.') {
        bind_name(rules, &bound->slots, str_skip(name, info->name.len + 1));
    }
}

/* What the mapping calls the field in rows of the family. */
static void bind_mapped(const struct sigma_rules *rules, struct bound_field *bound, uint32_t field,
                        const struct dataset_info *info) {
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

static const struct bound_field *bound_field(const struct sigma_rules *rules,
                                             struct sigma_binding *binding,
                                             const struct sigma_origin *origin, uint32_t field) {
    struct bound_dataset *d = &binding->datasets[origin->dataset];
    if (field >= d->capacity) {
        size_t before = d->capacity;
        MEM_GROW(d->fields, d->capacity, (size_t)field + 1);
        memset(d->fields + before, 0, (d->capacity - before) * sizeof *d->fields);
    }
    struct bound_field *bound = &d->fields[field];
    if (!bound->is_known) {
        bound->is_known = true;
        if (origin->is_windows) {
            bind_windows(rules, bound, field);
        } else {
            bind_other(rules, bound, field, dataset_info(origin->dataset));
        }
        bind_mapped(rules, bound, field, dataset_info(origin->dataset));
    }
    return bound;
}

/* --- a row --- */

static struct sigma_origin origin_of(const struct batch *batch, const struct row *row) {
    struct sigma_origin origin = {.dataset = (enum dataset)row->dataset};
    origin.is_windows = str_eq(dataset_info(origin.dataset)->family, STR("windows"));
    for (uint32_t i = 0; origin.is_windows && i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        struct str *part = v->field == FIELD_WINLOG_CHANNEL    ? &origin.channel
                           : v->field == FIELD_WINLOG_EVENT_ID ? &origin.event_id
                           : v->field == FIELD_WINLOG_PROVIDER ? &origin.provider
                                                               : NULL;
        if (part != NULL && part->len == 0) {
            *part = batch_value_text(batch, v);
        }
    }
    return origin;
}

/* Keywords look at what came from the device, not at what we wrote beside it. Lines in another
 * encoding have no slices: there every value counts. */
static bool is_keyword_text(const struct row *row, const struct bound_field *bound,
                            const struct value *v, bool is_windows) {
    if (is_windows || row->charset != CHARSET_UTF8) {
        return bound->is_native;
    }
    return v->transform != TRANSFORM_NONE;
}

static void add_line(struct sigma_matcher *m, const struct batch *batch, const struct row *row) {
    struct str line = batch_raw(batch, row);
    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) {
        line.len--;
    }
    sigma_match_value(m, SIGMA_KEYWORD_SLOT, line, FIELD_EVENT_ORIGINAL);
}

static void add_attributes(struct sigma_matcher *m, struct sigma_binding *binding,
                           const struct batch *batch, const struct row *row) {
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        struct attribute *a = &binding->attributes[i];
        struct str text;
        buf_clear(&a->text);
        if (a->slot != INTERN_NONE && batch_get(&text, batch, row, a->field, &a->text)) {
            sigma_match_value(m, a->slot, text, a->field);
        }
    }
}

void sigma_match_row(struct sigma_matcher *matcher, const struct batch *batch,
                     const struct row *row, sigma_hit_fn *hit, void *ctx) {
    const struct sigma_rules *rules = sigma_matcher_rules(matcher);
    struct sigma_binding *binding = binding_of(matcher);
    struct sigma_origin origin = origin_of(batch, row);
    sigma_match_begin(matcher, &origin);
    bool keywords = sigma_match_wants(matcher, SIGMA_KEYWORD_SLOT);
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        const struct bound_field *bound = bound_field(rules, binding, &origin, v->field);
        struct str text = batch_value_text(batch, v);
        for (size_t s = 0; s < bound->slots.count; s++) {
            sigma_match_value(matcher, bound->slots.ids[s], text, v->field);
        }
        for (size_t s = 0; s < bound->last_part_slots.count; s++) {
            sigma_match_value(matcher, bound->last_part_slots.ids[s], sigma_last_part(text),
                              v->field);
        }
        if (keywords && is_keyword_text(row, bound, v, origin.is_windows)) {
            sigma_match_value(matcher, SIGMA_KEYWORD_SLOT, text, v->field);
        }
    }
    if (origin.is_windows) {
        add_attributes(matcher, binding, batch, row);
    } else if (keywords && row->charset == CHARSET_UTF8 && origin.dataset != DATASET_JSON) {
        add_line(matcher, batch, row);
    }
    sigma_match_end(matcher, hit, ctx);
}
