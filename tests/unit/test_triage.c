/* Questions of triage, whole, over small texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input.h"
#include "mem.h"
#include "triage.h"
#include "zone.h"

struct asked {
    struct triage_out out;
    struct buf rows; /* cells joined by '|', rows by '\n' */
};

static void keep_row(struct triage_out *out, const struct str *cells) {
    struct asked *asked = out->ctx;
    for (size_t i = 0; i < out->column_count; i++) {
        buf_add(&asked->rows, cells[i]);
        buf_putc(&asked->rows, i + 1 < out->column_count ? '|' : '\n');
    }
}

static void see_batch(const struct triage_question *question, void *state,
                      const struct batch *batch) {
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct row *row = &batch->rows[i];
        struct str family = dataset_info((enum dataset)row->dataset)->family;
        struct triage_event event = {.batch = batch,
                                     .row = row,
                                     .file = STR("file"),
                                     .is_windows = str_eq(family, STR("windows"))};
        if ((row->flags & (ROW_META | ROW_BLANK | ROW_DERIVED)) == 0) {
            question->event(state, &event);
        } else if (question->other != NULL) {
            question->other(state, &event);
        }
    }
}

/* The listing's rows as one text; release with buf_fini. */
static struct buf ask(const struct triage_question *question, const struct triage_options *options,
                      struct str input) {
    struct asked asked = {.out = {.row = keep_row}, .rows = BUF_INIT};
    struct err err = ERR_INIT;
    void *state;
    struct batch batch;
    const struct parse_input_options parsing = {.source = STR("file"),
                                                .origin = STR("file"),
                                                .settings = {.zone = zone_utc()},
                                                .receive_ns = 1};
    asked.out.ctx = &asked;
    assert_int_equal(question->open(&state, &asked.out, options, &err), STATUS_OK);
    batch_init(&batch);
    struct parse_input *reader = parse_input_open((const uint8_t *)input.ptr, input.len, &parsing);
    while (parse_input_next(reader, &batch)) {
        see_batch(question, state, &batch);
        batch_clear(&batch);
    }
    parse_input_close(&reader);
    if (question->end_file != NULL) {
        question->end_file(state, STR("file"));
    }
    question->end(state);
    question->close(state);
    batch_fini(&batch);
    buf_putc(&asked.rows, '\0');
    return asked.rows;
}

static void assert_answer(const struct triage_question *question,
                          const struct triage_options *options, struct str input,
                          const char *expected) {
    struct buf rows = ask(question, options, input);
    assert_string_equal(rows.ptr, expected);
    buf_fini(&rows);
}

/* One event of Security on pc1 at 2026-11-09T00:00:SSZ. */
#define EVENT(provider, channel, id, record, second, data)                                         \
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"                \
    "<Provider Name='" provider "'/><EventID>" id "</EventID>"                                     \
    "<TimeCreated SystemTime='2026-11-09T00:" second "Z'/><EventRecordID>" record                  \
    "</EventRecordID><Channel>" channel                                                            \
    "</Channel><Computer>pc1</Computer></System><EventData>" data "</EventData></Event>\n"
#define D(name, value) "<Data Name='" name "'>" value "</Data>"
#define AUDIT          "Microsoft-Windows-Security-Auditing"

static void test_metrics(void **unused) {
    (void)unused;
    const struct triage_options options = {.kind = STR("events")};
    assert_answer(&triage_metrics, &options,
                  STR(EVENT(AUDIT, "Security", "4634", "1", "00:03", "")
                          EVENT(AUDIT, "Security", "4634", "2", "00:01", "")
                              EVENT("P", "C", "7", "3", "00:02", "")),
                  "2|66.667|4634|An account was logged off|Security|" AUDIT
                  "|windows.xml|1|2026-11-09T00:00:01.000000000Z|2026-11-09T00:00:03.000000000Z\n"
                  "1|33.333|7||C|P|windows.xml|1|2026-11-09T00:00:02.000000000Z|"
                  "2026-11-09T00:00:02.000000000Z\n");
    struct triage_out out = {0};
    struct err err = ERR_INIT;
    void *state;
    const struct triage_options bad = {.kind = STR("nonsense")};
    assert_int_equal(triage_metrics.open(&state, &out, &bad, &err), STATUS_BAD_INPUT);
    assert_int_equal(triage_stack.open(&state, &out, &bad, &err), STATUS_BAD_INPUT);
    const struct triage_options nothing = {.kind = STR("by")};
    assert_int_equal(triage_stack.open(&state, &out, &nothing, &err), STATUS_BAD_INPUT);
    const struct triage_options empty = {.kind = STR_EMPTY};
    assert_int_equal(triage_search.open(&state, &out, &empty, &err), STATUS_BAD_INPUT);
}

