/*
 * Documents of rule files as comparable parts: each top-level key with a hash of what it says, so
 * that two collections can be compared (`rules diff`). Order of keys, comments and layout do not
 * count; order in lists does. Documents need not be valid rules. Threads: one.
 */
#ifndef KONSEKI_SIGMA_DIGEST_H
#define KONSEKI_SIGMA_DIGEST_H

#include "arena.h"
#include "err.h"

struct sigma_digest_key {
    struct str name;
    struct str text; /* of a scalar; empty else */
    uint64_t hash;   /* of the value */
    bool is_meaning; /* logsource, detection, correlation, filter: what the rule finds */
};

struct sigma_digest {
    struct str id; /* the rule's, else the file's name without .yml (and "#2" for a second one) */
    struct str title;
    struct str path;                     /* as given + path below it */
    struct str place;                    /* path below what was given */
    const struct sigma_digest_key *keys; /* sorted by name */
    size_t key_count;
};

/* A file that is no YAML, or too large: left out (of one with several documents those behind). */
struct sigma_digest_failure {
    struct str path;
    struct str why;
};

struct sigma_digests {
    struct arena arena;
    struct sigma_digest *items; /* sorted by id */
    size_t count;
    size_t capacity;
    struct sigma_digest_failure *failures;
    size_t failure_count;
    size_t failure_capacity;
};

/* Every rule file below the path. All zero is an empty set. */
enum status sigma_digests_load(struct sigma_digests *out, const char *path,
                               struct err *err) MUST_CHECK;
void sigma_digests_fini(struct sigma_digests *digests);

#endif
