#define _GNU_SOURCE /* scandir's dirent types, O_CLOEXEC */
#include "input_file.h"
#include "i18n.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "civil.h"
#include "cut_pages.h"
#include "mem.h"

enum {
    LARGE_PAGES_FROM_BYTES = 4 * 1024 * 1024, /* smaller ones fit no large page: the heap is warm */
    MAP_FROM_BYTES = 64 * 1024 * 1024,
    RELEASE_ALIGN_BYTES = 1024 * 1024, /* a multiple of every page size */
    WALK_DEPTH_LIMIT = 64
};

static enum status fail_errno(struct err *err, const char *path, const char *what) {
    char text[128];
    return err_set(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_ENVIRONMENT, "%s: %s: %s", path,
                   what, err_errno(errno, text, sizeof text));
}

/* Reads until `size` bytes or the end of the file; *size becomes what was read. */
static enum status read_whole(int fd, uint8_t *bytes, size_t *size, const char *path,
                              struct err *err) {
    size_t done = 0;
    while (done < *size) {
        ssize_t got = read(fd, bytes + done, *size - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_errno(err, path, _("cannot be read"));
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    *size = done;
    return STATUS_OK;
}

static enum status map(struct input_file *out, int fd, size_t size, const char *path,
                       struct err *err) {
    cut_pages_guard();
    uint64_t cut_pages = cut_pages_count();
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) {
        return fail_errno(err, path, _("cannot be mapped"));
    }
    (void)madvise(bytes, size, MADV_SEQUENTIAL);
    *out = (struct input_file){.bytes = bytes,
                               .size_bytes = size,
                               .room_bytes = size,
                               .memory = INPUT_MAPPED,
                               .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
                               .cut_pages = cut_pages};
    return STATUS_OK;
}

/* Room for a copy. Faulting in small pages costs more than copying into them: large ones where the
 * system has them. */
static uint8_t *make_room(enum input_memory *memory, size_t size) {
    void *pages = MAP_FAILED;
    if (size >= LARGE_PAGES_FROM_BYTES) {
        pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (pages == MAP_FAILED) {
        *memory = INPUT_ON_HEAP;
        return mem_alloc(size);
    }
    (void)madvise(pages, size, MADV_HUGEPAGE);
    *memory = INPUT_IN_LARGE_PAGES;
    return pages;
}

static void free_memory(uint8_t *bytes, size_t size, enum input_memory memory) {
    if (memory == INPUT_ON_HEAP) {
        mem_free(bytes);
    } else {
        (void)munmap(bytes, size);
    }
}

static enum status load(struct input_file *out, int fd, size_t size, const char *path,
                        struct err *err) {
    if (size >= MAP_FROM_BYTES) {
        return map(out, fd, size, path, err);
    }
    enum input_memory memory;
    uint8_t *bytes = make_room(&memory, size);
    size_t got = size;
    enum status status = read_whole(fd, bytes, &got, path, err);
    if (status != STATUS_OK) {
        free_memory(bytes, size, memory);
        return status;
    }
    *out = (struct input_file){
        .bytes = bytes, .size_bytes = got, .room_bytes = size, .memory = memory, .fd = -1};
    return STATUS_OK;
}

enum status input_file_open(struct input_file *out, const char *path, struct err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return fail_errno(err, path, _("cannot be opened"));
    }
    struct stat info;
    struct input_file file = {.fd = -1};
    enum status status = STATUS_OK;
    if (fstat(fd, &info) != 0) {
        status = fail_errno(err, path, _("cannot be examined"));
    } else if (!S_ISREG(info.st_mode)) {
        status = err_set(err, STATUS_BAD_INPUT, "%s: not a regular file", path);
    } else if (info.st_size > 0) {
        status = load(&file, fd, (size_t)info.st_size, path, err);
    }
    close(fd);
    if (status == STATUS_OK) {
        file.modified_wall_ns = (int64_t)info.st_mtim.tv_sec * NS_PER_SECOND + info.st_mtim.tv_nsec;
        *out = file;
    }
    return status;
}

uint64_t input_file_size(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && info.st_size > 0 ? (uint64_t)info.st_size : 0;
}

void input_file_close(struct input_file *file) {
    free_memory((uint8_t *)(uintptr_t)file->bytes, file->room_bytes, file->memory);
    if (file->fd >= 0) {
        (void)close(file->fd);
    }
    *file = (struct input_file){.fd = -1};
}

static bool was_cut(const struct input_file *file) {
    struct stat now;
    return file->memory == INPUT_MAPPED &&
           (cut_pages_count() != file->cut_pages || (file->fd >= 0 && fstat(file->fd, &now) == 0 &&
                                                     (uint64_t)now.st_size < file->size_bytes));
}

enum status input_file_check(const struct input_file *file, const char *path, struct err *err) {
    if (!was_cut(file)) {
        return STATUS_OK;
    }
    return err_set(
        err, STATUS_ENVIRONMENT,
        _("%s: it was cut short while it was read: give it again when nobody changes it, "
          "or give a copy"),
        path);
}

void input_file_release(const struct input_file *file, size_t offset) {
    size_t whole_pages = offset & ~(size_t)(RELEASE_ALIGN_BYTES - 1);
    if (file->memory == INPUT_MAPPED && whole_pages > 0) {
        (void)madvise((void *)(uintptr_t)file->bytes, whole_pages, MADV_DONTNEED);
    }
}

bool input_file_look(struct input_file_facts *out, const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) {
        return false;
    }
    *out = (struct input_file_facts){
        .size_bytes = (uint64_t)info.st_size,
        .modified_wall_ns = (int64_t)info.st_mtim.tv_sec * NS_PER_SECOND + info.st_mtim.tv_nsec,
        .inode = info.st_ino};
    return true;
}

