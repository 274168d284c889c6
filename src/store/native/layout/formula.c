#include "formula.h"

#include "num.h"
#include "transform.h"

/* What the stored form of a kind holds. */
static const struct {
    uint8_t operands; /* ANY: their number stands first */
    bool has_k;
    bool has_zone;
    bool has_pattern;
} parts[FORMULA_KIND_COUNT] = {
#define ANY 255
    [FORMULA_SAME] = {1, false, false, false},  [FORMULA_SCALE] = {1, true, false, false},
    [FORMULA_TIME] = {0, false, true, true},    [FORMULA_START] = {1, true, true, true},
    [FORMULA_LOWER] = {1, false, false, false}, [FORMULA_UPPER] = {1, false, false, false},
    [FORMULA_SUM] = {2, false, false, false},   [FORMULA_DIFFERENCE] = {2, false, false, false},
    [FORMULA_BEFORE] = {1, true, false, false}, [FORMULA_AFTER] = {1, true, false, false},
    [FORMULA_JOIN] = {ANY, false, false, true}, [FORMULA_JSON] = {1, false, false, false},
    [FORMULA_XML] = {1, false, false, false},
};

void formula_encode(struct buf *out, const struct formula *f) {
    wire_put_u64(out, f->kind);
    if (parts[f->kind].operands == ANY) {
        wire_put_u64(out, f->operand_count);
    }
    for (uint32_t i = 0; i < f->operand_count; i++) {
        wire_put_u64(out, f->operands[i]);
    }
    if (parts[f->kind].has_k) {
        wire_put_i64(out, f->k);
    }
    if (parts[f->kind].has_zone) {
        wire_put_i64(out, f->zone_seconds);
    }
    if (parts[f->kind].has_pattern) {
        wire_put_str(out, f->pattern);
    }
}

/* A signed number in [-limit, limit]. */
static int32_t take_small(struct wire *w, int64_t limit) {
    int64_t value = wire_i64(w);
    if (value < -limit || value > limit) {
        w->failed = true;
        return 0;
    }
    return (int32_t)value;
}

bool formula_decode(struct formula *out, struct wire *w) {
    struct formula f = {.kind = (enum formula_kind)wire_count(w, FORMULA_KIND_COUNT - 1)};
    if (w->failed || f.kind == 0) {
        return false;
    }
    f.operand_count = parts[f.kind].operands;
    if (f.operand_count == ANY) {
        f.operand_count = (uint32_t)wire_count(w, FORMULA_MAX_OPERANDS);
    }
    for (uint32_t i = 0; i < f.operand_count; i++) {
        f.operands[i] = (uint32_t)wire_count(w, UINT32_MAX);
    }
    if (parts[f.kind].has_k) {
        bool is_byte = f.kind == FORMULA_BEFORE || f.kind == FORMULA_AFTER;
        f.k = take_small(w, is_byte ? 255 : FORMULA_MAX_SCALE);
    }
    if (parts[f.kind].has_zone) {
        f.zone_seconds = take_small(w, 86400);
    }
    if (parts[f.kind].has_pattern) {
        f.pattern = wire_str(w);
    }
    *out = f;
    return !w->failed && f.pattern.len <= FORMULA_MAX_PATTERN;
}

/* --- numbers --- */

static bool times_ten(uint64_t *value, unsigned power) {
    bool fits = true;
    for (; power > 0 && fits && *value != 0; power--) {
        fits = !__builtin_mul_overflow(*value, UINT64_C(10), value);
    }
    return fits;
}

/* Decimal digits with at most one '.' inside, times 10^k; false if that is no whole number. */
static bool parse_scaled(uint64_t *out, struct str s, int k) {
    size_t dot = str_find_char(s, '.');
    uint64_t value = 0;
    if (s.len == 0 || dot == 0 || dot + 1 == s.len) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (i == dot) {
            continue;
        }
        if (!ascii_is_digit(s.ptr[i]) || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value)) {
            return false;
        }
    }
    int power = k - (dot == STR_NONE ? 0 : (int)(s.len - dot - 1));
    for (; power < 0 && value % 10 == 0 && value != 0; power++) {
        value /= 10;
    }
    if (power < 0 && value != 0) {
        return false;
    }
    *out = value;
    return power < 0 || times_ten(out, (unsigned)power);
}

