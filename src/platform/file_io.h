/*
 * Files that must survive a crash: every write, sync, rename and removal of the store goes through
 * the table `file_io`, so that tests can inject full disks, I/O errors, torn writes and crashes at
 * any of them. Reading is by mapping (file_map) and is not injected.
 *
 * The functions of the table return 0 (or a descriptor) and a negative errno value on failure; the
 * file_* functions turn that into a status and a message with the path and what to do.
 *
 * Threads: the table is set before any thread uses it (tests only). A struct file belongs to one
 * thread at a time. Failures: STATUS_ENVIRONMENT; after a failed sync the state of the bytes on
 * disk is unknown and the caller must not go on as if it could be repeated (fsync reports an error
 * once only).
 */
#ifndef KONSEKI_FILE_IO_H
#define KONSEKI_FILE_IO_H

#include "err.h"

enum file_mode {
    FILE_CREATE_NEW, /* fails if it is there */
    FILE_APPEND,     /* opens for writing, creates when missing */
    FILE_SECRET      /* as CREATE_NEW, readable by the owner only */
};

struct file_io {
    int (*open)(void *ctx, const char *path, enum file_mode mode);
    int (*close)(void *ctx, int fd);
    /* All bytes or an error; some of them may be on disk after an error. */
    int (*write_at)(void *ctx, int fd, const void *bytes, size_t len, uint64_t offset);
    int (*sync)(void *ctx, int fd); /* the data and what is needed to read them back */
    int (*truncate)(void *ctx, int fd, uint64_t size);
    int (*rename)(void *ctx, const char *from, const char *to);
    int (*unlink)(void *ctx, const char *path);
    int (*make_dir)(void *ctx, const char *path);
    int (*sync_dir)(void *ctx, const char *path);
    void *ctx;
};

/* The operating system itself. */
const struct file_io *file_io_system(void);
/* Replaces the table of the process (tests); NULL: the system's again. */
void file_io_set(const struct file_io *io);

struct file {
    int fd; /* -1: not open */
    char *path;
    uint64_t size_bytes; /* where the next file_append goes */
};

#define FILE_INIT ((struct file){-1, NULL, 0})

enum status file_open(struct file *out, const char *path, enum file_mode mode,
                      struct err *err) MUST_CHECK;
/* Closing does not sync. Fine on FILE_INIT. */
void file_close(struct file *f);
enum status file_append(struct file *f, const void *bytes, size_t len, struct err *err) MUST_CHECK;
enum status file_sync(struct file *f, struct err *err) MUST_CHECK;
/* The file has these bytes and no others, synced. A crash can leave a part of them. */
enum status file_write_whole(const char *path, enum file_mode mode, struct str bytes,
                             struct err *err) MUST_CHECK;
/* The file becomes these bytes, or stays as it was, or missing: they are written and synced as
 * PATH.new, which takes the name. The folder is not synced. */
enum status file_replace(const char *path, enum file_mode mode, struct str bytes,
                         struct err *err) MUST_CHECK;
enum status file_truncate(struct file *f, uint64_t size, struct err *err) MUST_CHECK;
enum status file_rename(const char *from, const char *to, struct err *err) MUST_CHECK;
/* A file that is not there is fine. */
enum status file_remove(const char *path, struct err *err) MUST_CHECK;
/* A folder that is there is fine. */
enum status file_make_dir(const char *path, struct err *err) MUST_CHECK;
/* Removes a folder that is empty; leaves it if it is not, or cannot be removed. Not injected. */
void file_remove_dir(const char *path);
/* Makes creations, renames and removals in the folder durable. */
enum status file_sync_dir(const char *path, struct err *err) MUST_CHECK;

/* A file's bytes, read-only. NOT_FOUND when it is missing. Files that never shrink (segments) are
 * mapped; `copy` reads them instead (logs that another process may cut). */
struct file_map {
    const uint8_t *bytes; /* NULL if empty */
    size_t size_bytes;
    bool copied;
};
enum status file_map(struct file_map *out, const char *path, bool copy, struct err *err) MUST_CHECK;
/* The same of what stands from `offset` on, read; nothing if the file is shorter. */
enum status file_copy_from(struct file_map *out, const char *path, uint64_t offset,
                           struct err *err) MUST_CHECK;
void file_unmap(struct file_map *map);

/* Single places of a file: cheaper than a mapping where a few bytes are wanted. */
struct file_reader {
    int fd;
};
/* NOT_FOUND when it is missing. */
enum status file_reader_open(struct file_reader *out, const char *path, struct err *err) MUST_CHECK;
/* False if the file does not have all of these bytes, or they cannot be read. */
bool file_reader_at(const struct file_reader *reader, void *out, size_t len, uint64_t offset);
void file_reader_close(struct file_reader *reader);

/* Takes the exclusive lock of the file (made when missing) without waiting; BUSY if somebody has
 * it. The lock lives until file_unlock or the end of the process. */
enum status file_lock(int *out_fd, const char *path, struct err *err) MUST_CHECK;
/* The same for many at once, which keeps file_lock out; the file must be there (it may be on a
 * medium that nobody can write). Waits a tenth of a second at most, then BUSY. */
enum status file_lock_shared(int *out_fd, const char *path, struct err *err) MUST_CHECK;
void file_unlock(int *fd);

/* Calls `visit` with the names in the folder, sorted bytewise. */
enum status file_list(const char *dir, void (*visit)(const char *name, void *ctx), void *ctx,
                      struct err *err) MUST_CHECK;
bool file_exists(const char *path);
/* Bytes that this user may still write to the file system that holds the path. */
enum status file_free_bytes(uint64_t *out, const char *path, struct err *err) MUST_CHECK;
/* Bytes of all files below the folder (their lengths). Files that go away meanwhile do not count.
 */
enum status file_tree_bytes(uint64_t *out, const char *dir, struct err *err) MUST_CHECK;

#endif
