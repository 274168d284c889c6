#define _GNU_SOURCE /* qsort_r */
#include "tally.h"

#include <stdlib.h>

#include "check.h"
#include "hash.h"
#include "mem.h"

void tally_init(struct tally *t, size_t key_count) {
    CHECK(key_count > 0 && key_count <= TALLY_KEYS);
    *t = (struct tally){.key_count = key_count, .texts = INTERN_INIT};
    for (size_t i = 0; i <= TALLY_KEYS; i++) {
        t->last[i] = INTERN_NONE;
    }
}

void tally_fini(struct tally *t) {
    intern_fini(&t->texts);
    mem_free(t->keys);
    mem_free(t->groups);
    mem_free(t->slots);
    mem_free(t->pairs);
}

/* --- texts --- */

/* INTERN_NONE: it is new and there is no room. */
static uint32_t text_id(struct tally *t, size_t place, struct str text) {
    text = text.len > 0 ? text : STR_EMPTY;
    if (t->last[place] != INTERN_NONE && str_eq(intern_text(&t->texts, t->last[place]), text)) {
        return t->last[place];
    }
    uint32_t before = t->texts.count;
    uint32_t id = t->text_bytes < TALLY_TEXT_BYTES ? intern_add(&t->texts, text)
                                                   : intern_find(&t->texts, text);
    if (t->texts.count != before) {
        t->text_bytes += text.len + sizeof(struct str) + 2 * sizeof(uint64_t);
    }
    t->last[place] = id != INTERN_NONE ? id : t->last[place];
    return id;
}

struct str tally_key(const struct tally *t, uint32_t group, size_t key) {
    return intern_text(&t->texts, t->keys[group * t->key_count + key]);
}

/* --- groups --- */

static uint64_t hash_ids(const uint32_t *ids, size_t count) {
    return hash_bytes(ids, count * sizeof *ids);
}

/* The slot of the group with these ids, or the free one where it belongs. */
static uint32_t *find_slot(const struct tally *t, const uint32_t *ids) {
    uint32_t mask = t->slot_count - 1;
    uint32_t at = (uint32_t)hash_ids(ids, t->key_count) & mask;
    while (t->slots[at] != 0 && memcmp(&t->keys[(t->slots[at] - 1) * t->key_count], ids,
                                       t->key_count * sizeof *ids) != 0) {
        at = (at + 1) & mask;
    }
    return &t->slots[at];
}

static void grow_slots(struct tally *t) {
    mem_free(t->slots);
    t->slot_count = t->slot_count == 0 ? 1024 : 2 * t->slot_count;
    t->slots = mem_calloc(t->slot_count, sizeof *t->slots);
    for (uint32_t i = 0; i < t->count; i++) {
        *find_slot(t, &t->keys[i * t->key_count]) = i + 1;
    }
}

static uint32_t find_group(struct tally *t, const uint32_t *ids) {
    if (2 * (t->count + 1) > t->slot_count) {
        grow_slots(t);
    }
    uint32_t *slot = find_slot(t, ids);
    if (*slot == 0 && t->count < TALLY_GROUPS) {
        size_t needed = ((size_t)t->count + 1) * t->key_count;
        MEM_GROW(t->keys, t->key_capacity, needed);
        MEM_GROW(t->groups, t->group_capacity, (size_t)t->count + 1);
        memcpy(&t->keys[t->count * t->key_count], ids, t->key_count * sizeof *ids);
        t->groups[t->count] = (struct tally_group){.first_ns = TIME_NONE, .last_ns = TIME_NONE};
        *slot = ++t->count;
    }
    return *slot == 0 ? TALLY_NONE : *slot - 1;
}

/* --- hosts of groups --- */

static uint64_t *find_pair(const struct tally *t, uint64_t pair) {
    uint32_t mask = t->pair_slots - 1;
    uint32_t at = (uint32_t)hash_u64(pair) & mask;
    while (t->pairs[at] != 0 && t->pairs[at] != pair) {
        at = (at + 1) & mask;
    }
    return &t->pairs[at];
}

