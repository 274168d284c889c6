/*
 * The composed fields that a rule set looks at (docs/formats/sigma-mapping.md), with the slots of
 * what they are put together from. Made for one matcher; the rules must outlive it. The text of a
 * field stays valid until it is written for the next event.
 */
#ifndef KONSEKI_SIGMA_COMPOSER_H
#define KONSEKI_SIGMA_COMPOSER_H

#include "sigma_composed.h"
#include "sigma_set.h"

struct sigma_composer_field {
    uint32_t slot;
    const struct sigma_composed *how;
    uint32_t *part_slots; /* by part */
    struct buf text;
};

struct sigma_composer {
    struct sigma_composer_field *fields;
    size_t count;
    size_t capacity;
    struct buf scratch;
};

void sigma_composer_init(struct sigma_composer *composer, const struct sigma_rules *rules);
void sigma_composer_fini(struct sigma_composer *composer);

#endif
