/*
 * Accounts, the machines they came from and went to, hour by hour: what `triage accounts` counts.
 * An account is a user's name in lower case without its domain (people have several: NetBIOS, DNS,
 * "user@DOMAIN"). Memory is bounded by the tallies; what does not fit is counted. Threads: one.
 */
#ifndef KONSEKI_ACCOUNT_COUNTS_H
#define KONSEKI_ACCOUNT_COUNTS_H

#include "change_read.h"
#include "logon_read.h"
#include "privileged.h"
#include "tally.h"

enum account_class {
    ACCOUNT_SUCCESS,
    ACCOUNT_FAILURE,
    ACCOUNT_EXPLICIT,   /* its credentials were used in another session (4648) */
    ACCOUNT_VALIDATED,  /* tickets and validations of domain controllers */
    ACCOUNT_PRIVILEGED, /* successes that got special privileges */
    ACCOUNT_CLASSES
};

/* Of an edge or an hour. */
struct account_count {
    uint64_t of[ACCOUNT_CLASSES];
};

/* Keys of the tallies. */
enum account_edge_key { EDGE_ACCOUNT, EDGE_SOURCE, EDGE_COMPUTER, EDGE_KEYS };
enum account_hour_key { HOUR_TIME, HOUR_ACCOUNT, HOUR_KEYS };
enum account_mark_key { MARK_KIND, MARK_ACCOUNT, MARK_TEXT, MARK_KEYS };

struct account_counts {
    bool with_machines; /* also accounts of machines and of Windows itself */
    bool by_hour;       /* hours are counted, marks are not */
    struct logon_reader logons;
    struct change_reader changes;
    struct tally edges;
    struct account_count *edge_counts;
    size_t edge_capacity;
    struct tally hours; /* hosts: sources */
    struct account_count *hour_counts;
    size_t hour_capacity;
    struct tally marks; /* kinds "domain", "type", "sign", "by": changes that it made */
    struct privileged privileged;
    struct buf account; /* scratch */
    struct buf source;  /* scratch */
    struct buf other;   /* scratch */
};

void account_counts_init(struct account_counts *counts, bool with_machines, bool by_hour);
void account_counts_fini(struct account_counts *counts);
void account_counts_add(struct account_counts *counts, const struct triage_event *event);
/* All was seen: joins logons with their privileges. */
void account_counts_end(struct account_counts *counts);
/* The hour in which the time is, as text; `out` has CIVIL_RFC3339_BYTES. */
struct str account_counts_hour(char *out, int64_t time_ns);
uint64_t account_counts_dropped(const struct account_counts *counts);

#endif
