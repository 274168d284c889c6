/*
 * Correlation: hits of rules (sigma_matcher_feed) in the order of time to hits of correlations.
 *
 * Events are given in any order; what correlations need of them is kept as small records, which are
 * sorted by time (equal times: in the order given) and then go through the windows. Records beyond
 * record_bytes wait in an unlinked temporary file. An event at t looks at the window [t - timespan,
 * t] of its group; a correlation matches at an event when its condition holds for that window. One
 * hit stands for a stretch of matches of one group. docs/manual/sigma.md says what each type
 * measures.
 *
 * Memory: record_bytes + state_bytes and a few KiB a hit that is being collected (counted in
 * state_bytes). When the state is full the group that was quiet longest is forgotten and counted.
 *
 * Threads: one thread. Texts of a hit are borrowed for the call.
 */
#ifndef KONSEKI_SIGMA_CORRELATOR_H
#define KONSEKI_SIGMA_CORRELATOR_H

#include "sigma.h"

struct sigma_correlator;

/* Where an event stands. */
struct sigma_event_place {
    struct str origin; /* the file as given, or the source's id */
    uint64_t record;   /* EventRecordID, or the source's sequence; 0 if none */
    uint32_t line;     /* of a text file; 0: a file of records, `idx` counts */
    uint32_t idx;      /* order in a file of records; both below 2^31 */
    uint64_t number;   /* the caller's own: comes back with `matched` */
};

enum { SIGMA_MEMBERS_MAX = 50 };

struct sigma_correlation_member {
    int64_t time_ns;
    struct str origin;
    uint64_t record;
    uint32_t line;
    uint32_t idx;
    uint64_t rules; /* bit i: it is of rules[i] of the hit */
    /* of `fields` of the hit; none if there are none, or if the value is not remembered any more */
    const struct str *values;
    size_t value_count;
};

/* One entry of `rules`, and how many events of the hit are of it. */
struct sigma_correlated_rule {
    const struct sigma_rule_info *info;
    uint64_t events;
};

/* What a field of group-by, or one that is measured, is called in events of a rule. */
struct sigma_correlated_alias {
    struct str name;
    const struct sigma_rule_info *rule;
    struct str field;
};

struct sigma_correlation_hit {
    const struct sigma_rule_info *rule;
    struct str type; /* "event_count" ... */
    int64_t timespan_ns;
    const struct str *group_fields; /* group-by as written */
    const struct str *group_values;
    size_t group_count;
    const struct str *fields; /* that are measured; none: events are counted, or rules */
    size_t field_count;
    const struct sigma_correlated_rule *rules;
    size_t rule_count;
    const struct sigma_correlated_alias *aliases;
    size_t alias_count;
    int64_t first_ns; /* the oldest event of the first window that matched */
    int64_t last_ns;  /* the newest event at which it matched */
    uint64_t count;   /* events from first to last */
    double value;     /* what was measured at the last of them */
    const struct sigma_correlation_member *head; /* the first events, at most SIGMA_MEMBERS_MAX */
    size_t head_count;
    const struct sigma_correlation_member *tail; /* the last of those that are not in `head` */
    size_t tail_count;
    uint64_t id;      /* of this stretch: the same in all its versions, and in every run */
    uint32_t version; /* from 1; more than 1 only when live */
    bool is_open;     /* live: it may still grow */
};

typedef void sigma_correlated_fn(const struct sigma_correlation_hit *hit, void *ctx);
/* The correlation matches at the event that was given with this number. */
typedef void sigma_event_correlated_fn(const struct sigma_rule_info *rule, uint64_t number,
                                       void *ctx);

struct sigma_correlator_options {
    const struct sigma_rules *rules;
    size_t state_bytes;       /* 0: 96 MiB */
    size_t record_bytes;      /* 0: 32 MiB */
    bool is_live;             /* hits are told as soon as they begin, and again as they grow */
    sigma_correlated_fn *hit; /* may be NULL */
    sigma_event_correlated_fn *matched; /* may be NULL; not told for quiet correlations */
    void *ctx;
};

struct sigma_correlator_counts {
    uint64_t events; /* that took part */
    uint64_t hits;
    uint64_t evicted;       /* groups or events forgotten because the state was full, and ways of
                               one event into correlations beyond 65,536 */
    uint64_t late;          /* events older than what was already looked at: left out */
    uint64_t without_group; /* a field of group-by is missing: left out of that correlation */
    uint64_t without_value; /* the field is missing, or no number where one is needed: the same */
    uint64_t timeless;      /* events without a time of their own: left out */
    uint64_t spilled_bytes; /* written to the temporary file */
    uint64_t state_bytes;   /* of windows, hits being collected and their texts, now */
};

/* NULL if no correlation is in the rule set. */
struct sigma_correlator *sigma_correlator_create(const struct sigma_correlator_options *options);
void sigma_correlator_destroy(struct sigma_correlator **correlator);

/* Begins the next event; hits of rules that follow are its own. The origin's text must stay until
 * the next event. Not OK: here, too, if a hit before could not be kept. */
enum status sigma_correlator_event(struct sigma_correlator *correlator, int64_t time_ns,
                                   const struct sigma_event_place *place,
                                   struct err *err) MUST_CHECK;
/* The same for an event that does not say when it was: its hits count for no window. */
void sigma_correlator_timeless_event(struct sigma_correlator *correlator);
/* For sigma_matcher_feed, with the correlator as ctx. */
void sigma_correlator_take(const struct sigma_feed *feed, void *ctx);
/* Looks at all events up to this time; later ones wait. Live: tells what began or grew. */
enum status sigma_correlator_advance(struct sigma_correlator *correlator, int64_t until_ns,
                                     struct err *err) MUST_CHECK;
/* The newest event that was given; INT64_MIN: none yet. */
int64_t sigma_correlator_newest(const struct sigma_correlator *correlator);
/* Looks at everything that waits and ends all stretches. Only sigma_correlator_counts and destroy
 * may follow. */
enum status sigma_correlator_finish(struct sigma_correlator *correlator,
                                    struct err *err) MUST_CHECK;
struct sigma_correlator_counts sigma_correlator_counts(const struct sigma_correlator *correlator);

#endif
