/*
 * Names of Windows event fields: the flat native name (as Sigma rules and `dump --flat` write it)
 * <-> the event field (as Winlogbeat names it).
 *
 *   System children and attributes   EventID, Provider_Name   winlog.event_id, ...  (table in
 *                                    Execution_ProcessID ...                  windows_names.def)
 *   unknown System parts             Execution_SessionID      winlog.system.Execution_SessionID
 *   EventData, UserData leaves       TargetUserName           winlog.event_data.TargetUserName
 *   ... with a System part's name    EventData.Channel        winlog.event_data.Channel
 *   unnamed Data (list)              Data                     winlog.event_data.Data
 *   element below <UserData>         (not in the flat form)   winlog.user_data.xml_name
 *
 * TimeCreated_SystemTime is the row's @timestamp and EventRecordID its winlog.record_id: these two
 * are attributes (batch_get), not values. Blanks in Data names are left out ("Product Name" ->
 * ProductName). All other fields of a Windows row (event.code, host.name, user.name ...) are copies
 * and have no native name.
 *
 * Threads: any. Cost: a hash lookup and a mutex in the schema, so resolve names once, not a row.
 */
#ifndef KONSEKI_WINDOWS_NAMES_H
#define KONSEKI_WINDOWS_NAMES_H

#include "buf.h"
#include "schema.h"

/* The field of a flat native name, made when new. */
uint32_t windows_field(struct str flat);
/* The same without making one: FIELD_NONE if no row ever had it. */
uint32_t windows_field_find(struct str flat);
/* The field of a System child ("EventID") or attribute ("Provider_Name"); unknown ones are made. */
uint32_t windows_system_field(struct str flat);
/* The field of a name inside EventData or UserData, as it stands in the event (blanks allowed). */
uint32_t windows_body_field(struct str name);

enum windows_part {
    WINDOWS_NO_PART, /* a copy or no Windows field */
    WINDOWS_SYSTEM,
    WINDOWS_BODY
};

/* What a field is; *name is its name inside that part (borrowed for ever): "EventID",
 * "Provider_Name", "Channel" (without "EventData."). */
enum windows_part windows_part_of(struct str *name, uint32_t field);
/* Appends the flat native name; false (nothing appended) for WINDOWS_NO_PART. */
bool windows_flat_name(struct buf *out, uint32_t field);
/* winlog.user_data.xml_name */
uint32_t windows_user_data_field(void);

#endif
