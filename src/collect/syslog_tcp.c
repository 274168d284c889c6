/*
 * Syslog over TCP (RFC 6587). A record is octet-counted ("123 <34>...", the count is transport and
 * no part of the record) or ends in LF (kept); which of the two is decided at the start of every
 * record: a digit 1-9, at most 9 more and a blank before "<" mean a count.
 * A connection that ends inside a record: what came is a record, counted as truncated.
 */
#include "mem.h"
#include "num.h"
#include "protocol.h"

enum { READ_BYTES = 64 * 1024, BACKLOG = 128, COUNT_DIGITS = 10 };

struct tcp_state {
    uv_tcp_t listener;
    struct connection *connections;
};

struct connection {
    uv_tcp_t handle;
    struct collector *collector;
    struct connection *next;
    struct connection **link; /* what points to this one */
    struct buf pending;       /* bytes of the record that is not complete yet */
    struct str peer;
    char peer_text[64];
    char chunk[READ_BYTES];
};

/* What the start of `bytes` says: the length of a count with its blank, 0: no count, -1: more
 * bytes are needed to tell. */
static int count_prefix(uint64_t *out_count, struct str bytes) {
    size_t digits = 0;
    while (digits < bytes.len && digits <= COUNT_DIGITS && ascii_is_digit(bytes.ptr[digits])) {
        digits++;
    }
    if (digits == 0 || digits > COUNT_DIGITS || bytes.ptr[0] == '0') {
        return bytes.len == 0 ? -1 : 0;
    }
    if (bytes.len < digits + 2) {
        return -1;
    }
    if (bytes.ptr[digits] != ' ' || bytes.ptr[digits + 1] != '<') {
        return 0;
    }
    return num_parse_u64(out_count, str_head(bytes, digits)) ? (int)digits + 1 : 0;
}

/* Takes one complete record from the front of *rest. */
static bool take_record(struct str *out, struct str *rest) {
    uint64_t count = 0;
    int prefix = count_prefix(&count, *rest);
    if (prefix < 0) {
        /* a lone number line is possible as well: it is complete when its LF is there */
        prefix = str_find_char(*rest, '\n') == STR_NONE ? -1 : 0;
    }
    if (prefix > 0) {
        if (rest->len - (size_t)prefix < count) {
            return false;
        }
        *out = str_make(rest->ptr + prefix, (size_t)count);
        *rest = str_skip(*rest, (size_t)prefix + (size_t)count);
        return true;
    }
    size_t end = prefix < 0 ? STR_NONE : str_find_char(*rest, '\n');
    if (end == STR_NONE) {
        return false;
    }
    *out = str_head(*rest, end + 1);
    *rest = str_skip(*rest, end + 1);
    return true;
}

/* Emits what is complete of `bytes`; returns what is left. A record that grows over the limit is
 * emitted in parts as it comes, so that memory stays bounded. */
static struct str emit_complete(struct connection *c, struct str bytes) {
    struct str record;
    while (take_record(&record, &bytes)) {
        if (record.len > 0) {
            collector_emit(c->collector, record, c->peer);
        }
    }
    while (bytes.len > COLLECT_RECORD_LIMIT_BYTES) {
        c->collector->counters.parts++;
        collector_emit(c->collector, str_head(bytes, COLLECT_RECORD_LIMIT_BYTES), c->peer);
        bytes = str_skip(bytes, COLLECT_RECORD_LIMIT_BYTES);
    }
    return bytes;
}

static void connection_closed(uv_handle_t *handle) {
    struct connection *c = handle->data;
    struct collector *collector = c->collector;
    *c->link = c->next;
    if (c->next != NULL) {
        c->next->link = c->link;
    }
    buf_fini(&c->pending);
    mem_free(c);
    collector_release(collector);
}

