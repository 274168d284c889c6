/* Writers of hits: order, columns, templates, sums, and that hostile values stay inert. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "attack_tag.h"
#include "html_out.h"
#include "mem.h"
#include "report_copy.h"
#include "report_html_parts.h"
#include "report_json.h"
#include "report_order.h"
#include "report_profiles.h"
#include "report_text.h"
#include "report_timeline.h"
#include "report_writer.h"
#include "scratch_file.h"

static const struct str tags[] = {STR_INIT("attack.discovery"), STR_INIT("attack.T1059.001"),
                                  STR_INIT("cve.2021-44228"), STR_INIT("security")};
static const struct sigma_rule_info rule = {.id = STR_INIT("id-1"),
                                            .title = STR_INIT("A \"title\""),
                                            .path = STR_INIT("a.yml"),
                                            .status = STR_INIT("test"),
                                            .tags = tags,
                                            .tag_count = 4,
                                            .level = SIGMA_HIGH};
static const struct report_field fields[] = {{STR_INIT("Image"), STR_INIT("x.exe")},
                                             {STR_INIT("Data"), STR_INIT("one")},
                                             {STR_INIT("Data"), STR_INIT("two")}};

static struct report_hit make_hit(int64_t time_ns) {
    return (struct report_hit){.rule = &rule,
                               .level = SIGMA_HIGH,
                               .time_ns = time_ns,
                               .place = {STR("f/a b.evtx"), time_ns, 9, 0, 7},
                               .dataset = STR("windows.evtx"),
                               .computer = STR("pc1"),
                               .channel = STR("Security"),
                               .provider = STR("P"),
                               .event_id = STR("4624"),
                               .user = STR("u"),
                               .process = STR_EMPTY,
                               .details = STR_EMPTY,
                               .suppressed_by = STR_EMPTY,
                               .fields = fields,
                               .field_count = 3};
}

static void expect(const struct buf *got, const char *want) {
    if (!str_eq(buf_str(got), str_from_c(want))) {
        fail_msg("got  %.*s\nwant %s", STR_ARG(buf_str(got)), want);
    }
}

/* --- order --- */

struct walk {
    int64_t last_ns;
    uint64_t last_record;
    size_t count;
};

static bool expect_later(const struct report_hit *hit, void *ctx) {
    struct walk *walk = ctx;
    assert_true(hit->time_ns >= walk->last_ns);
    if (hit->time_ns == walk->last_ns) {
        assert_true(hit->place.record_id > walk->last_record); /* as they came */
    }
    assert_ptr_equal(hit->rule, &rule);
    assert_int_equal(hit->field_count, 3);
    assert_true(str_eq(hit->fields[2].value, STR("two")));
    walk->last_ns = hit->time_ns;
    walk->last_record = hit->place.record_id;
    walk->count++;
    return true;
}

static void check_order(size_t memory_bytes, size_t count) {
    struct report_order *order = report_order_create(memory_bytes);
    struct walk walk = {.last_ns = INT64_MIN};
    struct err err = ERR_INIT;
    uint64_t random = 88172645463325252u;
    for (size_t i = 0; i < count; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        struct report_hit hit = make_hit((int64_t)(random % 500) - 250);
        hit.place.record_id = i + 1;
        assert_int_equal(report_order_add(order, &hit, &err), STATUS_OK);
    }
    assert_int_equal(report_order_each(order, expect_later, &walk, &err), STATUS_OK);
    assert_int_equal(walk.count, count);
    report_order_destroy(&order);
}

static void sorts_by_time(void **state) {
    (void)state;
    check_order(1 << 20, 0);
    check_order(1 << 20, 1000);
    check_order(5000, 3000); /* a hundred runs */
    check_order(1, 50);      /* a run a hit */
}

static void runs_need_room(void **state) {
    (void)state;
    struct scratch_file file = SCRATCH_FILE_INIT;
    struct err err = ERR_INIT;
    char bytes[3];
    assert_int_equal(scratch_file_open(&file, &err), STATUS_OK);
    assert_int_equal(scratch_file_append(&file, STR("abc"), &err), STATUS_OK);
    assert_int_equal(scratch_file_read(&file, bytes, 3, 0, &err), STATUS_OK);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(scratch_file_read(&file, bytes, 3, 1, &err), STATUS_ENVIRONMENT);
    scratch_file_close(&file);
}

