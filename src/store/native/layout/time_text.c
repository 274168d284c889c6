#include "time_text.h"

#include "num.h"

enum { MINUTES_15 = 900, ZONE_LIMIT = 15 * 3600 };

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekday_names[] = "MonTueWedThuFriSatSun";

/* --- printing --- */

/* The instant, split once a text. */
struct moment {
    int64_t second; /* since 1970, UTC */
    uint32_t nanosecond;
    struct civil local;
    int32_t zone_seconds;
};

static int64_t floor_seconds(int64_t ns) {
    return ns / NS_PER_SECOND - (ns % NS_PER_SECOND < 0);
}

static struct moment moment_make(int64_t time_ns, int32_t zone_seconds) {
    struct moment m = {.second = floor_seconds(time_ns), .zone_seconds = zone_seconds};
    m.nanosecond = (uint32_t)(time_ns - m.second * NS_PER_SECOND);
    int64_t shift = (int64_t)zone_seconds * NS_PER_SECOND;
    int64_t local = time_ns;
    if (__builtin_add_overflow(time_ns, shift, &local)) {
        local = time_ns; /* hostile zone at the end of time: any text will do, it is compared */
    }
    m.local = civil_from_ns(local);
    return m;
}

/* `width` decimal digits, with `pad` for leading zeros but the last digit; pad 0: none. */
static void put_digits(struct buf *out, uint64_t value, unsigned width, char pad) {
    char digits[20];
    for (unsigned i = width; i > 0; i--) {
        digits[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    unsigned first = 0;
    for (; first + 1 < width && pad != '0' && digits[first] == '0'; first++) {
        digits[first] = pad;
    }
    first = pad == '\0' ? first : 0;
    buf_append(out, digits + first, width - first);
}

static void put_zone(struct buf *out, int32_t zone_seconds, bool colon) {
    uint32_t minutes = (uint32_t)(zone_seconds < 0 ? -(int64_t)zone_seconds : zone_seconds) / 60;
    buf_putc(out, zone_seconds < 0 ? '-' : '+');
    put_digits(out, minutes / 60 % 100, 2, '0');
    if (colon) {
        buf_putc(out, ':');
    }
    put_digits(out, minutes % 60, 2, '0');
}

static void put_name(struct buf *out, const char *names, int32_t index) {
    buf_append(out, names + 3 * index, 3);
}

static void put_fraction(struct buf *out, uint32_t nanosecond, unsigned digits) {
    static const uint32_t powers[] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    put_digits(out, nanosecond / powers[9 - digits], digits, '0');
}

static uint64_t day_of_year(const struct civil *c) {
    return (uint64_t)(civil_days(c->year, c->month, c->day) - civil_days(c->year, 1, 1) + 1);
}

static void put_calendar(struct buf *out, const struct moment *m, char part) {
    const struct civil *c = &m->local;
    switch (part) {
    case 'Y':
        put_digits(out, (uint64_t)c->year, 4, '0');
        break;
    case 'y':
        put_digits(out, (uint64_t)c->year, 2, '0');
        break;
    case 'm':
    case 'L':
        put_digits(out, (uint64_t)c->month, 2, part == 'm' ? '0' : '\0');
        break;
    case 'd':
    case 'e':
    case 'D':
        put_digits(out, (uint64_t)c->day, 2, part == 'd' ? '0' : part == 'e' ? ' ' : '\0');
        break;
    case 'j':
        put_digits(out, day_of_year(c), 3, '0');
        break;
    case 'b':
        put_name(out, month_names, c->month - 1);
        break;
    default: /* a */
        put_name(out, weekday_names, civil_weekday(civil_days(c->year, c->month, c->day)));
        break;
    }
}

static void put_clock(struct buf *out, const struct moment *m, char part) {
    const struct civil *c = &m->local;
    switch (part) {
    case 'H':
    case 'k':
    case 'K':
        put_digits(out, (uint64_t)c->hour, 2, part == 'H' ? '0' : part == 'k' ? ' ' : '\0');
        break;
    case 'M':
        put_digits(out, (uint64_t)c->minute, 2, '0');
        break;
    case 'S':
        put_digits(out, (uint64_t)c->second, 2, '0');
        break;
    case 'z':
    case 'Z':
        put_zone(out, m->zone_seconds, part == 'z');
        break;
    default: { /* s */
        char digits[20];
        buf_append(out, digits, num_format_i64(digits, m->second));
        break;
    }
    }
}

static bool is_fraction(char part) {
    return part >= '1' && part <= '9';
}

static void put_part(struct buf *out, const struct moment *m, char part) {
    if (is_fraction(part)) {
        put_fraction(out, m->nanosecond, (unsigned)(part - '0'));
    } else if (part != '\0' && strchr("YymLdeDjba", part) != NULL) {
        put_calendar(out, m, part);
    } else if (part != '\0' && strchr("HkKMSzZs", part) != NULL) {
        put_clock(out, m, part);
    } else {
        if (part != '%') {
            buf_putc(out, '%');
        }
        buf_putc(out, part);
    }
}

/* Prints all, and notes in the cache (if any) where the fractions stand. */
static void print_fresh(struct buf *out, struct str pattern, const struct moment *m,
                        struct time_cache *cache) {
    size_t start = out->len;
    bool keeps = cache != NULL;
    uint8_t fractions = 0;
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.ptr[i] != '%' || i + 1 == pattern.len) {
            buf_putc(out, pattern.ptr[i]);
            continue;
        }
        char part = pattern.ptr[++i];
        size_t at = out->len - start;
        put_part(out, m, part);
        if (keeps && is_fraction(part)) {
            keeps = fractions < sizeof cache->fractions / sizeof *cache->fractions && at < 255;
            if (keeps) {
                cache->fractions[fractions].at = (uint8_t)at;
                cache->fractions[fractions++].digits = (uint8_t)(part - '0');
            }
        }
    }
    size_t len = out->len - start;
    if (cache != NULL) {
        cache->valid = keeps && len <= TIME_TEXT_BYTES;
    }
    if (cache != NULL && cache->valid) {
        memcpy(cache->text, out->ptr + start, len);
        cache->len = (uint8_t)len;
        cache->second = m->second;
        cache->fraction_count = fractions;
    }
}

