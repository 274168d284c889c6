/* ML-01 and ML-02: names, addresses, and the analyses over joined mails made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ml_address.h"
#include "ml_name.h"
#include "run.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

extern const struct analysis analysis_ml_01;
extern const struct analysis analysis_ml_02;

struct name_case {
    const char *name;
    enum ml_class class;
    unsigned tricks;
};

static void names_are_classified(void **state) {
    (void)state;
    static const struct name_case cases[] = {
        {"invoice.exe", ML_CLASS_EXECUTABLE, 0},
        {"INVOICE.EXE", ML_CLASS_EXECUTABLE, 0},
        {"見積書．ｅｘｅ", ML_CLASS_EXECUTABLE, 0}, /* full width */
        {"order.pdf.exe", ML_CLASS_EXECUTABLE, ML_TRICK_DOUBLE_EXTENSION},
        {"order.pdf .exe", ML_CLASS_EXECUTABLE, ML_TRICK_DOUBLE_EXTENSION},
        {"order.pdf                    .exe", ML_CLASS_EXECUTABLE,
         ML_TRICK_DOUBLE_EXTENSION | ML_TRICK_SPACES},
        {"請求書\u202efdp.exe", ML_CLASS_EXECUTABLE, ML_TRICK_REVERSED},
        {"photo\u202egpj.txt", ML_CLASS_NONE, ML_TRICK_REVERSED},
        {"setup.exe.", ML_CLASS_EXECUTABLE, ML_TRICK_TRAILING},
        {"setup.exe . ", ML_CLASS_EXECUTABLE, ML_TRICK_TRAILING},
        {"a.{3050f4d8-98b5-11cf-bb82-00aa00bdce0b}", ML_CLASS_EXECUTABLE, 0},
        {"a.xll", ML_CLASS_EXECUTABLE, 0},
        {"a.search-ms", ML_CLASS_EXECUTABLE, 0},
        {"a.xlsm", ML_CLASS_ACTIVE, 0},
        {"a.html", ML_CLASS_ACTIVE, 0},
        {"a.pdf.html", ML_CLASS_ACTIVE, ML_TRICK_DOUBLE_EXTENSION},
        {"a.zip", ML_CLASS_ARCHIVE, 0},
        {"WINMAIL.DAT", ML_CLASS_OPAQUE, 0},
        {"report.js.pdf", ML_CLASS_NONE, 0},
        {"readme.exe.txt", ML_CLASS_NONE, 0},
        {"command.com社_仕様書.pdf", ML_CLASS_NONE, 0},
        {"com_exe_list.xlsx", ML_CLASS_NONE, 0},
        {"exe", ML_CLASS_NONE, 0},
        {"", ML_CLASS_NONE, 0},
        {"...", ML_CLASS_NONE, ML_TRICK_TRAILING},
        {"2026.3.1 議事録.docx", ML_CLASS_NONE, 0},
    };
    struct buf folded = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ml_name name;
        ml_name_classify(&name, &folded, str_from_c(cases[i].name), 10);
        if (name.class != cases[i].class || name.tricks != cases[i].tricks) {
            print_error("%s: class %d tricks %u\n", cases[i].name, (int)name.class, name.tricks);
        }
        assert_int_equal(name.class, cases[i].class);
        assert_int_equal(name.tricks, cases[i].tricks);
    }
    struct ml_name name;
    ml_name_classify(&name, &folded, STR("a.exe\0.pdf"), 10);
    assert_int_equal(name.class, ML_CLASS_EXECUTABLE);
    assert_int_equal(name.tricks, ML_TRICK_NUL);
    buf_fini(&folded);
}

static void addresses_are_found(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"ceo@own.example", "ceo@own.example"},
        {"boss <ceo@own.example>", "ceo@own.example"},
        {"山田(ceo@own.example)", "ceo@own.example"},
        {"'a.b@c.example' via list", "a.b@c.example"},
        {"【重要】ceo@own.example.", "ceo@own.example"},
        {"ito @ osaka office", ""},
        {"営業部@大阪", ""},
        {"sales@osaka", ""},
        {"@own.example", ""},
        {"a@b..c", ""},
        {"a@1.2", ""},
        {"x@y z@w.example", "z@w.example"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ml_address address = {.whole = STR_EMPTY};
        struct str rest = str_from_c(cases[i][0]);
        bool found = ml_address_next(&address, &rest);
        assert_int_equal(found, cases[i][1][0] != '\0');
        assert_true(!found || str_eq(address.whole, str_from_c(cases[i][1])));
    }
    struct ml_address a;
    struct ml_address b;
    assert_true(ml_address_parse(&a, STR("<taro+news@own.example>")));
    assert_true(ml_address_parse(&b, STR("TARO@OWN.example")));
    assert_true(ml_address_same(&a, &b));
    assert_true(ml_same_organisation(STR("mail.kabu.co.jp"), STR("KABU.co.jp")));
    assert_false(ml_same_organisation(STR("kabu.co.jp"), STR("shiki.co.jp")));
}

