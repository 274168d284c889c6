#include "column_values.h"

#include "check.h"
#include "hash.h"
#include "mem.h"

enum {
    FEW_NUMBERS = 256,   /* numbers with no more distinct values are better as codes */
    NUMBERS_A_CODE = 24, /* ... or when each stands so often */
    SAMPLE = 512,        /* values looked at to see whether texts return */
    ARENA_OVERHEAD = 56, /* bytes of a distinct text besides its own */
    REPEAT_BYTES = 3,    /* what a code that is not the next new one takes, about */
    CODE_PENALTY = 32    /* a column of codes must save a byte of so many values */
};

void column_values_fini(struct column_values *v) {
    mem_free(v->numbers);
    mem_free(v->codes);
    mem_free(v->ends);
    buf_fini(&v->bytes);
    intern_fini(&v->distinct);
    *v = (struct column_values){.mode = VALUES_CODES};
}

void column_values_clear(struct column_values *v) {
    v->count = 0;
    v->blocks = 0;
    v->is_planned = false;
    buf_clear(&v->bytes);
    intern_clear(&v->distinct);
}

void column_values_move(struct column_values *out, struct column_values *v) {
    *out = *v;
    *v = (struct column_values){.mode = out->mode, .shape = out->shape};
}

size_t column_values_memory(const struct column_values *v) {
    return v->number_capacity * sizeof *v->numbers + v->code_capacity * sizeof *v->codes +
           v->end_capacity * sizeof *v->ends + v->bytes.capacity +
           v->distinct.capacity * (sizeof(struct str) + sizeof(uint64_t)) +
           v->distinct.slot_count * sizeof *v->distinct.slots +
           v->distinct.count * (size_t)ARENA_OVERHEAD;
}

/* --- adding --- */

/* Common, and cheaper than a look-up. */
static bool is_last(const struct column_values *v, struct str text) {
    return v->count > 0 && str_eq(text, v->last);
}

static const struct fetched_value nothing_fetched = {0, INTERN_NONE, INTERN_NONE};

void column_values_fetch(struct fetched_value *out, const struct column_values *v,
                         struct str text) {
    *out = nothing_fetched;
    if (v->mode != VALUES_CODES) {
        return;
    }
    if (is_last(v, text)) {
        out->code = v->codes[v->count - 1];
        return;
    }
    out->hash = hash_str(text);
    intern_prefetch(&v->distinct, out->hash);
}

void column_values_guess(struct fetched_value *value, const struct column_values *v) {
    if (value->hash != 0) {
        value->guess = intern_guess(&v->distinct, value->hash);
    }
}

/* An entry's code stays what it is, whatever came to the column since the value was fetched. */
static uint32_t find_code(struct column_values *v, struct str text,
                          const struct fetched_value *value) {
    if (value->code != INTERN_NONE) {
        return value->code;
    }
    if (value->guess != INTERN_NONE && str_eq(intern_text(&v->distinct, value->guess), text)) {
        return value->guess;
    }
    return intern_add_hashed(&v->distinct, text, value->hash != 0 ? value->hash : hash_str(text));
}

static void push_code(struct column_values *v, struct str text, const struct fetched_value *value) {
    MEM_GROW(v->codes, v->code_capacity, (size_t)v->count + 1);
    uint32_t code = find_code(v, text, value);
    if (v->count == 0 || v->codes[v->count - 1] != code) {
        v->last = intern_text(&v->distinct, code);
    }
    v->codes[v->count++] = code;
}

static void push_number(struct column_values *v, int64_t number) {
    MEM_GROW(v->numbers, v->number_capacity, (size_t)v->count + 1);
    v->numbers[v->count++] = number;
}

static void push_text(struct column_values *v, struct str text) {
    CHECK(v->bytes.len + text.len < UINT32_MAX);
    buf_add(&v->bytes, text);
    MEM_GROW(v->ends, v->end_capacity, (size_t)v->count + 1);
    v->ends[v->count++] = (uint32_t)v->bytes.len;
}

/* What was kept as numbers or bytes becomes codes. */
static void turn_to_codes(struct column_values *v) {
    struct column_values old = *v;
    struct buf scratch = BUF_INIT;
    v->mode = VALUES_CODES;
    v->count = 0;
    intern_clear(&v->distinct);
    for (uint32_t i = 0; i < old.count; i++) {
        push_code(v, column_values_text(&old, i, &scratch), &nothing_fetched);
    }
    buf_clear(&v->bytes);
    buf_fini(&scratch);
}

static bool turn_to_numbers(struct column_values *v, struct number_shape shape) {
    uint32_t distinct = v->distinct.count;
    int64_t *by_code = mem_alloc(((size_t)distinct + 1) * sizeof *by_code);
    bool good = true;
    for (uint32_t i = 0; i < distinct && good; i++) {
        good = number_parse(&by_code[i], intern_text(&v->distinct, i), number_shape_str(&shape));
    }
    if (good) {
        v->mode = VALUES_NUMBERS;
        v->shape = shape;
        MEM_GROW(v->numbers, v->number_capacity, v->count);
        for (uint32_t i = 0; i < v->count; i++) {
            v->numbers[i] = by_code[v->codes[i]];
        }
    }
    mem_free(by_code);
    return good;
}

