/* Parts of the page (report_html.c), in the order in which they stand there. */
#ifndef KONSEKI_REPORT_HTML_PARTS_H
#define KONSEKI_REPORT_HTML_PARTS_H

#include "report_stats.h"

/* Under the title: of what, and from when to when. */
void report_html_subtitle(struct buf *out, const struct report_stats *stats,
                          const struct report_run *run);
/* What could not be looked at; then, folded away, what was. */
void report_html_run(struct buf *out, const struct report_stats *stats,
                     const struct report_run *run);
/* Hits by level, over time, by day. */
void report_html_levels(struct buf *out, const struct report_stats *stats);
void report_html_timeline(struct buf *out, const struct report_stats *stats);
void report_html_days(struct buf *out, const struct report_stats *stats);
/* The worst rules, worst first. */
void report_html_first(struct buf *out, const struct report_stats *stats);
/* Commands that go on from here. */
void report_html_next(struct buf *out, const struct report_stats *stats,
                      const struct report_run *run);
/* Hosts and users, the worst first. */
void report_html_who(struct buf *out, const struct report_stats *stats);
/* Tactics per host, channels, files. */
void report_html_tallies(struct buf *out, const struct report_stats *stats);
/* Every rule with hits, with samples. */
void report_html_rules(struct buf *out, const struct report_stats *stats);

#endif
