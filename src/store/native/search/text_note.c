#include "text_note.h"

#include "mem.h"

enum { WORDS = COLUMN_NOTE_SYMBOLS / 64 + 1 };

/* A set of symbols (bytes and the edge). */
struct symbols {
    uint64_t words[WORDS];
};

static void add_symbol(struct symbols *s, unsigned symbol) {
    s->words[symbol / 64] |= UINT64_C(1) << (symbol % 64);
}

static bool has_symbol(const struct symbols *s, unsigned symbol) {
    return (s->words[symbol / 64] >> (symbol % 64) & 1) != 0;
}

static bool have_common(const struct symbols *a, const struct symbols *b) {
    uint64_t common = 0;
    for (int i = 0; i < WORDS; i++) {
        common |= a->words[i] & b->words[i];
    }
    return common != 0;
}

/* What is needed while making. */
struct making {
    const struct automaton *automaton;
    const struct column_note *note;
    uint16_t list[COLUMN_NOTE_SYMBOLS]; /* symbols that occur */
    uint32_t count;
    struct symbols *takes;  /* by position: bytes of the texts that it takes */
    struct symbols *behind; /* by symbol: what stands behind it; made when first asked for */
    bool *is_made;
};

/* What stands behind the symbol in some text. */
static const struct symbols *behind(struct making *m, unsigned symbol) {
    if (!m->is_made[symbol]) {
        m->is_made[symbol] = true;
        for (uint32_t i = 0; i < m->count; i++) {
            if (column_note_has_pair(m->note, symbol, m->list[i])) {
                add_symbol(&m->behind[symbol], m->list[i]);
            }
        }
    }
    return &m->behind[symbol];
}

static void list_symbols(struct making *m) {
    m->list[m->count++] = COLUMN_NOTE_EDGE;
    for (unsigned byte = 0; byte < 256; byte++) {
        if (column_note_has_byte(m->note, byte)) {
            m->list[m->count++] = (uint16_t)byte;
        }
    }
}

/* A position that is kept takes all bytes of characters beyond ASCII. */
static void find_takes(struct making *m) {
    const struct automaton *a = m->automaton;
    for (uint32_t i = 1; i < m->count; i++) {
        unsigned byte = m->list[i];
        uint64_t takes = a->takes[byte] | (byte >= 0x80 ? a->keep : 0);
        for (; takes != 0; takes &= takes - 1) {
            add_symbol(&m->takes[__builtin_ctzll(takes)], byte);
        }
    }
}

/* Which positions can come behind position p, and whether texts can end there. */
static void follow_position(struct text_note *out, struct making *m, unsigned p) {
    struct symbols next = {{0}};
    const struct symbols *takes = &m->takes[p];
    for (uint32_t i = 1; i < m->count; i++) {
        if (has_symbol(takes, m->list[i])) {
            const struct symbols *more = behind(m, m->list[i]);
            for (int k = 0; k < WORDS; k++) {
                next.words[k] |= more->words[k];
            }
        }
    }
    for (uint64_t left = m->automaton->follow[p]; left != 0; left &= left - 1) {
        unsigned q = (unsigned)__builtin_ctzll(left);
        out->follow[p] |= have_common(&next, &m->takes[q]) ? UINT64_C(1) << q : 0;
    }
    out->leaves |= has_symbol(&next, COLUMN_NOTE_EDGE) ? UINT64_C(1) << p : 0;
}

void text_note_make(struct text_note *out, const struct automaton *a, const struct column_note *n) {
    struct making m = {.automaton = a, .note = n};
    m.takes = mem_calloc(AUTOMATON_POSITIONS, sizeof *m.takes);
    m.behind = mem_calloc(COLUMN_NOTE_SYMBOLS, sizeof *m.behind);
    m.is_made = mem_calloc(COLUMN_NOTE_SYMBOLS, sizeof *m.is_made);
    memset(out, 0, sizeof *out);
    list_symbols(&m);
    find_takes(&m);
    const struct symbols *first = behind(&m, COLUMN_NOTE_EDGE);
    static const struct symbols none = {{0}};
    for (unsigned p = 0; p < a->count; p++) {
        uint64_t bit = UINT64_C(1) << p;
        out->enters |= have_common(first, &m.takes[p]) ? bit : 0;
        if (memcmp(&m.takes[p], &none, sizeof none) != 0) {
            out->starts |= a->first & bit;
            follow_position(out, &m, p);
        }
    }
    out->may_be_empty = has_symbol(first, COLUMN_NOTE_EDGE);
    out->may_begin_inside = first->words[2] != 0; /* 0x80 to 0xbf */
    mem_free(m.takes);
    mem_free(m.behind);
    mem_free(m.is_made);
}

/* Positions that the first byte of a text leads to from these. */
static uint64_t enter(const struct text_note *n, const struct automaton *a, uint64_t positions) {
    uint64_t inside = n->may_begin_inside ? positions & a->keep : 0;
    for (uint64_t left = positions; left != 0; left &= left - 1) {
        inside |= a->follow[__builtin_ctzll(left)] & n->enters;
    }
    return inside;
}

struct text_reach text_note_over(const struct text_note *n, const struct automaton *a,
                                 uint64_t positions) {
    uint64_t inside = n->starts | enter(n, a, positions);
    for (uint64_t fresh = inside; fresh != 0;) {
        uint64_t next = 0;
        for (; fresh != 0; fresh &= fresh - 1) {
            next |= n->follow[__builtin_ctzll(fresh)];
        }
        fresh = next & ~inside;
        inside |= next;
    }
    return (struct text_reach){.positions =
                                   (inside & n->leaves) | (n->may_be_empty ? positions : 0),
                               .ends = (inside & a->last) != 0};
}

uint64_t text_note_back(const struct text_note *n, const struct automaton *a, uint64_t useful) {
    uint64_t inside = (n->leaves & useful) | a->last;
    for (uint64_t before = 0; before != inside;) {
        before = inside;
        for (unsigned p = 0; p < a->count; p++) {
            inside |= (n->follow[p] & before) != 0 ? UINT64_C(1) << p : 0;
        }
    }
    uint64_t from = n->may_be_empty ? useful : 0;
    for (unsigned p = 0; p < a->count; p++) {
        from |= (a->follow[p] & n->enters & inside) != 0 ? UINT64_C(1) << p : 0;
    }
    return from | (n->may_begin_inside ? inside & a->keep : 0);
}
