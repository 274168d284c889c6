#include "stats_groups.h"

#include "hash.h"
#include "mem.h"

enum { FIRST_SLOTS = 256 };

void stats_groups_init(struct stats_groups *out, size_t width) {
    *out = (struct stats_groups){.width = width};
    out->texts = mem_calloc(width + 1, sizeof *out->texts);
}

void stats_groups_fini(struct stats_groups *g) {
    for (size_t i = 0; i < g->width; i++) {
        intern_fini(&g->texts[i]);
    }
    mem_free(g->texts);
    mem_free(g->ids);
    mem_free(g->slots);
}

static uint64_t hash_ids(const uint32_t *ids, size_t width) {
    uint64_t hash = width;
    for (size_t i = 0; i < width; i++) {
        hash = hash_u64(hash ^ ids[i]);
    }
    return hash;
}

static bool same_ids(const uint32_t *a, const uint32_t *b, size_t width) {
    size_t i = 0;
    while (i < width && a[i] == b[i]) {
        i++;
    }
    return i == width;
}

static void grow_slots(struct stats_groups *g, size_t slot_count) {
    mem_free(g->slots);
    g->slot_count = slot_count;
    g->slots = mem_calloc(g->slot_count, sizeof *g->slots);
    for (uint32_t i = 0; i < g->count; i++) {
        uint64_t hash = hash_ids(g->ids + (size_t)i * g->width, g->width);
        size_t at = (size_t)hash & (g->slot_count - 1);
        while (g->slots[at] != 0) {
            at = (at + 1) & (g->slot_count - 1);
        }
        g->slots[at] = i + 1;
    }
}

void stats_groups_reserve(struct stats_groups *g, size_t more) {
    size_t slot_count = g->slot_count == 0 ? FIRST_SLOTS : g->slot_count;
    while ((g->count + more) * 2 >= slot_count) {
        slot_count *= 2;
    }
    if (slot_count > g->slot_count) {
        grow_slots(g, slot_count);
    }
}

void stats_groups_prefetch(const struct stats_groups *g, const uint32_t *ids) {
    if (g->slot_count > 0) {
        __builtin_prefetch(&g->slots[(size_t)hash_ids(ids, g->width) & (g->slot_count - 1)]);
    }
}

uint32_t stats_groups_find(struct stats_groups *g, const uint32_t *ids) {
    stats_groups_reserve(g, 1);
    size_t at = (size_t)hash_ids(ids, g->width) & (g->slot_count - 1);
    for (; g->slots[at] != 0; at = (at + 1) & (g->slot_count - 1)) {
        uint32_t group = g->slots[at] - 1;
        if (same_ids(g->ids + (size_t)group * g->width, ids, g->width)) {
            return group;
        }
    }
    MEM_GROW(g->ids, g->id_capacity, ((size_t)g->count + 1) * g->width + 1);
    if (g->width > 0) {
        memcpy(g->ids + (size_t)g->count * g->width, ids, g->width * sizeof *ids);
    }
    g->slots[at] = ++g->count;
    return g->count - 1;
}

struct str stats_groups_text(const struct stats_groups *g, uint32_t group, size_t column) {
    return intern_text(&g->texts[column], g->ids[(size_t)group * g->width + column]);
}
