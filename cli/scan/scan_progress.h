/*
 * While a scan runs: one line on stderr that tells how far it is, if that is a terminal; and
 * Ctrl-C, which ends the scan in order (what was found is written, outputs are closed), a second
 * one at once.
 *
 * Threads: the signal's handler sets one flag; everything else in one thread.
 */
#ifndef KONSEKI_SCAN_PROGRESS_H
#define KONSEKI_SCAN_PROGRESS_H

#include "scan.h"

enum { EXIT_INTERRUPTED = 130 }; /* 128 + SIGINT, as shells have it */

struct scan_progress {
    bool is_shown;
    bool has_line; /* on the terminal now */
    int64_t start_mono_ns;
    int64_t shown_mono_ns;
};

void scan_progress_begin(struct scan_progress *progress, bool quiet);
void scan_progress_show(struct scan_progress *progress, const struct scan_counts *counts,
                        const struct file_rows_progress *how_far);
/* Takes the line away, so that something else can be written. */
void scan_progress_clear(struct scan_progress *progress);

/* From now on SIGINT and SIGTERM end the process with a word and EXIT_INTERRUPTED. */
void scan_interrupt_while_loading(void);
/* The flag that SIGINT and SIGTERM set from now on. */
const volatile sig_atomic_t *scan_interrupt_catch(void);

#endif