#define LOGON(id)                                                                                  \
    D("TargetUserName", "eve")                                                                     \
    D("TargetLogonId", id) D("LogonType", "3") D("IpAddress", "::ffff:10.0.0.9")

static void test_logons_privileged(void **unused) {
    (void)unused;
    /* 4672 may stand before its logon; that of another logon id does not count */
    const struct triage_options options = {0};
    assert_answer(
        &triage_logons, &options,
        STR(EVENT(AUDIT, "Security", "4672", "1", "00:00", D("SubjectLogonId", "0xA1"))
                EVENT(AUDIT, "Security", "4624", "2", "00:01", LOGON("0xa1"))
                    EVENT(AUDIT, "Security", "4624", "3", "00:02", LOGON("0xb2"))
                        EVENT(AUDIT, "Security", "4672", "4", "00:03", D("SubjectLogonId", "0xc3"))
                            EVENT(AUDIT, "Security", "4625", "5", "00:04",
                                  D("TargetUserName", "eve") D("Status", "0xc000006d")
                                      D("SubStatus", "0xc0000064"))),
        "2|1|success|4624|eve||3|network||10.0.0.9|pc1||||||||"
        "|2026-11-09T00:00:01.000000000Z|2026-11-09T00:00:02.000000000Z\n"
        "1|0|failure|4625|eve|||||"
        "|pc1|||||0xc0000064|user name does not exist||"
        "|2026-11-09T00:00:04.000000000Z|2026-11-09T00:00:04.000000000Z\n");
}

#define PART(id, number, total, text)                                                              \
    D("ScriptBlockId", id)                                                                         \
    D("MessageNumber", number) D("MessageTotal", total) D("ScriptBlockText", text)
#define POWERSHELL "Microsoft-Windows-PowerShell"
#define SCRIPTS    "Microsoft-Windows-PowerShell/Operational"

static void test_stack_scripts(void **unused) {
    (void)unused;
    /* the parts in any order, one twice; the same text in one block; a part that never comes */
    const struct triage_options options = {.kind = STR("scripts")};
    struct buf rows = ask(
        &triage_stack, &options,
        STR(EVENT(POWERSHELL, SCRIPTS, "4104", "1", "00:02", PART("a", "2", "2", "ef")) EVENT(
            POWERSHELL, SCRIPTS, "4104", "1", "00:02", PART("a", "2", "2", "ef"))
                EVENT(POWERSHELL, SCRIPTS, "4104", "2", "00:01", PART("a", "1", "2", "abcd")) EVENT(
                    POWERSHELL, SCRIPTS, "4104", "3", "00:03", PART("b", "1", "1", "abcdef"))
                    EVENT(POWERSHELL, SCRIPTS, "4104", "4", "00:04", PART("c", "3", "3", "z"))
                        EVENT(POWERSHELL, SCRIPTS, "4104", "5", "00:05", PART("c", "1", "3", "x"))
                            EVENT(POWERSHELL, SCRIPTS, "4104", "6", "00:06",
                                  PART("d", "9", "2", "odd"))));
    assert_non_null(strstr(rows.ptr, "|abcdef||2\n"));
    assert_non_null(strstr(rows.ptr, "|abcdef||1\n"));
    assert_non_null(strstr(rows.ptr, "|xz||2 of 3\n"));
    assert_non_null(strstr(rows.ptr, "|odd||2\n"));
    size_t lines = 0;
    for (const char *c = rows.ptr; *c != '\0'; c++) {
        lines += *c == '\n';
    }
    assert_int_equal(lines, 4);
    buf_fini(&rows);
}

