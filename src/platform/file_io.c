#include "file_io.h"
#include "i18n.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "cut_pages.h"
#include "mem.h"

static int system_open(void *ctx, const char *path, enum file_mode mode) {
    (void)ctx;
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (mode == FILE_APPEND ? 0 : O_EXCL);
    int fd = open(path, flags, mode == FILE_SECRET ? 0600 : 0640);
    return fd < 0 ? -errno : fd;
}

static int system_close(void *ctx, int fd) {
    (void)ctx;
    return close(fd) == 0 ? 0 : -errno;
}

static int system_write_at(void *ctx, int fd, const void *bytes, size_t len, uint64_t offset) {
    (void)ctx;
    const char *at = bytes;
    while (len > 0) {
        ssize_t done = pwrite(fd, at, len, (off_t)offset);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return done < 0 ? -errno : -EIO;
        }
        at += done;
        len -= (size_t)done;
        offset += (uint64_t)done;
    }
    return 0;
}

static int system_sync(void *ctx, int fd) {
    (void)ctx;
    return fdatasync(fd) == 0 ? 0 : -errno;
}

static int system_truncate(void *ctx, int fd, uint64_t size) {
    (void)ctx;
    return ftruncate(fd, (off_t)size) == 0 ? 0 : -errno;
}

static int system_rename(void *ctx, const char *from, const char *to) {
    (void)ctx;
    return rename(from, to) == 0 ? 0 : -errno;
}

static int system_unlink(void *ctx, const char *path) {
    (void)ctx;
    return unlink(path) == 0 ? 0 : -errno;
}

static int system_make_dir(void *ctx, const char *path) {
    (void)ctx;
    return mkdir(path, 0750) == 0 ? 0 : -errno;
}

static int system_sync_dir(void *ctx, const char *path) {
    (void)ctx;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    int result = fsync(fd) == 0 ? 0 : -errno;
    (void)close(fd);
    return result;
}

static const struct file_io system_io = {
    .open = system_open,
    .close = system_close,
    .write_at = system_write_at,
    .sync = system_sync,
    .truncate = system_truncate,
    .rename = system_rename,
    .unlink = system_unlink,
    .make_dir = system_make_dir,
    .sync_dir = system_sync_dir,
};

static const struct file_io *io = &system_io;

const struct file_io *file_io_system(void) {
    return &system_io;
}

void file_io_set(const struct file_io *replacement) {
    io = replacement != NULL ? replacement : &system_io;
}

/* The message of a failed operation; `code` is a negative errno value. */
static enum status failed(struct err *err, int code, const char *what, const char *path) {
    char text[128];
    const char *hint = "";
    if (code == -ENOSPC || code == -EDQUOT) {
        hint = _("; free space on this disk, then run the command again");
    } else if (code == -EACCES || code == -EPERM || code == -EROFS) {
        hint = _("; check owner and permissions of the folder");
    } else if (code == -EIO) {
        hint = _("; the disk reports errors: check it before you go on");
    }
    enum status status = code == -ENOENT ? STATUS_NOT_FOUND : STATUS_ENVIRONMENT;
    return err_set(err, status, "%s %s: %s%s", what, path, err_errno(-code, text, sizeof text),
                   hint);
}

enum status file_open(struct file *out, const char *path, enum file_mode mode, struct err *err) {
    int fd = io->open(io->ctx, path, mode);
    if (fd < 0) {
        return failed(err, fd, _("cannot create"), path);
    }
    struct stat st;
    if (fstat(fd, &st) != 0) {
        int code = -errno;
        (void)io->close(io->ctx, fd);
        return failed(err, code, _("cannot look at"), path);
    }
    *out = (struct file){fd, mem_strdup(path, strlen(path)), (uint64_t)st.st_size};
    return STATUS_OK;
}

void file_close(struct file *f) {
    if (f->fd >= 0) {
        (void)io->close(io->ctx, f->fd);
    }
    mem_free(f->path);
    *f = FILE_INIT;
}

enum status file_append(struct file *f, const void *bytes, size_t len, struct err *err) {
    int code = io->write_at(io->ctx, f->fd, bytes, len, f->size_bytes);
    if (code < 0) {
        return failed(err, code, _("cannot write to"), f->path);
    }
    f->size_bytes += len;
    return STATUS_OK;
}

