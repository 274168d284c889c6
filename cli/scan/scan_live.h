/*
 * scan and triage --live: event logs of Windows images (live_root.h) as inputs; and at the end of
 * a scan what they cover: which logs that rules look at are absent or empty, from when to when the
 * others reach.
 *
 * Threads: one. Owns its paths until fini.
 */
#ifndef KONSEKI_SCAN_LIVE_H
#define KONSEKI_SCAN_LIVE_H

#include "batch.h"
#include "live_root.h"
#include "options.h"

struct scan_live_log {
    uint64_t events;
    int64_t first_ns; /* TIME_NONE: no event */
    int64_t last_ns;
    uint64_t first_id; /* lowest EventRecordID; 0: none */
};

struct scan_live {
    struct live_finds finds;
    struct scan_live_log *logs; /* one a find */
    const char **paths;         /* of the command line, then of the finds */
    size_t path_count;
    const char **inputs; /* of the command line, then the roots: where nothing may be written */
    size_t input_count;
    size_t current; /* the find that the last batch was of */
};

/* `command` names itself in messages. `given`: the paths of the command line, which stay inputs.
 * False with a message if a root holds no event logs. */
bool scan_live_open(struct scan_live *live, const char *command, const struct option_list *roots,
                    const struct positionals *given);
void scan_live_batch(struct scan_live *live, const struct batch *batch, struct str file);
/* Tells on stderr; times for people in the zone. */
void scan_live_tell(const struct scan_live *live, const struct zone *zone);
void scan_live_fini(struct scan_live *live);

#endif
