/*
 * Groups: what rules ask of events of one origin (dataset, channel, event id, provider): which
 * gates pass and which slots the variants behind them look at. Worked out once an origin and kept,
 * because few origins make up most events.
 *
 * Threads: one, as the matcher that has them. Memory: at most SIGMA_GROUP_LIMIT, then all are
 * forgotten and their numbers mean nothing any more.
 */
#ifndef KONSEKI_SIGMA_GROUP_H
#define KONSEKI_SIGMA_GROUP_H

#include "sigma_composer.h"
#include "sigma_keywords.h"
#include "sigma_set.h"

struct sigma_group {
    uint8_t *passes;           /* by gate */
    struct sigma_ids always;   /* variants without triggers whose gate passes */
    struct sigma_ids composed; /* composed fields that a variant looks at */
    uint16_t *least;   /* by slot: bytes of the shortest text that can pass; or NOT_WANTED ... */
    uint8_t *uses;     /* by slot: what is asked besides what its values pass (bits) */
    uint32_t keywords; /* set of the narrowed keyword slot, or SIGMA_KEYWORDS_ALL */
    bool numbers_are_keywords; /* a keyword may stand in a number or a time */
    bool is_idle;              /* no variant passes: no event of the group can match */
};

/* Of the slots of a group: no variant whose gate passes looks at it; or only whether it is there.
 */
enum { SIGMA_NOT_WANTED = UINT16_MAX, SIGMA_NOT_TESTED = UINT16_MAX - 1 };
/* Whether there is a value at all; its text (it is compared with another slot's). */
enum { SIGMA_USES_PRESENCE = 1, SIGMA_USES_TEXT = 2 };
enum { SIGMA_GROUP_LIMIT = 4096 };

struct sigma_groups {
    const struct sigma_rules *rules;
    const struct sigma_composer *composer; /* borrowed */
    struct sigma_keywords *few_keywords;
    bool *gate_seen;    /* by gate: some event passed it */
    const bool *is_off; /* by variant: not asked for; NULL: all are. Borrowed */
    struct intern keys;
    struct sigma_group *items;
    size_t capacity;
    uint64_t forgotten; /* so many times */
    struct buf key;
};

/* Both must outlive it. */
void sigma_groups_init(struct sigma_groups *out, const struct sigma_rules *rules,
                       const struct sigma_composer *composer);
void sigma_groups_fini(struct sigma_groups *groups);
/* Other variants are off from now on; what was known is forgotten. */
void sigma_groups_select(struct sigma_groups *groups, const bool *is_off);
/* The number of an origin's group. */
uint64_t sigma_groups_find(struct sigma_groups *groups, const struct sigma_origin *origin);
/* NULL: it was forgotten. Borrowed until the next find. */
const struct sigma_group *sigma_groups_get(const struct sigma_groups *groups, uint64_t number);

#endif
