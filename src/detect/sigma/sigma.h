/*
 * Sigma rules (specification 2.x): load from folders, compile together, match rows. Correlations
 * are kept beside the rules; sigma_correlator.h runs them.
 *
 * A rule set is immutable once loaded and may be shared by threads; a matcher belongs to one
 * thread. Field names of rules are native names (Image, c-uri, src_ip ...); which event fields
 * they mean follows from the row's dataset and the mapping (docs/formats/sigma-mapping.md).
 */
#ifndef KONSEKI_SIGMA_H
#define KONSEKI_SIGMA_H

#include "batch.h"
#include "buf.h"
#include "err.h"

enum sigma_level { SIGMA_INFORMATIONAL, SIGMA_LOW, SIGMA_MEDIUM, SIGMA_HIGH, SIGMA_CRITICAL };

/* How far a rule can run on events of one kind, or at all. */
enum sigma_runs_how { SIGMA_RUNS_NOT, SIGMA_RUNS_DEGRADED, SIGMA_RUNS_FULLY };

struct sigma_runs_way {
    struct str name; /* "Security 4688", "json with eventSource, eventName" */
    enum sigma_runs_how how;
    const struct str *missing; /* fields that the rule asks for and such events never carry */
    size_t missing_count;
    struct str needs; /* what must be switched on to have such events; may be empty */
};

struct sigma_runs {
    enum sigma_runs_how how;           /* of the best way */
    const struct sigma_runs_way *ways; /* none: no event that this program reads is of its source */
    size_t way_count;
    struct str needs; /* of the log source; may be empty */
};

struct sigma_rule_info {
    struct str id; /* the rule's id, or its file name without .yml */
    struct str title;
    struct str path;
    struct str status;
    struct str description;
    struct str author;
    struct str date;     /* as written: 2026-01-31 */
    struct str modified; /* the same */
    struct str category; /* of its log source; empty if not given */
    struct str product;
    struct str service;
    const struct str *tags;
    size_t tag_count;
    const struct str *references;
    size_t reference_count;
    const struct str *false_positives;
    size_t false_positive_count;
    enum sigma_level level;
    bool is_filter; /* changes other rules, finds nothing itself */
    bool is_made;   /* for a correlation, out of another document: nobody wrote it as a rule */
    bool is_source_known; /* false: no event that this program reads is of its log source */
    const struct sigma_runs *runs; /* with options.judge, for plain rules; else NULL */
    struct str correlation;        /* its type (event_count ...); empty: a plain rule */
    const struct str *refers_to;   /* ids of the rules that a correlation is about */
    size_t refer_count;
    struct str hint; /* what its author better writes; empty: nothing */
};

struct sigma_rules;
struct sigma_matcher;

/* One call a rule (or a file that is none): `why` is empty when it was accepted. */
typedef void sigma_load_fn(const struct sigma_rule_info *rule, struct str why, void *ctx);

struct sigma_load_options {
    const char *const *paths; /* files, or folders: every .yml and .yaml below them */
    size_t path_count;
    /* Files of log sources and fields before the default ones (docs/formats/sigma-mapping.md). */
    const char *const *mappings;
    size_t mapping_count;
    const char *const *placeholders; /* files of placeholders (sigma_placeholders.h); may be none */
    size_t placeholder_count;
    /* Fill in sigma_rule_info.runs. Such a set is for reading: it is not compiled to the end (most
     * of the time of a load), no matcher may be made of it, and the cache is not asked. */
    bool judge;
    /* The rules look at every event, whatever its log source, with their own field names. */
    bool everywhere;
    /* Where compiled sets are kept (docs/formats/sigma-cache.md); NULL: they are not. Whatever else
     * stands in these options and changes the result goes into the key: sigma_cache_key. */
    const char *cache_folder;
    sigma_load_fn *report; /* may be NULL */
    void *ctx;
};

/* Refused rules are reported and left out; ENVIRONMENT only if a path cannot be read. */
enum status sigma_rules_load(struct sigma_rules **out, const struct sigma_load_options *options,
                             struct err *err) MUST_CHECK;
