/*
 * A file layer that fails: the n-th write, sync, rename, removal or creation goes wrong in a chosen
 * way, and after a "crash" nothing works any more. What was written but not synced can be taken
 * back, as a power cut does: wholly, or every other write (reordered), or half of the last one.
 *
 * Names in folders are taken as durable at once (creations, renames), which ext4 and xfs do within
 * a journal commit; only file contents are lost.
 */
#ifndef KONSEKI_FAULT_IO_H
#define KONSEKI_FAULT_IO_H

#include "file_io.h"

enum fault_mode {
    FAULT_EIO,         /* this operation fails, the next ones work */
    FAULT_ENOSPC,      /* this write puts half of its bytes down and fails; so do all later ones */
    FAULT_CRASH,       /* this and all later operations do nothing; unsynced writes stay */
    FAULT_CRASH_LOSE,  /* ... unsynced writes are lost (files shrink back) */
    FAULT_CRASH_ZERO,  /* ... their place is kept, but reads as zeros */
    FAULT_CRASH_MIXED, /* ... every other one is lost: a later write may be there without an earlier
                        */
    FAULT_CRASH_TORN,  /* ... half of the failing write reaches the disk */
    FAULT_MODE_COUNT
};

/* Counts operations from 1; operation `at` fails (0: none). */
void fault_start(enum fault_mode mode, uint64_t at);
/* Takes back what the mode says is lost, puts the system's table in place again; returns the number
 * of operations that were tried. */
uint64_t fault_stop(void);
bool fault_happened(void);

#endif
