/*
 * Filters that name correlations. Such a correlation refers to copies of its rules that have the
 * filters' conditions too; where it refers to correlations, to copies of these, down to the rules.
 * So what else refers to the same rules, and their own hits, stay as they are. Copies print
 * nothing.
 *
 * Cost: for each named correlation linear in the number of correlations; at most
 * SIGMA_NARROW_LIMIT copies in all.
 */
#ifndef KONSEKI_SIGMA_NARROW_H
#define KONSEKI_SIGMA_NARROW_H

#include "sigma_resolve.h"

enum { SIGMA_NARROW_LIMIT = 100000 };

/* Between the order of the accepted and what they want: r->rules, r->wants and r->correlations
 * grow. False if there would be more copies than the limit. */
bool sigma_narrow(struct sigma_resolve *r);

#endif
