/*
 * Times of rows in the styles that other tools and spreadsheets read (report_times.def). Sources:
 * RFC 3339, RFC 2822 section 3.3, ISO 8601 with seven digits as .NET writes it.
 */
#ifndef KONSEKI_REPORT_TIME_H
#define KONSEKI_REPORT_TIME_H

#include "buf.h"
#include "zone.h"

enum report_time_form {
#define REPORT_TIME(id, name, example) REPORT_TIME_##id,
#include "report_times.def"
    REPORT_TIME_COUNT
};

/* False: no such form. */
bool report_time_find(enum report_time_form *out, struct str name);
/* All names with " | " between them. */
void report_time_names(struct buf *out);
/* Appends the time. DEFAULT: as report_text_time. Others: `zone` NULL is UTC; iso-8601 is UTC and
 * unix has no zone whatever it is. TIME_NONE is "-". */
void report_time_write(struct buf *out, enum report_time_form form, int64_t ns,
                       const struct zone *zone);

#endif
