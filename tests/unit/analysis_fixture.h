/*
 * For tests of analyses: log lines go through the real parsers into a real store in a fresh folder,
 * the runner makes findings of them. Include after cmocka.h.
 */
#ifndef KONSEKI_ANALYSIS_FIXTURE_H
#define KONSEKI_ANALYSIS_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "input.h"
#include "runner.h"
#include "store_fixture.h"

static const char bench_site[] =
    "zone = \"Asia/Tokyo\"\n"
    "hours { start = \"09:00\", end = \"18:00\" }\n"
    "networks { internal = [\"10.0.0.0/8\"], public = [\"203.0.113.0/24\"] }\n"
    "server dc01 { ip = \"10.0.1.11\", roles = [dc] }\n"
    "server fs01 { ip = \"10.0.1.21\", roles = [file] }\n"
    "proxy proxy1 { ip = \"10.0.1.80\" }\n"
    "proxy branch1 { ip = \"10.2.1.80\", parent = \"proxy1\" }\n"
    "device prn1 { ip = \"10.0.5.10\", kind = printer, phones_home = [\"93.184.216.40\"] }\n"
    "domain { netbios = \"EXAMPLE\", dns = \"ad.example.jp\" }\n"
    "user taro { pcs = [PC1] }\n"
    "accounts { admins = [adm1] }\n"
    "user_agents { approved = [\"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/\"] }\n"
    "maintenance { from = \"2026-03-02T19:00\", to = \"2026-03-02T20:00\", owner = it, reason = "
    "patching }\n"
    "allow { analysis = PX-04, match { destination = \"bank.example.com\", port = 8443 }, owner = "
    "acc, reason = transfer, until = never }\n"
    "allow { analysis = PX-06, match { destination = \"box.example.com\" }, owner = it, reason = "
    "storage, until = \"2026-12-31\" }\n";

/* One test's store, parsers and findings. */
struct bench {
    struct store *store;
    struct findings_db *db;
    struct site *site;
    struct ioc_set *iocs;
    struct runner *runner;
    struct parse_settings settings;
    struct parse_stream *stream;
    struct batch batch;
    uint32_t line;
};

static inline void bench_check(enum status status, const struct err *err) {
    if (status != STATUS_OK) {
        fail_msg("%s", err->message);
    }
}

static inline void bench_open(struct bench *b, const struct fixture *f, const char *iocs) {
    struct err err = ERR_INIT;
    memset(b, 0, sizeof *b);
    b->store = fixture_open(f, STORE_BULK);
    bench_check(site_parse(&b->site, str_from_c(bench_site), "test", &err), &err);
    bench_check(findings_db_open(&b->db, f->path, true, &err), &err);
    b->iocs = ioc_set_create();
    ioc_set_read(b->iocs, str_from_c(iocs), "list.txt", NULL, NULL);
    b->settings = (struct parse_settings){.zone = site_zone(b->site), .newest_ns = INT64_MAX};
    b->stream = parse_stream_create(&b->settings);
    batch_init(&b->batch);
    struct runner_options options = {
        .store = b->store, .db = b->db, .site = b->site, .iocs = b->iocs};
    bench_check(runner_create(&b->runner, &options, &err), &err);
}

static inline void bench_close(struct bench *b) {
    runner_destroy(&b->runner);
    parse_stream_destroy(&b->stream);
    batch_fini(&b->batch);
    findings_db_close(&b->db);
    ioc_set_free(&b->iocs);
    site_free(&b->site);
    store_close(&b->store);
}

/* A line of `source` that stands as line `number` of the file source.log. */
static inline void bench_line_at(struct bench *b, const char *source, uint32_t number,
                                 const char *text) {
    size_t before = b->batch.row_count;
    parse_stream_record(b->stream, &b->batch, str_from_c(text), str_from_c(source), STR("peer"),
                        INT64_C(1800000000) * NS_PER_SECOND);
    assert_int_equal(b->batch.row_count, before + 1);
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s.log", source);
    struct row *row = &b->batch.rows[before];
    row->origin = intern_add(&b->batch.names, buf_str(&name));
    row->line = number;
    buf_fini(&name);
}

static inline void bench_line(struct bench *b, const char *source, const char *text) {
    bench_line_at(b, source, ++b->line, text);
}

/* What was added becomes part of the store. */
static inline void bench_commit(struct bench *b) {
    struct err err = ERR_INIT;
    bench_check(store_append(b->store, &b->batch, &err), &err);
    bench_check(store_commit(b->store, &err), &err);
    batch_clear(&b->batch);
}

