/* Times as people write them: calendar times of any precision, and relative to now (the date math
 * of Elasticsearch: now-1h, now-1d/d). */
#include "num.h"
#include "query.h"

enum { FULL_DATE_BYTES = 10, FULL_MINUTE_BYTES = 16, FULL_SECOND_BYTES = 19 };

static int64_t to_utc(int64_t local_ns, const struct query_settings *settings) {
    return zone_to_utc(settings->zone, local_ns);
}

/* Start of the unit of a local time; 'w' is a week from Monday. TIME_NONE: no such unit. */
static int64_t unit_start(int64_t local_ns, char unit) {
    struct civil c = civil_from_ns(local_ns);
    c.nanosecond = 0;
    c.second = unit == 's' ? c.second : 0;
    c.minute = unit == 's' || unit == 'm' ? c.minute : 0;
    c.hour = unit == 's' || unit == 'm' || unit == 'h' ? c.hour : 0;
    c.day = unit == 'M' || unit == 'y' ? 1 : c.day;
    c.month = unit == 'y' ? 1 : c.month;
    int64_t start = civil_to_ns(&c);
    if (unit == 'w') {
        start -= civil_weekday(start / NS_PER_DAY) * NS_PER_DAY;
    }
    return start;
}

static int64_t add_months(int64_t local_ns, int64_t months) {
    struct civil c = civil_from_ns(local_ns);
    int64_t month = (int64_t)c.year * 12 + c.month - 1 + months;
    c.year = (int32_t)(month / 12);
    c.month = (int32_t)(month % 12) + 1;
    while (c.day > 28 && !civil_is_valid(&c)) {
        c.day--; /* 31 January + 1 month = the last day of February */
    }
    return civil_to_ns(&c);
}

static int64_t unit_ns(char unit) {
    switch (unit) {
    case 's':
        return NS_PER_SECOND;
    case 'm':
        return NS_PER_MINUTE;
    case 'h':
        return NS_PER_HOUR;
    case 'd':
        return NS_PER_DAY;
    case 'w':
        return 7 * NS_PER_DAY;
    default:
        return 0;
    }
}

/* local_ns + count units; TIME_NONE when out of range or no such unit. */
static int64_t add_units(int64_t local_ns, int64_t count, char unit) {
    int64_t step = 0;
    int64_t sum = 0;
    if (unit == 'M' || unit == 'y') {
        bool fits = count > -20000 && count < 20000;
        return fits ? add_months(local_ns, unit == 'y' ? count * 12 : count) : TIME_NONE;
    }
    bool fits = unit_ns(unit) > 0 && !__builtin_mul_overflow(count, unit_ns(unit), &step) &&
                !__builtin_add_overflow(local_ns, step, &sum);
    return fits ? sum : TIME_NONE;
}

/* One "-3h" or "/d" at the start of *s, applied to *local_ns. */
static bool take_step(int64_t *local_ns, char *rounded_to, struct str *s) {
    char sign = s->ptr[0];
    size_t digits = 1;
    while (digits < s->len && ascii_is_digit(s->ptr[digits])) {
        digits++;
    }
    if (digits >= s->len) {
        return false;
    }
    char unit = s->ptr[digits];
    int64_t count = 1;
    if (digits > 1 && !num_parse_i64(&count, str_make(s->ptr + 1, digits - 1))) {
        return false;
    }
    if (sign == '/' && (digits != 1 || (unit_ns(unit) == 0 && unit != 'M' && unit != 'y'))) {
        return false;
    }
    *rounded_to = sign == '/' ? unit : '\0';
    *local_ns = sign == '/' ? unit_start(*local_ns, unit)
                            : add_units(*local_ns, sign == '-' ? -count : count, unit);
    *s = str_skip(*s, digits + 1);
    return *local_ns != TIME_NONE;
}

static bool parse_relative(int64_t *start_ns, int64_t *end_ns, struct str text,
                           const struct query_settings *settings) {
    int64_t local = zone_to_local(settings->zone, settings->now_ns);
    char rounded_to = '\0';
    if (str_eq_ci(text, STR("today"))) {
        text = STR("now/d");
    } else if (str_eq_ci(text, STR("yesterday"))) {
        text = STR("now-1d/d");
    }
    if (!str_starts_ci(text, STR("now"))) {
        return false;
    }
    struct str rest = str_skip(text, 3);
    while (rest.len > 0) {
        bool step = rest.ptr[0] == '-' || rest.ptr[0] == '+' || rest.ptr[0] == '/';
        if (!step || !take_step(&local, &rounded_to, &rest)) {
            return false;
        }
    }
    *start_ns = to_utc(local, settings);
    *end_ns = *start_ns + 1;
    if (rounded_to != '\0') {
        *end_ns = to_utc(add_units(local, 1, rounded_to), settings);
    }
    return true;
}

/* Length of a zone at the end: "Z", "+09:00", "+0900"; 0 if there is none. */
static size_t zone_length(struct str text) {
    if (text.len > FULL_DATE_BYTES && ascii_lower(text.ptr[text.len - 1]) == 'z') {
        return 1;
    }
    for (size_t length = 3; length <= 6 && FULL_DATE_BYTES + length < text.len; length++) {
        char c = text.ptr[text.len - length];
        if (c == '+' || c == '-') {
            return length;
        }
    }
    return 0;
}

/* The unit that a calendar time of this length names; '\0' for a fraction of a second. */
static char unit_of(size_t clock_bytes) {
    switch (clock_bytes) {
    case 4:
        return 'y';
    case 7:
        return 'M';
    case FULL_DATE_BYTES:
        return 'd';
    case 13:
        return 'h';
    case FULL_MINUTE_BYTES:
        return 'm';
    case FULL_SECOND_BYTES:
        return 's';
    default:
        return '\0';
    }
}

static bool parse_calendar(int64_t *start_ns, int64_t *end_ns, struct str text,
                           const struct query_settings *settings) {
    static const char rest_of_time[] = "0000-01-01T00:00:00";
    size_t zone_bytes = zone_length(text);
    struct str clock = str_head(text, text.len - zone_bytes);
    char unit = unit_of(clock.len);
    char full[48]; /* the longest: 9 digits of a second and a zone, 35 bytes */
    if (text.len > sizeof full || clock.len < 4 ||
        (unit == '\0' && clock.len < FULL_SECOND_BYTES)) {
        return false;
    }
    memcpy(full, clock.ptr, clock.len);
    size_t len = clock.len;
    if (len < FULL_SECOND_BYTES) {
        memcpy(full + len, rest_of_time + len, FULL_SECOND_BYTES - len);
        len = FULL_SECOND_BYTES;
    }
    int64_t local;
    bool has_zone;
    if (!civil_parse_rfc3339(&local, &has_zone, str_make(full, len)) || has_zone) {
        return false;
    }
    int64_t next = unit == '\0' ? local + 1 : add_units(local, 1, unit);
    if (next == TIME_NONE) {
        return false;
    }
    if (zone_bytes == 0) {
        *start_ns = to_utc(local, settings);
        *end_ns = to_utc(next, settings);
        return true;
    }
    memcpy(full + len, clock.ptr + clock.len, zone_bytes);
    if (!civil_parse_rfc3339(start_ns, &has_zone, str_make(full, len + zone_bytes))) {
        return false;
    }
    *end_ns = *start_ns + (next - local);
    return true;
}

bool query_time_parse(int64_t *start_ns, int64_t *end_ns, struct str text,
                      const struct query_settings *settings) {
    return parse_relative(start_ns, end_ns, text, settings) ||
           parse_calendar(start_ns, end_ns, text, settings);
}
