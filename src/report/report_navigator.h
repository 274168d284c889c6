/*
 * Layers of the ATT&CK Navigator, format 4.5: a technique's score is the number of hits (or of
 * rules), its colour that of the highest level. Source:
 * https://github.com/mitre-attack/attack-navigator, layers/spec/v4.5.
 */
#ifndef KONSEKI_REPORT_NAVIGATOR_H
#define KONSEKI_REPORT_NAVIGATOR_H

#include "report_stats.h"

/* What the rules with hits found. */
void report_navigator_hits(struct buf *out, const struct report_stats *stats);
/* What the rules of a set look for. */
void report_navigator_rules(struct buf *out, const struct sigma_rule_info *const *rules,
                            size_t count);

#endif
