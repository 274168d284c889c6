#include "text_note.h"

#include "mem.h"

/* A set of symbols (bytes and the edge). */
struct symbols {
    uint64_t words[COLUMN_NOTE_WORDS];
};

static void add_symbol(struct symbols *s, unsigned symbol) {
    s->words[symbol / 64] |= UINT64_C(1) << (symbol % 64);
}

static bool has_symbol(const struct symbols *s, unsigned symbol) {
    return (s->words[symbol / 64] >> (symbol % 64) & 1) != 0;
}

static bool have_common(const struct symbols *a, const struct symbols *b) {
    uint64_t common = 0;
    for (int i = 0; i < COLUMN_NOTE_WORDS; i++) {
        common |= a->words[i] & b->words[i];
    }
    return common != 0;
}

/* --- what steps make of texts --- */

/* Texts that are parts of those that the note is about, in another case. */
struct part {
    uint8_t prints[256]; /* what becomes of a byte */
    unsigned begin;      /* symbol that stands before the first byte of the part */
    unsigned end;        /* ... behind its last one */
    unsigned without;    /* a byte that stands in no part; COLUMN_NOTE_SYMBOLS: none */
};

static void change_case(struct part *part, bool upper) {
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t c = part->prints[byte];
        bool is_lower = c >= 'a' && c <= 'z';
        part->prints[byte] =
            upper ? (uint8_t)(is_lower ? c - 32 : c) : (uint8_t)ascii_lower((char)c);
    }
}

/* False: the steps do something else. */
static bool find_part(struct part *part, const struct row_text_element *key) {
    *part = (struct part){
        .begin = COLUMN_NOTE_EDGE, .end = COLUMN_NOTE_EDGE, .without = COLUMN_NOTE_SYMBOLS};
    for (unsigned byte = 0; byte < 256; byte++) {
        part->prints[byte] = (uint8_t)byte;
    }
    for (uint32_t i = 0; i < key->step_count; i++) {
        const struct formula *f = key->steps[i];
        bool is_case = f->kind == FORMULA_LOWER || f->kind == FORMULA_UPPER;
        bool is_part = f->kind == FORMULA_BEFORE || f->kind == FORMULA_AFTER;
        if (!is_case && (!is_part || i > 0)) { /* its byte is one of the stored text */
            return false;
        }
        if (is_case) {
            change_case(part, f->kind == FORMULA_UPPER);
        } else if (f->kind == FORMULA_BEFORE) {
            part->end = (uint8_t)f->k;
            part->without = (uint8_t)f->k;
        } else {
            part->begin = (uint8_t)f->k;
        }
    }
    return true;
}

/* --- making --- */

/* What is needed while making. */
struct making {
    const struct automaton *automaton;
    const struct column_note *note;
    struct part part;
    uint8_t bytes[256]; /* that occur */
    uint32_t count;
    uint64_t present;                    /* positions that take one of them */
    struct symbols *takes;               /* by position: bytes of the texts that it takes */
    uint8_t only[AUTOMATON_POSITIONS];   /* by position: a byte that it takes */
    uint16_t taken[AUTOMATON_POSITIONS]; /* by position: how many it takes */
    struct symbols *behind;              /* by byte: what stands behind it; made when asked for */
    bool *is_made;
};

/* What stands behind the symbol in some part; the edge: it can end there. */
static const struct symbols *behind(struct making *m, unsigned symbol) {
    if (m->behind == NULL) {
        m->behind = mem_alloc(COLUMN_NOTE_SYMBOLS * sizeof *m->behind);
        m->is_made = mem_calloc(COLUMN_NOTE_SYMBOLS, sizeof *m->is_made);
    }
    struct symbols *next = &m->behind[symbol];
    if (!m->is_made[symbol]) {
        m->is_made[symbol] = true;
        column_note_behind(next->words, m->note, symbol);
        next->words[COLUMN_NOTE_EDGE / 64] = has_symbol(next, m->part.end);
    }
    return next;
}

/* A position that is kept takes all bytes of characters beyond ASCII. */
static void add_taken(struct making *m, unsigned byte) {
    const struct automaton *a = m->automaton;
    uint64_t takes = a->takes[m->part.prints[byte]] | (byte >= 0x80 ? a->keep : 0);
    m->bytes[m->count++] = (uint8_t)byte;
    m->present |= takes;
    for (; takes != 0; takes &= takes - 1) {
        unsigned p = (unsigned)__builtin_ctzll(takes);
        add_symbol(&m->takes[p], byte);
        m->only[p] = (uint8_t)byte;
        m->taken[p]++;
    }
}

static void find_takes(struct making *m) {
    for (unsigned i = 0; i < 4; i++) {
        for (uint64_t left = m->note->bytes[i]; left != 0; left &= left - 1) {
            unsigned byte = i * 64 + (unsigned)__builtin_ctzll(left);
            if (byte != m->part.without) {
                add_taken(m, byte);
            }
        }
    }
}

/* Can a byte that q takes stand behind one that p takes? */
static bool can_follow(struct making *m, unsigned p, unsigned q, const struct symbols *next) {
    return m->taken[p] == 1 && m->taken[q] == 1
               ? column_note_has_pair(m->note, m->only[p], m->only[q])
               : have_common(next, &m->takes[q]);
}

