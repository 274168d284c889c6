/*
 * Time zones from the system's database (TZif, RFC 8536), fixed offsets and a few usual
 * abbreviations; no global state as with tzset(). Zones are cached for the life of the process.
 * Threads: zone_open locks; a struct zone is immutable.
 */
#ifndef KONSEKI_ZONE_H
#define KONSEKI_ZONE_H

#include "civil.h"
#include "err.h"

struct zone;

const struct zone *zone_utc(void);
/* "Asia/Tokyo", "UTC", "Z", "JST", "+09:00", "+0900", "-05", "local" (the machine's). */
enum status zone_open(const struct zone **out, struct str name, struct err *err) MUST_CHECK;
/* Local time (ns as if UTC) to UTC. A time that the clock skipped moves forward; of a time that
 * occurs twice the first is taken. */
int64_t zone_to_utc(const struct zone *zone, int64_t local_ns);
int64_t zone_to_local(const struct zone *zone, int64_t utc_ns);
struct str zone_name(const struct zone *zone);

#endif
