#include "parse_time.h"

#include "num.h"

/* Exactly `width` digits from the front. */
static bool take_fixed(int32_t *out, struct str *rest, size_t width) {
    if (rest->len < width) {
        return false;
    }
    int32_t value = 0;
    for (size_t i = 0; i < width; i++) {
        if (!ascii_is_digit(rest->ptr[i])) {
            return false;
        }
        value = value * 10 + (rest->ptr[i] - '0');
    }
    *out = value;
    *rest = str_skip(*rest, width);
    return true;
}

/* One or two digits; a blank may stand for the first ("Mar  2"). */
static bool take_short(int32_t *out, struct str *rest) {
    struct str s = *rest;
    if (s.len > 0 && s.ptr[0] == ' ') {
        s = str_skip(s, 1);
    }
    if (!take_fixed(out, &s, 2) && !take_fixed(out, &s, 1)) {
        return false;
    }
    *rest = s;
    return true;
}

/* ".123" or ",123": digits after the ninth are dropped. */
static void take_fraction(int32_t *nanosecond, struct str *rest) {
    *nanosecond = 0;
    bool mark = rest->len > 1 && (rest->ptr[0] == '.' || rest->ptr[0] == ',');
    if (!mark || !ascii_is_digit(rest->ptr[1])) {
        return;
    }
    size_t n = 1;
    int32_t scale = 100000000;
    for (; n < rest->len && ascii_is_digit(rest->ptr[n]); n++) {
        *nanosecond += (rest->ptr[n] - '0') * scale;
        scale /= 10;
    }
    *rest = str_skip(*rest, n);
}

/* " AM", " PM" (any case) after a 12-hour clock. */
static void take_half_day(struct civil *c, struct str *rest) {
    if (rest->len < 3 || rest->ptr[0] != ' ' || c->hour < 1 || c->hour > 12) {
        return;
    }
    bool pm = str_starts_ci(str_skip(*rest, 1), STR("pm"));
    bool am = str_starts_ci(str_skip(*rest, 1), STR("am"));
    bool ends = rest->len == 3 || !ascii_is_alnum(rest->ptr[3]);
    if ((am || pm) && ends) {
        c->hour = c->hour % 12 + (pm ? 12 : 0);
        *rest = str_skip(*rest, 3);
    }
}

bool time_take_clock(struct read_time *out, struct str *rest) {
    struct str s = *rest;
    struct civil *c = &out->civil;
    if (!(take_fixed(&c->hour, &s, 2) || take_fixed(&c->hour, &s, 1)) || !str_take_char(&s, ':') ||
        !take_fixed(&c->minute, &s, 2) || !str_take_char(&s, ':') ||
        !take_fixed(&c->second, &s, 2)) {
        return false;
    }
    take_fraction(&c->nanosecond, &s);
    take_half_day(c, &s);
    *rest = s;
    return true;
}

static bool take_month_name(int32_t *month, struct str *rest) {
    if (rest->len < 4) {
        return false;
    }
    *month = civil_month_from_name(str_head(*rest, 3));
    *rest = str_skip(*rest, 3);
    return *month > 0;
}

/* Four digits of a year, followed by a blank, a colon or the end. */
static bool take_year(int32_t *year, struct str *rest) {
    struct str s = *rest;
    int32_t value = 0;
    bool ends = take_fixed(&value, &s, 4) && (s.len == 0 || s.ptr[0] == ' ' || s.ptr[0] == ':');
    if (!ends || value < 1980 || value > 2200) {
        return false;
    }
    *year = value;
    *rest = s;
    return true;
}

bool time_take_bsd(struct read_time *out, struct str *rest) {
    *out = (struct read_time){0};
    struct str s = *rest;
    struct civil *c = &out->civil;
    if (!take_month_name(&c->month, &s) || !str_take_char(&s, ' ') || !take_short(&c->day, &s) ||
        !str_take_char(&s, ' ')) {
        return false;
    }
    struct str clock = s;
    if (take_year(&c->year, &clock) && str_take_char(&clock, ' ')) {
        s = clock;
    }
    if (!time_take_clock(out, &s)) {
        return false;
    }
    *rest = s;
    struct str after = s;
    if (c->year == 0 && str_take_char(&after, ' ') && take_year(&c->year, &after)) {
        *rest = after;
    }
    return true;
}

