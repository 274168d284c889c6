/*
 * One pass over files, between file_rows.c (files and folders) and packed_rows.c (what is in
 * archives): what both need to read an input and hand its rows on. Not for others.
 */
#ifndef KONSEKI_FILE_READING_H
#define KONSEKI_FILE_READING_H

#include "file_rows.h"
#include "input.h"

struct file_reading {
    const struct file_rows_options *options;
    struct file_rows_counts *counts;
    struct batch batch;
    size_t given_bytes; /* raw bytes of the batch that was handed on last */
    struct file_rows_progress progress;
    uint64_t file_start_bytes; /* progress.done_bytes where this file on disk began */
    bool is_unpacking;         /* then packed_rows.c says how far it is */
    bool stopped;              /* the caller has had enough, or was interrupted */
};

/* How an input is parsed. `name` stays where it is until the input is closed. */
struct parse_input_options file_reading_options(const struct file_reading *reading, struct str name,
                                                int64_t modified_ns);
/* The next batch to the caller; false when there is none, or nobody wants it. */
bool file_reading_give(struct file_reading *reading, struct parse_input *input, struct str name);
/* Tells how far it is; true if somebody asked for the end. */
bool file_reading_ends(struct file_reading *reading);
/* Is the file or member asked for? Counts those that are not. */
bool file_reading_admits(struct file_reading *reading, struct str name);
/* It was read: counts it and tells the caller. */
void file_reading_done(struct file_reading *reading, struct str name);
/* A file whose bytes are all there; counts it. */
void file_reading_whole(struct file_reading *reading, const struct input_file *file,
                        const char *name);
/* Counts an unreadable input and tells the caller; `ctx` is the reading (input_walk_error_fn). */
void file_reading_failed(const char *path, const struct err *err, void *ctx);

#endif
