#include "sigma_window.h"

#include "mem.h"
#include "sigma_measure.h"

enum { FIRST_TABLE = 1024, EVICT_AT_ONCE = 64 };

void sigma_windows_init(struct sigma_windows *w, const struct sigma_correlation *correlations,
                        size_t count, size_t limit_bytes) {
    memset(w, 0, sizeof *w);
    w->correlations = correlations;
    w->correlation_count = count;
    w->limit_bytes = limit_bytes;
    w->lists = mem_calloc(count + 1, sizeof *w->lists);
    sigma_pool_init(&w->groups, sizeof(struct sigma_group));
    sigma_pool_init(&w->events, sizeof(struct sigma_node_event));
    sigma_pool_init(&w->extras, sizeof(struct sigma_extra));
    sigma_names_init(&w->names);
}

void sigma_windows_fini(struct sigma_windows *w) {
    for (size_t c = 0; c < w->correlation_count && w->lists != NULL; c++) {
        for (uint32_t g = w->lists[c].oldest; g != 0; g = sigma_window_at(w, g)->newer) {
            sigma_measure_drop(w, (uint32_t)c, sigma_window_at(w, g));
        }
    }
    sigma_pool_fini(&w->groups);
    sigma_pool_fini(&w->events);
    sigma_pool_fini(&w->extras);
    sigma_counts_fini(&w->counts);
    sigma_recent_fini(&w->recent, &w->names);
    sigma_names_fini(&w->names);
    mem_free(w->table);
    mem_free(w->times);
    mem_free(w->lists);
    memset(w, 0, sizeof *w);
}

/* --- the list by age --- */

static void unlink_group(struct sigma_windows *w, uint32_t correlation, uint32_t group) {
    struct sigma_window_list *list = &w->lists[correlation];
    struct sigma_group *g = sigma_window_at(w, group);
    *(g->older != 0 ? &sigma_window_at(w, g->older)->newer : &list->oldest) = g->newer;
    *(g->newer != 0 ? &sigma_window_at(w, g->newer)->older : &list->newest) = g->older;
    g->older = g->newer = 0;
}

static void link_newest(struct sigma_windows *w, uint32_t correlation, uint32_t group) {
    struct sigma_window_list *list = &w->lists[correlation];
    struct sigma_group *g = sigma_window_at(w, group);
    g->older = list->newest;
    g->newer = 0;
    *(list->newest != 0 ? &sigma_window_at(w, list->newest)->newer : &list->oldest) = group;
    list->newest = group;
}

/* --- the table --- */

static size_t home_of(const struct sigma_windows *w, uint32_t group) {
    return sigma_window_at(w, group)->key[0] & (w->table_size - 1);
}

static void grow_table(struct sigma_windows *w) {
    uint32_t *old = w->table;
    size_t old_size = w->table_size;
    w->table_size = old_size == 0 ? FIRST_TABLE : old_size * 2;
    w->table = mem_calloc(w->table_size, sizeof *w->table);
    w->bytes += (w->table_size - old_size) * sizeof *w->table;
    for (size_t i = 0; i < old_size; i++) {
        size_t at = old[i] != 0 ? home_of(w, old[i]) : 0;
        while (old[i] != 0 && w->table[at] != 0) {
            at = (at + 1) & (w->table_size - 1);
        }
        if (old[i] != 0) {
            w->table[at] = old[i];
        }
    }
    mem_free(old);
}

static size_t place_of(const struct sigma_windows *w, const uint64_t key[2]) {
    size_t at = key[0] & (w->table_size - 1);
    while (w->table[at] != 0) {
        const struct sigma_group *g = sigma_window_at(w, w->table[at]);
        if (g->key[0] == key[0] && g->key[1] == key[1]) {
            break;
        }
        at = (at + 1) & (w->table_size - 1);
    }
    return at;
}

static void remove_from_table(struct sigma_windows *w, const struct sigma_group *g) {
    size_t mask = w->table_size - 1;
    size_t gap = place_of(w, g->key);
    for (size_t i = (gap + 1) & mask; w->table[i] != 0; i = (i + 1) & mask) {
        if (((i - home_of(w, w->table[i])) & mask) >= ((i - gap) & mask)) {
            w->table[gap] = w->table[i];
            gap = i;
        }
    }
    w->table[gap] = 0;
    w->group_count--;
}

uint32_t sigma_window_group(struct sigma_windows *w, uint32_t correlation, const uint64_t key[2]) {
    if (w->group_count * 4 >= w->table_size * 3) {
        grow_table(w);
    }
    size_t at = place_of(w, key);
    if (w->table[at] != 0) {
        return w->table[at];
    }
    uint32_t group = sigma_pool_take(&w->groups);
    struct sigma_group *g = sigma_window_at(w, group);
    g->key[0] = key[0];
    g->key[1] = key[1];
    w->table[at] = group;
    w->group_count++;
    w->bytes += sizeof *g;
    link_newest(w, correlation, group);
    return group;
}

/* --- which refs an event is of --- */

enum { REFS_IN_MASK = 32, REFS_LISTED = 4, BITS_LISTED = 8 };

uint32_t sigma_refs_pack(uint64_t mask, size_t ref_count) {
    uint32_t packed = 0;
    if (ref_count <= REFS_IN_MASK) {
        return (uint32_t)mask;
    }
    for (int i = 0; i < REFS_LISTED && mask != 0; i++) {
        packed |= ((uint32_t)__builtin_ctzll(mask) + 1) << (i * BITS_LISTED);
        mask &= mask - 1;
    }
    return packed;
}

