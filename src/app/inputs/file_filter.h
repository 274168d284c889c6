/*
 * Which files are read: by name. A pattern (event_filter.h: case ignored, `*` any text, `?` one
 * byte) fits the name as the output writes it ("logs/a.zip/dir/b.evtx") or its last part. Packed
 * files themselves are opened whatever they are called; their members are asked about.
 *
 * Immutable while it is used; borrows its texts. Threads: any.
 */
#ifndef KONSEKI_FILE_FILTER_H
#define KONSEKI_FILE_FILTER_H

#include "event_filter.h"

struct file_filter {
    struct event_words files; /* none: all */
    struct event_words other_files;
};

/* NULL admits every file. */
bool file_filter_admits(const struct file_filter *filter, struct str name);

#endif
