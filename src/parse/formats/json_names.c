#include "json_names.h"

#include "windows_names.h"

/* Names of NXLog (im_msvistalog), Mordor and Azure's tables for System parts: those that differ
 * from the flat native ones. */
static const struct {
    struct str name;
    struct str flat;
} flat_system[] = {
    {STR_INIT("Hostname"), STR_INIT("Computer")},
    {STR_INIT("SourceName"), STR_INIT("Provider_Name")},
    {STR_INIT("ProviderName"), STR_INIT("Provider_Name")},
    {STR_INIT("ProviderGuid"), STR_INIT("Provider_Guid")},
    {STR_INIT("EventLog"), STR_INIT("Channel")},
    {STR_INIT("RecordNumber"), STR_INIT("EventRecordID")},
    {STR_INIT("OpcodeValue"), STR_INIT("Opcode")},
    {STR_INIT("TaskValue"), STR_INIT("Task")},
    {STR_INIT("ProcessID"), STR_INIT("Execution_ProcessID")},
    {STR_INIT("ExecutionProcessID"), STR_INIT("Execution_ProcessID")},
    {STR_INIT("ThreadID"), STR_INIT("Execution_ThreadID")},
    {STR_INIT("ExecutionThreadID"), STR_INIT("Execution_ThreadID")},
    {STR_INIT("UserID"), STR_INIT("Security_UserID")},
    {STR_INIT("ActivityID"), STR_INIT("Correlation_ActivityID")},
    {STR_INIT("RelatedActivityID"), STR_INIT("Correlation_RelatedActivityID")},
};

/* What the shipper adds: no part of the event. */
static const struct str shipper_names[] = {
    STR_INIT("EventReceivedTime"), STR_INIT("SourceModuleName"), STR_INIT("SourceModuleType"),
    STR_INIT("Severity"),          STR_INIT("SeverityValue"),    STR_INIT("Domain"),
    STR_INIT("AccountName"),       STR_INIT("AccountType"),      STR_INIT("Category"),
    STR_INIT("EventTypeOrignal"),  STR_INIT("EventTypeOriginal")};

/* Fields of logstash and similar beside a flat event. */
static const struct str foreign_names[] = {STR_INIT("host"), STR_INIT("port"), STR_INIT("@version"),
                                           STR_INIT("type"), STR_INIT("file"), STR_INIT("idx")};

static const struct {
    struct str name;
    uint32_t field;
} old_beat_names[] = {
    {STR_INIT("event_id"), FIELD_WINLOG_EVENT_ID},
    {STR_INIT("log_name"), FIELD_WINLOG_CHANNEL},
    {STR_INIT("computer_name"), FIELD_WINLOG_COMPUTER},
    {STR_INIT("source_name"), FIELD_WINLOG_PROVIDER},
    {STR_INIT("provider_guid"), FIELD_WINLOG_PROVIDER_GUID},
    {STR_INIT("process_id"), FIELD_WINLOG_PROCESS_ID},
    {STR_INIT("thread_id"), FIELD_WINLOG_THREAD_ID},
    {STR_INIT("keywords"), FIELD_WINLOG_KEYWORDS},
    {STR_INIT("task"), FIELD_WINLOG_TASK},
    {STR_INIT("opcode"), FIELD_WINLOG_OPCODE},
    {STR_INIT("level"), FIELD_LOG_LEVEL},
    {STR_INIT("version"), FIELD_WINLOG_VERSION},
    {STR_INIT("activity_id"), FIELD_WINLOG_ACTIVITY_ID},
    {STR_INIT("related_activity_id"), FIELD_WINLOG_RELATED_ACTIVITY_ID},
    {STR_INIT("user.identifier"), FIELD_WINLOG_USER_SID},
    {STR_INIT("message"), FIELD_MESSAGE},
    {STR_INIT("event_id.id"), FIELD_WINLOG_EVENT_ID}, /* OpenTelemetry */
    {STR_INIT("channel"), FIELD_WINLOG_CHANNEL},
    {STR_INIT("computer"), FIELD_WINLOG_COMPUTER},
    {STR_INIT("provider.name"), FIELD_WINLOG_PROVIDER},
    {STR_INIT("provider.guid"), FIELD_WINLOG_PROVIDER_GUID},
};

