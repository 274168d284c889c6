/* What the findings file says about some entities, read once: findings in time order, and marks
 * by event id. */
#ifndef KONSEKI_TIMELINE_FINDINGS_H
#define KONSEKI_TIMELINE_FINDINGS_H

#include "timeline.h"

struct timeline_finding {
    int64_t first_ns;
    int64_t last_ns;
    uint64_t count;
    struct str id;
    struct str analysis;
    struct str level;
    struct str reason;
};

/* Marks of one event are a chain: next is the index of the one before + 1, 0 ends it. */
struct timeline_mark {
    struct str text;
    uint32_t next;
};

struct timeline_findings {
    struct arena arena;
    struct timeline_finding *items;
    size_t count;
    size_t capacity;
    struct intern event_ids;
    uint32_t *first_mark; /* by event id: index + 1 */
    size_t first_capacity;
    struct timeline_mark *marks;
    size_t mark_count;
    size_t mark_capacity;
};

void timeline_findings_fini(struct timeline_findings *f);
enum status timeline_findings_load(struct timeline_findings *f,
                                   const struct timeline_options *options,
                                   struct err *err) MUST_CHECK;
/* Marks of the event into out (at most max); returns how many. */
size_t timeline_findings_marks(const struct timeline_findings *f, struct str event_id,
                               struct str *out, size_t max);

#endif
