/*
 * What the analyses of Windows security events share: field ids, accounts, SIDs.
 * Event fields: https://learn.microsoft.com/windows/security/threat-protection/auditing
 */
#ifndef KONSEKI_WINDOWS_EVENT_H
#define KONSEKI_WINDOWS_EVENT_H

#include "analysis.h"
#include "draft_builder.h"

/* Value of winlog.event_data.<name>, or of winlog.user_data.<name>; "-" counts as empty. */
struct str windows_data(const struct analysis_event *event, const char *name);
/* The same as hexadecimal or decimal number ("0xf", "15"); false if it is none. */
bool windows_data_number(uint64_t *out, const struct analysis_event *event, const char *name);
/* Of an account of a domain or a local one: S-1-5-21-..., S-1-12-1-... (not SYSTEM, services). */
bool windows_is_account_sid(struct str sid);
/* The last part of a SID; 0 if there is none. */
uint64_t windows_sid_rid(struct str sid);
/* The account of a registered computer: NAME$ where NAME is a host or PC of the site, or this
 * computer itself. */
bool windows_is_computer_account(const struct site *site, const struct analysis_event *event,
                                 struct str account);
/* "user@REALM" without the realm. */
struct str windows_bare_account(struct str account);
/* Domain controller or other server by the site file. */
bool windows_is_dc(const struct site *site, struct str computer);
bool windows_is_server(const struct site *site, struct str computer);

#endif
