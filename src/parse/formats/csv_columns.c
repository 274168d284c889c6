#include "csv_columns.h"

#include "json_names.h"
#include "windows_names.h"

enum { NAME_BYTES = 512 };

static bool is_one_of(struct str name, const struct str *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (str_eq_ci(name, list[i])) {
            return true;
        }
    }
    return false;
}
#define IS_ONE_OF(name, list) is_one_of((name), (list), sizeof(list) / sizeof *(list))

static const struct str event_ids[] = {STR_INIT("EventID"),     STR_INIT("Event ID"),
                                       STR_INIT("event_id"),    STR_INIT("EventCode"),
                                       STR_INIT("イベント ID"), STR_INIT("winlog.event_id")};
static const struct str channels[] = {STR_INIT("Channel"),        STR_INIT("LogName"),
                                      STR_INIT("Log Name"),       STR_INIT("log_name"),
                                      STR_INIT("winlog.channel"), STR_INIT("ログの名前")};
static const struct str providers[] = {STR_INIT("Provider"),
                                       STR_INIT("ProviderName"),
                                       STR_INIT("Provider_Name"),
                                       STR_INIT("SourceName"),
                                       STR_INIT("Source"),
                                       STR_INIT("ソース"),
                                       STR_INIT("winlog.provider_name")};
static const struct str computers[] = {STR_INIT("Computer"),
                                       STR_INIT("ComputerName"),
                                       STR_INIT("Computer Name"),
                                       STR_INIT("MachineName"),
                                       STR_INIT("Hostname"),
                                       STR_INIT("コンピューター"),
                                       STR_INIT("winlog.computer_name")};
static const struct str record_ids[] = {STR_INIT("EventRecordID"), STR_INIT("RecordId"),
                                        STR_INIT("Record ID"), STR_INIT("winlog.record_id")};
static const struct str times[] = {STR_INIT("TimeCreated"),
                                   STR_INIT("TimeCreated_SystemTime"),
                                   STR_INIT("SystemTime"),
                                   STR_INIT("@timestamp"),
                                   STR_INIT("Timestamp"),
                                   STR_INIT("Date and Time"),
                                   STR_INIT("日付と時刻"),
                                   STR_INIT("EventTime"),
                                   STR_INIT("_time"),
                                   STR_INIT("datetime"),
                                   STR_INIT("date_time"),
                                   STR_INIT("event_time"),
                                   STR_INIT("TimeGenerated"),
                                   STR_INIT("timecreated"),
                                   STR_INIT("CreationTime"),
                                   STR_INIT("Creation Date"),
                                   STR_INIT("StartTime"),
                                   STR_INIT("time"),
                                   STR_INIT("ts"),
                                   STR_INIT("日時")};
static const struct str levels[] = {STR_INIT("Level"), STR_INIT("レベル")};
/* Of the events themselves in EvtxECmd and Get-WinEvent; elsewhere fields of the event data. */
static const struct {
    struct str name;
    struct str flat;
} system_parts[] = {{STR_INIT("ProcessId"), STR_INIT("Execution_ProcessID")},
                    {STR_INIT("ThreadId"), STR_INIT("Execution_ThreadID")},
                    {STR_INIT("UserId"), STR_INIT("Security_UserID")},
                    {STR_INIT("ProviderId"), STR_INIT("Provider_Guid")},
                    {STR_INIT("ActivityId"), STR_INIT("Correlation_ActivityID")},
                    {STR_INIT("RelatedActivityId"), STR_INIT("Correlation_RelatedActivityID")},
                    {STR_INIT("Version"), STR_INIT("Version")},
                    {STR_INIT("Task"), STR_INIT("Task")},
                    {STR_INIT("Opcode"), STR_INIT("Opcode")},
                    {STR_INIT("Keywords"), STR_INIT("Keywords")}};

bool csv_is_sign(struct str name) {
    return IS_ONE_OF(name, times) || IS_ONE_OF(name, event_ids) || str_eq_ci(name, STR("date"));
}

static bool has(const struct str *names, size_t count, struct str wanted) {
    return is_one_of(wanted, names, count);
}

static bool has_any(const struct str *names, size_t count, const struct str *list, size_t n) {
    for (size_t i = 0; i < count; i++) {
        if (is_one_of(names[i], list, n)) {
            return true;
        }
    }
    return false;
}
#define HAS_ANY(names, count, list) has_any(names, count, list, sizeof(list) / sizeof *(list))

enum csv_kind csv_kind_of(const struct str *names, size_t count) {
    bool listing = has(names, count, STR("Id")) && has(names, count, STR("ProviderName"));
    bool has_source = HAS_ANY(names, count, channels) || HAS_ANY(names, count, providers);
    if (!listing && (!HAS_ANY(names, count, event_ids) || !has_source)) {
        return CSV_ANY;
    }
    if (has(names, count, STR("Payload")) && has(names, count, STR("MapDescription"))) {
        return CSV_EVTXECMD;
    }
    if (has(names, count, STR("RuleTitle"))) {
        return CSV_HAYABUSA;
    }
    bool viewer = has(names, count, STR("Date and Time")) || has(names, count, STR("日付と時刻"));
    return listing ? CSV_LISTING : viewer ? CSV_VIEWER : CSV_WINDOWS;
}

static struct csv_column value_of(uint32_t field) {
    return (struct csv_column){.role = CSV_VALUE, .field = field};
}

/* What the tool says about the event: "csv.MapDescription". */
static struct csv_column own_value(struct str name) {
    char text[NAME_BYTES] = "csv.";
    name = str_head(name, sizeof text - 4);
    memcpy(text + 4, name.ptr, name.len);
    return value_of(schema_field(str_make(text, 4 + name.len)));
}

