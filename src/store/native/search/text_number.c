#include "text_number.h"

#include "number_text.h"

enum {
    MAX_DIGITS = 18, /* longer numbers are printed */
    MAX_NODES = 600, /* steps of one search for ranges */
    MAX_STATES = 24, /* that are followed side by side */
    NO_STATE = UINT16_MAX
};

static uint32_t step(struct dfa *dfa, uint32_t state, char byte) {
    return dfa_run(dfa, state, str_make(&byte, 1));
}

/* --- states side by side --- */

struct states {
    uint16_t items[MAX_STATES];
    uint32_t count;
};

/* False: there are too many. */
static bool add_state(struct states *s, uint32_t state) {
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->items[i] == state) {
            return true;
        }
    }
    if (s->count == MAX_STATES) {
        return false;
    }
    s->items[s->count++] = (uint16_t)state;
    return true;
}

/* Behind one character of a shape. */
static bool step_all(struct states *out, struct dfa *dfa, const struct states *from, char c) {
    bool good = true;
    out->count = 0;
    for (uint32_t i = 0; i < from->count && good; i++) {
        for (char digit = '0'; digit <= '9' && good && c == '0'; digit++) {
            good = add_state(out, step(dfa, from->items[i], digit));
        }
        good = good && (c == '0' || add_state(out, step(dfa, from->items[i], c)));
    }
    return good;
}

/* The one state behind all texts of the shape; NO_STATE: there are several. */
static uint32_t settled(struct dfa *dfa, uint32_t state, struct str shape) {
    struct states sets[2] = {{.items = {(uint16_t)state}, .count = 1}};
    for (size_t i = 0; i < shape.len; i++) {
        if (!step_all(&sets[(i + 1) % 2], dfa, &sets[i % 2], shape.ptr[i])) {
            return NO_STATE;
        }
    }
    const struct states *last = &sets[shape.len % 2];
    return last->count == 1 ? last->items[0] : NO_STATE;
}

/* --- ranges --- */

static const uint64_t powers[MAX_DIGITS + 1] = {1U,
                                                10U,
                                                100U,
                                                1000U,
                                                10000U,
                                                100000U,
                                                1000000U,
                                                10000000U,
                                                100000000U,
                                                1000000000U,
                                                10000000000U,
                                                100000000000U,
                                                1000000000000U,
                                                10000000000000U,
                                                100000000000000U,
                                                1000000000000000U,
                                                10000000000000000U,
                                                100000000000000000U,
                                                1000000000000000000U};

struct search {
    struct text_number *number;
    struct dfa *dfa;
    uint32_t nodes;
};

static bool add_range(struct text_number *n, uint64_t low, uint32_t state) {
    if (n->count > 0 && n->states[n->count - 1] == state) {
        return true;
    }
    if (n->count == TEXT_NUMBER_RANGES) {
        return false;
    }
    n->lows[n->count] = low;
    n->states[n->count++] = (uint16_t)state;
    return true;
}

static unsigned count_digits(struct str shape) {
    unsigned digits = 0;
    for (size_t i = 0; i < shape.len; i++) {
        digits += shape.ptr[i] == '0';
    }
    return digits;
}

/* Adds the ranges of all numbers that begin with the digits of `begin`, which led to `state`; the
 * rest of the shape is still to come. At most as deep as the shape has characters. False: there are
 * too many. */
static bool find_ranges(struct search *s, uint32_t state, struct str rest, uint64_t begin,
                        char first_digit) {
    while (rest.len > 0 && rest.ptr[0] != '0') {
        state = step(s->dfa, state, rest.ptr[0]);
        rest = str_skip(rest, 1);
    }
    uint32_t only = first_digit == '0' ? settled(s->dfa, state, rest) : (uint32_t)NO_STATE;
    if (only != NO_STATE) {
        return add_range(s->number, begin * powers[count_digits(rest)], only);
    }
    bool good = ++s->nodes <= MAX_NODES && rest.len > 0;
    for (char digit = first_digit; digit <= '9' && good; digit++) {
        good = find_ranges(s, step(s->dfa, state, digit), str_skip(rest, 1),
                           begin * 10 + (uint64_t)(digit - '0'), '0');
    }
    return good;
}

/* Plain numbers of up to so many digits. */
static bool extend(struct text_number *n, struct dfa *dfa, unsigned digits) {
    static const char zeros[] = "000000000000000000";
    struct search s = {.number = n, .dfa = dfa};
    while (n->digits < digits) {
        char first = n->digits == 0 ? '0' : '1';
        struct str shape = str_make(zeros, n->digits + 1U);
        if (!find_ranges(&s, n->from, shape, 0, first)) {
            return false;
        }
        n->limit = powers[++n->digits];
    }
    return true;
}

