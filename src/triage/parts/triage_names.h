/*
 * What codes mean, in the language of the messages: tables/event_titles.def, logon_codes.def.
 * All return an empty text for what is unknown. Cost: a walk over a table; for rows of a listing,
 * not for each event.
 */
#ifndef KONSEKI_TRIAGE_NAMES_H
#define KONSEKI_TRIAGE_NAMES_H

#include "str.h"

/* Title of a Windows event. */
struct str triage_event_title(struct str provider, struct str channel, struct str event_id);
/* "10" -> "remote interactive". */
struct str triage_logon_type(struct str type);
/* "0xC000006A" -> "wrong password". */
struct str triage_logon_status(struct str status);
/* "0x18" -> "wrong password". */
struct str triage_kdc_status(struct str status);
/* "0x17" -> "RC4-HMAC". */
struct str triage_ticket_encryption(struct str type);

#endif
