#include "operand_set.h"

#include "num.h"
#include "token.h"

void operand_set_fini(struct operand_set *set) {
    intern_fini(&set->texts);
    intern_fini(&set->ips);
    intern_fini(&set->integers);
    intern_fini(&set->numbers);
    intern_fini(&set->fractions);
    intern_fini(&set->times);
}

static struct str bytes_of(const void *bytes, size_t size) {
    return str_make(bytes, size);
}

static double without_sign_of_zero(double number) {
    return number + 0.0; /* -0 equals 0, and has other bytes */
}

static void add_number(struct operand_set *set, const struct operand *o) {
    double number = without_sign_of_zero(o->number);
    (void)intern_add(&set->numbers, bytes_of(&number, sizeof number));
    if (!o->is_integer) {
        (void)intern_add(&set->fractions, bytes_of(&number, sizeof number));
        return;
    }
    bool first = set->integers.count == 0;
    (void)intern_add(&set->integers, bytes_of(&o->integer, sizeof o->integer));
    set->low = first || o->integer < set->low ? o->integer : set->low;
    set->high = first || o->integer > set->high ? o->integer : set->high;
}

void operand_set_add(struct operand_set *set, const struct operand *o) {
    (void)intern_add(&set->texts, o->folded);
    if (o->is_number) {
        add_number(set, o);
    }
    if (o->is_ip) {
        (void)intern_add(&set->ips, bytes_of(o->ip.bytes, sizeof o->ip.bytes));
    }
    if (o->is_time) {
        (void)intern_add(&set->times, bytes_of(&o->time_ns, sizeof o->time_ns));
    }
}

static bool has_bytes(const struct intern *set, const void *bytes, size_t size) {
    return set->count > 0 && intern_find(set, bytes_of(bytes, size)) != INTERN_NONE;
}

static bool has_text(const struct operand_set *set, struct str value, struct buf *fold) {
    if (operand_is_ascii(value)) {
        return intern_find_lower(&set->texts, value) != INTERN_NONE;
    }
    buf_clear(fold);
    fold_text(fold, value);
    return intern_find(&set->texts, buf_str(fold)) != INTERN_NONE;
}

static bool has_number(const struct operand_set *set, struct str value) {
    int64_t integer;
    double number;
    if (set->numbers.count == 0) {
        return false;
    }
    if (num_parse_i64(&integer, value)) {
        return operand_set_has_integer(set, integer);
    }
    if (!num_parse_double(&number, value)) {
        return false;
    }
    number = without_sign_of_zero(number);
    return has_bytes(&set->numbers, &number, sizeof number);
}

static bool has_ip(const struct operand_set *set, struct str value) {
    struct ip ip;
    return set->ips.count > 0 && operand_parse_ip(&ip, value) &&
           has_bytes(&set->ips, ip.bytes, sizeof ip.bytes);
}

static bool has_time(const struct operand_set *set, struct str value) {
    int64_t ns;
    return set->times.count > 0 && operand_parse_time(&ns, value) &&
           has_bytes(&set->times, &ns, sizeof ns);
}

bool operand_set_has(const struct operand_set *set, struct str value, enum field_type type,
                     struct buf *fold) {
    switch (type) {
    case FIELD_TYPE_LONG:
    case FIELD_TYPE_DOUBLE:
        return has_number(set, value) || has_text(set, value, fold);
    case FIELD_TYPE_TIME:
        return has_time(set, value) || has_text(set, value, fold);
    default:
        return has_text(set, value, fold) || has_ip(set, value);
    }
}

bool operand_set_has_integer(const struct operand_set *set, int64_t number) {
    double as_double = without_sign_of_zero((double)number);
    return has_bytes(&set->integers, &number, sizeof number) ||
           has_bytes(&set->fractions, &as_double, sizeof as_double);
}

bool operand_set_integers(const struct operand_set *set, int64_t *low, int64_t *high) {
    bool any = set->fractions.count > 0;
    *low = any ? INT64_MIN : set->low;
    *high = any ? INT64_MAX : set->high;
    return any || set->integers.count > 0;
}
