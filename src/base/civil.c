#include "civil.h"

#include "num.h"

/* Days from civil: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (the idea). */
int64_t civil_days(int32_t year, int32_t month, int32_t day) {
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t shifted_month = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

int civil_weekday(int64_t days) {
    int64_t shifted = (days + 3) % 7; /* 1970-01-01 was a Thursday */
    return (int)(shifted < 0 ? shifted + 7 : shifted);
}

static int days_in_month(int32_t year, int32_t month) {
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : lengths[month - 1];
}

bool civil_is_valid(const struct civil *c) {
    if (c->year < 1678 || c->year > 2261 || c->month < 1 || c->month > 12) {
        return false;
    }
    bool clock = c->hour >= 0 && c->hour <= 24 && c->minute >= 0 && c->minute <= 59 &&
                 c->second >= 0 && c->second <= 60 && c->nanosecond >= 0 &&
                 c->nanosecond < NS_PER_SECOND;
    bool end_of_day = c->hour < 24 || (c->minute == 0 && c->second == 0 && c->nanosecond == 0);
    return clock && end_of_day && c->day >= 1 && c->day <= days_in_month(c->year, c->month);
}

int64_t civil_to_ns(const struct civil *c) {
    if (!civil_is_valid(c)) {
        return TIME_NONE;
    }
    int64_t seconds =
        civil_days(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 + c->second;
    return seconds * NS_PER_SECOND + c->nanosecond;
}

struct civil civil_from_ns(int64_t ns) {
    int64_t seconds = ns / NS_PER_SECOND;
    int64_t rest = ns % NS_PER_SECOND;
    if (rest < 0) {
        rest += NS_PER_SECOND;
        seconds--;
    }
    int64_t days = seconds / 86400;
    int64_t clock = seconds % 86400;
    if (clock < 0) {
        clock += 86400;
        days--;
    }
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return (struct civil){.year = (int32_t)(year_of_era + era * 400 + (month <= 2)),
                          .month = (int32_t)month,
                          .day = (int32_t)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
                          .hour = (int32_t)(clock / 3600),
                          .minute = (int32_t)(clock / 60 % 60),
                          .second = (int32_t)(clock % 60),
                          .nanosecond = (int32_t)rest};
}

int civil_month_from_name(struct str name) {
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (name.len < 3) {
        return 0;
    }
    for (int month = 0; month < 12; month++) {
        if (str_starts_ci(name, str_make(names + 3 * month, 3))) {
            return month + 1;
        }
    }
    return 0;
}

static void put_digits(char *out, int width, int32_t value) {
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

size_t civil_format_rfc3339(char *out, int64_t ns) {
    struct civil c = civil_from_ns(ns);
    memcpy(out, "0000-00-00T00:00:00.000000000Z", CIVIL_RFC3339_BYTES);
    put_digits(out, 4, c.year);
    put_digits(out + 5, 2, c.month);
    put_digits(out + 8, 2, c.day);
    put_digits(out + 11, 2, c.hour);
    put_digits(out + 14, 2, c.minute);
    put_digits(out + 17, 2, c.second);
    put_digits(out + 20, 9, c.nanosecond);
    return CIVIL_RFC3339_BYTES;
}

/* Takes exactly `width` digits from the front of *s. */
static bool take_digits(int32_t *out, struct str *s, size_t width) {
    uint64_t value;
    if (s->len < width || !num_parse_u64(&value, str_head(*s, width))) {
        return false;
    }
    *out = (int32_t)value;
    *s = str_skip(*s, width);
    return true;
}

static bool take_fraction(int32_t *out_ns, struct str *s) {
    int32_t value = 0;
    int32_t scale = 100000000;
    size_t digits = 0;
    while (digits < s->len && ascii_is_digit(s->ptr[digits])) {
        value += (s->ptr[digits] - '0') * scale;
        scale /= 10;
        digits++;
    }
    *out_ns = value;
    *s = str_skip(*s, digits);
    return digits > 0;
}

static bool take_clock(struct civil *c, struct str *s) {
    if (!take_digits(&c->hour, s, 2) || !str_take_char(s, ':') || !take_digits(&c->minute, s, 2)) {
        return false;
    }
    if (!str_take_char(s, ':')) {
        return true;
    }
    if (!take_digits(&c->second, s, 2)) {
        return false;
    }
    if (str_take_char(s, '.') || str_take_char(s, ',')) {
        return take_fraction(&c->nanosecond, s);
    }
    return true;
}

static bool take_zone(int64_t *offset_ns, bool *has_zone, struct str *s) {
    *offset_ns = 0;
    *has_zone = true;
    if (str_take_char(s, 'Z') || str_take_char(s, 'z')) {
        return true;
    }
    int sign = str_take_char(s, '+') ? 1 : str_take_char(s, '-') ? -1 : 0;
    if (sign == 0) {
        *has_zone = false;
        return true;
    }
    int32_t hours = 0;
    int32_t minutes = 0;
    if (!take_digits(&hours, s, 2)) {
        return false;
    }
    if (s->len > 0) {
        (void)str_take_char(s, ':');
        if (!take_digits(&minutes, s, 2)) {
            return false;
        }
    }
    *offset_ns = sign * (hours * NS_PER_HOUR + minutes * NS_PER_MINUTE);
    return hours <= 23 && minutes <= 59;
}

bool civil_parse_rfc3339(int64_t *out_ns, bool *has_zone, struct str s) {
    struct civil c = {0};
    int64_t offset_ns = 0;
    bool zone = false;
    if (!take_digits(&c.year, &s, 4) || !str_take_char(&s, '-') || !take_digits(&c.month, &s, 2) ||
        !str_take_char(&s, '-') || !take_digits(&c.day, &s, 2)) {
        return false;
    }
    if (s.len > 0) {
        bool separated = str_take_char(&s, 'T') || str_take_char(&s, 't') || str_take_char(&s, ' ');
        if (!separated || !take_clock(&c, &s) || !take_zone(&offset_ns, &zone, &s)) {
            return false;
        }
    }
    int64_t ns = civil_to_ns(&c);
    if (s.len > 0 || ns == TIME_NONE) {
        return false;
    }
    *out_ns = ns - offset_ns;
    *has_zone = zone;
    return true;
}
