/*
 * Lines of `konseki scan`: one a rule and event, as JSON, CSV or for a terminal. Bytes of events
 * and rules are escaped in every form (JSON escapes; CSV quotes, RFC 4180, and a leading ' before
 * what a spreadsheet would run; control bytes as '?' on terminals).
 */
#ifndef KONSEKI_SCAN_OUTPUT_H
#define KONSEKI_SCAN_OUTPUT_H

#include "buf.h"
#include "scan.h"

enum scan_format { SCAN_TABLE, SCAN_JSONL, SCAN_CSV };

/* The header line of a format; nothing for JSON. */
void scan_output_header(struct buf *out, enum scan_format format);
void scan_output_hit(struct buf *out, enum scan_format format, const struct scan_hit *hit);

#endif
