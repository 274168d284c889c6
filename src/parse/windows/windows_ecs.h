/*
 * ECS copies of a Windows row: event.code, event.action/outcome/category, host.name, user.*,
 * source.ip/port, process.name ... made from the winlog.* values the row has, by one table
 * (windows_ecs.def: event id, channel -> what its fields mean). Used alike for EVTX, XML, NDJSON.
 *
 * Call once when all native values of the row were added. Copies share the text of the originals.
 * Values that say "nothing" ("-", empty) are not copied; ::ffff:a.b.c.d becomes a.b.c.d.
 */
#ifndef KONSEKI_WINDOWS_ECS_H
#define KONSEKI_WINDOWS_ECS_H

#include "batch.h"

/* On the row being built. */
void windows_ecs_add(struct batch *batch);

#endif
