/*
 * Files read and matched by several threads, told as if one had done it: files in the order of the
 * walk, batches in the order of the file, failures and health between them where they belong. The
 * caller's callbacks are called by the caller's thread only.
 *
 * One thread walks the folders, `count` threads take one file after another, each with a matcher of
 * its own; the caller's thread tells. A single file is read by one thread.
 * Memory: a bounded number of batches waits to be told (three a thread and two), and each thread
 * holds the file that it reads.
 */
#ifndef KONSEKI_SCAN_THREADS_H
#define KONSEKI_SCAN_THREADS_H

#include "file_rows.h"
#include "scan_findings.h"

enum { SCAN_THREADS_MAX = 64 };

/* False ends the reading. */
typedef bool scan_threads_fn(const struct batch *batch, const struct scan_findings *findings,
                             struct str file, void *ctx);

struct scan_threads_options {
    const struct file_rows_options *reading; /* its `rows` is not called */
    scan_threads_fn *rows;                   /* with reading->ctx */
    struct sigma_matcher *const *matchers;   /* one a thread; the caller's */
    const struct event_filter *events;       /* NULL: all */
    bool feeds;                              /* findings for correlations too */
    unsigned count;                          /* 1 .. SCAN_THREADS_MAX */
};

/* False if no thread could be started: nothing was read then. */
bool scan_threads_read(const struct scan_threads_options *options, const char *const *paths,
                       size_t path_count, struct file_rows_counts *counts);

#endif