bool time_take_date(struct read_time *out, struct str *rest) {
    struct str s = *rest;
    struct civil *c = &out->civil;
    if (!take_fixed(&c->year, &s, 4) || s.len == 0 || (s.ptr[0] != '-' && s.ptr[0] != '/')) {
        return false;
    }
    char separator = s.ptr[0];
    s = str_skip(s, 1);
    if (!(take_fixed(&c->month, &s, 2) || take_fixed(&c->month, &s, 1)) ||
        !str_take_char(&s, separator) ||
        !(take_fixed(&c->day, &s, 2) || take_fixed(&c->day, &s, 1))) {
        return false;
    }
    *rest = s;
    return true;
}

/* "Z", "+09:00", "+0900" or "+09" at the front, ending at a byte that is no part of it. */
static bool take_offset(int64_t *out_ns, struct str *rest) {
    struct str s = *rest;
    if (str_take_char(&s, 'Z')) {
        *out_ns = 0;
        *rest = s;
        return true;
    }
    bool west = str_take_char(&s, '-');
    if (!west && !str_take_char(&s, '+')) {
        return false;
    }
    int32_t hours = 0;
    int32_t minutes = 0;
    if (!take_fixed(&hours, &s, 2)) {
        return false;
    }
    struct str after = s;
    (void)str_take_char(&after, ':');
    if (take_fixed(&minutes, &after, 2)) {
        s = after;
    }
    if (hours > 18 || minutes > 59 || (s.len > 0 && ascii_is_digit(s.ptr[0]))) {
        return false;
    }
    int64_t offset = hours * NS_PER_HOUR + minutes * NS_PER_MINUTE;
    *out_ns = west ? -offset : offset;
    *rest = s;
    return true;
}

static void take_optional_offset(struct read_time *out, struct str *rest) {
    struct str s = *rest;
    (void)str_take_char(&s, ' ');
    bool ok = take_offset(&out->offset_ns, &s) && (s.len == 0 || !ascii_is_alnum(s.ptr[0]));
    if (ok) {
        out->has_zone = true;
        *rest = s;
    }
}

bool time_take_iso(struct read_time *out, struct str *rest) {
    *out = (struct read_time){0};
    struct str s = *rest;
    if (!time_take_date(out, &s) || s.len == 0 || (s.ptr[0] != 'T' && s.ptr[0] != ' ')) {
        return false;
    }
    s = str_skip(s, 1);
    if (!time_take_clock(out, &s)) {
        return false;
    }
    take_optional_offset(out, &s);
    *rest = s;
    return true;
}

bool time_take_clf(struct read_time *out, struct str *rest) {
    *out = (struct read_time){0};
    struct str s = *rest;
    struct civil *c = &out->civil;
    if (!str_take_char(&s, '[') || !take_short(&c->day, &s) || !str_take_char(&s, '/') ||
        !take_month_name(&c->month, &s) || !str_take_char(&s, '/') ||
        !take_fixed(&c->year, &s, 4) || !str_take_char(&s, ':') || !time_take_clock(out, &s)) {
        return false;
    }
    take_optional_offset(out, &s);
    if (!str_take_char(&s, ']')) {
        return false;
    }
    *rest = s;
    return true;
}

bool time_take_dmy(struct read_time *out, struct str *rest) {
    *out = (struct read_time){0};
    struct str s = *rest;
    struct civil *c = &out->civil;
    if (!take_short(&c->day, &s) || !str_take_char(&s, '-') || !take_month_name(&c->month, &s) ||
        !str_take_char(&s, '-') || !take_fixed(&c->year, &s, 4) || !str_take_char(&s, ' ') ||
        !time_take_clock(out, &s)) {
        return false;
    }
    *rest = s;
    return true;
}

/* "+9", "-3:30" */
static bool take_short_offset(int64_t *out_ns, struct str *rest) {
    struct str s = *rest;
    int hour = 0;
    int minute = 0;
    bool west = str_take_char(&s, '-');
    if ((!west && !str_take_char(&s, '+')) || !take_short(&hour, &s) || hour > 14 ||
        (str_take_char(&s, ':') && (!take_fixed(&minute, &s, 2) || minute > 59))) {
        return false;
    }
    *out_ns = (west ? -1 : 1) * (INT64_C(3600) * hour + INT64_C(60) * minute) * NS_PER_SECOND;
    *rest = s;
    return true;
}

