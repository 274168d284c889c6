/*
 * A file without a name for what does not fit into memory (sorted runs): it lies in $TMPDIR, else
 * /var/tmp, else /tmp, is readable by the owner only and gone when the program ends, however it
 * ends. Nothing of it is synced. Threads: one at a time.
 */
#ifndef KONSEKI_SCRATCH_FILE_H
#define KONSEKI_SCRATCH_FILE_H

#include "err.h"

struct scratch_file {
    int fd; /* -1: not open */
    uint64_t size_bytes;
};

#define SCRATCH_FILE_INIT ((struct scratch_file){-1, 0})

/* ENVIRONMENT if no folder takes it. */
enum status scratch_file_open(struct scratch_file *out, struct err *err) MUST_CHECK;
/* Fine on SCRATCH_FILE_INIT. */
void scratch_file_close(struct scratch_file *file);
enum status scratch_file_append(struct scratch_file *file, struct str bytes,
                                struct err *err) MUST_CHECK;
/* All `len` bytes at `offset`. */
enum status scratch_file_read(const struct scratch_file *file, void *out, size_t len,
                              uint64_t offset, struct err *err) MUST_CHECK;

/* Does `path` (which need not be there, its folder must) name `place` itself or something below
 * it? Links are followed. False where one of them cannot be looked up. */
bool path_is_within(const char *path, const char *place);

#endif
