#include "intpack.h"

#include "intpack_priv.h"
#include "mem.h"

enum { MAX_POWER = 18, MAX_WIDTH = 8 };

static const int64_t powers[MAX_POWER + 1] = {1,
                                              10,
                                              100,
                                              1000,
                                              10000,
                                              100000,
                                              1000000,
                                              10000000,
                                              100000000,
                                              1000000000,
                                              10000000000,
                                              100000000000,
                                              1000000000000,
                                              10000000000000,
                                              100000000000000,
                                              1000000000000000,
                                              10000000000000000,
                                              100000000000000000,
                                              1000000000000000000};

/* The largest power of ten that divides all values. Zeros only: none. */
static unsigned common_power(const int64_t *values, size_t count) {
    unsigned power = MAX_POWER;
    bool any = false;
    for (size_t i = 0; i < count && power > 0; i++) {
        any = any || values[i] != 0;
        while (power > 0 && values[i] % powers[power] != 0) {
            power--;
        }
    }
    return any ? power : 0;
}

unsigned intpack_width(uint64_t widest) {
    return (intpack_bits(widest) + 7) / 8;
}

void intpack_put_planes(struct buf *out, const uint64_t *coded, size_t count, unsigned width) {
    uint8_t *planes = (uint8_t *)buf_reserve(out, (size_t)width * count + 1);
    for (unsigned byte = 0; byte < width; byte++) {
        for (size_t i = 0; i < count; i++) {
            planes[byte * count + i] = (uint8_t)(coded[i] >> (8 * byte));
        }
    }
    out->len += (size_t)width * count;
}

static void fill(int64_t *values, size_t count, int64_t value) {
    for (size_t i = 0; i < count; i++) {
        values[i] = value;
    }
}

/* `width` is a constant in each call: then the loop becomes wide instructions. */
static inline void join_planes(uint64_t *restrict numbers, size_t count,
                               const uint8_t *restrict planes, unsigned width, uint64_t base) {
    for (size_t i = 0; i < count; i++) {
        uint64_t number = planes[i];
        for (unsigned byte = 1; byte < width; byte++) {
            number |= (uint64_t)planes[byte * count + i] << (8 * byte);
        }
        numbers[i] = base + number;
    }
}

void intpack_get_planes(uint64_t *numbers, size_t count, const uint8_t *planes, unsigned width,
                        uint64_t base) {
    switch (width) {
    case 0:
        fill((int64_t *)numbers, count, (int64_t)base);
        break;
    case 1:
        join_planes(numbers, count, planes, 1, base);
        break;
    case 2:
        join_planes(numbers, count, planes, 2, base);
        break;
    case 3:
        join_planes(numbers, count, planes, 3, base);
        break;
    case 4:
        join_planes(numbers, count, planes, 4, base);
        break;
    case 5:
        join_planes(numbers, count, planes, 5, base);
        break;
    case 6:
        join_planes(numbers, count, planes, 6, base);
        break;
    case 7:
        join_planes(numbers, count, planes, 7, base);
        break;
    default:
        join_planes(numbers, count, planes, 8, base);
        break;
    }
}

uint64_t intpack_first_next(const uint64_t *coded, size_t count, uint64_t floor) {
    /* Steps of one above the number of this kind before vote for the start of their run. */
    uint64_t best = floor;
    size_t best_run = 0;
    uint64_t next = 0;
    size_t run = 0;
    for (size_t i = 0; i < count; i++) {
        if (coded[i] >= floor && coded[i] == next) {
            run++;
            next++;
        } else if (coded[i] >= floor && coded[i] > next) {
            best = run > best_run ? next - run : best;
            best_run = run > best_run ? run : best_run;
            run = 1;
            next = coded[i] + 1;
        }
    }
    return run > best_run ? next - run : best;
}

bool intpack_take_bytes(struct intpack_bytes *out, size_t count, unsigned width, struct str body,
                        uint64_t rest_base) {
    struct wire w = wire_make(body.ptr, body.len);
    out->next = wire_u64(&w);
    struct str bytes = wire_bytes(&w, count);
    size_t other = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        other += (uint8_t)bytes.ptr[i] == INTPACK_OTHER;
    }
    if (w.failed || wire_left(&w) != other * width) {
        return false;
    }
    out->bytes = (const uint8_t *)bytes.ptr;
    out->rest = mem_alloc((other + 1) * sizeof *out->rest);
    intpack_get_planes(out->rest, other, w.at, width, rest_base);
    return true;
}

/* --- what the numbers are like --- */

struct survey {
    unsigned power;
    int64_t divisor;
    int64_t min; /* divided */
    int64_t max;
    uint64_t widest[3]; /* coded number by form: OFFSET, DIFFERENCE, SECOND, less one */
    uint64_t bits[3];   /* sum over the numbers */
};

