/*
 * The keyword tests that the events of one group can meet, as a slot of their own. Keywords of all
 * log sources share a slot, each value of an event meets it, and most groups ask for a few words of
 * it only: a small database reads a value several times faster than the whole one.
 *
 * Belongs to one matcher. Databases are compiled when a value first needs them. At most
 * SIGMA_KEYWORDS_LIMIT sets; groups beyond use the whole slot.
 */
#ifndef KONSEKI_SIGMA_KEYWORDS_H
#define KONSEKI_SIGMA_KEYWORDS_H

#include "sigma_set.h"

enum { SIGMA_KEYWORDS_LIMIT = 64 };

/* No set: the whole slot does as well. */
#define SIGMA_KEYWORDS_ALL UINT32_MAX

struct sigma_keywords;
struct sigma_keywords *sigma_keywords_create(const struct sigma_rules *rules);
void sigma_keywords_destroy(struct sigma_keywords **few);
/* The number of the set of these tests of SIGMA_KEYWORD_SLOT, below SIGMA_KEYWORDS_LIMIT, or
 * SIGMA_KEYWORDS_ALL. They may repeat; they are sorted in place. */
uint32_t sigma_keywords_number(struct sigma_keywords *few, struct sigma_ids *tests);
/* NULL if vectorscan failed (memory): the whole slot is to be used. */
const struct sigma_slot *sigma_keywords_slot(struct sigma_keywords *few, uint32_t number,
                                             struct sigma_scanner *scanner);

#endif
