/* FW-02: an internal address talks, or tries to talk, to a listed address. */
#include "draft_builder.h"
#include "identity.h"
#include "ioc.h"
#include "ioc_level.h"

static void *create(const struct analysis_context *context) {
    (void)context;
    return mem_calloc(1, sizeof(struct draft_builder));
}

static void destroy(void *state) {
    draft_fini(state);
    mem_free(state);
}

static void emit(struct draft_builder *b, const struct analysis_context *context,
                 const struct analysis_event *event, const struct ip *source,
                 const struct ioc *ioc) {
    struct str destination = event_get(event, FIELD_DESTINATION_IP);
    struct str port = event_get(event, FIELD_DESTINATION_PORT);
    struct str address = event_get(event, FIELD_SOURCE_IP);
    struct str computer = identity_host(context->identity, source, event->row->time_ns);
    bool allowed = !str_eq(event_get(event, FIELD_EVENT_TYPE), STR("denied"));
    char time[17];
    (void)event_time_text(time, context->site, event->row->time_ns);
    draft_begin(b);
    draft_key(b, computer.len > 0 ? computer : address);
    draft_key(b, destination);
    draft_entity(b, ENTITY_CLIENT, address);
    draft_entity(b, ENTITY_HOST, computer);
    draft_entity(b, ENTITY_USER, identity_user(context->identity, computer));
    draft_entity(b, ENTITY_DESTINATION, destination);
    draft_entity(b, ENTITY_PORT, port);
    buf_printf(&b->en, "%.*s %s the listed address %.*s port %.*s (%s, list %.*s line %u: %.*s).",
               STR_ARG(address), allowed ? "had a session with" : "was denied a session with",
               STR_ARG(destination), STR_ARG(port), time, STR_ARG(ioc->file), ioc->line,
               STR_ARG(ioc->comment));
    buf_printf(
        &b->ja,
        "%.*s が指標に載っているアドレス %.*s ポート %.*s と%s(%s、一覧 %.*s の %u 行目: %.*s)。",
        STR_ARG(address), STR_ARG(destination), STR_ARG(port),
        allowed ? "通信しました" : "通信しようとして拒否されました", time, STR_ARG(ioc->file),
        ioc->line, STR_ARG(ioc->comment));
    struct finding_draft draft = draft_take(b, ioc_level(ioc, context->params, event->row->time_ns,
                                                         allowed ? LEVEL_CRITICAL : LEVEL_HIGH));
    analysis_emit_event(context, event, &draft);
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct ip source;
    struct ip destination;
    if (!event_get_ip(&source, event, FIELD_SOURCE_IP) ||
        !event_get_ip(&destination, event, FIELD_DESTINATION_IP) ||
        !site_is_own(context->site, &source)) {
        return;
    }
    const struct ioc *ioc = ioc_find_ip(context->iocs, &destination);
    if (ioc) {
        emit(state, context, event, &source, ioc);
    }
}

static const struct analysis_field fields[] = {
    {"source.ip", true},  {"destination.ip", true},     {"destination.port", false},
    {"event.type", true}, {"network.transport", false}, {NULL, false}};

const struct analysis analysis_fw_02 = {
    .id = "FW-02",
    .name_en = "Contact with a listed address",
    .name_ja = "既知C&C宛通信",
    .attack = "T1071",
    .families = "firewall router",
    .fields = fields,
    .ioc_use = IOC_USE_EVENT,
    .join_gap_days = 7,
    .next =
        {{"Identify the terminal (DHCP, proxy, NAT logs) and isolate it from the network.",
          "端末を特定し(DHCP・プロキシ・NATのログ)、ネットワークから隔離してください。"},
         {"Keep it powered on and preserve memory and disk.",
          "電源は入れたまま、メモリーとディスクを保全してください。"},
         {"Search the whole retention for the address and for other terminals that contacted it.",
          "保存期間全体で同じ宛先と、ほかに通信した端末を検索してください。"}},
    .do_not = {{"Do not just block the address and close the case.",
                "宛先を遮断しただけで終わりにしないでください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
};
