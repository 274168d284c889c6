/*
 * Calendar arithmetic without the C library's global state. Times are int64 nanoseconds since
 * 1970-01-01T00:00:00Z ("wall ns"); the proleptic Gregorian calendar, no leap seconds.
 */
#ifndef KONSEKI_CIVIL_H
#define KONSEKI_CIVIL_H

#include "str.h"

#define TIME_NONE     INT64_MIN
#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define NS_PER_HOUR   (3600 * NS_PER_SECOND)
#define NS_PER_DAY    (86400 * NS_PER_SECOND)

struct civil {
    int32_t year;  /* 1677..2262 for times that fit int64 ns */
    int32_t month; /* 1..12 */
    int32_t day;   /* 1..31 */
    int32_t hour;  /* 0..24; 24:00:00 is the next day's midnight */
    int32_t minute;
    int32_t second; /* 0..60 */
    int32_t nanosecond;
};

/* Days since 1970-01-01; negative before. */
int64_t civil_days(int32_t year, int32_t month, int32_t day);
/* 0 = Monday .. 6 = Sunday. */
int civil_weekday(int64_t days);
/* True if every part is in range and the result fits. */
bool civil_is_valid(const struct civil *c);
/* Nanoseconds as if the civil time were UTC; TIME_NONE if invalid. */
int64_t civil_to_ns(const struct civil *c);
struct civil civil_from_ns(int64_t ns);
/* 1..12 from "Jan" or "january" (English, any case, first three letters); 0 when unknown. */
int civil_month_from_name(struct str name);

enum { CIVIL_RFC3339_BYTES = 30 };
/* "2026-11-21T10:00:00.123456789Z": always 30 bytes, 9 digits; returns the length. */
size_t civil_format_rfc3339(char *out, int64_t ns);
/* RFC 3339 and its usual relatives: date alone, 'T' or blank, fraction 0..9 digits, "Z",
 * "+09:00", "+0900", or no zone (*has_zone false: then *out_ns is the local time as if UTC). */
bool civil_parse_rfc3339(int64_t *out_ns, bool *has_zone, struct str s);

#endif
