/*
 * A hit of the scan as the writers take it (report_hit.h): names of fields, who and where, details
 * by the template of the channel and event id. Everything made lies in an arena that dies with the
 * next hit.
 */
#ifndef KONSEKI_SCAN_VIEW_H
#define KONSEKI_SCAN_VIEW_H

#include "report_hit.h"
#include "report_profiles.h"
#include "scan.h"

struct scan_view {
    const struct report_profiles *profiles; /* templates of details; NULL: none */
    struct report_wishes wishes;
    bool abbreviate; /* channels and providers */
    struct arena arena;
    struct buf scratch;
};

void scan_view_fini(struct scan_view *view);
/* Valid until the next call, or until the batch changes. */
void scan_view_make(struct report_hit *out, struct scan_view *view, const struct scan_hit *hit);

#endif
