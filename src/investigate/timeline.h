/*
 * The ordered story about some entities: every event that mentions one of them (an address, a
 * user, a host, a mail address, a domain), merged with the findings about them, by event time.
 *
 * An event mentions an entity when its search text holds the entity's tokens in sequence; an
 * address also in any spelling in an address field, and never as a part of a longer one.
 * Events that are evidence of a finding or matched a Sigma rule carry its mark.
 *
 * Memory: the matching rows are sorted in memory, up to memory_bytes (query.h).
 */
#ifndef KONSEKI_TIMELINE_H
#define KONSEKI_TIMELINE_H

#include "findings_db.h"
#include "query.h"

struct timeline_options {
    struct store *store;
    struct findings_db *findings; /* NULL: events only */
    const struct str *entities;
    size_t entity_count;
    int64_t from_ns; /* event time, [from, to) */
    int64_t to_ns;
    uint64_t limit;        /* entries; 0: all */
    uint64_t memory_bytes; /* 0: the default */
    const struct query_settings *settings;
    bool japanese; /* reasons of findings in Japanese, else in English */
};

enum timeline_kind { TIMELINE_EVENT, TIMELINE_FINDING };

/* One line of the story; texts are borrowed for the call. */
struct timeline_entry {
    enum timeline_kind kind;
    int64_t time_ns;
    struct str id;           /* event.id, or the finding's id */
    struct str source;       /* konseki.source; of a finding: its analysis */
    struct str dataset;      /* empty for an unknown line and for findings */
    struct str action;       /* event.action; of a finding: its level */
    struct str summary;      /* of a finding: its reason */
    struct str origin;       /* file or peer */
    uint64_t line;           /* 0: none */
    uint64_t count;          /* FINDING: events it rests on */
    int64_t last_ns;         /* FINDING: the last of them */
    const struct str *marks; /* EVENT: "PX-06 3fa9...", "sigma: title" */
    size_t mark_count;
};

/* Return false to stop. */
typedef bool timeline_visit_fn(const struct timeline_entry *entry, void *ctx);

struct timeline_stats {
    uint64_t events;
    uint64_t findings;
    bool limited;
};

/* BAD_INPUT: an entity without a letter or digit; memory. */
enum status timeline_run(const struct timeline_options *options, struct timeline_stats *stats,
                         timeline_visit_fn *visit, void *ctx, struct err *err) MUST_CHECK;

#endif