static void test_logoffs(void **unused) {
    (void)unused;
    const struct triage_options options = {0};
    assert_answer(
        &triage_logons, &options,
        STR(EVENT(AUDIT, "Security", "4634", "1", "00:00",
                  D("TargetUserName", "eve") D("TargetDomainName", "EX") D("LogonType", "3"))
                EVENT(AUDIT, "Security", "4647", "2", "00:01", D("TargetUserName", "eve"))),
        "1|0|logoff|4634|eve|EX|3|network|||pc1|||||||||2026-11-09T00:00:00.000000000Z|"
        "2026-11-09T00:00:00.000000000Z\n"
        "1|0|logoff|4647|eve||||||pc1|||||||||2026-11-09T00:00:01.000000000Z|"
        "2026-11-09T00:00:01.000000000Z\n");
}

#define BY(user) D("SubjectUserName", user) D("SubjectDomainName", "EX")

#define FROM(user, domain, address)                                                                \
    D("TargetUserName", user)                                                                      \
    D("TargetDomainName", domain) D("IpAddress", address) D("LogonType", "3")

#define ACCOUNT_EVENTS                                                                             \
    EVENT(AUDIT, "Security", "4624", "1", "10:00",                                                 \
          FROM("Eve", "EX", "10.0.0.9") D("TargetLogonId", "0xa"))                                 \
    EVENT(AUDIT, "Security", "4672", "2", "10:00",                                                 \
          D("SubjectUserName", "Eve") D("SubjectLogonId", "0xA"))                                  \
    EVENT(AUDIT, "Security", "4769", "3", "20:00",                                                 \
          FROM("eve@EX.EXAMPLE", "EX.EXAMPLE", "::ffff:10.0.0.8") D("Status", "0x0"))              \
    EVENT(AUDIT, "Security", "4625", "4", "30:00",                                                 \
          FROM("bob", "EX", "10.0.0.9") D("Status", "0xc000006d"))                                 \
    EVENT(AUDIT, "Security", "4624", "5", "30:00", FROM("PC1$", "EX", "10.0.0.9"))                 \
    EVENT(AUDIT, "Security", "4624", "6", "30:00",                                                 \
          FROM("Syst\xc3\xa8me", "AUTORITE NT", "-") D("TargetUserSid", "S-1-5-18"))               \
    EVENT(AUDIT, "Security", "4648", "7", "40:00",                                                 \
          BY("bob") D("TargetUserName", "eve") D("TargetServerName", "SRV1"))                      \
    EVENT(AUDIT, "Security", "1102", "8", "50:00", BY("mallory"))

#define AT(minute) "2026-11-09T00:" minute ":00.000000000Z"

static void test_accounts(void **unused) {
    (void)unused;
    const struct triage_options graph = {.kind = STR("graph")};
    assert_answer(
        &triage_accounts, &graph, STR(ACCOUNT_EVENTS),
        "bob|10.0.0.9|pc1|0|1|0|0|0|" AT("30") "|" AT(
            "30") "\n"
                  "eve|10.0.0.8|pc1|0|0|0|1|0|" AT("20") "|" AT(
                      "20") "\n"
                            "eve|10.0.0.9|pc1|1|0|0|0|1|" AT("10") "|" AT(
                                "10") "\n"
                                      "eve|pc1|srv1|0|0|1|0|0|" AT("40") "|" AT("40") "\n");
    const struct triage_options hours = {.kind = STR("hours")};
    assert_answer(&triage_accounts, &hours, STR(ACCOUNT_EVENTS),
                  AT("00") "|bob|0|1|0|0|1|1|" AT("30") "|" AT("30") "\n" AT(
                      "00") "|eve|1|0|1|1|3|3|" AT("10") "|" AT("40") "\n");
    const struct triage_options machines = {.kind = STR("graph"), .with_machines = true};
    struct buf rows = ask(&triage_accounts, &machines, STR(ACCOUNT_EVENTS));
    assert_non_null(strstr(rows.ptr, "pc1$|10.0.0.9|pc1|1|"));
    buf_fini(&rows);
    struct triage_out out = {0};
    struct err err = ERR_INIT;
    void *state;
    const struct triage_options bad = {.kind = STR("nonsense")};
    assert_int_equal(triage_accounts.open(&state, &out, &bad, &err), STATUS_BAD_INPUT);
}

