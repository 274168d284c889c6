/*
 * Who had an address: DHCP leases (ISC dhcpd ACK lines) give address -> host name by time, the
 * site file gives servers and host -> user. The runner feeds it with the DHCP rows before the
 * analyses see a row of the same time. Kept by local day; days before the look-back are dropped.
 */
#ifndef KONSEKI_IDENTITY_H
#define KONSEKI_IDENTITY_H

#include "batch.h"
#include "ip.h"
#include "site.h"

struct identity;

/* A lease that was given longer ago names nobody. */
enum { IDENTITY_LEASE_DAYS = 2 };

struct identity *identity_create(const struct site *site);
void identity_destroy(struct identity **identity);
void identity_learn(struct identity *identity, const struct batch *batch, const struct row *row);
void identity_evict(struct identity *identity, int64_t before_ns);
void identity_clear(struct identity *identity);
/* Host name (lower case, first label) that had the address at the time: a registered host, else
 * the last lease within 2 days before it; empty if unknown. Borrowed until the next learn. */
struct str identity_host(const struct identity *identity, const struct ip *address,
                         int64_t time_ns);
/* Login of the host's user by the site file; empty if unknown. */
struct str identity_user(const struct identity *identity, struct str host);

#endif
