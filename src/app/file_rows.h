/*
 * The rows of files, nothing stored: every file below the paths is read (parse/input.h) and each
 * batch of its rows is handed to the caller. What scan, metrics, stack and the like have in common.
 * Threads: one thread.
 */
#ifndef KONSEKI_FILE_ROWS_H
#define KONSEKI_FILE_ROWS_H

#include "batch.h"
#include "err.h"
#include "zone.h"

/* A batch of one file: as given + "/" + path below it. False ends the reading. */
typedef bool file_rows_fn(const struct batch *batch, struct str file, void *ctx);
/* An input that could not be read. The reading goes on. */
typedef void file_rows_error_fn(const char *path, const struct err *err, void *ctx);

struct file_rows_options {
    const struct zone *zone; /* for times without one */
    bool zone_is_guess;
    bool recover_slack;
    file_rows_fn *rows;
    file_rows_error_fn *failed;
    void *ctx;
};

struct file_rows_counts {
    uint64_t files;
    uint64_t unreadable;
    uint64_t bytes;
};

void file_rows_read(const struct file_rows_options *options, const char *const *paths,
                    size_t path_count, struct file_rows_counts *counts);
/* False for rows that carry no event: blank lines, comments, made of other rows. */
bool file_rows_is_event(const struct row *row);

#endif
