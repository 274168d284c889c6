#include "merge_plan.h"

#include <stdlib.h>

/* What one segment may hold: rows, raw bytes. */
static const uint64_t full_rows = SEGMENT_MAX_ROWS;
static const uint64_t full_bytes = (uint64_t)SEGMENT_STRIPE_BYTES * SEGMENT_MAX_STRIPES;

uint32_t merge_fill(const struct segment_info *info) {
    uint64_t rows = info->rows < full_rows ? info->rows : full_rows;
    uint64_t bytes = info->raw_bytes < full_bytes ? info->raw_bytes : full_bytes;
    uint64_t by_rows = rows * MERGE_FULL / full_rows;
    uint64_t by_bytes = bytes * MERGE_FULL / full_bytes;
    uint64_t fill = by_rows > by_bytes ? by_rows : by_bytes;
    return fill > 0 ? (uint32_t)fill : 1;
}

static int compare(const void *a, const void *b) {
    const struct segment_info *x = ((const struct merge_candidate *)a)->info;
    const struct segment_info *y = ((const struct merge_candidate *)b)->info;
    if (x->dataset != y->dataset) {
        return x->dataset < y->dataset ? -1 : 1;
    }
    return x->arrival_first < y->arrival_first ? -1 : x->arrival_first > y->arrival_first;
}

void merge_sort(struct merge_candidate *candidates, size_t count) {
    qsort(candidates, count, sizeof *candidates, compare);
}

/* May the two stand in one run? Rows keep their order only if the arrival numbers follow. */
static bool are_neighbours(const struct merge_candidate *a, const struct merge_candidate *b) {
    return a->info->dataset == b->info->dataset && !a->is_fixed && !b->is_fixed &&
           a->info->arrival_last < b->info->arrival_first;
}

/* Of the newest row: the later of both times counts, as for retention. Rounded down, also before
 * 1970. */
static int64_t period_of(const struct segment_info *s) {
    int64_t newest = s->receive_max > s->time_max ? s->receive_max : s->time_max;
    return newest / MERGE_PERIOD_NS - (newest % MERGE_PERIOD_NS < 0);
}

static bool is_same_period(const struct merge_candidate *a, const struct merge_candidate *b) {
    return period_of(a->info) == period_of(b->info);
}

static bool is_small(const struct merge_candidate *c) {
    return !c->is_fixed && c->fill <= MERGE_FULL / 2;
}

/* A run being made: [first, end) with its fill. */
struct growing {
    const struct merge_candidate *c;
    size_t count; /* of candidates */
    size_t first;
    size_t end;
    uint64_t fill;
    bool is_full; /* the next newcomer would not fit */
};

/* Newcomers from `at` on, as many as fit. */
static struct growing take_newcomers(const struct merge_candidate *c, size_t count, size_t at) {
    struct growing g = {c, count, at, at + 1, c[at].fill, false};
    while (g.end < count && !c[g.end].merged && are_neighbours(&c[g.end - 1], &c[g.end])) {
        if (g.fill + c[g.end].fill > MERGE_FULL || !is_same_period(&c[at], &c[g.end])) {
            g.is_full = true;
            break;
        }
        g.fill += c[g.end++].fill;
    }
    return g;
}

/* Merged ones on both sides, while they are not bigger than what joins them. */
static void absorb(struct growing *g) {
    const struct merge_candidate *c = g->c;
    while (g->first > 0 && c[g->first - 1].merged && is_small(&c[g->first - 1]) &&
           are_neighbours(&c[g->first - 1], &c[g->first]) &&
           is_same_period(&c[g->first - 1], &c[g->first]) && c[g->first - 1].fill <= g->fill &&
           c[g->first - 1].fill + g->fill <= MERGE_FULL) {
        g->fill += c[--g->first].fill;
    }
    while (g->end < g->count && c[g->end].merged && is_small(&c[g->end]) &&
           are_neighbours(&c[g->end - 1], &c[g->end]) &&
           is_same_period(&c[g->end - 1], &c[g->end]) && c[g->end].fill <= g->fill &&
           c[g->end].fill + g->fill <= MERGE_FULL) {
        g->fill += c[g->end++].fill;
    }
}

static bool is_worth_it(const struct growing *g, size_t newcomers, bool everything) {
    return everything || newcomers >= MERGE_FAN_IN || (g->is_full && newcomers > 1) ||
           g->fill >= MERGE_FULL - MERGE_FULL / 16;
}

struct merge_run merge_choose(const struct merge_candidate *c, size_t count, bool everything) {
    struct merge_run best = {0, 0};
    uint64_t best_score = 0;
    for (size_t at = 0; at < count;) {
        if (c[at].merged || c[at].is_fixed) {
            at++;
            continue;
        }
        struct growing g = take_newcomers(c, count, at);
        size_t newcomers = g.end - at;
        at = g.end;
        absorb(&g);
        uint64_t score = everything ? g.fill : g.end - g.first;
        if (is_worth_it(&g, newcomers, everything) && score > best_score) {
            best = (struct merge_run){g.first, g.end - g.first};
            best_score = score;
        }
    }
    return best;
}
