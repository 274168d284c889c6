/*
 * Hits, and parts of them, as JSON: docs/formats/jsonl.md, "scan". The forms jsonl and json write
 * whole hits; the others that are JSON use the parts. Times are UTC.
 */
#ifndef KONSEKI_REPORT_JSON_H
#define KONSEKI_REPORT_JSON_H

#include "report_column.h"

/* One object, without a newline: all members, or the chosen columns as texts in the style (fields
 * as objects). */
void report_json_hit(struct buf *out, const struct report_columns *columns,
                     const struct report_style *style, const struct report_hit *hit);
/* {"name":"value","list":["a","b"]} */
void report_json_fields(struct buf *out, const struct report_field *fields, size_t count);
/* The object, without its events. */
void report_json_correlation(struct buf *out, const struct report_correlation *correlation);
/* Members of an object that is open (json_member.h): a time; "file" with "line" or "idx". */
void report_json_time(struct buf *out, struct str name, int64_t ns);
void report_json_place(struct buf *out, const struct report_place *place);

#endif
