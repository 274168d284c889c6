#include "report_time.h"

#include "report_text.h"

static const struct str names[REPORT_TIME_COUNT] = {
#define REPORT_TIME(id, name, example) STR_INIT(name),
#include "report_times.def"
};

bool report_time_find(enum report_time_form *out, struct str name) {
    for (size_t i = 0; i < REPORT_TIME_COUNT; i++) {
        if (str_eq_ci(name, names[i])) {
            *out = (enum report_time_form)i;
            return true;
        }
    }
    return false;
}

void report_time_names(struct buf *out) {
    for (size_t i = 0; i < REPORT_TIME_COUNT; i++) {
        buf_add(out, i > 0 ? STR(" | ") : STR_EMPTY);
        buf_add(out, names[i]);
    }
}

/* "+02:00", with "" for the colon of RFC 2822. */
static void add_offset(struct buf *out, int64_t offset_ns, const char *colon) {
    int64_t minutes = offset_ns / NS_PER_MINUTE;
    int64_t size = minutes < 0 ? -minutes : minutes;
    buf_printf(out, "%c%02d%s%02d", minutes < 0 ? '-' : '+', (int)(size / 60 % 100), colon,
               (int)(size % 60));
}

static void add_clock(struct buf *out, const struct civil *c) {
    buf_printf(out, "%02d:%02d:%02d", c->hour, c->minute, c->second);
}

/* ".123", so many digits of the nanosecond */
static void add_fraction(struct buf *out, const struct civil *c, int digits) {
    buf_printf(out, ".%09d", c->nanosecond);
    out->len -= (size_t)(9 - digits);
}

static void add_unix(struct buf *out, int64_t ns) {
    int64_t size = ns < 0 ? -ns : ns;
    buf_printf(out, "%s%lld.%09lld", ns < 0 ? "-" : "", (long long)(size / NS_PER_SECOND),
               (long long)(size % NS_PER_SECOND));
}

static void add_rfc_2822(struct buf *out, const struct civil *c, int64_t offset_ns) {
    static const char days[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int day = civil_weekday(civil_days(c->year, c->month, c->day));
    buf_printf(out, "%s, %02d %s %04d ", days[day], c->day, months[c->month - 1], c->year);
    add_clock(out, c);
    buf_putc(out, ' ');
    add_offset(out, offset_ns, "");
}

/* A date of any order, the clock, milliseconds and the offset. */
static void add_dated(struct buf *out, enum report_time_form form, const struct civil *c,
                      int64_t offset_ns) {
    struct civil clock = *c;
    bool halves = form == REPORT_TIME_US;
    if (form == REPORT_TIME_EUROPEAN) {
        buf_printf(out, "%02d-%02d-%04d ", c->day, c->month, c->year);
    } else if (form == REPORT_TIME_PLAIN) {
        buf_printf(out, "%04d-%02d-%02d ", c->year, c->month, c->day);
    } else {
        buf_printf(out, "%02d-%02d-%04d ", c->month, c->day, c->year);
    }
    clock.hour = halves ? (c->hour + 11) % 12 + 1 : c->hour;
    add_clock(out, &clock);
    add_fraction(out, c, 3);
    buf_add(out, !halves ? STR(" ") : c->hour < 12 ? STR(" AM ") : STR(" PM "));
    add_offset(out, offset_ns, ":");
}

void report_time_write(struct buf *out, enum report_time_form form, int64_t ns,
                       const struct zone *zone) {
    if (ns == TIME_NONE || form == REPORT_TIME_DEFAULT) {
        report_text_time(out, ns, zone);
        return;
    }
    bool is_utc = zone == NULL || form == REPORT_TIME_ISO_8601;
    int64_t local = is_utc ? ns : zone_to_local(zone, ns);
    const struct civil c = civil_from_ns(local);
    switch (form) {
    case REPORT_TIME_UNIX:
        add_unix(out, ns);
        break;
    case REPORT_TIME_RFC_2822:
        add_rfc_2822(out, &c, local - ns);
        break;
    case REPORT_TIME_ISO_8601:
    case REPORT_TIME_RFC_3339:
        buf_printf(out, "%04d-%02d-%02d%c", c.year, c.month, c.day,
                   form == REPORT_TIME_ISO_8601 ? 'T' : ' ');
        add_clock(out, &c);
        add_fraction(out, &c, form == REPORT_TIME_ISO_8601 ? 7 : 6);
        if (form == REPORT_TIME_ISO_8601) {
            buf_putc(out, 'Z');
        } else {
            add_offset(out, local - ns, ":");
        }
        break;
    default:
        add_dated(out, form, &c, local - ns);
        break;
    }
}
