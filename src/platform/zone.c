/*
 * Zones of the system's database: TZif (RFC 8536) versions 2 and 3, with the footer's POSIX TZ
 * rule for times after the last transition. Threads: `lock` guards the list of opened zones; a
 * zone never changes and never goes away once it is in the list.
 */
#include "zone.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "bytes.h"
#include "input_file.h"
#include "mem.h"
#include "num.h"

/* When daylight saving time changes in a year: "M3.2.0/2", "J60", "59" (POSIX TZ). */
struct zone_rule {
    char kind; /* 'M' month.week.day, 'J' day 1..365 without 29 February, 'D' day 0..365 */
    int month;
    int week;
    int day;
    int64_t second; /* local time of the change; may be negative or over 24 h (RFC 8536 3.3.1) */
};

struct zone {
    struct zone *next;
    struct str name;
    size_t transition_count;
    int64_t *transitions; /* UTC seconds, ascending */
    int32_t *offsets;     /* seconds east of UTC from transitions[i] on */
    int32_t first_offset; /* before transitions[0] */
    bool has_footer;
    bool has_summer;
    int32_t footer_offset;
    int32_t summer_offset;
    struct zone_rule summer_start;
    struct zone_rule summer_end;
};

enum { ZONE_NAME_MAX = 128 };

static const char zone_folder[] = "/usr/share/zoneinfo/";
static struct zone *zones;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct zone utc = {.name = STR_INIT("UTC")};

const struct zone *zone_utc(void) {
    return &utc;
}

struct str zone_name(const struct zone *zone) {
    return zone->name;
}

/* --- the footer's rule --- */

static bool take_number(int64_t *out, struct str *rest, int64_t max) {
    int64_t value = 0;
    size_t n = 0;
    while (n < rest->len && n < 6 && ascii_is_digit(rest->ptr[n])) {
        value = value * 10 + (rest->ptr[n] - '0');
        n++;
    }
    if (n == 0 || value > max) {
        return false;
    }
    *rest = str_skip(*rest, n);
    *out = value;
    return true;
}

/* "[+-]hh[:mm[:ss]]" in seconds. */
static bool take_clock(int64_t *out, struct str *rest) {
    bool negative = str_take_char(rest, '-');
    if (!negative) {
        (void)str_take_char(rest, '+');
    }
    int64_t hours = 0;
    int64_t minutes = 0;
    int64_t seconds = 0;
    if (!take_number(&hours, rest, 167)) {
        return false;
    }
    if (str_take_char(rest, ':') && !take_number(&minutes, rest, 59)) {
        return false;
    }
    if (str_take_char(rest, ':') && !take_number(&seconds, rest, 59)) {
        return false;
    }
    int64_t total = hours * 3600 + minutes * 60 + seconds;
    *out = negative ? -total : total;
    return true;
}

/* "EST" or "<+09>". */
static bool skip_abbreviation(struct str *rest) {
    size_t n = 0;
    if (str_take_char(rest, '<')) {
        n = str_find_char(*rest, '>');
        if (n == STR_NONE) {
            return false;
        }
        *rest = str_skip(*rest, n + 1);
        return n > 0;
    }
    while (n < rest->len && ascii_is_alpha(rest->ptr[n])) {
        n++;
    }
    *rest = str_skip(*rest, n);
    return n >= 3;
}

static bool take_rule(struct zone_rule *rule, struct str *rest) {
    int64_t a = 0;
    int64_t b = 0;
    int64_t c = 0;
    *rule = (struct zone_rule){.kind = 'D', .second = 7200};
    if (str_take_char(rest, 'M')) {
        rule->kind = 'M';
        if (!take_number(&a, rest, 12) || !str_take_char(rest, '.') || !take_number(&b, rest, 5) ||
            !str_take_char(rest, '.') || !take_number(&c, rest, 6) || a < 1 || b < 1) {
            return false;
        }
        rule->month = (int)a;
        rule->week = (int)b;
        rule->day = (int)c;
    } else {
        rule->kind = str_take_char(rest, 'J') ? 'J' : 'D';
        if (!take_number(&a, rest, 365)) {
            return false;
        }
        rule->day = (int)a;
    }
    return !str_take_char(rest, '/') || take_clock(&rule->second, rest);
}

