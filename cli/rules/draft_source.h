/*
 * Which log source an event is of: the mapping of log sources (sigma_mapping_list) read the other
 * way round. Texts live in the arena. Threads: one.
 */
#ifndef KONSEKI_DRAFT_SOURCE_H
#define KONSEKI_DRAFT_SOURCE_H

#include "arena.h"
#include "sigma.h"

/* An event's field that rules of the log source call otherwise. */
struct draft_rename {
    struct str rule_name;
    struct str event_name;
};

enum { DRAFT_RENAMES_MAX = 32 };

struct draft_source {
    struct str product; /* empty: not given */
    struct str category;
    struct str service;
    bool names_event_id; /* the source means these event ids: the rule needs no EventID */
    bool names_channel;  /* and no Channel */
    struct draft_rename renames[DRAFT_RENAMES_MAX];
    size_t rename_count;
};

/* The most particular source that the event is of; false if it is of none. `mapping`: the JSON
 * lines of sigma_mapping_list. */
bool draft_source_find(struct draft_source *out, struct arena *arena, struct str mapping,
                       const struct sigma_event_value *values, size_t count);
/* First value of the field, or empty. */
struct str draft_value(const struct sigma_event_value *values, size_t count, struct str name);

#endif
