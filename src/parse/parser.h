/*
 * What a parser of one format is. A format is one file (parse/formats/<format>.c), one row of the
 * table in tables/parsers.def, one row in tables/datasets.def and one folder of golden tests.
 *
 * The way of a record:  framer (lines, <Event> elements, EVTX records)
 *   -> envelope (syslog RFC 3164/5424 header: time, host, app; or none)
 *   -> body parser (this interface).
 *
 * A parser adds values to the row that is being built in the batch. It never keeps pointers into
 * the record, never fails on content: it says what it saw. Values should be added as slices of the
 * record's text (batch_add does so by itself when the text lies in the raw bytes), because a slice
 * costs the store nothing.
 */
#ifndef KONSEKI_PARSER_H
#define KONSEKI_PARSER_H

#include "batch.h"
#include "zone.h"

enum parse_result {
    PARSE_NO,     /* not my format: values added so far are taken back by the caller */
    PARSE_YES,    /* recognised */
    PARSE_META,   /* a header or comment line of my format (#Fields ...) */
    PARSE_DAMAGED /* surely my format, but cut or broken: what was readable was added */
};

/* What the envelope said; empty texts and -1 where it said nothing. */
struct envelope {
    struct str host;
    struct str app; /* tag or APP-NAME without [pid] */
    struct str pid;
    struct str msgid;
    int priority;    /* 0..191, -1 if absent */
    int64_t time_ns; /* UTC; TIME_NONE if absent */
    bool present;    /* the record had a syslog header */
};

/* How to read the times of one input. Set up once an input (file or listener). */
struct parse_settings {
    const struct zone *zone; /* for times without a zone; never NULL */
    bool zone_is_guess;      /* nobody said which zone: mark rows ROW_ZONE_GUESSED */
    int year;                /* for times without a year; 0 = infer */
    int64_t newest_ns; /* inferred years: not after this (file mtime + 1 day, or now + 1 day) */
};

struct year_memory;

struct parse_context {
    const struct parse_settings *settings;
    const struct envelope *envelope; /* never NULL */
    struct year_memory *years;       /* of this input; parse_time.h */
    struct str line;                 /* whole record as UTF-8, without terminator */
    bool is_table;                   /* the input is a table with a header line */
    void *state;                     /* of this parser for this input, if it declared any */
};

struct parser {
    const char *name; /* for messages; the file's name */
    enum dataset dataset;
    /* `body` is the record's text after the envelope. Sets row->dataset itself only when it
     * differs from `dataset`; sets row->time_ns if the body has its own time. Of the row it may
     * touch these, flags, record_id and the values, nothing else. */
    enum parse_result (*parse)(struct parse_context *context, struct batch *batch, struct str body);
    /* Optional: state kept between the records of one input. */
    void *(*state_create)(void);
    void (*state_destroy)(void *state);
};

#endif