static void knows_what_lies_in_what(void **state) {
    (void)state;
    assert_true(path_is_within("/tmp/new-file", "/tmp"));
    assert_true(path_is_within("/tmp/../tmp/x", "/tmp/."));
    assert_true(path_is_within("/tmp", "/tmp"));
    assert_true(path_is_within("/tmp", "/"));
    assert_false(path_is_within("/tmpx", "/tmp"));
    assert_false(path_is_within("/usr/new-file", "/tmp"));
    assert_false(path_is_within("/no-such-folder/x", "/tmp"));
}

static void copies_whole_hits(void **state) {
    (void)state;
    const struct sigma_rule_info infos[2] = {{.id = STR("r1"), .title = STR("One")},
                                             {.id = STR("r2"), .title = STR("Two")}};
    const struct report_correlated_rule rules[2] = {{&infos[0], 11}, {&infos[1], 1}};
    const struct report_alias aliases[3] = {{STR("who"), &infos[0], STR("User")},
                                            {STR("who"), &infos[1], STR("Account")},
                                            {STR("at"), &infos[1], STR("Host")}};
    const struct str names[2] = {STR("x,\"y"), STR("z")};
    const struct report_member members[2] = {{{STR("a"), 1, 2, 3, 4}, 3, names, 2},
                                             {{STR("b"), 5, 6, 0, 8}, 2, NULL, 0}};
    struct report_correlation c = {.type = STR("value_count"),
                                   .fields = names,
                                   .field_count = 2,
                                   .rules = rules,
                                   .rule_count = 2,
                                   .aliases = aliases,
                                   .alias_count = 3,
                                   .groups = fields,
                                   .group_count = 1,
                                   .events = members,
                                   .event_count = 2,
                                   .first_ns = -5,
                                   .last_ns = 9,
                                   .timespan_ns = 60 * NS_PER_SECOND,
                                   .count = 12,
                                   .value = STR("3")};
    struct report_hit hit = make_hit(-1);
    struct report_hit back;
    struct buf bytes = BUF_INIT;
    struct buf a = BUF_INIT;
    struct buf b = BUF_INIT;
    struct arena arena = ARENA_INIT;
    hit.correlation = &c;
    hit.suppressed_by = STR("me: why");
    report_copy_write(&bytes, &hit, 0);
    report_copy_read(&back, buf_str(&bytes), &arena);
    report_json_hit(&a, NULL, &report_style_plain, &hit);
    report_json_hit(&b, NULL, &report_style_plain, &back);
    assert_true(str_eq(buf_str(&a), buf_str(&b)));
    assert_true(str_find(buf_str(&a), STR("\"timespan_s\":60")) != STR_NONE);
    static const struct str parts[] = {
        STR_INIT("\"aliases\":{\"who\":{\"r1\":\"User\",\"r2\":\"Account\"},"
                 "\"at\":{\"r2\":\"Host\"}},\"fields\":[\"x,\\\"y\",\"z\"]"),
        STR_INIT("\"rules\":[{\"id\":\"r1\",\"title\":\"One\",\"events\":11},"
                 "{\"id\":\"r2\",\"title\":\"Two\",\"events\":1}]"),
        STR_INIT("\"record_id\":2,\"rules\":[\"r1\",\"r2\"],\"values\":[\"x,\\\"y\",\"z\"]}"),
        STR_INIT("\"record_id\":6,\"rules\":[\"r2\"]}"), STR_INIT("\"value\":3,")};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_true(str_find(buf_str(&a), parts[i]) != STR_NONE);
    }
    assert_int_equal(back.correlation->events[1].place.record_id, 6);
    buf_clear(&bytes);
    hit.details = STR("漢字漢字");
    report_copy_write(&bytes, &hit, 4); /* never in the middle of a character */
    arena_reset(&arena);
    report_copy_read(&back, buf_str(&bytes), &arena);
    assert_true(str_eq(back.details, STR("漢")));
    arena_fini(&arena);
    buf_fini(&bytes);
    buf_fini(&a);
    buf_fini(&b);
}

