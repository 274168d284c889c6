/*
 * One kept hit of a correlation for people: what was compared, the rules and values that were
 * counted, and its events in the order of time with the rules and values of each. Texts of events
 * are made harmless for a terminal.
 */
#ifndef KONSEKI_CORRELATION_STORY_H
#define KONSEKI_CORRELATION_STORY_H

#include "json_tree.h"
#include "zone.h"

/* `hit` as docs/formats/findings.md describes it; times in the zone, on stdout. */
void correlation_story_print(const struct json_tree *hit, const struct zone *zone);

#endif
