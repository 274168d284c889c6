#include "sigma_measure.h"

#include <float.h>
#include <math.h>

#include "hash.h"
#include "mem.h"
#include "num.h"
#include "sigma_ranks.h"

#define DECIMALS       1000000000
#define DECIMALS_UP_TO 3e19 /* 2^32 of them, times 10^9, fit into 127 bits */
enum { SMALL_WINDOW = 16 };

__extension__ typedef __int128 int128;

static struct sigma_extra *extra_of(const struct sigma_windows *w, const struct sigma_group *g) {
    return sigma_pool_at(&w->extras, g->extra);
}

/* The group's extra memory, at least `bytes` of it (new bytes are zero). */
static struct sigma_extra *need_extra(struct sigma_windows *w, struct sigma_group *g,
                                      size_t bytes) {
    if (g->extra == 0) {
        g->extra = sigma_pool_take(&w->extras);
        w->bytes += sizeof(struct sigma_extra);
    }
    struct sigma_extra *extra = extra_of(w, g);
    if (extra->bytes < bytes) {
        size_t size = extra->bytes == 0 ? bytes : bytes * 2;
        extra->block = mem_realloc(extra->block, size, 1);
        memset((char *)extra->block + extra->bytes, 0, size - extra->bytes);
        w->bytes += size - extra->bytes;
        extra->bytes = size;
    }
    return extra;
}