/* --- columns and templates --- */

static void reads_columns(void **state) {
    (void)state;
    struct report_columns columns;
    struct err err = ERR_INIT;
    struct report_hit hit = make_hit(0);
    struct buf out = BUF_INIT;
    assert_int_equal(report_columns_parse(&columns, STR("time, RULE ,tags"), &err), STATUS_OK);
    assert_int_equal(columns.count, 3);
    assert_int_equal(columns.ids[1], COLUMN_RULE_TITLE);
    assert_int_equal(report_columns_parse(&columns, STR("time,nonsense"), &err), STATUS_BAD_INPUT);
    assert_non_null(strstr(err.message, "nonsense"));
    assert_int_equal(report_columns_parse(&columns, STR(""), &err), STATUS_BAD_INPUT);
    assert_int_equal(columns.count, 3); /* untouched */
    report_column_cell(&out, COLUMN_TACTICS, &hit, &report_style_plain);
    buf_putc(&out, ';');
    report_column_cell(&out, COLUMN_TECHNIQUES, &hit, &report_style_plain);
    buf_putc(&out, ';');
    report_column_cell(&out, COLUMN_OTHER_TAGS, &hit, &report_style_plain);
    buf_putc(&out, ';');
    report_column_cell(&out, COLUMN_DETAILS, &hit, &report_style_plain);
    buf_putc(&out, ';');
    report_column_cell(&out, COLUMN_FIELDS, &hit, &report_style_plain);
    buf_putc(&out, ';');
    report_column_cell(&out, COLUMN_LINE, &hit, &report_style_plain);
    report_column_cell(&out, COLUMN_PLACE, &hit, &report_style_plain);
    expect(&out, "Discovery;T1059.001;cve.2021-44228 | security;Image: x.exe | Data: one, two;"
                 "{\"Image\":\"x.exe\",\"Data\":[\"one\",\"two\"]};#7");
    buf_fini(&out);
}

static void details_are_one_line(void **state) {
    (void)state;
    struct report_hit hit = make_hit(0);
    struct buf out = BUF_INIT;
    hit.details = STR("a  b\r\n\t c \n d\n");
    buf_add(&out, STR("\n"));
    report_text_details(&out, &hit, REPORT_SEPARATOR);
    expect(&out, "\na  b c d ");
    buf_fini(&out);
}

static void times_in_every_form(void **state) {
    (void)state;
    static const char *const wanted[REPORT_TIME_COUNT] = {
        [REPORT_TIME_DEFAULT] = "2022-02-22T22:00:00.123+02:00",
        [REPORT_TIME_PLAIN] = "2022-02-22 22:00:00.123 +02:00",
        [REPORT_TIME_ISO_8601] = "2022-02-22T20:00:00.1234567Z",
        [REPORT_TIME_RFC_3339] = "2022-02-22 22:00:00.123456+02:00",
        [REPORT_TIME_RFC_2822] = "Tue, 22 Feb 2022 22:00:00 +0200",
        [REPORT_TIME_EUROPEAN] = "22-02-2022 22:00:00.123 +02:00",
        [REPORT_TIME_US] = "02-22-2022 10:00:00.123 PM +02:00",
        [REPORT_TIME_US_MILITARY] = "02-22-2022 22:00:00.123 +02:00",
        [REPORT_TIME_UNIX] = "1645560000.123456700"};
    const struct zone *zone;
    struct buf out = BUF_INIT;
    assert_int_equal(zone_open(&zone, STR("+02:00"), NULL), STATUS_OK);
    for (int form = 0; form < REPORT_TIME_COUNT; form++) {
        buf_clear(&out);
        report_time_write(&out, (enum report_time_form)form, INT64_C(1645560000123456700), zone);
        expect(&out, wanted[form]);
    }
    buf_clear(&out);
    report_time_write(&out, REPORT_TIME_US, INT64_C(1645488000000000000), NULL); /* midnight */
    expect(&out, "02-22-2022 12:00:00.000 AM +00:00");
    buf_clear(&out);
    report_time_write(&out, REPORT_TIME_UNIX, -1, NULL);
    expect(&out, "-0.000000001");
    buf_clear(&out);
    report_time_write(&out, REPORT_TIME_US, TIME_NONE, NULL);
    expect(&out, "-");
    buf_fini(&out);
}

