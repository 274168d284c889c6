/*
 * Which logons got special privileges: event 4672 names a logon id of a computer, before or after
 * the logon itself in the files. Bounded: beyond PRIVILEGED_LOGONS, logons are dropped and counted.
 */
#ifndef KONSEKI_PRIVILEGED_H
#define KONSEKI_PRIVILEGED_H

#include "buf.h"
#include "intern.h"

enum { PRIVILEGED_LOGONS = 1 << 20, PRIVILEGED_TEXT_BYTES = 1 << 25 };

struct privileged_logon {
    uint32_t session;
    uint32_t group; /* of the caller */
};

/* All zero is empty. */
struct privileged {
    struct intern sessions; /* computer and logon id */
    bool *has_privileges;   /* by session */
    size_t session_capacity;
    struct privileged_logon *logons;
    size_t logon_count;
    size_t logon_capacity;
    struct buf scratch;
    uint64_t text_bytes;
    uint64_t dropped;
};

void privileged_fini(struct privileged *p);
/* A logon, counted in `group`. */
void privileged_add_logon(struct privileged *p, struct str computer, struct str logon_id,
                          uint32_t group);
/* An event 4672. */
void privileged_add(struct privileged *p, struct str computer, struct str logon_id);
/* Adds to counts[group] the logons that have privileges. */
void privileged_count(const struct privileged *p, uint64_t *counts);

#endif
