/*
 * Counting by several texts at once: a group is a tuple of texts, with the number of events, the
 * hosts they were on, the first and the last time.
 *
 * Memory is bounded (TALLY_GROUPS, TALLY_TEXT_BYTES, TALLY_HOST_PAIRS): an event whose group does
 * not fit is counted in `dropped`. Cost of an event: one hash a text that differs from the last
 * event's. Threads: one.
 */
#ifndef KONSEKI_TALLY_H
#define KONSEKI_TALLY_H

#include "civil.h"
#include "intern.h"

enum { TALLY_KEYS = 16, TALLY_GROUPS = 1 << 19, TALLY_HOST_PAIRS = 1 << 20 };
#define TALLY_TEXT_BYTES (UINT64_C(48) << 20)
#define TALLY_NONE       UINT32_MAX

struct tally_group {
    uint64_t count;
    int64_t first_ns; /* TIME_NONE: no event had a time */
    int64_t last_ns;
    uint32_t hosts;
    uint32_t extra; /* the owner's; 0 at first */
};

struct tally {
    size_t key_count;
    struct intern texts;
    uint64_t text_bytes;
    uint32_t *keys; /* key_count ids a group */
    size_t key_capacity;
    struct tally_group *groups;
    size_t group_capacity;
    uint32_t count;
    uint32_t *slots; /* group + 1; 0: free */
    uint32_t slot_count;
    uint64_t *pairs; /* group and host, + 1; 0: free */
    uint32_t pair_slots;
    uint32_t pair_count;
    uint64_t dropped;
    uint64_t hosts_dropped;        /* pairs of group and host that were not counted */
    uint32_t last[TALLY_KEYS + 1]; /* ids of the last event */
};

void tally_init(struct tally *t, size_t key_count);
void tally_fini(struct tally *t);
/* The group of the event, or TALLY_NONE if it was dropped. An empty host is none. */
uint32_t tally_add(struct tally *t, const struct str *key, struct str host, int64_t time_ns);
/* The same with a weight; 0 makes the group only. */
uint32_t tally_add_count(struct tally *t, const struct str *key, struct str host, int64_t time_ns,
                         uint64_t count);
struct str tally_key(const struct tally *t, uint32_t group, size_t key);

enum tally_order {
    TALLY_MOST_FIRST, /* then by texts */
    TALLY_RARE_FIRST, /* fewest hosts, then fewest events, then by texts */
    TALLY_BY_KEY
};
/* All groups in order; release with mem_free. */
uint32_t *tally_sorted(const struct tally *t, enum tally_order order);

#endif