enum { NAME_BYTES = 512 };

/* The field "<prefix><name>", cut at the limit of names. */
static uint32_t prefixed(struct str prefix, struct str name) {
    char text[NAME_BYTES];
    name = str_head(name, sizeof text - prefix.len);
    memcpy(text, prefix.ptr, prefix.len);
    memcpy(text + prefix.len, name.ptr, name.len);
    return schema_field(str_make(text, prefix.len + name.len));
}

/* The path as it is; what is a property of every row gets a prefix, so that it stays a value. */
static uint32_t other_field(struct str path) {
    if (str_eq(path, STR("@timestamp"))) {
        return FIELD_NONE;
    }
    uint32_t known = schema_find(path);
    bool taken = known != FIELD_NONE && schema_is_attribute(known);
    bool scalar_over_object = str_eq(path, STR("host")) || str_eq(path, STR("source")) ||
                              str_eq(path, STR("event")) || str_eq(path, STR("user")) ||
                              str_eq(path, STR("process")) || str_eq(path, STR("url"));
    return taken || scalar_over_object ? prefixed(STR("json."), path) : prefixed(STR_EMPTY, path);
}

static bool is_in(struct str s, const struct str *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (str_eq(s, list[i])) {
            return true;
        }
    }
    return false;
}

/* Splunk's exports hold a row in "result", with names of its own for System parts. */
static struct str result_path(struct str path) {
    static const struct {
        struct str name;
        struct str flat;
    } own[] = {{STR_INIT("EventCode"), STR_INIT("EventID")},
               {STR_INIT("LogName"), STR_INIT("Channel")},
               {STR_INIT("ComputerName"), STR_INIT("Computer")}};
    struct str wrapper = STR("result.");
    if (!str_starts(path, wrapper)) {
        return path;
    }
    path = str_skip(path, wrapper.len);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        path = str_eq(path, own[i].name) ? own[i].flat : path;
    }
    return path;
}

static uint32_t flat_field(struct str path) {
    path = result_path(path);
    if (str_eq(path, STR("Message"))) {
        return FIELD_MESSAGE;
    }
    for (size_t i = 0; i < sizeof flat_system / sizeof *flat_system; i++) {
        if (str_eq(path, flat_system[i].name)) {
            return windows_field(flat_system[i].flat);
        }
    }
    if (is_in(path, shipper_names, sizeof shipper_names / sizeof *shipper_names)) {
        return prefixed(STR("nxlog."), path);
    }
    if (is_in(path, foreign_names, sizeof foreign_names / sizeof *foreign_names)) {
        return prefixed(STR("json."), path);
    }
    if (str_eq(path, STR("@timestamp")) || str_eq(path, STR("TimeCreated")) ||
        str_eq(path, STR("EventTime"))) {
        return FIELD_NONE;
    }
    return str_eq(path, STR("tags")) ? FIELD_TAGS : windows_field(path);
}

/* Get-WinEvent | ConvertTo-Json: properties of the record object, the event's values only as
 * "Properties.Value" without names. */
static uint32_t listing_field(struct str path) {
    static const struct {
        struct str name;
        struct str flat;
    } own[] = {
        {STR_INIT("Id"), STR_INIT("EventID")},
        {STR_INIT("LogName"), STR_INIT("Channel")},
        {STR_INIT("MachineName"), STR_INIT("Computer")},
        {STR_INIT("ProviderId"), STR_INIT("Provider_Guid")},
        {STR_INIT("ProcessId"), STR_INIT("Execution_ProcessID")},
        {STR_INIT("ThreadId"), STR_INIT("Execution_ThreadID")},
        {STR_INIT("UserId"), STR_INIT("Security_UserID")},
        {STR_INIT("UserId.Value"), STR_INIT("Security_UserID")},
        {STR_INIT("ActivityId"), STR_INIT("Correlation_ActivityID")},
        {STR_INIT("Properties.Value"), STR_INIT("Data")},
        {STR_INIT("ProviderName"), STR_INIT("Provider_Name")},
    };
    static const struct str event_parts[] = {STR_INIT("Version"), STR_INIT("Level"),
                                             STR_INIT("Task"), STR_INIT("Opcode"),
                                             STR_INIT("Keywords")};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (str_eq(path, own[i].name)) {
            return windows_field(own[i].flat);
        }
    }
    if (is_in(path, event_parts, sizeof event_parts / sizeof *event_parts)) {
        return windows_field(path);
    }
    return str_eq(path, STR("Message")) ? FIELD_MESSAGE : other_field(path);
}

