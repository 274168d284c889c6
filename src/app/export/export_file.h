/*
 * A file that is being exported: written as "PATH.part", plain or as zstd frames, and called PATH
 * only when it is whole and on the disk. Memory: a buffer, and zstd's window, only
 * while the file is awake (written to since the last export_file_rest), so that thousands of files
 * can be in the making.
 *
 *   create -> write ... (rest, write ...) -> complete -> publish      whole
 *          -> discard at any point                                    PATH.part is removed
 *
 * Threads: one. Failures: ENVIRONMENT (the disk is full, no permission); then only discard is left.
 */
#ifndef KONSEKI_EXPORT_FILE_H
#define KONSEKI_EXPORT_FILE_H

#include "err.h"

struct export_file;

/* An old "PATH.part" is replaced; an old PATH stays as it is until publish. */
enum status export_file_create(struct export_file **out, const char *path, bool compressed,
                               struct err *err) MUST_CHECK;
enum status export_file_write(struct export_file *file, struct str bytes,
                              struct err *err) MUST_CHECK;
bool export_file_is_awake(const struct export_file *file);
/* Gives the buffer and the descriptor back until the next write. */
enum status export_file_rest(struct export_file *file, struct err *err) MUST_CHECK;
/* Everything is on the disk, under the name PATH.part. */
enum status export_file_complete(struct export_file *file, struct err *err) MUST_CHECK;
/* Renames it; frees the object and sets it NULL. */
enum status export_file_publish(struct export_file **file, struct err *err) MUST_CHECK;
/* NULL is fine. */
void export_file_discard(struct export_file **file);

#endif