static void test_one_user(void **unused) {
    (void)unused;
    const struct triage_options rank = {.kind = STR("rank"), .user = STR("EX\\EVE")};
    const struct triage_options logons = {.user = STR("bob")};
    const struct triage_options changes = {.user = STR("mallory@ex.example")};
    const struct triage_options nobody = {.user = STR("mal")};
    struct buf rows = ask(&triage_accounts, &rank, STR(ACCOUNT_EVENTS));
    assert_null(strstr(rows.ptr, "|bob|"));
    assert_non_null(strstr(rows.ptr, "|eve|"));
    buf_fini(&rows);
    rows = ask(&triage_logons, &logons, STR(ACCOUNT_EVENTS));
    assert_non_null(strstr(rows.ptr, "|failure|4625|bob|"));
    assert_non_null(strstr(rows.ptr, "|explicit|4648|eve|")); /* by bob */
    assert_null(strstr(rows.ptr, "|4624|"));
    buf_fini(&rows);
    rows = ask(&triage_changes, &changes, STR(ACCOUNT_EVENTS));
    assert_non_null(strstr(rows.ptr, "|log-cleared|1102|"));
    buf_fini(&rows);
    rows = ask(&triage_changes, &nobody, STR(ACCOUNT_EVENTS));
    assert_int_equal(rows.len, 1);
    buf_fini(&rows);
}

static void test_tickets(void **unused) {
    (void)unused;
    /* RC4 for the service of a user; of a machine; a TGT without preauthentication */
    const struct triage_options logons = {0};
    const struct triage_options rank = {.kind = STR("rank")};
    const struct str events =
        STR(EVENT(AUDIT, "Security", "4769", "1", "10:00",
                  FROM("eve", "EX", "10.0.0.9") D("Status", "0x0") D("ServiceName", "sql")
                      D("TicketEncryptionType", "0x17"))
                EVENT(AUDIT, "Security", "4769", "2", "10:00",
                      FROM("bob", "EX", "10.0.0.9") D("Status", "0x0") D("ServiceName", "PC1$")
                          D("TicketEncryptionType", "0x17"))
                    EVENT(AUDIT, "Security", "4768", "3", "10:00",
                          FROM("joe", "EX", "10.0.0.9") D("Status", "0x0") D("PreAuthType", "0")
                              D("TicketEncryptionType", "0x99"))
                        EVENT(AUDIT, "Security", "4768", "4", "10:00",
                              FROM("kim", "EX", "10.0.0.9") D("Status", "0x6") D("PreAuthType", "0")
                                  D("TicketEncryptionType", "0xFFFFFFFF")));
    struct buf rows = ask(&triage_logons, &logons, events);
    assert_non_null(strstr(rows.ptr, "|eve|EX||||10.0.0.9|pc1|RC4-HMAC||||0x0|||sql|"));
    assert_non_null(strstr(rows.ptr, "|joe|EX||||10.0.0.9|pc1|0x99||"));
    assert_non_null(strstr(rows.ptr, "|kim|EX||||10.0.0.9|pc1|||||0x6|client not found|"));
    buf_fini(&rows);
    rows = ask(&triage_accounts, &rank, events);
    assert_non_null(strstr(rows.ptr, "|eve|ex|1|1|0|0|0|1|0||0|rc4-ticket|"));
    assert_non_null(strstr(rows.ptr, "|bob|ex|1|1|0|0|0|1|0||0||"));
    assert_non_null(strstr(rows.ptr, "|joe|ex|1|1|0|0|0|1|0||0|no-preauthentication|"));
    assert_non_null(strstr(rows.ptr, "|kim|ex|1|1|0|1|0|0|0||0||"));
    buf_fini(&rows);
}

static void test_accounts_ranked(void **unused) {
    (void)unused;
    const struct triage_options options = {.kind = STR("rank")};
    struct buf rows = ask(&triage_accounts, &options, STR(ACCOUNT_EVENTS));
    struct str rest = str_from_c(rows.ptr);
    struct str line;
    static const char *const expected[] = {
        "|eve|ex, ex.example|3|2|1|0|1|1|1|network|0||" AT("10") "|" AT("40"),
        "|bob|ex|1|1|0|1|0|0|0|network|0||" AT("30") "|" AT("30"),
        "|mallory||0|0|0|0|0|0|0||1|log-cleared|" AT("50") "|" AT("50")};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(str_split_next(&line, &rest, '\n'));
        size_t at = str_find_char(line, '|');
        assert_true(str_eq(str_skip(line, at), str_from_c(expected[i])));
    }
    buf_fini(&rows);
}

