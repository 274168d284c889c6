/*
 * A proposed rule and its test case as YAML. Whatever came from the event is quoted, for YAML and
 * for Sigma (wildcards and backslashes). Threads: one.
 */
#ifndef KONSEKI_DRAFT_TEXT_H
#define KONSEKI_DRAFT_TEXT_H

#include "buf.h"
#include "draft_fields.h"

struct draft {
    struct draft_source source;
    struct draft_item items[DRAFT_ITEMS_MAX];
    size_t item_count;
    struct str event_id;                    /* for the selection; empty: not needed */
    struct str channel;                     /* the same */
    struct str provider;                    /* the same: many programs write to that channel */
    struct str title;                       /* empty: made from the items */
    struct str author;                      /* empty: not given */
    struct str made_from;                   /* "record 12 of a.evtx" */
    const struct sigma_event_value *values; /* of the event */
    size_t value_count;
};

void draft_write_rule(struct buf *out, const struct draft *draft);
/* One case: the event must match. */
void draft_write_case(struct buf *out, const struct draft *draft);

#endif
