#include "civil.h"
#include "num.h"
#include "sigma.h"

/* Whole numbers stay exact; the unit follows from the size (the year 5138 in seconds is 1973 in
 * milliseconds: no log is of either). */
static bool read_epoch(int64_t *out_ns, struct str text) {
    static const struct {
        double below;
        int64_t unit_ns;
    } units[] = {{1e11, NS_PER_SECOND}, {1e14, 1000000}, {1e17, 1000}, {9.2e18, 1}};
    int64_t whole;
    double number;
    if (!num_parse_double(&number, text) || !(number > -1e11 && number < 9.2e18)) {
        return false;
    }
    size_t u = 0;
    while (number >= units[u].below) {
        u++;
    }
    if (num_parse_i64(&whole, text)) {
        if (whole > INT64_MAX / units[u].unit_ns || whole < INT64_MIN / units[u].unit_ns) {
            return false;
        }
        *out_ns = whole * units[u].unit_ns;
        return true;
    }
    long double ns = (long double)number * (long double)units[u].unit_ns;
    if (ns > 9.2e18L || ns < -9.2e18L) {
        return false;
    }
    *out_ns = (int64_t)(ns + (ns < 0 ? -0.5L : 0.5L));
    return true;
}

static bool read_time(int64_t *out_ns, struct str text) {
    bool has_zone;
    text = str_trim(text);
    return civil_parse_rfc3339(out_ns, &has_zone, text) || read_epoch(out_ns, text);
}

bool sigma_event_time(int64_t *out_ns, const struct sigma_event_value *values, size_t count) {
    static const char *const names[] = {"@timestamp", "timestamp", "TimeCreated_SystemTime"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        for (size_t i = 0; i < count; i++) {
            if (!values[i].is_null && str_eq(values[i].name, str_from_c(names[n])) &&
                read_time(out_ns, values[i].text)) {
                return true;
            }
        }
    }
    return false;
}
