#define _GNU_SOURCE
#include "fault_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "mem.h"

/* A write that was not synced: what is needed to take it back. */
struct undo {
    dev_t device;
    ino_t inode;
    char *path;
    uint64_t offset;
    size_t len;
    uint64_t size_before; /* of the file */
};

static struct {
    enum fault_mode mode;
    uint64_t at;
    uint64_t count;
    bool happened;
    struct undo *undos;
    size_t undo_count;
    size_t undo_capacity;
    struct file_io io;
} fault;

static char *path_of(int fd) {
    char link[64];
    char path[4096];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path);
    CHECK(len > 0);
    return mem_strdup(path, (size_t)len);
}

/* 0: go on; else the error of this operation. */
static int step(void) {
    fault.count++;
    bool crashed = fault.happened && fault.mode >= FAULT_CRASH;
    bool full = fault.happened && fault.mode == FAULT_ENOSPC;
    if (fault.count == fault.at) {
        fault.happened = true;
        return fault.mode == FAULT_ENOSPC ? -ENOSPC : -EIO;
    }
    return crashed ? -EIO : (full ? -ENOSPC : 0);
}

static bool is_now(void) {
    return fault.count == fault.at;
}

static void note_write(int fd, uint64_t offset, size_t len) {
    struct stat st;
    CHECK(fstat(fd, &st) == 0);
    MEM_GROW(fault.undos, fault.undo_capacity, fault.undo_count + 1);
    fault.undos[fault.undo_count++] =
        (struct undo){st.st_dev, st.st_ino, path_of(fd), offset, len, (uint64_t)st.st_size};
}

static int fault_write_at(void *ctx, int fd, const void *bytes, size_t len, uint64_t offset) {
    const struct file_io *real = file_io_system();
    int code = step();
    bool part =
        code != 0 && is_now() && (fault.mode == FAULT_ENOSPC || fault.mode == FAULT_CRASH_TORN);
    if (code == 0 || part) {
        size_t done = part ? len / 2 : len;
        note_write(fd, offset, done);
        int result = real->write_at(ctx, fd, bytes, done, offset);
        CHECK(result == 0);
    }
    return code;
}

static int fault_sync(void *ctx, int fd) {
    (void)ctx;
    int code = step();
    struct stat st;
    CHECK(fstat(fd, &st) == 0);
    for (size_t i = 0; code == 0 && i < fault.undo_count; i++) {
        if (fault.undos[i].inode == st.st_ino && fault.undos[i].device == st.st_dev) {
            fault.undos[i].len = 0; /* on disk now */
        }
    }
    return code;
}

static int fault_open(void *ctx, const char *path, enum file_mode mode) {
    int code = step();
    /* On a full disk files can still be opened. */
    return code != 0 && code != -ENOSPC ? code : file_io_system()->open(ctx, path, mode);
}

static int fault_close(void *ctx, int fd) {
    return file_io_system()->close(ctx, fd);
}

static int fault_truncate(void *ctx, int fd, uint64_t size) {
    int code = step();
    return code != 0 && code != -ENOSPC ? code : file_io_system()->truncate(ctx, fd, size);
}

static int fault_rename(void *ctx, const char *from, const char *to) {
    int code = step();
    return code != 0 ? code : file_io_system()->rename(ctx, from, to);
}

static int fault_unlink(void *ctx, const char *path) {
    int code = step();
    return code != 0 && code != -ENOSPC ? code : file_io_system()->unlink(ctx, path);
}

static int fault_make_dir(void *ctx, const char *path) {
    int code = step();
    return code != 0 ? code : file_io_system()->make_dir(ctx, path);
}

static int fault_sync_dir(void *ctx, const char *path) {
    (void)ctx;
    (void)path;
    return step(); /* names are durable at once here: only the error matters */
}

void fault_start(enum fault_mode mode, uint64_t at) {
    fault.mode = mode;
    fault.at = at;
    fault.count = 0;
    fault.happened = false;
    fault.io = (struct file_io){
        .open = fault_open,
        .close = fault_close,
        .write_at = fault_write_at,
        .sync = fault_sync,
        .truncate = fault_truncate,
        .rename = fault_rename,
        .unlink = fault_unlink,
        .make_dir = fault_make_dir,
        .sync_dir = fault_sync_dir,
    };
    file_io_set(&fault.io);
}

static void overwrite_zeros(const struct undo *u) {
    int fd = open(u->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return; /* removed meanwhile */
    }
    char *zeros = mem_calloc(u->len, 1);
    CHECK(pwrite(fd, zeros, u->len, (off_t)u->offset) == (ssize_t)u->len);
    mem_free(zeros);
    (void)close(fd);
}

/* Newest first, so that files shrink back step by step. */
static void lose(void) {
    for (size_t i = fault.undo_count; i > 0; i--) {
        const struct undo *u = &fault.undos[i - 1];
        bool lost = u->len > 0 && (fault.mode != FAULT_CRASH_MIXED || (i + fault.at) % 2 == 0);
        if (lost && (fault.mode == FAULT_CRASH_ZERO || fault.mode == FAULT_CRASH_MIXED)) {
            overwrite_zeros(u);
        } else if (lost && access(u->path, F_OK) == 0) {
            CHECK(truncate(u->path, (off_t)u->size_before) == 0);
        }
    }
}

uint64_t fault_stop(void) {
    file_io_set(NULL);
    if (fault.happened && fault.mode >= FAULT_CRASH_LOSE && fault.mode != FAULT_CRASH_TORN) {
        lose();
    }
    for (size_t i = 0; i < fault.undo_count; i++) {
        mem_free(fault.undos[i].path);
    }
    mem_free(fault.undos);
    fault.undos = NULL;
    fault.undo_count = 0;
    fault.undo_capacity = 0;
    return fault.count;
}

bool fault_happened(void) {
    return fault.happened;
}
