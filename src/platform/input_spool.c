#define _GNU_SOURCE /* O_TMPFILE */
#include "input_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buf.h"
#include "cut_pages.h"
#include "i18n.h"
#include "mem.h"

enum { MEMORY_BYTES = 64 * 1024 * 1024 };

struct input_spool {
    struct buf memory; /* until there is a file */
    int fd;            /* -1: none yet */
    uint64_t size_bytes;
};

struct input_spool *input_spool_create(void) {
    struct input_spool *spool = mem_calloc(1, sizeof *spool);
    spool->fd = -1;
    return spool;
}

void input_spool_destroy(struct input_spool **spool) {
    struct input_spool *gone = *spool;
    if (gone != NULL) {
        buf_fini(&gone->memory);
        if (gone->fd >= 0) {
            (void)close(gone->fd);
        }
        mem_free(gone);
        *spool = NULL;
    }
}

static const char *folder(void) {
    const char *wanted = getenv("TMPDIR");
    return wanted != NULL && wanted[0] != '\0' ? wanted : "/var/tmp";
}

static enum status fail(struct err *err, const char *what) {
    char text[128];
    return err_set(err, STATUS_ENVIRONMENT, "%s: %s: %s", folder(), what,
                   err_errno(errno, text, sizeof text));
}

static enum status write_all(int fd, const char *bytes, size_t size, struct err *err) {
    size_t done = 0;
    while (done < size) {
        ssize_t put = write(fd, bytes + done, size - done);
        if (put < 0 && errno != EINTR) {
            return fail(err, _("a file for what is unpacked cannot be written"));
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return STATUS_OK;
}

/* From memory to a file without a name; where the file system has no such thing a name is made and
 * removed at once. */
static enum status move_to_file(struct input_spool *spool, struct err *err) {
    int fd = open(folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        struct buf path = BUF_INIT;
        buf_printf(&path, "%s/konseki-XXXXXX", folder());
        buf_putc(&path, '\0');
        fd = mkostemp(path.ptr, O_CLOEXEC);
        if (fd >= 0) {
            (void)unlink(path.ptr);
        }
        buf_fini(&path);
    }
    if (fd < 0) {
        return fail(err, _("a file for what is unpacked cannot be made"));
    }
    spool->fd = fd;
    enum status status = write_all(fd, spool->memory.ptr, spool->memory.len, err);
    buf_fini(&spool->memory);
    spool->memory = BUF_INIT;
    return status;
}

enum status input_spool_append(struct input_spool *spool, const void *bytes, size_t size,
                               struct err *err) {
    enum status status = STATUS_OK;
    if (spool->fd < 0 && spool->memory.len + size > MEMORY_BYTES) {
        status = move_to_file(spool, err);
    }
    if (status == STATUS_OK && spool->fd >= 0) {
        status = write_all(spool->fd, bytes, size, err);
    } else if (status == STATUS_OK) {
        buf_append(&spool->memory, bytes, size);
    }
    spool->size_bytes += size;
    return status;
}

enum status input_spool_take(struct input_file *out, struct input_spool **spool, struct err *err) {
    struct input_spool *from = *spool;
    size_t size = (size_t)from->size_bytes;
    *out = (struct input_file){.fd = -1};
    if (from->fd < 0) {
        out->bytes = (const uint8_t *)from->memory.ptr;
        out->size_bytes = size;
        out->room_bytes = from->memory.capacity;
        out->memory = INPUT_ON_HEAP;
        from->memory = BUF_INIT;
        input_spool_destroy(spool);
        return STATUS_OK;
    }
    cut_pages_guard();
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, from->fd, 0);
    if (bytes == MAP_FAILED) {
        return fail(err, _("a file for what is unpacked cannot be mapped"));
    }
    (void)madvise(bytes, size, MADV_SEQUENTIAL);
    *out = (struct input_file){.bytes = bytes,
                               .size_bytes = size,
                               .room_bytes = size,
                               .memory = INPUT_MAPPED,
                               .fd = from->fd,
                               .cut_pages = cut_pages_count()};
    from->fd = -1;
    input_spool_destroy(spool);
    return STATUS_OK;
}
