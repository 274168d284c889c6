/*
 * What the hits of a run add up to: by level, rule, host, user, day, hour, channel and file, with
 * samples of each rule. Everything is bounded: a table that is full counts further names in
 * `others`, samples are the earliest hits of each rule with long values cut, up to 16 MiB of all.
 *
 * Ownership: the stats own all they show; rows stay where they are until the next hit. Threads:
 * one. Cost: about ten hash lookups a hit.
 */
#ifndef KONSEKI_REPORT_STATS_H
#define KONSEKI_REPORT_STATS_H

#include "attack_tag.h"
#include "intern.h"
#include "report_hit.h"
#include "zone.h"

struct report_tally_row {
    struct str name;
    uint64_t counts[REPORT_LEVELS];
    uint64_t total;
    uint64_t rules; /* different ones; hosts only */
    int64_t first_ns;
    int64_t last_ns;
    uint64_t tactics[ATTACK_TACTICS]; /* hosts only */
};

struct report_tally {
    struct intern names;
    struct report_tally_row *rows; /* by id of the name */
    size_t capacity;
    size_t limit;
    uint64_t others; /* hits whose name found no room */
};

struct report_sample {
    int64_t time_ns;
    struct buf bytes; /* report_copy.h */
};

struct report_rule_row {
    const struct sigma_rule_info *rule;
    enum sigma_level level; /* the highest that a hit had */
    uint64_t count;
    uint64_t hosts; /* different ones */
    int64_t first_ns;
    int64_t last_ns;
    struct report_sample *samples; /* in the order of time */
    size_t sample_count;
};

struct report_stats {
    const struct zone *zone;
    size_t samples_per_rule; /* 0: none */
    size_t sample_bytes;     /* held by all samples */
    uint64_t counts[REPORT_LEVELS];
    uint64_t rule_counts[REPORT_LEVELS]; /* rules with hits */
    uint64_t total;
    uint64_t timeless; /* of events that say no time: in nothing that counts by time */
    int64_t first_ns;  /* TIME_NONE: no hit with a time */
    int64_t last_ns;
    struct report_rule_row *rules;
    size_t rule_count;
    size_t rule_capacity;
    struct intern rule_ids;   /* addresses of rules */
    struct intern host_rules; /* pairs of host and rule seen */
    struct report_tally hosts;
    struct report_tally users;
    struct report_tally channels; /* or datasets where there is none */
    struct report_tally files;
    struct report_tally days;  /* "2026-11-21" in the zone */
    struct report_tally hours; /* "2026-11-21 09" in the zone */
    uint64_t tactics[ATTACK_TACTICS];
};

/* What was looked at: told by who ran the rules. */
struct report_source_count {
    struct str name;
    uint64_t events; /* or rules */
};

enum { REPORT_TOP_MAX = 1000 };

struct report_run {
    const char *const *inputs; /* as given */
    size_t input_count;
    uint64_t files;
    uint64_t unreadable;
    uint64_t bytes;
    uint64_t events;
    uint64_t damaged;
    uint64_t events_with_hits;
    uint64_t suppressed; /* hits that the site file explains */
    uint64_t filtered;   /* events that were not asked for */
    uint64_t copies;     /* events with hits that were in another file already */
    int64_t first_ns;    /* of all events; TIME_NONE: none */
    int64_t last_ns;
    int64_t started_wall_ns;
    int64_t elapsed_ns;
    size_t rules;
    size_t refused;
    const struct str *refusals; /* "path: why", the first of them */
    size_t refusal_count;
    const struct str *failures; /* inputs that could not be read, the first of them */
    size_t failure_count;
    /* log sources that no event can be of, with the number of rules for them */
    const struct report_source_count *blind;
    size_t blind_count;
    const struct report_source_count *sources;
    size_t source_count;
    bool is_interrupted;
    unsigned top; /* rows of each list in the summary, up to REPORT_TOP_MAX; 0: as it likes */
};

void report_stats_init(struct report_stats *stats, const struct zone *zone,
                       size_t samples_per_rule);
void report_stats_fini(struct report_stats *stats);
/* Counts the hit; its rule's place in `rules`. */
size_t report_stats_add(struct report_stats *stats, const struct report_hit *hit);

/* Ids of the up to `max` rows with the most hits (of one level, or all: REPORT_LEVELS), most first;
 * equal ones by name. Rows without are left out. Returns the count. */
size_t report_tally_top(uint32_t *out, size_t max, const struct report_tally *tally, int level);
/* The same with the worst first: by critical hits, then high ones and so on, then by name. */
size_t report_tally_worst(uint32_t *out, size_t max, const struct report_tally *tally);
/* The same as report_tally_top of rules: places in `rules`. */
size_t report_rules_top(size_t *out, size_t max, const struct report_stats *stats, int level);

#endif
