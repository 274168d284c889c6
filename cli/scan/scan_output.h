/*
 * Lines of `konseki scan`: one a rule and event, as JSON, CSV or for a terminal. Bytes of events
 * and rules are escaped in every form (output.h).
 */
#ifndef KONSEKI_SCAN_OUTPUT_H
#define KONSEKI_SCAN_OUTPUT_H

#include "output.h"
#include "scan.h"

struct scan_output;

/* `zone` is that of the times in tables; JSON and CSV have UTC. */
struct scan_output *scan_output_create(enum output_format format, const struct zone *zone);
/* False when nobody reads any more or the disk is full. */
bool scan_output_hit(struct scan_output *out, const struct scan_hit *hit);
/* Writes what is held back; false if it could not be written. */
bool scan_output_destroy(struct scan_output **out);

#endif
