/*
 * The body of a Windows event that stands as a text of its own in a cell or a JSON value: as JSON
 * (EvtxECmd: {"EventData":{"Data":[{"@Name":"A","#text":"b"}]}}), as XML (Azure's tables:
 * <DataItem><EventData>...), or as the message that Sysmon renders ("Image: C:\\x.exe" a line).
 * Values are copied into the row being built.
 *
 * Ownership: the reader keeps buffers between calls. Threads: one. Cost: proportional to the text.
 */
#ifndef KONSEKI_WINDOWS_PAYLOAD_H
#define KONSEKI_WINDOWS_PAYLOAD_H

#include "batch.h"

struct windows_payload;

struct windows_payload *windows_payload_create(void);
void windows_payload_destroy(struct windows_payload **payload);

/* {"EventData" or {"UserData" */
bool windows_payload_is_json(struct str text);
/* False: broken; what could be read was added. */
bool windows_payload_add_json(struct windows_payload *payload, struct batch *batch,
                              struct str text);
/* Its <EventData> or <UserData>. False: there is none, or it is broken. */
bool windows_payload_add_xml(struct windows_payload *payload, struct batch *batch, struct str text);
/* The lines "Name: value" behind the title; names are single words. */
void windows_payload_add_message(struct batch *batch, struct str text);

#endif
