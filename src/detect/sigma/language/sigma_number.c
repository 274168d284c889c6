#include "sigma_number.h"

#include <inttypes.h>
#include <math.h>

#include "civil.h"
#include "num.h"

bool sigma_number_is_exact(double number) {
    return fabs(number) < 9007199254740992.0;
}

static bool parse_octal(uint64_t *out, struct str digits) {
    *out = 0;
    for (size_t i = 0; i < digits.len; i++) {
        *out = *out * 8 + (uint64_t)(digits.ptr[i] - '0');
    }
    return digits.len <= 21; /* 63 bits */
}

bool sigma_number_read(double *out, struct buf *text) {
    struct str s = buf_str(text);
    uint64_t based = 0;
    char base = s.len > 2 && s.ptr[0] == '0' ? s.ptr[1] : '\0';
    if (base != 'x' && base != 'o') {
        return num_parse_double(out, s);
    }
    struct str digits = str_skip(s, 2);
    if (!(base == 'x' ? num_parse_hex(&based, digits) : parse_octal(&based, digits))) {
        return false;
    }
    *out = (double)based;
    buf_clear(text);
    buf_printf(text, "%" PRIu64, based);
    return true;
}

bool sigma_number_compares(double value, enum sigma_compare compare, double limit) {
    switch (compare) {
    case SIGMA_LT:
        return value < limit;
    case SIGMA_LTE:
        return value <= limit;
    case SIGMA_GT:
        return value > limit;
    case SIGMA_GTE:
        return value >= limit;
    default:
        return value >= limit && value <= limit;
    }
}

/* ISO 8601: the week of the year that has this week's Thursday. */
static int iso_week(const struct civil *c) {
    int64_t days = civil_days(c->year, c->month, c->day);
    int64_t thursday = days - civil_weekday(days) + 3;
    struct civil t = civil_from_ns(thursday * NS_PER_DAY);
    return (int)((thursday - civil_days(t.year, 1, 1)) / 7) + 1;
}

static int part_of(const struct civil *c, enum sigma_time_part part) {
    switch (part) {
    case SIGMA_MINUTE:
        return c->minute;
    case SIGMA_HOUR:
        return c->hour;
    case SIGMA_DAY:
        return c->day;
    case SIGMA_WEEK:
        return iso_week(c);
    case SIGMA_MONTH:
        return c->month;
    default:
        return c->year;
    }
}

/* "2026-01-31 10:00" and longer; the rest (seconds, fraction, zone) does not matter. */
static struct str clock_part(struct str value, struct str *seconds) {
    size_t len = value.len >= 19 && value.ptr[16] == ':' ? 19 : 16;
    *seconds = len == 19 ? STR_EMPTY : STR(":00");
    return str_head(value, len);
}

bool sigma_time_compares(struct str value, const struct sigma_test *test) {
    char text[20];
    struct str seconds;
    struct str head = clock_part(str_trim(value), &seconds);
    memcpy(text, head.ptr, head.len);
    bool date_only = head.len == 10;
    if (head.len == 16) {
        memcpy(text + 16, seconds.ptr, seconds.len);
    } else if (head.len != 19 && !date_only) {
        return false;
    }
    int64_t ns;
    bool has_zone;
    if (!civil_parse_rfc3339(&ns, &has_zone, str_make(text, date_only ? 10 : 19))) {
        return false;
    }
    struct civil c = civil_from_ns(ns);
    return sigma_number_compares(part_of(&c, (enum sigma_time_part)test->part),
                                 (enum sigma_compare)test->compare, test->number);
}

static bool has_prefix(const struct ip *address, const struct ip_network *network) {
    for (size_t i = 0; i < network->prefix_bits; i++) {
        unsigned difference = (unsigned)(address->bytes[i / 8] ^ network->address.bytes[i / 8]);
        if (difference >> (7 - i % 8) & 1) {
            return false;
        }
    }
    return true;
}

/* "::ffff:10.0.0.1" is of IPv6 as it is written and of IPv4 as it is meant. */
bool sigma_address_is_in(struct str value, const struct sigma_test *test) {
    struct ip address;
    if (!ip_parse(&address, value)) {
        return false;
    }
    if (test->is_v6 && ip_is_v4(&address)) {
        return str_find_char(value, ':') != STR_NONE && has_prefix(&address, &test->network);
    }
    return ip_network_has(&test->network, &address);
}