/* What EvtxECmd makes out of the payload (PayloadData1, UserName ...) is none of the event's. */
static uint32_t ecmd_field(struct str path) {
    static const struct {
        struct str name;
        struct str flat;
    } own[] = {
        {STR_INIT("EventId"), STR_INIT("EventID")},
        {STR_INIT("Provider"), STR_INIT("Provider_Name")},
        {STR_INIT("Channel"), STR_INIT("Channel")},
        {STR_INIT("Computer"), STR_INIT("Computer")},
        {STR_INIT("ProcessId"), STR_INIT("Execution_ProcessID")},
        {STR_INIT("ThreadId"), STR_INIT("Execution_ThreadID")},
        {STR_INIT("UserId"), STR_INIT("Security_UserID")},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (str_eq(path, own[i].name)) {
            return windows_field(own[i].flat);
        }
    }
    return str_eq(path, STR("Payload")) ? FIELD_NONE : other_field(path);
}

static struct str last_part(struct str path) {
    size_t dot = str_rfind_char(path, '.');
    return dot == STR_NONE ? path : str_skip(path, dot + 1);
}

/* Event.System.Provider.#attributes.Name -> Provider_Name; Event.System.EventID.#text -> EventID */
static uint32_t nested_system_field(struct str rest) {
    char text[NAME_BYTES];
    struct str element = str_head(rest, str_find_char(rest, '.'));
    struct str attribute = element.len < rest.len ? last_part(rest) : STR_EMPTY;
    bool is_text = attribute.len == 0 || str_eq(attribute, STR("#text")) ||
                   str_eq(attribute, STR("$")) || str_eq(attribute, STR("Value")) ||
                   str_eq(attribute, STR("text"));
    if (is_text) {
        return windows_system_field(element);
    }
    if (attribute.ptr[0] == '@') {
        attribute = str_skip(attribute, 1);
    }
    if (element.len + 1 + attribute.len > sizeof text) {
        return FIELD_NONE;
    }
    memcpy(text, element.ptr, element.len);
    text[element.len] = '_';
    memcpy(text + element.len + 1, attribute.ptr, attribute.len);
    return windows_system_field(str_make(text, element.len + 1 + attribute.len));
}

/* Velociraptor leaves the "Event." out. */
static bool is_part_of_event(struct str path) {
    return str_starts(path, STR("System.")) || str_starts(path, STR("EventData.")) ||
           str_starts(path, STR("UserData."));
}

/* Wazuh's alerts: the event's names begin with a small letter (data.win.eventdata.commandLine). */
static uint32_t wazuh_field(struct str path) {
    static const struct {
        struct str name;
        struct str flat;
    } own[] = {
        {STR_INIT("providerName"), STR_INIT("Provider_Name")},
        {STR_INIT("providerGuid"), STR_INIT("Provider_Guid")},
        {STR_INIT("eventID"), STR_INIT("EventID")},
        {STR_INIT("channel"), STR_INIT("Channel")},
        {STR_INIT("computer"), STR_INIT("Computer")},
        {STR_INIT("eventRecordID"), STR_INIT("EventRecordID")},
        {STR_INIT("processID"), STR_INIT("Execution_ProcessID")},
        {STR_INIT("threadID"), STR_INIT("Execution_ThreadID")},
    };
    char name[NAME_BYTES];
    struct str system = STR("data.win.system.");
    struct str body = STR("data.win.eventdata.");
    for (size_t i = 0; str_starts(path, system) && i < sizeof own / sizeof *own; i++) {
        if (str_eq(str_skip(path, system.len), own[i].name)) {
            return windows_field(own[i].flat);
        }
    }
    struct str rest = str_head(str_skip(path, body.len), sizeof name);
    if (!str_starts(path, body) || rest.len == 0) {
        return str_eq(path, STR("data.win.system.message")) ? FIELD_MESSAGE : other_field(path);
    }
    memcpy(name, rest.ptr, rest.len);
    if (ascii_is_alpha(name[0])) {
        name[0] = (char)(name[0] & ~0x20); /* to upper case */
    }
    return windows_body_field(str_make(name, rest.len));
}

