/*
 * Which segments to put together: a run of neighbours of one dataset, chosen by size (the policy
 * stands in store.h). Pure: no files, no clock.
 */
#ifndef KONSEKI_MERGE_PLAN_H
#define KONSEKI_MERGE_PLAN_H

#include "civil.h"
#include "segment_info.h"

/* Segments of different periods (31 days, by their newest row) are not joined: so a merge makes
 * none of its rows expire more than a period later. */
#define MERGE_PERIOD_NS (31 * NS_PER_DAY)

enum {
    MERGE_FULL = 1 << 20, /* the fill of a segment that holds as much as one may */
    MERGE_FAN_IN = 16     /* so many small neighbours are worth a merge */
};

/* A live segment. */
struct merge_candidate {
    const struct segment_info *info;
    uint32_t fill; /* 1 to MERGE_FULL (more, if a segment is over-full) */
    bool merged;   /* made by a merge */
    bool is_fixed; /* takes part in another merge, or is not in the store's own folder */
};

struct merge_run {
    size_t first;
    size_t count; /* 0: nothing worth it */
};

uint32_t merge_fill(const struct segment_info *info);
/* Sorts by dataset, then by arrival. */
void merge_sort(struct merge_candidate *candidates, size_t count);
/* The best run among sorted candidates: for `everything` the biggest one, else the one with the
 * most segments. */
struct merge_run merge_choose(const struct merge_candidate *candidates, size_t count,
                              bool everything);

#endif
