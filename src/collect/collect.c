#include "collect.h"

#include "clock.h"
#include "mem.h"
#include "num.h"
#include "protocol.h"

static const struct protocol *const protocols[] = {&protocol_syslog_udp, &protocol_syslog_tcp};

enum { PROTOCOL_COUNT = sizeof protocols / sizeof protocols[0] };

static const struct protocol *find_protocol(struct str scheme) {
    for (size_t i = 0; i < PROTOCOL_COUNT; i++) {
        if (str_eq(scheme, str_from_c(protocols[i]->scheme))) {
            return protocols[i];
        }
    }
    return NULL;
}

/* Splits "host:port" or "[v6]:port" and makes a socket address of it. */
static bool parse_address(struct sockaddr_storage *out, struct str text) {
    char host[64];
    uint64_t port;
    size_t colon = str_rfind_char(text, ':');
    if (colon == STR_NONE || !num_parse_u64(&port, str_skip(text, colon + 1)) || port > 65535) {
        return false;
    }
    struct str name = str_head(text, colon);
    bool v6 = name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']';
    if (v6) {
        name = str_make(name.ptr + 1, name.len - 2);
    }
    if (name.len == 0 || name.len >= sizeof host) {
        return false;
    }
    memcpy(host, name.ptr, name.len);
    host[name.len] = '\0';
    if (v6) {
        return uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)out) == 0;
    }
    return uv_ip4_addr(host, (int)port, (struct sockaddr_in *)out) == 0;
}

enum status collector_open(struct collector **out, uv_loop_t *loop, const char *url,
                           collect_record_fn *sink, void *ctx, struct err *err) {
    struct str text = str_from_c(url);
    size_t colon = str_find(text, STR("://"));
    const struct protocol *protocol =
        colon == STR_NONE ? NULL : find_protocol(str_head(text, colon));
    if (protocol == NULL) {
        return err_set(err, STATUS_BAD_INPUT,
                       "%s: unknown kind of input; allowed: syslog+udp://ADDRESS:PORT, "
                       "syslog+tcp://ADDRESS:PORT",
                       url);
    }
    struct sockaddr_storage address;
    if (!parse_address(&address, str_skip(text, colon + 3))) {
        return err_set(err, STATUS_BAD_INPUT,
                       "%s: wants a numeric address and a port (0 to 65535) such as "
                       "127.0.0.1:5514 or [::1]:5514",
                       url);
    }
    struct collector *collector = mem_calloc(1, sizeof *collector);
    collector->protocol = protocol;
    collector->loop = loop;
    collector->url = mem_strdup(text.ptr, text.len);
    collector->sink = sink;
    collector->ctx = ctx;
    enum status status = protocol->open(collector, (const struct sockaddr *)&address, err);
    if (status != STATUS_OK) {
        collector->closing = true;
        collector->handles++; /* the one reference that this function holds */
        collector_release(collector);
        return status;
    }
    *out = collector;
    return STATUS_OK;
}

void collector_close(struct collector **collector) {
    if (*collector == NULL) {
        return;
    }
    (*collector)->closing = true;
    (*collector)->protocol->close(*collector);
    *collector = NULL;
}

void collector_release(struct collector *collector) {
    collector->handles--;
    if (collector->closing && collector->handles == 0) {
        mem_free(collector->state);
        mem_free(collector->url);
        mem_free(collector);
    }
}

const struct collect_counters *collector_get_counters(const struct collector *collector) {
    return &collector->counters;
}

void collector_emit(struct collector *collector, struct str record, struct str peer) {
    int64_t now = clock_wall_ns();
    collector->counters.records++;
    collector->counters.bytes += record.len;
    while (record.len > COLLECT_RECORD_LIMIT_BYTES) {
        collector->counters.parts++;
        collector->sink(str_head(record, COLLECT_RECORD_LIMIT_BYTES), peer, now, collector->ctx);
        record = str_skip(record, COLLECT_RECORD_LIMIT_BYTES);
    }
    collector->sink(record, peer, now, collector->ctx);
}

struct str collector_peer_text(char *out, size_t size, const struct sockaddr *address) {
    out[0] = '\0';
    if (address->sa_family == AF_INET6) {
        (void)uv_ip6_name((const struct sockaddr_in6 *)(const void *)address, out, size);
    } else if (address->sa_family == AF_INET) {
        (void)uv_ip4_name((const struct sockaddr_in *)(const void *)address, out, size);
    }
    struct str text = str_from_c(out);
    return str_starts(text, STR("::ffff:")) ? str_skip(text, 7) : text;
}
