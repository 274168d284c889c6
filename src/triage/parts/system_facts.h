/*
 * What single Windows events say of a machine: it started, stopped, its clock was changed, its
 * version, zone and uptime. The events stand in system_facts.def.
 *
 * Ownership: texts of a fact are valid until the next call. Threads: one.
 */
#ifndef KONSEKI_SYSTEM_FACTS_H
#define KONSEKI_SYSTEM_FACTS_H

#include "triage_fields.h"

enum system_fact_kind {
    SYSTEM_BOOT,       /* the operating system started */
    SYSTEM_SHUTDOWN,   /* it stopped */
    SYSTEM_UNEXPECTED, /* it had not been stopped: as the event log saw it */
    SYSTEM_UNCLEAN,    /* the same as the kernel saw it */
    SYSTEM_REQUEST,    /* somebody asked for a restart or shutdown; value: how, who */
    SYSTEM_LOG_START,  /* the event log service */
    SYSTEM_LOG_STOP,
    SYSTEM_UPTIME,  /* value: seconds */
    SYSTEM_CLOCK,   /* the clock was set; value: seconds it moved, where the event tells */
    SYSTEM_VERSION, /* value: "10.0.17134" */
    SYSTEM_NAME,    /* value: "OLD -> NEW" */
    SYSTEM_SLEEP,
    SYSTEM_WAKE,
    SYSTEM_ZONE, /* not alone: with uptimes */
    SYSTEM_FACT_COUNT
};

struct system_fact {
    enum system_fact_kind kind;
    struct str computer;
    struct str event; /* its number */
    struct str value;
    struct str zone; /* "UTC-08:00 Pacific Standard Time" */
};

struct system_facts {
    struct triage_fields fields;
    struct triage_host host;
    size_t channel, id, provider;
    size_t old_time, new_time, old_clock, major, minor, build, how, by;
    uint32_t data; /* the field of unnamed Data */
    struct buf value;
    struct buf zone;
};

void system_facts_init(struct system_facts *facts);
void system_facts_fini(struct system_facts *facts);
/* False if the event is none of these; then only `computer` is set. */
bool system_facts_read(struct system_fact *out, struct system_facts *facts,
                       const struct triage_event *event);
struct str system_fact_word(enum system_fact_kind kind);

#endif