static void put_number(struct buf *out, uint64_t value) {
    char digits[20];
    buf_append(out, digits, num_format_u64(digits, value));
}

static bool print_two(struct buf *out, enum formula_kind kind, struct str a, struct str b) {
    uint64_t x;
    uint64_t y;
    uint64_t result;
    if (!num_parse_u64(&x, a) || !num_parse_u64(&y, b)) {
        return false;
    }
    bool good = kind == FORMULA_SUM ? !__builtin_add_overflow(x, y, &result)
                                    : !__builtin_sub_overflow(x, y, &result);
    if (good) {
        put_number(out, result);
    }
    return good;
}

static bool print_start(struct buf *out, const struct formula *f, struct str operand,
                        int64_t time_ns, struct time_cache *cache) {
    uint64_t back;
    int64_t start;
    if (!parse_scaled(&back, operand, f->k) || back > INT64_MAX ||
        __builtin_sub_overflow(time_ns, (int64_t)back, &start) || start == TIME_NONE) {
        return false;
    }
    time_text_print(out, f->pattern, f->zone_seconds, start, cache);
    return true;
}

/* --- texts --- */

static void print_case(struct buf *out, struct str s, bool upper) {
    char *at = buf_reserve(out, s.len + 1);
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        at[i] = upper ? (c >= 'a' && c <= 'z' ? (char)(c - 32) : c) : ascii_lower(c);
    }
    out->len += s.len;
}

static bool print_part(struct buf *out, const struct formula *f, struct str s) {
    size_t at = str_find_char(s, (char)f->k);
    if (at == STR_NONE) {
        return false;
    }
    buf_add(out, f->kind == FORMULA_BEFORE ? str_head(s, at) : str_skip(s, at + 1));
    return true;
}

/* The pattern needs as many zero bytes as there are operands. */
static bool print_join(struct buf *out, const struct formula *f, const struct str *operands) {
    uint32_t next = 0;
    for (size_t i = 0; i < f->pattern.len; i++) {
        if (f->pattern.ptr[i] != '\0') {
            buf_putc(out, f->pattern.ptr[i]);
        } else if (next < f->operand_count) {
            buf_add(out, operands[next++]);
        } else {
            return false;
        }
    }
    return next == f->operand_count;
}

static bool operands_are_short(const struct formula *f, const struct str *operands) {
    size_t total = f->pattern.len;
    for (uint32_t i = 0; i < f->operand_count; i++) {
        if (operands[i].len > FORMULA_MAX_BYTES - total) {
            return false;
        }
        total += operands[i].len;
    }
    return true;
}

static bool print(struct buf *out, const struct formula *f, const struct str *operands,
                  int64_t time_ns, struct time_cache *cache) {
    switch (f->kind) {
    case FORMULA_SAME:
        buf_add(out, operands[0]);
        return true;
    case FORMULA_SCALE: {
        uint64_t value;
        bool good = parse_scaled(&value, operands[0], f->k);
        if (good) {
            put_number(out, value);
        }
        return good;
    }
    case FORMULA_TIME:
        time_text_print(out, f->pattern, f->zone_seconds, time_ns, cache);
        return true;
    case FORMULA_START:
        return print_start(out, f, operands[0], time_ns, cache);
    case FORMULA_LOWER:
    case FORMULA_UPPER:
        print_case(out, operands[0], f->kind == FORMULA_UPPER);
        return true;
    case FORMULA_SUM:
    case FORMULA_DIFFERENCE:
        return print_two(out, f->kind, operands[0], operands[1]);
    case FORMULA_BEFORE:
    case FORMULA_AFTER:
        return print_part(out, f, operands[0]);
    case FORMULA_JOIN:
        return print_join(out, f, operands);
    case FORMULA_JSON:
        return transform_decode(out, operands[0], TRANSFORM_JSON);
    case FORMULA_XML:
        return transform_decode(out, operands[0], TRANSFORM_XML);
    default:
        return false;
    }
}

bool formula_scaled(uint64_t *out, const struct formula *f, struct str operand) {
    return operands_are_short(f, &operand) && parse_scaled(out, operand, f->k);
}

bool formula_print(struct buf *out, const struct formula *f, const struct str *operands,
                   int64_t time_ns, struct time_cache *cache) {
    size_t start = out->len;
    if (!operands_are_short(f, operands) || !print(out, f, operands, time_ns, cache)) {
        out->len = start;
        return false;
    }
    return true;
}
