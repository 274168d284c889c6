/*
 * Sets of distinct values by group: pairs of a group and a value, and in how many rows if that is
 * asked. Values that are numbers of codes (group_codes.h) stay so until all rows are in: then the
 * pairs are sorted by them, so that each value's text is made once, and dictionaries are read from
 * the front to the back.
 *
 * Threads: one. Ownership: borrows the values.
 */
#ifndef KONSEKI_GROUP_SETS_H
#define KONSEKI_GROUP_SETS_H

#include "group_values.h"
#include "key_set.h"
#include "pair_bits.h"

/* Pairs of one recipe's values: bits while they are few enough, else keys. */
struct group_set {
    struct pair_bits bits;
    struct key_set keys;
    bool has_keys;
};

struct group_sets {
    struct group_values *values;
    struct group_set *by_recipe[STORE_GROUP_SETS]; /* sets that are not asked for: NULL */
};

/* What a chunk's rows have for the sets. */
struct group_set_values {
    const uint32_t *values[STORE_GROUP_SETS]; /* numbers of codes, or ids; NULL: no value */
    uint32_t recipes[STORE_GROUP_SETS];
};

void group_sets_init(struct group_sets *out, struct group_values *values);
void group_sets_fini(struct group_sets *sets);
/* About how many bytes it holds. */
size_t group_sets_bytes(const struct group_sets *sets);
/* The values of the class's rows in the chunk. */
enum status group_sets_values(struct group_set_values *out, struct group_sets *sets,
                              const struct group_class *class, const struct group_chunk *chunk,
                              struct err *err) MUST_CHECK;
/* Takes `count` rows in; groups are below `group_count`. */
void group_sets_add(struct group_sets *sets, const struct group_set_values *values,
                    const uint32_t *groups, uint32_t count, uint32_t group_count);
/* All pairs of a set; the caller calls group_sets_release. */
enum status group_sets_list(struct store_group_set *out, struct group_sets *sets, size_t which,
                            struct err *err) MUST_CHECK;
void group_sets_release(struct store_group_set *list);

#endif