/* Roles that a name has in every table. */
static bool find_time_role(enum csv_role *out, struct str name, const struct str *names,
                           size_t count) {
    bool has_date = has(names, count, STR("date")) && has(names, count, STR("time"));
    if (has_date && (str_eq_ci(name, STR("date")) || str_eq_ci(name, STR("time")))) {
        *out = str_eq_ci(name, STR("date")) ? CSV_DATE : CSV_CLOCK;
        return true;
    }
    *out = CSV_TIME;
    return IS_ONE_OF(name, times) || str_eq_ci(name, STR("date"));
}

static struct csv_column any_column(struct str name) {
    struct json_name known;
    json_name_make(&known, name);
    return value_of(json_name_field(&known, name, JSON_DIALECT_OTHER));
}

static struct csv_column windows_column(struct str name) {
    struct json_name known;
    json_name_make(&known, name);
    uint32_t field = json_name_field(&known, name, JSON_DIALECT_FLAT);
    return field == FIELD_NONE ? (struct csv_column){.role = CSV_NOTHING} : value_of(field);
}

/* Columns of tools that list events: parts of <System>, and what the tool adds. */
static struct csv_column listed_column(struct str name, enum csv_kind kind) {
    for (size_t i = 0; i < sizeof system_parts / sizeof *system_parts; i++) {
        if (str_eq_ci(name, system_parts[i].name)) {
            return value_of(windows_field(system_parts[i].flat));
        }
    }
    if (kind == CSV_EVTXECMD && str_eq_ci(name, STR("Payload"))) {
        return (struct csv_column){.role = CSV_PAYLOAD};
    }
    if (kind == CSV_HAYABUSA &&
        (str_eq_ci(name, STR("ExtraFieldInfo")) || str_eq_ci(name, STR("AllFieldInfo")))) {
        return (struct csv_column){.role = CSV_PAIRS};
    }
    return str_eq_ci(name, STR("Message")) ? value_of(FIELD_MESSAGE) : own_value(name);
}

struct csv_column csv_column_of(struct str name, enum csv_kind kind, const struct str *names,
                                size_t count) {
    enum csv_role role;
    if (name.len == 0) {
        return (struct csv_column){.role = CSV_NOTHING};
    }
    if (find_time_role(&role, name, names, count)) {
        return (struct csv_column){.role = (uint8_t)role};
    }
    if (kind == CSV_ANY) {
        return any_column(name);
    }
    if (IS_ONE_OF(name, event_ids) || (kind == CSV_LISTING && str_eq_ci(name, STR("Id")))) {
        return value_of(FIELD_WINLOG_EVENT_ID);
    }
    if (IS_ONE_OF(name, channels)) {
        return (struct csv_column){.role = CSV_CHANNEL, .field = FIELD_WINLOG_CHANNEL};
    }
    bool source_is_provider = !str_eq_ci(name, STR("Source")) || kind == CSV_VIEWER;
    if (IS_ONE_OF(name, providers) && source_is_provider) {
        return value_of(FIELD_WINLOG_PROVIDER);
    }
    if (IS_ONE_OF(name, computers)) {
        return value_of(FIELD_WINLOG_COMPUTER);
    }
    if (IS_ONE_OF(name, record_ids)) {
        return (struct csv_column){.role = CSV_RECORD_ID};
    }
    if (IS_ONE_OF(name, levels) && kind != CSV_HAYABUSA) {
        return (struct csv_column){.role = CSV_LEVEL, .field = windows_field(STR("Level"))};
    }
    return kind == CSV_WINDOWS ? windows_column(name) : listed_column(name, kind);
}

struct str csv_channel(struct str text) {
    static const struct {
        struct str name;
        struct str channel;
    } known[] = {
        {STR_INIT("Sec"), STR_INIT("Security")},
        {STR_INIT("Sys"), STR_INIT("System")},
        {STR_INIT("App"), STR_INIT("Application")},
        {STR_INIT("Sysmon"), STR_INIT("Microsoft-Windows-Sysmon/Operational")},
        {STR_INIT("PwSh"), STR_INIT("Microsoft-Windows-PowerShell/Operational")},
        {STR_INIT("PwShClassic"), STR_INIT("Windows PowerShell")},
        {STR_INIT("Defender"), STR_INIT("Microsoft-Windows-Windows Defender/Operational")},
        {STR_INIT("TaskSch"), STR_INIT("Microsoft-Windows-TaskScheduler/Operational")},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_eq(text, known[i].name)) {
            return known[i].channel;
        }
    }
    return text;
}

struct str csv_level(struct str text) {
    static const struct {
        struct str name;
        struct str number;
    } known[] = {
        {STR_INIT("LogAlways"), STR_INIT("0")},     {STR_INIT("Critical"), STR_INIT("1")},
        {STR_INIT("Error"), STR_INIT("2")},         {STR_INIT("Warning"), STR_INIT("3")},
        {STR_INIT("Info"), STR_INIT("4")},          {STR_INIT("Information"), STR_INIT("4")},
        {STR_INIT("Informational"), STR_INIT("4")}, {STR_INIT("Verbose"), STR_INIT("5")},
        {STR_INIT("重大"), STR_INIT("1")},          {STR_INIT("エラー"), STR_INIT("2")},
        {STR_INIT("警告"), STR_INIT("3")},          {STR_INIT("情報"), STR_INIT("4")},
        {STR_INIT("詳細"), STR_INIT("5")},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_eq_ci(text, known[i].name)) {
            return known[i].number;
        }
    }
    return STR_EMPTY;
}
