/* Native names <-> fields, and the ECS copies made from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "windows_ecs.h"
#include "windows_names.h"

static const struct {
    const char *flat;
    const char *field;
} name_cases[] = {
    {"EventID", "winlog.event_id"},
    {"Provider_Name", "winlog.provider_name"},
    {"Execution_ProcessID", "winlog.process.pid"},
    {"Security_UserID", "winlog.user.identifier"},
    {"TimeCreated_SystemTime", "@timestamp"},
    {"EventRecordID", "winlog.record_id"},
    {"EventID_Qualifiers", "winlog.system.EventID_Qualifiers"},
    {"TargetUserName", "winlog.event_data.TargetUserName"},
    {"Data", "winlog.event_data.Data"},
    {"EventData.Channel", "winlog.event_data.Channel"},
    {"EventData.Provider_Name", "winlog.event_data.Provider_Name"},
    {"Provider", "winlog.event_data.Provider"},
};

static void test_names_both_ways(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof name_cases / sizeof *name_cases; i++) {
        uint32_t field = windows_field(str_from_c(name_cases[i].flat));
        assert_true(str_eq(schema_name(field), str_from_c(name_cases[i].field)));
        assert_int_equal(windows_field_find(str_from_c(name_cases[i].flat)), field);
        struct buf flat = BUF_INIT;
        assert_true(windows_flat_name(&flat, field));
        assert_true(str_eq(buf_str(&flat), str_from_c(name_cases[i].flat)));
        buf_fini(&flat);
    }
}

static void test_body_names(void **state) {
    (void)state;
    assert_true(str_eq(schema_name(windows_body_field(STR("Product Name"))),
                       STR("winlog.event_data.ProductName")));
    assert_true(
        str_eq(schema_name(windows_body_field(STR("EventID"))), STR("winlog.event_data.EventID")));
    struct buf flat = BUF_INIT;
    assert_false(windows_flat_name(&flat, FIELD_USER_NAME));
    assert_false(windows_flat_name(&flat, windows_user_data_field()));
    assert_int_equal(flat.len, 0);
    assert_int_equal(windows_field_find(STR("NobodyEverNamedThis")), FIELD_NONE);
    buf_fini(&flat);
}

struct ecs_case {
    const char *native; /* "name=value|name=value" */
    const char *copies; /* "field=value|..." in the order they are added */
};

static const struct ecs_case ecs_cases[] = {
    {"EventID=4624|Channel=Security|Computer=dc1|Keywords=0x8020000000000000|"
     "SubjectUserName=DC1$|TargetUserName=sato|TargetDomainName=CORP|LogonType=3|"
     "IpAddress=::ffff:10.1.2.3|IpPort=50123|ProcessName=C:\\Windows\\lsass.exe",
     "event.code=4624|host.name=dc1|event.outcome=success|winlog.logon.type=3|"
     "source.ip=10.1.2.3|source.port=50123|process.name=lsass.exe|user.name=sato|"
     "user.domain=CORP|event.category=authentication|event.action=logged-in"},
    {"EventID=4625|Channel=Security|Keywords=0x8010000000000000|TargetUserName=-|IpAddress=-|"
     "IpPort=0|WorkstationName=PC7",
     "event.code=4625|event.outcome=failure|source.domain=PC7|event.category=authentication|"
     "event.action=logon-failed"},
    {"EventID=4769|Channel=Security|Keywords=-9214364837600034816|"
     "TargetUserName=sato@CORP.EXAMPLE|IpAddress=::1",
     "event.code=4769|event.outcome=success|source.ip=::1|user.name=sato|"
     "event.category=authentication|event.action=kerberos-service-ticket-requested"},
    {"EventID=4720|Channel=Security|SubjectUserName=admin|TargetUserName=new1",
     "event.code=4720|user.target.name=new1|user.name=admin|event.category=iam|"
     "event.action=added-user-account"},
    {"EventID=1|Channel=Microsoft-Windows-Sysmon/Operational|Image=C:\\a\\b.exe|User=CORP\\sato",
     "event.code=1|process.name=b.exe|user.name=sato|user.domain=CORP|event.category=process|"
     "event.action=created-process"},
    {"EventID=1149|Channel=Microsoft-Windows-TerminalServices-RemoteConnectionManager/"
     "Operational|Param1=sato|Param2=CORP|Param3=10.9.9.9",
     "event.code=1149|source.ip=10.9.9.9|user.name=sato|user.domain=CORP|"
     "event.category=authentication|event.action=rdp-authenticated"},
    {"EventID=1149|Channel=Application|Param3=10.9.9.9", "event.code=1149"},
    {"EventID=4624|Channel=Security|IpAddress=not an address|IpPort=70000",
     "event.code=4624|event.category=authentication|event.action=logged-in"},
};

static void add_native(struct batch *batch, const char *native) {
    struct str rest = str_from_c(native);
    struct str pair;
    while (str_split_next(&pair, &rest, '|')) {
        size_t at = str_find_char(pair, '=');
        batch_add(batch, windows_field(str_head(pair, at)), str_skip(pair, at + 1));
    }
}

static void test_ecs_copies(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ecs_cases / sizeof *ecs_cases; i++) {
        struct batch batch;
        batch_init(&batch);
        (void)batch_row_begin(&batch, 0, 0);
        add_native(&batch, ecs_cases[i].native);
        uint32_t before = batch_row(&batch)->value_count;
        windows_ecs_add(&batch);
        struct buf out = BUF_INIT;
        for (uint32_t v = before; v < batch_row(&batch)->value_count; v++) {
            struct str name = schema_name(batch.values[v].field);
            struct str text = batch_value_text(&batch, &batch.values[v]);
            buf_printf(&out, "%s%.*s=%.*s", out.len > 0 ? "|" : "", STR_ARG(name), STR_ARG(text));
        }
        buf_putc(&out, 0);
        assert_string_equal(out.ptr, ecs_cases[i].copies);
        buf_fini(&out);
        batch_fini(&batch);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_both_ways),
        cmocka_unit_test(test_body_names),
        cmocka_unit_test(test_ecs_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