static uint32_t nested_field(struct str path) {
    bool is_wrapped = str_starts(path, STR("Event."));
    struct str rest = is_wrapped ? str_skip(path, STR("Event.").len) : path;
    if (str_eq(path, STR("Message"))) {
        return FIELD_MESSAGE;
    }
    if (str_starts(path, STR("data.win."))) {
        return wazuh_field(path);
    }
    if (!is_wrapped && !is_part_of_event(path)) {
        return other_field(path);
    }
    if (str_starts(rest, STR("System."))) {
        return nested_system_field(str_skip(rest, STR("System.").len));
    }
    if (str_find(rest, STR("#attributes")) != STR_NONE) {
        return other_field(path);
    }
    if (str_starts(rest, STR("EventData."))) {
        struct str name = str_skip(rest, STR("EventData.").len);
        return windows_body_field(str_ends(name, STR(".#text")) ? str_head(name, name.len - 6)
                                                                : name);
    }
    return str_starts(rest, STR("UserData.")) ? windows_body_field(last_part(rest))
                                              : other_field(path);
}

/* OpenTelemetry's receiver writes its records below "body", data as a map or a list of maps. */
static struct str telemetry_path(struct str path) {
    bool is_body = str_starts(path, STR("body.")) || str_starts(path, STR("Body."));
    return is_body ? str_skip(path, STR("body.").len) : path;
}

static uint32_t old_beat_field(struct str path) {
    struct str list = STR("event_data.data.");
    path = telemetry_path(path);
    if (str_starts(path, STR("event_data."))) {
        return windows_body_field(
            str_skip(path, str_starts(path, list) ? list.len : STR("event_data.").len));
    }
    if (str_starts(path, STR("user_data."))) {
        return windows_body_field(last_part(path));
    }
    for (size_t i = 0; i < sizeof old_beat_names / sizeof *old_beat_names; i++) {
        if (str_eq(path, old_beat_names[i].name)) {
            return old_beat_names[i].field;
        }
    }
    return other_field(path);
}

static uint32_t beat_field(struct str path) {
    if (str_starts(path, STR("winlog.user_data."))) {
        return windows_body_field(last_part(path));
    }
    if (str_starts(path, STR("winlog.event_data."))) {
        return windows_body_field(str_skip(path, STR("winlog.event_data.").len));
    }
    /* made by the beat or by us */
    bool skip = str_eq(path, STR("event.created")) || str_eq(path, STR("winlog.record_id"));
    return skip ? FIELD_NONE : other_field(path);
}