/* The folder of this user: $XDG_CACHE_HOME/konseki or ~/.cache/konseki, NUL-terminated. False if
 * neither is set. */
bool sigma_cache_default_folder(struct buf *out);
/* Appends the mapping that would be in force with these files: JSON lines, or text for people. */
enum status sigma_mapping_list(struct buf *out, const char *const *mappings, size_t count,
                               bool as_json, struct err *err) MUST_CHECK;
void sigma_rules_free(struct sigma_rules **rules);
size_t sigma_rules_count(const struct sigma_rules *rules);
/* How many of them somebody wrote: for people. */
size_t sigma_rules_written(const struct sigma_rules *rules);

/* Appends which events a rule looks at: "Microsoft-Windows-Sysmon/Operational 1; Security 4688". */
void sigma_rules_sources(struct buf *out, const struct sigma_rules *rules, size_t rule);

struct sigma_matcher *sigma_matcher_create(const struct sigma_rules *rules);
void sigma_matcher_destroy(struct sigma_matcher **matcher);
/* From the next event on only the rules that `select` admits are looked for, and those that
 * correlations refer to: the fewer, the less an event costs. The set stays as it is: it may be
 * shared, and in the cache it is one, whatever is asked for. */
typedef bool sigma_select_fn(const struct sigma_rule_info *rule, const void *ctx);
void sigma_matcher_select(struct sigma_matcher *matcher, sigma_select_fn *select, const void *ctx);

/* Was there an event that the rule looks at at all? True for correlations. */
bool sigma_matcher_saw_source(const struct sigma_matcher *matcher, size_t rule);

/* `fields` are the event fields whose values made the rule match (ids, no duplicates). */
struct sigma_hit {
    const struct sigma_rule_info *rule;
    const uint32_t *fields;
    size_t field_count;
};
typedef void sigma_hit_fn(const struct sigma_hit *hit, void *ctx);

/* A rule that correlations refer to matched: its event's values of the fields that they want, in
 * the order of the rule set; ptr NULL: missing or null. Of a list it is the first. */
struct sigma_feed {
    uint32_t rule;
    const struct str *values;
    size_t value_count;
};
typedef void sigma_feed_fn(const struct sigma_feed *feed, void *ctx);
/* The rule of a feed; of all rules with numbers below sigma_rules_count, correlations last. */
const struct sigma_rule_info *sigma_rules_info(const struct sigma_rules *rules, size_t rule);
/* From now on `feed` hears of these. Texts are borrowed for the call. */
void sigma_matcher_feed(struct sigma_matcher *matcher, sigma_feed_fn *feed, void *ctx);
size_t sigma_rules_correlation_count(const struct sigma_rules *rules);

/* Calls `hit` for each rule that matches the row, in rule id order, but for those that only
 * correlations are to tell of. */
void sigma_match_row(struct sigma_matcher *matcher, const struct batch *batch,
                     const struct row *row, sigma_hit_fn *hit, void *ctx);

/* A value of a bare event in native field names; a list is several values of one name. */
struct sigma_event_value {
    struct str name;
    struct str text;
    bool is_null;
    bool is_structure; /* JSON text of an object or list: keywords do not look into it */
};

/* The same for a bare event (`rules eval`). An event that has no Channel does not tell where it is
 * from: rules for other sources than Windows look at it, those for Windows do not. */
void sigma_match_event(struct sigma_matcher *matcher, const struct sigma_event_value *values,
                       size_t count, sigma_hit_fn *hit, void *ctx);

/* The time of a bare event: `@timestamp`, `timestamp`, else `TimeCreated_SystemTime`; RFC 3339 (no
 * zone: UTC), or seconds, milliseconds, microseconds or nanoseconds since 1970. False: none of
 * them. */
bool sigma_event_time(int64_t *out_ns, const struct sigma_event_value *values, size_t count);

struct str sigma_level_name(enum sigma_level level);
/* "info" is accepted for informational. False for other words. */
bool sigma_level_parse(enum sigma_level *out, struct str text);

#endif