/* "change|event|sign|by|target|member|detail" of each row. */
static void assert_changes(struct str input, const char *expected) {
    const struct triage_options options = {0};
    struct buf rows = ask(&triage_changes, &options, input);
    struct buf told = BUF_INIT;
    struct str rest = str_from_c(rows.ptr);
    struct str line;
    while (str_split_next(&line, &rest, '\n')) {
        struct str cell;
        for (int i = 0; str_split_next(&cell, &line, '|') && i <= 8; i++) {
            if (i >= 2) {
                buf_add(&told, cell);
                buf_putc(&told, i == 8 ? '\n' : '|');
            }
        }
    }
    buf_putc(&told, '\0');
    assert_string_equal(told.ptr, expected);
    buf_fini(&rows);
    buf_fini(&told);
}

static void test_changes(void **unused) {
    (void)unused;
    /* in the order of time; the flags that changed; the group by the last part of its SID */
    assert_changes(
        STR(EVENT(AUDIT, "Security", "4732", "2", "00:02",
                  BY("adm") D("TargetUserName", "Administrators") D("TargetDomainName", "Builtin")
                      D("TargetSid", "S-1-5-32-544") D("MemberName", "-") D("MemberSid", "S-1-9"))
                EVENT(AUDIT, "Security", "4738", "1", "00:01",
                      BY("adm") D("TargetUserName", "eve") D("OldUacValue", "0x211")
                          D("NewUacValue", "0x10010") D("SidHistory", "-"))
                    EVENT(AUDIT, "Security", "4732", "3", "00:03",
                          BY("adm") D("TargetUserName", "Some") D("TargetSid", "S-1-5-21-1-5440")
                              D("MemberName", "CN=x") D("MemberSid", "S-1-9"))),
        "account-changed|4738|no-preauthentication|EX\\adm|eve||"
        "account: -disabled -password-never-expires +no-preauthentication\n"
        "member-added|4732|privileged-group|EX\\adm|Builtin\\Administrators|S-1-9|\n"
        "member-added|4732||EX\\adm|Some|CN=x|MemberSid: S-1-9\n");
}

static void test_changes_directory(void **unused) {
    (void)unused;
    /* replication by a person; by a machine; another 4662 is no change */
    assert_changes(
        STR(EVENT(AUDIT, "Security", "4662", "1", "00:01",
                  BY("eve") D("ObjectName", "o")
                      D("Properties", "%%7688 {1131F6AD-9C07-11D1-F79F-00C04FC2DCD2}"))
                EVENT(AUDIT, "Security", "4662", "2", "00:02",
                      BY("DC1$") D("ObjectName", "o")
                          D("Properties", "%%7688 {1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}"))
                    EVENT(AUDIT, "Security", "4662", "3", "00:03",
                          BY("eve") D("ObjectName", "o") D("Properties", "%%7688"))),
        "replication|4662|dcsync|EX\\eve|o||Properties: Control Access "
        "DS-Replication-Get-Changes-All\n"
        "replication|4662||EX\\DC1$|o||Properties: Control Access DS-Replication-Get-Changes\n");
    /* the machine that tells had its own password set by nobody; another machine; an audit setting
     */
    assert_changes(
        STR(EVENT(AUDIT, "Security", "4742", "1", "00:01",
                  D("SubjectUserSid", "S-1-5-7") D("TargetUserName", "PC1$"))
                EVENT(AUDIT, "Security", "4742", "2", "00:02",
                      D("SubjectUserSid", "S-1-5-7") D("TargetUserName", "PC12$"))
                    EVENT(AUDIT, "Security", "4719", "3", "00:03",
                          D("SubcategoryId", "%%12544") D("AuditPolicyChanges", "%%8448, %%8451"))),
        "computer-changed|4742|zerologon|S-1-5-7|PC1$||\n"
        "computer-changed|4742||S-1-5-7|PC12$||\n"
        "audit-policy-changed|4719|audit-less||Logon||"
        "AuditPolicyChanges: success removed, failure added\n");
}

