#include "web_request.h"

#include "identity.h"
#include "mem.h"

static void read_client(struct web_request *r, const struct analysis_context *context,
                        const struct analysis_event *event) {
    struct ip peer;
    struct ip forwarded;
    r->has_client = event_get_ip(&peer, event, FIELD_SOURCE_IP);
    if (!r->has_client) {
        return;
    }
    r->client = peer;
    if (site_is_proxy(context->site, &peer) &&
        event_get_ip(&forwarded, event, FIELD_NETWORK_FORWARDED_IP)) {
        r->client = forwarded;
    }
    r->address = str_make(r->client_text, ip_format(r->client_text, &r->client));
}

static void read_identity(struct web_request *r, const struct analysis_context *context,
                          const struct analysis_event *event) {
    struct str user = event_get(event, FIELD_USER_NAME);
    r->computer = identity_host(context->identity, &r->client, event->row->time_ns);
    r->user = str_eq(user, STR("-")) ? STR_EMPTY : user;
    if (r->user.len == 0 && r->computer.len > 0) {
        r->user = identity_user(context->identity, r->computer);
    }
    r->identity = r->user.len > 0 ? r->user : r->computer.len > 0 ? r->computer : r->address;
}

static void read_url(struct web_request *r, const struct analysis_event *event) {
    struct str host = str_head(event_get(event, FIELD_URL_DOMAIN), sizeof r->host_text);
    for (size_t i = 0; i < host.len; i++) {
        r->host_text[i] = ascii_lower(host.ptr[i]);
    }
    r->host = str_make(r->host_text, host.len);
    r->path = event_get(event, FIELD_URL_PATH);
    r->port = 0;
    (void)event_get_u64(&r->port, event, FIELD_URL_PORT);
}

static void read_result(struct web_request *r, const struct analysis_event *event) {
    struct str result = event_get(event, FIELD_SQUID_RESULT);
    r->method = event_get(event, FIELD_HTTP_METHOD);
    r->status = 0;
    (void)event_get_u64(&r->status, event, FIELD_HTTP_STATUS);
    r->is_connect = str_eq_ci(r->method, STR("CONNECT"));
    r->challenge = r->status == 407;
    r->denied = str_find(result, STR("DENIED")) != STR_NONE || r->status == 403;
    r->succeeded = !r->denied && r->status >= 200 && r->status < 400;
    r->has_sent = event_get_u64(&r->sent_bytes, event, FIELD_HTTP_REQUEST_BYTES);
    if (!r->has_sent) {
        r->sent_bytes = 0;
    }
}

/* The row tells that the request went on to a proxy of the site whose log is here as well. */
static bool is_forwarded(const struct analysis_context *context,
                         const struct analysis_event *event) {
    struct ip parent;
    struct str hierarchy = event_get(event, FIELD_SQUID_HIERARCHY);
    if (str_find(hierarchy, STR("PARENT")) == STR_NONE ||
        !event_get_ip(&parent, event, FIELD_SERVER_IP)) {
        return false;
    }
    const struct site_host *host = site_host_at(context->site, &parent);
    return host && host->logged && site_host_has_role(host, STR("proxy"));
}

static bool read_request(struct web_request *out, const struct analysis_context *context,
                         const struct analysis_event *event) {
    memset(out, 0, sizeof *out);
    read_client(out, context, event);
    read_url(out, event);
    if (!out->has_client || out->host.len == 0) {
        return false;
    }
    read_identity(out, context, event);
    read_result(out, event);
    out->forwarded = is_forwarded(context, event);
    out->has_user_agent = batch_find(&out->user_agent, event->batch, event->row, FIELD_USER_AGENT);
    return true;
}

struct web_request_memo {
    enum { NOT_READ, NO_REQUEST, A_REQUEST } state;
    struct web_request request;
};

struct web_request_memo *web_request_memo_create(void) {
    return mem_calloc(1, sizeof(struct web_request_memo));
}

void web_request_memo_destroy(struct web_request_memo **memo) {
    mem_free(*memo);
    *memo = NULL;
}

void web_request_memo_forget(struct web_request_memo *memo) {
    memo->state = NOT_READ;
}

const struct web_request *web_request_of(const struct analysis_context *context,
                                         const struct analysis_event *event) {
    struct web_request_memo *memo = event->web;
    if (memo->state == NOT_READ) {
        memo->state = read_request(&memo->request, context, event) ? A_REQUEST : NO_REQUEST;
    }
    return memo->state == A_REQUEST ? &memo->request : NULL;
}

void web_request_entities(struct draft_builder *builder, const struct web_request *request) {
    draft_entity(builder, ENTITY_CLIENT, request->address);
    draft_entity(builder, ENTITY_HOST, request->computer);
    draft_entity(builder, ENTITY_USER, request->user);
    draft_entity(builder, ENTITY_DESTINATION, request->host);
}
