/* Parts of hits as one line of text, as tables, pages and messages need them. Nothing is escaped.
 */
#ifndef KONSEKI_REPORT_TEXT_H
#define KONSEKI_REPORT_TEXT_H

#include "buf.h"
#include "report_hit.h"
#include "zone.h"

/* Without a zone RFC 3339, UTC, 9 digits; with one "2026-11-21T10:00:00.000+09:00";
 * TIME_NONE is "-". */
void report_text_time(struct buf *out, int64_t ns, const struct zone *zone);
/* "#7" for the eighth record of a file, "12" for line 12. */
void report_text_place(struct buf *out, const struct report_place *place);
/* What stands between the parts of a line unless somebody wants another. */
#define REPORT_SEPARATOR STR(" | ")
/* "k: v | k: v"; values of a list are joined with ", ". */
void report_text_fields(struct buf *out, const struct report_field *fields, size_t count,
                        struct str separator);
/* The hit's details, else those of its correlation, else its fields; each part on one line. */
void report_text_details(struct buf *out, const struct report_hit *hit, struct str separator);
/* "Title: details" */
void report_text_message(struct buf *out, const struct report_hit *hit);
/* "90m": the largest unit of s m h d that divides it. */
void report_text_span(struct buf *out, int64_t ns);
/* Titles of the rules that the event is of, joined with " + ". */
void report_text_member_rules(struct buf *out, const struct report_correlation *correlation,
                              const struct report_member *member);
/* "a, b": the values of the event that were measured. */
void report_text_member_values(struct buf *out, const struct report_member *member);
/* Where its events are, "file:line" and "file#idx", joined with " | "; nothing for NULL. */
void report_text_events(struct buf *out, const struct report_correlation *correlation);
/* "value_count: 12 events in 5m, value 2 | User: x | rules: A (11), B (1) | Port: 22, 23": rules if
 * there are several, of the values of the events at hand the first ten; nothing for NULL. */
void report_text_correlation(struct buf *out, const struct report_correlation *correlation);
/* "1,234,567" */
void report_text_count(struct buf *out, uint64_t count);
/* "12.34 %"; "-" where the whole is 0. */
void report_text_share(struct buf *out, uint64_t part, uint64_t whole);

#endif