static void survey_coded(struct survey *s, unsigned which, uint64_t coded) {
    s->widest[which] |= coded;
    s->bits[which] += intpack_bits(coded);
}

static struct survey look_at(const int64_t *values, size_t count) {
    if (memcmp(values, values + 1, (count - 1) * sizeof *values) == 0) {
        count = 1; /* all alike: most row numbers are */
    }
    struct survey s = {.power = common_power(values, count)};
    s.divisor = powers[s.power];
    s.min = values[0];
    s.max = values[0];
    for (size_t i = 1; i < count; i++) {
        s.min = values[i] < s.min ? values[i] : s.min;
        s.max = values[i] > s.max ? values[i] : s.max;
    }
    s.min /= s.divisor;
    s.max /= s.divisor;
    uint64_t last = (uint64_t)(values[0] / s.divisor);
    uint64_t step = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = s.power == 0 ? (uint64_t)values[i] : (uint64_t)(values[i] / s.divisor);
        uint64_t difference = value - last;
        survey_coded(&s, 0, value - (uint64_t)s.min);
        survey_coded(&s, 1, wire_zigzag((int64_t)difference));
        survey_coded(&s, 2, wire_zigzag((int64_t)(difference - step)));
        step = difference;
        last = value;
    }
    return s;
}

/* --- encoding --- */

static void put_head(struct buf *out, enum intpack_form form, unsigned power, unsigned width,
                     int64_t base) {
    buf_putc(out, (char)form);
    buf_putc(out, (char)power);
    buf_putc(out, (char)width);
    wire_put_i64(out, base);
}

/* The coded numbers of OFFSET, DIFFERENCE and SECOND. */
static void code_numbers(uint64_t *coded, const int64_t *values, size_t count,
                         const struct survey *s, enum intpack_form form) {
    uint64_t last = (uint64_t)(values[0] / s->divisor);
    uint64_t step = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = s->power == 0 ? (uint64_t)values[i] : (uint64_t)(values[i] / s->divisor);
        uint64_t difference = value - last;
        if (form == INTPACK_OFFSET) {
            coded[i] = value - (uint64_t)s->min;
        } else if (form == INTPACK_DIFFERENCE) {
            coded[i] = wire_zigzag((int64_t)difference);
        } else {
            coded[i] = wire_zigzag((int64_t)(difference - step));
        }
        step = difference;
        last = value;
    }
}

static void encode_planes(struct buf *out, const int64_t *values, size_t count,
                          const struct survey *s, enum intpack_form form) {
    uint64_t *coded = mem_alloc(count * sizeof *coded);
    unsigned width = intpack_width(s->widest[form - INTPACK_OFFSET]);
    code_numbers(coded, values, count, s, form);
    put_head(out, form, s->power, width, form == INTPACK_OFFSET ? s->min : values[0] / s->divisor);
    intpack_put_planes(out, coded, count, width);
    mem_free(coded);
}

/* Other forms make a body of their own from offsets, or from differences. */
static bool encode_body(struct buf *out, const int64_t *values, size_t count,
                        const struct survey *s, enum intpack_form form) {
    uint64_t *coded = mem_alloc(count * sizeof *coded);
    struct buf body = BUF_INIT;
    bool steps = form == INTPACK_STEPS;
    code_numbers(coded, values, count, s, steps ? INTPACK_DIFFERENCE : INTPACK_OFFSET);
    unsigned width = intpack_width(s->widest[0]);
    bool good = true;
    if (form == INTPACK_ESCAPE) {
        good = intpack_escape_encode(&body, coded, count, width);
    } else if (form == INTPACK_RECENT) {
        good = intpack_recent_encode(&body, coded, count, width);
    } else {
        intpack_bits_encode(&body, coded, count);
    }
    if (good) {
        put_head(out, form, s->power, form >= INTPACK_BITS ? 0 : width,
                 steps ? values[0] / s->divisor : s->min);
        wire_put_str(out, buf_str(&body));
    }
    mem_free(coded);
    buf_fini(&body);
    return good;
}

bool intpack_encode_as(struct buf *out, const int64_t *values, size_t count,
                       enum intpack_form form) {
    if (count == 0) {
        return true;
    }
    struct survey s = look_at(values, count);
    if (form == INTPACK_CONSTANT) {
        if (s.min != s.max) {
            return false;
        }
        put_head(out, form, s.power, 0, s.min);
        return true;
    }
    if (form <= INTPACK_SECOND) {
        encode_planes(out, values, count, &s, form);
        return true;
    }
    return encode_body(out, values, count, &s, form);
}