static bool look_up(struct buf *out, struct str name, void *ctx) {
    (void)ctx;
    if (str_eq(name, STR("LogonType"))) {
        buf_add(out, STR("3"));
        return true;
    }
    return false;
}

static struct str user_file(char *path, const char *text) {
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return str_from_c(path);
}

static void user_profiles_come_on_top(void **state) {
    (void)state;
    char path[] = "/tmp/profiles-XXXXXX";
    struct report_profiles *profiles = NULL;
    struct report_columns columns;
    struct err err = ERR_INIT;
    struct buf out = BUF_INIT;
    (void)user_file(
        path, "profile minimal { columns = [level] }\nprofile mine { columns = [tags, line] }\n"
              "details \"Security\" { 4624 = \"none %No% | T%LogonType%%Other% | fixed | 5 %\" }\n"
              "values \"LogonType\" { 3 = lan; \"0xAB\" = hex }\n"
              "abbreviations { \"Some/Channel\" = \"SC\" }\n");
    assert_int_equal(report_profiles_load(&profiles, path, &err), STATUS_OK);
    assert_int_equal(report_profiles_columns(&columns, profiles, STR("minimal"), &err), STATUS_OK);
    assert_int_equal(columns.count, 1);
    assert_int_equal(report_profiles_columns(&columns, profiles, STR("Mine"), &err), STATUS_OK);
    assert_int_equal(columns.ids[1], COLUMN_LINE);
    assert_int_equal(report_profiles_columns(&columns, profiles, STR("super"), &err), STATUS_OK);
    assert_true(columns.count > 20);
    assert_int_equal(report_profiles_columns(&columns, profiles, STR("x"), &err), STATUS_BAD_INPUT);
    assert_true(
        report_profiles_details(&out, profiles, STR("Security"), STR("4624"), look_up, NULL));
    expect(&out, "T3\x1f"
                 "fixed\x1f"
                 "5 %");
    buf_clear(&out);
    assert_false(report_profiles_details(&out, profiles, STR("Security"), STR("1"), look_up, NULL));
    assert_false(
        report_profiles_details(&out, profiles, STR("Security"), STR("4688"), look_up, NULL));
    assert_true(str_eq(report_profiles_short(profiles, STR("Some/Channel")), STR("SC")));
    struct str type = STR("LogonType");
    assert_true(str_eq(report_profiles_meaning(profiles, type, STR("3")), STR("lan")));
    assert_true(str_eq(report_profiles_meaning(profiles, type, STR("0xaB")), STR("hex")));
    assert_true(str_eq(report_profiles_meaning(profiles, type, STR("5")), STR("service")));
    assert_int_equal(report_profiles_meaning(profiles, type, STR("99")).len, 0);
    assert_int_equal(report_profiles_meaning(profiles, STR("Other"), STR("3")).len, 0);
    assert_true(str_eq(report_profiles_short(profiles, STR("Security")), STR("Sec")));
    assert_true(str_eq(report_profiles_short(profiles, STR("Other")), STR("Other")));
    report_profiles_free(&profiles);
    unlink(path);
    buf_fini(&out);
}

static void bad_profiles_are_told(void **state) {
    (void)state;
    static const char *const texts[] = {"profile a { columns = [nonsense] }",
                                        "profile a { x = y }",
                                        "profile = 5",
                                        "nonsense { }",
                                        "details \"A\" { 1 = [2] }",
                                        "\nabbreviations { a { } }"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char path[] = "/tmp/profiles-XXXXXX";
        struct report_profiles *profiles = NULL;
        struct err err = ERR_INIT;
        (void)user_file(path, texts[i]);
        assert_int_equal(report_profiles_load(&profiles, path, &err), STATUS_BAD_INPUT);
        assert_null(profiles);
        assert_non_null(strstr(err.message, i == 5 ? "line 2" : "line 1"));
        unlink(path);
    }
}