struct walk {
    input_walk_fn *visit;
    input_walk_error_fn *failed;
    void *ctx;
};

static enum status walk_path(const struct walk *walk, const char *path, int depth);

static int keep_real_entries(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_real_folder(const char *folder, const struct dirent *entry) {
    struct stat info;
    struct buf path = BUF_INIT;
    if (entry->d_type != DT_UNKNOWN) {
        return entry->d_type == DT_DIR;
    }
    buf_printf(&path, "%s/%s", folder, entry->d_name);
    buf_putc(&path, '\0');
    bool is_folder = lstat(path.ptr, &info) == 0 && S_ISDIR(info.st_mode);
    buf_fini(&path);
    return is_folder;
}

enum status input_names_read(struct input_names *out, const char *path) {
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, keep_real_entries, compare_names);
    if (count < 0) {
        return STATUS_ENVIRONMENT;
    }
    *out = (struct input_names){.items = NULL};
    for (int i = 0; i < count; i++) {
        MEM_GROW(out->items, out->capacity, out->count + 1);
        out->items[out->count++] =
            (struct input_name){mem_strdup(entries[i]->d_name, strlen(entries[i]->d_name)),
                                is_real_folder(path, entries[i])};
        free(entries[i]); /* style: heap: scandir's own */
    }
    free(entries); /* style: heap: scandir's own */
    return STATUS_OK;
}

void input_names_fini(struct input_names *names) {
    for (size_t i = 0; i < names->count; i++) {
        mem_free(names->items[i].name);
    }
    mem_free(names->items);
    *names = (struct input_names){.items = NULL};
}

static enum status walk_folder(const struct walk *walk, const char *path, int depth) {
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, keep_real_entries, compare_names);
    if (count < 0) {
        struct err err = ERR_INIT;
        (void)fail_errno(&err, path, _("cannot be listed"));
        walk->failed(path, &err, walk->ctx);
        return STATUS_OK;
    }
    bool slash = path[0] != '\0' && path[strlen(path) - 1] == '/';
    enum status status = STATUS_OK;
    struct buf child = BUF_INIT;
    for (int i = 0; i < count; i++) {
        if (status == STATUS_OK) {
            buf_clear(&child);
            buf_printf(&child, "%s%s%s", path, slash ? "" : "/", entries[i]->d_name);
            buf_putc(&child, '\0');
            /* what the folder itself calls a file needs no further question: rule folders have
             * thousands */
            status = entries[i]->d_type == DT_REG ? walk->visit(child.ptr, walk->ctx)
                                                  : walk_path(walk, child.ptr, depth + 1);
        }
        free(entries[i]); /* style: heap: scandir's own */
    }
    free(entries); /* style: heap: scandir's own */
    buf_fini(&child);
    return status;
}

static enum status walk_path(const struct walk *walk, const char *path, int depth) {
    struct err err = ERR_INIT;
    struct stat info;
    /* Links inside a walk are followed for files only: a link to a folder may make a circle. */
    int got = stat(path, &info);
    struct stat link;
    bool is_link = depth > 0 && lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
    if (got != 0) {
        (void)fail_errno(&err, path, _("cannot be examined"));
    } else if (S_ISREG(info.st_mode)) {
        return walk->visit(path, walk->ctx);
    } else if (S_ISDIR(info.st_mode) && !is_link && depth < WALK_DEPTH_LIMIT) {
        return walk_folder(walk, path, depth);
    } else {
        (void)err_set(&err, STATUS_BAD_INPUT, "%s: neither a file nor a folder of this tree", path);
    }
    walk->failed(path, &err, walk->ctx);
    return STATUS_OK;
}

enum status input_walk(const char *path, input_walk_fn *visit, input_walk_error_fn *failed,
                       void *ctx) {
    struct walk walk = {visit, failed, ctx};
    return walk_path(&walk, path, 0);
}
