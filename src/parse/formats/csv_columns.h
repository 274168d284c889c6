/*
 * What the columns of a table of events mean: their names in the exports that are known, in English
 * and Japanese, told by the whole of a header. Names ignore case.
 */
#ifndef KONSEKI_CSV_COLUMNS_H
#define KONSEKI_CSV_COLUMNS_H

#include "schema.h"

enum csv_role {
    CSV_VALUE, /* the field `field` */
    CSV_TIME,  /* the event's time */
    CSV_DATE,  /* its date only, the clock being in another column */
    CSV_CLOCK,
    CSV_RECORD_ID, /* EventRecordID */
    CSV_PAYLOAD,   /* EvtxECmd: <EventData> as JSON */
    CSV_PAIRS,     /* Hayabusa: "Name: value ¦ Name: value" */
    CSV_CHANNEL,   /* the channel, maybe by its short name in Hayabusa */
    CSV_LEVEL,     /* the level by its name or number */
    CSV_NOTHING
};

struct csv_column {
    uint8_t role;
    uint32_t field;
};

enum csv_kind {
    CSV_ANY,
    CSV_WINDOWS,  /* columns are fields of events */
    CSV_EVTXECMD, /* System parts, payload, and columns made out of it; times are UTC */
    CSV_LISTING,  /* Get-WinEvent: System parts and the message */
    CSV_VIEWER,   /* Event Viewer: the message is in a column without a name */
    CSV_HAYABUSA
};

enum { CSV_COLUMNS_MAX = 512 };

enum csv_kind csv_kind_of(const struct str *names, size_t count);
struct csv_column csv_column_of(struct str name, enum csv_kind kind, const struct str *names,
                                size_t count);
/* True for a name of a time or an event id: what a table of events has at least. */
bool csv_is_sign(struct str name);
/* "Sec" -> "Security"; the text itself if it is no short name. */
struct str csv_channel(struct str text);
/* "Info" -> "4"; empty if it is no level's name. */
struct str csv_level(struct str text);

#endif