static uint64_t unpack(uint32_t packed, size_t ref_count) {
    uint64_t mask = 0;
    if (ref_count <= REFS_IN_MASK) {
        return packed;
    }
    for (; packed != 0; packed >>= BITS_LISTED) {
        mask |= UINT64_C(1) << ((packed & 0xff) - 1);
    }
    return mask;
}

uint64_t sigma_refs_of(const struct sigma_correlation *c, const struct sigma_node_event *event) {
    return c->field_count == 0 ? event->value : unpack(event->refs, c->ref_count);
}

/* --- events --- */

static void pop_oldest(struct sigma_windows *w, uint32_t correlation, struct sigma_group *g) {
    uint32_t gone = g->head;
    struct sigma_node_event *event = sigma_window_event(w, gone);
    sigma_measure_remove(w, correlation, g, event);
    g->head = event->next;
    g->has_begun = 0;
    g->tail = g->head == 0 ? 0 : g->tail;
    g->count--;
    sigma_names_drop(&w->names, event->origin);
    sigma_pool_give(&w->events, gone);
    w->bytes -= sizeof *event;
}

void sigma_window_slide(struct sigma_windows *w, uint32_t correlation, uint32_t group,
                        int64_t now_ns) {
    struct sigma_group *g = sigma_window_at(w, group);
    int64_t floor_ns = sigma_window_floor(&w->correlations[correlation], now_ns);
    while (g->head != 0 && sigma_window_event(w, g->head)->time_ns <= floor_ns) {
        pop_oldest(w, correlation, g);
    }
}

void sigma_window_push(struct sigma_windows *w, uint32_t correlation, uint32_t group,
                       const struct sigma_node_event *event) {
    struct sigma_group *g = sigma_window_at(w, group);
    uint32_t index = sigma_pool_take(&w->events);
    struct sigma_node_event *kept = sigma_window_event(w, index);
    *kept = *event;
    kept->next = 0;
    sigma_names_hold(&w->names, kept->origin);
    *(g->tail != 0 ? &sigma_window_event(w, g->tail)->next : &g->head) = index;
    g->tail = index;
    g->count++;
    w->bytes += sizeof *kept;
    if (w->lists[correlation].newest != group) {
        unlink_group(w, correlation, group);
        link_newest(w, correlation, group);
    }
    sigma_measure_add(w, correlation, g, kept);
}

/* --- the end of a group --- */

static void close_group(struct sigma_windows *w, uint32_t correlation, uint32_t group) {
    struct sigma_group *g = sigma_window_at(w, group);
    if (g->stretch != 0) {
        w->closing(correlation, group, w->ctx);
    }
    sigma_measure_drop(w, correlation, g); /* first: its numbers need no order any more */
    while (g->head != 0) {
        pop_oldest(w, correlation, g);
    }
    unlink_group(w, correlation, group);
    remove_from_table(w, g);
    sigma_pool_give(&w->groups, group);
    w->bytes -= sizeof *g;
}

static int64_t newest_time(const struct sigma_windows *w, uint32_t group) {
    const struct sigma_group *g = sigma_window_at(w, group);
    return g->tail == 0 ? INT64_MIN : sigma_window_event(w, g->tail)->time_ns;
}

void sigma_windows_expire(struct sigma_windows *w, uint32_t correlation, int64_t now_ns) {
    int64_t floor_ns = sigma_window_floor(&w->correlations[correlation], now_ns);
    uint32_t oldest;
    while ((oldest = w->lists[correlation].oldest) != 0 && newest_time(w, oldest) <= floor_ns) {
        close_group(w, correlation, oldest);
    }
}

/* The correlation whose oldest group was quiet longest; false if only `keep` is left. */
static bool quietest(const struct sigma_windows *w, uint32_t *out, uint32_t keep) {
    int64_t best_ns = INT64_MAX;
    bool found = false;
    for (size_t c = 0; c < w->correlation_count; c++) {
        uint32_t oldest = w->lists[c].oldest;
        if (oldest != 0 && oldest != keep && (!found || newest_time(w, oldest) < best_ns)) {
            best_ns = newest_time(w, oldest);
            *out = (uint32_t)c;
            found = true;
        }
    }
    return found;
}

void sigma_windows_shrink(struct sigma_windows *w, uint32_t keep) {
    uint32_t correlation = 0;
    while (sigma_windows_bytes(w) > w->limit_bytes && quietest(w, &correlation, keep)) {
        for (int i = 0; i < EVICT_AT_ONCE && sigma_windows_bytes(w) > w->limit_bytes; i++) {
            uint32_t oldest = w->lists[correlation].oldest;
            if (oldest == 0 || oldest == keep) {
                break;
            }
            close_group(w, correlation, oldest);
            w->evicted++;
        }
    }
    if (sigma_windows_bytes(w) > w->limit_bytes && keep != 0) { /* one group alone is too large */
        struct sigma_group *g = sigma_window_at(w, keep);
        for (uint32_t c = 0; c < w->correlation_count; c++) {
            while (w->lists[c].newest == keep && sigma_windows_bytes(w) > w->limit_bytes &&
                   g->count > 1) {
                pop_oldest(w, c, g);
                w->evicted++;
            }
        }
    }
}

void sigma_windows_close_all(struct sigma_windows *w) {
    for (uint32_t c = 0; c < w->correlation_count; c++) {
        while (w->lists[c].oldest != 0) {
            close_group(w, c, w->lists[c].oldest);
        }
    }
}
