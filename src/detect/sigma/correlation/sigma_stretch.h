/*
 * A stretch: the matches of one group that follow each other, collected for one hit: count, first
 * and last events, texts of the group. Its memory counts into the windows' bound. Not thread-safe.
 */
#ifndef KONSEKI_SIGMA_STRETCH_H
#define KONSEKI_SIGMA_STRETCH_H

#include "sigma_correlator.h"
#include "sigma_window.h"

/* An event that goes into the hit. */
struct sigma_stretch_event {
    int64_t time_ns;
    uint64_t refs;
    uint64_t record;
    double number; /* types that take numbers */
    uint32_t line; /* as in struct sigma_node_event */
    uint32_t origin;
    uint32_t value; /* a name: the texts that were counted, encoded; 0: none, or not known */
};

struct sigma_stretch {
    uint32_t correlation;
    uint32_t place;   /* in `open` */
    uint32_t version; /* told so far; 0: never */
    uint64_t id;
    int64_t first_ns;
    int64_t last_ns;
    uint64_t count;
    double value;
    struct sigma_stretch_event *events; /* the first SIGMA_MEMBERS_MAX, then a ring of the last */
    size_t capacity;
    uint64_t *ref_events; /* how many events are of each ref */
    char *texts;          /* of the group, encoded */
    size_t text_bytes;
    bool is_dirty; /* grew since it was told */
};

struct sigma_stretches {
    struct sigma_pool pool;
    uint32_t *open; /* all of them */
    size_t open_count;
    size_t open_capacity;
};

void sigma_stretches_init(struct sigma_stretches *s);
void sigma_stretches_fini(struct sigma_stretches *s);

static inline struct sigma_stretch *sigma_stretch_at(const struct sigma_stretches *s,
                                                     uint32_t stretch) {
    return sigma_pool_at(&s->pool, stretch);
}

/* Begins a stretch with all events of the group's window. */
uint32_t sigma_stretch_begin(struct sigma_stretches *s, struct sigma_windows *w,
                             uint32_t correlation, struct sigma_group *g,
                             const struct str *group_values);
/* The newest event of the group goes on with it. */
void sigma_stretch_extend(struct sigma_stretches *s, struct sigma_windows *w,
                          const struct sigma_group *g);
/* Tells the stretch as a hit of a correlation of `rules`. */
void sigma_stretch_tell(const struct sigma_stretch *stretch, const struct sigma_rules *rules,
                        const struct sigma_windows *w, bool is_open, sigma_correlated_fn *fn,
                        void *ctx);
void sigma_stretch_end(struct sigma_stretches *s, struct sigma_windows *w, uint32_t stretch);

#endif
