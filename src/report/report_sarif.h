/*
 * SARIF 2.1.0 (OASIS, sarif-v2.1.0-errata01): results first, as they come; the rules that had hits
 * follow as tool.driver.rules, which results name by index. Record files have a logical location
 * instead of a line.
 */
#ifndef KONSEKI_REPORT_SARIF_H
#define KONSEKI_REPORT_SARIF_H

#include "report_stats.h"

void report_sarif_begin(struct buf *out);
void report_sarif_hit(struct buf *out, const struct report_stats *stats,
                      const struct report_hit *hit, bool is_first);
void report_sarif_end(struct buf *out, const struct report_stats *stats,
                      const struct report_run *run);

#endif