static uint32_t find_signs(struct str path) {
    static const struct {
        struct str path;
        unsigned signs;
    } known[] = {
        {STR_INIT("winlog.event_id"), JSON_SIGN_BEAT},
        {STR_INIT("winlog.channel"), JSON_SIGN_BEAT},
        {STR_INIT("winlog.record_id"), JSON_SIGN_BEAT | JSON_IS_RECORD_ID},
        {STR_INIT("log_name"), JSON_SIGN_OLD_BEAT},
        {STR_INIT("record_number"), JSON_IS_RECORD_ID},
        {STR_INIT("EventID"), JSON_SIGN_EVENT_ID},
        {STR_INIT("SourceModuleName"), JSON_SIGN_NXLOG},
        {STR_INIT("SourceModuleType"), JSON_SIGN_NXLOG},
        {STR_INIT("EventReceivedTime"), JSON_SIGN_NXLOG},
        {STR_INIT("SeverityValue"), JSON_SIGN_NXLOG},
        {STR_INIT("Channel"), JSON_SIGN_WINDOWS},
        {STR_INIT("SourceName"), JSON_SIGN_WINDOWS},
        {STR_INIT("Provider_Name"), JSON_SIGN_WINDOWS},
        {STR_INIT("ProviderGuid"), JSON_SIGN_WINDOWS},
        {STR_INIT("Computer"), JSON_SIGN_WINDOWS},
        {STR_INIT("EventRecordID"), JSON_IS_RECORD_ID},
        {STR_INIT("RecordNumber"), JSON_IS_RECORD_ID},
        {STR_INIT("event.EventRecordID"), JSON_IS_RECORD_ID},
        {STR_INIT("Event.System.EventRecordID"), JSON_IS_RECORD_ID},
        {STR_INIT("Event.System.EventID"), JSON_SIGN_NESTED},
        {STR_INIT("Event.System.EventID.#text"), JSON_SIGN_NESTED},
        {STR_INIT("Event.System.EventID.text"), JSON_SIGN_NESTED},
        {STR_INIT("Event.System.Channel"), JSON_SIGN_NESTED},
        {STR_INIT("System.EventRecordID"), JSON_IS_RECORD_ID},
        {STR_INIT("System.EventID.Value"), JSON_SIGN_NESTED},
        {STR_INIT("Id"), JSON_SIGN_LISTING_ID},
        {STR_INIT("LogName"), JSON_SIGN_LISTING_LOG},
        {STR_INIT("RecordId"), JSON_IS_RECORD_ID},
        {STR_INIT("event.EventID"), JSON_SIGN_WRAPPED},
        {STR_INIT("Keywords"), JSON_IS_KEYWORDS},
        {STR_INIT("EventType"), JSON_IS_EVENT_TYPE},
        {STR_INIT("Opcode"), JSON_IS_OPCODE},
        {STR_INIT("EventLog"), JSON_SIGN_WINDOWS},
        {STR_INIT("EventId"), JSON_SIGN_ECMD},
        {STR_INIT("EventRecordId"), JSON_IS_RECORD_ID},
        {STR_INIT("data.win.system.eventID"), JSON_SIGN_NESTED},
        {STR_INIT("data.win.system.eventRecordID"), JSON_IS_RECORD_ID},
        {STR_INIT("event_id.id"), JSON_SIGN_OLD_BEAT},
        {STR_INIT("record_id"), JSON_IS_RECORD_ID},
        {STR_INIT("_raw"), JSON_HOLDS_RECORD},
        {STR_INIT("event"), JSON_HOLDS_RECORD},
        {STR_INIT("Payload"), JSON_HOLDS_BODY},
        {STR_INIT("EventData"), JSON_HOLDS_BODY},
        {STR_INIT("Event.EventData.Data.@Name"), JSON_IS_DATA_NAME},
        {STR_INIT("Event.EventData.Data.Name"), JSON_IS_DATA_NAME},
        {STR_INIT("Event.EventData.Data.#attributes.Name"), JSON_IS_DATA_NAME},
        {STR_INIT("Event.EventData.Data.#text"), JSON_IS_DATA_TEXT},
        {STR_INIT("Event.EventData.Data.text"), JSON_IS_DATA_TEXT},
        {STR_INIT("Event.EventData.Data.Value"), JSON_IS_DATA_TEXT},
        {STR_INIT("StringInserts"), JSON_LACKS_NAMES},
        {STR_INIT("Properties.Value"), JSON_LACKS_NAMES},
        {STR_INIT("Message"), JSON_IS_MESSAGE},
        {STR_INIT("Description"), JSON_IS_MESSAGE}, /* Fluentd's, or a field of Sysmon */
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_eq(path, known[i].path)) {
            return known[i].signs;
        }
    }
    return 0;
}