void intpack_encode(struct buf *out, const int64_t *values, size_t count) {
    if (count == 0) {
        return;
    }
    struct survey s = look_at(values, count);
    if (s.min == s.max) {
        put_head(out, INTPACK_CONSTANT, s.power, 0, s.min);
    } else if (s.bits[1] < s.bits[0]) {
        encode_planes(out, values, count, &s, INTPACK_DIFFERENCE);
    } else {
        encode_planes(out, values, count, &s, INTPACK_OFFSET);
    }
}

/* --- decoding --- */

bool intpack_view(struct intpack_view *out, size_t count, struct wire *w) {
    *out = (struct intpack_view){.form = INTPACK_CONSTANT, .factor = 1, .count = count};
    if (count == 0) {
        return true;
    }
    struct str head = wire_bytes(w, 3);
    out->base = wire_i64(w);
    if (w->failed || (uint8_t)head.ptr[0] >= INTPACK_FORM_COUNT ||
        (uint8_t)head.ptr[1] > MAX_POWER || (uint8_t)head.ptr[2] > MAX_WIDTH) {
        w->failed = true;
        return false;
    }
    out->form = (enum intpack_form)head.ptr[0];
    out->factor = (uint64_t)powers[(uint8_t)head.ptr[1]];
    out->width = (uint8_t)head.ptr[2];
    if (out->form >= INTPACK_ESCAPE) {
        out->body = wire_str(w);
    } else if (out->form != INTPACK_CONSTANT) {
        out->body = wire_bytes(w, out->width * count);
    }
    return !w->failed;
}

/* Coded numbers become values; wrapping around is what hostile bytes get. */
static void multiply(int64_t *values, const struct intpack_view *v) {
    uint64_t factor = v->factor;
    for (size_t i = 0; factor != 1 && i < v->count; i++) {
        values[i] = (int64_t)((uint64_t)values[i] * factor);
    }
}

static void add_differences(int64_t *values, const struct intpack_view *v) {
    uint64_t factor =
        v->factor; /* locals: `values` could be part of *v for all the compiler knows */
    uint64_t value = (uint64_t)v->base * factor;
    uint64_t step = 0;
    uint64_t kept = v->form == INTPACK_SECOND ? UINT64_MAX : 0; /* of the step before */
    for (size_t i = 0, count = v->count; i < count; i++) {
        step = (step & kept) + (uint64_t)wire_unzigzag((uint64_t)values[i]) * factor;
        value += step;
        values[i] = (int64_t)value;
    }
}

bool intpack_unpack(int64_t *values, const struct intpack_view *v) {
    if (v->form == INTPACK_CONSTANT) {
        fill(values, v->count, (int64_t)((uint64_t)v->base * v->factor));
        return true;
    }
    uint64_t *coded = (uint64_t *)values; /* the same width: decoded in place */
    uint64_t base = (uint64_t)v->base;
    const uint8_t *planes = (const uint8_t *)v->body.ptr;
    bool good = true;
    switch (v->form) {
    case INTPACK_ESCAPE:
        good = intpack_escape_decode(coded, v->count, v->width, v->body, base);
        break;
    case INTPACK_RECENT:
        good = intpack_recent_decode(coded, v->count, v->width, v->body, base);
        break;
    case INTPACK_BITS:
        good = intpack_bits_decode(coded, v->count, v->body, base);
        break;
    case INTPACK_STEPS:
        good = intpack_bits_decode(coded, v->count, v->body, 0);
        break;
    case INTPACK_OFFSET:
        intpack_get_planes(coded, v->count, planes, v->width, base);
        break;
    default:
        intpack_get_planes(coded, v->count, planes, v->width, 0);
        break;
    }
    bool differences =
        v->form == INTPACK_DIFFERENCE || v->form == INTPACK_SECOND || v->form == INTPACK_STEPS;
    if (good && differences) {
        add_differences(values, v);
    } else if (good) {
        multiply(values, v);
    }
    return good;
}

/* Numbers of one or two planes, as codes mostly are. */
static bool widen_bytes(uint32_t *restrict values, const struct intpack_view *v, uint32_t limit) {
    const uint8_t *restrict low = (const uint8_t *)v->body.ptr;
    const uint8_t *restrict high = low + v->count;
    size_t count = v->count; /* locals: `values` could be part of *v for all the compiler knows */
    uint32_t base = (uint32_t)v->base;
    int32_t widest = 0;
    if (v->width == 1) {
        for (size_t i = 0; i < count; i++) {
            values[i] = base + low[i];
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            values[i] = base + (low[i] | (uint32_t)high[i] << 8);
        }
    }
    for (size_t i = 0; i < count; i++) { /* below 2^17 */
        widest = (int32_t)values[i] > widest ? (int32_t)values[i] : widest;
    }
    return count == 0 || (uint32_t)widest < limit;
}

