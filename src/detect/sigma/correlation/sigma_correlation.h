/*
 * One correlation rule (specification 2.1, "Sigma Correlation Rules"; boolean conditions,
 * value_median and `percentile` as pySigma writes them) as plain data: indexes instead of pointers
 * to other documents, every array in the arena of the rule set, immutable once resolved.
 *
 * What it means: an event at time t looks at the window [t - timespan, t] of its own group; the
 * correlation matches at the event when the condition holds for that window (sigma_correlator.h).
 *
 * Threads: functions here are pure but for the arena they are given.
 */
#ifndef KONSEKI_SIGMA_CORRELATION_H
#define KONSEKI_SIGMA_CORRELATION_H

#include "sigma.h"
#include "sigma_ast.h"
#include "sigma_yaml.h"

enum sigma_correlation_type {
    SIGMA_EVENT_COUNT,
    SIGMA_VALUE_COUNT,
    SIGMA_TEMPORAL,
    SIGMA_TEMPORAL_ORDERED,
    SIGMA_VALUE_SUM,
    SIGMA_VALUE_AVG,
    SIGMA_VALUE_MIN, /* MIN and MAX: only from the older `| min(F) > N` */
    SIGMA_VALUE_MAX,
    SIGMA_VALUE_MEDIAN,     /* the middle number; of two the mean */
    SIGMA_VALUE_PERCENTILE, /* nearest rank of the window's numbers */
    /* value_percentile without `percentile`: how many percent of the window's events have the value
     * of the event that is looked at (the example of the specification) */
    SIGMA_VALUE_SHARE
};

enum { SIGMA_CORRELATION_REF_LIMIT = 64, SIGMA_CORRELATION_TERM_LIMIT = 256 };

#define SIGMA_REF_NONE UINT32_MAX

/* One entry of `rules`. The target is set by sigma_correlation_resolve. */
struct sigma_correlation_ref {
    struct str text; /* id or name, as written */
    size_t line;
    bool is_correlation;
    uint32_t target; /* index of the rule or of the correlation; SIGMA_REF_NONE: not resolved */
};

/* aliases: NAME: {RULE: FIELD}. One row each pair. */
struct sigma_correlation_alias {
    struct str name;
    struct str rule; /* as written: the text of a ref */
    struct str field;
    uint32_t ref; /* index into refs */
};

enum sigma_limit_op {
    SIGMA_LIMIT_GT,
    SIGMA_LIMIT_GTE,
    SIGMA_LIMIT_LT,
    SIGMA_LIMIT_LTE,
    SIGMA_LIMIT_EQ,
    SIGMA_LIMIT_NEQ
};

struct sigma_correlation_limit {
    enum sigma_limit_op op;
    double number;
};

/* A conjunction of a boolean condition; bit i is refs[i]. The condition is the OR of its terms
 * (temporal: all of `required` occur in the window; temporal_ordered: in the order of `rules`) and
 * nothing of `forbidden` does. */
struct sigma_correlation_term {
    uint64_t required;
    uint64_t forbidden;
};

enum { SIGMA_LIMIT_MAX = 6 };

struct sigma_correlation {
    struct sigma_rule_info info;
    struct str name; /* for references; may be empty */
    enum sigma_correlation_type type;
    bool generate;       /* the rules referred to print hits of their own too */
    bool is_referred;    /* a correlation refers to it */
    bool is_quiet;       /* set by resolve: prints nothing itself */
    bool is_from_legacy; /* made of `| count() by F > N`, not of a correlation document */
    int64_t timespan_ns; /* > 0 */
    double percentile;   /* VALUE_PERCENTILE: 0 to 100 */
    struct sigma_correlation_ref *refs; /* at least one */
    size_t ref_count;
    struct sigma_correlation_alias *aliases;
    size_t alias_count;
    const struct str *group_by; /* fields or aliases; none: one group */
    size_t group_count;
    const struct str *fields; /* value_*: what is looked at; several: as one tuple (value_count) */
    size_t field_count;
    struct sigma_correlation_limit limits[SIGMA_LIMIT_MAX]; /* all must hold */
    size_t limit_count;
    /* temporal types: used when there are no limits; without a condition one term of all refs */
    struct sigma_correlation_term *terms;
    size_t term_count;
};

/* Reads the section `correlation` of a document (and `generate` beside it); info and name are the
 * caller's. Messages begin with the line. */
enum status sigma_correlation_parse(struct sigma_correlation *out, struct arena *arena,
                                    struct sigma_yaml *yaml, const sigma_yaml_node *root,
                                    struct err *err) MUST_CHECK;

/* A boolean condition over the names of refs ("a and not b", "1 of x*") to terms. Messages have no
 * line: the caller adds it. */
enum status sigma_correlation_condition(struct sigma_correlation *c, struct arena *arena,
                                        struct str text, struct err *err) MUST_CHECK;

/* The names in a boolean condition, in the order in which they come first, as refs: what pySigma
 * means without `rules`. Patterns ("1 of x*") are refused: there is nothing that they could fit. */
enum status sigma_correlation_names(struct sigma_correlation *c, struct arena *arena,
                                    struct str text, struct err *err) MUST_CHECK;

/* "90m": number + one of s m h d w M (2,629,746 s) y (31,556,952 s: the mean Gregorian year). What
 * is longer than 292 years, as long as times are kept, is all time: INT64_MAX. False: anything
 * else, and zero. */
bool sigma_timespan_parse(int64_t *out_ns, struct str text);

struct str sigma_correlation_type_name(enum sigma_correlation_type type);
bool sigma_limit_holds(const struct sigma_correlation_limit *limit, double value);

#endif
