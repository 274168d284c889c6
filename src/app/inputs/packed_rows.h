/*
 * The rows of a packed file: text through a window of 4 MiB, event logs and XML as a whole
 * (input_spool.h), packed members once more, up to PACKED_DEPTH_LIMIT packings in one another.
 * Threads: one.
 */
#ifndef KONSEKI_PACKED_ROWS_H
#define KONSEKI_PACKED_ROWS_H

#include "file_reading.h"

/* Failures are told through file_reading_failed, a member at a time. */
void packed_rows_read(struct file_reading *reading, const struct input_file *file,
                      const char *name);

#endif