static double number_of(uint64_t bits) {
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

bool sigma_measure_takes_numbers(enum sigma_correlation_type type) {
    return type == SIGMA_VALUE_SUM || type == SIGMA_VALUE_AVG || type == SIGMA_VALUE_MIN ||
           type == SIGMA_VALUE_MAX || type == SIGMA_VALUE_MEDIAN || type == SIGMA_VALUE_PERCENTILE;
}

bool sigma_measure_number(uint64_t *out, struct str text) {
    double number;
    if (!num_parse_double(&number, text) || !isfinite(number)) {
        return false;
    }
    number += 0.0; /* -0 is 0 */
    memcpy(out, &number, sizeof number);
    return true;
}

/* --- distinct values --- */

static uint64_t value_key(const struct sigma_group *g, uint64_t value) {
    return hash_u64(g->key[0] ^ hash_u64(value + g->key[1]));
}

static void count_value(struct sigma_windows *w, struct sigma_group *g, uint64_t value) {
    size_t before = w->counts.place_count;
    g->distinct += sigma_counts_add(&w->counts, value_key(g, value)) == 1;
    w->bytes += (w->counts.place_count - before) * sizeof(struct sigma_count);
}

static void discount_value(struct sigma_windows *w, struct sigma_group *g, uint64_t value) {
    g->distinct -= sigma_counts_sub(&w->counts, value_key(g, value)) == 0;
}

/* Events from `from` on that have the value. */
static uint32_t count_from(const struct sigma_windows *w, uint32_t from, uint64_t value) {
    uint32_t count = 0;
    for (uint32_t e = from; e != 0; e = sigma_window_event(w, e)->next) {
        count += sigma_window_event(w, e)->value == value;
    }
    return count;
}

static uint32_t distinct_of(const struct sigma_windows *w, const struct sigma_group *g) {
    uint32_t distinct = 0;
    if (g->extra != 0) {
        return g->distinct;
    }
    for (uint32_t e = g->head; e != 0; e = sigma_window_event(w, e)->next) {
        distinct += count_from(w, e, sigma_window_event(w, e)->value) == 1; /* the last of them */
    }
    return distinct;
}

static double share_of(const struct sigma_windows *w, const struct sigma_group *g) {
    uint64_t value = sigma_window_event(w, g->tail)->value;
    uint32_t same = g->extra != 0 ? sigma_counts_get(&w->counts, value_key(g, value))
                                  : count_from(w, g->head, value);
    return 100.0 * same / g->count;
}

/* --- sums --- */

/* What is larger than any 64-bit number goes beside the decimals, where every other number stays
 * exact; nothing of it is left when the last of them has gone. */
struct sum {
    int128 decimals;
    long double large;
    uint32_t large_count;
};

static int128 decimal_of(double number) {
    double whole;
    double fraction = modf(number, &whole);
    return (int128)whole * DECIMALS + (int128)llround(fraction * DECIMALS);
}

static void sum_add(struct sum *sum, double number, int sign) {
    if (fabs(number) <= DECIMALS_UP_TO) {
        sum->decimals += sign * decimal_of(number);
        return;
    }
    sum->large_count += sign > 0 ? 1 : UINT32_MAX;
    sum->large = sum->large_count > 0 ? sum->large + sign * (long double)number : 0;
}

static void add_to_sum(struct sigma_windows *w, struct sigma_group *g, uint64_t value, int sign) {
    struct sum sum;
    struct sigma_extra *extra = need_extra(w, g, sizeof sum);
    memcpy(&sum, extra->block, sizeof sum);
    sum_add(&sum, number_of(value), sign);
    memcpy(extra->block, &sum, sizeof sum);
}

static double quotient(struct sum sum, double divisor) {
    long double total = (long double)sum.decimals / DECIMALS + sum.large;
    long double result = total / (long double)divisor;
    return (double)(result > DBL_MAX ? DBL_MAX : result < -DBL_MAX ? -DBL_MAX : result);
}

static struct sum sum_of(const struct sigma_windows *w, const struct sigma_group *g) {
    struct sum sum = {0, 0, 0};
    if (g->extra != 0) {
        memcpy(&sum, extra_of(w, g)->block, sizeof sum);
        return sum;
    }
    for (uint32_t e = g->head; e != 0; e = sigma_window_event(w, e)->next) {
        sum_add(&sum, number_of(sigma_window_event(w, e)->value), 1);
    }
    return sum;
}

/* --- numbers in order --- */

static struct sigma_ranks *ranks_of(const struct sigma_windows *w, const struct sigma_group *g) {
    return extra_of(w, g)->block;
}

static void insert_number(struct sigma_windows *w, struct sigma_group *g, double number) {
    struct sigma_ranks *ranks = ranks_of(w, g);
    w->bytes -= ranks->bytes;
    sigma_ranks_add(ranks, number);
    w->bytes += ranks->bytes;
}

static void remove_number(struct sigma_windows *w, struct sigma_group *g, double number) {
    struct sigma_ranks *ranks = ranks_of(w, g);
    w->bytes -= ranks->bytes;
    sigma_ranks_remove(ranks, number);
    w->bytes += ranks->bytes;
}

/* A window's numbers in order: of a small one those that are given, else the index. */
struct ordered {
    const double *few; /* NULL: many */
    const struct sigma_ranks *many;
    size_t count;
};

static double number_at(const struct ordered *o, size_t place) {
    return o->few != NULL ? o->few[place] : sigma_ranks_at(o->many, place);
}

static double nearest_rank(const struct ordered *o, double percentile) {
    double rank = ceil(percentile * (double)o->count / 100);
    size_t place = rank < 1 ? 1 : (size_t)rank;
    return number_at(o, (place < o->count ? place : o->count) - 1);
}

/* The middle number; of two the mean. */
static double median(const struct ordered *o) {
    double upper = number_at(o, o->count / 2);
    return o->count % 2 == 1 ? upper : number_at(o, o->count / 2 - 1) / 2 + upper / 2;
}

/* What the correlation asks of the window's numbers in order. */
static double ranked(const struct sigma_correlation *c, const struct ordered *o) {
    switch (c->type) {
    case SIGMA_VALUE_MIN:
        return number_at(o, 0);
    case SIGMA_VALUE_MAX:
        return number_at(o, o->count - 1);
    case SIGMA_VALUE_MEDIAN:
        return median(o);
    default:
        return nearest_rank(o, c->percentile);
    }
}

static double ranked_of(const struct sigma_correlation *c, const struct sigma_windows *w,
                        const struct sigma_group *g) {
    double few[SMALL_WINDOW];
    struct ordered o = {.few = few};
    if (g->extra != 0) {
        o = (struct ordered){.many = ranks_of(w, g), .count = ranks_of(w, g)->count};
        return ranked(c, &o);
    }
    for (uint32_t e = g->head; e != 0; e = sigma_window_event(w, e)->next) {
        double number = number_of(sigma_window_event(w, e)->value);
        size_t at = sigma_ranks_lower_bound(few, o.count, number);
        memmove(few + at + 1, few + at, (o.count - at) * sizeof number);
        few[at] = number;
        o.count++;
    }
    return ranked(c, &o);
}

/* --- temporal --- */

/* The extra memory holds times: the last of each ref, then the chains of temporal_ordered: for each
 * term one time a required ref; with limits ref_count times a ref, by length of the chain. */
static size_t chain_times(const struct sigma_correlation *c) {
    size_t count = 0;
    if (c->type == SIGMA_TEMPORAL_ORDERED && c->limit_count > 0) {
        return c->ref_count * c->ref_count;
    }
    for (size_t i = 0; c->type == SIGMA_TEMPORAL_ORDERED && i < c->term_count; i++) {
        count += (size_t)__builtin_popcountll(c->terms[i].required);
    }
    return count;
}

static void clear_times(int64_t *times, size_t count) {
    for (size_t i = 0; i < count; i++) {
        times[i] = INT64_MIN;
    }
}

/* The refs of `required` in order are places 0, 1 ...; later places first, so that this event is
 * not taken twice. */
static void extend_chain(int64_t *chain, uint64_t required, uint64_t mask, int64_t now_ns) {
    int place = __builtin_popcountll(required);
    for (uint64_t rest = required; rest != 0;) {
        unsigned ref = 63U - (unsigned)__builtin_clzll(rest);
        rest &= ~(UINT64_C(1) << ref);
        place--;
        if ((mask >> ref & 1) != 0) {
            chain[place] = place == 0 ? now_ns : chain[place - 1];
        }
    }
}

/* chains[ref * refs + length - 1]: the latest begin of a chain of so many refs that ends with ref.
 */
static void extend_lengths(int64_t *chains, size_t refs, uint64_t mask, int64_t now_ns) {
    for (size_t ref = refs; ref-- > 0;) {
        if ((mask >> ref & 1) == 0) {
            continue;
        }
        for (size_t length = ref; length > 0; length--) { /* length before it */
            for (size_t before = 0; before < ref; before++) {
                int64_t begin = chains[before * refs + length - 1];
                int64_t *best = &chains[ref * refs + length];
                *best = begin > *best ? begin : *best;
            }
        }
        chains[ref * refs] = now_ns;
    }
}

static void add_to_times(int64_t *times, const struct sigma_correlation *c,
                         const struct sigma_node_event *event) {
    uint64_t mask = event->value;
    int64_t *chain = times + c->ref_count;
    for (size_t ref = 0; ref < c->ref_count; ref++) {
        times[ref] = (mask >> ref & 1) != 0 ? event->time_ns : times[ref];
    }
    if (c->type == SIGMA_TEMPORAL_ORDERED && c->limit_count > 0) {
        extend_lengths(chain, c->ref_count, mask, event->time_ns);
        return;
    }
    for (size_t i = 0; c->type == SIGMA_TEMPORAL_ORDERED && i < c->term_count; i++) {
        extend_chain(chain, c->terms[i].required, mask, event->time_ns);
        chain += __builtin_popcountll(c->terms[i].required);
    }
}

static uint64_t refs_in_window(const int64_t *times, size_t refs, int64_t floor_ns) {
    uint64_t present = 0;
    for (size_t ref = 0; ref < refs; ref++) {
        present |= (uint64_t)(times[ref] > floor_ns) << ref;
    }
    return present;
}

static size_t longest_chain(const int64_t *chains, size_t refs, int64_t floor_ns) {
    for (size_t length = refs; length > 0; length--) {
        for (size_t ref = 0; ref < refs; ref++) {
            if (chains[ref * refs + length - 1] > floor_ns) {
                return length;
            }
        }
    }
    return 0;
}

static bool some_term_holds(const struct sigma_correlation *c, const int64_t *chain,
                            uint64_t present, int64_t floor_ns) {
    for (size_t i = 0; i < c->term_count; i++) {
        const struct sigma_correlation_term *term = &c->terms[i];
        int places = __builtin_popcountll(term->required);
        bool in_order = c->type == SIGMA_TEMPORAL || places == 0 || chain[places - 1] > floor_ns;
        if (in_order && (term->required & ~present) == 0 && (term->forbidden & present) == 0) {
            return true;
        }
        chain += c->type == SIGMA_TEMPORAL ? 0 : places;
    }
    return false;
}

/* --- the index of a large window --- */

static bool counts_values(enum sigma_correlation_type type) {
    return type == SIGMA_VALUE_COUNT || type == SIGMA_VALUE_SHARE;
}

static bool is_temporal(enum sigma_correlation_type type) {
    return type == SIGMA_TEMPORAL || type == SIGMA_TEMPORAL_ORDERED;
}

static size_t time_count(const struct sigma_correlation *c) {
    return c->ref_count + chain_times(c);
}

static void index_add(struct sigma_windows *w, const struct sigma_correlation *c,
                      struct sigma_group *g, const struct sigma_node_event *event) {
    if (counts_values(c->type)) {
        count_value(w, g, event->value);
    } else if (c->type == SIGMA_VALUE_SUM || c->type == SIGMA_VALUE_AVG) {
        add_to_sum(w, g, event->value, 1);
    } else if (is_temporal(c->type)) {
        add_to_times(extra_of(w, g)->block, c, event);
    } else {
        insert_number(w, g, number_of(event->value));
    }
}

static bool is_ranked(enum sigma_correlation_type type) {
    return type == SIGMA_VALUE_MIN || type == SIGMA_VALUE_MAX || type == SIGMA_VALUE_MEDIAN ||
           type == SIGMA_VALUE_PERCENTILE;
}

static size_t index_bytes(const struct sigma_correlation *c) {
    if (is_temporal(c->type)) {
        return time_count(c) * sizeof(int64_t);
    }
    return is_ranked(c->type) ? sizeof(struct sigma_ranks) : sizeof(struct sum);
}

static void index_window(struct sigma_windows *w, const struct sigma_correlation *c,
                         struct sigma_group *g) {
    size_t bytes = index_bytes(c);
    struct sigma_extra *extra = need_extra(w, g, bytes);
    if (is_temporal(c->type)) {
        clear_times(extra->block, time_count(c));
    }
    g->distinct = 0;
    for (uint32_t e = g->head; e != 0; e = sigma_window_event(w, e)->next) {
        index_add(w, c, g, sigma_window_event(w, e));
    }
}

void sigma_measure_add(struct sigma_windows *w, uint32_t correlation, struct sigma_group *g,
                       const struct sigma_node_event *event) {
    const struct sigma_correlation *c = &w->correlations[correlation];
    if (c->type == SIGMA_EVENT_COUNT || (g->extra == 0 && g->count <= SMALL_WINDOW)) {
        return;
    }
    if (g->extra == 0) {
        index_window(w, c, g);
    } else {
        index_add(w, c, g, event);
    }
}

void sigma_measure_remove(struct sigma_windows *w, uint32_t correlation, struct sigma_group *g,
                          const struct sigma_node_event *event) {
    enum sigma_correlation_type type = w->correlations[correlation].type;
    if (g->extra == 0 || is_temporal(type)) {
        return;
    }
    if (counts_values(type)) {
        discount_value(w, g, event->value);
    } else if (type == SIGMA_VALUE_SUM || type == SIGMA_VALUE_AVG) {
        add_to_sum(w, g, event->value, -1);
    } else {
        remove_number(w, g, number_of(event->value));
    }
}

void sigma_measure_drop(struct sigma_windows *w, uint32_t correlation, struct sigma_group *g) {
    if (g->extra == 0) {
        return;
    }
    bool counted = counts_values(w->correlations[correlation].type);
    for (uint32_t e = g->head; e != 0 && counted; e = sigma_window_event(w, e)->next) {
        discount_value(w, g, sigma_window_event(w, e)->value);
    }
    struct sigma_extra *extra = extra_of(w, g);
    if (is_ranked(w->correlations[correlation].type)) {
        w->bytes -= ranks_of(w, g)->bytes;
        sigma_ranks_fini(ranks_of(w, g));
    }
    w->bytes -= extra->bytes + sizeof *extra;
    mem_free(extra->block);
    sigma_pool_give(&w->extras, g->extra);
    g->extra = 0;
}

/* --- the condition --- */

static double measured(const struct sigma_windows *w, const struct sigma_correlation *c,
                       const struct sigma_group *g) {
    switch (c->type) {
    case SIGMA_VALUE_COUNT:
        return distinct_of(w, g);
    case SIGMA_VALUE_SHARE:
        return share_of(w, g);
    case SIGMA_VALUE_SUM:
        return quotient(sum_of(w, g), 1);
    case SIGMA_VALUE_AVG:
        return quotient(sum_of(w, g), g->count);
    case SIGMA_VALUE_MIN:
    case SIGMA_VALUE_MAX:
    case SIGMA_VALUE_MEDIAN:
    case SIGMA_VALUE_PERCENTILE:
        return ranked_of(c, w, g);
    default:
        return g->count;
    }
}

static bool limits_hold(const struct sigma_correlation *c, double value) {
    for (size_t i = 0; i < c->limit_count; i++) {
        if (!sigma_limit_holds(&c->limits[i], value)) {
            return false;
        }
    }
    return true;
}

/* The times of the group; those of a small window are worked out anew. */
static const int64_t *times_of(struct sigma_windows *w, const struct sigma_correlation *c,
                               const struct sigma_group *g) {
    if (g->extra != 0) {
        return extra_of(w, g)->block;
    }
    MEM_GROW(w->times, w->time_capacity, time_count(c));
    clear_times(w->times, time_count(c));
    for (uint32_t e = g->head; e != 0; e = sigma_window_event(w, e)->next) {
        add_to_times(w->times, c, sigma_window_event(w, e));
    }
    return w->times;
}

bool sigma_measure_holds(struct sigma_windows *w, uint32_t correlation, struct sigma_group *g,
                         double *value) {
    const struct sigma_correlation *c = &w->correlations[correlation];
    if (!is_temporal(c->type)) {
        *value = measured(w, c, g);
        return limits_hold(c, *value);
    }
    int64_t floor_ns = sigma_window_floor(c, sigma_window_event(w, g->tail)->time_ns);
    const int64_t *times = times_of(w, c, g);
    const int64_t *chain = times + c->ref_count;
    uint64_t present = refs_in_window(times, c->ref_count, floor_ns);
    *value = __builtin_popcountll(present);
    if (c->limit_count == 0) {
        return some_term_holds(c, chain, present, floor_ns);
    }
    if (c->type == SIGMA_TEMPORAL_ORDERED) {
        *value = (double)longest_chain(chain, c->ref_count, floor_ns);
    }
    return limits_hold(c, *value);
}
