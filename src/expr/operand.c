#include "expr_priv.h"
#include "num.h"
#include "token.h"

bool operand_is_ascii(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static struct str fold(struct arena *arena, struct str text) {
    struct buf out = BUF_INIT;
    fold_text(&out, text);
    struct str kept = arena_str(arena, buf_str(&out));
    buf_fini(&out);
    return kept;
}

/* "10MB": a number with a unit, as a bound on bytes. */
static bool parse_size(int64_t *out, struct str text) {
    uint64_t size;
    if (text.len < 2 || !ascii_is_digit(text.ptr[0]) || !ascii_is_alpha(text.ptr[text.len - 1]) ||
        !num_parse_size(&size, text) || size > INT64_MAX) {
        return false;
    }
    *out = (int64_t)size;
    return true;
}

bool operand_parse_time(int64_t *out, struct str text) {
    bool has_zone;
    return text.len >= 10 && civil_parse_rfc3339(out, &has_zone, text);
}

void operand_init(struct operand *out, struct arena *arena, struct str text) {
    *out = (struct operand){.text = arena_str(arena, text), .folded = fold(arena, text)};
    out->is_integer =
        num_parse_i64(&out->integer, out->folded) || parse_size(&out->integer, out->folded);
    out->is_number = num_parse_double(&out->number, out->folded);
    if (out->is_integer && !out->is_number) {
        out->is_number = true;
        out->number = (double)out->integer;
    }
    out->is_ip = ip_parse(&out->ip, out->folded);
    out->is_time = operand_parse_time(&out->time_ns, out->text);
}

static int compare_i64(int64_t a, int64_t b) {
    return a < b ? -1 : a > b;
}

static bool compare_numbers(int *order, struct str value, const struct operand *operand) {
    int64_t integer;
    if (operand->is_integer && num_parse_i64(&integer, value)) {
        *order = compare_i64(integer, operand->integer);
        return true;
    }
    double number;
    if (!operand->is_number || !num_parse_double(&number, value)) {
        return false;
    }
    *order = number < operand->number ? -1 : number > operand->number;
    return true;
}

/* A dotted quad is looked for in texts with dots only: so "10.1.2.3" never equals a text in which
 * its four parts are no tokens (::ffff:a01:203), and the token index may be asked for them. */
bool operand_parse_ip(struct ip *out, struct str value) {
    return value.len <= IP_TEXT_BYTES + 2 && ip_parse(out, value) &&
           (!ip_is_v4(out) || memchr(value.ptr, '.', value.len) != NULL);
}

static bool compare_ips(int *order, struct str value, const struct operand *operand) {
    struct ip ip;
    if (!operand->is_ip || !ip_parse(&ip, value)) {
        return false;
    }
    *order = memcmp(ip.bytes, operand->ip.bytes, sizeof ip.bytes);
    return true;
}

static bool compare_times(int *order, struct str value, const struct operand *operand) {
    int64_t ns;
    if (!operand->is_time || !operand_parse_time(&ns, value)) {
        return false;
    }
    *order = compare_i64(ns, operand->time_ns);
    return true;
}

static struct str folded_value(struct buf *fold_buf, struct str value) {
    buf_clear(fold_buf);
    fold_text(fold_buf, value);
    return buf_str(fold_buf);
}

/* A keyword is compared as what both sides are; text only if the bound is no number, address or
 * time, because "abc" >= 10 has no answer that anybody wants. */
static bool compare_keywords(int *order, struct str value, const struct operand *operand,
                             struct buf *fold_buf) {
    if (operand->is_number) {
        return compare_numbers(order, value, operand);
    }
    if (operand->is_ip) {
        return compare_ips(order, value, operand);
    }
    if (operand->is_time) {
        return compare_times(order, value, operand);
    }
    *order = str_compare(folded_value(fold_buf, value), operand->folded);
    return true;
}

bool operand_compare(int *order, struct str value, const struct operand *operand,
                     enum field_type type, struct buf *fold_buf) {
    switch (type) {
    case FIELD_TYPE_LONG:
    case FIELD_TYPE_DOUBLE:
        return compare_numbers(order, value, operand);
    case FIELD_TYPE_IP:
        return compare_ips(order, value, operand);
    case FIELD_TYPE_TIME:
        return compare_times(order, value, operand);
    default:
        return compare_keywords(order, value, operand, fold_buf);
    }
}

static bool equals_text(struct str value, const struct operand *operand, struct buf *fold_buf) {
    if (operand_is_ascii(value)) {
        return value.len == operand->folded.len && str_eq_ci(value, operand->folded);
    }
    return str_eq(folded_value(fold_buf, value), operand->folded);
}

bool operand_equals(struct str value, const struct operand *operand, enum field_type type,
                    struct buf *fold_buf) {
    int order;
    struct ip ip;
    switch (type) {
    case FIELD_TYPE_LONG:
    case FIELD_TYPE_DOUBLE:
        if (compare_numbers(&order, value, operand)) {
            return order == 0;
        }
        break;
    case FIELD_TYPE_TIME:
        if (compare_times(&order, value, operand)) {
            return order == 0;
        }
        break;
    default:
        if (operand->is_ip && operand_parse_ip(&ip, value)) {
            return memcmp(ip.bytes, operand->ip.bytes, sizeof ip.bytes) == 0;
        }
        break;
    }
    return equals_text(value, operand, fold_buf);
}
