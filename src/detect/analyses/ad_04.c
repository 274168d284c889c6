/*
 * AD-04: an event log was cleared (1102 of Security, 104 of the others), or logging was cut short
 * (1101 events dropped, 1104 log full, 1108 events not written, 1100 service stopped; Sysmon 255).
 */
#include <stdio.h>

#include "mem.h"
#include "windows_event.h"

static void *create(const struct analysis_context *context) {
    (void)context;
    return mem_calloc(1, sizeof(struct draft_builder));
}

static void destroy(void *state) {
    draft_fini(state);
    mem_free(state);
}

/* Other providers use the same numbers. */
static bool is_event_log(const struct analysis_event *event) {
    struct str provider = event_get(event, FIELD_WINLOG_PROVIDER);
    if (event->code == 255) {
        return str_find_ci(provider, STR("Sysmon")) != STR_NONE;
    }
    return provider.len == 0 || str_find_ci(provider, STR("Eventlog")) != STR_NONE ||
           str_eq_ci(provider, STR("Microsoft-Windows-Security-Auditing"));
}

static enum finding_level level_of(const struct analysis_context *context,
                                   const struct analysis_event *event) {
    bool dc = windows_is_dc(context->site, event->computer);
    switch (event->code) {
    case 1102:
        return dc ? LEVEL_CRITICAL : LEVEL_HIGH;
    case 104:
        return dc ? LEVEL_CRITICAL : LEVEL_HIGH;
    case 1101:
    case 1108:
        return LEVEL_LOW;
    default:
        return LEVEL_INFORMATIONAL;
    }
}

static const struct {
    uint32_t code;
    const char *en;
    const char *ja;
} meanings[] = {{1102, "the Security log was cleared", "セキュリティログが消去されました"},
                {104, "an event log was cleared", "イベントログが消去されました"},
                {1101, "audit events were dropped", "監査イベントが破棄されました"},
                {1104, "the Security log is full", "セキュリティログがいっぱいになりました"},
                {1108, "audit events could not be written", "監査イベントを書き込めませんでした"},
                {1100, "the event log service stopped", "イベントログサービスが停止しました"},
                {255, "Sysmon reported an error", "Sysmonがエラーを報告しました"}};

static struct text2 meaning_of(uint32_t code) {
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].code == code) {
            return (struct text2){str_from_c(meanings[i].en), str_from_c(meanings[i].ja)};
        }
    }
    return (struct text2){STR_EMPTY, STR_EMPTY};
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct draft_builder *b = state;
    char time[17];
    char code[16];
    if (!is_event_log(event)) {
        return;
    }
    struct str user = windows_data(event, "SubjectUserName");
    struct str channel = windows_data(event, "Channel");
    struct text2 meaning = meaning_of(event->code);
    (void)snprintf(code, sizeof code, "%u", event->code);
    (void)event_time_text(time, context->site, event->row->time_ns);
    draft_begin(b);
    draft_key(b, event->computer);
    draft_key(b, user);
    draft_key(b, str_from_c(code));
    draft_entity(b, ENTITY_HOST, event->computer);
    draft_entity(b, ENTITY_USER, user);
    buf_printf(&b->en, "On %.*s %.*s%s%.*s%s by %.*s at %s (event %s).", STR_ARG(event->computer),
               STR_ARG(meaning.en), channel.len > 0 ? " (" : "", STR_ARG(channel),
               channel.len > 0 ? ")" : "", STR_ARG(user.len > 0 ? user : STR("an unknown account")),
               time, code);
    buf_printf(&b->ja, "%.*s で%.*s%s%.*s%s。操作者は %.*s、時刻は %s です(イベント %s)。",
               STR_ARG(event->computer), STR_ARG(meaning.ja), channel.len > 0 ? "(" : "",
               STR_ARG(channel), channel.len > 0 ? ")" : "",
               STR_ARG(user.len > 0 ? user : STR("不明なアカウント")), time, code);
    struct finding_draft draft = draft_take(b, level_of(context, event));
    bool admin = site_account_kind(context->site, user) == ACCOUNT_ADMIN;
    draft.suppress =
        admin && site_in_maintenance(context->site, event->row->time_ns, &draft.suppressed_by);
    analysis_emit_event(context, event, &draft);
}

static const struct analysis_field fields[] = {{"winlog.event_id", true},
                                               {"winlog.computer_name", true},
                                               {"winlog.provider_name", false},
                                               {"winlog.event_data.SubjectUserName", false},
                                               {"winlog.user_data.SubjectUserName", false},
                                               {"winlog.event_data.Channel", false},
                                               {"winlog.user_data.Channel", false},
                                               {NULL, false}};
static const uint32_t codes[] = {1102, 104, 1100, 1101, 1104, 1108, 255, 0};

const struct analysis analysis_ad_04 = {
    .id = "AD-04",
    .name_en = "Event log cleared",
    .name_ja = "ログ消去",
    .attack = "T1070.001",
    .families = "windows",
    .fields = fields,
    .codes = codes,
    .join_gap_days = 1,
    .next =
        {{"Ask whether the clearing was planned (change ticket); if not, investigate the computer.",
          "消去が計画されたものか(変更票)確認し、そうでなければ端末を調査してください。"},
         {"Use the central copy of the log for the time before.",
          "消去前の期間は収集済みの写しで調べてください。"},
         {"Look for a restart of the EventRecordID on the computer.",
          "当該端末のEventRecordIDの巻き戻りを確認してください。"}},
    .do_not = {{"Do not restart or rebuild the computer before it is preserved.",
                "保全の前に再起動や再構築をしないでください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
};
