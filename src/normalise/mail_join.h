/*
 * Joins the Postfix lines of one mail into one derived event (docs/formats/derived.md).
 *
 * Lines belong together by (host, queue id) within the life of the queue file (by source where the
 * log names no host): short queue ids are reused, so `client=` or pickup begin a mail and `removed`
 * ends it. A mail that a content filter on the same host puts back in ("queued as X" of a mail that
 * came from a loopback address) is one mail with both queue ids. The next hop's id at other hosts
 * is kept as a field.
 *
 * Import (live = false): files may come in any order. A mail whose beginning and end were seen is
 * emitted after a minute of event time; parts without beginning or end wait for mail_join_flush,
 * which puts them together by time. Live: rows of any format move the clock (receive time); what
 * has not ended after `timeout_ns` is emitted as incomplete.
 *
 * Memory: at most memory_bytes of open mails; beyond that the longest untouched are emitted as
 * incomplete and counted. Threads: one join belongs to one thread. Cost: O(values) a line.
 */
#ifndef KONSEKI_MAIL_JOIN_H
#define KONSEKI_MAIL_JOIN_H

#include "batch.h"

struct mail_join;

struct mail_join_options {
    bool live;
    int64_t timeout_ns;  /* longest life of a mail; 0: 5 days (Postfix's default) */
    size_t memory_bytes; /* 0: 64 MiB */
};

struct mail_join_counts {
    uint64_t lines;      /* lines with a queue id */
    uint64_t mails;      /* derived rows emitted */
    uint64_t incomplete; /* of these: beginning or end not seen */
    uint64_t evicted;    /* of these: because of the memory limit */
    uint64_t chained;    /* mails put together with the mail they came from */
    uint64_t dropped;    /* lines and values over the limits of one mail */
};

struct mail_join *mail_join_create(const struct mail_join_options *options);
void mail_join_destroy(struct mail_join **join);

/* Takes the Postfix lines out of `in` (after store_append: rows are numbered) and appends the
 * derived rows that are ready to `out`. Rows flagged damaged are left out. */
void mail_join_feed(struct mail_join *join, const struct batch *in, struct batch *out);
/* The end of an import, or of the server: emits everything that is left. */
void mail_join_flush(struct mail_join *join, struct batch *out);
const struct mail_join_counts *mail_join_get_counts(const struct mail_join *join);

#endif