static bool find_shaped(struct text_number *n, struct dfa *dfa) {
    struct search s = {.number = n, .dfa = dfa};
    unsigned digits = count_digits(n->shape);
    if (digits > MAX_DIGITS || n->shape.len > NUMBER_SHAPE_BYTES ||
        !find_ranges(&s, n->from, n->shape, 0, '0')) {
        return false;
    }
    n->digits = digits;
    n->limit = powers[digits];
    return true;
}

/* --- last digits --- */

/* The states behind one digit or more. False: too many. */
static bool find_reached(struct states *out, struct dfa *dfa, uint32_t from) {
    struct states first = {.items = {(uint16_t)from}, .count = 1};
    bool good = step_all(out, dfa, &first, '0');
    for (uint32_t i = 0; i < out->count && good; i++) {
        for (char digit = '0'; digit <= '9' && good; digit++) {
            good = add_state(out, step(dfa, out->items[i], digit));
        }
    }
    return good;
}

/* Pairs of states that the same digits can lead to, by their places in a list. */
struct pairs {
    bool has[MAX_STATES][MAX_STATES];
};

static uint32_t place_of(const struct states *s, uint32_t state) {
    uint32_t i = 0;
    while (i < s->count && s->items[i] != state) {
        i++;
    }
    return i;
}

/* One digit more. False: all pairs are of one state now. */
static bool step_pairs(struct pairs *out, struct dfa *dfa, const struct states *s,
                       const struct pairs *before) {
    bool differ = false;
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < s->count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            for (char digit = '0'; digit <= '9' && before->has[i][k]; digit++) {
                uint32_t x = place_of(s, step(dfa, s->items[i], digit));
                uint32_t y = place_of(s, step(dfa, s->items[k], digit));
                out->has[x > y ? x : y][x > y ? y : x] = x != y;
                differ = differ || x != y;
            }
        }
    }
    return differ;
}

/* So many last digits tell of all numbers that have more; 0: there is no such count. */
static unsigned count_telling(struct dfa *dfa, const struct states *reached) {
    struct pairs pairs[2];
    memset(&pairs[0], true, sizeof pairs[0]);
    for (unsigned digits = 1; digits <= TEXT_NUMBER_TAIL; digits++) {
        if (!step_pairs(&pairs[digits % 2], dfa, reached, &pairs[(digits + 1) % 2])) {
            return digits;
        }
    }
    return 0;
}

static bool find_tail(struct text_number *n, struct dfa *dfa, struct arena *arena) {
    struct states reached;
    unsigned digits = find_reached(&reached, dfa, n->from) ? count_telling(dfa, &reached) : 0;
    if (digits == 0) {
        return false;
    }
    n->unit = powers[digits];
    n->any_before = reached.items[0];
    n->tail_digits = digits;
    n->tail = arena_array(arena, n->unit, sizeof *n->tail);
    memset(n->tail, 0xff, n->unit * sizeof *n->tail);
    return true;
}

/* The state behind last digits that were not met yet. */
static uint32_t learn_tail(struct text_number *n, struct dfa *dfa, uint64_t tail) {
    char text[TEXT_NUMBER_TAIL];
    uint64_t left = tail;
    for (unsigned i = n->tail_digits; i > 0; i--) {
        text[i - 1] = (char)('0' + left % 10);
        left /= 10;
    }
    uint32_t state = dfa_run(dfa, n->any_before, str_make(text, n->tail_digits));
    n->tail[tail] = (uint16_t)state;
    return state;
}

/* --- numbers --- */

struct text_number *text_number_find(struct text_numbers *numbers, struct arena *arena,
                                     struct str shape, uint32_t from) {
    for (uint32_t i = 0; i < numbers->count; i++) {
        struct text_number *known = numbers->items[i];
        if (known->from == from && str_eq(known->shape, shape)) {
            return known;
        }
    }
    if (numbers->count == TEXT_NUMBER_KEPT) {
        return NULL;
    }
    struct text_number *n = arena_alloc(arena, sizeof *n);
    *n = (struct text_number){.shape = shape, .from = from};
    numbers->items[numbers->count++] = n;
    return n;
}

