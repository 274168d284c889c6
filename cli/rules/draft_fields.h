/*
 * Which fields of an event say what it is, and how a rule should compare them: the name of a
 * program rather than its folder, switches rather than a whole command line; not what differs each
 * time (ids, times, addresses, hashes, accounts). Texts are the event's. Threads: one.
 */
#ifndef KONSEKI_DRAFT_FIELDS_H
#define KONSEKI_DRAFT_FIELDS_H

#include "draft_source.h"

enum draft_comparison { DRAFT_EQUALS, DRAFT_ENDSWITH, DRAFT_CONTAINS };
enum { DRAFT_PARTS_MAX = 4, DRAFT_ITEMS_MAX = 5 };

struct draft_item {
    struct str name; /* as the rule calls the field */
    enum draft_comparison comparison;
    struct str parts[DRAFT_PARTS_MAX]; /* all of them; text as it is, no wildcards */
    size_t part_count;
};

/* Fills `items` (DRAFT_ITEMS_MAX) and returns how many. `only`: these fields of the event and no
 * others, separated by commas, volatile or not; empty: those that identify. */
size_t draft_choose(struct draft_item *items, const struct draft_source *source,
                    const struct sigma_event_value *values, size_t count, struct str only);

/* Bytes of the character at `at` if it must not reach a terminal or a line of YAML: controls, marks
 * that reorder or hide text; 0 if it is an ordinary one. */
size_t draft_hidden_bytes(struct str text, size_t at);

/* Ids, hashes, numbers of many digits, addresses, SIDs: what differs each time. */
bool draft_is_volatile(struct str value);

/* Adds the text to the item's parts if it is plain and there is room. */
void draft_add_part(struct draft_item *item, struct str part);

/* Not empty, and no such character in it. */
bool draft_is_plain(struct str text);

#endif
