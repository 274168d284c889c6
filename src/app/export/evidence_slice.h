/*
 * Values of a restored row as slices of its line, where they stand in it: as they are, or in the
 * escapes of JSON or XML. An export does not say where a value stood; a value that points into the
 * line costs the store next to nothing, one that does not is kept as a text. What is found need not
 * be the place that the parser took: the text is the same. Threads: one an object.
 */
#ifndef KONSEKI_EVIDENCE_SLICE_H
#define KONSEKI_EVIDENCE_SLICE_H

#include "batch.h"

/* Memory that is used again from value to value; all zero is ready. */
struct evidence_slicer {
    struct buf escaped;
    struct buf decoded;
};

void evidence_slicer_fini(struct evidence_slicer *slicer);
/* Adds the value to the row being built. Long lines are not searched. */
void evidence_add_value(struct batch *batch, struct evidence_slicer *slicer, uint32_t field,
                        struct str text);

#endif
