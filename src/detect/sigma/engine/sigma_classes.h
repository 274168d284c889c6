/*
 * Classes of values: what the values of one place (row_cells.h) pass, by code. Values that pass the
 * same tests are of one class; most are of the class that passes none.
 *
 * Threads: one at a time; the budget is shared. Memory: four bytes a code and slot that was asked
 * about, up to the budget.
 */
#ifndef KONSEKI_SIGMA_CLASSES_H
#define KONSEKI_SIGMA_CLASSES_H

#include <stdatomic.h>

#include "sigma_slot.h"

enum { SIGMA_CLASS_UNKNOWN = 0 };

struct sigma_classes {
    atomic_size_t *budget; /* bytes that may still be used, by all who share it */
    size_t bytes;          /* taken from it */
    struct arena arena;
    struct intern columns; /* keys */
    uint32_t **by_code;    /* by column */
    size_t column_capacity;
    struct intern sets;      /* ids of tests as bytes */
    struct sigma_ids *tests; /* by set */
    size_t set_capacity;
};

/* Which values are asked what. */
struct sigma_class_column {
    uint32_t place;
    uint32_t slot_key; /* sigma_match_slot_key */
    uint32_t is_last_part;
};

void sigma_classes_init(struct sigma_classes *out, atomic_size_t *budget);
void sigma_classes_fini(struct sigma_classes *classes);
/* By code: the class, or SIGMA_CLASS_UNKNOWN. Owned by `classes`. NULL: the budget is used up. */
uint32_t *sigma_classes_column(struct sigma_classes *classes,
                               const struct sigma_class_column *column, uint32_t codes);
/* The class of values that pass these tests. */
uint32_t sigma_classes_add(struct sigma_classes *classes, const struct sigma_ids *tests);
/* Of a class that is known. Borrowed until the next add. */
const struct sigma_ids *sigma_classes_tests(const struct sigma_classes *classes, uint32_t class);

#endif
