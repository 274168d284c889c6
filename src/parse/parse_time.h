/*
 * Times in log text. The take functions read one time from the front of *rest and consume it;
 * false leaves *rest as it was. time_reader turns what was read into UTC: years that the text
 * lacks (CONTRACT "Time"), zones that it lacks.
 */
#ifndef KONSEKI_PARSE_TIME_H
#define KONSEKI_PARSE_TIME_H

#include "parser.h"

struct read_time {
    struct civil civil; /* year 0 if the text has none */
    int64_t offset_ns;  /* east of UTC, if has_zone */
    bool has_zone;
};

/* Keeps what year inference needs to know of the records before. All zero is the start. */
struct year_memory {
    int year;       /* year of the last year-less time when --year was given */
    int last_month; /* 0: none yet */
    /* The year of settings->newest_ns, which hardly ever changes. */
    int64_t newest_ns;
    int32_t newest_year; /* 0: not worked out yet */
};

/* "Mar  2 00:03:58", "Mar 02 2026 09:00:00.123", "Nov 21 10:00:00 2026" */
bool time_take_bsd(struct read_time *out, struct str *rest);
/* "2026-03-02T02:30:00.180+09:00", "2026-03-02 02:30:00", "2026/03/02 02:30:00", also "Z" and a
 * blank before the offset, "+0900", and a 12-hour clock with AM or PM. */
bool time_take_iso(struct read_time *out, struct str *rest);
/* "2026-03-02" or "2026/03/02" alone. */
bool time_take_date(struct read_time *out, struct str *rest);
/* "09:00:00[.123] [AM|PM]"; also "9:00:00". */
bool time_take_clock(struct read_time *out, struct str *rest);
/* "[21/Nov/2026:10:00:00 +0900]" */
bool time_take_clf(struct read_time *out, struct str *rest);
/* "21-Nov-2026 10:00:00.123" */
bool time_take_dmy(struct read_time *out, struct str *rest);
/* "+09:00", "+0900", "Z", "+9", "UTC+2", "(GMT+9:00)Tokyo"; as the whole of `text`. */
bool time_read_offset(int64_t *out_ns, struct str text);
/* Decimal seconds with optional fraction, or by the number of digits milliseconds (13),
 * microseconds (16) or nanoseconds (19); the whole of `text`. UTC. */
bool time_read_epoch(int64_t *out_ns, struct str text);

/* UTC ns, or TIME_NONE if the parts are out of range. Adds ROW_YEAR_INFERRED and
 * ROW_ZONE_GUESSED to *flags where they apply. */
int64_t time_resolve(const struct parse_settings *settings, struct year_memory *memory,
                     const struct read_time *time, uint32_t *flags);
/* As above for the row being built; false (row untouched) if out of range. */
bool time_set_row(struct parse_context *context, struct batch *batch, const struct read_time *time);

#endif
