/*
 * `rules check --needs`: what would have to be switched on or collected, and for how many rules.
 */
#ifndef KONSEKI_CHECK_NEEDS_H
#define KONSEKI_CHECK_NEEDS_H

#include "intern.h"
#include "output.h"
#include "sigma.h"

struct check_need {
    size_t rules; /* that can run with it */
    size_t only;  /* of these: that no other log serves */
};

struct check_needs {
    struct intern names;
    struct check_need *items; /* by id in names */
    size_t capacity;
};

/* Counts a rule that was accepted and judged. */
void check_needs_add(struct check_needs *needs, const struct sigma_runs *runs);
/* One row a need, the most rules first; appended to `out`. */
void check_needs_print(struct buf *out, const struct check_needs *needs, bool jsonl);
void check_needs_fini(struct check_needs *needs);

#endif
