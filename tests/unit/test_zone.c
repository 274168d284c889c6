/* Time zones: the system's database, fixed offsets, gaps and folds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "zone.h"

static const struct zone *open_zone(const char *name) {
    const struct zone *zone = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(zone_open(&zone, str_from_c(name), &err), STATUS_OK);
    return zone;
}

static int64_t at(const char *text) {
    int64_t ns = 0;
    bool has_zone = false;
    assert_true(civil_parse_rfc3339(&ns, &has_zone, str_from_c(text)));
    return ns;
}

static void check(const char *zone, const char *local, const char *utc) {
    int64_t got = zone_to_utc(open_zone(zone), at(local));
    char text[CIVIL_RFC3339_BYTES];
    (void)civil_format_rfc3339(text, got);
    if (got != at(utc)) {
        print_error("%s %s: got %.30s, want %s\n", zone, local, text, utc);
    }
    assert_true(got == at(utc));
}

static void test_fixed(void **state) {
    (void)state;
    check("UTC", "2026-03-02T00:00:00", "2026-03-02T00:00:00Z");
    check("JST", "2026-03-02T00:00:00", "2026-03-01T15:00:00Z");
    check("+09:00", "2026-03-02T00:00:00", "2026-03-01T15:00:00Z");
    check("+0530", "2026-03-02T00:00:00", "2026-03-01T18:30:00Z");
    check("-05", "2026-03-02T00:00:00", "2026-03-02T05:00:00Z");
}

static void test_tokyo(void **state) {
    (void)state;
    check("Asia/Tokyo", "2026-03-02T00:00:00.123456789", "2026-03-01T15:00:00.123456789Z");
    check("Asia/Tokyo", "1949-08-01T12:00:00", "1949-08-01T02:00:00Z"); /* summer time then */
    check("Asia/Tokyo", "2100-01-01T00:00:00", "2099-12-31T15:00:00Z");
}

static void test_gap_and_fold(void **state) {
    (void)state;
    const char *ny = "America/New_York";
    check(ny, "2026-01-15T12:00:00", "2026-01-15T17:00:00Z");
    check(ny, "2026-07-15T12:00:00", "2026-07-15T16:00:00Z");
    check(ny, "2026-03-08T02:30:00", "2026-03-08T07:30:00Z"); /* skipped: forward */
    check(ny, "2026-11-01T01:30:00", "2026-11-01T05:30:00Z"); /* twice: the first */
    check(ny, "2026-11-01T02:30:00", "2026-11-01T07:30:00Z");
    check(ny, "2100-07-15T12:00:00", "2100-07-15T16:00:00Z"); /* by the footer's rule */
    check(ny, "2100-01-15T12:00:00", "2100-01-15T17:00:00Z");
    check("Australia/Sydney", "2090-01-15T12:00:00", "2090-01-15T01:00:00Z");
}

static void test_to_local_is_the_inverse(void **state) {
    (void)state;
    static const char *const names[] = {"Asia/Tokyo", "America/New_York", "Europe/London",
                                        "Asia/Kolkata"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct zone *zone = open_zone(names[i]);
        for (int64_t day = -20000; day < 40000; day += 37) {
            int64_t utc = day * NS_PER_DAY + 12 * NS_PER_HOUR;
            assert_true(zone_to_utc(zone, zone_to_local(zone, utc)) == utc);
        }
    }
}

static void test_refused(void **state) {
    (void)state;
    static const char *const names[] = {
        "",       "../../etc/passwd", "/etc/localtime", "No/Such_Zone",
        "+25:00", "Asia/Tokyo\n",     "posix/../UTC2"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct zone *zone = NULL;
        struct err err = ERR_INIT;
        assert_int_equal(zone_open(&zone, str_from_c(names[i]), &err), STATUS_BAD_INPUT);
        assert_non_null(strstr(err.message, "is no time zone; use a name such as"));
        assert_true(err.message[0] != '\0');
        assert_null(zone);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fixed), cmocka_unit_test(test_tokyo),
                                       cmocka_unit_test(test_gap_and_fold),
                                       cmocka_unit_test(test_to_local_is_the_inverse),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