/* False if a number is not below the limit. */
static bool narrow(uint32_t *values, const int64_t *numbers, size_t count, uint64_t limit) {
    uint64_t widest = 0;
    for (size_t i = 0; i < count; i++) {
        widest = (uint64_t)numbers[i] > widest ? (uint64_t)numbers[i] : widest;
        values[i] = (uint32_t)numbers[i];
    }
    return count == 0 || widest < limit;
}

bool intpack_unpack_small(uint32_t *values, const struct intpack_view *v, uint32_t limit) {
    bool is_plain = v->factor == 1 && v->base >= 0 && v->base < UINT16_MAX;
    if (is_plain && v->form == INTPACK_OFFSET && (v->width == 1 || v->width == 2)) {
        return widen_bytes(values, v, limit);
    }
    if (is_plain && v->form == INTPACK_ESCAPE) {
        return intpack_escape_small(values, v->count, v->width, v->body, (uint32_t)v->base, limit);
    }
    if (is_plain && v->form == INTPACK_RECENT) {
        return intpack_recent_small(values, v->count, v->width, v->body, (uint32_t)v->base, limit);
    }
    if (is_plain && v->form == INTPACK_BITS) {
        return intpack_bits_small(values, v->count, v->body, (uint32_t)v->base, limit);
    }
    if (is_plain && v->form == INTPACK_CONSTANT) {
        uint32_t value = (uint32_t)v->base;
        for (size_t i = 0, count = v->count; i < count; i++) {
            values[i] = value;
        }
        return v->count == 0 || v->base < limit;
    }
    int64_t *numbers = mem_alloc((v->count + 1) * sizeof *numbers);
    bool good = intpack_unpack(numbers, v) && narrow(values, numbers, v->count, limit);
    mem_free(numbers);
    return good;
}

bool intpack_peek(int64_t *out, const struct intpack_view *v, size_t at) {
    if (v->form > INTPACK_OFFSET) {
        return false;
    }
    uint64_t value = (uint64_t)v->base;
    uint64_t coded = 0;
    for (unsigned byte = 0; byte < v->width && v->form == INTPACK_OFFSET; byte++) {
        coded |= (uint64_t)(uint8_t)v->body.ptr[byte * v->count + at] << (8 * byte);
    }
    *out = (int64_t)((value + coded) * v->factor);
    return true;
}

/* Differences being added up. */
struct running {
    uint64_t value; /* of the number before */
    uint64_t step;  /* SECOND */
};

/* Goes through the numbers [from, to); they are put into `values` unless it is NULL. `width` is a
 * constant in each call. */
static inline void run_through(int64_t *values, struct running *r, const struct intpack_view *v,
                               size_t from, size_t to, unsigned width) {
    const uint8_t *planes = (const uint8_t *)v->body.ptr;
    uint64_t factor = v->factor;
    uint64_t value = r->value;
    uint64_t step = r->step;
    bool is_second = v->form == INTPACK_SECOND;
    for (size_t i = from; i < to; i++) {
        uint64_t coded = 0;
        for (unsigned byte = 0; byte < width; byte++) {
            coded |= (uint64_t)planes[byte * v->count + i] << (8 * byte);
        }
        uint64_t difference = (uint64_t)wire_unzigzag(coded) * factor;
        step = is_second ? step + difference : difference;
        value += step;
        if (values != NULL) {
            values[i - from] = (int64_t)value;
        }
    }
    *r = (struct running){value, step};
}

static void run_planes(int64_t *values, struct running *r, const struct intpack_view *v,
                       size_t from, size_t to) {
    switch (v->width) {
    case 1:
        run_through(values, r, v, from, to, 1);
        break;
    case 2:
        run_through(values, r, v, from, to, 2);
        break;
    default:
        run_through(values, r, v, from, to, v->width);
        break;
    }
}

bool intpack_unpack_range(int64_t *values, const struct intpack_view *v, size_t from,
                          size_t count) {
    if (v->form > INTPACK_SECOND) {
        return false;
    }
    if (v->form <= INTPACK_OFFSET) {
        for (size_t i = 0; i < count; i++) {
            (void)intpack_peek(&values[i], v, from + i);
        }
        return true;
    }
    struct running r = {(uint64_t)v->base * v->factor, 0};
    run_planes(NULL, &r, v, 0, from);
    run_planes(values, &r, v, from, from + count);
    return true;
}

bool intpack_decode(int64_t *values, size_t count, struct wire *w) {
    struct intpack_view view;
    if (!intpack_view(&view, count, w)) {
        return false;
    }
    w->failed = !intpack_unpack(values, &view);
    return !w->failed;
}
