/*
 * Working days, office hours, maintenance. Japan's national holidays follow the Act on National
 * Holidays (国民の祝日に関する法律): fixed days, Happy Mondays, equinoxes (the Astronomical
 * Observatory's approximation, right for 1980-2099), the moves for the Olympic Games of 2020/21,
 * the enthronement of 2019, substitute holidays and days between two holidays.
 */
#include <math.h>
#include <stdlib.h>

#include "site_priv.h"

static int32_t day_number(int32_t year, int32_t month, int32_t day) {
    return (int32_t)civil_days(year, month, day);
}

static bool is_nth_monday(int32_t year, int32_t month, int32_t day, int32_t nth) {
    return civil_weekday(day_number(year, month, day)) == 0 && (day - 1) / 7 + 1 == nth;
}

static int32_t equinox_day(int32_t year, double base) {
    return (int32_t)floor(base + 0.242194 * (year - 1980)) - (year - 1980) / 4;
}

/* Days that were holidays once, or were moved there. */
static bool is_special(int32_t year, int32_t month, int32_t day) {
    static const struct {
        int32_t year, month, day;
    } special[] = {{2019, 4, 30}, {2019, 5, 1},  {2019, 5, 2},  {2019, 10, 22}, {2020, 7, 23},
                   {2020, 7, 24}, {2020, 8, 10}, {2021, 7, 22}, {2021, 7, 23},  {2021, 8, 8}};
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (special[i].year == year && special[i].month == month && special[i].day == day) {
            return true;
        }
    }
    return false;
}

static bool is_fixed(int32_t year, int32_t month, int32_t day) {
    bool moved = year == 2020 || year == 2021;
    switch (month * 100 + day) {
    case 101:
    case 211:
    case 429:
    case 503:
    case 504:
    case 505:
    case 1103:
    case 1123:
        return true;
    case 223:
        return year >= 2020;
    case 811:
        return year >= 2016 && !moved;
    case 1223:
        return year < 2019;
    default:
        return false;
    }
}

/* A holiday by name, without substitutes. */
static bool is_named(int32_t year, int32_t month, int32_t day) {
    bool moved = year == 2020 || year == 2021;
    return is_fixed(year, month, day) || is_special(year, month, day) ||
           (month == 1 && is_nth_monday(year, 1, day, 2)) ||
           (month == 3 && day == equinox_day(year, 20.8431)) ||
           (month == 7 && !moved && is_nth_monday(year, 7, day, 3)) ||
           (month == 9 && is_nth_monday(year, 9, day, 3)) ||
           (month == 9 && day == equinox_day(year, 23.2488)) ||
           (month == 10 && !moved && is_nth_monday(year, 10, day, 2));
}

static bool is_named_day(int64_t days) {
    struct civil c = civil_from_ns(days * NS_PER_DAY);
    return is_named(c.year, c.month, c.day);
}

bool site_is_japanese_holiday(int32_t year, int32_t month, int32_t day) {
    int64_t days = civil_days(year, month, day);
    if (is_named(year, month, day) || (is_named_day(days - 1) && is_named_day(days + 1))) {
        return true;
    }
    /* Substitute: the first day after a Sunday holiday that is none itself. */
    for (int64_t before = days - 1; is_named_day(before); before--) {
        if (civil_weekday(before) == 6) {
            return true;
        }
    }
    return false;
}

static int compare_days(const void *a, const void *b) {
    const int32_t *x = a;
    const int32_t *y = b;
    return (*x > *y) - (*x < *y);
}

bool site_is_day_off(const struct site *site, int32_t local_day) {
    if (!site->workday[civil_weekday(local_day)]) {
        return true;
    }
    if (site->holidays.count > 0 && bsearch(&local_day, site->holidays.items, site->holidays.count,
                                            sizeof local_day, compare_days)) {
        return true;
    }
    struct civil c = civil_from_ns((int64_t)local_day * NS_PER_DAY);
    if (site->japanese_holidays && site_is_japanese_holiday(c.year, c.month, c.day)) {
        return true;
    }
    return site->year_end && ((c.month == 12 && c.day >= 29) || (c.month == 1 && c.day <= 3));
}

int32_t site_local_day(const struct site *site, int64_t time_ns) {
    int64_t local = zone_to_local(site->zone, time_ns);
    int64_t day = local / NS_PER_DAY - (local % NS_PER_DAY < 0);
    return (int32_t)day;
}

int64_t site_day_start(const struct site *site, int32_t local_day) {
    return zone_to_utc(site->zone, (int64_t)local_day * NS_PER_DAY);
}

bool site_is_office_hours(const struct site *site, int64_t time_ns) {
    int64_t local = zone_to_local(site->zone, time_ns);
    int32_t day = site_local_day(site, time_ns);
    int64_t second = (local - (int64_t)day * NS_PER_DAY) / NS_PER_SECOND;
    return !site_is_day_off(site, day) && second >= site->start_second && second < site->end_second;
}

bool site_in_maintenance(const struct site *site, int64_t time_ns, struct str *why) {
    for (size_t i = 0; i < site->maintenance_count; i++) {
        const struct maintenance *m = &site->maintenance[i];
        if (time_ns >= m->from_ns && time_ns < m->to_ns) {
            *why = m->why;
            return true;
        }
    }
    return false;
}