static inline void bench_run(struct bench *b) {
    struct err err = ERR_INIT;
    bench_commit(b);
    bench_check(runner_catch_up(b->runner, &err), &err);
}

/* --- lines --- */

static inline void bench_proxy_to(char *out, size_t size, const char *time, const char *client,
                                  const char *user, const char *request, int status,
                                  const char *agent, unsigned long sent) {
    (void)snprintf(
        out, size,
        "%s - %s [%s +0900] \"%s HTTP/1.1\" %d 900 \"-\" \"%s\" %s:HIER_DIRECT \"-\" %lu "
        "300 93.184.216.34\n",
        client, user, time, request, status, agent, status == 403 ? "TCP_DENIED" : "TCP_TUNNEL",
        sent);
}

#define BROWSER "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/145.0.0.0"

static inline void bench_proxy(struct bench *b, const char *time, const char *client,
                               const char *user, const char *request, int status, const char *agent,
                               unsigned long sent) {
    char line[1024];
    bench_proxy_to(line, sizeof line, time, client, user, request, status, agent, sent);
    bench_line(b, "proxy1", line);
}

static inline void bench_firewall(struct bench *b, const char *date, const char *time,
                                  const char *from, unsigned from_port, const char *to,
                                  unsigned port, bool denied) {
    char line[1024];
    (void)snprintf(line, sizeof line,
                   "<188>date=%s time=%s devname=\"fw1\" devid=\"FG1\" tz=\"+0900\" "
                   "logid=\"00000000%d\" type=\"traffic\" subtype=\"forward\" level=\"warning\" "
                   "vd=\"root\" srcip=%s srcport=%u srcintf=\"lan\" dstip=%s dstport=%u "
                   "dstintf=\"wan\" sessionid=1 proto=6 action=\"%s\" policyid=1 service=\"x\" "
                   "sentbyte=0 rcvdbyte=0\n",
                   date, time, denied ? 13 : 20, from, from_port, to, port,
                   denied ? "deny" : "accept");
    bench_line(b, "fw1", line);
}

/* A Winlogbeat event; `data` are the members of event_data. */
static inline void bench_windows(struct bench *b, const char *time, const char *computer, int id,
                                 const char *provider, const char *data) {
    char line[4096];
    (void)snprintf(line, sizeof line,
                   "{\"@timestamp\":\"%s\",\"agent\":{\"type\":\"winlogbeat\"},\"winlog\":{"
                   "\"computer_name\":\"%s.ad.example.jp\",\"event_id\":\"%d\","
                   "\"channel\":\"Security\",\"provider_name\":\"%s\",\"record_id\":%u,"
                   "\"event_data\":{%s}},\"event\":{\"code\":\"%d\",\"kind\":\"event\"}}\n",
                   time, computer, id, provider, b->line + 1, data, id);
    bench_line(b, "wef", line);
}

#define AUDITING "Microsoft-Windows-Security-Auditing"

/* --- what came out --- */

struct bench_found {
    struct buf text; /* all objects, one a line */
    size_t count;
};

static inline bool bench_take(struct str kind, struct str json, void *ctx) {
    struct bench_found *found = ctx;
    if (str_eq(kind, STR("finding"))) {
        buf_add(&found->text, json);
        buf_putc(&found->text, '\n');
        found->count++;
    }
    return true;
}

static inline struct bench_found bench_find(struct bench *b, const char *analysis,
                                            enum finding_level level, bool suppressed) {
    struct err err = ERR_INIT;
    struct bench_found found = {BUF_INIT, 0};
    struct findings_query query = {.id = STR_EMPTY,
                                   .analysis = str_from_c(analysis),
                                   .level = level,
                                   .suppressed = suppressed};
    bench_check(findings_db_visit(b->db, &query, bench_take, &found, &err), &err);
    return found;
}

/* Number of findings of the analysis at this level or above that nobody explained. */
static inline size_t bench_count(struct bench *b, const char *analysis, enum finding_level level) {
    struct bench_found found = bench_find(b, analysis, level, false);
    buf_fini(&found.text);
    return found.count;
}

static inline size_t bench_explained(struct bench *b, const char *analysis) {
    struct bench_found found = bench_find(b, analysis, LEVEL_INFORMATIONAL, true);
    buf_fini(&found.text);
    return found.count;
}

#endif