/* --- the analyses --- */

struct mail {
    const char *from; /* NULL: no From header logged */
    const char *from_name;
    const char *from_state;
    const char *to;
    const char *file; /* NULL: none */
    const char *file_state;
    const char *fate; /* NULL: delivered */
};

#define DAY_NS (INT64_C(1772409600) * NS_PER_SECOND) /* 2026-03-02T00:00:00Z */

static void add_mail(struct batch *b, const struct mail *mail, uint32_t number) {
    struct row *row = batch_row_begin(b, 0, 0);
    row->source = intern_add(&b->names, STR("mx01/mail"));
    row->dataset = DATASET_POSTFIX_MAIL;
    row->flags = ROW_DERIVED;
    row->sequence = number;
    row->time_ns = DAY_NS + number * NS_PER_MINUTE;
    batch_add(b, FIELD_EVENT_ACTION, str_from_c(mail->fate != NULL ? mail->fate : "delivered"));
    batch_add(b, FIELD_EVENT_END, STR("2026-03-02T12:00:00.000000000Z"));
    batch_add(b, FIELD_EMAIL_TO, str_from_c(mail->to));
    batch_add(b, FIELD_EMAIL_CONTENT_TYPE, STR("text/plain"));
    if (mail->from != NULL) {
        batch_add(b, FIELD_EMAIL_FROM_RAW, STR("raw"));
        batch_add(b, FIELD_EMAIL_FROM, str_from_c(mail->from));
        batch_add(b, FIELD_EMAIL_FROM_NAME, str_from_c(mail->from_name));
        batch_add(b, FIELD_EMAIL_FROM_STATE, str_from_c(mail->from_state));
    }
    if (mail->file != NULL) {
        batch_add(b, FIELD_EMAIL_ATTACHMENT, str_from_c(mail->file));
        batch_add(b, FIELD_EMAIL_ATTACHMENT_STATE, str_from_c(mail->file_state));
    }
    for (uint32_t i = 0; i < 3; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "mx01-%u", number * 10 + i);
        batch_add(b, FIELD_MEMBER, str_from_c(id));
        batch_add(b, FIELD_MEMBER_FILE, STR("logs/maillog"));
        batch_add_i64(b, FIELD_MEMBER_LINE, number * 10 + i);
    }
}

struct collected {
    struct buf text; /* "ID level|" of findings, coverage states that are not full */
};

static struct str json_text(struct str json, struct str key) {
    size_t at = str_find(json, key);
    struct str rest = str_skip(json, at == STR_NONE ? json.len : at + key.len);
    return str_head(rest, str_find_char(rest, '"') == STR_NONE ? 0 : str_find_char(rest, '"'));
}

static bool collect(struct str kind, struct str json, void *ctx) {
    struct collected *c = ctx;
    if (str_eq(kind, STR("finding"))) {
        struct str id = json_text(json, STR("\"analysis\":\""));
        struct str level = json_text(json, STR("\"level\":\""));
        buf_printf(&c->text, "%.*s %.*s", STR_ARG(id), STR_ARG(level));
        assert_true(str_find(json, STR("\"count\":3")) != STR_NONE); /* the members */
        assert_true(str_find(json, STR("\"file\":\"logs/maillog\"")) != STR_NONE);
        buf_putc(&c->text, '|');
    } else if (str_find(json, STR("\"state\":\"full\"")) == STR_NONE) {
        struct str id = json_text(json, STR("\"analysis\":\""));
        struct str state = json_text(json, STR("\"state\":\""));
        struct str source = json_text(json, STR("\"source\":\""));
        buf_printf(&c->text, "%.*s %.*s %.*s|", STR_ARG(id), STR_ARG(source), STR_ARG(state));
    }
    return true;
}

