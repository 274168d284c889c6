/*
 * Layers of the ATT&CK Navigator, format 4.5: a technique's score is the number of hits (or of
 * rules), its colour that of the highest level. Source:
 * https://github.com/mitre-attack/attack-navigator, layers/spec/v4.5.
 */
#ifndef KONSEKI_REPORT_NAVIGATOR_H
#define KONSEKI_REPORT_NAVIGATOR_H

#include "buf.h"
#include "sigma.h"

/* What the rules of a set look for; the layer of hits is the form `navigator`. */
void report_navigator_rules(struct buf *out, const struct sigma_rule_info *const *rules,
                            size_t count);

#endif