static void connection_end(struct connection *c) {
    if (uv_is_closing((uv_handle_t *)&c->handle)) {
        return;
    }
    if (c->pending.len > 0) {
        c->collector->counters.truncated++;
        collector_emit(c->collector, buf_str(&c->pending), c->peer);
        buf_clear(&c->pending);
    }
    uv_close((uv_handle_t *)&c->handle, connection_closed);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    (void)suggested;
    struct connection *c = handle->data;
    *buf = uv_buf_init(c->chunk, READ_BYTES);
}

static void take_bytes(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf) {
    struct connection *c = stream->data;
    if (got < 0) {
        c->collector->counters.errors += got != UV_EOF;
        connection_end(c);
        return;
    }
    struct str fresh = str_make(buf->base, (size_t)got);
    if (c->pending.len == 0) {
        struct str left = emit_complete(c, fresh);
        buf_add(&c->pending, left);
        return;
    }
    buf_add(&c->pending, fresh);
    struct str left = emit_complete(c, buf_str(&c->pending));
    memmove(c->pending.ptr, left.ptr, left.len);
    c->pending.len = left.len;
}

static void connection_start(struct connection *c) {
    struct sockaddr_storage address;
    int size = (int)sizeof address;
    if (uv_tcp_getpeername(&c->handle, (struct sockaddr *)&address, &size) == 0) {
        c->peer = collector_peer_text(c->peer_text, sizeof c->peer_text,
                                      (const struct sockaddr *)&address);
    } else {
        c->peer = STR("unknown");
    }
    (void)uv_tcp_keepalive(&c->handle, 1, 60);
    if (uv_read_start((uv_stream_t *)&c->handle, give_buffer, take_bytes) != 0) {
        c->collector->counters.errors++;
        connection_end(c);
    }
}

static void accept_connection(uv_stream_t *server, int code) {
    struct collector *collector = server->data;
    struct tcp_state *state = collector->state;
    if (code != 0) {
        collector->counters.errors++;
        return;
    }
    struct connection *c = mem_calloc(1, sizeof *c);
    c->collector = collector;
    if (uv_tcp_init(collector->loop, &c->handle) != 0) {
        mem_free(c);
        collector->counters.errors++;
        return;
    }
    collector->handles++;
    c->handle.data = c;
    c->next = state->connections;
    c->link = &state->connections;
    if (c->next != NULL) {
        c->next->link = &c->next;
    }
    state->connections = c;
    if (uv_accept(server, (uv_stream_t *)&c->handle) != 0) {
        collector->counters.errors++;
        connection_end(c);
        return;
    }
    collector->counters.connections++;
    connection_start(c);
}

static void listener_closed(uv_handle_t *handle) {
    collector_release(handle->data);
}

static void tcp_close(struct collector *collector) {
    struct tcp_state *state = collector->state;
    for (struct connection *c = state->connections; c != NULL; c = c->next) {
        connection_end(c);
    }
    uv_close((uv_handle_t *)&state->listener, listener_closed);
}

static enum status tcp_open(struct collector *collector, const struct sockaddr *address,
                            struct err *err) {
    struct tcp_state *state = mem_calloc(1, sizeof *state);
    collector->state = state;
    int code = uv_tcp_init(collector->loop, &state->listener);
    if (code != 0) {
        return err_set(err, STATUS_ENVIRONMENT, "%s: %s", collector->url, uv_strerror(code));
    }
    collector->handles++;
    state->listener.data = collector;
    code = uv_tcp_bind(&state->listener, address, 0);
    if (code == 0) {
        code = uv_listen((uv_stream_t *)&state->listener, BACKLOG, accept_connection);
    }
    if (code != 0) {
        tcp_close(collector);
        return err_set(err, STATUS_ENVIRONMENT, "%s: cannot listen: %s", collector->url,
                       uv_strerror(code));
    }
    return STATUS_OK;
}

const struct protocol protocol_syslog_tcp = {"syslog+tcp", tcp_open, tcp_close};
