/*
 * The site's time zone, remembered beside the store (DIR/time_zone, one line with its name), so
 * that times without a zone on a later command line are the site's and tables show its local time.
 * No evidence: it may be lost or changed at any time.
 */
#ifndef KONSEKI_STORE_ZONE_H
#define KONSEKI_STORE_ZONE_H

#include "zone.h"

/* Replaces what was remembered. */
enum status store_zone_save(const char *store_path, const struct zone *zone,
                            struct err *err) MUST_CHECK;
/* The remembered zone, or UTC when there is none that can be read. */
const struct zone *store_zone_load(const char *store_path);

#endif
