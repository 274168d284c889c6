/*
 * The report of a run as one HTML page, in the language of the program: nothing is loaded from
 * elsewhere (Content-Security-Policy: only the style and the script whose hashes the page names),
 * every value is escaped, it reads without the script, prints, and follows the reader's light or
 * dark. Sizes are bounded: the page says how much was left out.
 */
#ifndef KONSEKI_REPORT_HTML_H
#define KONSEKI_REPORT_HTML_H

#include "report_stats.h"

void report_html_write(struct buf *out, const struct report_stats *stats,
                       const struct report_run *run);

#endif
