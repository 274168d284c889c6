/* PX-01: a request to a listed domain, URL or address. */
#include "ioc.h"
#include "ioc_level.h"
#include "web_request.h"

static void *create(const struct analysis_context *context) {
    (void)context;
    return mem_calloc(1, sizeof(struct draft_builder));
}

static void destroy(void *state) {
    draft_fini(state);
    mem_free(state);
}

static const struct ioc *find_server(const struct ioc_set *iocs, const struct analysis_event *event,
                                     struct str host) {
    struct ip address;
    if (ip_parse(&address, host)) {
        return ioc_find_ip(iocs, &address);
    }
    if (event_get_ip(&address, event, FIELD_SERVER_IP) ||
        event_get_ip(&address, event, FIELD_DESTINATION_IP)) {
        return ioc_find_ip(iocs, &address);
    }
    return NULL;
}

static const struct ioc *find_url(const struct ioc_set *iocs, const struct analysis_event *event,
                                  const struct web_request *r, struct buf *scratch) {
    struct str query = event_get(event, FIELD_URL_QUERY);
    buf_clear(scratch);
    buf_add(scratch, r->path);
    if (query.len > 0) {
        if (query.ptr[0] != '?') {
            buf_putc(scratch, '?');
        }
        buf_add(scratch, query);
    }
    return ioc_find_url(iocs, r->host, buf_str(scratch));
}

static void emit(struct draft_builder *b, const struct analysis_context *context,
                 const struct analysis_event *event, const struct web_request *r,
                 const struct ioc *ioc) {
    char time[17];
    (void)event_time_text(time, context->site, event->row->time_ns);
    draft_begin(b);
    draft_key(b, r->identity);
    draft_key(b, ioc->value);
    web_request_entities(b, r);
    draft_entity(b, ENTITY_DOMAIN, r->host);
    buf_printf(&b->en,
               "%.*s (%.*s) %s %.*s, which the list %.*s names in line %u (%.*s: %.*s), at %s.",
               STR_ARG(r->identity), STR_ARG(r->address),
               r->succeeded ? "reached" : "tried to reach", STR_ARG(r->host), STR_ARG(ioc->file),
               ioc->line, STR_ARG(ioc->value), STR_ARG(ioc->comment), time);
    buf_printf(&b->ja,
               "%.*s (%.*s) が %.*s に%s(%s)。一覧 %.*s の %u 行目に載っています(%.*s: %.*s)。",
               STR_ARG(r->identity), STR_ARG(r->address), STR_ARG(r->host),
               r->succeeded ? "アクセスしました" : "アクセスしようとしました", time,
               STR_ARG(ioc->file), ioc->line, STR_ARG(ioc->value), STR_ARG(ioc->comment));
    struct finding_draft draft =
        draft_take(b, ioc_level(ioc, context->params, event->row->time_ns,
                                r->succeeded ? LEVEL_CRITICAL : LEVEL_HIGH));
    analysis_emit_event(context, event, &draft);
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct draft_builder *b = state;
    const struct web_request *r = web_request_of(context, event);
    if (ioc_set_count(context->iocs) == 0 || r == NULL || r->forwarded) {
        return;
    }
    const struct ioc *ioc = ioc_find_domain(context->iocs, r->host);
    if (!ioc) {
        struct buf scratch = BUF_INIT;
        ioc = find_url(context->iocs, event, r, &scratch);
        buf_fini(&scratch);
    }
    if (!ioc) {
        ioc = find_server(context->iocs, event, r->host);
    }
    if (ioc) {
        emit(b, context, event, r, ioc);
    }
}

static const struct analysis_field fields[] = {WEB_REQUEST_FIELDS, {NULL, false}};

const struct analysis analysis_px_01 = {
    .id = "PX-01",
    .name_en = "Request to a listed site",
    .name_ja = "IOC照合",
    .attack = "T1071.001",
    .families = "proxy",
    .fields = fields,
    .ioc_use = IOC_USE_EVENT,
    .lookback_days = 0,
    .join_gap_days = 7,
    .next = {{"Identify the terminal and its user and isolate the terminal from the network.",
              "端末と利用者を特定し、端末をネットワークから隔離してください。"},
             {"Keep it powered on and preserve memory and disk.",
              "電源は入れたまま、メモリーとディスクを保全してください。"},
             {"Search the retention for other clients of the same site and for what was sent.",
              "保存期間全体で同じ宛先にアクセスした端末と送信量を調べてください。"}},
    .do_not = {{"Do not just block the site and close the case.",
                "宛先を遮断しただけで終わりにしないでください。"},
               {"Do not open the site from the office network to have a look.",
                "確認のために社内から当該サイトを開かないでください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
};
