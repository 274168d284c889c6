/*
 * One <Event> element (UTF-8 text) -> values of the row being built. Sets row->time_ns and
 * row->record_id. Values that lie in the row's raw bytes become slices.
 */
#ifndef KONSEKI_WINDOWS_XML_EVENT_H
#define KONSEKI_WINDOWS_XML_EVENT_H

#include "batch.h"

/* NULL if all is well; else what is broken and where in `element`. What stood before was added. */
const char *windows_xml_event(size_t *broken_at, struct batch *batch, struct str element,
                              struct buf *scratch);

#endif
