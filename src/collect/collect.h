/*
 * Collectors: listeners that take records from the network and hand them to a sink. One file a
 * protocol, one row in the table of collect.c (URL scheme -> functions).
 *
 *   syslog+udp://127.0.0.1:5514   one datagram = one record (RFC 5426)
 *   syslog+tcp://[::1]:5514       LF-framed or octet-counted (RFC 6587), told apart per record
 *
 * Threads: everything runs in the thread of the event loop. The sink is called synchronously; while
 * it works, TCP senders are held back by the kernel's windows and UDP datagrams wait in the socket
 * buffer (its size is asked for; what the kernel drops is counted where the kernel tells).
 * Ownership: the record's bytes are the collector's, valid during the call.
 */
#ifndef KONSEKI_COLLECT_H
#define KONSEKI_COLLECT_H

#include <uv.h>

#include "err.h"

enum { COLLECT_RECORD_LIMIT_BYTES = 1024 * 1024 };

/* `record` as it came, with its own LF if it had one; an octet-counted record without its count.
 * `peer` is the sender's address without port. */
typedef void collect_record_fn(struct str record, struct str peer, int64_t receive_wall_ns,
                               void *ctx);

struct collect_counters {
    uint64_t records;
    uint64_t bytes;
    uint64_t parts;       /* pieces of records over the limit */
    uint64_t connections; /* accepted so far */
    uint64_t truncated;   /* datagrams that the kernel cut, streams that ended inside a record */
    uint64_t errors;      /* receive and accept errors */
};

struct collector;

/* Starts to listen at once. BAD_INPUT: the URL is wrong; ENVIRONMENT: the address is not free. */
enum status collector_open(struct collector **out, uv_loop_t *loop, const char *url,
                           collect_record_fn *sink, void *ctx, struct err *err) MUST_CHECK;
/* Stops listening; open connections are read until now and closed. The memory is released when
 * the loop has run its close callbacks: run the loop once more before closing it. */
void collector_close(struct collector **collector);
const struct collect_counters *collector_get_counters(const struct collector *collector);

#endif
