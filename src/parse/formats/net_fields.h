/* Small things that parsers of network devices share: protocols, addresses, URLs, verdicts. */
#ifndef KONSEKI_NET_FIELDS_H
#define KONSEKI_NET_FIELDS_H

#include "batch.h"

/* The whole text is an IP address ("10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1"). */
bool net_is_ip(struct str s);
/* Adds an address as `ip_field` if it is one, else as `name_field`; nothing for "" and "-". An
 * IPv4-mapped address is cut to its IPv4 part. */
void net_add_address(struct batch *batch, uint32_t ip_field, uint32_t name_field, struct str s);
/* Adds a port or count if it is a decimal number. */
void net_add_number(struct batch *batch, uint32_t field, struct str s);
/* "6" or "tcp" -> network.transport (lower case) and, for numbers, network.iana_number. */
void net_add_protocol(struct batch *batch, struct str s);
/* url.full, .scheme, .domain, .port, .path, .query of "http://host:80/x?y" or, for CONNECT,
 * "host:443". The port is added also when the scheme implies it. */
void net_add_url(struct batch *batch, struct str url, bool is_connect);
/* Cuts "host:port" or "[::1]:port" (a bare IPv6 address has no port). */
void net_split_port(struct str *host, struct str *port, struct str s);

enum verdict { VERDICT_NONE, VERDICT_ALLOWED, VERDICT_DENIED, VERDICT_INFO };
/* event.type and event.outcome. */
void net_add_verdict(struct batch *batch, enum verdict verdict);

#endif
