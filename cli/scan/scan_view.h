/*
 * A hit of the scan as the writers take it (report_hit.h): names of fields, who and where, details
 * by the template of the channel and event id. Everything made lies in an arena that dies with the
 * next hit.
 */
#ifndef KONSEKI_SCAN_VIEW_H
#define KONSEKI_SCAN_VIEW_H

#include "geoip.h"
#include "report_hit.h"
#include "report_profiles.h"
#include "scan.h"

/* How a field is called in the output, worked out once. */
struct scan_view_name {
    struct str text; /* ptr NULL: not yet */
    bool is_windows; /* an event's own field, no copy that we made */
};

struct scan_view {
    const struct report_profiles *profiles; /* templates of details; NULL: none */
    struct report_wishes wishes;
    struct geoip *geoip; /* places of public addresses among the fields; NULL: none */
    bool abbreviate;     /* channels and providers */
    bool raw_values;     /* details do not say what values mean */
    struct arena arena;  /* of one hit */
    struct buf scratch;
    struct buf detail_names;
    struct buf body;
    struct scan_view_name *names; /* by field id */
    size_t name_capacity;
    struct arena name_arena;
};

void scan_view_fini(struct scan_view *view);
/* Valid until the next call, or until the batch changes. */
void scan_view_make(struct report_hit *out, struct scan_view *view, const struct scan_hit *hit);

#endif