static void reads_attack_tags(void **state) {
    (void)state;
    assert_int_equal(attack_tag_read(STR("attack.t1059")).kind, ATTACK_TECHNIQUE_TAG);
    assert_string_equal(attack_tag_read(STR("ATTACK.t1059.001")).technique, "T1059.001");
    assert_int_equal(attack_tag_read(STR("attack.initial_access")).kind, ATTACK_TACTIC_TAG);
    assert_int_equal(attack_tag_read(STR("attack.stealth")).kind, ATTACK_TACTIC_TAG);
    static const char *const others[] = {"attack.t105",  "attack.t1059.1", "attack.t1059.0011",
                                         "attack.",      "attack",         "t1059",
                                         "attack.g0001", "attack.t1059x"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(attack_tag_read(str_from_c(others[i])).kind, ATTACK_OTHER_TAG);
    }
}

/* --- sums --- */

static void adds_up(void **state) {
    (void)state;
    static const struct sigma_rule_info other = {
        .id = STR_INIT("id-2"), .title = STR_INIT("B"), .level = SIGMA_LOW};
    struct report_stats stats;
    struct report_timeline line;
    uint32_t top[4];
    size_t rules[4];
    report_stats_init(&stats, zone_utc(), 2);
    for (int i = 9; i >= 0; i--) {
        struct report_hit hit = make_hit(i * NS_PER_DAY);
        hit.computer = i % 3 == 0 ? STR("pc2") : STR("pc1");
        (void)report_stats_add(&stats, &hit);
    }
    struct report_hit low = make_hit(3 * NS_PER_DAY + 1);
    low.rule = &other;
    low.level = SIGMA_LOW;
    (void)report_stats_add(&stats, &low);
    assert_int_equal(stats.total, 11);
    assert_int_equal(stats.counts[SIGMA_HIGH], 10);
    assert_int_equal(stats.rule_counts[SIGMA_LOW], 1);
    assert_int_equal(stats.last_ns, 9 * NS_PER_DAY);
    assert_int_equal(report_tally_top(top, 1, &stats.hosts, REPORT_LEVELS), 1);
    assert_true(str_eq(stats.hosts.rows[top[0]].name, STR("pc1")));
    assert_int_equal(stats.hosts.rows[top[0]].total, 7);
    assert_int_equal(stats.hosts.rows[top[0]].rules, 2);
    assert_int_equal(report_tally_top(top, 4, &stats.hosts, SIGMA_LOW), 1);
    assert_int_equal(report_tally_top(top, 4, &stats.days, REPORT_LEVELS), 4);
    assert_true(str_eq(stats.days.rows[top[0]].name, STR("1970-01-04")));
    assert_int_equal(report_rules_top(rules, 4, &stats, REPORT_LEVELS), 2);
    assert_int_equal(stats.rules[rules[0]].count, 10);
    assert_int_equal(stats.rules[rules[0]].sample_count, 2); /* the earliest, though found last */
    assert_int_equal(stats.rules[rules[0]].samples[0].time_ns, 0);
    assert_int_equal(stats.rules[rules[0]].samples[1].time_ns, NS_PER_DAY);
    report_timeline_make(&line, &stats, TIMELINE_STEPS);
    assert_int_equal(line.step_hours, 24);
    assert_int_equal(line.count, 10);
    assert_int_equal(line.totals[3], 2);
    report_timeline_make(&line, &stats, 4);
    uint64_t sum = 0;
    for (size_t i = 0; i < line.count; i++) {
        sum += line.totals[i];
    }
    assert_true(line.count <= 4);
    assert_int_equal(sum, 11);
    report_stats_fini(&stats);
}

