#include "dfa.h"

#include "mem.h"

enum {
    MAX_STATES = 4096,
    MAX_CELLS = 1 << 19, /* of two bytes */
    UNKNOWN = 0xffff
};

struct dfa_state {
    uint64_t positions;
    bool is_wide; /* bytes beyond ASCII led here */
};

struct dfa {
    const struct automaton *automaton;
    uint8_t classes[256]; /* bytes that no position tells apart are one */
    uint8_t bytes[256];   /* one byte of each class */
    uint32_t class_count;
    struct dfa_state *states;
    uint16_t *next; /* by state and class */
    uint32_t count;
    size_t state_capacity;
    size_t cell_capacity;
};

static bool is_following(unsigned byte) {
    return byte >= 0x80 && byte < 0xc0;
}

/* Lines end with these, and what is searched ends before. */
static bool is_terminator(unsigned byte) {
    return byte == '\n' || byte == '\r';
}

static void make_classes(struct dfa *d) {
    const uint64_t *takes = d->automaton->takes;
    for (unsigned b = 0; b < 256; b++) {
        uint32_t c = 0;
        while (c < d->class_count &&
               (takes[d->bytes[c]] != takes[b] || is_following(d->bytes[c]) != is_following(b) ||
                (d->bytes[c] < 0x80) != (b < 0x80) ||
                is_terminator(d->bytes[c]) != is_terminator(b))) {
            c++;
        }
        if (c == d->class_count) {
            d->bytes[d->class_count++] = (uint8_t)b;
        }
        d->classes[b] = (uint8_t)c;
    }
}

static uint32_t add_state(struct dfa *d, struct dfa_state state) {
    size_t cells = ((size_t)d->count + 1) * d->class_count;
    if (d->count == MAX_STATES || cells > MAX_CELLS) {
        return DFA_MAYBE;
    }
    MEM_GROW(d->states, d->state_capacity, (size_t)d->count + 1);
    MEM_GROW(d->next, d->cell_capacity, cells);
    for (size_t i = cells - d->class_count; i < cells; i++) {
        d->next[i] = UNKNOWN;
    }
    d->states[d->count] = state;
    return d->count++;
}

struct dfa *dfa_create(const struct automaton *automaton) {
    struct dfa *d = mem_calloc(1, sizeof *d);
    d->automaton = automaton;
    make_classes(d);
    for (int i = DFA_START; i <= DFA_MAYBE; i++) {
        (void)add_state(d, (struct dfa_state){.positions = 0});
    }
    return d;
}

void dfa_destroy(struct dfa **dfa) {
    if (*dfa != NULL) {
        mem_free((*dfa)->states);
        mem_free((*dfa)->next);
        mem_free(*dfa);
        *dfa = NULL;
    }
}

static uint32_t find_state(struct dfa *d, struct dfa_state wanted) {
    if (wanted.positions == 0) {
        return DFA_START;
    }
    for (uint32_t i = DFA_MAYBE + 1; i < d->count; i++) {
        if (d->states[i].positions == wanted.positions && d->states[i].is_wide == wanted.is_wide) {
            return i;
        }
    }
    return add_state(d, wanted);
}

/* Computes a transition and keeps it. */
static uint32_t learn(struct dfa *d, uint32_t state, uint8_t class) {
    const struct automaton *a = d->automaton;
    uint8_t byte = d->bytes[class];
    struct dfa_state next = {
        .positions = automaton_step(a, d->states[state].positions, byte),
        .is_wide = d->states[state].is_wide || byte >= 0x80,
    };
    uint32_t to;
    if ((next.positions & a->last) != 0) {
        bool sure = a->is_exact && !next.is_wide && !is_terminator(byte);
        to = sure ? DFA_MATCH : DFA_MAYBE;
    } else {
        to = find_state(d, next);
    }
    d->next[(size_t)state * d->class_count + class] = (uint16_t)to;
    return to;
}

uint32_t dfa_run(struct dfa *d, uint32_t state, struct str text) {
    if (dfa_is_end(state)) {
        return state;
    }
    const uint8_t *at = (const uint8_t *)text.ptr;
    const uint8_t *end = at + text.len;
    for (; at < end; at++) {
        uint8_t class = d->classes[*at];
        uint32_t next = d->next[(size_t)state * d->class_count + class];
        state = next != UNKNOWN ? next : learn(d, state, class);
        if (dfa_is_end(state)) {
            return state;
        }
    }
    return state;
}

uint64_t dfa_positions(const struct dfa *d, uint32_t state) {
    return d->states[state].positions;
}
