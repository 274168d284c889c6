/*
 * IP addresses and networks. An address is 16 bytes; IPv4 is held as ::ffff:a.b.c.d (RFC 4291
 * section 2.5.5.2), so both families compare alike.
 */
#ifndef KONSEKI_IP_H
#define KONSEKI_IP_H

#include "str.h"

struct ip {
    uint8_t bytes[16];
};

struct ip_network {
    struct ip address;
    uint8_t prefix_bits; /* 0..128, counted in the 16-byte form (an IPv4 /24 is 120) */
};

enum { IP_TEXT_BYTES = 46 };

/* Dotted quad (decimal, no leading zeros beyond "0"), or IPv6 text (RFC 4291 2.2), optionally in
 * [brackets] or with a %zone that is ignored. */
bool ip_parse(struct ip *out, struct str s);
/* "10.0.0.0/8", "fc00::/7" or a single address. */
bool ip_network_parse(struct ip_network *out, struct str s);
/* IPv4 addresses are in IPv4 networks only (and in ::ffff:0:0/96). */
bool ip_network_has(const struct ip_network *network, const struct ip *address);
bool ip_is_v4(const struct ip *address);
/* RFC 5952 text into out (IP_TEXT_BYTES); returns its length. */
size_t ip_format(char *out, const struct ip *address);
/* RFC 1918, loopback, link-local, ULA, CGNAT, unspecified: not on the public Internet. */
bool ip_is_private(const struct ip *address);
bool ip_is_multicast_or_broadcast(const struct ip *address);

#endif
