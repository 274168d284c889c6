/*
 * One result of an aggregation for one group. Sums of whole numbers are exact (128 bits);
 * percentiles keep all values and interpolate linearly between the two nearest (the
 * PERCENTILE_CONT of SQL, numpy's default); distinct counts are exact (aggregate_set).
 */
#ifndef KONSEKI_ACCUMULATOR_H
#define KONSEKI_ACCUMULATOR_H

#include "intern.h"
#include "stage.h"

/* What counts and sums of whole numbers do without: of many groups most memory and time would go
 * to it. */
struct accumulator_rest {
    double fractions; /* sum of the numbers that are not whole */
    bool has_fractions;
    double mean; /* Welford's running mean and squared distance: STDEV */
    double squares;
    double *numbers; /* PERCENTILE */
    size_t number_capacity;
    char *text; /* MIN, MAX, FIRST, LAST */
    size_t text_len;
    uint32_t *texts; /* VALUES: ids in the set, in the order they came */
    size_t text_capacity;
};

/* All zero is one that has seen nothing. */
struct accumulator {
    __int128 integers;             /* sum of the whole numbers */
    uint64_t count;                /* values seen, or rows for count */
    struct accumulator_rest *rest; /* NULL until it is needed */
};

static inline bool accumulator_has_fractions(const struct accumulator *a) {
    return a->rest != NULL && a->rest->has_fractions;
}

/* Which texts each accumulator has seen: distinct and values. */
struct aggregate_set {
    struct intern texts;
    uint64_t *slots; /* (owner + 1) << 32 | text, 0 = free */
    size_t slot_count;
    size_t used;
};
void aggregate_set_fini(struct aggregate_set *set);

void accumulator_fini(struct accumulator *a);
/* Takes one value; returns the bytes of memory it cost. `owner` names the accumulator in `set`. */
size_t accumulator_add(struct accumulator *a, const struct aggregate *spec, struct str text,
                       struct aggregate_set *set, uint32_t owner);
/* Takes the number that came last so many times more (PERCENTILE); returns the bytes it cost. */
size_t accumulator_repeat(struct accumulator *a, uint32_t times);
/* Takes the sum of `count` whole numbers in (SUM, AVG), or their number (COUNT). */
void accumulator_add_sum(struct accumulator *a, __int128 sum, uint64_t count);
/* Room for so many more members. */
void aggregate_set_reserve(struct aggregate_set *set, size_t more);
void aggregate_set_prefetch(const struct aggregate_set *set, uint32_t owner, uint32_t text_id);
/* Takes a text of set->texts in (DISTINCT); returns the bytes of memory it cost. */
size_t accumulator_add_distinct(struct accumulator *a, uint32_t text_id, struct aggregate_set *set,
                                uint32_t owner);
/* Adds the result's value(s) to the row being built; nothing where there is no result. */
void accumulator_result(struct accumulator *a, const struct aggregate *spec, struct batch *out,
                        const struct aggregate_set *set);

#endif
