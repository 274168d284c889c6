/*
 * The query language: a filter, then stages behind pipes (docs/manual/search.md).
 *
 *   source.ip:10.0.0.0/8 AND NOT action:deny | stats sum(source.bytes) by user | sort -2 | head 5
 *
 * query_parse compiles the text; query_run reads the store and hands rows to a sink, one at a
 * time: events as the store gives them, or, behind an aggregation, rows made here whose fields
 * are the columns. A struct query is immutable and may be run several times.
 *
 * Memory: aggregations, sort, tail and dedup hold what they need, up to memory_bytes; above it the
 * run fails with a message that says which stage and what to do. sort in front of head holds only
 * as many rows as head wants.
 */
#ifndef KONSEKI_QUERY_H
#define KONSEKI_QUERY_H

#include "batch.h"
#include "err.h"
#include "store.h"
#include "zone.h"

struct query;

struct query_settings {
    int64_t now_ns;          /* what "now" means */
    const struct zone *zone; /* of times without a zone */
};

/* What is wrong with a query: where (byte offset) and what was expected. */
struct query_error {
    size_t offset;
    char message[512];
};

/* BAD_INPUT: *error is set. */
enum status query_parse(struct query **out, struct str text, const struct query_settings *settings,
                        struct query_error *error) MUST_CHECK;
void query_free(struct query **query);
/* Message, the line of the query, and a caret under the column (as wide as a terminal shows it).
 */
void query_error_format(struct buf *out, struct str text, const struct query_error *error);

/* A point in time as the language and the command line write it: "2026-11-21", "2026-11-21T10:00",
 * "now-2h", "now-1d/d", "today". [*start_ns, *end_ns) is the span that the text names: a day, a
 * minute ... one nanosecond. False: not a time. */
bool query_time_parse(int64_t *start_ns, int64_t *end_ns, struct str text,
                      const struct query_settings *settings);

/* A column of the output: the first of `fields` that a row has. */
struct query_column {
    struct str name;
    const uint32_t *fields;
    size_t field_count;
    bool is_pattern; /* `fields winlog.*`: name is the pattern, fields is empty */
    enum field_type type;
};

/* What kind of rows come out. */
enum query_shape {
    QUERY_EVENTS,  /* whole events */
    QUERY_COLUMNS, /* events, of which the columns are wanted */
    QUERY_TABLE    /* made rows: columns only */
};

struct query_output {
    enum query_shape shape;
    const struct query_column *columns;
    size_t column_count;
};
const struct query_output *query_get_output(const struct query *query);
/* True if a stage limits or aggregates, so that no default limit is wanted. */
bool query_has_limit(const struct query *query);

/* Text of the column in the row; false if it has none. */
bool query_column_get(struct str *out, const struct query_column *column, const struct batch *batch,
                      const struct row *row, struct buf *scratch);

struct query_run_options {
    int64_t from_ns; /* event time, [from, to) */
    int64_t to_ns;
    uint64_t limit;         /* rows out; 0: all */
    uint64_t memory_bytes;  /* 0: the default (256 MiB) */
    bool want_raw;          /* the sink reads raw bytes */
    const uint32_t *fields; /* QUERY_EVENTS: the only values the sink reads; NULL: all */
    size_t field_count;
    unsigned threads;          /* of the scan; 0: one a core */
    const atomic_bool *cancel; /* true: the run ends with CANCELLED; may be NULL */
};

struct query_run_stats {
    struct store_scan_stats scan;
    uint64_t rows_out;
    uint64_t without_group;  /* rows left out of an aggregation: no value to group by */
    uint64_t regex_given_up; /* values on which a regular expression took too long */
    bool limited;            /* the limit cut the rows */
    uint64_t scan_ns;        /* waiting for rows of the store */
    uint64_t stage_ns;       /* stages and output */
};

/* Returns false to stop the run (the reader went away). */
typedef bool query_row_fn(const struct batch *batch, const struct row *row, void *ctx);

/* CANCELLED: `cancel` was set. What came out until then stays; an aggregation that was not finished
 * gives nothing. */
enum status query_run(const struct query *query, struct store *store,
                      const struct query_run_options *options, struct query_run_stats *stats,
                      query_row_fn *row, void *ctx, struct err *err) MUST_CHECK;

/* Names in the filter that no event known so far has, with the nearest known name (may be empty):
 * calls `note` for each. */
typedef void query_unknown_fn(struct str name, struct str nearest, void *ctx);
void query_unknown_fields(const struct query *query, query_unknown_fn *note, void *ctx);

#endif