static void grow_pairs(struct tally *t) {
    uint64_t *old = t->pairs;
    uint32_t old_slots = t->pair_slots;
    t->pair_slots = old_slots == 0 ? 1024 : 2 * old_slots;
    t->pairs = mem_calloc(t->pair_slots, sizeof *t->pairs);
    for (uint32_t i = 0; i < old_slots; i++) {
        if (old[i] != 0) {
            *find_pair(t, old[i]) = old[i];
        }
    }
    mem_free(old);
}

static void add_host(struct tally *t, uint32_t group, uint32_t host) {
    if (2 * (t->pair_count + 1) > t->pair_slots) {
        grow_pairs(t);
    }
    uint64_t pair = ((uint64_t)group << 32 | host) + 1;
    uint64_t *slot = find_pair(t, pair);
    if (*slot != 0) {
        return;
    }
    if (t->pair_count == TALLY_HOST_PAIRS) {
        t->hosts_dropped++;
        return;
    }
    *slot = pair;
    t->pair_count++;
    t->groups[group].hosts++;
}

/* --- an event --- */

uint32_t tally_add_count(struct tally *t, const struct str *key, struct str host, int64_t time_ns,
                         uint64_t count) {
    uint32_t ids[TALLY_KEYS];
    bool is_known = true;
    for (size_t i = 0; i < t->key_count; i++) {
        ids[i] = text_id(t, i, key[i]);
        is_known = is_known && ids[i] != INTERN_NONE;
    }
    uint32_t at = is_known ? find_group(t, ids) : TALLY_NONE;
    if (at == TALLY_NONE) {
        t->dropped += count;
        return TALLY_NONE;
    }
    struct tally_group *group = &t->groups[at];
    group->count += count;
    if (time_ns != TIME_NONE) {
        bool is_first = group->first_ns == TIME_NONE || time_ns < group->first_ns;
        group->first_ns = is_first ? time_ns : group->first_ns;
        group->last_ns = time_ns > group->last_ns ? time_ns : group->last_ns;
    }
    uint32_t host_id = host.len > 0 ? text_id(t, TALLY_KEYS, host) : INTERN_NONE;
    if (host_id != INTERN_NONE) {
        add_host(t, at, host_id);
    }
    return at;
}

uint32_t tally_add(struct tally *t, const struct str *key, struct str host, int64_t time_ns) {
    return tally_add_count(t, key, host, time_ns, 1);
}

/* --- order --- */

struct sorting {
    const struct tally *t;
    enum tally_order order;
};

static int compare_keys(const struct tally *t, uint32_t a, uint32_t b) {
    for (size_t i = 0; i < t->key_count; i++) {
        int c = str_compare(tally_key(t, a, i), tally_key(t, b, i));
        if (c != 0) {
            return c;
        }
    }
    return 0;
}

static int compare_counts(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

static int compare_groups(const void *x, const void *y, void *ctx) {
    const struct sorting *sorting = ctx;
    const struct tally *t = sorting->t;
    uint32_t a = *(const uint32_t *)x;
    uint32_t b = *(const uint32_t *)y;
    int c = 0;
    if (sorting->order == TALLY_MOST_FIRST) {
        c = compare_counts(t->groups[b].count, t->groups[a].count);
    } else if (sorting->order == TALLY_RARE_FIRST) {
        c = compare_counts(t->groups[a].hosts, t->groups[b].hosts);
        c = c != 0 ? c : compare_counts(t->groups[a].count, t->groups[b].count);
    }
    return c != 0 ? c : compare_keys(t, a, b);
}

uint32_t *tally_sorted(const struct tally *t, enum tally_order order) {
    uint32_t *sorted = mem_calloc((size_t)t->count + 1, sizeof *sorted);
    for (uint32_t i = 0; i < t->count; i++) {
        sorted[i] = i;
    }
    struct sorting sorting = {t, order};
    qsort_r(sorted, t->count, sizeof *sorted, compare_groups, &sorting);
    return sorted;
}
