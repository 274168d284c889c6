/*
 * A slot: one field name that rules use, with all tests of all rules on it, compiled so that one
 * value meets them together:
 *
 *   equal      tests for a whole value: a hash table of folded texts
 *   numbers    the same for numbers, by value (4624, "4624", 4624.0)
 *   literals   every other pattern by the longest literal it holds: found all at once (vectorscan,
 *              or one by one when they are few); the hits are then confirmed exactly
 *   regexes    found all at once as a superset (vectorscan in prefilter mode), confirmed by PCRE2;
 *              those that vectorscan refuses or compiles slowly run in PCRE2 directly, and so do,
 *              on values beyond ASCII, those that ignore case or name properties of characters
 *   always     tests without any of these: comparisons, networks, times, "*"
 *
 * Immutable once built; a scanner (scratch memory) belongs to one thread.
 */
#ifndef KONSEKI_SIGMA_SLOT_H
#define KONSEKI_SIGMA_SLOT_H

#include <hs.h>

#include "intern.h"
#include "sigma_ast.h"
#include "sigma_profile.h"
#include "sigma_regex.h"

/* A list that grows while compiling. */
struct sigma_ids {
    uint32_t *ids;
    size_t count;
    size_t capacity; /* 0: the memory is somebody else's */
};

struct sigma_set_test {
    struct sigma_test test;
    uint32_t slot;
    bool is_sure;              /* a hit of its literal is a match */
    uint32_t regex;            /* number of the expression, from 0 */
    struct sigma_ids triggers; /* variants that cannot match without one of their triggers */
};

struct sigma_keyed { /* text -> tests */
    struct intern keys;
    struct sigma_ids *tests; /* by key */
    size_t capacity;
};

struct sigma_slot {
    struct str name; /* empty: keywords */
    struct sigma_keyed equal;
    struct sigma_keyed numbers; /* keys: the 8 bytes of a double */
    struct sigma_keyed literals;
    struct sigma_ids regexes;
    struct sigma_ids direct_regexes; /* vectorscan cannot prefilter them */
    struct sigma_ids always;
    hs_database_t *literal_db; /* NULL: few literals */
    hs_database_t *regex_db;   /* NULL: none; its ids are indexes into `regexes` */
    bool is_used;              /* some node asks for this slot */
};

void sigma_ids_add(struct sigma_ids *list, uint32_t id);
void sigma_ids_fini(struct sigma_ids *list);

/* Sorts a test into its slot. */
void sigma_slot_add(struct sigma_slot *slot, struct sigma_set_test *tests, uint32_t id);
/* After the last test: compiles a database (sigma_build.h: both of all slots). Each touches its own
 * members of the slot only. False if vectorscan failed (memory); expressions that are too large
 * together are tried one by one instead. */
bool sigma_slot_build_literals(struct sigma_slot *slot);
void sigma_slot_build_regexes(struct sigma_slot *slot, const struct sigma_set_test *tests);
void sigma_slot_fini(struct sigma_slot *slot);
/* A slot with the wanted tests only (`is_wanted` by test) and maybe others that need no database of
 * their own. It borrows from `from`, which must outlive it. False if vectorscan failed (memory). */
bool sigma_slot_narrow(struct sigma_slot *out, const struct sigma_slot *from,
                       const bool *is_wanted);
void sigma_slot_narrow_fini(struct sigma_slot *slot);

struct sigma_scanner;
/* Expressions are compiled when a value first needs them. */
struct sigma_scanner *sigma_scanner_create(const struct sigma_slot *slots, size_t count,
                                           const struct sigma_set_test *tests, size_t regex_count);
/* A further slot, with the same tests, that it is to scan. False if memory for it is lacking. */
bool sigma_scanner_admit(struct sigma_scanner *scanner, const struct sigma_slot *slot);
/* Counts into the profile from now on. */
void sigma_scanner_profile(struct sigma_scanner *scanner, struct sigma_profile *profile);
/* By number of the expression: how often a limit ended it. */
const uint64_t *sigma_scanner_limits(const struct sigma_scanner *scanner);
/* Both scan the same tests. */
void sigma_scanner_add_limits(struct sigma_scanner *to, const struct sigma_scanner *from);
void sigma_scanner_destroy(struct sigma_scanner **scanner);
/* Appends the ids of the slot's tests that the value passes (an id may occur twice). */
void sigma_scan_value(struct sigma_scanner *scanner, const struct sigma_slot *slot,
                      struct str value, struct sigma_ids *out);

#endif
