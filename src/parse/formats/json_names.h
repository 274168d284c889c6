/*
 * What the path of a JSON leaf ("winlog.event_data.IpAddress", "EventID") means in each of the
 * dialects in which Windows events come, and as any other JSON. Worked out once a path.
 */
#ifndef KONSEKI_JSON_NAMES_H
#define KONSEKI_JSON_NAMES_H

#include "schema.h"

/* Signs of a dialect, and leaves that are no plain values. */
enum json_sign {
    JSON_SIGN_BEAT = 1,           /* winlog.event_id and the like (Winlogbeat 7 and later) */
    JSON_SIGN_OLD_BEAT = 2,       /* log_name (Winlogbeat 5, 6) */
    JSON_SIGN_EVENT_ID = 4,       /* EventID */
    JSON_SIGN_NXLOG = 8,          /* SourceModuleName, EventReceivedTime */
    JSON_SIGN_WINDOWS = 16,       /* Channel, Provider_Name, ... beside EventID */
    JSON_SIGN_NESTED = 32,        /* Event.System.EventID, System.EventID.Value (Velociraptor) */
    JSON_SIGN_WRAPPED = 64,       /* event.EventID (konseki dump --flat) */
    JSON_IS_RECORD_ID = 128,      /* EventRecordID, winlog.record_id, RecordNumber */
    JSON_IS_KEYWORDS = 256,       /* decimal in NXLog, hexadecimal elsewhere */
    JSON_IS_EVENT_TYPE = 512,     /* NXLog's own EventType, or Sysmon's */
    JSON_IS_OPCODE = 1024,        /* a name in NXLog, which has the number as OpcodeValue */
    JSON_SIGN_LISTING_ID = 2048,  /* Id, and */
    JSON_SIGN_LISTING_LOG = 4096, /* LogName: Get-WinEvent | ConvertTo-Json */
    JSON_SIGN_ECMD = 8192,        /* EventId beside Channel: EvtxECmd */
    JSON_HOLDS_RECORD = 16384,    /* a text that may be a record: _raw, event */
    JSON_HOLDS_BODY = 32768,      /* a text that may be an event's body: Payload, EventData */
    JSON_IS_DATA_NAME = 65536,    /* the name of a Data element ... */
    JSON_IS_DATA_TEXT = 131072,   /* ... whose text follows */
    JSON_LACKS_NAMES = 262144,    /* values of the event without their names */
    JSON_IS_MESSAGE = 524288      /* the rendered message */
};

enum json_time {
    JSON_NO_TIME,
    JSON_TIME_DEVICE,    /* TimeCreated, SystemTime, EventTime: the event's own */
    JSON_TIME_TIMESTAMP, /* @timestamp */
    JSON_TIME_OTHER      /* timestamp, time, ts ... */
};

enum json_dialect {
    JSON_DIALECT_OTHER,
    JSON_DIALECT_BEAT,
    JSON_DIALECT_OLD_BEAT,
    JSON_DIALECT_FLAT, /* NXLog, Mordor, our own flat form */
    JSON_DIALECT_NESTED,
    JSON_DIALECT_WRAPPED,
    JSON_DIALECT_LISTING, /* Get-WinEvent | ConvertTo-Json */
    JSON_DIALECT_ECMD,    /* EvtxECmd */
    JSON_DIALECT_COUNT
};

struct json_name {
    uint32_t signs;   /* enum json_sign */
    uint8_t time;     /* enum json_time */
    uint8_t resolved; /* bit d: fields[d] is known */
    uint8_t native;   /* bit d: fields[d] is one of winlog.* */
    uint32_t fields[JSON_DIALECT_COUNT];
};

void json_name_make(struct json_name *out, struct str path);
/* The field of the path in that dialect; FIELD_NONE: not kept as a value. Only names that occur
 * in a dialect become fields. */
uint32_t json_name_resolve(struct json_name *name, struct str path, enum json_dialect dialect);

/* The same, worked out at the first call. */
static inline uint32_t json_name_field(struct json_name *name, struct str path,
                                       enum json_dialect dialect) {
    return (name->resolved >> dialect & 1) != 0 ? name->fields[dialect]
                                                : json_name_resolve(name, path, dialect);
}

#endif
