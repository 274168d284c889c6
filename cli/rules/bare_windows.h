/*
 * Windows events that keep the shape of their XML as JSON ({"Event": {"System": {"EventID": ...},
 * "EventData": {...}}}, as evtx_dump, Velociraptor and xmltodict write), or only their body below
 * EventData: their values under native names too, as in EVTX records (Provider_Name, Image).
 */
#ifndef KONSEKI_BARE_WINDOWS_H
#define KONSEKI_BARE_WINDOWS_H

#include "bare_event.h"

/* Adds the native names to those that the event has; nothing if it is not of that shape. */
void bare_windows_add(struct bare_event *event, json_object *object);

#endif
