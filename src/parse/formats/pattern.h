/*
 * Message templates: literal text with one-letter places. "Deny %t src %i:%a/%p" captures into
 * slots t, i, a, p. A place takes what stands before the next literal text (its first occurrence),
 * the last place takes the rest. "%*" captures nothing, "%%" is a percent sign.
 */
#ifndef KONSEKI_PATTERN_H
#define KONSEKI_PATTERN_H

#include "str.h"

enum { PATTERN_SLOTS = 58 }; /* 'A'..'z' */

struct pattern_slots {
    struct str text[PATTERN_SLOTS]; /* ptr NULL: not in the template */
};

/* The whole text must match. Slots of a failed match may be set: clear before the next one. */
bool pattern_match(struct pattern_slots *slots, const char *pattern, struct str text);

/* What the place captured; empty with ptr NULL if the template has no such place. */
static inline struct str pattern_get(const struct pattern_slots *slots, char place) {
    return slots->text[place - 'A'];
}

#endif
