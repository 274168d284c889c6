/*
 * Which event fields a slot's values may come from: the way back from what rules call a field to
 * what a store's columns are called (sigma_row.c is the way there). A field too many does no harm.
 * Keywords: the values of Windows events; where lines count too, they are not all of it.
 * Threads: one.
 */
#ifndef KONSEKI_SIGMA_SIEVE_FIELDS_H
#define KONSEKI_SIGMA_SIEVE_FIELDS_H

#include "sigma_set.h"

struct sigma_sieve_field {
    uint32_t slot;
    struct str name; /* the field's */
    bool is_pattern; /* all fields whose names fit */
    bool last_part;  /* what follows the value's last slash is the slot's value */
};

struct sigma_sieve_fields {
    struct sigma_sieve_field *items; /* by slot; no two are equal */
    size_t count;
    size_t capacity;
    bool *is_opaque; /* by slot: values come from elsewhere (attributes of rows, composed) */
};

/* `datasets`: bit by enum dataset: of the rows that are looked at. Fills an all-zero struct. */
void sigma_sieve_fields_init(struct sigma_sieve_fields *out, const struct sigma_rules *rules,
                             uint64_t datasets);
void sigma_sieve_fields_fini(struct sigma_sieve_fields *fields);

#endif
