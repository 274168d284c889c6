/* Parts of the page (report_html.h), in the order in which they stand there. */
#ifndef KONSEKI_REPORT_HTML_PARTS_H
#define KONSEKI_REPORT_HTML_PARTS_H

#include "report_stats.h"

/* What was looked at, and what could not be. */
void report_html_run(struct buf *out, const struct report_stats *stats,
                     const struct report_run *run);
/* Hits by level, over time, by day. */
void report_html_levels(struct buf *out, const struct report_stats *stats);
void report_html_timeline(struct buf *out, const struct report_stats *stats);
void report_html_days(struct buf *out, const struct report_stats *stats);
/* Hosts, users, channels, tactics per host. */
void report_html_tallies(struct buf *out, const struct report_stats *stats);
/* Every rule with hits, with samples. */
void report_html_rules(struct buf *out, const struct report_stats *stats);

#endif
