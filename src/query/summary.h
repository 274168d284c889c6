/* One line about an event for people: what is shown depends on the dataset's family
 * (tables/summaries.def). The text may hold anything that the log held: escape it on the way out.
 */
#ifndef KONSEKI_SUMMARY_H
#define KONSEKI_SUMMARY_H

#include "batch.h"

enum { SUMMARY_MAX_BYTES = 400 };

/* Appends the line, cut at a character border; `scratch` is used. Without the fields of its family
 * the row's message, or its search text where the batch has raw bytes. */
void summary_append(struct buf *out, const struct batch *batch, const struct row *row,
                    struct buf *scratch);

/* The fields that summaries read, for a projection; returns the count. Valid for the process. */
size_t summary_fields(const uint32_t **out);

#endif