enum status file_sync(struct file *f, struct err *err) {
    int code = io->sync(io->ctx, f->fd);
    return code < 0 ? failed(err, code, _("cannot sync"), f->path) : STATUS_OK;
}

enum status file_truncate(struct file *f, uint64_t size, struct err *err) {
    int code = io->truncate(io->ctx, f->fd, size);
    if (code < 0) {
        return failed(err, code, _("cannot cut"), f->path);
    }
    f->size_bytes = size;
    return STATUS_OK;
}

enum status file_write_whole(const char *path, enum file_mode mode, struct str bytes,
                             struct err *err) {
    struct file f = FILE_INIT;
    enum status status = file_open(&f, path, mode, err);
    if (status == STATUS_OK) {
        status = file_truncate(&f, 0, err);
    }
    if (status == STATUS_OK) {
        status = file_append(&f, bytes.ptr, bytes.len, err);
    }
    if (status == STATUS_OK) {
        status = file_sync(&f, err);
    }
    file_close(&f);
    return status;
}

enum status file_replace(const char *path, enum file_mode mode, struct str bytes, struct err *err) {
    struct buf fresh = BUF_INIT;
    buf_printf(&fresh, "%s.new", path);
    buf_putc(&fresh, '\0');
    enum status status = file_remove(fresh.ptr, err); /* of a crash before */
    if (status == STATUS_OK) {
        status = file_write_whole(fresh.ptr, mode, bytes, err);
    }
    if (status == STATUS_OK) {
        status = file_rename(fresh.ptr, path, err);
    }
    struct err ignored; /* gives the space back; if that fails too, the next call does it */
    if (status != STATUS_OK) {
        (void)!file_remove(fresh.ptr, &ignored);
    }
    buf_fini(&fresh);
    return status;
}

enum status file_rename(const char *from, const char *to, struct err *err) {
    int code = io->rename(io->ctx, from, to);
    return code < 0 ? failed(err, code, _("cannot rename"), from) : STATUS_OK;
}

enum status file_remove(const char *path, struct err *err) {
    int code = io->unlink(io->ctx, path);
    return code < 0 && code != -ENOENT ? failed(err, code, _("cannot remove"), path) : STATUS_OK;
}

enum status file_make_dir(const char *path, struct err *err) {
    int code = io->make_dir(io->ctx, path);
    return code < 0 && code != -EEXIST ? failed(err, code, _("cannot make folder"), path)
                                       : STATUS_OK;
}

void file_remove_dir(const char *path) {
    (void)rmdir(path);
}

enum status file_sync_dir(const char *path, struct err *err) {
    int code = io->sync_dir(io->ctx, path);
    return code < 0 ? failed(err, code, _("cannot sync folder"), path) : STATUS_OK;
}

static int read_all(uint8_t *bytes, size_t *size, int fd, uint64_t offset) {
    size_t done = 0;
    while (done < *size) {
        ssize_t got = pread(fd, bytes + done, *size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -errno;
        }
        if (got == 0) {
            break; /* it was cut meanwhile */
        }
        done += (size_t)got;
    }
    *size = done;
    return 0;
}

static int map_bytes(struct file_map *out, int fd, size_t size) {
    cut_pages_guard();
    void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) {
        return -errno;
    }
    *out = (struct file_map){bytes, size, false};
    return 0;
}

static int copy_bytes(struct file_map *out, int fd, uint64_t offset, size_t size) {
    uint8_t *bytes = mem_alloc(size);
    int code = read_all(bytes, &size, fd, offset);
    if (code < 0) {
        mem_free(bytes);
        return code;
    }
    *out = (struct file_map){bytes, size, true};
    return 0;
}

static enum status map_from(struct file_map *out, const char *path, bool copy, uint64_t offset,
                            struct err *err) {
    *out = (struct file_map){NULL, 0, copy};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return failed(err, -errno, _("cannot open"), path);
    }
    struct stat st;
    int code = fstat(fd, &st) != 0 ? -errno : 0;
    if (code == 0 && (uint64_t)st.st_size > offset) {
        size_t size = (size_t)((uint64_t)st.st_size - offset);
        code = copy ? copy_bytes(out, fd, offset, size) : map_bytes(out, fd, size);
    }
    (void)close(fd);
    return code < 0 ? failed(err, code, _("cannot read"), path) : STATUS_OK;
}

