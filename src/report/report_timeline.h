/*
 * Hits over time in equal steps: hours for up to four days, else whole days, as many a step as fit
 * into `max`. Steps without hits are there too.
 */
#ifndef KONSEKI_REPORT_TIMELINE_H
#define KONSEKI_REPORT_TIMELINE_H

#include "report_stats.h"

enum { TIMELINE_STEPS = 240 };

struct report_timeline {
    int64_t start_hour; /* of the first step: hours since 1970 in the stats' zone */
    int64_t step_hours;
    size_t count; /* 0: no hits */
    uint64_t counts[TIMELINE_STEPS][REPORT_LEVELS];
    uint64_t totals[TIMELINE_STEPS];
    uint64_t highest; /* of totals */
};

/* `max` is at most TIMELINE_STEPS. */
void report_timeline_make(struct report_timeline *out, const struct report_stats *stats,
                          size_t max);
/* "2026-11-21" or "2026-11-21 09:00": where the step begins. */
void report_timeline_label(struct buf *out, const struct report_timeline *timeline, size_t step);

#endif
