#include "report_timeline.h"

#include "civil.h"

enum { HOURS_A_DAY = 24, HOURS_SHOWN = 96 };

/* Hours, not nanoseconds: the distance of two times need not fit into those. */
static int64_t hour_of(const struct report_stats *stats, int64_t ns) {
    int64_t local = stats->zone != NULL ? zone_to_local(stats->zone, ns) : ns;
    return local / NS_PER_HOUR - (local % NS_PER_HOUR < 0);
}

static int64_t floor_day(int64_t hour) {
    int64_t rest = hour % HOURS_A_DAY;
    return hour - (rest < 0 ? rest + HOURS_A_DAY : rest);
}

void report_timeline_make(struct report_timeline *out, const struct report_stats *stats,
                          size_t max) {
    *out = (struct report_timeline){.step_hours = 1};
    if (stats->first_ns == TIME_NONE) {
        return;
    }
    int64_t from = hour_of(stats, stats->first_ns);
    int64_t to = hour_of(stats, stats->last_ns);
    const struct report_tally *tally = &stats->hours;
    out->start_hour = from;
    if (to - from >= HOURS_SHOWN || to - from >= (int64_t)max) {
        out->start_hour = floor_day(from);
        int64_t days = (to - out->start_hour) / HOURS_A_DAY + 1;
        out->step_hours = HOURS_A_DAY * ((days + (int64_t)max - 1) / (int64_t)max);
        tally = &stats->days;
    }
    out->count = (size_t)((to - out->start_hour) / out->step_hours) + 1;
    for (uint32_t id = 0; id < tally->names.count; id++) {
        const struct report_tally_row *row = &tally->rows[id];
        size_t at = (size_t)((hour_of(stats, row->first_ns) - out->start_hour) / out->step_hours);
        for (size_t level = 0; level < REPORT_LEVELS; level++) {
            out->counts[at][level] += row->counts[level];
        }
        out->totals[at] += row->total;
        out->highest = out->totals[at] > out->highest ? out->totals[at] : out->highest;
    }
}

void report_timeline_label(struct buf *out, const struct report_timeline *timeline, size_t step) {
    char text[CIVIL_RFC3339_BYTES];
    int64_t hour = timeline->start_hour + (int64_t)step * timeline->step_hours;
    int64_t ns;
    if (__builtin_mul_overflow(hour, NS_PER_HOUR, &ns)) {
        ns = hour < 0 ? INT64_MIN + 1 : INT64_MAX; /* a part of the first or the last hour */
    }
    (void)civil_format_rfc3339(text, ns);
    text[10] = ' ';
    buf_append(out, text, timeline->step_hours < HOURS_A_DAY ? 16 : 10);
}
