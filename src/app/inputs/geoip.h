/*
 * Where public addresses are, by databases in MaxMind's format (MMDB, docs at
 * https://maxmind.github.io/MaxMind-DB/): country, city, number and name of the autonomous system.
 * Several databases complete one another (City and ASN). They are not shipped.
 *
 * Private, loopback, multicast addresses and those no database knows have no place. Texts are
 * borrowed until the databases are closed; they are foreign and may hold any bytes.
 * Threads: one. Cost: one walk in a tree a database.
 */
#ifndef KONSEKI_GEOIP_H
#define KONSEKI_GEOIP_H

#include "err.h"

struct geoip;

struct geoip_place {
    struct str country; /* ISO code: JP; empty where unknown, like the others */
    struct str city;    /* English name */
    struct str as_name;
    uint32_t as_number; /* 0: unknown */
};

/* ENVIRONMENT or BAD_INPUT: one cannot be opened, or is no such database. */
enum status geoip_open(struct geoip **out, const char *const *paths, size_t count,
                       struct err *err) MUST_CHECK;
void geoip_close(struct geoip **geoip);
/* False if `text` is no public address, or no database knows it. */
bool geoip_find(struct geoip_place *out, struct geoip *geoip, struct str text);

#endif