static void test_logons_elsewhere(void **unused) {
    (void)unused;
    const struct triage_options options = {0};
    assert_answer(
        &triage_logons, &options,
        STR("<86>1 2026-11-09T00:00:01Z web1 sshd 9 - - Failed password for invalid user x from "
            "10.0.0.9 "
            "port 22 ssh2\n"
            "<86>1 2026-11-09T00:00:02Z web1 sshd 9 - - Connection closed by 10.0.0.9 port 22\n"),
        "1|0|failure|sshd|x|||||10.0.0.9|web1|password||||||||2026-11-09T00:00:01.000000000Z|"
        "2026-11-09T00:00:01.000000000Z\n");
    assert_answer(
        &triage_logons, &options,
        STR("type=USER_LOGIN msg=audit(1772377273.355:4443): pid=9 uid=0 auid=4294967295 "
            "ses=4294967295 msg='op=login acct=\"adm\" exe=\"/usr/sbin/sshd\" hostname=10.0.0.9 "
            "addr=10.0.0.9 terminal=ssh res=success'\n"
            "type=USER_END msg=audit(1772377274.355:4444): pid=9 uid=0 auid=0 ses=1 "
            "msg='op=PAM:session_close acct=\"adm\" exe=\"/usr/sbin/sshd\" hostname=10.0.0.9 "
            "addr=10.0.0.9 terminal=ssh res=success'\n"),
        "1|0|success|USER_LOGIN|adm|||||10.0.0.9||||/usr/sbin/sshd||||||"
        "2026-03-01T15:01:13.355000000Z|2026-03-01T15:01:13.355000000Z\n");
}

static void test_gaps(void **unused) {
    (void)unused;
    const struct triage_options options = {0};
    assert_answer(&triage_gaps, &options,
                  STR(EVENT(AUDIT, "Security", "4634", "9", "05:00", "")
                          EVENT(AUDIT, "Security", "4634", "5", "02:00", "")
                              EVENT(AUDIT, "Security", "4634", "10", "04:00", "")),
                  "records|file|Security|pc1|5|9|3|2026-11-09T00:02:00.000000000Z|"
                  "2026-11-09T00:05:00.000000000Z|180.000|\n"
                  "clock|file|Security|pc1|9|10||2026-11-09T00:05:00.000000000Z|"
                  "2026-11-09T00:04:00.000000000Z|-60.000|\n");
    const struct triage_options four = {.min_missing = 4};
    assert_answer(&triage_gaps, &four,
                  STR(EVENT(AUDIT, "Security", "4634", "5", "02:00", "")
                          EVENT(AUDIT, "Security", "4634", "9", "02:01", "")),
                  "");
}

#define PROCESS(id, parent, image)                                                                 \
    D("NewProcessId", id) D("ProcessId", parent) D("NewProcessName", image)

/* "depth:image " of each row of the answer. */
#define ANY_PROCESS .pid = TRIAGE_ANY_PID, .at_ns = TIME_NONE

static void assert_tree(const struct triage_options *options, struct str input,
                        const char *expected) {
    struct buf rows = ask(&triage_ptree, options, input);
    struct buf tree = BUF_INIT;
    struct str rest = str_from_c(rows.ptr);
    struct str line;
    while (str_split_next(&line, &rest, '\n')) {
        struct str cell;
        for (int i = 0; str_split_next(&cell, &line, '|'); i++) {
            if (i == 1 || i == 8) {
                buf_add(&tree, cell);
                buf_putc(&tree, i == 1 ? ':' : ' ');
            }
        }
    }
    buf_putc(&tree, '\0');
    assert_string_equal(tree.ptr, expected);
    buf_fini(&rows);
    buf_fini(&tree);
}

