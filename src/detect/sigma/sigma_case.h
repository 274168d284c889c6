/*
 * Test cases of rules (docs/formats/rule-tests.md): files NAME.test.yml beside rules, and the
 * info.yml of SigmaHQ's regression data. Only what is asked is read here; running a case is the
 * caller's.
 *
 * Ownership: everything belongs to the struct sigma_cases until sigma_cases_fini. Threads: one.
 * Limits: 4 MiB a file, 10,000 cases a file. Bad content is no error of the call: it becomes a case
 * with a fault, so that it is counted as failed.
 */
#ifndef KONSEKI_SIGMA_CASE_H
#define KONSEKI_SIGMA_CASE_H

#include "arena.h"
#include "err.h"

struct sigma_case {
    struct str path; /* of the file that the case stands in */
    struct str name;
    struct str fault;     /* not empty: what is wrong with it, with the line */
    struct str rule;      /* id of the rule under test; empty: every rule of the files below */
    struct str rule_stem; /* path of the rule's file without .yml; empty if `rule` is given */
    struct str rule_stem_above; /* the same, one folder up, for cases in a folder tests/ */
    uint64_t least;             /* hits that are wanted */
    uint64_t most;
    struct str events; /* inline events: one JSON object a line; empty if a file is given */
    struct str file;   /* evidence as `scan` reads it, as written; empty: none */
    bool is_bare_file; /* the file is JSON lines of bare events, as for `rules eval` */
    bool everywhere;   /* whatever the rule's log source */
};

struct sigma_cases {
    struct arena arena;
    struct sigma_case *items;
    size_t count;
    size_t capacity;
};

/* Adds the cases of all files below the paths, in the order of the walk. All zero is an empty set.
 * ENVIRONMENT if a path cannot be read. */
enum status sigma_cases_load(struct sigma_cases *cases, const char *const *paths, size_t path_count,
                             struct err *err) MUST_CHECK;
void sigma_cases_fini(struct sigma_cases *cases);
/* True for NAME.test.yml: files of cases are no rules. */
bool sigma_case_is_name(struct str path);

#endif
