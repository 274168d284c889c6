/*
 * Which slots an event field fills follows from the row's dataset. Windows rows: the field's native
 * name. Others: the device's name for it. All: the field's own (ECS) name and what the mapping
 * calls it in rows of the dataset's family. Worked out once a field and dataset and kept.
 *
 * Threads: one, as the matcher that owns it. Cost: a look at a table.
 */
#ifndef KONSEKI_SIGMA_BINDING_H
#define KONSEKI_SIGMA_BINDING_H

#include "sigma_match.h"

struct sigma_bound_field {
    bool is_known;
    bool is_native; /* not a copy that we made: keywords look at it */
    struct sigma_ids slots;
    struct sigma_ids last_part_slots; /* these get what follows the last slash */
};

/* Row attributes that rules may name as fields. */
struct sigma_attribute {
    const char *name;
    uint32_t field;
    uint32_t slot; /* INTERN_NONE: no rule does */
    struct buf text;
};

enum { SIGMA_ATTRIBUTE_COUNT = 2 };

struct sigma_bound_dataset {
    struct sigma_bound_field *fields; /* by field id; only some are known */
    size_t capacity;
};

struct sigma_binding {
    struct sigma_bound_dataset datasets[DATASET_COUNT];
    struct sigma_attribute attributes[SIGMA_ATTRIBUTE_COUNT];
};

/* Of the matcher; made when first asked for. */
struct sigma_binding *sigma_binding_of(struct sigma_matcher *m);
/* Works out a field that is not known yet. */
const struct sigma_bound_field *sigma_binding_learn(struct sigma_binding *binding,
                                                    const struct sigma_rules *rules,
                                                    const struct sigma_origin *origin,
                                                    uint32_t field);

/* Borrowed until the next one is asked for. Inline: it is asked for each value of a row. */
static inline const struct sigma_bound_field *sigma_binding_field(struct sigma_binding *binding,
                                                                  const struct sigma_rules *rules,
                                                                  const struct sigma_origin *origin,
                                                                  uint32_t field) {
    const struct sigma_bound_dataset *d = &binding->datasets[origin->dataset];
    return field < d->capacity && d->fields[field].is_known
               ? &d->fields[field]
               : sigma_binding_learn(binding, rules, origin, field);
}

#endif
