/* PX-04: CONNECT to a port that tunnels are not for. */
#include <stdio.h>

#include "mem.h"
#include "web_request.h"

static void *create(const struct analysis_context *context) {
    (void)context;
    return mem_calloc(1, sizeof(struct draft_builder));
}

static void destroy(void *state) {
    draft_fini(state);
    mem_free(state);
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct draft_builder *b = state;
    const struct web_request *r = web_request_of(context, event);
    char port[24];
    char time[17];
    if (r == NULL || !r->is_connect || r->forwarded || r->challenge || r->port == 0 ||
        params_has_port(context->params, PARAM_ID_PX04_ALLOWED, r->port)) {
        return;
    }
    (void)snprintf(port, sizeof port, "%u", (unsigned)r->port);
    (void)event_time_text(time, context->site, event->row->time_ns);
    draft_begin(b);
    draft_key(b, r->identity);
    draft_key(b, r->host);
    draft_key(b, str_from_c(port));
    web_request_entities(b, r);
    draft_entity(b, ENTITY_PORT, str_from_c(port));
    buf_printf(&b->en,
               "%.*s (%.*s) asked the proxy for a tunnel to %.*s port %s, which is %s (%s).",
               STR_ARG(r->identity), STR_ARG(r->address), STR_ARG(r->host), port,
               r->succeeded ? "not a port for tunnels, and got it"
                            : "not a port for tunnels; it did not get it",
               time);
    buf_printf(&b->ja,
               "%.*s (%.*s) がプロキシーに %.*s ポート %s "
               "へのCONNECTを要求し、%s(%s)。許可対象外のポートです。",
               STR_ARG(r->identity), STR_ARG(r->address), STR_ARG(r->host), port,
               r->succeeded ? "トンネルが確立しました" : "確立しませんでした", time);
    struct finding_draft draft = draft_take(b, r->succeeded ? LEVEL_HIGH : LEVEL_MEDIUM);
    analysis_emit_event(context, event, &draft);
}

static const struct analysis_field fields[] = {WEB_REQUEST_FIELDS, {NULL, false}};

const struct analysis analysis_px_04 = {
    .id = "PX-04",
    .name_en = "CONNECT to an unusual port",
    .name_ja = "CONNECT非標準ポート",
    .attack = "T1571",
    .families = "proxy",
    .fields = fields,
    .join_gap_days = 7,
    .next =
        {{"Find the process on the terminal that opened the tunnel.",
          "端末上でトンネルを開いたプロセスを特定してください。"},
         {"Make the proxy refuse it for everybody (Squid: http_access deny CONNECT !SSL_ports).",
          "プロキシーで一律に拒否してください(Squid: http_access deny CONNECT !SSL_ports)。"},
         {"If it is needed for work, register host and port with owner, reason and end.",
          "業務で必要な場合は、宛先とポートを責任者・理由・期限付きで登録してください。"}},
    .do_not = {{"Do not open the port for all destinations.",
                "すべての宛先に対してポートを開放しないでください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
};
