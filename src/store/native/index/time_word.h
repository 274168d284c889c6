/*
 * Words of digits that a time pattern (time_text.h) prints, and at which instants: a search for
 * "20260303" or "1772441105" asks this in place of an index, so that times need none.
 *
 * Words are folded (token.h) and zoned (token_is_zoned): digits, or digits with the 't' and 'z' of
 * ISO 8601. All answers are safe: "no" is certain, "yes" may be wrong (a day that a month has not,
 * a month without a year); whoever needs to know prints the row.
 *
 * Threads: pure. Cost: about 1 us to make, a few ns to ask.
 */
#ifndef KONSEKI_TIME_WORD_H
#define KONSEKI_TIME_WORD_H

#include "civil.h"

enum { TIME_WORD_CASES = 12 };

/* Instants from `low` to `high` whose local time modulo `period` is in [part_low, part_high]. */
struct time_word_case {
    int64_t low;
    int64_t high;
    int64_t period; /* 0: any */
    int64_t part_low;
    int64_t part_high;
};

struct time_word {
    bool always;   /* too many cases: any instant may print it */
    int64_t shift; /* local less UTC, in ns */
    size_t case_count;
    struct time_word_case cases[TIME_WORD_CASES];
};

/* False if the pattern prints the word at no instant at all. */
bool time_word_make(struct time_word *out, struct str pattern, int32_t zone_seconds,
                    struct str word);
/* May an instant from `low` to `high` print it? */
bool time_word_in(const struct time_word *w, int64_t low, int64_t high);
/* May this one? */
static inline bool time_word_at(const struct time_word *w, int64_t time_ns) {
    return time_word_in(w, time_ns, time_ns);
}

/* True if some zoned word of the pattern's text has at least `digits` digits. */
bool time_pattern_has_word(struct str pattern, unsigned digits);

#endif
