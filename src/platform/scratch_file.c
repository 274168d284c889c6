#include "scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "i18n.h"
#include "mem.h"

static enum status failed(struct err *err, int code, const char *what) {
    char text[128];
    return err_set(err, STATUS_ENVIRONMENT, _("temporary file: %s: %s"), what,
                   err_errno(code, text, sizeof text));
}

/* A named file that loses its name at once: not every file system knows O_TMPFILE. */
static int open_in(const char *folder) {
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/konseki-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkstemp(path);
    if (fd >= 0) {
        (void)unlink(path);
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    return fd;
}

enum status scratch_file_open(struct scratch_file *out, struct err *err) {
    const char *const folders[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
    *out = SCRATCH_FILE_INIT;
    for (size_t i = 0; i < sizeof folders / sizeof *folders && out->fd < 0; i++) {
        if (folders[i] != NULL && folders[i][0] != '\0') {
            out->fd = open_in(folders[i]);
        }
    }
    return out->fd >= 0 ? STATUS_OK : failed(err, errno, _("cannot create"));
}

void scratch_file_close(struct scratch_file *file) {
    if (file->fd >= 0) {
        (void)close(file->fd);
    }
    *file = SCRATCH_FILE_INIT;
}

enum status scratch_file_append(struct scratch_file *file, struct str bytes, struct err *err) {
    while (bytes.len > 0) {
        ssize_t n = pwrite(file->fd, bytes.ptr, bytes.len, (off_t)file->size_bytes);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return failed(err, n < 0 ? errno : ENOSPC, _("cannot write"));
        }
        file->size_bytes += (uint64_t)n;
        bytes = str_skip(bytes, (size_t)n);
    }
    return STATUS_OK;
}

enum status scratch_file_read(const struct scratch_file *file, void *out, size_t len,
                              uint64_t offset, struct err *err) {
    char *to = out;
    while (len > 0) {
        ssize_t n = pread(file->fd, to, len, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return failed(err, n < 0 ? errno : EIO, _("cannot read"));
        }
        to += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return STATUS_OK;
}

/* The real path of the folder that holds `path`; NULL if there is none. Free with free(). */
static char *real_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? mem_strdup(".", 1)
                   : slash == path ? mem_strdup("/", 1)
                                   : mem_strdup(path, (size_t)(slash - path));
    char *real = realpath(folder, NULL);
    mem_free(folder);
    return real;
}

static bool is_below(const char *real, const char *place) {
    size_t length = strlen(place);
    return strncmp(real, place, length) == 0 &&
           (real[length] == '\0' || real[length] == '/' || (length == 1 && place[0] == '/'));
}

bool path_is_within(const char *path, const char *place) {
    char *real_place = realpath(place, NULL);
    char *real = realpath(path, NULL);
    if (real == NULL) {
        real = real_folder(path);
    }
    bool within = real != NULL && real_place != NULL && is_below(real, real_place);
    free(real);       /* style: heap: realpath allocates */
    free(real_place); /* style: heap: realpath allocates */
    return within;
}
