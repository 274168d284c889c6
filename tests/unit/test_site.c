#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "analysis.h"
#include "input_file.h"
#include "site.h"
#include "site_rules.h"

static struct site *parse(const char *text) {
    struct site *site = NULL;
    struct err err = ERR_INIT;
    if (site_parse(&site, str_from_c(text), "site.conf", &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    return site;
}

static void refuses(const char *text, const char *message_part) {
    struct site *site = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(site_parse(&site, str_from_c(text), "site.conf", &err), STATUS_BAD_INPUT);
    assert_null(site);
    if (str_find(str_from_c(err.message), str_from_c(message_part)) == STR_NONE) {
        fail_msg("'%s' is not in: %s", message_part, err.message);
    }
}

static void errors_name_line_and_value(void **state) {
    (void)state;
    refuses("zone = \"UTC\"\n\nnetworks { internal = [\"10.0.0.0/8\", \"10.0.0.300\"] }\n",
            "line 3");
    refuses("networks { internal = [\"10.0.0.300\"] }\n", "10.0.0.300");
    refuses("netwroks { }\n", "netwroks");
    refuses("server a { ip = \"x\" }\n", "must be an address");
    refuses("allow { analysis = PX-04, match { }, owner = a, reason = b, until = never }",
            "at least one");
    refuses("allow { analysis = PX-04, match { port = 1 }, reason = b, until = never }", "owner");
    refuses("allow { analysis = PX-04, match { port = 1 }, owner = a, reason = b }", "until");
    refuses(
        "allow { analysis = PX-04, match { color = red }, owner = a, reason = b, until = never }",
        "color");
    refuses("params { px02 { days = 99 } }\n", "between 2 and 14");
    refuses("params { px02 { dais = 3 } }\n", "unknown parameter");
    refuses("zone = \"Mars/Base\"\n", "zone");
    refuses("maintenance { from = \"2026-03-02T19:00\", to = \"2026-03-02T18:00\", owner = a, "
            "reason = b "
            "}\n",
            "from before to");
}

#define COMMON "owner = a, reason = b, until = \"2027-03-31\""

static void rule_sections_need_all_their_parts(void **state) {
    (void)state;
    refuses("rules { disable { rule = x, reason = b, until = never } }", "owner");
    refuses("rules {\n\n disable { rule = x, owner = a, until = never } }", "line 3");
    refuses("rules { disable { rule = x, owner = a, reason = b } }", "until");
    refuses("rules { disable { rule = x, owner = a, reason = b, until = soon } }", "2027-03-31");
    refuses("rules { disable { " COMMON " } }", "needs rule, tag or title");
    refuses("rules { disable { rule = x, match { a = b }, " COMMON " } }", "takes no match");
    refuses("rules { suppress { rule = x, " COMMON " } }", "needs match");
    refuses("rules { suppress { rule = x, match { }, " COMMON " } }", "at least one field");
    refuses("rules { suppress { rule = x, match { a = \"\" }, " COMMON " } }", "empty value");
    refuses("rules { suppress { rule = x, match { a = [] }, " COMMON " } }", "empty list");
    refuses("rules { suppress { rule = x, match { a = b }, level = low, " COMMON " } }",
            "takes no level");
    refuses("rules { level { rule = x, " COMMON " } }", "needs a level");
    refuses("rules { level { rule = x, level = severe, " COMMON " } }", "informational, low");
    refuses("rules { mute { rule = x } }", "mute");
}

static bool covers(const char *wanted, const char *value) {
    char text[256];
    (void)snprintf(text, sizeof text,
                   "rules { suppress { rule = x, match { F = '%s' }, " COMMON " } }", wanted);
    struct site *site = parse(text);
    bool is_covered = site_rule_covers(site_rule_at(site, 0), 0, str_from_c(value));
    site_free(&site);
    return is_covered;
}

static void values_of_events_are_covered(void **state) {
    (void)state;
    assert_true(covers("C:\\Tools\\a.exe", "c:\\tools\\A.EXE"));
    assert_false(covers("C:\\Tools\\a.exe", "C:\\Tools\\a.exe "));
    assert_true(covers("*\\a.exe", "C:\\x/y\\a.exe"));
    assert_true(covers("a*b*c", "a--b--b-c"));
    assert_false(covers("a*b*c", "a--b--b-d"));
    assert_true(covers("*", ""));
    assert_true(covers("h?st", "h\xc3\xb6st"));
    assert_false(covers("h??st", "h\xc3\xb6st"));
    assert_true(covers("10.0.0.0/8", "10.255.1.2"));
    assert_false(covers("10.0.0.0/8", "11.0.0.1"));
    assert_false(covers("10.0.0.0/8", "no address"));
    assert_true(covers("10.1.2.3", "10.1.2.3"));
}

static bool names(const char *selector, const struct sigma_rule_info *rule) {
    char text[256];
    (void)snprintf(text, sizeof text, "rules { disable { %s, " COMMON " } }", selector);
    struct site *site = parse(text);
    bool is_named = site_rule_names(site_rule_at(site, 0), rule);
    site_free(&site);
    return is_named;
}

static void rules_are_named_by_id_tag_title(void **state) {
    (void)state;
    const struct str tags[] = {STR_INIT("attack.execution"), STR_INIT("attack.t1059.001")};
    const struct sigma_rule_info rule = {
        .id = STR("ab-12"), .title = STR("PsExec in / out"), .tags = tags, .tag_count = 2};
    assert_true(names("rule = AB-12", &rule));
    assert_true(names("rule = [x, ab-12]", &rule));
    assert_false(names("rule = ab-1", &rule));
    assert_true(names("tag = attack.t1059", &rule));
    assert_true(names("tag = attack.T1059.001", &rule));
    assert_false(names("tag = attack.t105", &rule));
    assert_true(names("title = \"psexec*out\"", &rule));
    assert_false(names("title = \"psexec\"", &rule));
    assert_false(names("title = \"psexec*\", tag = attack.impact", &rule));
}

static struct ip address(const char *text) {
    struct ip ip;
    assert_true(ip_parse(&ip, str_from_c(text)));
    return ip;
}

static void networks(void **state) {
    (void)state;
    struct site *site =
        parse("networks { internal = [\"10.0.0.0/8\"], public = [\"203.0.113.0/24\"] }");
    struct ip inside = address("10.1.2.3");
    struct ip ours = address("203.0.113.9");
    struct ip other_private = address("192.168.1.1");
    struct ip outside = address("198.51.100.1");
    struct ip group = address("239.1.1.1");
    assert_true(site_is_internal(site, &inside));
    assert_false(site_is_internal(site, &ours));
    assert_true(site_is_own(site, &ours));
    assert_true(site_is_external(site, &outside));
    assert_false(site_is_external(site, &other_private));
    assert_false(site_is_external(site, &group));
    site_free(&site);
    site = site_create_default();
    assert_true(site_is_internal(site, &other_private));
    assert_false(site_is_declared(site));
    site_free(&site);
}

static void hosts_accounts_and_agents(void **state) {
    (void)state;
    struct site *site =
        parse("server dc01 { ip = \"10.0.0.1\", roles = [dc, dns] }\n"
              "proxy p1 { ip = \"10.0.0.2\" }\n"
              "proxy p2 { ip = \"10.0.0.3\", parent = p1, logged = false }\n"
              "device cam { ip = \"10.0.0.4\", kind = camera, phones_home = [cloud.example] }\n"
              "user \"m.shimizu\" { pcs = [PC1000, PC1001], mail = \"m@example.jp\" }\n"
              "accounts { admins = [Administrator], disabled = [\"m.gone\"], service svc_x { hosts "
              "= [dc01] } }\n"
              "domain { netbios = EX, dns = \"ad.example.jp\", trusts = [PARTNER] }\n"
              "organisation { domains = [\"example.jp\"] }\n"
              "user_agents { approved = [\"Zoom/\"] }\n");
    struct ip ip = address("10.0.0.1");
    const struct site_host *host = site_host_at(site, &ip);
    assert_non_null(host);
    assert_true(site_host_has_role(host, STR("DNS")));
    assert_ptr_equal(host, site_host_named(site, STR("DC01.ad.example.jp")));
    ip = address("10.0.0.3");
    assert_true(site_is_proxy(site, &ip));
    assert_false(site_host_at(site, &ip)->logged);
    host = site_host_named(site, STR("cam"));
    assert_true(host->is_device);
    assert_true(site_is_known_contact(site, host, STR("cloud.example")));
    assert_int_equal(site_account_kind(site, STR("ADMINISTRATOR")), ACCOUNT_ADMIN);
    assert_int_equal(site_account_kind(site, STR("svc_x")), ACCOUNT_SERVICE);
    assert_int_equal(site_account_kind(site, STR("m.shimizu")), ACCOUNT_USER);
    assert_int_equal(site_account_kind(site, STR("nobody")), ACCOUNT_UNKNOWN);
    assert_true(
        str_eq(site_user_of_pc(site, STR("pc1001.ad.example.jp"))->login, STR("m.shimizu")));
    assert_true(site_is_own_windows_domain(site, STR("AD.EXAMPLE.JP")));
    assert_true(site_is_own_windows_domain(site, STR("partner")));
    assert_false(site_is_own_windows_domain(site, STR("example")));
    assert_true(site_is_own_mail_domain(site, STR("mail.Example.JP")));
    assert_false(site_is_own_mail_domain(site, STR("notexample.jp")));
    assert_true(site_is_approved_user_agent(site, STR("Zoom/6.1")));
    assert_false(site_is_approved_user_agent(site, STR("Not Zoom/6.1")));
    site_free(&site);
}

static void japanese_holidays(void **state) {
    (void)state;
    /* From the Cabinet Office's list. */
    static const int32_t holidays[][3] = {
        {2026, 1, 1},  {2026, 1, 12}, {2026, 2, 11}, {2026, 2, 23},  {2026, 3, 20}, {2026, 4, 29},
        {2026, 5, 3},  {2026, 5, 4},  {2026, 5, 5},  {2026, 5, 6},   {2026, 7, 20}, {2026, 8, 11},
        {2026, 9, 21}, {2026, 9, 22}, {2026, 9, 23}, {2026, 10, 12}, {2026, 11, 3}, {2026, 11, 23},
        {2019, 4, 30}, {2019, 5, 1},  {2019, 5, 2},  {2019, 10, 22}, {2020, 7, 24}, {2021, 8, 9},
        {2024, 2, 12}, {2025, 5, 6},  {2025, 11, 24}};
    static const int32_t workdays[][3] = {{2026, 1, 2},  {2026, 5, 7},  {2020, 10, 12},
                                          {2021, 7, 19}, {2019, 2, 23}, {2026, 12, 23},
                                          {2026, 9, 24}};
    for (size_t i = 0; i < sizeof holidays / sizeof holidays[0]; i++) {
        const int32_t *d = holidays[i];
        if (!site_is_japanese_holiday(d[0], d[1], d[2])) {
            fail_msg("%d-%d-%d is a holiday", d[0], d[1], d[2]);
        }
    }
    for (size_t i = 0; i < sizeof workdays / sizeof workdays[0]; i++) {
        const int32_t *d = workdays[i];
        if (site_is_japanese_holiday(d[0], d[1], d[2])) {
            fail_msg("%d-%d-%d is no holiday", d[0], d[1], d[2]);
        }
    }
}

static int64_t utc(const char *text) {
    int64_t ns;
    bool zone;
    assert_true(civil_parse_rfc3339(&ns, &zone, str_from_c(text)));
    return ns;
}

static void calendar(void **state) {
    (void)state;
    struct site *site =
        parse("zone = \"Asia/Tokyo\"\nhours { start = \"09:00\", end = \"18:00\" }\n"
              "holidays { dates = [\"2026-03-04\"] }\n"
              "maintenance { from = \"2026-03-02T19:00\", to = \"2026-03-02T20:30\", "
              "owner = it, reason = patches }\n");
    struct str why;
    assert_true(site_is_office_hours(site, utc("2026-03-02T00:00:00Z")));
    assert_false(site_is_office_hours(site, utc("2026-03-02T09:00:00Z")));
    assert_false(site_is_office_hours(site, utc("2026-03-04T03:00:00Z")));
    assert_false(site_is_office_hours(site, utc("2026-03-07T03:00:00Z")));
    assert_true(site_in_maintenance(site, utc("2026-03-02T10:36:00Z"), &why));
    assert_true(str_eq(why, STR("it: patches")));
    assert_false(site_in_maintenance(site, utc("2026-03-02T11:30:00Z"), &why));
    assert_int_equal(site_local_day(site, utc("2026-03-01T15:00:00Z")), civil_days(2026, 3, 2));
    assert_true(site_day_start(site, (int32_t)civil_days(2026, 3, 2)) ==
                utc("2026-03-01T15:00:00Z"));
    assert_true(site_is_day_off(site, (int32_t)civil_days(2026, 12, 30)));
    site_free(&site);
}

static bool allowed(const struct site *site, const char *analysis, const struct entity *entities,
                    size_t count, const char *time) {
    return site_find_allow(site, str_from_c(analysis), entities, count, utc(time)) != NULL;
}

static void explanations(void **state) {
    (void)state;
    struct site *site = parse(
        "allow { analysis = [PX-04, PX-06], match { destination = \"box.com\", port = [443, "
        "\"8000-8100\"] }, owner = a, reason = b, until = \"2026-03-31\" }\n"
        "allow { analysis = \"*\", match { client = \"10.0.0.0/24\", task = \"\\\\Vendor*\" }, "
        "owner = a, reason = b, until = never }\n");
    const struct entity good[] = {{ENTITY_DESTINATION, STR_INIT("up.box.com")},
                                  {ENTITY_PORT, STR_INIT("8050")},
                                  {ENTITY_USER, STR_INIT("anybody")}};
    const struct entity two_ports[] = {{ENTITY_DESTINATION, STR_INIT("box.com")},
                                       {ENTITY_PORT, STR_INIT("443")},
                                       {ENTITY_PORT, STR_INIT("4444")}};
    const struct entity look_alike[] = {{ENTITY_DESTINATION, STR_INIT("inbox.com")},
                                        {ENTITY_PORT, STR_INIT("443")}};
    const struct entity no_port[] = {{ENTITY_DESTINATION, STR_INIT("box.com")}};
    const struct entity task[] = {{ENTITY_CLIENT, STR_INIT("10.0.0.7")},
                                  {ENTITY_TASK, STR_INIT("\\Vendor Update")}};
    assert_true(allowed(site, "PX-04", good, 3, "2026-03-31T23:59:59Z"));
    assert_false(allowed(site, "PX-04", good, 3, "2026-04-01T00:00:00Z"));
    assert_false(allowed(site, "PX-05", good, 3, "2026-03-01T00:00:00Z"));
    assert_false(allowed(site, "PX-04", two_ports, 3, "2026-03-01T00:00:00Z"));
    assert_false(allowed(site, "PX-04", look_alike, 2, "2026-03-01T00:00:00Z"));
    assert_false(allowed(site, "PX-04", no_port, 1, "2026-03-01T00:00:00Z"));
    assert_true(allowed(site, "AD-03", task, 2, "2036-03-01T00:00:00Z"));
    site_free(&site);
}

static void paths(void **state) {
    (void)state;
    struct site *site = parse("source sg1 { zone = UTC, kind = bluecoat }\n"
                              "path { glob = \"logs/special?/**\", source = sg1 }\n"
                              "path { glob = \"logs/*/*.log\", source = \"$1\", host = \"$2\" }\n");
    struct site_path path;
    assert_true(site_find_path(&path, site, STR("/data/in/logs/special1/a/b.txt")));
    assert_true(str_eq(path.source, STR("sg1")) && str_eq(path.zone, STR("UTC")));
    assert_true(site_find_path(&path, site, STR("logs/fw1/traffic.log")));
    assert_true(str_eq(path.source, STR("fw1")) && str_eq(path.host, STR("traffic")));
    assert_false(site_find_path(&path, site, STR("logs/fw1/deeper/traffic.log")));
    assert_false(site_find_path(&path, site, STR("mylogs/fw1/traffic.log")));
    site_free(&site);
}

/* Every parameter with its default, and every analysis, stands in the manual in both languages. */
static void manual_follows_the_tables(void **state) {
    (void)state;
    static const char *const files[] = {"docs/manual/analyses.md", "docs/manual/analyses.ja.md"};
    const char *root = getenv("KONSEKI_SOURCE");
    if (root == NULL) {
        print_message("SKIPPED: KONSEKI_SOURCE not found\n");
        skip();
    }
    for (size_t f = 0; f < 2; f++) {
        char text[512];
        struct input_file file;
        struct err err = ERR_INIT;
        (void)snprintf(text, sizeof text, "%s/%s", root, files[f]);
        assert_int_equal(input_file_open(&file, text, &err), STATUS_OK);
        struct str manual = str_make((const char *)file.bytes, file.size_bytes);
        for (size_t i = 0; i < PARAM_ID_COUNT; i++) {
            const struct param_info *info = param_info((enum param_id)i);
            (void)snprintf(text, sizeof text, "| `%s` | %s |", info->name, info->def);
            if (str_find(manual, str_from_c(text)) == STR_NONE) {
                fail_msg("%s lacks: %s", files[f], text);
            }
        }
        for (size_t i = 0; analyses_all[i]; i++) {
            (void)snprintf(text, sizeof text, "\n## %s ", analyses_all[i]->id);
            if (str_find(manual, str_from_c(text)) == STR_NONE) {
                fail_msg("%s lacks: %s", files[f], text);
            }
        }
        input_file_close(&file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_sections_need_all_their_parts),
        cmocka_unit_test(values_of_events_are_covered),
        cmocka_unit_test(rules_are_named_by_id_tag_title),
        cmocka_unit_test(errors_name_line_and_value),
        cmocka_unit_test(networks),
        cmocka_unit_test(hosts_accounts_and_agents),
        cmocka_unit_test(japanese_holidays),
        cmocka_unit_test(calendar),
        cmocka_unit_test(explanations),
        cmocka_unit_test(paths),
        cmocka_unit_test(manual_follows_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
