/*
 * The keyword tests that the events of one group can meet, as a slot of their own. Keywords of all
 * log sources share a slot, each value of an event meets it, and most groups ask for a few words of
 * it only: a small database reads a value several times faster than the whole one.
 *
 * Belongs to one matcher. Databases are compiled when a value first needs them. At most
 * NARROW_LIMIT sets; groups beyond use the whole slot.
 */
#ifndef KONSEKI_SIGMA_NARROW_H
#define KONSEKI_SIGMA_NARROW_H

#include "sigma_set.h"

enum { SIGMA_NARROW_LIMIT = 64 };

/* No set: the whole slot does as well. */
#define SIGMA_NARROW_ALL UINT32_MAX

struct sigma_narrow;
struct sigma_narrow *sigma_narrow_create(const struct sigma_rules *rules);
void sigma_narrow_destroy(struct sigma_narrow **narrow);
/* The number of the set of these tests of SIGMA_KEYWORD_SLOT, below SIGMA_NARROW_LIMIT, or
 * SIGMA_NARROW_ALL. They may repeat; they are sorted in place. */
uint32_t sigma_narrow_number(struct sigma_narrow *narrow, struct sigma_ids *tests);
/* NULL if vectorscan failed (memory): the whole slot is to be used. */
const struct sigma_slot *sigma_narrow_slot(struct sigma_narrow *narrow, uint32_t number,
                                           struct sigma_scanner *scanner);

#endif
