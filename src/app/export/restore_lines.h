/*
 * The lines of a file that lies in memory, plain or as zstd frames (RFC 8878; several in a row, as
 * export writes them). Lines are given without their LF. Memory: the longest line and zstd's
 * window (at most 8 MiB; frames that want more are refused). Threads: one.
 */
#ifndef KONSEKI_RESTORE_LINES_H
#define KONSEKI_RESTORE_LINES_H

#include "err.h"

struct restore_lines;

/* `bytes` must live as long as the object. */
struct restore_lines *restore_lines_open(struct str bytes);
void restore_lines_close(struct restore_lines **lines);
/* The next line, valid until the next call. *more false at the end. BAD_INPUT: broken frames, or a
 * line over 64 MiB. */
enum status restore_lines_next(struct restore_lines *lines, struct str *line, bool *more,
                               struct err *err) MUST_CHECK;
/* Bytes of the file that were used so far. */
size_t restore_lines_used(const struct restore_lines *lines);

#endif
