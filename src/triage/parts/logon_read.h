/*
 * Logons of all kinds read from events: Windows' own (logon_events.def), sshd's lines, Linux's
 * audit daemon, whatever says `event.category:authentication`. Facts only.
 *
 * Ownership: texts of a logon are borrowed from the event or the reader until the next call.
 * Threads: one a reader. Sources: Microsoft's audit event reference; manifests of the channels.
 */
#ifndef KONSEKI_LOGON_READ_H
#define KONSEKI_LOGON_READ_H

#include "triage_fields.h"

/* The parts of a logon, in the order of the listing of `triage logons`. */
enum logon_part {
    LOGON_RESULT,
    LOGON_EVENT_ID, /* or the device's own code */
    LOGON_USER,
    LOGON_DOMAIN,
    LOGON_TYPE,
    LOGON_HOST, /* where it came from, by name */
    LOGON_ADDRESS,
    LOGON_COMPUTER, /* that tells of it */
    LOGON_PACKAGE,
    LOGON_NTLM,
    LOGON_PROCESS,
    LOGON_KEY_LENGTH,
    LOGON_STATUS, /* substatus, or status where that is 0 */
    LOGON_BY,     /* DOMAIN\user whose session it was (4648) */
    LOGON_TARGET, /* a server, a Kerberos service */
    LOGON_PARTS
};

enum logon_kind {
    LOGON_NONE,
    LOGON_ATTEMPT,    /* a logon, or its end */
    LOGON_PRIVILEGES, /* 4672: a logon id of a computer got special privileges */
};

struct logon {
    struct str parts[LOGON_PARTS];
    struct str logon_id; /* of Security 4624, 4634, 4647 and 4672 */
    struct str sid;      /* of the user, where the event has it */
    struct str preauth;  /* 4768: PreAuthType; "0": none was asked for */
};

enum { LOGON_FIELDS_MAX = 24 };

/* Opened by logon_reader_init. */
struct logon_reader {
    struct triage_fields fields;
    struct triage_host host;
    uint8_t (*places)[LOGON_FIELDS_MAX];                                  /* by event and field */
    size_t id, channel, logon_id, privileged_id, by_user, by_domain, sid; /* Windows */
    size_t preauth;
    size_t category, outcome, user, address, code, action, app, message; /* others */
    size_t audit_type, audit_program;
    struct buf by; /* scratch */
};

/* "EX\eve" and "eve@EX.EXAMPLE" are eve. */
struct str logon_plain_user(struct str user);
/* Is the name, in any of these forms, that of the user (empty: any)? */
bool logon_is_of(struct str name, struct str user);

void logon_reader_init(struct logon_reader *reader);
void logon_reader_fini(struct logon_reader *reader);
/* What the event says of a logon; `out` is filled unless that is nothing. */
enum logon_kind logon_read(struct logon *out, struct logon_reader *reader,
                           const struct triage_event *event);

#endif
