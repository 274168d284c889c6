/*
 * What a run found, in one screen: for people (in the language of the program) or as one JSON
 * object (docs/formats/jsonl.md, "scan summary").
 */
#ifndef KONSEKI_REPORT_SUMMARY_H
#define KONSEKI_REPORT_SUMMARY_H

#include "report_stats.h"

/* `ascii`: the terminal shows no block characters. */
void report_summary_text(struct buf *out, const struct report_stats *stats,
                         const struct report_run *run, bool ascii);
/* One line. */
void report_summary_json(struct buf *out, const struct report_stats *stats,
                         const struct report_run *run);

#endif