bool time_read_offset(int64_t *out_ns, struct str text) {
    bool open = str_take_char(&text, '(');
    bool named = str_starts_ci(text, STR("UTC")) || str_starts_ci(text, STR("GMT"));
    text = named ? str_skip(text, 3) : text;
    *out_ns = 0;
    bool none = named && (text.len == 0 || text.ptr[0] == ')');
    if (!none && !take_offset(out_ns, &text) && !take_short_offset(out_ns, &text)) {
        return false;
    }
    return open ? str_take_char(&text, ')')
                : text.len == 0; /* a place may follow: "(GMT+9:00)Tokyo" */
}

bool time_read_epoch(int64_t *out_ns, struct str text) {
    size_t dot = str_find_char(text, '.');
    struct str whole = str_head(text, dot);
    uint64_t value = 0;
    if (!num_parse_u64(&value, whole) || value > INT64_MAX) {
        return false;
    }
    int64_t unit = whole.len <= 11   ? NS_PER_SECOND
                   : whole.len <= 14 ? NS_PER_SECOND / 1000
                   : whole.len <= 17 ? 1000
                                     : 1;
    int64_t ns = 0;
    if (__builtin_mul_overflow((int64_t)value, unit, &ns)) {
        return false;
    }
    if (dot != STR_NONE) {
        struct str fraction = str_skip(text, dot);
        int32_t nanosecond = 0;
        take_fraction(&nanosecond, &fraction);
        if (fraction.len > 0 || unit != NS_PER_SECOND) {
            return false;
        }
        ns += nanosecond; /* below 10^11 s: no overflow */
    }
    *out_ns = ns;
    return true;
}

static int64_t to_utc(const struct parse_settings *settings, const struct read_time *time,
                      const struct civil *civil, uint32_t *flags) {
    int64_t local = civil_to_ns(civil);
    if (local == TIME_NONE) {
        return TIME_NONE;
    }
    if (time->has_zone) {
        return local - time->offset_ns; /* years 1678..2261: no overflow */
    }
    *flags |= settings->zone_is_guess ? ROW_ZONE_GUESSED : 0U;
    return zone_to_utc(settings->zone, local);
}

/* --year says the year of the first record; a month that falls from late to early in the year is
 * New Year. */
static int explicit_year(int first_year, struct year_memory *memory, int month) {
    if (memory->year == 0) {
        memory->year = first_year;
    } else if (memory->last_month >= 11 && month <= 2) {
        memory->year++;
    } else if (memory->last_month <= 2 && month >= 11 && memory->year > first_year) {
        memory->year--; /* a record of the old year that comes late */
    }
    memory->last_month = month;
    return memory->year;
}

static int64_t resolve_inferred(const struct parse_settings *settings, struct year_memory *memory,
                                const struct read_time *time, uint32_t *flags) {
    struct civil civil = time->civil;
    if (memory->newest_year == 0 || memory->newest_ns != settings->newest_ns) {
        memory->newest_ns = settings->newest_ns;
        memory->newest_year = civil_from_ns(settings->newest_ns).year;
    }
    civil.year = memory->newest_year + 1;
    for (int tries = 0; tries < 10; tries++, civil.year--) { /* 29 February: up to 8 years back */
        int64_t ns = to_utc(settings, time, &civil, flags);
        if (ns != TIME_NONE && ns <= settings->newest_ns) {
            return ns;
        }
    }
    return TIME_NONE;
}

int64_t time_resolve(const struct parse_settings *settings, struct year_memory *memory,
                     const struct read_time *time, uint32_t *flags) {
    if (time->civil.year != 0) {
        return to_utc(settings, time, &time->civil, flags);
    }
    *flags |= ROW_YEAR_INFERRED;
    if (settings->year == 0) {
        return resolve_inferred(settings, memory, time, flags);
    }
    struct civil civil = time->civil;
    if (civil.month < 1 || civil.month > 12) {
        return TIME_NONE;
    }
    civil.year = explicit_year(settings->year, memory, civil.month);
    return to_utc(settings, time, &civil, flags);
}

bool time_set_row(struct parse_context *context, struct batch *batch,
                  const struct read_time *time) {
    uint32_t flags = 0;
    int64_t ns = time_resolve(context->settings, context->years, time, &flags);
    if (ns == TIME_NONE) {
        return false;
    }
    struct row *row = batch_row(batch);
    row->time_ns = ns;
    row->flags |= flags;
    return true;
}
