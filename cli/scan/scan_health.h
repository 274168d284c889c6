/*
 * What scan says of the event log files it read: which fail their checksums or hold records that
 * could not be read whole. Damage is told without being asked (the first files by name, all by
 * number);
 * --validate-checksums tells of every file, intact ones too.
 *
 * A file that was not closed (dirty: copied from a running machine) may fail its checksums without
 * being damaged: that alone is told only when asked.
 */
#ifndef KONSEKI_SCAN_HEALTH_H
#define KONSEKI_SCAN_HEALTH_H

#include "input.h"

struct scan_health {
    bool all;            /* --validate-checksums */
    uint64_t told_count; /* lines about damage */
    uint64_t damaged_files;
};

/* One line on stderr where there is something to tell. */
void scan_health_tell(struct scan_health *health, const char *path,
                      const struct parse_input_health *found);
void scan_health_finish(const struct scan_health *health);

#endif
