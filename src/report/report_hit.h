/*
 * One hit as every writer of this folder takes it: the rule, where the event stands, and what of
 * the event is to be shown. Who makes hits (scan today) fills it; nothing here knows batches.
 *
 * Ownership: all texts and arrays are the maker's and are read during the call only, but for the
 * rule and what it points at, which stay until the report is closed. Texts may hold any bytes:
 * every writer escapes.
 */
#ifndef KONSEKI_REPORT_HIT_H
#define KONSEKI_REPORT_HIT_H

#include "sigma.h"

enum { REPORT_LEVELS = SIGMA_CRITICAL + 1 };

/* The control character that ASCII has for it: values hardly ever do. */
#define REPORT_PART_MARK "\x1f"

/* Fields of the same name that follow each other are a list. */
struct report_field {
    struct str name;
    struct str value;
};

struct report_place {
    struct str file;
    int64_t time_ns;
    uint64_t record_id; /* 0: none */
    uint32_t line;      /* 0: a record file, `idx` counts */
    uint32_t idx;
};

/* A rule that a correlation is about, and how many of its events are of it. */
struct report_correlated_rule {
    const struct sigma_rule_info *info;
    uint64_t events;
};

/* What a group's name stands for in events of the rule. */
struct report_alias {
    struct str name;
    const struct sigma_rule_info *rule;
    struct str field;
};

enum { REPORT_RULES_MAX = 64 }; /* of a correlation: bits of report_member.rules */

/* An event that took part in a correlation. */
struct report_member {
    struct report_place place;
    uint64_t rules;           /* bit i: it is of rules[i] of the correlation */
    const struct str *values; /* of its `fields`; none if they are not known */
    size_t value_count;
};

struct report_correlation {
    struct str type;          /* event_count ... */
    const struct str *fields; /* that are measured, if any */
    size_t field_count;
    const struct report_correlated_rule *rules;
    size_t rule_count;
    const struct report_alias *aliases; /* those of one name follow each other */
    size_t alias_count;
    const struct report_field *groups;
    size_t group_count;
    const struct report_member *events; /* the first and the last ones */
    size_t event_count;
    int64_t first_ns;
    int64_t last_ns;
    int64_t timespan_ns;
    uint64_t count;   /* of all events */
    struct str value; /* what was compared, a number; empty if there is none */
};

struct report_hit {
    const struct sigma_rule_info *rule;
    enum sigma_level level; /* the rule's, or what the site file made of it */
    int64_t time_ns;
    struct report_place place; /* its time is time_ns */
    struct str dataset;
    struct str computer;
    struct str channel;
    struct str provider;
    struct str event_id;
    struct str user;
    struct str process;
    struct str details; /* for people, REPORT_PART_MARK between its parts; empty: of `fields` */
    struct str detail_names;  /* fields that `details` shows, REPORT_PART_MARK behind each */
    struct str suppressed_by; /* "owner: reason" of the site file; empty: the hit counts */
    bool is_recovered;        /* from slack space */
    bool is_time_received;    /* the event says no time: `time_ns` is when it was read */
    const struct report_field *fields; /* those that made the rule match */
    size_t field_count;
    const struct report_field *all; /* every field of the event, where a writer wants them */
    size_t all_count;
    const struct report_correlation *correlation; /* NULL: a plain rule */
};

/* A writer's wishes, so that hits carry no more than somebody reads. */
struct report_wishes {
    bool details;
    bool all_fields;
};

#endif
