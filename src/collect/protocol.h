/* What a protocol of the collectors implements, and what they share. Private to collect/. */
#ifndef KONSEKI_PROTOCOL_H
#define KONSEKI_PROTOCOL_H

#include "buf.h"
#include "collect.h"

struct collector;

struct protocol {
    const char *scheme;
    /* Binds and starts; on failure leaves nothing open. */
    enum status (*open)(struct collector *collector, const struct sockaddr *address,
                        struct err *err);
    /* Begins to close its handles; collector_release is to be called when they are closed. */
    void (*close)(struct collector *collector);
};

extern const struct protocol protocol_syslog_udp;
extern const struct protocol protocol_syslog_tcp;

struct collector {
    const struct protocol *protocol;
    uv_loop_t *loop;
    char *url;
    collect_record_fn *sink;
    void *ctx;
    struct collect_counters counters;
    void *state; /* the protocol's */
    int handles; /* open libuv handles; the collector is freed when closing and none is left */
    bool closing;
};

/* Hands one record on, in parts if it is over the limit. */
void collector_emit(struct collector *collector, struct str record, struct str peer);
/* One handle less; frees the collector after the last one if it is closing. */
void collector_release(struct collector *collector);
/* The numeric address of a peer without port into out (at least 64 bytes). */
struct str collector_peer_text(char *out, size_t size, const struct sockaddr *address);

#endif