static bool parse_footer(struct zone *zone, struct str text) {
    int64_t west = 0;
    if (!skip_abbreviation(&text) || !take_clock(&west, &text)) {
        return false;
    }
    zone->footer_offset = (int32_t)-west;
    zone->has_footer = true;
    if (text.len == 0) {
        return true;
    }
    int64_t summer_west = west - 3600;
    if (!skip_abbreviation(&text)) {
        return false;
    }
    if (text.len > 0 && text.ptr[0] != ',' && !take_clock(&summer_west, &text)) {
        return false;
    }
    zone->summer_offset = (int32_t)-summer_west;
    zone->has_summer = str_take_char(&text, ',') && take_rule(&zone->summer_start, &text) &&
                       str_take_char(&text, ',') && take_rule(&zone->summer_end, &text);
    return zone->has_summer;
}

static bool is_leap_year(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Local second (as if UTC) of the change in that year. */
static int64_t rule_second(const struct zone_rule *rule, int year) {
    int64_t day = 0;
    if (rule->kind == 'M') {
        int64_t first = civil_days(year, rule->month, 1);
        int sunday_based = (civil_weekday(first) + 1) % 7;
        day = first + (rule->day - sunday_based + 7) % 7 + (rule->week - 1) * 7;
        int64_t next_month =
            rule->month == 12 ? civil_days(year + 1, 1, 1) : civil_days(year, rule->month + 1, 1);
        if (day >= next_month) {
            day -= 7; /* week 5 means the last one */
        }
    } else if (rule->kind == 'J') {
        day = civil_days(year, 1, 1) + rule->day - 1 + (is_leap_year(year) && rule->day >= 60);
    } else {
        day = civil_days(year, 1, 1) + rule->day;
    }
    return day * 86400 + rule->second;
}

static int32_t footer_offset_at(const struct zone *zone, int64_t utc_second) {
    if (!zone->has_summer || utc_second > INT64_C(9000000000)) { /* the end of int64 ns is near */
        return zone->footer_offset;
    }
    int64_t local_ns = (utc_second + zone->footer_offset) * NS_PER_SECOND;
    int year = civil_from_ns(local_ns).year;
    int64_t start = rule_second(&zone->summer_start, year) - zone->footer_offset;
    int64_t end = rule_second(&zone->summer_end, year) - zone->summer_offset;
    bool summer = start < end ? utc_second >= start && utc_second < end
                              : utc_second >= start || utc_second < end;
    return summer ? zone->summer_offset : zone->footer_offset;
}

/* --- TZif --- */

struct tzif_header {
    size_t utc_count;
    size_t std_count;
    size_t leap_count;
    size_t time_count;
    size_t type_count;
    size_t char_count;
};

enum { TZIF_HEADER_BYTES = 44 };

static uint32_t be32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64_signed(const uint8_t *p) {
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static bool read_header(struct tzif_header *h, const uint8_t *bytes, size_t size) {
    if (size < TZIF_HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0) {
        return false;
    }
    h->utc_count = be32(bytes + 20);
    h->std_count = be32(bytes + 24);
    h->leap_count = be32(bytes + 28);
    h->time_count = be32(bytes + 32);
    h->type_count = be32(bytes + 36);
    h->char_count = be32(bytes + 40);
    return h->time_count < 100000 && h->type_count >= 1 && h->type_count <= 256 &&
           h->char_count < 100000 && h->leap_count < 100000 && h->utc_count <= 256 &&
           h->std_count <= 256;
}

static size_t body_size(const struct tzif_header *h, size_t time_bytes) {
    return h->time_count * (time_bytes + 1) + h->type_count * 6 + h->char_count +
           h->leap_count * (time_bytes + 4) + h->std_count + h->utc_count;
}

static bool fill_transitions(struct zone *zone, const struct tzif_header *h, const uint8_t *body) {
    const uint8_t *indices = body + h->time_count * 8;
    const uint8_t *types = indices + h->time_count;
    zone->transitions = mem_calloc(h->time_count + 1, sizeof *zone->transitions);
    zone->offsets = mem_calloc(h->time_count + 1, sizeof *zone->offsets);
    zone->transition_count = h->time_count;
    zone->first_offset = (int32_t)be32(types);
    for (size_t i = 0; i < h->time_count; i++) {
        if (indices[i] >= h->type_count) {
            return false;
        }
        zone->transitions[i] = be64_signed(body + i * 8);
        zone->offsets[i] = (int32_t)be32(types + (size_t)indices[i] * 6);
        if ((i > 0 && zone->transitions[i] <= zone->transitions[i - 1]) ||
            abs(zone->offsets[i]) > 26 * 3600) {
            return false;
        }
    }
    return abs(zone->first_offset) <= 26 * 3600;
}

static bool parse_tzif(struct zone *zone, const uint8_t *bytes, size_t size) {
    struct tzif_header h;
    if (!read_header(&h, bytes, size) || bytes[4] < '2') {
        return false;
    }
    size_t skip = TZIF_HEADER_BYTES + body_size(&h, 4);
    if (skip > size || !read_header(&h, bytes + skip, size - skip)) {
        return false;
    }
    const uint8_t *body = bytes + skip + TZIF_HEADER_BYTES;
    size_t left = size - skip - TZIF_HEADER_BYTES;
    size_t used = body_size(&h, 8);
    if (used > left || !fill_transitions(zone, &h, body)) {
        return false;
    }
    struct str footer = str_trim(str_make((const char *)body + used, left - used));
    return footer.len == 0 || parse_footer(zone, footer);
}

/* --- lookup --- */

static int32_t offset_at(const struct zone *zone, int64_t utc_second) {
    size_t low = 0;
    size_t high = zone->transition_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->transitions[middle] <= utc_second) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == zone->transition_count && zone->has_footer) {
        return footer_offset_at(zone, utc_second);
    }
    return low == 0 ? zone->first_offset : zone->offsets[low - 1];
}