enum status file_map(struct file_map *out, const char *path, bool copy, struct err *err) {
    return map_from(out, path, copy, 0, err);
}

enum status file_copy_from(struct file_map *out, const char *path, uint64_t offset,
                           struct err *err) {
    return map_from(out, path, true, offset, err);
}

void file_unmap(struct file_map *map) {
    union {
        const uint8_t *in;
        void *out;
    } bytes = {map->bytes}; /* munmap and free take non-const pointers */
    if (map->copied) {
        mem_free(bytes.out);
    } else if (map->bytes != NULL) {
        (void)munmap(bytes.out, map->size_bytes);
    }
    *map = (struct file_map){NULL, 0, false};
}

enum status file_reader_open(struct file_reader *out, const char *path, struct err *err) {
    out->fd = open(path, O_RDONLY | O_CLOEXEC);
    return out->fd < 0 ? failed(err, -errno, _("cannot open"), path) : STATUS_OK;
}

bool file_reader_at(const struct file_reader *reader, void *out, size_t len, uint64_t offset) {
    return offset <= INT64_MAX - len && pread(reader->fd, out, len, (off_t)offset) == (ssize_t)len;
}

void file_reader_close(struct file_reader *reader) {
    (void)close(reader->fd);
    reader->fd = -1;
}

enum status file_lock(int *out_fd, const char *path, struct err *err) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        return failed(err, -errno, _("cannot open"), path);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int code = errno;
        (void)close(fd);
        if (code == EWOULDBLOCK) {
            return err_set(err, STATUS_BUSY,
                           "%s is locked: another konseki writes to this store; wait for it or stop"
                           " it",
                           path);
        }
        return failed(err, -code, _("cannot lock"), path);
    }
    *out_fd = fd;
    return STATUS_OK;
}

enum status file_lock_shared(int *out_fd, const char *path, struct err *err) {
    static const struct timespec pause = {.tv_nsec = 1000000};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return failed(err, -errno, _("cannot open"), path);
    }
    for (int tries = 0; tries < 100; tries++) {
        if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
            *out_fd = fd;
            return STATUS_OK;
        }
        if (errno != EWOULDBLOCK) {
            break;
        }
        (void)nanosleep(&pause, NULL);
    }
    int code = errno;
    (void)close(fd);
    return code == EWOULDBLOCK ? err_set(err, STATUS_BUSY, "%s is locked", path)
                               : failed(err, -code, _("cannot lock"), path);
}

void file_unlock(int *fd) {
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

static int compare_names(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

enum status file_list(const char *dir, void (*visit)(const char *name, void *ctx), void *ctx,
                      struct err *err) {
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, NULL, compare_names);
    if (count < 0) {
        return failed(err, -errno, _("cannot list"), dir);
    }
    for (int i = 0; i < count; i++) {
        if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0) {
            visit(entries[i]->d_name, ctx);
        }
        free(entries[i]); /* style: heap: scandir's memory */
    }
    free(entries); /* style: heap: scandir's memory */
    return STATUS_OK;
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

enum status file_free_bytes(uint64_t *out, const char *path, struct err *err) {
    struct statvfs space;
    if (statvfs(path, &space) != 0) {
        return failed(err, -errno, _("cannot look at the file system of"), path);
    }
    if (__builtin_mul_overflow((uint64_t)space.f_bavail, (uint64_t)space.f_frsize, out)) {
        *out = UINT64_MAX;
    }
    return STATUS_OK;
}

enum status file_tree_bytes(uint64_t *out, const char *dir, struct err *err) {
    union {
        const char *in;
        char *out;
    } path = {dir}; /* fts takes non-const pointers and changes nothing */
    char *const paths[] = {path.out, NULL};
    uint64_t bytes = 0;
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (walk == NULL) {
        return failed(err, -errno, _("cannot list"), dir);
    }
    const FTSENT *entry;
    while ((entry = fts_read(walk)) != NULL) {
        bytes += entry->fts_info == FTS_F ? (uint64_t)entry->fts_statp->st_size : 0;
    }
    (void)fts_close(walk);
    *out = bytes;
    return STATUS_OK;
}
