#include "accumulator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "hash.h"
#include "mem.h"
#include "num.h"

enum {
    SET_BYTES = 32, /* of one member, about */
    FIRST_SLOTS = 1024
};

/* --- the set --- */

void aggregate_set_fini(struct aggregate_set *set) {
    intern_fini(&set->texts);
    mem_free(set->slots);
    set->slots = NULL;
    set->slot_count = set->used = 0;
}

static bool place(uint64_t *slots, size_t slot_count, uint64_t entry) {
    size_t at = (size_t)hash_u64(entry) & (slot_count - 1);
    while (slots[at] != 0) {
        if (slots[at] == entry) {
            return false;
        }
        at = (at + 1) & (slot_count - 1);
    }
    slots[at] = entry;
    return true;
}

static void grow(struct aggregate_set *set, size_t slot_count) {
    uint64_t *slots = mem_calloc(slot_count, sizeof *slots);
    for (size_t i = 0; i < set->slot_count; i++) {
        if (set->slots[i] != 0) {
            (void)place(slots, slot_count, set->slots[i]);
        }
    }
    mem_free(set->slots);
    set->slots = slots;
    set->slot_count = slot_count;
}

void aggregate_set_reserve(struct aggregate_set *set, size_t more) {
    size_t slot_count = set->slot_count == 0 ? FIRST_SLOTS : set->slot_count;
    while ((set->used + more) * 3 >= slot_count * 2) { /* a third stays free */
        slot_count *= 2;
    }
    if (slot_count > set->slot_count) {
        grow(set, slot_count);
    }
}

static uint64_t member(uint32_t owner, uint32_t text_id) {
    return ((uint64_t)owner + 1) << 32 | text_id;
}

void aggregate_set_prefetch(const struct aggregate_set *set, uint32_t owner, uint32_t text_id) {
    if (set->slot_count > 0) {
        uint64_t hash = hash_u64(member(owner, text_id));
        __builtin_prefetch(&set->slots[(size_t)hash & (set->slot_count - 1)]);
    }
}

/* True if it was not there. */
static bool aggregate_set_add(struct aggregate_set *set, uint32_t owner, uint32_t text_id) {
    aggregate_set_reserve(set, 1);
    bool is_new = place(set->slots, set->slot_count, member(owner, text_id));
    set->used += is_new;
    return is_new;
}

/* --- values in --- */

void accumulator_fini(struct accumulator *a) {
    struct accumulator_rest *rest = a->rest;
    if (rest != NULL) {
        mem_free(rest->numbers);
        mem_free(rest->text);
        mem_free(rest->texts);
        mem_free(rest);
    }
}

static struct accumulator_rest *rest_of(struct accumulator *a) {
    if (a->rest == NULL) {
        a->rest = mem_calloc(1, sizeof *a->rest);
    }
    return a->rest;
}

static size_t keep_text(struct accumulator *a, struct str text) {
    struct accumulator_rest *rest = rest_of(a);
    mem_free(rest->text);
    rest->text = mem_strdup(text.ptr, text.len);
    rest->text_len = text.len;
    return text.len;
}

static struct str kept_text(const struct accumulator *a) {
    return str_make(a->rest->text, a->rest->text_len);
}

static void add_fraction(struct accumulator *a, double number) {
    struct accumulator_rest *rest = rest_of(a);
    rest->fractions += number;
    rest->has_fractions = true;
}

/* Of the a->count numbers so far. */
static void move_mean(struct accumulator *a, double number) {
    struct accumulator_rest *rest = rest_of(a);
    double delta = number - rest->mean;
    rest->mean += delta / (double)a->count;
    rest->squares += delta * (number - rest->mean);
}

static size_t add_to_numbers(struct accumulator *a, double number) {
    struct accumulator_rest *rest = rest_of(a);
    MEM_GROW(rest->numbers, rest->number_capacity, (size_t)a->count + 1);
    rest->numbers[a->count++] = number;
    return sizeof number * 2;
}

size_t accumulator_repeat(struct accumulator *a, uint32_t times) {
    struct accumulator_rest *rest = a->rest;
    MEM_GROW(rest->numbers, rest->number_capacity, (size_t)a->count + times);
    double number = rest->numbers[a->count - 1];
    for (uint32_t i = 0; i < times; i++) {
        rest->numbers[a->count++] = number;
    }
    return times * sizeof number * 2;
}

/* Texts that are no numbers are no values for sums, averages and percentiles. */
static size_t add_numeric(struct accumulator *a, const struct aggregate *spec, struct str text) {
    int64_t integer = 0;
    double number;
    bool is_integer = num_parse_i64(&integer, text);
    if (is_integer) {
        number = (double)integer;
    } else if (!num_parse_double(&number, text)) {
        return 0;
    }
    if (spec->fn == FN_PERCENTILE) {
        return add_to_numbers(a, number);
    }
    if (is_integer) {
        a->integers += integer;
    } else {
        add_fraction(a, number);
    }
    a->count++;
    if (spec->fn == FN_STDEV) {
        move_mean(a, number);
    }
    return 0;
}

