/*
 * The windows of all correlations: for each (correlation, group) the events of the last timespan,
 * in the order of time.
 *
 * Invariants:
 *   1. times given to sigma_window_group never fall, whatever the correlation.
 *   2. the events of a group form a list from the oldest (head) to the newest (tail); all lie in
 *      [now - timespan, now] after sigma_window_slide.
 *   3. the groups of a correlation form a list by the time of their newest event; a group whose
 *      newest event has left the window is closed.
 *   4. sigma_windows_bytes never stays above `limit_bytes`: the group that was quiet longest is
 * closed first and counted as evicted.
 *
 * A group is told from others by a hash of 128 bits; its texts are not kept. Not thread-safe.
 */
#ifndef KONSEKI_SIGMA_WINDOW_H
#define KONSEKI_SIGMA_WINDOW_H

#include "sigma_correlation.h"
#include "sigma_counts.h"
#include "sigma_names.h"
#include "sigma_pool.h"

#define SIGMA_IS_INDEX (UINT32_C(1) << 31)

/* An event in a window. */
struct sigma_node_event {
    int64_t time_ns;
    uint64_t value;  /* value_count: hash; numbers: bits of a double; temporal: mask of refs */
    uint64_t record; /* where it stands: sigma_correlator.h */
    uint32_t line;   /* or SIGMA_IS_INDEX and the order in a file of records */
    uint32_t origin; /* a name */
    uint32_t next;   /* newer; 0: the newest */
    uint32_t refs;   /* types that look at values: sigma_refs_pack */
};

struct sigma_group {
    uint64_t key[2];
    uint32_t head;
    uint32_t tail;
    uint32_t count;
    uint32_t older; /* of the list of invariant 3 */
    uint32_t newer;
    uint32_t distinct;      /* different values, if there is an index */
    uint32_t extra;         /* the index of a large window (sigma_measure.h); 0: none */
    uint32_t stretch : 31;  /* a hit that is being collected (sigma_stretch.h) */
    uint32_t has_begun : 1; /* a stretch has begun with the head as its first event */
};

struct sigma_window_list {
    uint32_t oldest;
    uint32_t newest;
};

struct sigma_windows {
    const struct sigma_correlation *correlations;
    size_t correlation_count;
    struct sigma_window_list *lists; /* by correlation */
    struct sigma_pool groups;
    struct sigma_pool events;
    struct sigma_pool extras; /* struct sigma_extra */
    struct sigma_counts counts;
    struct sigma_names names;   /* of origins and of values that were counted */
    struct sigma_recent recent; /* values by the hash that events have */
    uint32_t *table;            /* of groups, open addressing */
    size_t table_size;
    size_t group_count;
    size_t bytes; /* of everything above that grows but names, and of stretches */
    size_t limit_bytes;
    uint64_t evicted;
    int64_t *times; /* scratch of sigma_measure.c */
    size_t time_capacity;
    /* Called before a group goes away: its window is still as it was. */
    void (*closing)(uint32_t correlation, uint32_t group, void *ctx);
    void *ctx;
};

void sigma_windows_init(struct sigma_windows *w, const struct sigma_correlation *correlations,
                        size_t count, size_t limit_bytes);
/* Calls nothing. */
void sigma_windows_fini(struct sigma_windows *w);

static inline struct sigma_group *sigma_window_at(const struct sigma_windows *w, uint32_t group) {
    return sigma_pool_at(&w->groups, group);
}

static inline struct sigma_node_event *sigma_window_event(const struct sigma_windows *w,
                                                          uint32_t event) {
    return sigma_pool_at(&w->events, event);
}

/* Everything that counts into the bound. */
static inline size_t sigma_windows_bytes(const struct sigma_windows *w) {
    return w->bytes + w->names.bytes;
}

/* Which refs an event is of, in 32 bits: of up to 32 refs all, of more the lowest four. */
uint32_t sigma_refs_pack(uint64_t mask, size_t ref_count);
/* The same of an event, as a mask. */
uint64_t sigma_refs_of(const struct sigma_correlation *c, const struct sigma_node_event *event);

/* This time, and those before it, have left a window that ends at now: an event that is exactly
 * the timespan old is still in it. */
static inline int64_t sigma_window_floor(const struct sigma_correlation *c, int64_t now_ns) {
    bool is_all_time = c->timespan_ns == INT64_MAX || now_ns <= INT64_MIN + c->timespan_ns;
    return is_all_time ? INT64_MIN : now_ns - c->timespan_ns - 1;
}

/* Closes groups of the correlation whose window is empty at `now`. */
void sigma_windows_expire(struct sigma_windows *w, uint32_t correlation, int64_t now_ns);
/* Finds or makes the group of the key. */
uint32_t sigma_window_group(struct sigma_windows *w, uint32_t correlation, const uint64_t key[2]);
/* Takes events out that have left the window. */
void sigma_window_slide(struct sigma_windows *w, uint32_t correlation, uint32_t group,
                        int64_t now_ns);
/* Adds the event as the newest; its origin is held as long. */
void sigma_window_push(struct sigma_windows *w, uint32_t correlation, uint32_t group,
                       const struct sigma_node_event *event);
/* Invariant 4; `keep` is not evicted. */
void sigma_windows_shrink(struct sigma_windows *w, uint32_t keep);
/* At the end: every group of every correlation. */
void sigma_windows_close_all(struct sigma_windows *w);

#endif
