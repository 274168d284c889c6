/*
 * A row as one <Event> element (UTF-8, on one line, no line end): EVTX from its BinXML, Windows XML
 * as it stands in its raw bytes, everything else (NDJSON, what is damaged, other formats) made
 * from its values. Always well-formed. For output to people and programs, not for the fast ways.
 */
#ifndef KONSEKI_WINDOWS_RENDER_H
#define KONSEKI_WINDOWS_RENDER_H

#include "batch.h"

/* `row` is a row of the batch; of an EVTX row the row that holds its chunk must be there too. */
void windows_render_xml(struct buf *out, const struct batch *batch, const struct row *row);

#endif
