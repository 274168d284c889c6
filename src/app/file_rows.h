/*
 * The rows of files, nothing stored: every file below the paths is read (parse/input.h), packed
 * files member by member (packed_rows.h), and each batch of rows is handed to the caller. What
 * scan, triage and `rules profile` have in common. Threads: one thread. Memory: does not grow with
 * the inputs; text is unpacked through a window.
 */
#ifndef KONSEKI_FILE_ROWS_H
#define KONSEKI_FILE_ROWS_H

#include <signal.h>

#include "batch.h"
#include "err.h"
#include "file_filter.h"
#include "input.h"
#include "packed.h"
#include "zone.h"

/* A batch of one file: as given + "/" + path below it, in archives too ("a.zip/dir/b.evtx"). False
 * ends the reading. */
typedef bool file_rows_fn(const struct batch *batch, struct str file, void *ctx);
/* The same, and the callee may keep the batch and leave another one in its place. */
typedef bool file_rows_keep_fn(struct batch *batch, struct str file, void *ctx);
/* An input that could not be read. The reading goes on. */
typedef void file_rows_error_fn(const char *path, const struct err *err, void *ctx);

/* An event log file that was read to its end: what it says of itself. */
typedef void file_rows_health_fn(const char *path, const struct parse_input_health *health,
                                 void *ctx);

/* How far the reading is; called after every batch. */
struct file_rows_progress {
    uint64_t done_bytes; /* of the files as they lie on disk */
    uint64_t all_bytes;  /* 0: not known */
};
typedef void file_rows_progress_fn(const struct file_rows_progress *progress, void *ctx);

/* A file or member was read, as far as it could be; also one without a row. */
typedef void file_rows_done_fn(struct str file, void *ctx);

struct file_rows_options {
    const struct zone *zone; /* for times without one */
    bool zone_is_guess;
    bool recover_slack;
    bool carve; /* event logs in what is none: disk images, memory (input.h) */
    struct packed_limits packed;
    const struct file_filter *only;         /* files that are read; NULL: all */
    const volatile sig_atomic_t *interrupt; /* not 0: end soon; NULL: never */
    file_rows_progress_fn *progress;        /* NULL: nobody looks */
    file_rows_fn *rows;
    file_rows_keep_fn *keep; /* instead of rows; NULL: rows */
    file_rows_done_fn *done; /* NULL: nobody asks */
    file_rows_error_fn *failed;
    file_rows_health_fn *health; /* NULL: nobody asks */
    void *ctx;
};

struct file_rows_counts {
    uint64_t files;      /* members of archives, not the archives */
    uint64_t left_out;   /* files and members that were not asked for */
    uint64_t unreadable; /* files and members, or the rest of one */
    uint64_t bytes;      /* unpacked */
    bool interrupted;
};

void file_rows_read(const struct file_rows_options *options, const char *const *paths,
                    size_t path_count, struct file_rows_counts *counts);
/* Bytes of all files below the paths as they lie on disk; what cannot be examined counts nothing.
 */
uint64_t file_rows_size(const char *const *paths, size_t path_count);
/* False for rows that carry no event: blank lines, comments, made of other rows. */
bool file_rows_is_event(const struct row *row);

#endif