static void test_ptree_reuse(void **unused) {
    (void)unused;
    /* id 8 ends and is given to another one: c is b's child, d has a parent that no event shows */
    const struct triage_options options = {ANY_PROCESS};
    assert_tree(
        &options,
        STR(EVENT(AUDIT, "Security", "4688", "1", "00:01", PROCESS("0x8", "0x4", "a"))
                EVENT(AUDIT, "Security", "4689", "2", "00:02", D("ProcessId", "0x8")) EVENT(
                    AUDIT, "Security", "4688", "3", "00:03", PROCESS("0x9", "0x8", "d"))
                    EVENT(AUDIT, "Security", "4688", "4", "00:04", PROCESS("0x8", "0x4", "b"))
                        EVENT(AUDIT, "Security", "4688", "5", "00:05", PROCESS("0xa", "0x8", "c"))),
        "0: 1:a 1:b 2:c 0: 1:d ");
}

#define SYSMON(record, second, guid, parent, image)                                                \
    EVENT("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", "1", record, second, \
          D("ProcessGuid", guid) D("ParentProcessGuid", parent) D("Image", image)                  \
              D("ProcessId", "1") D("ParentImage", "p"))

/* a -> b -> c, b -> d, a -> e; f's parent is g and g's is f: one of them has a missing parent. */
static const struct str family =
    STR_INIT(SYSMON("1", "00:01", "A", "", "a") SYSMON("2", "00:02", "B", "A", "b")
                 SYSMON("3", "00:03", "C", "B", "c") SYSMON("4", "00:04", "D", "B", "d")
                     SYSMON("5", "00:05", "E", "A", "e") SYSMON("6", "00:06", "F", "G", "f")
                         SYSMON("7", "00:07", "G", "F", "g") SYSMON("8", "00:03", "C", "B", "c"));

static void test_ptree_choice(void **unused) {
    (void)unused;
    static const struct {
        const char *image;
        const char *show;
        const char *expected;
    } cases[] = {
        {"", "", "0:a 1:b 2:c 2:d 1:e 0:p 1:f 2:g "},
        {"b", "", "0:a 1:b 2:c 2:d "},
        {"b", "ancestors", "0:a 1:b "},
        {"d", "both", "0:a 1:b 2:d "},
        {"b", "descendants", "0:b 1:c 1:d "},
        {"c", "tree", "0:a 1:b 2:c 2:d 1:e "},
        {"zzz", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct triage_options options = {ANY_PROCESS, .image = str_from_c(cases[i].image),
                                               .show = str_from_c(cases[i].show)};
        assert_tree(&options, family, cases[i].expected);
    }
    const struct triage_options by_guid = {ANY_PROCESS, .guid = STR("d"), .show = STR("ancestors")};
    assert_tree(&by_guid, family, "0:a 1:b 2:d ");
    const struct triage_options elsewhere = {ANY_PROCESS, .host = STR("pc2")};
    assert_tree(&elsewhere, family, "");
}

/* The branches: what is not shown has none. */
static void test_ptree_drawing(void **unused) {
    (void)unused;
    const struct triage_options options = {ANY_PROCESS, .image = STR("d"), .is_drawn = true,
                                           .is_ascii = true};
    struct buf rows = ask(&triage_ptree, &options, family);
    assert_true(str_starts(str_from_c(rows.ptr), STR("a|0|")));
    assert_non_null(strstr(rows.ptr, "\n`- b|1|"));
    assert_non_null(strstr(rows.ptr, "\n   `- d|2|"));
    buf_fini(&rows);
    const struct triage_options all = {ANY_PROCESS, .is_drawn = true, .is_ascii = true};
    rows = ask(&triage_ptree, &all, family);
    assert_non_null(strstr(rows.ptr, "\n|- b|1|"));
    assert_non_null(strstr(rows.ptr, "\n|  |- c|2|"));
    assert_non_null(strstr(rows.ptr, "\np (no event)|0|"));
    buf_fini(&rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics),          cmocka_unit_test(test_logons_privileged),
        cmocka_unit_test(test_stack_scripts),    cmocka_unit_test(test_logoffs),
        cmocka_unit_test(test_accounts),         cmocka_unit_test(test_accounts_ranked),
        cmocka_unit_test(test_one_user),         cmocka_unit_test(test_tickets),
        cmocka_unit_test(test_changes),          cmocka_unit_test(test_changes_directory),
        cmocka_unit_test(test_logons_elsewhere), cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_ptree_reuse),      cmocka_unit_test(test_ptree_choice),
        cmocka_unit_test(test_ptree_drawing),
    };
    return cmocka_run_group_tests_name("triage", tests, NULL, NULL);
}
