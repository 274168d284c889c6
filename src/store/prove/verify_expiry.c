/*
 * Was every row that expired allowed to? The rules and holds that were in force when its note was
 * signed are in the chain too. So whoever gets at the key and calls a deletion expiry is seen.
 */
#include "hold.h"
#include "i18n.h"
#include "mem.h"
#include "retention.h"
#include "verify_priv.h"

/* What was in force when a note was made. */
struct law {
    uint64_t note;
    struct retention rules;
    struct holds holds;
};

static void law_fini(struct law *l) {
    retention_fini(&l->rules);
    holds_fini(&l->holds);
    memset(l, 0, sizeof *l);
}

static void load_law(struct law *l, const struct verify *v, uint64_t note) {
    struct chain then = v->chain; /* the same notes, up to that one; nothing is owned */
    law_fini(l);
    then.note_count = note > 0 && note <= v->chain.note_count ? (size_t)note - 1 : 0;
    retention_load(&l->rules, &then);
    holds_load(&l->holds, &then);
    l->note = note;
}

/* The segment is gone, so nobody knows its sources: holds of sources alone cannot be tested. */
static bool no_source(struct str source, void *ctx) {
    (void)source;
    (void)ctx;
    return false;
}

static void check_segment(struct verify *v, const struct law *l, const struct chain_expired *e) {
    const struct retention_class *rule = retention_of(&l->rules, e->info.dataset);
    unsigned long long number = e->info.number;
    if (rule == NULL) {
        verify_damage(v, "segment %llu was called expired, but no rule of retention allowed it",
                      number);
        return;
    }
    int64_t limit = retention_limit(e->time_ns, rule->total_days);
    bool received = e->info.receive_max == TIME_NONE || e->info.receive_max < limit;
    if (e->info.time_max >= limit || !received) {
        verify_damage(v, "segment %llu was called expired before its %u days were over", number,
                      rule->total_days);
    }
    const struct hold *hold = holds_find(&l->holds, &e->info, e->time_ns, no_source, NULL);
    if (hold != NULL) {
        verify_damage(v, "segment %llu was called expired, but hold %llu was on it", number,
                      (unsigned long long)hold->number);
    }
}

void verify_expiry(struct verify *v) {
    struct law *law = mem_calloc(1, sizeof *law);
    for (size_t i = 0; i < v->chain.expired_count; i++) {
        const struct chain_expired *e = &v->chain.expired[i];
        if (i == 0 || e->note != law->note) {
            load_law(law, v, e->note);
        }
        check_segment(v, law, e);
    }
    law_fini(law);
    mem_free(law);
}
