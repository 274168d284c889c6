/*
 * Where in a Windows event an element stands, and so what its text and attributes are called.
 * Shared by the readers of the binary and the textual form. Names: windows_names.h.
 */
#ifndef KONSEKI_WINDOWS_PLACE_H
#define KONSEKI_WINDOWS_PLACE_H

#include "windows_names.h"

enum windows_place {
    PLACE_ROOT,       /* outside of <Event> */
    PLACE_EVENT,      /* in <Event> */
    PLACE_SYSTEM,     /* in <System> */
    PLACE_EVENT_DATA, /* in <EventData> */
    PLACE_USER_DATA,  /* in <UserData>: the one element below gives the event's name */
    PLACE_BODY,       /* deeper: leaves are fields called like their element */
    PLACE_RENDERING   /* in <RenderingInfo> */
};

/* The place of the children of an element called `name` that stands at `place`. */
enum windows_place windows_child_place(enum windows_place place, struct str name);
/* True if a leaf at the place is a field although it is empty. */
bool windows_keeps_empty(enum windows_place place);
/* The field of a leaf's text; FIELD_NONE: it has no meaning. Not for EventData/Data with a name. */
uint32_t windows_leaf_field(enum windows_place place, struct str element);
/* The field of an attribute; FIELD_NONE: it has no meaning. */
uint32_t windows_attribute_field(enum windows_place place, struct str element,
                                 struct str attribute);

#endif
