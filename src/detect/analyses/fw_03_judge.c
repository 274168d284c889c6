/* FW-03, one destination of one source: tried often enough, how rare, how regular, which level. */
#include "fw_03_judge.h"

#include <stdlib.h>

#include "ioc.h"
#include "mem.h"

struct ip fw03_address(const struct fw03 *s, uint32_t id) {
    struct ip address;
    memcpy(&address, intern_text(&s->addresses, id).ptr, sizeof address);
    return address;
}

/* By id in addresses: distinct sources that tried it in the week up to `day`. Caller frees. */
static uint32_t *count_clients(const struct fw03 *s, int32_t day) {
    uint32_t *counts = mem_calloc((size_t)s->addresses.count + 1, sizeof *counts);
    struct intern pairs = INTERN_INIT;
    for (uint32_t i = 0; i < s->keys.count; i++) {
        const struct fw03_pair *p = &s->pairs[i];
        if (p->day > day || p->day <= day - FW03_LOOKBACK_DAYS) {
            continue;
        }
        uint32_t key[2] = {p->source, p->destination};
        uint32_t known = pairs.count;
        counts[p->destination] +=
            intern_add(&pairs, str_make((const char *)key, sizeof key)) == known;
    }
    intern_fini(&pairs);
    return counts;
}

static uint32_t count_all_clients(const struct fw03 *s, int32_t day) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->clients.count; i++) {
        count += s->client_days[i] == day;
    }
    return count;
}

struct fw03_facts fw03_facts_of(const struct fw03 *s, int32_t day) {
    return (struct fw03_facts){count_clients(s, day), count_all_clients(s, day)};
}

/* Tries of the pair in the 24 h before its last try of `day`, by kind. */
static void count_tries(const struct fw03 *s, const struct fw03_pair *p, uint64_t *focus,
                        uint64_t *other) {
    int64_t from = p->tries[p->try_count - 1].time_ns - NS_PER_DAY;
    uint32_t key[3] = {p->source, p->destination, (uint32_t)(p->day - 1)};
    uint32_t before = intern_find(&s->keys, str_make((const char *)key, sizeof key));
    const struct fw03_pair *both[2] = {before == INTERN_NONE ? NULL : &s->pairs[before], p};
    *focus = 0;
    *other = 0;
    for (size_t d = 0; d < 2; d++) {
        for (size_t i = 0; both[d] && i < both[d]->try_count; i++) {
            const struct fw03_try *t = &both[d]->tries[i];
            *focus += t->time_ns > from && t->focus;
            *other += t->time_ns > from && !t->focus;
        }
    }
}

static uint32_t count_days(const struct fw03 *s, const struct fw03_pair *p, bool focus) {
    uint32_t days = 0;
    for (int32_t day = p->day - FW03_LOOKBACK_DAYS + 1; day <= p->day; day++) {
        uint32_t key[3] = {p->source, p->destination, (uint32_t)day};
        uint32_t id = intern_find(&s->keys, str_make((const char *)key, sizeof key));
        bool any = false;
        for (size_t i = 0; id != INTERN_NONE && i < s->pairs[id].try_count; i++) {
            any = any || s->pairs[id].tries[i].focus == focus;
        }
        days += any;
    }
    return days;
}

static int compare_i64(const void *a, const void *b) {
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static int64_t median(int64_t *values, size_t count) {
    qsort(values, count, sizeof *values, compare_i64);
    return values[count / 2];
}

/* MAD/median of the pauses between tries is small. */
static bool is_regular(const struct fw03_pair *p, double limit) {
    int64_t gaps[FW03_TRIES_MAX];
    size_t count = 0;
    if (p->try_count < 5) {
        return false;
    }
    for (size_t i = 1; i < p->try_count; i++) {
        gaps[count++] = p->tries[i].time_ns - p->tries[i - 1].time_ns;
    }
    int64_t middle = median(gaps, count);
    for (size_t i = 0; i < count; i++) {
        gaps[i] = gaps[i] > middle ? gaps[i] - middle : middle - gaps[i];
    }
    return middle > 0 && (double)median(gaps, count) <= limit * (double)middle;
}

static bool is_common(const struct params *params, uint32_t clients, uint32_t all_clients) {
    return clients >= 5 &&
           clients >= param_number(params, PARAM_ID_FW03_COMMON_SHARE) * all_clients;
}

static enum finding_level level_of(const struct fw03_judged *j,
                                   const struct analysis_context *context, uint32_t all_clients) {
    const struct site_host *host = site_host_at(context->site, &j->pair->address);
    bool server = host && !host->is_device;
    bool rare = j->clients <= param_count(context->params, PARAM_ID_FW03_RARE_CLIENTS) && !j->known;
    if (j->listed) {
        return LEVEL_HIGH;
    }
    if (is_common(context->params, j->clients, all_clients) || (j->known && !server)) {
        return LEVEL_LOW;
    }
    return rare && (j->focus || server || j->regular) ? LEVEL_HIGH : LEVEL_MEDIUM;
}

bool fw03_judge(struct fw03_judged *out, const struct fw03 *s,
                const struct analysis_context *context, const struct fw03_pair *p,
                const struct fw03_facts *facts) {
    const struct params *params = context->params;
    uint64_t focus;
    uint64_t other;
    count_tries(s, p, &focus, &other);
    *out = (struct fw03_judged){.pair = p};
    bool enough_focus = focus >= param_count(params, PARAM_ID_FW03_MIN_DENY);
    uint32_t focus_days = count_days(s, p, true);
    bool enough_days = focus_days >= param_count(params, PARAM_ID_FW03_MIN_DAYS);
    out->focus = enough_focus || enough_days;
    if (!out->focus && other < param_count(params, PARAM_ID_FW03_OTHER_MIN)) {
        return false;
    }
    struct ip destination = fw03_address(s, p->destination);
    out->tries = out->focus ? focus : other;
    out->days = out->focus ? focus_days : count_days(s, p, false);
    out->clients = facts->clients[p->destination];
    out->regular = is_regular(p, param_number(params, PARAM_ID_FW03_REGULAR_JITTER));
    out->known = s->proxied[p->destination] > p->day - FW03_LOOKBACK_DAYS;
    out->listed = ioc_find_ip(context->iocs, &destination) != NULL;
    out->level = level_of(out, context, facts->all_clients);
    return true;
}
