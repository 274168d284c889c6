/*
 * Changes to accounts, groups, rights, policies, the directory and logs, read from Windows events
 * (change_events.def), and the sign of an attack that a change may be.
 *
 * Ownership: texts of a change are borrowed from the event or the reader until the next call.
 * Threads: one a reader. Cost: one comparison a known event id, more only for events that fit.
 */
#ifndef KONSEKI_CHANGE_READ_H
#define KONSEKI_CHANGE_READ_H

#include "triage_fields.h"

/* The parts of a change, in the order of the listing of `triage changes`. */
enum change_part {
    CHANGE_COMPUTER, /* that tells of it */
    CHANGE_WHAT,
    CHANGE_EVENT_ID,
    CHANGE_SIGN_WORD, /* empty: none */
    CHANGE_BY,
    CHANGE_TARGET,
    CHANGE_MEMBER,
    CHANGE_DETAIL, /* "name: value; name: value" */
    CHANGE_PARTS
};

struct change {
    struct str parts[CHANGE_PARTS];
};

struct change_places; /* where the fields of the events stand */

struct change_reader {
    struct triage_fields fields;
    struct triage_host host;
    struct change_places *places;
    size_t id, channel, by, by_domain, by_sid, old_flags, new_flags, group_sid, properties;
    struct buf texts[CHANGE_PARTS]; /* of those that are put together */
};

void change_reader_init(struct change_reader *reader);
void change_reader_fini(struct change_reader *reader);
/* false: the event tells of no change. */
bool change_read(struct change *out, struct change_reader *reader,
                 const struct triage_event *event);

#endif
