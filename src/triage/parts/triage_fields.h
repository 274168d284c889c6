/*
 * The values that a question needs of a row, in one pass over its values. Fields are named once,
 * then known by their place.
 *
 * Cost: one table look-up a value. Texts are borrowed from the batch.
 */
#ifndef KONSEKI_TRIAGE_FIELDS_H
#define KONSEKI_TRIAGE_FIELDS_H

#include "triage.h"

enum { TRIAGE_FIELDS = 64 };

/* All zero is empty. */
struct triage_fields {
    uint8_t *place_of; /* by field id: place + 1; 0: not wanted */
    size_t place_count;
    size_t count;
    struct str values[TRIAGE_FIELDS]; /* of the row read last; ptr NULL: absent */
};

void triage_fields_fini(struct triage_fields *fields);
/* Returns the place. A field may be added twice: it keeps its first place. */
size_t triage_fields_add(struct triage_fields *fields, uint32_t field);
/* By native name of Windows ("TargetUserName") or, with a dot, by our own ("source.ip"). */
size_t triage_fields_add_name(struct triage_fields *fields, struct str name);
/* Fills `values` with the first value of each field. */
void triage_fields_read(struct triage_fields *fields, const struct batch *batch,
                        const struct row *row);

/* The value at the place; empty if absent, or "-" as Windows writes nothing. */
static inline struct str triage_field(const struct triage_fields *fields, size_t place) {
    struct str v = fields->values[place];
    return v.ptr == NULL || (v.len == 1 && v.ptr[0] == '-') ? STR_EMPTY : v;
}

/* What names the machine an event is about: Computer; else host, observer, syslog's host. */
struct triage_host {
    size_t places[4];
};
void triage_host_add(struct triage_host *host, struct triage_fields *fields);
struct str triage_host_of(const struct triage_host *host, const struct triage_fields *fields,
                          const struct triage_event *event);
/* When the event was, as the record says; TIME_NONE if it does not. */
static inline int64_t triage_time(const struct row *row) {
    return (row->flags & ROW_TIME_RECEIVED) != 0 ? TIME_NONE : row->time_ns;
}
/* The number of an event; 0: none. */
uint32_t triage_event_id(struct str text);

#endif