void column_values_add(struct column_values *v, struct str text, uint32_t block) {
    column_values_add_fetched(v, text, &nothing_fetched, block);
}

void column_values_add_fetched(struct column_values *v, struct str text,
                               const struct fetched_value *value, uint32_t block) {
    while (v->blocks <= block) {
        v->block_start[v->blocks++] = v->count;
    }
    if (v->mode == VALUES_NUMBERS) {
        int64_t number;
        if (number_parse(&number, text, number_shape_str(&v->shape))) {
            push_number(v, number);
            return;
        }
        turn_to_codes(v);
    }
    if (v->mode == VALUES_CODES) {
        push_code(v, text, value);
    } else {
        push_text(v, text);
    }
}

struct str column_values_text(const struct column_values *v, uint32_t i, struct buf *scratch) {
    switch (v->mode) {
    case VALUES_CODES:
        return intern_text(&v->distinct, v->codes[i]);
    case VALUES_NUMBERS:
        buf_clear(scratch);
        number_print(scratch, v->numbers[i], number_shape_str(&v->shape));
        return buf_str(scratch);
    default: {
        uint32_t start = i == 0 ? 0 : v->ends[i - 1];
        return str_make(v->bytes.ptr + start, v->ends[i] - start);
    }
    }
}

/* --- deciding --- */

/* True if the first values return so often that codes pay, or texts have become numbers. */
static bool sample_differs(const struct column_values *v) {
    struct intern seen = INTERN_INIT;
    struct buf scratch = BUF_INIT;
    uint32_t count = v->count < SAMPLE ? v->count : SAMPLE;
    bool numbers = v->mode == VALUES_TEXTS;
    for (uint32_t i = 0; i < count; i++) {
        int64_t ignored;
        struct str text = column_values_text(v, i, &scratch);
        numbers = numbers && number_parse_plain(&ignored, text);
        (void)intern_add(&seen, text);
    }
    bool returns = seen.count < (v->mode == VALUES_NUMBERS ? count / 8 : count / 2);
    intern_fini(&seen);
    buf_fini(&scratch);
    return returns || numbers;
}

/* The shape that all distinct texts have, if there is one; then they are numbers. */
static bool try_numbers(struct column_values *v) {
    static const struct number_shape plain = {.len = 0};
    struct number_shape shape;
    if (turn_to_numbers(v, plain)) {
        return true;
    }
    return number_shape_of(&shape, intern_text(&v->distinct, 0)) && turn_to_numbers(v, shape);
}

/* True if texts that return, though most do not (ids of sessions, of messages), are worth codes:
 * bytes that they would take again, less what codes of theirs take. Random texts hardly shrink. */
static bool returning_pays(const struct column_values *v) {
    uint64_t all = 0;
    uint64_t once = 0;
    for (uint32_t i = 0; i < v->distinct.count; i++) {
        once += intern_text(&v->distinct, i).len;
    }
    for (uint32_t i = 0; i < v->count; i++) {
        all += intern_text(&v->distinct, v->codes[i]).len;
    }
    uint64_t repeats = v->count - v->distinct.count;
    return (all - once) / 4 * 3 > repeats * REPEAT_BYTES + v->count / CODE_PENALTY;
}

static enum column_type plan_codes(struct column_values *v, bool thorough) {
    uint32_t distinct = v->distinct.count;
    bool few = distinct <= FEW_NUMBERS || distinct <= v->count / NUMBERS_A_CODE;
    if (!few && try_numbers(v)) {
        return COLUMN_NUMBER;
    }
    bool codes = distinct <= v->count / 2 + 64 || (thorough && returning_pays(v));
    return codes ? COLUMN_DICTIONARY : COLUMN_TEXT;
}

/* What the column learns for the next stripe from an answer on codes. */
static void learn_texts(struct column_values *v) {
    struct column_values old = *v;
    v->count = 0;
    v->mode = VALUES_TEXTS;
    for (uint32_t i = 0; i < old.count; i++) {
        push_text(v, intern_text(&old.distinct, old.codes[i]));
    }
    intern_clear(&v->distinct);
}

static enum column_type plan(struct column_values *v, bool thorough) {
    if (v->mode != VALUES_CODES && (thorough || sample_differs(v))) {
        turn_to_codes(v);
    }
    if (v->mode == VALUES_NUMBERS) {
        return COLUMN_NUMBER;
    }
    if (v->mode == VALUES_TEXTS) {
        return COLUMN_TEXT;
    }
    enum column_type type = plan_codes(v, thorough);
    if (type == COLUMN_TEXT && v->count >= SAMPLE) {
        learn_texts(v);
    }
    return type;
}

enum column_type column_values_plan(struct column_values *v, bool thorough) {
    while (v->blocks <= SEGMENT_STRIPE_BLOCKS) {
        v->block_start[v->blocks++] = v->count;
    }
    if (!v->is_planned) {
        v->type = v->count == 0 ? COLUMN_TEXT : plan(v, thorough);
        v->is_planned = true;
    }
    return v->type;
}