uint32_t text_number_print_run(struct dfa *dfa, struct str shape, uint32_t from, int64_t number) {
    char text[NUMBER_SHAPE_BYTES];
    uint64_t left = (uint64_t)number;
    size_t at = sizeof text;
    if (shape.len > sizeof text) { /* a writer makes no such shapes */
        struct buf printed = BUF_INIT;
        number_print(&printed, number, shape);
        from = dfa_run(dfa, from, buf_str(&printed));
        buf_fini(&printed);
        return from;
    }
    for (size_t i = shape.len; i > 0; i--) {
        text[--at] = shape.ptr[i - 1];
        if (text[at] == '0') {
            text[at] = (char)('0' + left % 10);
            left /= 10;
        }
    }
    while (shape.len == 0 && (left > 0 || at == sizeof text)) {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    }
    return dfa_run(dfa, from, str_make(text + at, sizeof text - at));
}

/* A number that is not told yet: finds out how to tell numbers as long as it. */
static void learn(struct text_number *n, struct dfa *dfa, struct arena *arena, uint64_t number) {
    bool good;
    if (n->shape.len > 0) {
        good = n->digits == 0 && find_shaped(n, dfa);
    } else {
        unsigned digits = n->digits + 1;
        while (digits <= MAX_DIGITS && powers[digits] <= number) {
            digits++;
        }
        good = digits <= MAX_DIGITS && extend(n, dfa, digits);
    }
    if (!good) {
        bool tailed = n->shape.len == 0 && find_tail(n, dfa, arena);
        n->kind = tailed ? TEXT_NUMBER_TAILED : TEXT_NUMBER_PRINTED;
    }
}

/* The range of a number below the limit, of `count` from the first on. */
static inline uint32_t range_from(const struct text_number *n, uint64_t number, uint32_t first,
                                  uint32_t count) {
    while (count > 1) {
        uint32_t half = count / 2;
        first += number >= n->lows[first + half] ? half : 0;
        count -= half;
    }
    return first;
}

static uint32_t range_of(const struct text_number *n, uint64_t number) {
    return range_from(n, number, 0, n->count);
}

/* Numbers that all lie in ranges. */
static bool has_ranges(struct text_number *n, struct dfa *dfa, struct arena *arena, int64_t low,
                       int64_t high) {
    if (low < 0 || high < low) {
        return false;
    }
    if (n->kind == TEXT_NUMBER_RANGED && (uint64_t)high >= n->limit) {
        learn(n, dfa, arena, (uint64_t)high);
    }
    return n->kind == TEXT_NUMBER_RANGED && (uint64_t)high < n->limit;
}

uint32_t text_number_run(struct text_number *n, struct dfa *dfa, struct arena *arena,
                         int64_t number) {
    uint64_t value = (uint64_t)number;
    if (n->kind == TEXT_NUMBER_RANGED && value >= n->limit && number >= 0) {
        learn(n, dfa, arena, value);
    }
    if (n->kind == TEXT_NUMBER_RANGED && value < n->limit) {
        return n->states[range_of(n, value)];
    }
    if (n->kind == TEXT_NUMBER_TAILED && value >= n->unit && number >= 0) {
        uint64_t tail = value % n->unit;
        return n->tail[tail] != NO_STATE ? n->tail[tail] : learn_tail(n, dfa, tail);
    }
    return text_number_print_run(dfa, n->shape, n->from, number);
}

bool text_number_is_one(uint32_t *out, struct text_number *n, struct dfa *dfa, struct arena *arena,
                        int64_t low, int64_t high) {
    if (!has_ranges(n, dfa, arena, low, high)) {
        return false;
    }
    uint32_t first = range_of(n, (uint64_t)low);
    *out = n->states[first];
    return first == range_of(n, (uint64_t)high);
}

void text_number_run_all(uint16_t *out, struct text_number *n, struct dfa *dfa, struct arena *arena,
                         const int64_t *numbers, uint32_t count, int64_t low, int64_t high) {
    bool ranged = has_ranges(n, dfa, arena, low, high);
    uint32_t first = ranged ? range_of(n, (uint64_t)low) : 0;
    uint32_t ranges = ranged ? range_of(n, (uint64_t)high) - first + 1 : 0;
    for (uint32_t i = 0; i < count; i++) {
        bool told = ranged && numbers[i] >= low && numbers[i] <= high; /* else damaged */
        out[i] = told ? n->states[range_from(n, (uint64_t)numbers[i], first, ranges)]
                      : (uint16_t)text_number_run(n, dfa, arena, numbers[i]);
    }
}

bool text_number_is_same(uint32_t *out, const struct text_number *n, struct dfa *dfa) {
    if (n->shape.len > NUMBER_SHAPE_BYTES) { /* a writer makes no such shapes */
        return false;
    }
    if (n->shape.len > 0) {
        *out = settled(dfa, n->from, n->shape);
        return *out != NO_STATE;
    }
    *out = settled(dfa, n->from, STR("0"));
    return *out != NO_STATE && settled(dfa, *out, STR("0")) == *out;
}