static void overwrite_digits(char *at, uint32_t nanosecond, unsigned digits) {
    uint32_t value = nanosecond;
    for (unsigned i = digits; i < 9; i++) {
        value /= 10;
    }
    for (unsigned i = digits; i > 0; i--) {
        at[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

void time_text_print(struct buf *out, struct str pattern, int32_t zone_seconds, int64_t time_ns,
                     struct time_cache *cache) {
    if (cache != NULL && cache->valid && cache->second == floor_seconds(time_ns)) {
        char *text = buf_reserve(out, TIME_TEXT_BYTES);
        memcpy(text, cache->text, TIME_TEXT_BYTES);
        uint32_t nanosecond = (uint32_t)(time_ns - cache->second * NS_PER_SECOND);
        for (uint8_t i = 0; i < cache->fraction_count; i++) {
            overwrite_digits(text + cache->fractions[i].at, nanosecond, cache->fractions[i].digits);
        }
        out->len += cache->len;
        return;
    }
    struct moment m = moment_make(time_ns, zone_seconds);
    print_fresh(out, pattern, &m, cache);
}

/* --- reading a text, part by part --- */

struct scan {
    struct str text;
    size_t at;
    char pattern[TIME_PATTERN_BYTES];
    size_t pattern_len;
    struct civil civil; /* year 0: none */
    bool has_date;
    bool has_clock;
    bool has_zone;
    int32_t zone_seconds;
};

static void emit(struct scan *s, const char *parts) {
    size_t len = strlen(parts);
    if (s->pattern_len + len <= sizeof s->pattern) {
        memcpy(s->pattern + s->pattern_len, parts, len);
    }
    s->pattern_len += len; /* too long: scan_is_whole says no */
}

static void emit_char(struct scan *s, char c) {
    char text[3] = {c, '\0', '\0'};
    if (c == '%') {
        text[1] = '%';
    }
    emit(s, text);
}

static char peek(const struct scan *s, size_t ahead) {
    return s->at + ahead < s->text.len ? s->text.ptr[s->at + ahead] : '\0';
}

/* How many digits stand at `ahead`, up to `limit`. */
static size_t digits_at(const struct scan *s, size_t ahead, size_t limit) {
    size_t n = 0;
    while (n < limit && ascii_is_digit(peek(s, ahead + n))) {
        n++;
    }
    return n;
}

static int32_t number_at(const struct scan *s, size_t ahead, size_t digits) {
    int32_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        value = value * 10 + (peek(s, ahead + i) - '0');
    }
    return value;
}

/* Exactly `digits` digits, not more. */
static bool has_number(const struct scan *s, size_t ahead, size_t digits) {
    return digits_at(s, ahead, digits + 1) == digits;
}

static int name_at(const struct scan *s, const char *names, int count) {
    if (s->at + 3 > s->text.len) {
        return -1;
    }
    for (int i = 0; i < count; i++) {
        if (memcmp(names + (size_t)i * 3, s->text.ptr + s->at, 3) == 0) {
            return i;
        }
    }
    return -1;
}

/* "2026-03-02", "2026/3/2", "2026.03.02" */
static bool take_ymd(struct scan *s) {
    char sep = peek(s, 4);
    if (!has_number(s, 0, 4) || (sep != '-' && sep != '/' && sep != '.')) {
        return false;
    }
    size_t month = digits_at(s, 5, 3);
    size_t day = month < 1 || month > 2 ? 0 : digits_at(s, 6 + month, 3);
    if (day < 1 || day > 2 || peek(s, 5 + month) != sep) {
        return false;
    }
    s->civil.year = number_at(s, 0, 4);
    s->civil.month = number_at(s, 5, month);
    s->civil.day = number_at(s, 6 + month, day);
    emit(s, "%Y");
    emit_char(s, sep);
    emit(s, month == 2 ? "%m" : "%L");
    emit_char(s, sep);
    emit(s, day == 2 ? "%d" : "%D");
    s->at += 6 + month + day;
    return true;
}

/* "02/Mar/2026", "2-Mar-2026" */
static bool take_dby(struct scan *s) {
    size_t day = digits_at(s, 0, 3);
    char sep = peek(s, day);
    if (day < 1 || day > 2 || (sep != '/' && sep != '-' && sep != ' ')) {
        return false;
    }
    struct scan month = *s;
    month.at += day + 1;
    int index = name_at(&month, month_names, 12);
    if (index < 0 || peek(s, day + 4) != sep || !has_number(s, day + 5, 4)) {
        return false;
    }
    s->civil.day = number_at(s, 0, day);
    s->civil.month = index + 1;
    s->civil.year = number_at(s, day + 5, 4);
    emit(s, day == 2 ? "%d" : "%D");
    emit_char(s, sep);
    emit(s, "%b");
    emit_char(s, sep);
    emit(s, "%Y");
    s->at += day + 9;
    return true;
}

/* "Mar  2", "Mar 02", "Mar 2", each with " 2026" if a clock follows that. */
static bool take_bsd(struct scan *s) {
    int month = name_at(s, month_names, 12);
    if (month < 0 || peek(s, 3) != ' ') {
        return false;
    }
    bool padded = peek(s, 4) == ' ';
    size_t from = padded ? 5 : 4;
    size_t day = digits_at(s, from, 3);
    if (day < 1 || day > 2 || (padded && day != 1)) {
        return false;
    }
    s->civil.month = month + 1;
    s->civil.day = number_at(s, from, day);
    emit(s, "%b ");
    emit(s, padded ? "%e" : day == 2 ? "%d" : "%D");
    s->at += from + day;
    if (peek(s, 0) == ' ' && has_number(s, 1, 4) && peek(s, 5) == ' ' && digits_at(s, 6, 3) > 0 &&
        peek(s, 6 + digits_at(s, 6, 3)) == ':') {
        s->civil.year = number_at(s, 1, 4);
        emit(s, " %Y");
        s->at += 5;
    }
    return true;
}

static bool take_date(struct scan *s) {
    s->has_date = take_ymd(s) || take_dby(s) || take_bsd(s);
    return s->has_date;
}

static void take_fraction(struct scan *s) {
    char sep = peek(s, 0);
    size_t digits = sep == '.' || sep == ',' ? digits_at(s, 1, 10) : 0;
    if (digits >= 1 && digits <= 9) {
        char part[3] = {'%', (char)('0' + digits), '\0'};
        emit_char(s, sep);
        emit(s, part);
        s->at += 1 + digits;
    }
}

/* "Z", "+09:00", "+0900", also behind a blank. */
static void take_zone(struct scan *s) {
    if (peek(s, 0) == 'Z' && !ascii_is_alnum(peek(s, 1))) {
        emit(s, "Z");
        s->at++;
        s->has_zone = true;
        return;
    }
    size_t blank = peek(s, 0) == ' ';
    char sign = peek(s, blank);
    if (sign != '+' && sign != '-') {
        return;
    }
    bool colon = digits_at(s, blank + 1, 2) == 2 && peek(s, blank + 3) == ':';
    size_t minutes = blank + 3 + colon;
    if (!(colon ? has_number(s, minutes, 2) : has_number(s, blank + 1, 4))) {
        return;
    }
    int32_t zone = number_at(s, blank + 1, 2) * 3600 + number_at(s, minutes, 2) * 60;
    s->zone_seconds = sign == '-' ? -zone : zone;
    s->has_zone = true;
    emit(s, blank ? " " : "");
    emit(s, colon ? "%z" : "%Z");
    s->at = s->at + minutes + 2;
}

/* "09:00:00", "9:00:00", with fraction and zone. */
static bool take_clock(struct scan *s) {
    size_t hour = digits_at(s, 0, 3);
    if (hour < 1 || hour > 2 || peek(s, hour) != ':' || !has_number(s, hour + 1, 2) ||
        peek(s, hour + 3) != ':' || !has_number(s, hour + 4, 2)) {
        return false;
    }
    s->civil.hour = number_at(s, 0, hour);
    s->civil.minute = number_at(s, hour + 1, 2);
    s->civil.second = number_at(s, hour + 4, 2);
    emit(s, hour == 2 ? "%H:%M:%S" : "%K:%M:%S");
    s->at += hour + 6;
    s->has_clock = true;
    take_fraction(s);
    take_zone(s);
    return true;
}

static void take_trailing_year(struct scan *s) {
    if (s->has_date && s->civil.year == 0 && s->has_clock && peek(s, 0) == ' ' &&
        has_number(s, 1, 4)) {
        s->civil.year = number_at(s, 1, 4);
        emit(s, " %Y");
        s->at += 5;
    }
}

/* The longest time at the start of the text; at = 0 if none. */
static void scan_time(struct scan *s, struct str text) {
    *s = (struct scan){.text = text};
    if (name_at(s, weekday_names, 7) >= 0 && peek(s, 3) == ' ') {
        emit(s, "%a ");
        s->at = 4;
    }
    if (take_date(s)) {
        char sep = peek(s, 0);
        struct scan clock = *s;
        if (sep == 'T' || sep == ' ' || sep == ':') {
            emit_char(&clock, sep);
            clock.at++;
            *s = take_clock(&clock) ? clock : *s;
        }
    } else if (s->at > 0 || !take_clock(s)) {
        s->at = 0;
        return;
    }
    take_trailing_year(s);
}

size_t time_text_span(struct str s) {
    char first = s.len > 0 ? s.ptr[0] : '\0';
    if (s.len < 6 || !(ascii_is_digit(first) || strchr("JFMASONDTW", first) != NULL)) {
        return 0;
    }
    struct scan scan;
    scan_time(&scan, s);
    bool good = scan.pattern_len <= TIME_PATTERN_BYTES && scan.civil.month <= 12 &&
                scan.civil.day <= 31 && scan.civil.hour <= 24 && scan.civil.minute < 60 &&
                scan.civil.second <= 60;
    return good ? scan.at : 0;
}

/* --- learning --- */

static bool prints(struct str pattern, int32_t zone_seconds, int64_t time_ns, struct str text) {
    struct buf printed = BUF_INIT;
    time_text_print(&printed, pattern, zone_seconds, time_ns, NULL);
    bool same = str_eq(buf_str(&printed), text);
    buf_fini(&printed);
    return same;
}

/* Digits only, or with one '.': seconds, milli-, micro-, nanoseconds since 1970. */
static bool learn_epoch(char pattern[TIME_PATTERN_BYTES], size_t *len, struct str text) {
    size_t dot = str_find_char(text, '.');
    size_t whole = dot == STR_NONE ? text.len : dot;
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.ptr[i]) && i != dot) {
            return false;
        }
    }
    size_t fraction = dot == STR_NONE ? 0 : text.len - dot - 1;
    if (dot == STR_NONE && text.len >= 11 && text.len <= 19) {
        whole = 10;
        fraction = text.len - 10;
    }
    if (whole < 9 || whole > 10 || fraction > 9 || (dot != STR_NONE && fraction == 0)) {
        return false;
    }
    char *at = pattern;
    memcpy(at, "%s", 2);
    at += 2;
    if (dot != STR_NONE) {
        *at++ = '.';
    }
    if (fraction > 0) {
        *at++ = '%';
        *at++ = (char)('0' + fraction);
    }
    *len = (size_t)(at - pattern);
    return true;
}

