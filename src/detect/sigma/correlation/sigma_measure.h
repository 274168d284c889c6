/*
 * What a correlation measures in a window. Small windows (up to 16 events) are measured by looking
 * at their events, so that very many quiet groups cost no more than those; a window that grows
 * beyond gets an index, which is kept up to date until the group is closed:
 *
 *   event_count          the number of events                                    O(1)
 *   value_count          different values (of the tuple of fields)               O(1)
 *   value_sum, value_avg sum of the numbers, as decimals of 9 places: no drift   O(1)
 *                        (numbers beyond 3e19, in 64 bits of precision beside them)
 *   percentile           nearest rank: the smallest number that has at least p   sigma_ranks.h
 *                        percent of all at or below it
 *   median, min, max     out of the same numbers in order; of two middle ones    sigma_ranks.h
 *                        the mean
 *   share                100 * events with this event's value / events           O(1)
 *   temporal             the last time of each ref                               O(refs)
 *   temporal_ordered     for each prefix of the order the latest time at which   O(refs)
 *                        a sequence that is in the window may have begun
 *
 * An event that is of several refs counts once for each in temporal; in temporal_ordered it takes
 * one place of the order only (it is not before itself).
 */
#ifndef KONSEKI_SIGMA_MEASURE_H
#define KONSEKI_SIGMA_MEASURE_H

#include "sigma_window.h"

/* The index of a large window. */
struct sigma_extra {
    void *block;
    size_t bytes; /* of the block; what it points at counts apart */
};

/* The event is the newest of the group already. */
void sigma_measure_add(struct sigma_windows *w, uint32_t correlation, struct sigma_group *g,
                       const struct sigma_node_event *event);
/* The event is still the oldest of the group. */
void sigma_measure_remove(struct sigma_windows *w, uint32_t correlation, struct sigma_group *g,
                          const struct sigma_node_event *event);
/* Frees the index; events must still be there. */
void sigma_measure_drop(struct sigma_windows *w, uint32_t correlation, struct sigma_group *g);
/* Does the condition hold for the window that ends with its newest event? *value is what was
 * measured; temporal types: how many of the refs are there. */
bool sigma_measure_holds(struct sigma_windows *w, uint32_t correlation, struct sigma_group *g,
                         double *value);
/* The bits of a number, if the text is one. */
bool sigma_measure_number(uint64_t *out, struct str text);
bool sigma_measure_takes_numbers(enum sigma_correlation_type type);

#endif
