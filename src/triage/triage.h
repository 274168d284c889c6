/*
 * Questions that a responder asks of a folder of logs besides rules: one question, one file, one
 * const struct triage_question. A question is opened with its options, sees every event once, file
 * by file, and gives the rows of one listing, most at the end.
 *
 * Ownership: an event and its texts are borrowed during the call. Memory is bounded: what a
 * question could not keep is counted in `dropped`. Threads: one. Failures: only opening can fail
 * (BAD_INPUT: an option that makes no sense).
 */
#ifndef KONSEKI_TRIAGE_H
#define KONSEKI_TRIAGE_H

#include "batch.h"
#include "err.h"
#include "sigma.h"

enum { TRIAGE_COLUMNS = 24 };

#define TRIAGE_ANY_PID UINT64_MAX

struct triage_event {
    const struct batch *batch;
    const struct row *row;
    struct str file; /* as given + "/" + path below it */
    bool is_windows;
    const struct sigma_rule_info *const *hits; /* with rules: those that match */
    size_t hit_count;
};

/* The listing of a question. */
struct triage_out {
    struct str columns[TRIAGE_COLUMNS];
    uint64_t numbers; /* bit by column: a number */
    size_t column_count;
    bool is_stopped;  /* nobody wants more rows */
    uint64_t dropped; /* what did not fit into the memory that a question may use */
    /* One row; an empty cell is an absent value. */
    void (*row)(struct triage_out *out, const struct str *cells);
    /* NULL, or events are wanted as they are instead of rows. */
    void (*event)(struct triage_out *out, const struct triage_event *event);
    void *ctx;
};

/* A rule of --rules that was accepted. */
struct triage_rule {
    struct str id;
    struct str title;
    struct str path;
    struct str level;
    struct str logsource; /* "product/category/service" */
    bool is_source_known; /* false: no event that this program reads is of its log source */
    struct str sources;   /* which events it looks at */
    size_t number;        /* in the set; SIZE_MAX: no rule of its own (a filter) */
};

struct triage_options {
    struct str kind;         /* metrics, stack: what to count; search: the word */
    const char *const *also; /* search: words that must be there too */
    size_t also_count;
    const char *const *instead; /* search: words any of which will do */
    size_t instead_count;
    const char *const *fields; /* stack --by, search --field: names, Windows' own or ours */
    size_t field_count;
    bool ignore_case;     /* search */
    bool is_regex;        /* search */
    struct str user;      /* accounts, changes, logons: only of this one; empty: all */
    bool with_machines;   /* accounts: those of machines and of Windows too */
    uint64_t min_length;  /* base64: characters; 0: the default */
    uint64_t min_missing; /* gaps: records; 0: the default */
    uint64_t factor;      /* gaps: silence of so many usual intervals; 0: the default */
    /* ptree: which processes; empty: all */
    struct str guid;
    struct str image; /* part of the path */
    struct str host;
    uint64_t pid;    /* TRIAGE_ANY_PID: any */
    int64_t at_ns;   /* alive at this time; TIME_NONE: any */
    struct str show; /* "both", "ancestors", "descendants", "tree"; empty: both */
    bool is_drawn;   /* as a tree, for people */
    bool is_ascii;
    const struct triage_rule *rules;     /* coverage */
    const struct sigma_matcher *matcher; /* coverage: what it saw */
    size_t rule_count;
};

struct triage_question {
    /* Sets the columns; *state is given to the others. */
    enum status (*open)(void **state, struct triage_out *out, const struct triage_options *options,
                        struct err *err);
    void (*event)(void *state, const struct triage_event *event);
    /* Rows that are no events (a file's header, blank lines); may be NULL. */
    void (*other)(void *state, const struct triage_event *row);
    /* The file's last event was seen; may be NULL. */
    void (*end_file)(void *state, struct str file);
    /* All was seen: the rows. */
    void (*end)(void *state);
    void (*close)(void *state);
    bool wants_all_events; /* with rules: also those without a hit */
};

#define QUESTION(name, question, words, usage, what) extern const struct triage_question question;
#include "questions.def"

#endif
