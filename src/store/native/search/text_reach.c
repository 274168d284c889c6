#include "text_reach.h"

enum { MAX_RUN = 96 };

/* Characters of a text as sets of bytes, each as the positions that take one of them. */
struct run {
    uint64_t sets[MAX_RUN];
    uint32_t count;
    bool repeats; /* any number of the first set */
};

static uint64_t takes_of(const struct automaton *a, const char *bytes) {
    uint64_t takes = 0;
    for (; *bytes != '\0'; bytes++) {
        takes |= a->takes[(uint8_t)*bytes];
    }
    return takes;
}

static void repeat(struct run *run, uint64_t set) {
    run->sets[0] = set;
    run->count = 1;
    run->repeats = true;
}

static void append(struct run *run, uint64_t set, uint32_t times) {
    for (; times > 0 && run->count < MAX_RUN; times--) {
        run->sets[run->count++] = set;
    }
}

static void run_of_shape(struct run *run, const struct automaton *a, struct str shape) {
    if (shape.len == 0 || shape.len > MAX_RUN) {
        repeat(run, shape.len == 0 ? a->digits : UINT64_MAX);
        return;
    }
    for (size_t i = 0; i < shape.len; i++) {
        char c = shape.ptr[i];
        append(run, c == '0' ? a->digits : a->takes[(uint8_t)c], 1);
    }
}

/* --- times (time_text.h) --- */

/* One of several names of three letters. */
static void append_names(struct run *run, const struct automaton *a, const char *names) {
    for (size_t place = 0; place < 3; place++) {
        uint64_t takes = 0;
        for (const char *name = names; *name != '\0'; name += 3) {
            takes |= a->takes[(uint8_t)name[place]];
        }
        append(run, takes, 1);
    }
}

/* False: the part's length varies. */
static bool append_part(struct run *run, const struct automaton *a, char part) {
    uint64_t digit = a->digits;
    if (ascii_is_digit(part) && part != '0') {
        append(run, digit, (uint32_t)(part - '0'));
        return true;
    }
    switch (part) {
    case 'Y':
        append(run, digit, 4);
        return true;
    case 'j':
        append(run, digit, 3);
        return true;
    case 'y':
    case 'm':
    case 'd':
    case 'H':
    case 'M':
    case 'S':
        append(run, digit, 2);
        return true;
    case 'e':
    case 'k':
        append(run, digit | takes_of(a, " "), 1);
        append(run, digit, 1);
        return true;
    case 'a':
        append_names(run, a, "MonTueWedThuFriSatSun");
        return true;
    case 'b':
        append_names(run, a, "JanFebMarAprMayJunJulAugSepOctNovDec");
        return true;
    case 'z':
    case 'Z':
        append(run, takes_of(a, "+-"), 1);
        append(run, digit, 2);
        append(run, takes_of(a, ":"), part == 'z');
        append(run, digit, 2);
        return true;
    default:
        return false;
    }
}

static bool append_pattern(struct run *run, const struct automaton *a, struct str pattern) {
    for (size_t i = 0; i < pattern.len && run->count + 9 < MAX_RUN; i++) {
        char c = pattern.ptr[i];
        if (c != '%') {
            append(run, a->takes[(uint8_t)c], 1);
        } else if (++i == pattern.len || !append_part(run, a, pattern.ptr[i])) {
            return false;
        }
    }
    return run->count + 9 < MAX_RUN;
}

/* All that the parts of a pattern can print, in any order. */
static uint64_t takes_of_pattern(const struct automaton *a, struct str pattern) {
    uint64_t takes = a->digits;
    for (size_t i = 0; i < pattern.len; i++) {
        struct run part = {.count = 0};
        char c = pattern.ptr[i];
        bool is_part = c == '%' && i + 1 < pattern.len;
        i += is_part;
        if (is_part && append_part(&part, a, pattern.ptr[i])) {
            for (uint32_t k = 0; k < part.count; k++) {
                takes |= part.sets[k];
            }
        } else if (is_part && strchr("sDKL", pattern.ptr[i]) != NULL) {
            takes |= takes_of(a, "-");
        } else { /* a character, or a part that is none */
            takes |= a->takes[(uint8_t)c] | a->takes[(uint8_t)pattern.ptr[i]];
        }
    }
    return takes;
}

