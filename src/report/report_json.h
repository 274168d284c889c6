/*
 * Hits as JSON objects. The members of report_json_hit are docs/formats/jsonl.md, "scan"; those of
 * Timesketch are message, datetime, timestamp, timestamp_desc, tag and extra attributes
 * (https://timesketch.org/guides/user/import-from-json-csv/).
 */
#ifndef KONSEKI_REPORT_JSON_H
#define KONSEKI_REPORT_JSON_H

#include "report_column.h"

/* {"name":"value","list":["a","b"]} */
void report_json_fields(struct buf *out, const struct report_field *fields, size_t count);
/* One object, without a newline. */
void report_json_hit(struct buf *out, const struct report_hit *hit);
/* The chosen columns only, as texts; times are UTC. */
void report_json_columns(struct buf *out, const struct report_columns *columns,
                         const struct report_hit *hit);
void report_json_timesketch(struct buf *out, const struct report_hit *hit);
/* "Title: details" */
void report_timesketch_message(struct buf *out, const struct report_hit *hit);
/* What the hit's time is the time of. */
struct str report_timesketch_meaning(const struct report_hit *hit);
/* 2026-11-21T10:00:00.123456+00:00 */
void report_timesketch_time(struct buf *out, int64_t ns);

#endif
