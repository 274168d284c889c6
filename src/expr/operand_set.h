/*
 * Many values to compare with at once: has(value) is what operand_equals says of any of them, for
 * the price of a few look-ups.
 *
 * Threads: built by one, then read-only. Ownership: copies what it is given.
 */
#ifndef KONSEKI_OPERAND_SET_H
#define KONSEKI_OPERAND_SET_H

#include "expr_priv.h"
#include "intern.h"

/* All zero is an empty set. Numbers and times are kept as their bytes. */
struct operand_set {
    struct intern texts; /* folded */
    struct intern ips;
    struct intern integers;
    struct intern numbers;   /* as doubles, whole ones too */
    struct intern fractions; /* of those that are no whole ones */
    struct intern times;
    int64_t low; /* of the whole numbers */
    int64_t high;
};

void operand_set_fini(struct operand_set *set);
void operand_set_add(struct operand_set *set, const struct operand *operand);
bool operand_set_has(const struct operand_set *set, struct str value, enum field_type type,
                     struct buf *fold);
/* A value that is this number in canonical decimal, of a field of numbers. */
bool operand_set_has_integer(const struct operand_set *set, int64_t number);
/* Such numbers are all from *low to *high; false if there are none. */
bool operand_set_integers(const struct operand_set *set, int64_t *low, int64_t *high);

#endif
