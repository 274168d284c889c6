#include "report_timeline.h"

#include "civil.h"

static int64_t local(const struct report_stats *stats, int64_t ns) {
    return stats->zone != NULL ? zone_to_local(stats->zone, ns) : ns;
}

static int64_t floor_to(int64_t ns, int64_t step) {
    int64_t rest = ns % step;
    return ns - (rest < 0 ? rest + step : rest);
}

void report_timeline_make(struct report_timeline *out, const struct report_stats *stats,
                          size_t max) {
    *out = (struct report_timeline){.step_ns = NS_PER_HOUR};
    if (stats->total == 0) {
        return;
    }
    int64_t from = local(stats, stats->first_ns);
    int64_t to = local(stats, stats->last_ns);
    const struct report_tally *tally = &stats->hours;
    if (to / NS_PER_HOUR - from / NS_PER_HOUR >= 96 ||
        to / NS_PER_HOUR - from / NS_PER_HOUR >= (int64_t)max) {
        int64_t days = to / NS_PER_DAY - from / NS_PER_DAY + 2;
        out->step_ns = NS_PER_DAY * ((days + (int64_t)max - 1) / (int64_t)max);
        tally = &stats->days;
    }
    /* the first step begins at midnight, or at the full hour */
    out->start_local_ns = floor_to(from, tally == &stats->days ? NS_PER_DAY : NS_PER_HOUR);
    out->count = (size_t)((to - out->start_local_ns) / out->step_ns) + 1;
    out->count = out->count < max ? out->count : max;
    for (uint32_t id = 0; id < tally->names.count; id++) {
        const struct report_tally_row *row = &tally->rows[id];
        int64_t step = (local(stats, row->first_ns) - out->start_local_ns) / out->step_ns;
        size_t at = step < 0 ? 0 : (size_t)step < out->count ? (size_t)step : out->count - 1;
        for (size_t level = 0; level < REPORT_LEVELS; level++) {
            out->counts[at][level] += row->counts[level];
        }
        out->totals[at] += row->total;
        out->highest = out->totals[at] > out->highest ? out->totals[at] : out->highest;
    }
}

void report_timeline_label(struct buf *out, const struct report_timeline *timeline, size_t step) {
    char text[CIVIL_RFC3339_BYTES];
    (void)civil_format_rfc3339(text, timeline->start_local_ns + (int64_t)step * timeline->step_ns);
    text[10] = ' ';
    buf_append(out, text, timeline->step_ns < NS_PER_DAY ? 16 : 10);
}