static int64_t floor_second(int64_t ns) {
    int64_t second = ns / NS_PER_SECOND;
    return ns % NS_PER_SECOND < 0 ? second - 1 : second;
}

static int64_t shift(int64_t ns, int64_t offset_seconds) {
    int64_t out = 0;
    return __builtin_add_overflow(ns, offset_seconds * NS_PER_SECOND, &out) ? ns : out;
}

int64_t zone_to_local(const struct zone *zone, int64_t utc_ns) {
    return shift(utc_ns, offset_at(zone, floor_second(utc_ns)));
}

int64_t zone_to_utc(const struct zone *zone, int64_t local_ns) {
    if (zone->transition_count == 0 && !zone->has_summer) {
        return shift(local_ns, -(int64_t)offset_at(zone, 0));
    }
    int64_t local = floor_second(local_ns);
    int32_t before = offset_at(zone, local - 86400);
    int32_t after = offset_at(zone, local + 86400);
    bool later_only = before != after && offset_at(zone, local - before) != before &&
                      offset_at(zone, local - after) == after;
    return shift(local_ns, -(int64_t)(later_only ? after : before));
}

/* --- opening --- */

static const struct {
    struct str name;
    int32_t offset;
} abbreviations[] = {
    {STR_INIT("UTC"), 0},         {STR_INIT("GMT"), 0},         {STR_INIT("Z"), 0},
    {STR_INIT("JST"), 9 * 3600},  {STR_INIT("KST"), 9 * 3600},  {STR_INIT("CET"), 3600},
    {STR_INIT("CEST"), 2 * 3600}, {STR_INIT("BST"), 3600},      {STR_INIT("EST"), -5 * 3600},
    {STR_INIT("EDT"), -4 * 3600}, {STR_INIT("CST"), -6 * 3600}, {STR_INIT("CDT"), -5 * 3600},
    {STR_INIT("MST"), -7 * 3600}, {STR_INIT("MDT"), -6 * 3600}, {STR_INIT("PST"), -8 * 3600},
    {STR_INIT("PDT"), -7 * 3600},
};

