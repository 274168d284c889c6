#include "text_triples.h"

enum { MAX_ARCS = 1024, MAX_LOOKS = 1 << 17 };

/* What is needed while making. */
struct making {
    const struct text_triples_source *from;
    uint32_t looks; /* that are left; then all is taken for possible */
};

/* Some bytes of a position, or a symbol. */
struct choice {
    struct text_bytes bytes;
    unsigned symbol; /* COLUMN_NOTE_SYMBOLS: one of the bytes */
};

static struct choice choice_of(const struct making *m, unsigned position) {
    return (struct choice){.bytes = m->from->takes[position], .symbol = COLUMN_NOTE_SYMBOLS};
}

static struct choice choice_edge(unsigned symbol) {
    return (struct choice){.bytes = {.count = 1}, .symbol = symbol};
}

static unsigned symbol_at(const struct choice *c, uint32_t i) {
    return c->symbol == COLUMN_NOTE_SYMBOLS ? c->bytes.items[i] : c->symbol;
}

/* Can bytes of all three stand one behind the other? */
static bool can(struct making *m, const struct choice *first, unsigned second,
                const struct choice *third) {
    const struct text_bytes *midst = &m->from->takes[second];
    uint32_t looks = (uint32_t)first->bytes.count * midst->count * third->bytes.count;
    if ((m->from->many >> second & 1) != 0 || first->bytes.count > TEXT_TRIPLES_BYTES ||
        midst->count > TEXT_TRIPLES_BYTES || third->bytes.count > TEXT_TRIPLES_BYTES ||
        looks > m->looks) {
        return true;
    }
    bool found = false;
    m->looks -= looks;
    for (uint32_t i = 0; i < looks && !found; i++) {
        uint32_t rest = i / first->bytes.count;
        found = triple_note_has(m->from->stored, symbol_at(first, i % first->bytes.count),
                                midst->items[rest % midst->count],
                                symbol_at(third, rest / midst->count));
    }
    return found;
}

/* Of the positions `third` those that can come behind the other two. */
static uint64_t behind(struct making *m, const struct choice *first, unsigned second,
                       uint64_t third) {
    uint64_t possible = 0;
    for (uint64_t left = third; left != 0; left &= left - 1) {
        struct choice c = choice_of(m, (unsigned)__builtin_ctzll(left));
        possible |= can(m, first, second, &c) ? left & -left : 0;
    }
    return possible;
}

/* What can come behind p and each of those behind it. */
static void make_position(struct text_triples *t, struct making *m, unsigned p) {
    const struct text_triples_source *from = m->from;
    const struct choice begin = choice_edge(from->begin);
    const struct choice end = choice_edge(from->end);
    const struct choice first = choice_of(m, p);
    t->follow[p] = from->follow[p];
    if ((from->enters >> p & 1) != 0) {
        t->first[p] = behind(m, &begin, p, from->follow[p]);
        t->leaves_first |= can(m, &begin, p, &end) ? UINT64_C(1) << p : 0;
    }
    for (uint64_t left = from->follow[p]; left != 0; left &= left - 1) {
        unsigned q = (unsigned)__builtin_ctzll(left);
        t->next[p * t->count + q] = behind(m, &first, q, from->follow[q]);
        t->leaves[p] |= can(m, &first, q, &end) ? UINT64_C(1) << q : 0;
    }
    t->leaves[p] &= from->leaves;
}

struct text_triples *text_triples_make(struct arena *arena,
                                       const struct text_triples_source *from) {
    uint32_t arcs = 0;
    for (uint32_t p = 0; p < from->count; p++) {
        arcs += (uint32_t)__builtin_popcountll(from->follow[p]);
    }
    if (arcs > MAX_ARCS) {
        return NULL;
    }
    struct making m = {.from = from, .looks = MAX_LOOKS};
    struct text_triples *t = arena_alloc(arena, sizeof *t);
    t->count = from->count;
    t->last = from->last;
    t->leaves_any = from->leaves;
    t->next = arena_array(arena, (size_t)t->count * t->count + 1, sizeof *t->next);
    for (unsigned p = 0; p < t->count; p++) {
        make_position(t, &m, p);
    }
    t->leaves_first &= from->leaves;
    return t;
}

/* --- asking --- */

/* Pairs of positions that were reached, and of these what is still to be followed. */
struct walk {
    const struct text_triples *t;
    uint64_t reached[AUTOMATON_POSITIONS];
    uint64_t fresh[AUTOMATON_POSITIONS];
    uint64_t firsts; /* that have fresh ones */
    uint64_t inside;
    uint64_t leaves;
};

static void reach(struct walk *w, unsigned first, uint64_t behind) {
    uint64_t fresh = behind & ~w->reached[first];
    w->reached[first] |= fresh;
    w->fresh[first] |= fresh;
    w->firsts |= fresh != 0 ? UINT64_C(1) << first : 0;
}

static void begin(struct walk *w, uint64_t entered, uint64_t others) {
    const struct text_triples *t = w->t;
    w->inside = entered | others;
    w->leaves = (others & t->leaves_any) | (entered & t->leaves_first);
    for (uint64_t left = w->inside; left != 0; left &= left - 1) {
        unsigned p = (unsigned)__builtin_ctzll(left);
        reach(w, p, (others >> p & 1) != 0 ? t->follow[p] : t->first[p]);
    }
}

struct text_reach text_triples_walk(const struct text_triples *t, uint64_t entered,
                                    uint64_t others) {
    struct walk w = {.t = t};
    begin(&w, entered, others);
    while (w.firsts != 0) {
        unsigned p = (unsigned)__builtin_ctzll(w.firsts);
        uint64_t seconds = w.fresh[p];
        w.fresh[p] = 0;
        w.firsts &= w.firsts - 1;
        w.inside |= seconds;
        w.leaves |= seconds & t->leaves[p];
        for (uint64_t left = seconds; left != 0; left &= left - 1) {
            unsigned q = (unsigned)__builtin_ctzll(left);
            reach(&w, q, t->next[p * t->count + q]);
        }
    }
    return (struct text_reach){.positions = w.leaves, .ends = (w.inside & t->last) != 0};
}