/* What can stand behind the bytes that p takes. */
static void add_behind(struct symbols *next, struct making *m, unsigned p) {
    for (uint32_t i = 0; i < m->count; i++) {
        if (has_symbol(&m->takes[p], m->bytes[i])) {
            const struct symbols *more = behind(m, m->bytes[i]);
            for (int k = 0; k < COLUMN_NOTE_WORDS; k++) {
                next->words[k] |= more->words[k];
            }
        }
    }
}

/* Which positions can come behind position p, and whether texts can end there. Most positions take
 * one byte: of these single pairs are looked up. */
static void follow_position(struct text_note *out, struct making *m, unsigned p) {
    struct symbols next = {{0}};
    uint64_t follow = m->automaton->follow[p] & m->present;
    bool single = m->taken[p] == 1;
    for (uint64_t left = follow; left != 0 && single; left &= left - 1) {
        single = m->taken[__builtin_ctzll(left)] == 1;
    }
    if (!single) {
        add_behind(&next, m, p);
    }
    for (uint64_t left = follow; left != 0; left &= left - 1) {
        unsigned q = (unsigned)__builtin_ctzll(left);
        out->follow[p] |= can_follow(m, p, q, &next) ? UINT64_C(1) << q : 0;
    }
    bool leaves = single ? column_note_has_pair(m->note, m->only[p], m->part.end)
                         : has_symbol(&next, COLUMN_NOTE_EDGE);
    out->leaves |= leaves ? UINT64_C(1) << p : 0;
}

/* By position the bytes that it takes. */
static void list_taken(struct text_bytes *out, const struct making *m) {
    for (unsigned p = 0; p < m->automaton->count; p++) {
        out[p].count = m->taken[p];
        uint32_t count = 0;
        for (uint32_t i = 0; i < m->count && m->taken[p] <= TEXT_TRIPLES_BYTES; i++) {
            if ((m->present >> p & 1) != 0 && has_symbol(&m->takes[p], m->bytes[i])) {
                out[p].items[count++] = m->bytes[i];
            }
        }
    }
}

static void add_triples(struct text_note *out, const struct making *m,
                        const struct triple_note *stored, struct arena *arena) {
    struct text_bytes takes[AUTOMATON_POSITIONS];
    const struct automaton *a = m->automaton;
    bool beyond_ascii = m->count > 0 && m->bytes[m->count - 1] >= 0x80;
    list_taken(takes, m);
    const struct text_triples_source from = {.stored = stored,
                                             .follow = out->follow,
                                             .takes = takes,
                                             .many = beyond_ascii ? a->keep : 0,
                                             .enters = out->enters,
                                             .leaves = out->leaves,
                                             .last = a->last,
                                             .count = a->count,
                                             .begin = m->part.begin,
                                             .end = m->part.end};
    out->triples = text_triples_make(arena, &from);
}

bool text_note_make(struct text_note *out, const struct text_note_source *from,
                    struct arena *arena) {
    const struct automaton *a = from->automaton;
    const struct column_note *n = from->note;
    struct symbols takes[AUTOMATON_POSITIONS];
    struct making m = {.automaton = a, .note = n, .takes = takes};
    if (!find_part(&m.part, from->key)) {
        return false;
    }
    memset(takes, 0, a->count * sizeof *takes);
    memset(out, 0, sizeof *out);
    find_takes(&m);
    out->starts = a->first & m.present;
    struct symbols begins;
    column_note_behind(begins.words, n, m.part.begin);
    for (uint64_t left = m.present; left != 0; left &= left - 1) {
        unsigned p = (unsigned)__builtin_ctzll(left);
        out->enters |= have_common(&begins, &takes[p]) ? left & -left : 0;
        follow_position(out, &m, p);
    }
    out->may_be_empty = has_symbol(&begins, m.part.end);
    out->may_begin_inside = begins.words[2] != 0; /* 0x80 to 0xbf */
    if (from->triples != NULL) {
        add_triples(out, &m, from->triples, arena);
    }
    mem_free(m.behind);
    mem_free(m.is_made);
    return true;
}

/* --- asking --- */

/* Positions that the first byte of a text leads to from these. */
static uint64_t enter(const struct text_note *n, const struct automaton *a, uint64_t positions) {
    uint64_t inside = 0;
    for (uint64_t left = positions; left != 0; left &= left - 1) {
        inside |= a->follow[__builtin_ctzll(left)] & n->enters;
    }
    return inside;
}

/* As text_note_over, if triples are known. */
static struct text_reach over_by_triples(const struct text_note *n, uint64_t entered,
                                         uint64_t others, uint64_t positions) {
    struct text_reach reach = text_triples_walk(n->triples, entered, others);
    reach.positions |= n->may_be_empty ? positions : 0;
    return reach;
}

struct text_reach text_note_over(const struct text_note *n, const struct automaton *a,
                                 uint64_t positions) {
    uint64_t entered = enter(n, a, positions);
    uint64_t others = n->starts | (n->may_begin_inside ? positions & a->keep : 0);
    if (n->triples != NULL) {
        return over_by_triples(n, entered, others, positions);
    }
    uint64_t inside = entered | others;
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