static enum json_time find_time(struct str path) {
    static const struct str device[] = {STR_INIT("TimeCreated"),
                                        STR_INIT("EventTime"),
                                        STR_INIT("TimeCreated_SystemTime"),
                                        STR_INIT("event.TimeCreated_SystemTime"),
                                        STR_INIT("Event.System.TimeCreated.#attributes.SystemTime"),
                                        STR_INIT("Event.System.TimeCreated_attributes.SystemTime"),
                                        STR_INIT("Event.System.TimeCreated.@SystemTime"),
                                        STR_INIT("Event.System.TimeCreated.SystemTime"),
                                        STR_INIT("System.TimeCreated.SystemTime"),
                                        STR_INIT("data.win.system.systemTime"),
                                        STR_INIT("system_time"),
                                        STR_INIT("body.system_time"),
                                        STR_INIT("Body.system_time"),
                                        STR_INIT("SystemTime")};
    static const struct str other[] = {STR_INIT("timestamp"),
                                       STR_INIT("time"),
                                       STR_INIT("ts"),
                                       STR_INIT("_time"),
                                       STR_INIT("result._time"),
                                       STR_INIT("eventTime"),
                                       STR_INIT("event_time"),
                                       STR_INIT("datetime"),
                                       STR_INIT("Timestamp"),
                                       STR_INIT("TimeGenerated"),
                                       STR_INIT("date"),
                                       STR_INIT("CreationTime"),
                                       STR_INIT("createdDateTime"),
                                       STR_INIT("activityDateTime"),
                                       STR_INIT("eventTimestamp")};
    if (str_eq(path, STR("@timestamp"))) {
        return JSON_TIME_TIMESTAMP;
    }
    if (is_in(path, device, sizeof device / sizeof *device)) {
        return JSON_TIME_DEVICE;
    }
    return is_in(path, other, sizeof other / sizeof *other) ? JSON_TIME_OTHER : JSON_NO_TIME;
}

/* A time or a record number becomes a property of the row. */
static uint32_t value_field(uint32_t field) {
    return field == FIELD_TIMESTAMP || field == FIELD_RECORD_ID ? FIELD_NONE : field;
}

/* Elasticsearch's exports hold the document in "_source". */
static struct str document_path(struct str path) {
    struct str wrapper = STR("_source.");
    return str_starts(path, wrapper) ? str_skip(path, wrapper.len) : path;
}

void json_name_make(struct json_name *out, struct str path) {
    path = document_path(path);
    *out = (struct json_name){.signs = find_signs(result_path(telemetry_path(path))),
                              .time = (uint8_t)find_time(path)};
    if (result_path(path).len < path.len) {
        out->signs &= JSON_SIGN_EVENT_ID | JSON_SIGN_WINDOWS | JSON_HOLDS_RECORD; /* Splunk's */
    } else if (telemetry_path(path).len < path.len) {
        out->signs &= JSON_SIGN_OLD_BEAT | JSON_IS_RECORD_ID;
    }
}

static uint32_t find_field(const struct json_name *name, struct str path,
                           enum json_dialect dialect) {
    switch (dialect) {
    case JSON_DIALECT_BEAT:
        return beat_field(path);
    case JSON_DIALECT_OLD_BEAT:
        return (name->signs & JSON_IS_RECORD_ID) != 0 ? FIELD_NONE : old_beat_field(path);
    case JSON_DIALECT_FLAT:
        return value_field(flat_field(path));
    case JSON_DIALECT_NESTED:
        return value_field(nested_field(path));
    case JSON_DIALECT_LISTING:
        return (name->signs & JSON_IS_RECORD_ID) != 0 || name->time != JSON_NO_TIME
                   ? FIELD_NONE
                   : listing_field(path);
    case JSON_DIALECT_ECMD:
        return (name->signs & JSON_IS_RECORD_ID) != 0 || name->time != JSON_NO_TIME
                   ? FIELD_NONE
                   : ecmd_field(path);
    case JSON_DIALECT_WRAPPED: {
        bool wrapped = str_starts(path, STR("event."));
        return value_field(flat_field(wrapped ? str_skip(path, STR("event.").len) : path));
    }
    default:
        return other_field(path);
    }
}

uint32_t json_name_resolve(struct json_name *name, struct str path, enum json_dialect dialect) {
    unsigned bit = 1U << dialect;
    uint32_t field = find_field(name, document_path(path), dialect);
    bool native = field != FIELD_NONE && str_starts(schema_name(field), STR("winlog."));
    name->fields[dialect] = field;
    name->native = (uint8_t)(name->native | (native ? bit : 0));
    name->resolved = (uint8_t)(name->resolved | bit);
    return field;
}
