/* Where the row `sequence` of a source lies: its arrival number. */
#ifndef KONSEKI_STORE_FIND_H
#define KONSEKI_STORE_FIND_H

#include "store_priv.h"

struct row_name {
    struct str source;
    uint64_t sequence;
};

/*
 * Looks at sealed rows with arrival numbers in [from, to) only. NOT_FOUND if there is none. Cost:
 * opens the segments of that range that know the source, from `*hint` on (an index of the chain's
 * segments, 0 at first; set to where the row was found), and unpacks two numbers of their rows.
 */
enum status store_find_row(uint64_t *arrival, struct store *s, const struct row_name *name,
                           uint64_t from, uint64_t to, size_t *hint, struct err *err) MUST_CHECK;

#endif
