/*
 * What is shown of a hit: named lists of columns, templates of details by channel and event id,
 * what values of fields mean, short names. The default is share/scan-profiles.conf, built in; a
 * user's file of the same form replaces what it names again. Immutable once loaded.
 */
#ifndef KONSEKI_REPORT_PROFILES_H
#define KONSEKI_REPORT_PROFILES_H

#include "report_column.h"

struct report_profiles;

/* `path` NULL: the default alone. BAD_INPUT "PATH: line N: what"; ENVIRONMENT: not readable. */
enum status report_profiles_load(struct report_profiles **out, const char *path,
                                 struct err *err) MUST_CHECK;
void report_profiles_free(struct report_profiles **profiles);

/* BAD_INPUT if there is none of this name: the message names those that are. */
enum status report_profiles_columns(struct report_columns *out,
                                    const struct report_profiles *profiles, struct str name,
                                    struct err *err) MUST_CHECK;
/* Appends the value of a field of the event; false if it has none. */
typedef bool report_lookup_fn(struct buf *out, struct str field, void *ctx);
/* Appends the details by the template of the channel and event id, REPORT_PART_MARK between the
 * parts; false: there is none, or nothing of it is there. */
bool report_profiles_details(struct buf *out, const struct report_profiles *profiles,
                             struct str channel, struct str event_id, report_lookup_fn *lookup,
                             void *ctx);
/* What the value of the field means ("network" for LogonType 3), letters' case ignored; empty if
 * the profiles do not say. */
struct str report_profiles_meaning(const struct report_profiles *profiles, struct str field,
                                   struct str value);
/* The short name of a channel or provider; the text itself if it has none. */
struct str report_profiles_short(const struct report_profiles *profiles, struct str text);

#endif