/* What a damaged line left in a field of numbers, times or addresses is no extreme of them. */
static size_t add_extreme(struct accumulator *a, const struct aggregate *spec, struct str text) {
    enum field_type type = spec->column.type;
    struct order_key new_key;
    struct order_key old_key;
    order_key_init(&new_key, text, type);
    if (new_key.rank == RANK_STRAY) {
        return 0;
    }
    if (a->count++ == 0) {
        return keep_text(a, text);
    }
    order_key_init(&old_key, kept_text(a), type);
    int order = order_compare(&new_key, &old_key);
    if (order == 0) { /* "1", "1.0": not by which came first */
        order = str_compare(text, kept_text(a));
    }
    bool better = spec->fn == FN_MIN ? order < 0 : order > 0;
    return better ? keep_text(a, text) : 0;
}

static size_t add_distinct(struct accumulator *a, const struct aggregate *spec, struct str text,
                           struct aggregate_set *set, uint32_t owner) {
    uint32_t id = intern_add(&set->texts, text);
    if (!aggregate_set_add(set, owner, id)) {
        return 0;
    }
    if (spec->fn == FN_VALUES) {
        struct accumulator_rest *rest = rest_of(a);
        MEM_GROW(rest->texts, rest->text_capacity, (size_t)a->count + 1);
        rest->texts[a->count] = id;
    }
    a->count++;
    return text.len + 64;
}

void accumulator_add_sum(struct accumulator *a, __int128 sum, uint64_t count) {
    a->integers += sum;
    a->count += count;
}

size_t accumulator_add_distinct(struct accumulator *a, uint32_t text_id, struct aggregate_set *set,
                                uint32_t owner) {
    bool is_new = aggregate_set_add(set, owner, text_id);
    a->count += is_new;
    return is_new ? SET_BYTES : 0;
}

size_t accumulator_add(struct accumulator *a, const struct aggregate *spec, struct str text,
                       struct aggregate_set *set, uint32_t owner) {
    switch (spec->fn) {
    case FN_COUNT:
        a->count++;
        return 0;
    case FN_DISTINCT:
    case FN_VALUES:
        return add_distinct(a, spec, text, set, owner);
    case FN_MIN:
    case FN_MAX:
        return add_extreme(a, spec, text);
    case FN_FIRST:
        return a->count++ == 0 ? keep_text(a, text) : 0;
    case FN_LAST:
        a->count++;
        return keep_text(a, text);
    case FN_SUM:
    case FN_AVG:
    case FN_STDEV:
    case FN_PERCENTILE:
        break;
    }
    return add_numeric(a, spec, text);
}

/* --- results out --- */

/* The shortest text that reads back as the same number. */
static void add_double(struct batch *out, uint32_t field, double value) {
    char text[40];
    int length = 0;
    for (int digits = 15; digits <= 17; digits++) {
        double back;
        length = snprintf(text, sizeof text, "%.*g", digits, value);
        if (num_parse_double(&back, str_make(text, (size_t)length)) && back == value) {
            break;
        }
    }
    batch_add(out, field, str_make(text, (size_t)length));
}

static void add_int128(struct batch *out, uint32_t field, __int128 value) {
    char text[41];
    size_t at = sizeof text;
    bool negative = value < 0;
    unsigned __int128 rest = negative ? 0 - (unsigned __int128)value : (unsigned __int128)value;
    do {
        text[--at] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest > 0);
    if (negative) {
        text[--at] = '-';
    }
    batch_add(out, field, str_make(text + at, sizeof text - at));
}

static int compare_doubles(const void *left, const void *right) {
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double percentile(struct accumulator *a, double percent) {
    double *numbers = a->rest->numbers;
    qsort(numbers, (size_t)a->count, sizeof *numbers, compare_doubles);
    double scaled = percent * (double)(a->count - 1); /* whole for whole percentages: exact */
    size_t below = (size_t)floor(scaled / 100);
    double part = (scaled - (double)below * 100) / 100;
    double low = numbers[below];
    return part > 0 ? low + part * (numbers[below + 1] - low) : low;
}

static void add_numeric_result(struct accumulator *a, const struct aggregate *spec,
                               struct batch *out) {
    bool has_fractions = accumulator_has_fractions(a);
    long double fractions = has_fractions ? a->rest->fractions : 0;
    long double sum = (long double)a->integers + fractions; /* 64 bits of mantissa */
    switch (spec->fn) {
    case FN_SUM:
        if (has_fractions) {
            add_double(out, spec->out_field, (double)sum);
        } else {
            add_int128(out, spec->out_field, a->integers);
        }
        break;
    case FN_AVG:
        add_double(out, spec->out_field, (double)(sum / (long double)a->count));
        break;
    case FN_STDEV: /* of a sample, as Excel's STDEV */
        if (a->count > 1) {
            add_double(out, spec->out_field, sqrt(a->rest->squares / (double)(a->count - 1)));
        }
        break;
    default:
        add_double(out, spec->out_field, percentile(a, spec->percent));
        break;
    }
}

void accumulator_result(struct accumulator *a, const struct aggregate *spec, struct batch *out,
                        const struct aggregate_set *set) {
    if (spec->fn == FN_COUNT || spec->fn == FN_DISTINCT) {
        batch_add_i64(out, spec->out_field, (int64_t)a->count);
    } else if (a->count == 0) {
        return; /* no value, no result: absent, not 0 */
    } else if (spec->fn == FN_VALUES) {
        for (uint64_t i = 0; i < a->count; i++) {
            batch_add(out, spec->out_field, intern_text(&set->texts, a->rest->texts[i]));
        }
    } else if (a->rest != NULL && a->rest->text != NULL) {
        batch_add(out, spec->out_field, kept_text(a));
    } else {
        add_numeric_result(a, spec, out);
    }
}
