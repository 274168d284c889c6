/* Writing a segment's bytes to the store's folder: whole and synced, or not there. */
#ifndef KONSEKI_SEGMENT_FILE_H
#define KONSEKI_SEGMENT_FILE_H

#include "buf.h"
#include "err.h"

/* Its name is durable only after the folder was synced (the commit does that). After a failure the
 * file is removed; if that fails too, the next opening of the store does it. */
enum status segment_file_write(const char *path, struct str bytes, struct err *err) MUST_CHECK;

#endif