/* Runs both analyses over one mail and returns what they say. */
static void check_mail(const struct site *site, const struct mail *mail, const char *expected) {
    static const struct analysis *const list[] = {&analysis_ml_01, &analysis_ml_02, NULL};
    char folder[] = "/tmp/konseki-ml-XXXXXX";
    struct err err = ERR_INIT;
    struct findings_db *db = NULL;
    struct batch batch;
    struct parts_join_result joined;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(findings_db_open(&db, folder, true, &err), STATUS_OK);
    assert_int_equal(findings_db_begin(db, &err), STATUS_OK);
    struct run_options options = {.site = site, .analyses = list, .db = db};
    struct analysis_run *run = run_create(&options);
    int32_t day = site_local_day(site, DAY_NS);
    batch_init(&batch);
    add_mail(&batch, mail, 1);
    assert_int_equal(run_window(run, day, day, &err), STATUS_OK);
    assert_true(run_wants(run, &batch, &batch.rows[0]));
    run_feed(run, &batch, &batch.rows[0]);
    assert_int_equal(run_evaluate(run, day, &err), STATUS_OK);
    run_close(run, day);
    assert_int_equal(parts_join(db, &joined, NULL, NULL, &err), STATUS_OK);
    assert_int_equal(findings_db_commit(db, &err), STATUS_OK);
    struct collected got = {BUF_INIT};
    struct findings_query query = {.id = STR_EMPTY, .analysis = STR_EMPTY, .coverage = true};
    assert_int_equal(findings_db_visit(db, &query, collect, &got, &err), STATUS_OK);
    buf_putc(&got.text, '\0');
    assert_string_equal(got.text.ptr, expected);
    buf_fini(&got.text);
    batch_fini(&batch);
    run_destroy(&run);
    findings_db_close(&db);
    static const char *const files[] = {"findings.db", "findings.db-wal", "findings.db-shm"};
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

static const char SITE[] = "organisation { domains = [\"own.example\"] }\n"
                           "zone = \"UTC\"\n"
                           "mailing_lists = [\"club@lists.example\"]\n";

struct mail_case {
    struct mail mail;
    const char *expected;
};

static void mails_are_judged(void **state) {
    (void)state;
    static const struct mail_case cases[] = {
        {{"x@evil.example", "ceo@own.example", "ok", "r@own.example"}, "ML-01 high|"},
        {{"x@evil.example", "ceo＠own．example", "ok", "r@own.example"}, "ML-01 high|"},
        {{"x@evil.test", "Bob <bob@far.net>", "ok", "r@own.example"}, "ML-01 medium|"},
        {{"x@evil.example", "ceo@own.example", "ok", "r@own.example", .fate = "rejected"},
         "ML-01 medium|"},
        {{"x@evil.test", "a@third.net", "ok", "r@third.net"}, "ML-01 high|"}, /* its own domain */
        {{"x@own.example", "y@own.example", "ok", "r@own.example"}, "ML-01 low|"},
        {{"x@own.example", "X@OWN.example", "ok", "r@own.example"}, ""},
        {{"x@own.example", "x+tag@own.example", "ok", "r@own.example"}, ""},
        {{"ito@far.net", "Ito @ Osaka Office", "ok", "r@own.example"}, ""},
        {{"ito@far.net", "営業部＠大阪", "ok", "r@own.example"}, ""},
        {{"club@lists.example", "'bob@far.net' via club", "ok", "r@own.example"}, ""},
        {{"ring@ml.test", "'bob@far.net' via ring", "ok", "r@own.example"}, "ML-01 low|"},
        {{"ring@ml.test", "'ceo@own.example' via ring", "ok", "r@own.example"}, "ML-01 high|"},
        {{"x@evil.test", "Bob", "truncated", "r@own.example"}, "ML-01 mx01 degraded|"},
        {{"x@evil.test", "ceo@own.example", "truncated", "r@own.example"}, "ML-01 high|"},
        {{NULL, "", "", "r@own.example"}, "ML-01 mx01 no|"},
        {{"a@b.test", "A", "ok", "r@own.example", "x.exe", "ok"}, "ML-02 high|"},
        {{"a@b.test", "A", "ok", "r@own.example", "x.pdf.exe", "ok"}, "ML-02 critical|"},
        {{"a@b.test", "A", "ok", "r@own.example", "x.pdf.exe", "ok", "rejected"}, "ML-02 medium|"},
        {{"a@b.test", "A", "ok", "r@own.example", "x\u202efdp.exe", "ok"}, "ML-02 critical|"},
        {{"a@b.test", "A", "ok", "r@own.example", "x.exe", "truncated"}, "ML-02 medium|"},
        {{"a@b.test", "A", "ok", "r@own.example", "x.docm", "ok"}, "ML-02 low|"},
        {{"a@b.test", "A", "ok", "r@own.example", "x.js.pdf", "ok"}, ""},
        {{"a@b.test", "A", "ok", "r@own.example", "x.zip", "ok"}, ""},
        {{"a@b.test", "A", "ok", "r@own.example", "x.pd", "truncated"}, "ML-02 mx01 degraded|"},
        {{"a@b.test", "A", "ok", "r@own.example", "", "truncated"}, "ML-02 mx01 degraded|"},
        {{"a@b.test", "A", "ok", "r@own.example", "????.pdf", "undecodable"}, ""},
        {{"a@b.test", "A", "ok", "r@own.example", "????", "undecodable"}, "ML-02 mx01 degraded|"},
        {{"a@b.test", "A", "ok", "r@own.example", "????.exe", "undecodable"}, "ML-02 high|"},
        {{"a@b.test", "A", "ok", "r@own.example", "winmail.dat", "ok"}, "ML-02 mx01 degraded|"},
    };
    struct site *site = NULL;
    struct err err = ERR_INIT;
    if (site_parse(&site, str_from_c(SITE), "test", &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_mail(site, &cases[i].mail, cases[i].expected);
    }
    site_free(&site);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_classified),
        cmocka_unit_test(addresses_are_found),
        cmocka_unit_test(mails_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
