#define _GNU_SOURCE /* st_mtim, O_* */
#include "private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "file_io.h"
#include "mem.h"

enum { LISTED_LIMIT = 4096 };

bool private_folder_make(const char *folder) {
    struct buf path = BUF_INIT;
    size_t len = strlen(folder);
    bool made = len > 0;
    for (size_t i = 1; i <= len && made; i++) {
        if (i < len && folder[i] != '/') {
            continue;
        }
        buf_clear(&path);
        buf_append(&path, folder, i);
        buf_putc(&path, '\0');
        made = mkdir(path.ptr, 0700) == 0 || errno == EEXIST;
    }
    buf_fini(&path);
    return made;
}

bool private_file_is_mine(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
           (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void private_file_touch(const char *path) {
    (void)utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

struct listed {
    char *path;
    struct timespec modified;
};

struct listing {
    const char *folder;
    struct str ending;
    struct listed *files;
    size_t count;
    size_t capacity;
};

static void list_one(const char *name, void *ctx) {
    struct listing *l = ctx;
    struct buf path = BUF_INIT;
    struct stat info;
    if (!str_ends(str_from_c(name), l->ending) || l->count >= LISTED_LIMIT) {
        return;
    }
    buf_printf(&path, "%s/%s", l->folder, name);
    buf_putc(&path, '\0');
    if (lstat(path.ptr, &info) == 0 && S_ISREG(info.st_mode)) {
        MEM_GROW(l->files, l->capacity, l->count + 1);
        l->files[l->count++] = (struct listed){mem_strdup(path.ptr, path.len - 1), info.st_mtim};
    }
    buf_fini(&path);
}

static int newest_first(const void *a, const void *b) {
    const struct timespec *x = &((const struct listed *)a)->modified;
    const struct timespec *y = &((const struct listed *)b)->modified;
    if (x->tv_sec != y->tv_sec) {
        return x->tv_sec < y->tv_sec ? 1 : -1;
    }
    return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

void private_folder_prune(const char *folder, struct str ending, size_t keep) {
    struct listing l = {.folder = folder, .ending = ending};
    struct err ignored = ERR_INIT;
    (void)!file_list(folder, list_one, &l, &ignored);
    if (l.count > 0) {
        qsort(l.files, l.count, sizeof *l.files, newest_first);
    }
    for (size_t i = 0; i < l.count; i++) {
        if (i >= keep) {
            (void)!file_remove(l.files[i].path, &ignored);
        }
        mem_free(l.files[i].path);
    }
    mem_free(l.files);
}
