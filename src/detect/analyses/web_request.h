/*
 * A proxy log row as the analyses see it: who asked, for what, with which result.
 *
 * Who: the client is X-Forwarded-For where the peer is a proxy of the site, else the peer. A row
 * of a proxy that forwards to another proxy of the site whose log comes here too is `forwarded`:
 * the same request stands in the other log, so analyses skip it. 407 answers are `challenge`:
 * the request was not made yet.
 *
 * Texts are borrowed from the event or from the struct itself.
 */
#ifndef KONSEKI_WEB_REQUEST_H
#define KONSEKI_WEB_REQUEST_H

#include "analysis.h"
#include "draft_builder.h"

struct web_request {
    struct ip client;
    bool has_client;
    char client_text[IP_TEXT_BYTES];
    struct str address;  /* client as text */
    struct str computer; /* name that had the address; empty if unknown */
    struct str user;     /* proxy user, else the computer's user by the site file */
    struct str identity; /* user, else computer, else address */
    char host_text[256];
    struct str host; /* lower case */
    struct str path; /* with the query */
    uint64_t port;   /* 0: unknown */
    struct str method;
    uint64_t status;
    bool is_connect;
    bool succeeded; /* 2xx, 3xx or a tunnel */
    bool denied;
    bool challenge;
    bool forwarded;
    bool has_sent;
    uint64_t sent_bytes;
    struct str user_agent;
    bool has_user_agent; /* the format has the field, it may be "-" or empty */
};

/* NULL if the row is no request (no host, no client). Read once an event: all analyses that ask
 * share the answer, which is valid during the event. */
const struct web_request *web_request_of(const struct analysis_context *context,
                                         const struct analysis_event *event);

/* The run's side: room for the request of the event that is being fed. */
struct web_request_memo *web_request_memo_create(void);
void web_request_memo_destroy(struct web_request_memo **memo);
/* Another event comes. */
void web_request_memo_forget(struct web_request_memo *memo);
/* client, host, user, destination. */
void web_request_entities(struct draft_builder *builder, const struct web_request *request);

/* Fields of every analysis of proxy logs, without the end mark. */
#define WEB_REQUEST_FIELDS                                                                         \
    {"source.ip", true}, {"network.forwarded_ip", false}, {"user.name", false},                    \
        {"url.domain", true}, {"url.port", false}, {"url.path", false}, {"url.query", false},      \
        {"http.request.method", true}, {"http.response.status_code", true},                        \
        {"squid.result_code", false}, {"squid.hierarchy_code", false}, {"server.ip", false}, {     \
        "destination.ip", false                                                                    \
    }

#endif
