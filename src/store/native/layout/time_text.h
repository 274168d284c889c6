/*
 * Instants as text. A pattern is literal text with parts:
 *   %Y year, 4 digits   %y its last 2   %m %d %H %M %S two digits   %j day of the year, 3 digits
 *   %e day, %k hour: blank in place of a leading zero   %D %K %L: day, hour, month without it
 *   %b "Jan"   %a "Mon"   %s seconds since 1970   %1 .. %9 so many digits of the fraction
 *   %z "+09:00"   %Z "+0900"   %% the sign itself
 * All are of the instant in a zone given as seconds east of UTC; nothing is rounded.
 *
 * Printing is total: any pattern gives bounded text. Threads: pure, but for the caller's cache.
 */
#ifndef KONSEKI_TIME_TEXT_H
#define KONSEKI_TIME_TEXT_H

#include "buf.h"
#include "civil.h"

enum {
    TIME_PATTERN_BYTES = 64, /* longest pattern that is learned */
    TIME_TEXT_BYTES = 64     /* longest text that a cache keeps */
};

/* The text of the last second that was printed: all zero is empty. For one pattern and zone. */
struct time_cache {
    bool valid;
    int64_t second;
    uint8_t len;
    uint8_t fraction_count;
    struct {
        uint8_t at;
        uint8_t digits;
    } fractions[4];
    char text[TIME_TEXT_BYTES];
};

/* Appends the instant; unknown parts and a '%' at the end are printed as they are. */
void time_text_print(struct buf *out, struct str pattern, int32_t zone_seconds, int64_t time_ns,
                     struct time_cache *cache);

/* Length of the longest text at the start of `s` that looks like a date, a time of the day, or
 * both (with fraction and zone); 0 if none. Bare numbers are none. */
size_t time_text_span(struct str s);

/* Finds a pattern and a zone that print exactly `text` for this instant. `zone_hint` is tried where
 * the text alone does not tell the zone (a date). The pattern ends with a zero byte. False: it is
 * another instant, or no time. Cost: below 1 us. */
bool time_text_learn(char pattern[TIME_PATTERN_BYTES], int32_t *zone_seconds, struct str text,
                     int64_t time_ns, int32_t zone_hint);

#endif