/* "+09:00", "+0900", "-05"; a sign is needed. */
static bool parse_offset(int32_t *out, struct str s) {
    if (s.len < 3 || (s.ptr[0] != '+' && s.ptr[0] != '-')) {
        return false;
    }
    struct str digits = str_skip(s, 1);
    uint64_t hours = 0;
    uint64_t minutes = 0;
    struct str rest = str_skip(digits, 2);
    if (rest.len > 0 && rest.ptr[0] == ':') {
        rest = str_skip(rest, 1);
    }
    bool ok = num_parse_u64(&hours, str_head(digits, 2)) && hours <= 18 &&
              (digits.len == 2 || (rest.len == 2 && num_parse_u64(&minutes, rest)));
    if (!ok || minutes > 59) {
        return false;
    }
    int32_t offset = (int32_t)(hours * 3600 + minutes * 60);
    *out = s.ptr[0] == '-' ? -offset : offset;
    return true;
}

static bool find_fixed(int32_t *offset, struct str name) {
    if (parse_offset(offset, name)) {
        return true;
    }
    for (size_t i = 0; i < sizeof abbreviations / sizeof *abbreviations; i++) {
        if (str_eq_ci(abbreviations[i].name, name)) {
            *offset = abbreviations[i].offset;
            return true;
        }
    }
    return false;
}

/* Letters, digits, and "_+-/" between them; no "..", no leading '/'. */
static bool is_database_name(struct str name) {
    if (name.len == 0 || name.len > ZONE_NAME_MAX || !ascii_is_alpha(name.ptr[0])) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!ascii_is_alnum(c) && c != '_' && c != '+' && c != '-' && c != '/') {
            return false;
        }
    }
    return true;
}

static enum status load_file(struct zone *zone, const char *path, struct err *err) {
    struct input_file file;
    enum status status = input_file_open(&file, path, err);
    if (status != STATUS_OK) {
        return status;
    }
    bool ok = parse_tzif(zone, file.bytes, file.size_bytes);
    input_file_close(&file);
    if (!ok) {
        return err_set(err, STATUS_BAD_INPUT, "%s: not a time zone file (TZif version 2 or later)",
                       path);
    }
    return STATUS_OK;
}

static enum status no_zone(struct str name, struct err *err) {
    return err_set(err, STATUS_BAD_INPUT,
                   "'%.*s' is no time zone; use a name such as Asia/Tokyo, JST, UTC or +09:00",
                   STR_ARG(name));
}

static enum status load_zone(struct zone *zone, struct str name, struct err *err) {
    if (str_eq(name, STR("local"))) {
        return load_file(zone, "/etc/localtime", err);
    }
    int32_t fixed = 0;
    if (find_fixed(&fixed, name)) {
        zone->first_offset = fixed;
        return STATUS_OK;
    }
    if (!is_database_name(name)) {
        return no_zone(name, err);
    }
    char path[sizeof zone_folder + ZONE_NAME_MAX];
    memcpy(path, zone_folder, sizeof zone_folder - 1);
    memcpy(path + sizeof zone_folder - 1, name.ptr, name.len);
    path[sizeof zone_folder - 1 + name.len] = '\0';
    enum status status = load_file(zone, path, err);
    if (status == STATUS_NOT_FOUND) {
        return no_zone(name, err);
    }
    return status == STATUS_OK ? status : err_wrap(err, status, "time zone '%.*s'", STR_ARG(name));
}

static void zone_free(struct zone *zone) {
    mem_free(zone->transitions);
    mem_free(zone->offsets);
    mem_free((void *)(uintptr_t)zone->name.ptr);
    mem_free(zone);
}

enum status zone_open(const struct zone **out, struct str name, struct err *err) {
    pthread_mutex_lock(&lock);
    struct zone *zone = zones;
    while (zone != NULL && !str_eq(zone->name, name)) {
        zone = zone->next;
    }
    enum status status = STATUS_OK;
    if (zone == NULL) {
        zone = mem_calloc(1, sizeof *zone);
        zone->name = str_make(mem_strdup(name.ptr, name.len), name.len);
        status = load_zone(zone, name, err);
        if (status == STATUS_OK) {
            zone->next = zones;
            zones = zone;
        } else {
            zone_free(zone);
        }
    }
    pthread_mutex_unlock(&lock);
    if (status == STATUS_OK) {
        *out = zone;
    }
    return status;
}
