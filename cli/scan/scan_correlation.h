/* Hits of correlations as the writers take them (report_hit.h). Threads: one. */
#ifndef KONSEKI_SCAN_CORRELATION_H
#define KONSEKI_SCAN_CORRELATION_H

#include "scan_output.h"

/* False when nobody reads any more or the disk is full. */
bool scan_correlation_write(struct scan_output *out, const struct scan_correlation *correlation);

#endif
