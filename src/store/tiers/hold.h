/*
 * Legal holds: what must not expire, whatever its class says. Each is a note of the chain, and so
 * is its release (docs/formats/retention.md).
 *
 * Threads: one. Ownership: the list owns its texts.
 */
#ifndef KONSEKI_HOLD_H
#define KONSEKI_HOLD_H

#include "arena.h"
#include "buf.h"
#include "err.h"
#include "schema.h"

struct chain;
struct segment_info;

struct hold {
    uint64_t number;   /* of its note */
    uint64_t datasets; /* bit by enum dataset; 0: all */
    int64_t from_ns;   /* event time, [from, to) */
    int64_t to_ns;
    int64_t until_ns; /* INT64_MAX: until it is released */
    int64_t made_ns;
    struct str case_name;
    struct str by;
    struct str reason;
    struct str sources; /* names separated by commas; empty: all */
    bool is_readable;   /* false: it holds everything */
};

/* What an operator gives. Texts borrowed. */
struct hold_request {
    struct str case_name; /* needed, as are by and reason */
    struct str by;
    struct str reason;
    struct str datasets; /* names separated by commas; empty: all */
    struct str sources;
    int64_t from_ns; /* TIME_NONE: no bound */
    int64_t to_ns;
    int64_t until_ns;
};

struct holds {
    struct arena arena;
    struct hold *items; /* not released; those that ended by themselves too */
    size_t count;
    size_t capacity;
};

void holds_load(struct holds *out, const struct chain *chain);
void holds_fini(struct holds *h);
/* The text of a note. BAD_INPUT: what is wrong or missing. */
enum status hold_encode(struct buf *out, const struct hold_request *request,
                        struct err *err) MUST_CHECK;

/* Is a source of this name in the segment? */
typedef bool hold_source_fn(struct str source, void *ctx);
/* The first hold in force at now_ns that may hold a row of the segment; NULL: none. `has_source` is
 * asked only for holds that name sources. */
const struct hold *holds_find(const struct holds *h, const struct segment_info *info,
                              int64_t now_ns, hold_source_fn *has_source, void *ctx);

#endif
