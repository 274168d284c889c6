/*
 * The groups of an aggregation: each is a tuple of texts, one a column; texts are kept once a
 * column, and a group is found by their ids. The span of a timechart is the text of 8 bytes that
 * its start is.
 *
 * Threads: one.
 */
#ifndef KONSEKI_STATS_GROUPS_H
#define KONSEKI_STATS_GROUPS_H

#include "intern.h"

struct stats_groups {
    size_t width;         /* columns */
    struct intern *texts; /* by column */
    uint32_t *ids;        /* by group * width + column */
    size_t id_capacity;
    uint32_t count;
    uint32_t *slots; /* group + 1 */
    size_t slot_count;
};

void stats_groups_init(struct stats_groups *out, size_t width);
void stats_groups_fini(struct stats_groups *g);
/* Room for so many more. */
void stats_groups_reserve(struct stats_groups *g, size_t more);
/* The group of these texts (ids of g->texts[column], `width` of them): `count` (before) if it is
 * new. */
/* Fetches the place of the group ahead. */
void stats_groups_prefetch(const struct stats_groups *g, const uint32_t *ids);
uint32_t stats_groups_find(struct stats_groups *g, const uint32_t *ids);
struct str stats_groups_text(const struct stats_groups *g, uint32_t group, size_t column);

#endif
