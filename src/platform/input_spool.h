/*
 * Bytes of unknown number that are needed whole (the member of an archive): in memory up to 64 MiB,
 * beyond that in a file without a name in the folder for temporary files (TMPDIR, else /var/tmp),
 * which is mapped when all is there. Nothing of it outlives the process.
 *
 * Ownership: the spool owns its memory and file until input_spool_take gives both to an input
 * file. Threads: one. Failures: ENVIRONMENT where the file cannot be made, written or mapped; the
 * spool can then only be destroyed.
 */
#ifndef KONSEKI_INPUT_SPOOL_H
#define KONSEKI_INPUT_SPOOL_H

#include "input_file.h"

struct input_spool;

struct input_spool *input_spool_create(void);
void input_spool_destroy(struct input_spool **spool);
enum status input_spool_append(struct input_spool *spool, const void *bytes, size_t size,
                               struct err *err) MUST_CHECK;
/* All that was appended as an input file (modified_wall_ns is 0); the spool is gone when OK. */
enum status input_spool_take(struct input_file *out, struct input_spool **spool,
                             struct err *err) MUST_CHECK;

#endif
