/* Cisco Firepower Threat Defense connection and intrusion events, messages 430001 to 430005. */
#ifndef KONSEKI_FTD_EVENT_H
#define KONSEKI_FTD_EVENT_H

#include "parser.h"

/* Adds the fields of "Key: Value, Key: Value". Sets the row's time if the header had none. False
 * if neither address stands in it. */
bool ftd_event_add(struct parse_context *context, struct batch *batch, struct str text);

#endif
