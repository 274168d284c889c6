/*
 * The mapping: which events a rule's log source means and what its fields are called there
 * (docs/formats/sigma-mapping.md). The default is share/sigma-mapping.conf, built into the
 * program; files of the user come before it.
 *
 * Ownership: everything hangs on the mapping's arena. Threads: immutable once loaded.
 * Failures: BAD_INPUT with file, line, value and what is allowed; ENVIRONMENT for a file that
 * cannot be read. Cost: about a millisecond for the default.
 */
#ifndef KONSEKI_SIGMA_MAPPING_H
#define KONSEKI_SIGMA_MAPPING_H

#include "arena.h"
#include "err.h"

struct sigma_words {
    const struct str *items;
    size_t count;
};

enum sigma_gate_kind {
    SIGMA_GATE_ANY,     /* every event */
    SIGMA_GATE_WINDOWS, /* Windows events by channel, id, provider */
    SIGMA_GATE_DATASETS /* events of the named formats */
};

enum { SIGMA_CHANNEL_LIMIT = 8 };

/* Which events a way is for, as far as their origin tells it. Texts end with NUL. */
struct sigma_gate {
    enum sigma_gate_kind kind;
    const char *channels[SIGMA_CHANNEL_LIMIT]; /* any of them; none: every channel of Windows */
    size_t channel_count;
    const char *ids;      /* separated by blanks; "": every id */
    const char *provider; /* "": every provider */
    const char *datasets; /* names or families, "?" for unknown lines; "" for none */
    bool takes_bare;      /* DATASETS: bare events that do not say where they are from, too */
};

/* A field that must have one of the values (patterns with * and ?, case ignored). */
struct sigma_condition_row {
    struct str field;
    struct sigma_words values;  /* as tests hold them */
    struct sigma_words written; /* as the file has them */
};

/* What rules call `name` is one of `natives` there; whole values may be written differently:
 * values.items[2 * i] in rules is values.items[2 * i + 1] in events. With a `part` natives of
 * another name hold pairs "KEY=value,KEY=value": the value of that key is meant. */
struct sigma_rename {
    struct str name;
    struct sigma_words natives;
    struct sigma_words values;
    struct str part;
};

/* One kind of events of a log source. */
struct sigma_way_row {
    struct sigma_gate gate;
    const struct sigma_condition_row *conditions; /* all of them */
    size_t condition_count;
    const struct sigma_rename *renames;
    size_t rename_count;
    bool is_only;     /* fields that nothing names for it are not there */
    struct str needs; /* what must be switched on to have such events; may be empty */
};

/* A log source; no word at all: any. "-" among the words: not given in the rule. */
struct sigma_source {
    struct sigma_words product;
    struct sigma_words category;
    struct sigma_words service;
    bool is_addition; /* its ways stand beside those of the next source that fits */
    const struct sigma_way_row *ways;
    size_t way_count;
    struct str needs;
    const char *path; /* where it stands; "": built in */
    unsigned line;
};

/* What rules call `name` is any of the event fields `fields` in rows of the families. */
struct sigma_field_row {
    const char *families; /* names or families of datasets, separated by blanks; "*": any */
    const char *name;
    const char *fields; /* separated by blanks */
};

/* The channels of a service of Windows. */
struct sigma_service {
    struct str name;
    struct sigma_words channels;
};

/* What events carry besides the parts that every Windows event has. */
struct sigma_event_row {
    struct str channel;
    struct str id;
    struct str needs;
    struct sigma_words fields;
};

/* How a piece of a composed text writes its field. */
enum sigma_piece_form {
    SIGMA_PIECE_AS_IS,
    SIGMA_PIECE_DECIMAL, /* 0x1f4 or 500: 500 */
    SIGMA_PIECE_HEX8,    /* the low 32 bits of the number: 000001f4 */
    SIGMA_PIECE_HIGH8,   /* the high 32 bits */
    SIGMA_PIECE_BETWEEN  /* what stands between `after` and `until` */
};

/* `before`, then the value of a field of the event. */
struct sigma_piece {
    struct str before;
    uint32_t part; /* of the composed field's parts; SIGMA_NO_PART: nothing follows */
    enum sigma_piece_form form;
    struct str after; /* BETWEEN: the first of these in the value ... */
    struct str until; /* ... up to the next of these, or its end */
    bool has_instead;
    struct str instead; /* written where the field is missing, empty or "-" */
};

enum { SIGMA_NO_PART = UINT32_MAX };

/* One text of a composed field: written when all conditions hold and every field is there. */
struct sigma_text {
    const struct sigma_condition_row *conditions;
    const uint32_t *condition_parts; /* the part that each looks at */
    size_t condition_count;
    const struct sigma_piece *pieces;
    size_t piece_count;
    struct str written; /* as the file has it */
};

/* A field of rules that is put together out of fields of the event: the first text that can be
 * written. Then the first of `prefixes` (from, to, ...; '?' is any byte, case ignored) that it
 * begins with is replaced. */
struct sigma_composed {
    struct str name;          /* "{registry-path}", as renames call it */
    struct sigma_words parts; /* the event's fields that it looks at, each once */
    const struct sigma_text *texts;
    size_t text_count;
    struct sigma_words prefixes;
};

struct sigma_mapping {
    struct arena arena;
    struct sigma_source *sources; /* those of later files first */
    size_t source_count;
    size_t source_capacity;
    struct sigma_service *services;
    size_t service_count;
    size_t service_capacity;
    struct sigma_composed *composed;
    size_t composed_count;
    size_t composed_capacity;
    struct sigma_field_row *fields;
    size_t field_count;
    size_t field_capacity;
    struct sigma_event_row *events;
    size_t event_count;
    size_t event_capacity;
    uint64_t hash; /* of all files' bytes, in order */
};

/* The default and, before it, the files (a later one first). */
enum status sigma_mapping_load(struct sigma_mapping **out, const char *const *paths, size_t count,
                               struct err *err) MUST_CHECK;
void sigma_mapping_free(struct sigma_mapping **mapping);
/* How a field row means an event field: not at all, its value, or the last part of its path. */
enum sigma_meaning { SIGMA_NOT_MEANT, SIGMA_MEANS_VALUE, SIGMA_MEANS_LAST_PART };

bool sigma_field_row_is_of(const struct sigma_field_row *row, struct str dataset,
                           struct str family);
enum sigma_meaning sigma_field_row_means(const struct sigma_field_row *row, struct str field);
/* Next field of the row out of *rest (at first row->fields). */
bool sigma_field_row_next(struct str *field, enum sigma_meaning *meaning, struct str *rest);
/* What follows the last slash or backslash. */
struct str sigma_last_part(struct str path);
/* NULL if there is none of that name. */
const struct sigma_service *sigma_mapping_service(const struct sigma_mapping *mapping,
                                                  struct str name);
/* By its name in braces; NULL if there is none. */
const struct sigma_composed *sigma_mapping_composed(const struct sigma_mapping *mapping,
                                                    struct str name);
/* What an event is known to carry; NULL if the mapping does not say. */
const struct sigma_event_row *sigma_mapping_event(const struct sigma_mapping *mapping,
                                                  struct str channel, struct str id);

#endif
