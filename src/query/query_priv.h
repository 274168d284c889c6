/* What the files of this folder share: the parsed query and the parser's state. */
#ifndef KONSEKI_QUERY_PRIV_H
#define KONSEKI_QUERY_PRIV_H

#include "expr_build.h"
#include "i18n.h"
#include "query.h"

enum {
    QUERY_MAX_BYTES = 131072, /* what a system passes as one argument */
    QUERY_MAX_DEPTH = 100,
    QUERY_MAX_STAGES = 50,
    QUERY_MAX_COLUMNS = 200
};

enum stage_kind {
    STAGE_WHERE,
    STAGE_FIELDS, /* chooses the output's columns; passes rows on */
    STAGE_HEAD,
    STAGE_TAIL,
    STAGE_SORT,
    STAGE_DEDUP,
    STAGE_STATS /* count, stats, timechart, and the first step of top and rare */
};

enum aggregate_fn {
    FN_COUNT,
    FN_DISTINCT,
    FN_SUM,
    FN_MIN,
    FN_MAX,
    FN_AVG,
    FN_STDEV,
    FN_PERCENTILE,
    FN_VALUES,
    FN_FIRST,
    FN_LAST
};

struct aggregate {
    enum aggregate_fn fn;
    bool has_column;
    struct query_column column;
    double percent; /* PERCENTILE, 0..100 */
    struct str name;
    uint32_t out_field;
};

struct sort_key {
    struct query_column column;
    bool descending;
};

struct stage_spec {
    enum stage_kind kind;
    struct str name;              /* as it was written, for messages */
    struct expr *filter;          /* WHERE */
    struct query_column *columns; /* FIELDS, DEDUP; STATS: group by */
    size_t column_count;
    struct sort_key *keys; /* SORT */
    size_t key_count;
    uint64_t count; /* HEAD, TAIL, DEDUP */
    struct aggregate *aggregates;
    size_t aggregate_count;
    int64_t span_ns; /* STATS: > 0: the first group column is the time bucket */
    const struct zone *zone;
};

/* A field name of a filter, for hints. */
struct named_field {
    struct str name;
    bool in_stage; /* in a `where` behind a pipe: its field must be read too */
};

struct query {
    struct arena arena;
    struct expr_set *set;
    struct str text;
    struct expr *filter;
    struct stage_spec stages[QUERY_MAX_STAGES];
    size_t stage_count;
    struct query_output output;
    struct named_field *names;
    size_t name_count;
    size_t name_capacity;
    bool where_reads_text; /* a `where` behind a pipe looks at the search text */
};

struct parser {
    struct query *query;
    struct str text;
    size_t at;
    int depth;
    const struct query_settings *settings;
    struct query_error *error;
    /* value list of a field, `field:( ... )`: the field that bare words belong to */
    struct str group_field;
    size_t field_offset; /* where the field at hand is named, for messages */
    bool in_group;
    bool in_stage;
    /* behind an aggregation only its columns exist */
    const struct query_column *columns;
    size_t column_count;
    bool is_table;
};

/* --- query_scan.c: characters --- */

bool parser_fail(struct parser *p, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* White space, also the full-width blank. */
void parser_skip_blanks(struct parser *p);
bool parser_at_end(const struct parser *p);
/* The rest of the text from here. */
struct str parser_rest(const struct parser *p);
/* Takes `literal` if it stands here. */
bool parser_accept(struct parser *p, const char *literal);
/* Takes the word (ASCII, any case) if it stands here, ended by a blank, '(' ')' '|' or the end. */
bool parser_accept_keyword(struct parser *p, const char *word);
/* Takes a name of a field or function: up to a blank or one of `,|()` or an operator. */
struct str parser_take_name(struct parser *p);
/* Takes "..." with \" and \\ resolved, in the arena. */
bool parser_take_quoted(struct parser *p, struct str *out);
/* Takes /.../ or /.../i; false without taking anything if none stands here. */
bool parser_take_regex(struct parser *p, struct str *out, bool *ignore_case);
/* Takes the characters of a word; backslash escapes stay in it. */
struct str parser_take_word(struct parser *p, const char *also_stops_at);
bool scan_is_blank(struct str rest, size_t *length);
/* Text without its backslashes. */
struct str scan_unescape(struct arena *arena, struct str text);
/* Pattern for wildcard matching: backslashes before plain characters doubled. */
struct str scan_pattern(struct arena *arena, struct str text);

/* --- query_name.c: fields and columns --- */

/* The fields an alias stands for (blank-separated), or the name itself. */
struct str name_resolve(struct str name);
/* An alias may also be the name of a field that a record brought along ("Hostname" in JSON): then
 * both are meant. Not where the alias means a time or the text: those every event has. */
bool name_hides_field(struct str name);
bool name_is_known(struct str name);
/* The nearest known name, or empty. */
struct str name_nearest(struct parser *p, struct str name);
bool name_is_full_text(struct str field);
/* A column by its name; with the error at `offset` if it cannot be. */
bool column_init(struct query_column *out, struct parser *p, struct str name, size_t offset);

/* --- query_filter.c, query_leaf.c, query_pipe.c --- */

/* NULL on failure. */
struct expr *filter_parse(struct parser *p);
/* A condition on a field at the value that stands here. */
struct expr *leaf_parse_value(struct parser *p, struct str field, size_t field_offset);
/* `field OP value`. */
struct expr *leaf_parse_comparison(struct parser *p, struct str field);
struct expr *leaf_text(struct parser *p, struct str word, size_t offset);
struct expr *leaf_phrase(struct parser *p, struct str phrase, size_t offset);
struct expr *leaf_regex(struct parser *p, struct str field, struct str pattern, bool ignore_case,
                        size_t offset);
bool pipe_parse(struct parser *p);

#endif
