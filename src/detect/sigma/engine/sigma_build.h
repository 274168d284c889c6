/*
 * Compiles the databases of all slots, the largest first, by several threads where there are many
 * tests and cores: this is most of the time that a rule set takes without the cache. What comes out
 * does not depend on how many there were.
 */
#ifndef KONSEKI_SIGMA_BUILD_H
#define KONSEKI_SIGMA_BUILD_H

#include "sigma_slot.h"

/* After the last test was sorted into its slot. False if vectorscan failed (memory). */
bool sigma_build_slots(struct sigma_slot *slots, size_t slot_count,
                       const struct sigma_set_test *tests);

#endif