static void run_of_time(struct run *run, const struct automaton *a, struct str pattern) {
    if (!append_pattern(run, a, pattern)) {
        repeat(run, takes_of_pattern(a, pattern));
    }
}

/* --- elements --- */

static bool prints_digits(const struct row_text_element *e) {
    return (e->kind == ROW_TEXT_UNKNOWN && e->is_digits) ||
           (e->kind == ROW_TEXT_VALUE && e->step_count > 0 &&
            e->steps[e->step_count - 1]->kind == FORMULA_SCALE);
}

static void run_of(struct run *run, const struct automaton *a, const struct row_text_element *e,
                   const struct segment_column *column) {
    run->count = 0;
    run->repeats = false;
    if (e->time != NULL) {
        run_of_time(run, a, e->time->pattern);
    } else if (prints_digits(e)) {
        repeat(run, a->digits);
    } else if (e->kind == ROW_TEXT_VALUE && e->step_count == 0 && column->type == COLUMN_NUMBER) {
        run_of_shape(run, a, column->shape);
    } else {
        repeat(run, UINT64_MAX);
    }
}

static struct text_reach over_literal(const struct automaton *a, struct str text, uint64_t at) {
    struct text_reach reach = {.positions = at};
    for (size_t i = 0; i < text.len; i++) {
        reach.positions = automaton_step(a, reach.positions, (uint8_t)text.ptr[i]);
        reach.ends = reach.ends || (reach.positions & a->last) != 0;
    }
    return reach;
}

static struct text_reach over_repeated(const struct automaton *a, uint64_t set, uint64_t at) {
    struct text_reach reach = {.positions = at};
    for (uint64_t before = ~at; before != reach.positions;) {
        before = reach.positions;
        reach.positions |= automaton_step_any(a, before, set);
    }
    reach.ends = (reach.positions & a->last) != 0;
    return reach;
}

uint64_t text_reach_on(bool *ends, const struct automaton *a, struct str text, uint64_t from) {
    for (size_t i = 0; i < text.len && from != 0; i++) {
        uint8_t byte = (uint8_t)text.ptr[i];
        uint64_t next = byte >= 0x80 && byte < 0xc0 ? from & a->keep : 0;
        for (uint64_t left = from; left != 0; left &= left - 1) {
            next |= a->follow[__builtin_ctzll(left)] & a->takes[byte];
        }
        from = next;
        *ends = *ends || (from & a->last) != 0;
    }
    return from;
}

struct text_reach text_reach_over(const struct automaton *a, const struct row_text_element *e,
                                  const struct segment_column *column, uint64_t positions) {
    if (e->kind == ROW_TEXT_LITERAL) {
        return over_literal(a, e->literal, positions);
    }
    struct run run;
    run_of(&run, a, e, column);
    if (run.repeats) {
        return over_repeated(a, run.sets[0], positions);
    }
    struct text_reach reach = {.positions = positions};
    for (uint32_t i = 0; i < run.count; i++) {
        reach.positions = automaton_step_any(a, reach.positions, run.sets[i]);
        reach.ends = reach.ends || (reach.positions & a->last) != 0;
    }
    return reach;
}

uint64_t text_reach_back(const struct automaton *a, const struct row_text_element *e,
                         const struct segment_column *column, uint64_t useful) {
    if (e->kind == ROW_TEXT_LITERAL) {
        size_t len = e->literal.len;
        if (len >= a->longest) { /* what began before ends in the first bytes */
            len = a->longest;
            useful = 0;
        }
        for (size_t i = len; i > 0; i--) {
            uint8_t byte = (uint8_t)e->literal.ptr[i - 1];
            useful = automaton_step_back(a, useful, a->takes[byte]);
        }
        return useful;
    }
    struct run run;
    run_of(&run, a, e, column);
    if (!run.repeats) {
        for (uint32_t i = run.count; i > 0; i--) {
            useful = automaton_step_back(a, useful, run.sets[i - 1]);
        }
        return useful;
    }
    for (uint64_t before = ~useful; before != useful;) {
        before = useful;
        useful |= automaton_step_back(a, before, run.sets[0]);
    }
    return useful;
}
