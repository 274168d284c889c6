/* Syslog over UDP (RFC 5426): one datagram is one record, taken as it is. */
#include "mem.h"
#include "protocol.h"

enum { DATAGRAM_BYTES = 65536, RECEIVE_BUFFER_BYTES = 16 * 1024 * 1024 };

struct udp_state {
    uv_udp_t handle;
    char datagram[DATAGRAM_BYTES];
};

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    (void)suggested;
    struct collector *collector = handle->data;
    struct udp_state *state = collector->state;
    *buf = uv_buf_init(state->datagram, DATAGRAM_BYTES);
}

static void take_datagram(uv_udp_t *handle, ssize_t got, const uv_buf_t *buf,
                          const struct sockaddr *address, unsigned flags) {
    struct collector *collector = handle->data;
    if (got < 0) {
        collector->counters.errors++;
        return;
    }
    if (address == NULL || got == 0) {
        return; /* nothing more to read, or an empty datagram */
    }
    if ((flags & UV_UDP_PARTIAL) != 0) {
        collector->counters.truncated++;
    }
    char peer[64];
    collector_emit(collector, str_make(buf->base, (size_t)got),
                   collector_peer_text(peer, sizeof peer, address));
}

static void handle_closed(uv_handle_t *handle) {
    collector_release(handle->data);
}

static void udp_close(struct collector *collector) {
    struct udp_state *state = collector->state;
    uv_close((uv_handle_t *)&state->handle, handle_closed);
}

static enum status udp_open(struct collector *collector, const struct sockaddr *address,
                            struct err *err) {
    struct udp_state *state = mem_calloc(1, sizeof *state);
    collector->state = state;
    int code = uv_udp_init(collector->loop, &state->handle);
    if (code != 0) {
        return err_set(err, STATUS_ENVIRONMENT, "%s: %s", collector->url, uv_strerror(code));
    }
    collector->handles++;
    state->handle.data = collector;
    code = uv_udp_bind(&state->handle, address, UV_UDP_REUSEADDR);
    if (code == 0) {
        int size = RECEIVE_BUFFER_BYTES; /* the kernel gives at most net.core.rmem_max */
        (void)uv_recv_buffer_size((uv_handle_t *)&state->handle, &size);
        code = uv_udp_recv_start(&state->handle, give_buffer, take_datagram);
    }
    if (code != 0) {
        udp_close(collector);
        return err_set(err, STATUS_ENVIRONMENT, "%s: cannot listen: %s", collector->url,
                       uv_strerror(code));
    }
    return STATUS_OK;
}

const struct protocol protocol_syslog_udp = {"syslog+udp", udp_open, udp_close};
