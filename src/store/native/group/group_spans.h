/*
 * Spans of time as small ids (0, 1, 2 ... in the order in which they come). Asking where a span
 * begins means calendar and zone; so spans that were met lately are kept with their ends.
 *
 * Threads: one.
 */
#ifndef KONSEKI_GROUP_SPANS_H
#define KONSEKI_GROUP_SPANS_H

#include "id_table.h"
#include "store.h"

enum { GROUP_SPANS_KEPT = 256 };

struct group_span {
    int64_t start;
    int64_t end; /* start: none is kept here */
    uint32_t id;
};

struct group_spans {
    const struct store_group_spec *spec;
    struct id_table ids; /* by start */
    int64_t *starts;     /* by id */
    size_t start_capacity;
    struct group_span last;
    struct group_span kept[GROUP_SPANS_KEPT]; /* by pieces of time of 17 s */
};

void group_spans_fini(struct group_spans *s);
/* The ids of the spans that the times lie in. */
void group_spans_ids(uint32_t *ids, struct group_spans *s, const int64_t *times_ns, uint32_t count);

#endif