/* The zone that makes the civil time the instant, if it is a multiple of 15 minutes. */
static bool find_zone(int32_t *out, const struct scan *s, int64_t time_ns, int32_t hint) {
    if (s->has_zone) {
        *out = s->zone_seconds;
        return true;
    }
    if (!s->has_clock) {
        *out = hint;
        return true;
    }
    struct civil now = civil_from_ns(time_ns);
    struct civil c = s->civil;
    c.nanosecond = 0;
    if (!s->has_date) {
        c.month = now.month;
        c.day = now.day;
    }
    c.year = c.year == 0 ? now.year : c.year;
    int64_t local = civil_to_ns(&c);
    if (local == TIME_NONE) {
        return false;
    }
    int64_t zone = floor_seconds(local) - floor_seconds(time_ns);
    if (!s->has_date) { /* the day may be another one: nearest to the hint */
        zone += zone - hint > 43200 ? -86400 : zone - hint < -43200 ? 86400 : 0;
    }
    *out = (int32_t)zone;
    return zone >= -ZONE_LIMIT && zone <= ZONE_LIMIT && zone % MINUTES_15 == 0;
}

bool time_text_learn(char pattern[TIME_PATTERN_BYTES], int32_t *zone_seconds, struct str text,
                     int64_t time_ns, int32_t zone_hint) {
    char learned[TIME_PATTERN_BYTES];
    size_t len = 0;
    int32_t zone = 0;
    if (text.len < 6 || text.len > TIME_TEXT_BYTES || time_ns == TIME_NONE) {
        return false;
    }
    if (!learn_epoch(learned, &len, text)) {
        struct scan s;
        scan_time(&s, text);
        if (s.at != text.len || s.pattern_len >= TIME_PATTERN_BYTES ||
            !find_zone(&zone, &s, time_ns, zone_hint)) {
            return false;
        }
        len = s.pattern_len;
        memcpy(learned, s.pattern, len);
    }
    if (len >= TIME_PATTERN_BYTES || !prints(str_make(learned, len), zone, time_ns, text)) {
        return false;
    }
    memset(pattern, 0, TIME_PATTERN_BYTES);
    memcpy(pattern, learned, len);
    *zone_seconds = zone;
    return true;
}
