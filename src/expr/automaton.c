#include "automaton.h"

uint64_t automaton_step_any(const struct automaton *a, uint64_t state, uint64_t takes) {
    uint64_t next = a->first;
    for (uint64_t left = state; left != 0; left &= left - 1) {
        next |= a->follow[__builtin_ctzll(left)];
    }
    return (next & takes) | (state & a->keep);
}

uint64_t automaton_step_back(const struct automaton *a, uint64_t useful, uint64_t takes) {
    uint64_t from = useful & a->keep;
    for (uint64_t left = takes & (useful | a->last); left != 0; left &= left - 1) {
        from |= a->before[__builtin_ctzll(left)];
    }
    return from;
}

static void set_classes(struct automaton *a) {
    a->digits = 0;
    a->letters = 0;
    for (unsigned c = 0; c < 128; c++) {
        a->digits |= ascii_is_digit((char)c) ? a->takes[c] : 0;
        a->letters |= ascii_is_alpha((char)c) ? a->takes[c] : 0;
    }
}

static void set_before(struct automaton *a) {
    memset(a->before, 0, sizeof a->before);
    for (unsigned p = 0; p < a->count; p++) {
        for (uint64_t left = a->follow[p]; left != 0; left &= left - 1) {
            a->before[__builtin_ctzll(left)] |= UINT64_C(1) << p;
        }
    }
}

/* Positions are in the order of the pattern: only what repeats leads back. */
static void set_longest(struct automaton *a) {
    bool forward = a->keep == 0;
    for (unsigned p = 0; p < a->count; p++) {
        forward = forward && (a->follow[p] & (UINT64_MAX >> (63 - p))) == 0;
    }
    a->longest = forward ? a->count : SIZE_MAX;
}

/* --- what every accepted text holds --- */

/* True if no match does without the position. */
static bool is_required(const struct automaton *a, unsigned position) {
    uint64_t without = ~(UINT64_C(1) << position);
    uint64_t reached = a->first & without;
    for (uint64_t fresh = reached; fresh != 0;) {
        uint64_t next = 0;
        for (; fresh != 0; fresh &= fresh - 1) {
            next |= a->follow[__builtin_ctzll(fresh)];
        }
        fresh = next & without & ~reached;
        reached |= fresh;
    }
    return (reached & a->last) == 0;
}

/* The one character that a position takes, in lower case; '\0': several, or beyond ASCII.
 * *cases: it takes both cases of a letter. */
static char only_char(bool *cases, const struct automaton *a, unsigned position) {
    char found = '\0';
    unsigned count = 0;
    for (unsigned c = 1; c < 256; c++) {
        if ((a->takes[c] >> position & 1) != 0) {
            count++;
            bool same = count == 2 && ascii_lower(found) == ascii_lower((char)c);
            if (c >= 0x80 || count > 2 || (count == 2 && !same)) {
                return '\0';
            }
            found = (char)c;
        }
    }
    *cases = count == 2;
    return count == 0 || (a->takes[0] >> position & 1) != 0 ? '\0' : found;
}

/* True if `next` follows `position` wherever one of them stands. */
static bool is_chain(const struct automaton *a, unsigned position, unsigned next) {
    uint64_t at = UINT64_C(1) << position;
    uint64_t then = UINT64_C(1) << next;
    return a->follow[position] == then && a->before[next] == at && (a->last & at) == 0 &&
           (a->first & then) == 0;
}

/* The longest run of positions, one behind the other, that take one character each. */
void automaton_finish(struct automaton *a, struct arena *arena) {
    char run[AUTOMATON_POSITIONS];
    size_t len = 0;
    bool has_cases = false;
    set_before(a);
    set_classes(a);
    set_longest(a);
    a->literal = STR_EMPTY;
    a->ignores_case = false;
    for (unsigned p = 0; p < a->count; p++) {
        bool cases = false;
        char c = only_char(&cases, a, p);
        bool goes_on = len > 0 && is_chain(a, p - 1, p);
        if (!goes_on) {
            len = 0;
            has_cases = false;
        }
        if (c == '\0' || (!goes_on && !is_required(a, p))) {
            len = 0;
            continue;
        }
        run[len++] = c;
        has_cases = has_cases || cases;
        if (len > a->literal.len) {
            a->literal = arena_str(arena, str_make(run, len));
            a->ignores_case = has_cases;
        }
    }
    char *text = a->ignores_case ? arena_alloc(arena, a->literal.len + 1) : NULL;
    for (size_t i = 0; text != NULL && i < a->literal.len; i++) {
        text[i] = ascii_lower(a->literal.ptr[i]);
    }
    a->literal.ptr = text != NULL ? text : a->literal.ptr;
}

void automaton_of_literal(struct automaton *out, struct arena *arena, struct str text,
                          bool ignore_case) {
    *out = (struct automaton){.is_exact = true, .count = (unsigned)text.len, .first = 1};
    out->last = UINT64_C(1) << (text.len - 1);
    for (size_t i = 0; i < text.len; i++) {
        uint64_t bit = UINT64_C(1) << i;
        out->takes[(uint8_t)text.ptr[i]] |= bit;
        if (ignore_case && ascii_is_alpha(text.ptr[i])) {
            out->takes[(uint8_t)text.ptr[i] ^ 0x20] |= bit;
        }
        out->follow[i] = i + 1 < text.len ? bit << 1 : 0;
    }
    automaton_finish(out, arena);
}

static bool is_word_byte(char c) {
    return ascii_is_alnum(c) || c == '_';
}

size_t automaton_words(struct str **out, const struct automaton *a, struct arena *arena) {
    struct str s = a->literal;
    size_t count = 0;
    *out = arena_array(arena, s.len / 2 + 1, sizeof **out);
    for (size_t at = 1; at < s.len; at++) {
        size_t end = at;
        while (end < s.len && is_word_byte(s.ptr[end])) {
            end++;
        }
        if (end > at && end < s.len && !is_word_byte(s.ptr[at - 1])) {
            char *word = arena_alloc(arena, end - at + 1);
            for (size_t i = at; i < end; i++) {
                word[i - at] = ascii_lower(s.ptr[i]);
            }
            (*out)[count++] = str_make(word, end - at);
        }
        at = end > at ? end - 1 : at;
    }
    return count;
}