/* However many hits of however long values: samples stop growing, and every hit is counted. */
static void samples_are_bounded(void **state) {
    (void)state;
    struct report_stats stats;
    struct report_field long_fields[100];
    char *text = mem_alloc(3000);
    memset(text, 'x', 3000);
    for (size_t i = 0; i < 100; i++) {
        long_fields[i] = (struct report_field){STR("F"), str_make(text, 3000)};
    }
    struct sigma_rule_info *rules = mem_calloc(40, sizeof *rules);
    report_stats_init(&stats, zone_utc(), 10);
    for (size_t i = 0; i < 800; i++) {
        struct report_hit hit = make_hit(-(int64_t)i);
        rules[i % 40] = rule;
        hit.rule = &rules[i % 40];
        hit.all = long_fields;
        hit.all_count = 100;
        (void)report_stats_add(&stats, &hit);
    }
    assert_int_equal(stats.total, 800);
    assert_true(stats.sample_bytes > (15u << 20) && stats.sample_bytes < (18u << 20));
    assert_true(stats.rules[0].sample_count > 0);
    assert_int_equal(stats.rules[0].samples[0].time_ns, -760); /* the earliest all the same */
    report_stats_fini(&stats);
    mem_free(rules);
    mem_free(text);
}

static void hits_without_a_time_count_for_no_time(void **state) {
    (void)state;
    struct report_stats stats;
    struct report_timeline line;
    struct buf out = BUF_INIT;
    const struct report_run run = {.first_ns = TIME_NONE, .last_ns = TIME_NONE};
    report_stats_init(&stats, zone_utc(), 2);
    struct report_hit hit = make_hit(30000 * NS_PER_DAY);
    hit.is_time_received = true;
    (void)report_stats_add(&stats, &hit);
    report_timeline_make(&line, &stats, TIMELINE_STEPS);
    assert_int_equal(line.count, 0);
    const struct report_form_view view = {NULL, report_style_plain, &stats};
    report_html.end(&out, &view, &run); /* no chart, no days */
    assert_true(str_find(buf_str(&out), STR("<svg")) == STR_NONE);
    assert_true(str_find(buf_str(&out), STR("2052-")) == STR_NONE);
    struct report_hit timed = make_hit(NS_PER_DAY);
    (void)report_stats_add(&stats, &timed);
    assert_int_equal(stats.total, 2);
    assert_int_equal(stats.timeless, 1);
    assert_int_equal(stats.first_ns, NS_PER_DAY);
    assert_int_equal(stats.last_ns, NS_PER_DAY);
    assert_int_equal(stats.hosts.rows[0].last_ns, NS_PER_DAY);
    assert_int_equal(stats.days.names.count, 1);
    buf_clear(&out);
    report_json_hit(&out, NULL, &report_style_plain, &hit);
    assert_true(str_find(buf_str(&out), STR("\"time_received\":true")) != STR_NONE);
    buf_clear(&out);
    report_timesketch_jsonl.hit(&out, &view, &hit, true);
    assert_true(str_find(buf_str(&out), STR("(the event has none)")) != STR_NONE);
    buf_fini(&out);
    report_stats_fini(&stats);
}

static void references_stay_below_their_archive(void **state) {
    (void)state;
    static const struct {
        struct str file;
        const char *want;
    } cases[] = {
        {STR_INIT("a.zip/../../etc/x.evtx"), "\"uri\":\"a.zip/.../.../etc/x.evtx\""},
        {STR_INIT("../logs/a b.evtx"), "\"uri\":\"../logs/a%20b.evtx\""},
        {STR_INIT("./a.evtx"), "\"uri\":\"./a.evtx\""},
        {STR_INIT("/e/a.zip/./..x/y"), "\"uri\":\"file:///e/a.zip/.../..x/y\""},
        {STR_INIT("a.zip/.."), "\"uri\":\"a.zip/...\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_INIT;
        struct report_stats stats;
        report_stats_init(&stats, zone_utc(), 0);
        struct report_hit hit = make_hit(0);
        hit.place.file = cases[i].file;
        (void)report_stats_add(&stats, &hit);
        const struct report_form_view view = {.stats = &stats};
        report_sarif.hit(&out, &view, &hit, true);
        if (str_find(buf_str(&out), str_from_c(cases[i].want)) == STR_NONE) {
            fail_msg("%s not in %.*s", cases[i].want, STR_ARG(buf_str(&out)));
        }
        report_stats_fini(&stats);
        buf_fini(&out);
    }
}

static void worst_come_first(void **state) {
    (void)state;
    struct report_stats stats;
    uint32_t worst[2];
    report_stats_init(&stats, zone_utc(), 0);
    for (int i = 0; i < 9; i++) {
        struct report_hit hit = make_hit(i);
        hit.computer = i < 6 ? STR("many") : i < 8 ? STR("worst") : STR("bad");
        hit.level = i < 6 ? SIGMA_HIGH : i == 6 ? SIGMA_LOW : SIGMA_CRITICAL;
        (void)report_stats_add(&stats, &hit);
    }
    assert_int_equal(report_tally_worst(worst, 2, &stats.hosts), 2);
    assert_true(str_eq(stats.hosts.rows[worst[0]].name, STR("worst"))); /* 1 critical, 1 low */
    assert_true(str_eq(stats.hosts.rows[worst[1]].name, STR("bad")));
    report_stats_fini(&stats);
}

static void next_steps_are_safe_to_copy(void **state) {
    (void)state;
    static const struct {
        const char *host;
        const char *want;
    } cases[] = {
        {"PC-1.corp", "ptree --host PC-1.corp /e"},
        {"a b", "ptree --host &#39;a b&#39; /e"},
        {"x'; rm -rf ~", "ptree --host &#39;x&#39;\\&#39;&#39;; rm -rf ~&#39; /e"},
        {"x\nrm", "ptree --host HOST /e"},
        {"--out=x", "ptree --host HOST /e"},
        {"\xe2\x80\xae", "ptree --host HOST /e"},
    };
    const char *inputs[] = {"/e"};
    const struct report_run run = {.inputs = inputs, .input_count = 1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_INIT;
        struct report_stats stats;
        report_stats_init(&stats, zone_utc(), 0);
        struct report_hit hit = make_hit(0);
        hit.computer = str_from_c(cases[i].host);
        (void)report_stats_add(&stats, &hit);
        report_html_next(&out, &stats, &run);
        if (str_find(buf_str(&out), str_from_c(cases[i].want)) == STR_NONE) {
            fail_msg("%s not in %.*s", cases[i].want, STR_ARG(buf_str(&out)));
        }
        report_stats_fini(&stats);
        buf_fini(&out);
    }
}

static void times_far_apart_are_fine(void **state) {
    (void)state;
    struct report_stats stats;
    struct report_timeline line;
    report_stats_init(&stats, zone_utc(), 0);
    struct report_hit early = make_hit(-9000000000 * NS_PER_SECOND);
    struct report_hit late = make_hit(9000000000 * NS_PER_SECOND);
    (void)report_stats_add(&stats, &early);
    (void)report_stats_add(&stats, &late);
    report_timeline_make(&line, &stats, 60);
    assert_true(line.count > 1 && line.count <= 60);
    assert_int_equal(line.totals[0], 1);
    assert_int_equal(line.totals[line.count - 1], 1);
    report_stats_fini(&stats);
}

/* --- forms --- */

static void write_form(struct buf *out, enum report_form form,
                       const struct report_columns *columns) {
    struct report_stats stats;
    const struct report_run run = {.first_ns = TIME_NONE, .last_ns = TIME_NONE};
    struct report_writer writer = {.form = form, .view = {columns, report_style_plain, &stats}};
    report_stats_init(&stats, zone_utc(), report_form_type(form)->samples);
    struct report_hit hit = make_hit(0);
    report_writer_begin(&writer, out);
    (void)report_stats_add(&stats, &hit);
    report_writer_hit(&writer, out, &hit);
    (void)report_stats_add(&stats, &hit);
    report_writer_hit(&writer, out, &hit);
    report_writer_end(&writer, out, &run);
    report_stats_fini(&stats);
}

#define HIT                                                                                        \
    "{\"@timestamp\":\"1970-01-01T00:00:00.000000000Z\",\"rule\":{\"id\":\"id-1\",\"title\":"      \
    "\"A \\\"title\\\"\",\"level\":\"high\",\"source\":\"sigma\",\"origin\":\"sigma\",\"status\":" \
    "\"test\",\"tags\":[\"attack.discovery\",\"attack.T1059.001\",\"cve.2021-44228\","             \
    "\"security\"]},"                                                                              \
    "\"event\":{\"file\":\"f/a b.evtx\",\"idx\":7,\"record_id\":9,\"dataset\":\"windows.evtx\","   \
    "\"computer\":\"pc1\",\"channel\":\"Security\",\"provider\":\"P\",\"event_id\":\"4624\"},"     \
    "\"fields\":{\"Image\":\"x.exe\",\"Data\":[\"one\",\"two\"]}}"

static void writes_forms(void **state) {
    (void)state;
    const struct report_columns columns = {{COLUMN_LEVEL, COLUMN_FIELDS}, 2};
    struct buf out = BUF_INIT;
    write_form(&out, REPORT_JSONL, NULL);
    expect(&out, HIT "\n" HIT "\n");
    buf_clear(&out);
    write_form(&out, REPORT_JSON, NULL);
    expect(&out, "[\n" HIT ",\n" HIT "\n]\n");
    buf_clear(&out);
    write_form(&out, REPORT_JSONL, &columns);
    const char *row =
        "{\"level\":\"high\",\"fields\":{\"Image\":\"x.exe\",\"Data\":[\"one\",\"two\"]}}\n";
    assert_true(str_starts(buf_str(&out), str_from_c(row)));
    buf_clear(&out);
    write_form(&out, REPORT_CSV, &columns);
    assert_true(
        str_starts(buf_str(&out), STR("\xef\xbb\xbflevel,fields\r\nhigh,\"{\"\"Image\"\"")));
    buf_clear(&out);
    write_form(&out, REPORT_SARIF, NULL);
    assert_true(str_find(buf_str(&out), STR("\"uri\":\"f/a%20b.evtx\"")) != STR_NONE);
    assert_true(
        str_find(buf_str(&out), STR("\"tags\":[\"security\",\"attack.discovery\",\"attack.T1059."
                                    "001\",\"cve.2021-44228\"]")) != STR_NONE);
    buf_clear(&out);
    write_form(&out, REPORT_NAVIGATOR, NULL);
    assert_true(str_find(buf_str(&out), STR("\"techniqueID\":\"T1059.001\",\"score\":2")) !=
                STR_NONE);
    buf_fini(&out);
}

static void pages_are_inert(void **state) {
    (void)state;
    struct buf out = BUF_INIT;
    html_out_text(&out, STR("<script>&\"'\x1b[2J\u202e\u2066x\xff漢\n"));
    expect(&out, "&lt;script&gt;&amp;&quot;&#39;\\x1b[2J\\u202e\\u2066x\\xff漢\\n");
    buf_fini(&out);
}

static void counts_read_well(void **state) {
    (void)state;
    struct buf out = BUF_INIT;
    report_text_count(&out, 1234567);
    report_text_count(&out, 0);
    buf_putc(&out, ' ');
    report_text_share(&out, 1, 3);
    report_text_share(&out, 0, 0);
    expect(&out, "1,234,5670 33.33 %-");
    buf_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_by_time),
        cmocka_unit_test(runs_need_room),
        cmocka_unit_test(knows_what_lies_in_what),
        cmocka_unit_test(copies_whole_hits),
        cmocka_unit_test(reads_columns),
        cmocka_unit_test(details_are_one_line),
        cmocka_unit_test(times_in_every_form),
        cmocka_unit_test(user_profiles_come_on_top),
        cmocka_unit_test(bad_profiles_are_told),
        cmocka_unit_test(reads_attack_tags),
        cmocka_unit_test(adds_up),
        cmocka_unit_test(samples_are_bounded),
        cmocka_unit_test(hits_without_a_time_count_for_no_time),
        cmocka_unit_test(worst_come_first),
        cmocka_unit_test(references_stay_below_their_archive),
        cmocka_unit_test(next_steps_are_safe_to_copy),
        cmocka_unit_test(times_far_apart_are_fine),
        cmocka_unit_test(writes_forms),
        cmocka_unit_test(pages_are_inert),
        cmocka_unit_test(counts_read_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
